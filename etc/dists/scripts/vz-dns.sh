# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SET_DNS: name servers and search domains where the VPS's resolver takes them from. /etc/resolv.conf
# itself is written unless it belongs to a service that writes it.

# shellcheck disable=SC2154,SC2317 # vz_* of vz-library.sh
# The owner's lines that would rule over ours are put aside.
# shellcheck disable=SC2016 # a program of awk
vz_aside='function keep(line, f) {
	split(line, f)
	if ((ENVIRON["NAMESERVER"] != "" && f[1] == "nameserver") ||
	    (ENVIRON["SEARCHDOMAIN"] != "" && (f[1] == "search" || f[1] == "domain")))
		return "#vz# " line
	return line
}'

vz_resolv() {
	if [ -L /etc/resolv.conf ] && [ ! -f /etc/resolv.conf ]; then
		[ -n "$vz_text" ] || return 0
		rm -f /etc/resolv.conf	# leads nowhere
	fi
	vz_block /etc/resolv.conf 644 "$vz_text" "${vz_text:+$vz_aside}"
}

vz_resolved() {
	vz_dir=/etc/systemd/resolved.conf.d
	if [ -z "$vz_text" ]; then
		vz_drop "$vz_dir/vz.conf"
	else
		vz_put "$vz_dir/vz.conf" 644 "$vz_head
[Resolve]${NAMESERVER:+
DNS=$NAMESERVER}${SEARCHDOMAIN:+
Domains=$SEARCHDOMAIN}"
	fi
	vz_reload systemctl try-restart systemd-resolved
}

vz_resolvconf() {
	vz_block /etc/resolvconf/resolv.conf.d/head 644 "$vz_text"
	vz_reload resolvconf -u
}

vz_openresolv() {
	[ -f /etc/resolvconf.conf ] || return 0
	vz_block /etc/resolvconf.conf 644 "${NAMESERVER:+name_servers=\"$NAMESERVER\"}${SEARCHDOMAIN:+
search_domains=\"$SEARCHDOMAIN\"}"
}

vz_nm_dns() {
	vz_dir=/etc/NetworkManager/conf.d
	if [ -z "$vz_text" ]; then
		vz_drop "$vz_dir/90-vz-dns.conf"
	else
		vz_put "$vz_dir/90-vz-dns.conf" 644 "$vz_head
[global-dns]${SEARCHDOMAIN:+
searches=$(echo "$SEARCHDOMAIN" | tr ' ' ,)}

[global-dns-domain-*]${NAMESERVER:+
servers=$(echo "$NAMESERVER" | tr ' ' ,)}"
	fi
	vz_reload nmcli general reload
}

vz_netconfig() {
	[ -f /etc/sysconfig/network/config ] || return 0
	vz_assign /etc/sysconfig/network/config NETCONFIG_DNS_STATIC_SERVERS "${NAMESERVER:-}"
	vz_assign /etc/sysconfig/network/config NETCONFIG_DNS_STATIC_SEARCHLIST "${SEARCHDOMAIN:-}"
	vz_reload netconfig update -f
}

# ---- which of them ----

vz_all=	# the lines of resolv.conf(5)
for vz_a in ${NAMESERVER:-}; do
	vz_all="${vz_all}nameserver $vz_a
"
done
[ -z "${SEARCHDOMAIN:-}" ] || vz_all="${vz_all}search $SEARCHDOMAIN
"
vz_all=${vz_all%?}
vz_link=
[ ! -L /etc/resolv.conf ] || vz_link=$(readlink /etc/resolv.conf)
vz_now="file"
case $vz_link in
*systemd/resolve/*) ! vz_unit systemd-resolved.service || vz_now="resolved" ;;
*resolvconf/*) vz_now="resolvconf" ;;
*NetworkManager/*) vz_now="nm" ;;
*netconfig/*) vz_now="netconfig" ;;
*/tmp/resolv*) [ ! -f /etc/config/network ] || vz_now="openwrt" ;; # vz-network.sh did it
'') # NetworkManager takes the file over, unless told what it shall say
	vz_find_family
	[ "$vz_family" != nm ] || vz_now="file nm" ;;
esac
for vz_each in resolved resolvconf nm_dns resolv; do
	vz_changed=
	vz_text=
	case "$vz_each $vz_now" in
	"resolved resolved" | "resolvconf resolvconf" | "nm_dns "*nm | "resolv file"*) vz_text=$vz_all ;;
	esac
	"vz_$vz_each"
done
vz_changed=
vz_openresolv
vz_netconfig
exit "$vz_bad"
