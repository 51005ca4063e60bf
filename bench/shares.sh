# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How near the CPU time of VPSes comes to what was asked for: CPUUNITS 1:3 with one process against fifty and
# with fifty against fifty, and CPULIMIT. What the kernel counted for each group over SECONDS=10. Sourced by run.

SECONDS_OF_SHARES=${SECONDS_OF_SHARES:-10}

cpu_usec() {
	local root dir
	for root in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		for dir in "$root/vz/$1" "$root/vz.slice/vz-$1.scope/payload"; do
			[ -f "$dir/cpu.stat" ] && sed -n 's/^usage_usec //p' "$dir/cpu.stat"
		done
	done
}

# spin ID N: N processes that do nothing else
spin() {
	vzctl exec2 "$1" "i=0; while [ \$i -lt $2 ]; do (while :; do :; done) >/dev/null 2>&1 </dev/null & i=\$((i + 1)); done" \
		>>"$BENCH_DIR/log" 2>&1 || die "spin in $1"
}

# used ID...: what each uses from now on, in usec, and how long that was
used() {
	local id before=() after=() from to
	for id; do before+=("$(cpu_usec "$id")"); done
	from=$(date +%s%N)
	sleep "$SECONDS_OF_SHARES"
	for id; do after+=("$(cpu_usec "$id")"); done
	to=$(date +%s%N)
	for id in "${!before[@]}"; do echo -n "$((after[id] - before[id])) "; done
	echo $(((to - from) / 1000))
}

shares_up() {	# shares_up ID OPTION...
	local id=$1
	shift
	new "$id" tiny overlay
	vzctl --quiet set "$id" --save "$@" >>"$BENCH_DIR/log" 2>&1 || die "set $id"
	vzctl --quiet start "$id" >>"$BENCH_DIR/log" 2>&1 || die "start $id"
}

shares_down() {
	local id
	for id; do
		vzctl --quiet stop "$id" --fast || die "stop $id"
		vzctl --quiet destroy "$id" || die "destroy $id"
	done
}

# rival UNITS N UNITS N: the part of the first, in percent of what both had
rival() {
	local a=$((FIRST + 700)) b=$((FIRST + 701)) one two time
	shares_up $a --cpuunits "$1"
	shares_up $b --cpuunits "$3"
	spin $a "$2"
	spin $b "$4"
	sleep 3 # until the scheduler has spread them
	read -r one two time <<<"$(used $a $b)"
	shares_down $a $b
	awk -v a="$one" -v b="$two" -v t="$time" -v u="$1" -v v="$3" -v n="$2" -v m="$4" 'BEGIN {
		want = 100 * u / (u + v); is = 100 * a / (a + b)
		printf("| cpuunits %d, processes %d, beside %d, %d | %.2f | %.2f | %+.2f |\n", u, n, v, m, want, is,
			is - want) }'
}

cap() {
	local a=$((FIRST + 700)) one time
	shares_up $a --cpulimit "$1"
	spin $a "$2"
	sleep 1
	read -r one time <<<"$(used $a)"
	shares_down $a
	awk -v a="$one" -v t="$time" -v l="$1" -v n="$2" 'BEGIN {
		is = 100 * a / t
		printf("| cpulimit %d, processes %d | %.2f | %.2f | %+.2f |\n", l, n, l, is, is - l) }'
}

part_shares() {
	local cpus i
	cpus=$(nproc)
	printf '\nCPU time, percent: of both for units, of one CPU for a limit; %d CPUs, %s s each\n\n' "$cpus" "$SECONDS_OF_SHARES"
	printf '| what | asked | had | off |\n|------|------:|----:|----:|\n'
	for i in 1 2 3; do
		rival 1000 1 3000 50
		rival 1000 50 3000 50
		cap 30 4
	done
}
