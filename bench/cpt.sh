# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# suspend and resume of a minimal and of a Debian VPS, beside criu alone and runc with the same criu, and what each step
# of them takes. Sourced by run.
#
# ROUNDS=20; TEMPLATE=FILE: a template with systemd, without which there is no Debian; RUNC=FILE, where runc(8) is no
# program of the host. CRIU is the host's, or what tools/get-criu has brought, also where tools/check keeps it.

CPT_ROUNDS=${ROUNDS:-20}
IDS=2000000000

criu_is_there() {
	local own kept
	own=$(grep '/vzctl$' "$KIT/dirs" | tail -n 1)/criu
	kept=$(dirname "$0")/../build/cache/criu
	CRIU=$BENCH_DIR/criu
	[ -x "$own/sbin/criu" ] || [ ! -d "$kept" ] || cp -r "$kept" "$own"
	if [ -z "$(command -v criu)" ] && [ -x "$own/sbin/criu" ]; then
		echo "exec $own/lib/loader --library-path $own/lib $own/sbin/criu \"\$@\""
	else
		echo "exec $(command -v criu) \"\$@\""
	fi >"$CRIU.does"
	# root may lack the right to look at limits, and then the owner's is needed here too
	printf '#!/bin/sh\nexport LD_PRELOAD=%s VZ_CRIU_OWNER=${OWNER:-%s}\n' "${own%/criu}/criu-owner.so" "$IDS:$IDS" |
		cat - "$CRIU.does" >"$CRIU"
	chmod 755 "$CRIU"
	"$CRIU" --version >"$BENCH_DIR/criu.version" 2>>"$BENCH_DIR/log"
}

# said [FILE]: a contestant that fails is none
said() {
	die "$(tail -n 4 "$BENCH_DIR/log") $(grep -s Error "${1:-/dev/null}" | tail -n 4)"
}

# criu_dump ID NAME: the arguments with which vzctl calls it, for a VPS that goes on. A message that is under way inside
# is refused, and the next moment it is not.
criu_dump() {
	local try
	for try in 1 2 3 4 5; do
		settle
		rm -f "$BENCH_DIR/try.end"
		criu_once "$1" try && cat "$BENCH_DIR/try.end" >>"$BENCH_DIR/$2.end" && return
	done
	said "$BENCH_DIR/fs/images/log"
}

criu_once() {
	local init images=$BENCH_DIR/fs/images arg
	init=$(sed -n 's/^init=//p' "$(sed -n '/run\/vz$/p' "$KIT/dirs" | head -n 1)/$1")
	rm -rf --one-file-system "$images"
	mkdir -p "$images"
	mapfile -t arg < <(awk '$4 == "/file" || $4 == "/dir" { print "--external"; print "mnt[" $5 "]:mask" $4 }
		$5 == "/dev" { print "--external"; print "mnt[/dev]:dev" }
		/ - ramfs / { print "--external"; print "mnt[" $5 "]:ram" ++n }' "/proc/$init/mountinfo")
	OWNER=$(stat -c %u:%g "/proc/$init") record "$2" unshare --mount "$CRIU" dump -t "$init" -D "$images" -o log -v3 \
		--leave-running --manage-cgroups=soft --tcp-established --ext-unix-sk --file-locks --ghost-limit 64M \
		--link-remap --network-lock nftables "${arg[@]}"
}

# lap_of ID NAME VERB: also what each step takes, in NAME-STEP.step
lap_of() {
	: >"$BENCH_DIR/log"
	record "$2" vzctl --verbose --verbose "$3" "$1" || said
	awk -v to="$BENCH_DIR/$2" '$1 == "step" { sub(":", "", $2); print $2 >(to ".steps")
		print $3 * 1000 >>(to "-" $2 ".step") }' "$BENCH_DIR/log"
}

# steps NAME WHAT: those that take a time
steps() {
	local name med p95 least
	printf '\n%s, ms, %d rounds: its steps of half a millisecond and more\n\n' "$2" "$CPT_ROUNDS"
	printf '| %-46s | %8s | %8s | %8s |\n' step median p95 least
	printf '|%s|---------:|---------:|---------:|\n' "$(printf -- '-%.0s' {1..48})"
	while read -r name; do
		read -r med p95 least <<<"$(stat_of "$BENCH_DIR/$1-$name.step")"
		awk -v m="$med" 'BEGIN { exit m < 0.5 }' || continue
		printf '| %-46s | %8s | %8s | %8s |\n' "$name" "$med" "$p95" "$least"
	done <"$BENCH_DIR/$1.steps"
}

# A bundle of the same tree, in as many namespaces.
runc_new() {
	local dir=$BENCH_DIR/fs/runc
	RUNC=${RUNC:-$(command -v runc)} || return
	mkdir -p "$dir"
	cp -a "$TREE" "$dir/rootfs"
	chown -R "$IDS:$IDS" "$dir/rootfs"
	cat >"$dir/config.json" <<-END
	{ "ociVersion": "1.0.2", "hostname": "vzbench",
	  "process": { "args": [ "/sbin/init" ], "cwd": "/", "env": [ "PATH=/sbin:/bin" ], "user": { "uid": 0, "gid": 0 },
	    "noNewPrivileges": true },
	  "root": { "path": "rootfs" },
	  "mounts": [
	    { "destination": "/proc", "type": "proc", "source": "proc" },
	    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": [ "nosuid", "mode=755" ] },
	    { "destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": [ "newinstance", "ptmxmode=0666" ] },
	    { "destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": [ "nosuid", "nodev" ] },
	    { "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue" },
	    { "destination": "/run", "type": "tmpfs", "source": "run", "options": [ "nosuid", "nodev" ] } ],
	  "linux": { "cgroupsPath": "/vzbench-runc",
	    "uidMappings": [ { "containerID": 0, "hostID": $IDS, "size": 65536 } ],
	    "gidMappings": [ { "containerID": 0, "hostID": $IDS, "size": 65536 } ],
	    "namespaces": [ { "type": "pid" }, { "type": "network" }, { "type": "ipc" }, { "type": "uts" },
	      { "type": "mount" }, { "type": "cgroup" }, { "type": "user" } ] } }
	END
	runc_of run -d --bundle "$dir" vzbench </dev/null >/dev/null 2>&1 # runc opens these anew inside
}

runc_of() { "$RUNC" --root "$BENCH_DIR/runc" --criu "$CRIU" "$@"; }

runc_lap() {
	local dir=$BENCH_DIR/fs/runc at
	at=$dir/images
	rm -rf --one-file-system "$at"
	mkdir "$at" # root inside reads in it; runc would make it 0700
	record cpt-tiny-runc-s "$RUNC" --root "$BENCH_DIR/runc" --criu "$CRIU" checkpoint --image-path "$at" --work-path "$at" \
		--tcp-established --ext-unix-sk --file-locks --manage-cgroups-mode soft vzbench || said "$at/dump.log"
	record cpt-tiny-runc-r "$RUNC" --root "$BENCH_DIR/runc" --criu "$CRIU" restore -d --bundle "$dir" --image-path "$at" \
		--work-path "$at" --tcp-established --ext-unix-sk --file-locks --manage-cgroups-mode soft vzbench || said "$at/restore.log"
}

# cpt_table NAME WHAT
cpt_table() {
	local b=$BENCH_DIR/cpt-$1
	head_row "$2, ms, $CPT_ROUNDS rounds" "contestant"
	row "vzctl suspend" "$b-s.end" "$b-s.end"
	[ ! -f "$b-runc-s.end" ] || row "runc checkpoint" "$b-runc-s.end" "$b-s.end"
	row "criu dump --leave-running, of the same VPS" "$b-bare.end" "$b-s.end"
	head_row "$2, ms, $CPT_ROUNDS rounds" "contestant"
	row "vzctl resume" "$b-r.end" "$b-r.end"
	[ ! -f "$b-runc-r.end" ] || row "runc restore" "$b-runc-r.end" "$b-r.end"
	steps "cpt-$1-s" "vzctl suspend: $2"
	steps "cpt-$1-r" "vzctl resume: $2"
}

cpt_laps() {	# cpt_laps ID NAME
	local i runc=
	if [ "$2" = tiny ]; then
		runc_new && runc=1 || echo "Without runc: it is not there, or cannot start a container here"
	fi
	for ((i = -2; i < CPT_ROUNDS; i++)); do
		[ "$i" = 0 ] && rm -f "$BENCH_DIR/cpt-$2"-*
		lap_of "$1" "cpt-$2-s" suspend
		lap_of "$1" "cpt-$2-r" resume
		criu_dump "$1" "cpt-$2-bare"
		[ -z "$runc" ] || runc_lap
		settle
	done
	[ -z "$runc" ] || runc_of delete -f vzbench >>"$BENCH_DIR/log" 2>&1
	vzctl --quiet stop "$1" --fast || die "stop $1"
}

part_cpt() {
	local id=$((FIRST + 5000))
	criu_is_there || die "cpt needs CRIU: tools/get-criu brings one"
	printf 'CRIU: %s\n' "$(tr '\n' ' ' <"$BENCH_DIR/criu.version")"
	ip link set lo up # as on a host: CRIU asks there what the kernel can do
	new $id tiny overlay
	vzctl --quiet start $id || die "start"
	cpt_laps $id tiny
	cpt_table tiny "A minimal VPS"
	[ -n "${TEMPLATE:-}" ] || return 0
	cp "$TEMPLATE" "$VZDIR/template/cache/guest.tar${TEMPLATE##*.tar}" || exit 1
	vzctl --quiet create $((id + 1)) --ostemplate guest >>"$BENCH_DIR/log" 2>&1 || die "create"
	vzctl --quiet start $((id + 1)) || die "start"
	guest_state $((id + 1)) 120 >>"$BENCH_DIR/log"
	cpt_laps $((id + 1)) guest
	cpt_table guest "A VPS of ${TEMPLATE##*/}"
}
