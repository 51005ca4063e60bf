# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# ADD_IP and DEL_IP: the configuration of the VPS's own network service says the same as the host
# has set already. Each family is a function with "write" or "clean"; all files are made anew from
# VZ_DEVICES, so running it again changes nothing. Nothing fails because an address is there.

# shellcheck disable=SC2154,SC2317 # vz_* of vz-library.sh; called by name

vz_either() { if [ -n "$vz_dhcp" ]; then vz_e=$1; else vz_e=$2; fi; }

# ---- ifupdown: Debian, Devuan, Alpine, busybox ----

# The routes and flags are those that the host has set already; busybox's ip knows no "nodad".
vz_ifupdown_device() {
	vz_nodad=
	[ "$vz_dev" != venet0 ] || [ -e /etc/alpine-release ] || [ ! -e /etc/debian_version ] || vz_nodad=" nodad"
	echo "auto $vz_dev"
	vz_either dhcp manual
	echo "iface $vz_dev inet $vz_e"
	echo "	up ip link set dev $vz_dev up"
	for vz_a in $vz_ip4; do echo "	up ip addr replace $vz_a dev $vz_dev"; done
	for vz_a in $vz_ip6; do echo "	up ip -6 addr replace $vz_a dev $vz_dev$vz_nodad"; done
	[ -z "$vz_dev4" ] || echo "	up ip route replace default dev $vz_dev proto static"
	[ -z "$vz_dev6" ] || echo "	up ip -6 route replace default dev $vz_dev proto static"
	[ -z "$vz_gw4" ] || echo "	up ip route replace default via $vz_gw4 dev $vz_dev proto static"
	[ -z "$vz_gw6" ] || echo "	up ip -6 route replace default via $vz_gw6 dev $vz_dev proto static"
	[ -n "$vz_dhcp" ] || echo "	down ip addr flush dev $vz_dev || true"
	# Alpine's has no word for it and leaves it to the kernel
	[ -z "$vz_dhcp6" ] || [ -e /etc/alpine-release ] || echo "iface $vz_dev inet6 auto"
}

# The owner's stanzas for our devices are put aside, to come back when we go.
# shellcheck disable=SC2016 # a program of awk
vz_interfaces='
	function ours(n) { sub(/:.*/, "", n); return index(ENVIRON["names"], " " n " ") }
	function keep(line, f, n, i, all) {
		n = split(line, f)
		if (n == 0 || f[1] ~ /^#/)
			return line
		if (f[1] == "iface") {
			skip = ours(f[2])
		} else if (f[1] == "auto" || f[1] ~ /^allow-/) {
			skip = 0
			for (i = all = 2; i <= n; i++) if (!ours(f[i])) all = 0
			return (all ? "#vz# " : "") line
		} else if (f[1] == "mapping" || f[1] ~ /^source/ || f[1] == "rename" || f[1] == "template") {
			skip = 0
		}
		return (skip ? "#vz# " : "") line
	}'

vz_ifupdown() {
	vz_text=
	if [ "$1" = write ]; then
		[ -e /etc/network/interfaces ] || vz_write /etc/network/interfaces 644 "auto lo
iface lo inet loopback"
		vz_text=$(for vz_word in $VZ_DEVICES; do
			vz_device "$vz_word"
			vz_ifupdown_device
		done)
	fi
	vz_block /etc/network/interfaces 644 "$vz_text" "${vz_text:+$vz_interfaces}"
}

# ---- systemd-networkd ----

vz_networkd_device() {
	printf '%s\n[Match]\nName=%s\n\n[Network]\n' "$vz_head" "$vz_dev"
	case $vz_dhcp/$vz_dhcp6 in
	yes/yes) echo DHCP=yes ;;
	yes/) echo DHCP=ipv4 ;;
	/yes) echo DHCP=ipv6 ;;
	/) echo DHCP=no ;;
	esac
	if [ -n "$vz_dhcp6" ]; then
		echo IPv6AcceptRA=yes
	elif [ -n "$vz_ip6" ] && [ "$vz_dev" != venet0 ]; then
		echo IPv6AcceptRA=no
	fi
	# no neighbour discovery on venet0, hence no link-local address; nor a wire
	[ "$vz_dev" != venet0 ] || printf 'IPv6AcceptRA=no\nLinkLocalAddressing=no\nConfigureWithoutCarrier=yes\n'
	for vz_a in $vz_ip4; do printf '\n[Address]\nAddress=%s\n' "$vz_a"; done
	for vz_a in $vz_ip6; do
		printf '\n[Address]\nAddress=%s\n' "$vz_a"
		[ "$vz_dev" != venet0 ] || echo DuplicateAddressDetection=none
	done
	[ -z "$vz_dev4" ] || printf '\n[Route]\nDestination=0.0.0.0/0\nScope=link\n'
	[ -z "$vz_dev6" ] || printf '\n[Route]\nDestination=::/0\n'
	[ -z "$vz_gw4" ] || printf '\n[Route]\nGateway=%s\n' "$vz_gw4"
	[ -z "$vz_gw6" ] || printf '\n[Route]\nGateway=%s\n' "$vz_gw6"
}

vz_networkd() {
	vz_ours=
	[ "$1" = clean ] || vz_ours=$vz_names
	for vz_old in /etc/systemd/network/05-vz-*.network; do
		vz_dev=${vz_old##*/05-vz-}
		case $vz_ours in *" ${vz_dev%.network} "*) ;; *) vz_drop "$vz_old" ;; esac
	done
	[ "$1" = clean ] || for vz_word in $VZ_DEVICES; do
		vz_device "$vz_word"
		vz_put "/etc/systemd/network/05-vz-$vz_dev.network" 644 "$(vz_networkd_device)"
	done
	vz_reload networkctl reload
}

# ---- netplan ----

vz_netplan_route() {	# vz_netplan_route TO GATEWAY
	echo "      - to: \"$1\""
	[ -z "$2" ] || echo "        via: \"$2\""
	[ -n "$2" ] || echo "        scope: link"
}

vz_netplan_device() {
	printf '    %s:\n' "$vz_dev"
	[ "$vz_dev" != venet0 ] || printf '      link-local: []\n      accept-ra: false\n      ignore-carrier: true\n'
	vz_either true false
	echo "      dhcp4: $vz_e"
	[ -z "$vz_dhcp6" ] || printf '      dhcp6: true\n      accept-ra: true\n'
	[ -z "$vz_ip4$vz_ip6" ] || echo "      addresses:"
	for vz_a in $vz_ip4 $vz_ip6; do echo "      - \"$vz_a\""; done
	[ -z "$vz_dev4$vz_dev6$vz_gw4$vz_gw6" ] || echo "      routes:"
	[ -z "$vz_dev4" ] || vz_netplan_route 0.0.0.0/0 ""
	[ -z "$vz_dev6" ] || vz_netplan_route ::/0 ""
	[ -z "$vz_gw4" ] || vz_netplan_route 0.0.0.0/0 "$vz_gw4"
	[ -z "$vz_gw6" ] || vz_netplan_route ::/0 "$vz_gw6"
}

vz_netplan_reload() { netplan generate && { networkctl reload || nmcli connection reload; }; }

vz_netplan() {
	[ "$1" = write ] || vz_drop /etc/netplan/90-vz.yaml
	[ "$1" = clean ] || vz_put /etc/netplan/90-vz.yaml 600 "$(
		printf '%s\nnetwork:\n  version: 2\n  ethernets:\n' "$vz_head"
		for vz_word in $VZ_DEVICES; do
			vz_device "$vz_word"
			vz_netplan_device
		done)"
	vz_reload vz_netplan_reload
}

# ---- NetworkManager, key files ----

vz_nm_family() {	# vz_nm_family SECTION AUTO ADDRESSES GATEWAY DEFAULT NONE
	echo
	echo "[$1]"
	if [ -n "$2" ]; then
		echo method=auto
	elif [ -n "$3" ]; then
		echo method=manual
	else
		echo "method=$6"
	fi
	vz_i=0
	for vz_a in $3; do
		vz_i=$((vz_i + 1))
		echo "address$vz_i=$vz_a"
	done
	[ -z "$4" ] || echo "gateway=$4"
	# the metrics of the host's routes, lest there be two: the kernel makes 1024 of it for IPv6
	[ -z "$5" ] || printf 'route1=%s\nroute-metric=0\n' "$5"
}

vz_nm_device() {
	printf '%s\n[connection]\nid=vz-%s\ntype=ethernet\ninterface-name=%s\n' "$vz_head" "$vz_dev" "$vz_dev"
	printf 'autoconnect=true\nautoconnect-priority=900\n'
	vz_nm_family ipv4 "$vz_dhcp" "$vz_ip4" "$vz_gw4" "${vz_dev4:+0.0.0.0/0}" disabled
	vz_nm_family ipv6 "$vz_dhcp6" "$vz_ip6" "$vz_gw6" "${vz_dev6:+::/0}" ignore
}

vz_nm_reload() {
	nmcli connection reload
	for vz_dev in $vz_names; do
		# a device that it only watches has nothing to apply anew
		nmcli device reapply "$vz_dev" >/dev/null 2>&1
	done
	return 0
}

vz_nm() {
	vz_ours=
	[ "$1" = clean ] || vz_ours=$vz_names
	for vz_old in /etc/NetworkManager/system-connections/vz-*.nmconnection; do
		vz_dev=${vz_old##*/vz-}
		case $vz_ours in *" ${vz_dev%.nmconnection} "*) ;; *) vz_drop "$vz_old" ;; esac
	done
	[ "$1" = write ] || vz_drop /etc/NetworkManager/conf.d/90-vz.conf
	vz_text=
	[ "$1" = clean ] || for vz_word in $VZ_DEVICES; do
		vz_device "$vz_word"
		vz_put "/etc/NetworkManager/system-connections/vz-$vz_dev.nmconnection" 600 "$(vz_nm_device)"
		vz_text="$vz_text${vz_text:+,}interface-name:$vz_dev"
	done
	# otherwise it only watches a device that the host has set up
	[ "$1" = clean ] || vz_put /etc/NetworkManager/conf.d/90-vz.conf 644 "$vz_head
[device-vz]
match-device=$vz_text
keep-configuration=no"
	vz_reload vz_nm_reload
}

# ---- network-scripts: Red Hat and its kin ----

vz_ifcfg_device() {
	printf '%s\nDEVICE=%s\nONBOOT=yes\nNM_CONTROLLED=no\nARPCHECK=no\n' "$vz_head" "$vz_dev"
	vz_either dhcp none
	echo "BOOTPROTO=$vz_e"
	vz_i=0
	for vz_a in $vz_ip4; do
		printf 'IPADDR%s=%s\nPREFIX%s=%s\n' "$vz_i" "${vz_a%/*}" "$vz_i" "${vz_a#*/}"
		vz_i=$((vz_i + 1))
	done
	[ -z "$vz_dev4" ] || echo "GATEWAYDEV=$vz_dev"
	[ -z "$vz_gw4" ] || echo "GATEWAY=$vz_gw4"
	[ -z "$vz_dhcp6" ] || printf 'IPV6INIT=yes\nIPV6_AUTOCONF=yes\nDHCPV6C=yes\n'
	[ -n "$vz_ip6" ] || return 0
	[ -n "$vz_dhcp6" ] || printf 'IPV6INIT=yes\nIPV6_AUTOCONF=no\n'
	echo "IPV6ADDR=${vz_ip6%% *}"
	case $vz_ip6 in *' '*) echo "IPV6ADDR_SECONDARIES=\"${vz_ip6#* }\"" ;; esac
	[ -z "$vz_dev6" ] || echo "IPV6_DEFAULTDEV=$vz_dev"
	[ -z "$vz_gw6" ] || echo "IPV6_DEFAULTGW=$vz_gw6"
}

vz_ifcfg() {
	vz_dir=/etc/sysconfig/network-scripts
	[ -d "$vz_dir" ] || [ "$1" = write ] || return 0
	vz_ours=
	[ "$1" = clean ] || vz_ours=$vz_names
	for vz_old in "$vz_dir"/ifcfg-*; do
		case $vz_ours in *" ${vz_old##*/ifcfg-} "*) ;; *) vz_give_back "$vz_old" ;; esac
	done
	[ "$1" = write ] || return 0
	vz_drop "$vz_dir"/ifcfg-venet0:*	# of the old tools
	for vz_word in $VZ_DEVICES; do
		vz_device "$vz_word"
		vz_put_over "$vz_dir/ifcfg-$vz_dev" 644 "$(vz_ifcfg_device)"
	done
}

# ---- wicked: SUSE ----

vz_wicked_device() {
	printf "%s\nSTARTMODE='auto'\n" "$vz_head"
	case $vz_dhcp/$vz_dhcp6 in
	yes/yes) echo "BOOTPROTO='dhcp'" ;;
	yes/) echo "BOOTPROTO='dhcp4'" ;;
	/yes) echo "BOOTPROTO='dhcp6'" ;;
	/) echo "BOOTPROTO='static'" ;;
	esac
	vz_i=0
	for vz_a in $vz_ip4 $vz_ip6; do
		echo "IPADDR_$vz_i='$vz_a'"
		vz_i=$((vz_i + 1))
	done
}

vz_wicked_routes() {
	[ -z "$vz_dev4" ] || echo "0.0.0.0/0 - - $vz_dev"
	[ -z "$vz_dev6" ] || echo "::/0 - - $vz_dev"
	[ -z "$vz_gw4" ] || echo "0.0.0.0/0 $vz_gw4 - $vz_dev"
	[ -z "$vz_gw6" ] || echo "::/0 $vz_gw6 - $vz_dev"
}

vz_wicked() {
	vz_dir=/etc/sysconfig/network
	[ -d "$vz_dir" ] || [ "$1" = write ] || return 0
	vz_ours=
	[ "$1" = clean ] || vz_ours=$vz_names
	for vz_old in "$vz_dir"/ifcfg-* "$vz_dir"/ifroute-*; do
		vz_dev=${vz_old##*/}
		case $vz_ours in *" ${vz_dev#*-} "*) ;; *) vz_give_back "$vz_old" ;; esac
	done
	[ "$1" = write ] || return 0
	for vz_word in $VZ_DEVICES; do
		vz_device "$vz_word"
		vz_put_over "$vz_dir/ifcfg-$vz_dev" 644 "$(vz_wicked_device)"
		vz_text=$(vz_wicked_routes)
		if [ -n "$vz_text" ]; then
			vz_put_over "$vz_dir/ifroute-$vz_dev" 644 "$vz_head
$vz_text"
		else
			vz_give_back "$vz_dir/ifroute-$vz_dev"
		fi
	done
}

# ---- netctl: Arch ----

# It would fail on a device that is up, and on an address that is there: so it only runs commands.
vz_netctl_device() {
	printf "%s\nDescription='set by the host'\nInterface=%s\nConnection=ethernet\n" "$vz_head" "$vz_dev"
	printf 'ForceConnect=yes\nSkipNoCarrier=yes\n'
	if [ -n "$vz_dhcp6" ]; then echo IP6=dhcp; else echo IP6=no; fi
	vz_either dhcp no
	echo "IP=$vz_e"
	vz_text=
	for vz_a in $vz_ip4; do vz_text="$vz_text; ip addr replace $vz_a dev $vz_dev"; done
	for vz_a in $vz_ip6; do vz_text="$vz_text; ip -6 addr replace $vz_a dev $vz_dev"; done
	[ -z "$vz_dev4" ] || vz_text="$vz_text; ip route replace default dev $vz_dev"
	[ -z "$vz_dev6" ] || vz_text="$vz_text; ip -6 route replace default dev $vz_dev"
	[ -z "$vz_gw4" ] || vz_text="$vz_text; ip route replace default via $vz_gw4 dev $vz_dev"
	[ -z "$vz_gw6" ] || vz_text="$vz_text; ip -6 route replace default via $vz_gw6 dev $vz_dev"
	[ -z "$vz_text" ] || echo "ExecUpPost='${vz_text#; }'"
}

vz_netctl() {
	vz_wants=/etc/systemd/system/multi-user.target.wants
	vz_ours=
	[ "$1" = clean ] || vz_ours=$vz_names
	for vz_old in /etc/netctl/vz_*; do
		case $vz_ours in *" ${vz_old##*/vz_} "*) continue ;; esac
		vz_drop "$vz_old" "$vz_wants/netctl@${vz_old##*/}.service"
	done
	[ "$1" = write ] || return 0
	for vz_word in $VZ_DEVICES; do
		vz_device "$vz_word"
		vz_put "/etc/netctl/vz_$vz_dev" 644 "$(vz_netctl_device)"
		mkdir -p "$vz_wants"
		ln -sf /usr/lib/systemd/system/netctl@.service "$vz_wants/netctl@vz_$vz_dev.service"
	done
}

# ---- netifrc: Gentoo, Funtoo ----

# Names of variables have no "-" or "."; netifrc writes "_" there.
vz_netifrc_device() {
	vz_var=$(echo "$vz_dev" | tr -c 'A-Za-z0-9\n' _)
	printf 'config_%s="%s' "$vz_var" "${vz_dhcp:+dhcp}"
	[ -z "$vz_dhcp6" ] || printf '\ndhcpv6'
	for vz_a in $vz_ip4 $vz_ip6; do printf '\n%s' "$vz_a"; done
	printf '"\nroutes_%s="' "$vz_var"
	[ -z "$vz_dev4" ] || printf '\ndefault'
	[ -z "$vz_dev6" ] || printf '\n-6 default'
	[ -z "$vz_gw4" ] || printf '\ndefault via %s' "$vz_gw4"
	[ -z "$vz_gw6" ] || printf '\n-6 default via %s' "$vz_gw6"
	echo '"'
}

vz_netifrc() {
	vz_text=
	vz_ours=
	[ "$1" = clean ] || vz_ours=$vz_names
	[ ! -f /etc/conf.d/net ] ||
		vz_text=$(sed -n '/^# vz: begin/,/^# vz: end/s/^config_\([^=]*\)=.*/\1/p' /etc/conf.d/net)
	for vz_dev in $vz_text; do
		case $vz_ours in *" $vz_dev "*) continue ;; esac
		vz_drop "/etc/init.d/net.$vz_dev" "/etc/runlevels/default/net.$vz_dev"
	done
	vz_text=
	if [ "$1" = write ]; then
		vz_text=$(for vz_word in $VZ_DEVICES; do
			vz_device "$vz_word"
			vz_netifrc_device
		done)
		mkdir -p /etc/runlevels/default
		for vz_dev in $vz_names; do
			[ -e "/etc/init.d/net.$vz_dev" ] || ln -sf net.lo "/etc/init.d/net.$vz_dev"
			ln -sf "/etc/init.d/net.$vz_dev" "/etc/runlevels/default/net.$vz_dev"
		done
	fi
	vz_block /etc/conf.d/net 644 "$vz_text"
}

# ---- OpenWrt ----

# uci drops comments, so our sections are known by their names.
vz_openwrt_filter() {
	awk '/^[ \t]*config[ \t]/ { skip = /[ \t].?vz_[a-z0-9_]+.?[ \t]*$/ }
		!skip { print }'
}

vz_openwrt_route() {	# vz_openwrt_route KIND N TARGET GATEWAY
	printf "\nconfig %s 'vz_%s'\n\toption interface '%s'\n\toption target '%s'\n" "$1" "$2" "$vz_if" "$3"
	[ -z "$4" ] || printf "\toption gateway '%s'\n" "$4"
}

vz_openwrt_device() {
	vz_if=vz_$(echo "$vz_dev" | tr -c 'A-Za-z0-9\n' _)
	printf "\nconfig interface '%s'\n\toption device '%s'\n\toption ifname '%s'\n" "$vz_if" "$vz_dev" "$vz_dev"
	vz_either dhcp static
	echo "	option proto '$vz_e'"
	for vz_a in $vz_ip4; do printf "\tlist ipaddr '%s'\n" "$vz_a"; done
	for vz_a in $vz_ip6; do printf "\tlist ip6addr '%s'\n" "$vz_a"; done
	for vz_a in ${NAMESERVER:-}; do printf "\tlist dns '%s'\n" "$vz_a"; done
	for vz_a in ${SEARCHDOMAIN:-}; do printf "\tlist dns_search '%s'\n" "$vz_a"; done
	[ -z "$vz_dhcp6" ] || printf "\nconfig interface '%s_6'\n\toption device '%s'\n\toption proto 'dhcpv6'\n" "$vz_if" "$vz_dev"
	[ -z "$vz_dev4" ] || vz_openwrt_route route "${vz_dev}_4" 0.0.0.0/0 ""
	[ -z "$vz_dev6" ] || vz_openwrt_route route6 "${vz_dev}_6" ::/0 ""
	[ -z "$vz_gw4" ] || vz_openwrt_route route "${vz_dev}_4" 0.0.0.0/0 "$vz_gw4"
	[ -z "$vz_gw6" ] || vz_openwrt_route route6 "${vz_dev}_6" ::/0 "$vz_gw6"
}

vz_openwrt() {
	[ -f /etc/config/network ] || [ "$1" = write ] || return 0
	vz_own=$([ ! -f /etc/config/network ] || vz_openwrt_filter </etc/config/network)
	if [ "$1" = write ]; then
		vz_own="$vz_own$(for vz_word in $VZ_DEVICES; do
			vz_device "$vz_word"
			vz_openwrt_device
		done)"
	fi
	vz_put /etc/config/network 644 "$vz_own"
	vz_reload /etc/init.d/network reload
}

# ----

vz_none() { :; }

vz_names=' '	# of all devices, with a blank around each
for vz_word in ${VZ_DEVICES:-}; do
	vz_names="$vz_names${vz_word%%,*} "
done
vz_find_family
vz_now=$vz_family
[ -n "${VZ_DEVICES:-}" ] || vz_now=none
for vz_each in ifupdown networkd netplan nm ifcfg wicked netctl netifrc openwrt; do
	vz_changed=
	[ $vz_each = "$vz_now" ] || "vz_$vz_each" clean
done
vz_changed=
[ "$vz_now" = none ] || "vz_$vz_now" write
exit "$vz_bad"
