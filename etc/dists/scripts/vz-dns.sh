# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SET_DNS: name servers and search domains where the VPS's resolver takes them from. /etc/resolv.conf
# itself is written unless it belongs to a service that writes it.

# shellcheck disable=SC2154,SC2317 # vz_* of vz-library.sh
vz_lines() {	# the lines of resolv.conf(5)
	for vz_a in ${NAMESERVER:-}; do echo "nameserver $vz_a"; done
	[ -z "${SEARCHDOMAIN:-}" ] || echo "search $SEARCHDOMAIN"
}

# The owner's lines that would rule over ours are put aside.
vz_resolv_filter() {
	awk -v servers="${NAMESERVER:-}" -v search="${SEARCHDOMAIN:-}" '
		(servers != "" && $1 == "nameserver") ||
		(search != "" && ($1 == "search" || $1 == "domain")) { print "#vz# " $0; next }
		{ print }'
}

vz_resolv() {
	if [ -L /etc/resolv.conf ] && [ ! -f /etc/resolv.conf ]; then
		[ -n "$vz_text" ] || return 0
		rm -f /etc/resolv.conf	# leads nowhere
	fi
	vz_block /etc/resolv.conf 644 "$vz_text" vz_resolv_filter
}

vz_resolved() {
	vz_dir=/etc/systemd/resolved.conf.d
	if [ -z "$vz_text" ]; then
		vz_drop $vz_dir/vz.conf
	else
		printf '%s\n[Resolve]\n%s%s' "$vz_head" "${NAMESERVER:+DNS=$NAMESERVER
}" "${SEARCHDOMAIN:+Domains=$SEARCHDOMAIN
}" | vz_put $vz_dir/vz.conf 644
	fi
	if [ -n "$vz_changed" ] && vz_running; then systemctl try-restart systemd-resolved; fi
}

vz_resolvconf() {
	vz_block /etc/resolvconf/resolv.conf.d/head 644 "$vz_text"
	if [ -n "$vz_changed" ] && vz_running; then resolvconf -u; fi
}

vz_openresolv() {
	vz_block /etc/resolvconf.conf 644 "${NAMESERVER:+name_servers=\"$NAMESERVER\"
}${SEARCHDOMAIN:+search_domains=\"$SEARCHDOMAIN\"}"
}

vz_nm_dns() {
	vz_dir=/etc/NetworkManager/conf.d
	if [ -z "$vz_text" ]; then
		vz_drop $vz_dir/90-vz-dns.conf
	else
		printf '%s\n[global-dns]\n%s\n[global-dns-domain-*]\nservers=%s\n' "$vz_head" \
			"${SEARCHDOMAIN:+searches=$(echo "$SEARCHDOMAIN" | tr ' ' ,)
}" "$(echo "${NAMESERVER:-}" | tr ' ' ,)" | vz_put $vz_dir/90-vz-dns.conf 644
	fi
	if [ -n "$vz_changed" ] && vz_running; then nmcli general reload; fi
}

vz_netconfig() {
	vz_assign /etc/sysconfig/network/config NETCONFIG_DNS_STATIC_SERVERS "${NAMESERVER:-}"
	vz_assign /etc/sysconfig/network/config NETCONFIG_DNS_STATIC_SEARCHLIST "${SEARCHDOMAIN:-}"
	if [ -n "$vz_changed" ] && vz_running; then netconfig update -f; fi
}

vz_text=$(vz_lines)
vz_link=
[ ! -L /etc/resolv.conf ] || vz_link=$(readlink /etc/resolv.conf)
vz_now="file"
case $vz_link in
*systemd/resolve/*) ! vz_unit systemd-resolved.service || vz_now=resolved ;;
*resolvconf/*) vz_now=resolvconf ;;
*NetworkManager/*) vz_now="nm" ;;
*netconfig/*) vz_now=netconfig ;;
*/tmp/resolv*) [ ! -f /etc/config/network ] || exit 0 ;;	# OpenWrt: vz-network.sh did it
'') # NetworkManager takes the file over, unless told what it shall say
	[ "$(vz_family)" != nm ] || vz_nm_dns ;;
esac
if [ -f /etc/resolvconf.conf ]; then vz_openresolv; fi
if [ -f /etc/sysconfig/network/config ]; then vz_netconfig; fi
vz_changed=
case $vz_now in
file) vz_resolv ;;
resolved) vz_resolved ;;
resolvconf) vz_resolvconf ;;
nm) vz_nm_dns ;;
esac
exit "$vz_bad"
