# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A host full of real guests: many Debian systems with systemd at once, and then one of them does to
# the host and to vzctl whatever it can, while the others start, stop and run commands. Sourced by run.
#
# TEMPLATE=FILE: a template with systemd (tests/guest/make-template makes one); GUESTS=100 of them;
# SAMPLES=10 others are stopped, started and entered, each once, in peace and under attack.

GUESTS=${GUESTS:-100} SAMPLES=${SAMPLES:-10}

guest_id() { echo $((FIRST + 2000 + $1)); }

# What `systemctl is-system-running` says once the guest has booted, or "late".
guest_state() {
	local s
	s=$(timeout "$2" vzctl exec2 "$1" 'systemctl is-system-running --wait' 2>/dev/null </dev/null)
	echo "${s:-late}"
}

guests_up() {
	local i id log=$BENCH_DIR/log
	cp "$TEMPLATE" "$VZDIR/template/cache/guest.tar${TEMPLATE##*.tar}" || exit 1
	for ((i = 0; i < GUESTS; i++)); do
		id=$(guest_id "$i")
		vzctl --quiet create "$id" --ostemplate guest --hostname "guest$i" >>"$log" 2>&1 ||
			die "create $id: $(tail -n 3 "$log")"
		vzctl --quiet set "$id" --save --ram 512M --swap 0 >>"$log" 2>&1 || die "set $id"
		record guests-first vzctl --quiet start "$id"
	done
}

# Of all of them: how many booted without a failed unit.
guests_running() {
	local i id n=0 bad=
	for ((i = 0; i < GUESTS; i++)); do
		id=$(guest_id "$i")
		case $(guest_state "$id" 120) in
		running) n=$((n + 1)) ;;
		*) bad="$bad $i:$(guest_state "$id" 5)" ;;
		esac
	done
	printf '%d of %d run%s\n' "$n" "$GUESTS" "${bad:+; not running:$bad}"
}

# guests_sample NAME: SAMPLES guests, from number 1 on, are entered, stopped, started and booted.
guests_sample() {
	local i id
	for ((i = 1; i <= SAMPLES; i++)); do
		id=$(guest_id "$i")
		record "$1-exec" vzctl exec3 "$id" /bin/true
		record "$1-exec" vzctl exec2 "$id" true
		record "$1-stop" vzctl --quiet stop "$id"
		record "$1-start" vzctl --quiet start "$id"
		record "$1-boot" vzctl exec2 "$id" 'systemctl is-system-running --wait >/dev/null; true'
	done
}

# Everything that a guest's root can think of. What takes kernel objects holds them.
guest_attacks() {
	local id=$1 kind
	vzctl exec2 "$id" 'cat >/root/probe; chmod 755 /root/probe' <"$BIN/../tests/init" || die "no probe"
	# so many that its 512 MB bear them: its init would be killed, and the attack be over
	for kind in inotify:9999 fanotify:9999 signal:99999 queue:9999 lock:9999 group:9999 pty:9999 \
		watch:9999 epoll:9999 timer:9999 shm:999 sem:999 msg:999 flock:999 socket:2999 tmpfs:499; do
		vzctl exec2 "$id" "exec setsid /root/probe hold ${kind/:/ } >/root/${kind%:*}.took 2>&1 </dev/null" \
			>>"$BENCH_DIR/log" 2>&1 &
	done
	# it may well kill itself for want of memory; then what it said is what is there
	for kind in {1..30}; do
		vzctl exec2 "$id" 'cat /root/*.took' >"$BENCH_DIR/took" 2>/dev/null </dev/null
		[ "$(grep -c ^took "$BENCH_DIR/took")" -ge 12 ] && break
		sleep 0.3
	done
	sed 's/^took/;/' "$BENCH_DIR/took" | paste -sd ' ' | sed 's/^;/The attacker holds/'
	# 200 processes that compute, and as many more as there may be
	vzctl exec2 "$id" 'for i in $(seq 200); do (while :; do :; done) & done >/dev/null 2>&1' \
		>>"$BENCH_DIR/log" 2>&1 </dev/null
	vzctl exec2 "$id" 'setsid /root/probe hold task 100000 >/root/task 2>&1 </dev/null &' \
		>>"$BENCH_DIR/log" 2>&1 </dev/null
	# what talks to vzctl: floods, a command that is stopped, a frozen init
	timeout 60 vzctl exec2 "$id" 'yes' >/dev/null 2>&1 </dev/null &
	timeout 60 vzctl exec2 "$id" 'kill -STOP $$' >/dev/null 2>&1 </dev/null &
	timeout 60 vzctl exec2 "$id" 'for p in /proc/[0-9]*; do kill -STOP ${p#/proc/}; done' \
		>/dev/null 2>&1 </dev/null &
	# its shell is traced by its own child, what enters is stopped, and at last its init is frozen
	vzctl exec3 "$id" /root/probe stopper >/dev/null 2>&1 </dev/null &
	vzctl exec2 "$id" 'echo traced >/sh-does; ln -f /root/probe /bin/bash; ln -f /root/probe /bin/sh' \
		>>"$BENCH_DIR/log" 2>&1 </dev/null
	timeout 60 vzctl exec2 "$id" true >/dev/null 2>&1 </dev/null &
	vzctl exec3 "$id" /root/probe freeze >>"$BENCH_DIR/log" 2>&1 </dev/null
	timeout 60 vzctl set "$id" --hostname other --userpasswd root:x >/dev/null 2>&1 </dev/null &
}

part_many_guests() {
	local evil before used
	[ -n "${TEMPLATE:-}" ] || die "many-guests needs TEMPLATE=FILE, a template with systemd"
	before=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
	guests_up
	guests_running
	used=$((before - $(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)))
	printf 'Memory of the host for each: %d kB; processes: %d\n' $((used / GUESTS)) \
		"$(find /proc -maxdepth 1 -name '[1-9]*' | wc -l)"
	guests_sample peace
	evil=$(guest_id 0)
	guest_attacks "$evil"
	guests_sample war
	printf 'After that the attacker has %s processes\n' "$(vzlist -H -o numproc "$evil" | tr -d ' ')"
	head_row "One of $GUESTS Debian guests, ms, $SAMPLES rounds" "while"
	local what
	for what in exec start stop boot; do
		row "$what, nobody is malicious" "$BENCH_DIR/peace-$what.end" "$BENCH_DIR/war-$what.end"
		row "$what, one is in every way" "$BENCH_DIR/war-$what.end" "$BENCH_DIR/war-$what.end"
	done
	record war-evil-stop vzctl --quiet stop "$evil" --fast
	printf '\nThe malicious one is stopped (--fast) in %s ms\n' \
		"$(stat_of "$BENCH_DIR/war-evil-stop.end" | cut -d' ' -f1)"
	guests_down
}

guests_down() {
	local i
	for ((i = 0; i < GUESTS; i++)); do
		vzctl --quiet stop "$(guest_id "$i")" --fast >>"$BENCH_DIR/log" 2>&1
		vzctl --quiet destroy "$(guest_id "$i")" >>"$BENCH_DIR/log" 2>&1
	done
}
