# shellcheck shell=sh disable=SC2034 # used by the scripts behind it
# SPDX-License-Identifier: GPL-2.0-or-later
# What the vz-*.sh scripts share. Runs inside the VPS, as its root, in bash, dash or busybox's ash,
# before its init or beside it; so a link leads to the VPS's own files only. Every file is
# written beside itself and moved into place; lines of the owner stay, ours are between marks.
#
# From the host: VE_STATE, VZ_FAMILY, HOSTNM, NAMESERVER, SEARCHDOMAIN, IP_ADDR, and VZ_DEVICES:
#   venet0,ip=10.0.0.5/32,ip=2001:db8::5/128,default eth0,dhcp eth1,ip=192.0.2.9/24,gw=192.0.2.1

umask 022
vz_head='# vz: written by the host, changes are lost'
vz_bad=0	# something could not be written
vz_changed=	# not empty: something was

vz_fail() {
	echo "vz: $*" >&2
	vz_bad=1
	return 1
}

# ---- files ----

# The file behind a link; a link that leads nowhere is taken as the file itself.
vz_real() {
	vz_to=
	[ ! -L "$1" ] || vz_to=$(readlink -f "$1" 2>/dev/null)
	if [ -n "$vz_to" ] && [ -f "$vz_to" ]; then echo "$vz_to"; else echo "$1"; fi
}

# vz_put FILE MODE TEXT: TEXT becomes its content. Mode and owner of an existing file stay, and so
# does the file when it has this content already.
vz_put() {
	vz_file=$(vz_real "$1")
	vz_new=$vz_file.vz-new
	mkdir -p "${vz_file%/*}" && rm -f "$vz_new" || return
	if [ -f "$vz_file" ] && [ ! -L "$vz_file" ]; then
		cp -p "$vz_file" "$vz_new"
	else
		: >"$vz_new" && chmod "$2" "$vz_new"
	fi || { vz_fail "cannot write $vz_file"; return; }
	printf '%s\n' "$3" >"$vz_new" || { rm -f "$vz_new"; vz_fail "cannot write $vz_file"; return; }
	if [ -f "$vz_file" ] && [ ! -L "$vz_file" ] && [ "$(cat "$vz_file")" = "$3" ]; then
		rm -f "$vz_new"
		return
	fi
	if mv -f "$vz_new" "$vz_file"; then
		vz_changed=yes
	else
		rm -f "$vz_new"
		vz_fail "cannot replace $vz_file"
	fi
}

# vz_drop FILE...: removes files that are ours
vz_drop() {
	for vz_file; do
		[ -e "$vz_file" ] || [ -L "$vz_file" ] || continue
		rm -f "$vz_file" && vz_changed=yes
	done
}

# A file of ours in a place where the owner may have one of the same name.
vz_is_ours() { [ -f "$1" ] && grep -q '^# vz: written' "$1"; }

vz_put_over() {	# vz_put_over FILE MODE TEXT
	if [ -e "$1" ] && ! vz_is_ours "$1"; then
		mv -f "$1" "${1%/*}/.vz-saved-${1##*/}" || return
	fi
	vz_put "$1" "$2" "$3"
}

vz_give_back() {	# vz_give_back FILE...
	for vz_file; do
		vz_is_ours "$vz_file" || continue
		vz_drop "$vz_file"
		[ ! -e "${vz_file%/*}/.vz-saved-${vz_file##*/}" ] ||
			mv -f "${vz_file%/*}/.vz-saved-${vz_file##*/}" "$vz_file"
	done
}

# Filter: without our block, and with the lines that we had put aside. A block without an end was
# edited by the owner and is his.
vz_without() {
	awk '/^# vz: begin/ { printf "%s", held; held = $0 "\n"; inside = 1; next }
		inside && /^# vz: end/ { held = ""; inside = 0; next }
		inside { held = held $0 "\n"; next }
		{ sub(/^#vz# /, ""); print }
		END { printf "%s", held }'
}

# vz_block FILE MODE TEXT [FILTER]: our block with TEXT at the end of the file; none when TEXT is
# empty. FILTER is a command that the owner's lines pass.
vz_block() {
	[ -n "$3" ] || [ -f "$1" ] || return 0
	vz_own=$(if [ -f "$1" ]; then vz_without <"$1" | ${4:-cat}; fi)
	if [ -n "$3" ]; then
		vz_own="$vz_own${vz_own:+
}# vz: begin (written by the host, changes are lost)
$3
# vz: end"
	elif ! grep -q '^# vz: begin' "$1"; then
		return 0
	fi
	if [ -n "$vz_own" ]; then
		vz_put "$1" "$2" "$vz_own"
	else
		vz_drop "$1"
	fi
}

# vz_assign FILE NAME VALUE: NAME="VALUE" in a file that sh sources
vz_assign() {
	[ -f "$1" ] || { vz_put "$1" 644 "$2=\"$3\""; return; }
	vz_put "$1" 644 "$(awk -v name="$2" -v line="$2=\"$3\"" '
		index($0, name "=") == 1 { if (!n++) print line; next }
		{ print }
		END { if (!n) print line }' "$1")"
}

# ---- what runs here ----

# Is a unit wanted by anything? Asked of the links, since systemd may not run yet.
vz_unit() {
	[ "$(readlink "/etc/systemd/system/$1")" != /dev/null ] || return 1
	for vz_link in /etc/systemd/system/*.wants/"$1" /etc/systemd/system/*.requires/"$1"; do
		[ ! -L "$vz_link" ] || return 0
	done
	return 1
}

vz_rc() {	# a service of OpenRC, or of an init of rc?.d
	for vz_link in /etc/runlevels/*/"$1" /etc/rc[2-5S].d/S[0-9][0-9]"$1" \
		/etc/rc.d/rc[2-5].d/S[0-9][0-9]"$1"; do
		[ ! -e "$vz_link" ] && [ ! -L "$vz_link" ] || return 0
	done
	return 1
}

vz_service() { vz_unit "$1.service" || vz_rc "$1"; }

vz_has() { command -v "$1" >/dev/null 2>&1; }

vz_netplan_files() {
	for vz_link in /etc/netplan/*.yaml /usr/lib/netplan/*.yaml /lib/netplan/*.yaml; do
		case $vz_link in */90-vz.yaml | *'*'*) ;; *) return 0 ;; esac
	done
	return 1
}

vz_has_ifup() { [ -e /etc/network/interfaces ] && { vz_has ifup || [ -x /sbin/ifup ]; }; }

# The network service that is in use; of several the one that leaves the others' devices alone.
vz_detect() {
	if [ -f /etc/config/network ]; then echo openwrt
	elif vz_has netplan && vz_netplan_files; then echo netplan
	elif vz_service networking && vz_has_ifup; then echo ifupdown
	elif vz_service NetworkManager; then echo nm
	elif vz_unit wicked.service || [ "$(readlink /etc/systemd/system/network.service |
		sed 's|.*/||')" = wicked.service ]; then echo wicked
	elif vz_unit systemd-networkd.service; then echo networkd
	elif vz_has netplan; then echo netplan
	elif vz_service network && [ -d /etc/sysconfig/network-scripts ]; then echo ifcfg
	elif vz_has netctl; then echo netctl
	elif [ -e /etc/init.d/net.lo ]; then echo netifrc
	elif vz_has_ifup; then echo ifupdown
	elif [ -d /etc/sysconfig/network-scripts ]; then echo ifcfg
	elif [ -d /etc/sysconfig/network ] && vz_has wicked; then echo wicked
	else echo none
	fi
}

vz_family() {
	case ${VZ_FAMILY:-auto} in
	auto) vz_detect ;;
	ifupdown | networkd | netplan | nm | ifcfg | wicked | netctl | netifrc | openwrt | none)
		echo "$VZ_FAMILY" ;;
	*)	echo "vz: unknown FAMILY $VZ_FAMILY, looking by myself" >&2
		vz_detect ;;
	esac
}

# vz_reload CMD...: tells a running service that its files were changed, if they were
vz_reload() {
	if [ -n "$vz_changed" ] && [ "${VE_STATE:-}" = running ]; then
		"$@"
	fi
}

# ---- devices ----

# vz_device WORD: one word of VZ_DEVICES in vz_dev, vz_dhcp, vz_ip4, vz_ip6 (lists), vz_gw4, vz_gw6,
# and vz_dev4, vz_dev6: not empty when the default route is the device itself
vz_device() {
	vz_dhcp='' vz_ip4='' vz_ip6='' vz_gw4='' vz_gw6='' vz_dev4='' vz_dev6=''
	IFS=,
	# shellcheck disable=SC2086
	set -- $1
	unset IFS
	vz_dev=$1
	shift
	for vz_w; do
		case $vz_w in
		dhcp) vz_dhcp=yes ;;
		ip=*:*) vz_ip6="$vz_ip6${vz_ip6:+ }${vz_w#*=}" ;;
		ip=*) vz_ip4="$vz_ip4${vz_ip4:+ }${vz_w#*=}" ;;
		gw=*:*) vz_gw6=${vz_w#*=} ;;
		gw=*) vz_gw4=${vz_w#*=} ;;
		default) vz_dev4=$vz_ip4 vz_dev6=$vz_ip6 ;;
		esac
	done
}

# A gateway gives way to venet0, which has the default route of this kind too.
vz_metric() {	# vz_metric 4|6
	case ${VZ_DEVICES:-}$1 in
	venet0,ip=*.*.*4 | venet0,ip=*:*6) echo 1024 ;;
	esac
}
