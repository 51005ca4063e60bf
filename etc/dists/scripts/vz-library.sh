# shellcheck shell=sh disable=SC2034 # used by the scripts behind it
# SPDX-License-Identifier: GPL-2.0-or-later
# What the vz-*.sh scripts share. Runs inside the VPS, as its root, in bash, dash or busybox's ash,
# before its init or beside it; so a link leads to the VPS's own files only. Every file is
# written beside itself and moved into place; lines of the owner stay, ours are between marks.
#
# From the host: VE_STATE, VZ_FAMILY, HOSTNM, NAMESERVER, SEARCHDOMAIN, IP_ADDR, and VZ_DEVICES:
#   venet0,ip=10.0.0.5/32,ip=2001:db8::5/128,default4,default6 eth0,dhcp,dhcp6
#   eth1,ip=192.0.2.9/24,gw=192.0.2.1

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
# A new process costs a millisecond here, so what the shell can do alone is not left to one.

# vz_real FILE: vz_file is the file behind a link, or the link itself when it leads nowhere
vz_real() {
	vz_file=$1
	if [ -L "$1" ] && [ -f "$1" ]; then vz_file=$(readlink -f "$1"); fi
}

# vz_write FILE MODE TEXT: TEXT becomes its content; mode and owner of an existing file stay
vz_write() {
	vz_real "$1"
	vz_new=$vz_file.vz-new.$$	# another script may live on here, though its vzctl was killed
	[ -d "${vz_file%/*}" ] || mkdir -p "${vz_file%/*}"
	for vz_left in "$vz_file".vz-new*; do
		[ -e "$vz_left" ] || [ -L "$vz_left" ] || continue
		[ "$vz_left" != "$vz_new" ] && kill -0 "${vz_left##*.}" 2>/dev/null || rm -f "$vz_left"
	done
	if [ ! -f "$vz_file" ]; then
		: >"$vz_new" && { [ "$2" = 644 ] || chmod "$2" "$vz_new"; }
	else
		cp -p "$vz_file" "$vz_new"
	fi && printf '%s\n' "$3" >"$vz_new" && mv -f "$vz_new" "$vz_file" && vz_changed=yes && return
	rm -f "$vz_new"
	vz_fail "cannot write $vz_file"
}

# vz_put FILE MODE TEXT: the same, but a file with this content is not touched
vz_put() {
	[ -f "$1" ] && [ "$(cat "$1")" = "$3" ] || vz_write "$1" "$2" "$3"
}

# vz_drop FILE...: removes files that are ours
vz_drop() {
	for vz_file; do
		[ -e "$vz_file" ] || [ -L "$vz_file" ] || continue
		rm -f "$vz_file" && vz_changed=yes
	done
}

# A file of ours in a place where the owner may have one of the same name.
vz_is_ours() {
	[ -f "$1" ] || return 1
	vz_line=
	read -r vz_line <"$1"
	case $vz_line in '# vz: written'*) return 0 ;; esac
	return 1
}

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

# vz_block FILE MODE TEXT [FILTER]: our block with TEXT at the end of the file; none when TEXT is
# empty. FILTER is a function of awk, keep(line), that the owner's lines pass: it sets drop for one to
# leave out, and what it puts "#vz# " before is put aside until our block goes. A block without an
# end was edited by the owner and is his.
vz_block() {
	if [ ! -f "$1" ]; then
		[ -z "$3" ] || vz_write "$1" "$2" "$vz_begin$3
# vz: end"
		return
	fi
	vz_own=$(block=${3:+$vz_begin$3} names=${vz_names:-} awk '
		'"${4:-$vz_keep}"'
		function out(line) { drop = 0; line = keep(line); if (!drop) text = text line "\n" }
		function flush(i) { for (i = 1; i <= held; i++) out(hold[i]); held = 0 }
		{ was = was $0 "\n" }
		/^# vz: begin/ { flush(); hold[++held] = $0; next }
		held && /^# vz: end/ { held = 0; next }
		held { hold[++held] = $0; next }
		{ sub(/^#vz# /, ""); out($0) }
		END {
			flush()
			if (ENVIRON["block"] != "") text = text ENVIRON["block"] "\n# vz: end\n"
			if (text == was) exit 3
			printf "%s", text
		}' "$1")
	case $? in
	0)	if [ -n "$vz_own" ]; then vz_write "$1" "$2" "$vz_own"; else vz_drop "$1"; fi ;;
	3)	;;
	*)	vz_fail "cannot read $1" ;;
	esac
}
vz_keep='function keep(line) { return line }'
vz_begin='# vz: begin (written by the host, changes are lost)
'

# vz_assign FILE NAME VALUE: NAME="VALUE" in a file that sh sources
vz_assign() {
	[ -f "$1" ] || { vz_put "$1" 644 "$2=\"$3\""; return; }
	vz_put "$1" 644 "$(awk -v name="$2" -v line="$2=\"$3\"" '
		index($0, name "=") == 1 { if (!n++) print line; next }
		{ print }
		END { if (!n) print line }' "$1")"
}

# ---- what runs here ----

# Is a unit wanted by anything? Asked of the links, since systemd may not run yet; a link to
# /dev/null masks it.
vz_unit() {
	[ ! -c "/etc/systemd/system/$1" ] || return 1
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

vz_is_wicked() {
	vz_unit wicked.service && return
	[ -L /etc/systemd/system/network.service ] || return
	case $(readlink /etc/systemd/system/network.service) in */wicked.service) return 0 ;; esac
	return 1
}

# vz_detect: vz_family becomes the network service that is in use; of several the one that leaves
# the others' devices alone
vz_detect() {
	vz_family=none
	if [ -f /etc/config/network ]; then vz_family=openwrt
	elif vz_has netplan && vz_netplan_files; then vz_family=netplan
	elif vz_service networking && vz_has_ifup; then vz_family=ifupdown
	elif vz_service NetworkManager; then vz_family="nm"
	elif vz_is_wicked; then vz_family=wicked
	elif vz_unit systemd-networkd.service; then vz_family=networkd
	elif vz_has netplan; then vz_family=netplan
	elif vz_service network && [ -d /etc/sysconfig/network-scripts ]; then vz_family=ifcfg
	elif vz_has netctl; then vz_family=netctl
	elif [ -e /etc/init.d/net.lo ]; then vz_family=netifrc
	elif vz_has_ifup; then vz_family=ifupdown
	elif [ -d /etc/sysconfig/network-scripts ]; then vz_family=ifcfg
	elif [ -d /etc/sysconfig/network ] && vz_has wicked; then vz_family=wicked
	# an image whose units get enabled by presets at its first boot
	elif [ -d /etc/NetworkManager ]; then vz_family="nm"
	elif [ -d /etc/systemd/network ]; then vz_family=networkd
	fi
}

vz_find_family() {
	vz_family=${VZ_FAMILY:-auto}
	case $vz_family in
	auto) vz_detect ;;
	ifupdown | networkd | netplan | nm | ifcfg | wicked | netctl | netifrc | openwrt | none) ;;
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

# vz_device WORD: one word of VZ_DEVICES in vz_dev, vz_dhcp, vz_dhcp6, vz_ip4, vz_ip6 (lists), vz_gw4,
# vz_gw6, and vz_dev4, vz_dev6: not empty when the default route is the device itself
vz_device() {
	vz_dhcp='' vz_dhcp6='' vz_ip4='' vz_ip6='' vz_gw4='' vz_gw6='' vz_dev4='' vz_dev6=''
	IFS=,
	# shellcheck disable=SC2086
	set -- $1
	unset IFS
	vz_dev=$1
	shift
	for vz_w; do
		case $vz_w in
		dhcp) vz_dhcp=yes ;;
		dhcp6) vz_dhcp6=yes ;;
		ip=*:*) vz_ip6="$vz_ip6${vz_ip6:+ }${vz_w#*=}" ;;
		ip=*) vz_ip4="$vz_ip4${vz_ip4:+ }${vz_w#*=}" ;;
		gw=*:*) vz_gw6=${vz_w#*=} ;;
		gw=*) vz_gw4=${vz_w#*=} ;;
		default4) vz_dev4=yes ;;
		default6) vz_dev6=yes ;;
		esac
	done
}
