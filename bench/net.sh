# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The parts of bench/run about the network. The world has a network namespace of its own; "the
# host" is that namespace, with an address on its loopback device. Sourced by bench/run.

HOST4=192.0.2.1
HOST6=2001:db8:ffff::1

host_network() {
	[ -z "${HOST_UP:-}" ] || return 0
	HOST_UP=1
	ip link set lo up
	ip addr add $HOST4/32 dev lo
	ip addr add $HOST6/128 dev lo nodad
	echo 1 >/proc/sys/net/ipv4/ip_forward
	echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
}

# address4 I, address6 I: of the VPS number I of the bench.
address4() { echo "198.18.$(($1 / 250)).$(($1 % 250 + 1))"; }
address6() { printf '2001:db8::%x\n' "$(($1 + 1))"; }

# Two namespaces joined by nothing but a veth pair: what the rest is compared with.
plain_pair() {
	unshare --net sleep 1000000 &
	PLAIN_A=$!
	unshare --net sleep 1000000 &
	PLAIN_B=$!
	until [ "$(readlink /proc/$PLAIN_A/ns/net)" != "$(readlink /proc/self/ns/net)" ] &&
		[ "$(readlink /proc/$PLAIN_B/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done
	ip link add plain0 netns $PLAIN_A type veth peer name plain1 netns $PLAIN_B
	nsenter -t $PLAIN_A -n sh -c 'ip addr add 203.0.113.1/24 dev plain0
		ip addr add 2001:db8:1::1/64 dev plain0 nodad; ip link set plain0 up'
	nsenter -t $PLAIN_B -n sh -c 'ip addr add 203.0.113.2/24 dev plain1
		ip addr add 2001:db8:1::2/64 dev plain1 nodad; ip link set plain1 up'
}

# talk NAME FROM TO ADDR: appends to NAME.tcp (Mbit/s) and NAME.rr (ns); the last ones in $tcp, $rr.
talk() {
	local how got
	for how in tcp rr; do
		got=$(timeout 20 net -t "${MS:-300}" $how "$2" "$3" "$4") || die "$1 $how: no answer of $4"
		echo "$got" >>"$BENCH_DIR/$1.$how"
		printf -v $how %s "$got"
	done
}

# beside NAME FROM TO ADDR: the plain pair, then this one, both in the same half second, so that a
# machine whose speed comes and goes gives honest ratios: NAME.tcp-ratio, NAME.rr-ratio.
beside() {
	local tcp rr plain_tcp plain_rr
	case $4 in
	*:*) talk net-plain6 "/proc/$PLAIN_A/ns/net" "/proc/$PLAIN_B/ns/net" 2001:db8:1::2 ;;
	*) talk net-plain "/proc/$PLAIN_A/ns/net" "/proc/$PLAIN_B/ns/net" 203.0.113.2 ;;
	esac
	plain_tcp=$tcp plain_rr=$rr
	talk "$@"
	awk -v a="$tcp" -v b="$plain_tcp" 'BEGIN { print a / b }' >>"$BENCH_DIR/$1.tcp-ratio"
	awk -v a="$plain_rr" -v b="$rr" 'BEGIN { print a / b }' >>"$BENCH_DIR/$1.rr-ratio"
}

med() { sort -n "$1" | awk '{ v[NR] = $1 } END {
	print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

talk_row() {	# talk_row TITLE NAME: medians, and the median of the ratios
	local f=$BENCH_DIR/$2 t=1 r=1
	[ ! -f "$f.tcp-ratio" ] || t=$(med "$f.tcp-ratio") r=$(med "$f.rr-ratio")
	awk -v n="$1" -v a="$(med "$f.tcp")" -v b="$(med "$f.rr")" -v t="$t" -v r="$r" 'BEGIN {
		printf "| %-34s | %8.1f | %8.2f | %8.1f | %8.2f |\n", n, a / 1000, t, b / 1000, r }'
}

talk_table() {	# talk_table CAPTION
	printf '\n%s\n\n| %-34s | %8s | %8s | %8s | %8s |\n' "$1" "path" "Gbit/s" "of plain" \
		"us" "of plain"
	printf '|%s|---------:|---------:|---------:|---------:|\n' "$(printf -- '-%.0s' {1..36})"
	talk_row "two namespaces, a plain veth pair" net-plain
	talk_row "the same, IPv6" net-plain6
}

# net_vps I: VPS number I of the network parts, running, with both addresses; its namespace in $netns
net_vps() {
	local id=$((FIRST + 200 + $1))
	new $id tiny overlay
	vzctl --quiet set $id --save --ipadd "$(address4 "$1")" --ipadd "$(address6 "$1")" \
		>>"$BENCH_DIR/log" 2>&1 || die "--ipadd"
	vzctl --quiet start $id >>"$BENCH_DIR/log" 2>&1 || die "start"
	netns=/proc/$(vzlist -H -o init $id 2>/dev/null | tr -d ' ')/ns/net
}

end_net_vps() {
	vzctl --quiet stop $((FIRST + 200 + $1)) --fast || die "stop"
	vzctl --quiet destroy $((FIRST + 200 + $1)) || die "destroy"
}

# VPS to VPS and host to VPS over venet, beside a plain veth pair, in turn.
part_net() {
	local i a b c d netns here=/proc/self/ns/net rounds=${ROUNDS:-12}
	host_network
	plain_pair
	net_vps 0 && a=$netns
	net_vps 1 && b=$netns
	echo 'VENET_DIRECT="no"' >>"$CONFDIR/vz.conf"
	net_vps 2 && c=$netns
	net_vps 3 && d=$netns
	sed -i /^VENET_DIRECT=/d "$CONFDIR/vz.conf"
	for ((i = -1; i < rounds; i++)); do
		[ "$i" = 0 ] && rm -f "$BENCH_DIR"/net-*.*
		beside net-vps-vps "$a" "$b" "$(address4 1)"
		beside net-vps-vps6 "$a" "$b" "$(address6 1)"
		beside net-routed "$c" "$d" "$(address4 3)"
		beside net-routed6 "$c" "$d" "$(address6 3)"
		beside net-host-vps $here "$b" "$(address4 1)"
		beside net-vps-host "$a" $here $HOST4
	done
	talk_table "TCP throughput, and one byte there and back: medians of $rounds rounds"
	talk_row "VPS to VPS, venet" net-vps-vps
	talk_row "VPS to VPS, venet, IPv6" net-vps-vps6
	talk_row "VPS to VPS, VENET_DIRECT=no" net-routed
	talk_row "VPS to VPS, VENET_DIRECT=no, IPv6" net-routed6
	talk_row "host to VPS, venet" net-host-vps
	talk_row "VPS to host, venet" net-vps-host
	for i in 0 1 2 3; do end_net_vps $i; done
	kill $PLAIN_A $PLAIN_B
}

# shape_row WANTED FROM TO ADDR WORDS: 1 and 8 flows, Mbit/s of Ethernet frames
shape_row() {
	local flows got
	for flows in 1 8; do
		got=$(timeout 20 shape-flow -t "${MS:-2000}" -n $flows "$2" "$3" "$4") || die "shape"
		awk -v w="$1" -v p="$5" -v f=$flows -v g="${got#* }" 'BEGIN {
			printf "| %-8s | %5d | %8d | %8.2f | %8.3f |\n", p, f, w, g, g / w }'
	done
}

# What --rate promises, and what comes through.
part_shape() {
	local mbits netns here=/proc/$$/ns/net
	host_network
	net_vps 4
	printf '\nA rate of --rate and what comes through, Mbit/s of frames\n\n'
	printf '| %-8s | %5s | %8s | %8s | %8s |\n' way flows wanted measured ratio
	printf '|----------|------:|---------:|---------:|---------:|\n'
	for mbits in 10 100 1000; do
		vzctl --quiet set $((FIRST + 204)) --rate ${mbits}m >>"$BENCH_DIR/log" 2>&1 ||
			die "--rate"
		shape_row $mbits $here "$netns" "$(address4 4)" "to it"
		shape_row $mbits "$netns" $here $HOST4 "from it"
	done
	end_net_vps 4
}

# What two addresses cost a start: the same VPS with and without, in turn.
part_netstart() {
	local i id=$((FIRST + 210)) s
	host_network
	new $id tiny overlay
	new $((id + 1)) tiny overlay
	vzctl --quiet set $((id + 1)) --save --ipadd "$(address4 10)" --ipadd "$(address6 10)" \
		>>"$BENCH_DIR/log" 2>&1 || die "--ipadd"
	for ((i = -2; i < N; i++)); do
		[ "$i" = 0 ] && rm -f "$BENCH_DIR"/netstart-*.*
		for s in 0 1; do
			rm -f "$(started_of $((id + s)) overlay)"
			record netstart-$s -i "$(started_of $((id + s)) overlay)" \
				vzctl --quiet start $((id + s))
			vzctl --quiet stop $((id + s)) --fast >>"$BENCH_DIR/log" 2>&1 || die "stop"
			settle
		done
	done
	head_row "Start with and without an IPv4 and an IPv6 address, ms, $N rounds" "contestant"
	row "two addresses" "$BENCH_DIR/netstart-1.end" "$BENCH_DIR/netstart-1.end"
	row "none" "$BENCH_DIR/netstart-0.end" "$BENCH_DIR/netstart-1.end"
	printf '\nMore with two addresses: %s ms\n' "$(awk \
		-v a="$(med "$BENCH_DIR/netstart-1.end")" -v b="$(med "$BENCH_DIR/netstart-0.end")" \
		'BEGIN { printf "%.2f", (a - b) / 1000 }')"
}

# As part_many, each VPS with four addresses.
part_netmany() {
	host_network
	ADDRESSES=4 part_many
}

# four ID I: the addresses of a VPS of part_many.
addresses() {
	local j args=()
	for ((j = 0; j < ${ADDRESSES:-0}; j++)); do
		if ((j % 2)); then
			args+=(--ipadd "$(address6 $((1000 + $2 * 4 + j)))")
		else
			args+=(--ipadd "$(address4 $((1000 + $2 * 4 + j)))")
		fi
	done
	[ ${#args[@]} = 0 ] || vzctl --quiet set "$1" --save "${args[@]}" \
		>>"$BENCH_DIR/log" 2>&1 || die "--ipadd for $1"
}
