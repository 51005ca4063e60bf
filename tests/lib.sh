# shellcheck shell=bash
# What every shell test stands on: a world of its own, needs, checks, and the loop over the tests.
#
# A test file is bash: it sources this file, defines functions test_NAME, and ends with `run_tests`.
# Each function runs in a subshell; 0 is ok, `skip WHY` is a skip, everything else is not ok and
# shows its log.
#
# The world is the machine seen through an overlay: mounts, network, /etc, /var and /run are the
# test's own, the built product lies over /usr as if it were installed, /vz is an ext4 image.
# Nothing in it reaches the host but cgroups and processes, and those are removed at the end.
#
# KIT is the directory tests/mkkit makes: root/ (make install), bin/ (helpers), tests/ (this).

: "${KIT:?is not set: run the tests by tools/check or tests/run}"
export KIT LC_ALL=C.UTF-8

# ---- the world ----

# A hundred ids for this run, the first in $first. They are held by descriptor 7 until it has ended: it
# would see, and at its end kill, what another run with the same ids has started.
world_ids() {
	local n=$(($$ % 900))
	mkdir -p /tmp/vzt-ids
	while exec 7>"/tmp/vzt-ids/$n" && ! flock -n 7; do
		n=$(((n + 1) % 900))
	done
	first=$((900000 + n * 100))
}

mounts_below_root() {	# direct children of / in this mount namespace
	awk '$5 == "/" { root = $1 } { parent[$5] = $2 }
		END { for (m in parent) if (parent[m] == root && m != "/") print m }' \
		/proc/self/mountinfo
}

world_pivot() {
	local w=$1 m product=
	mount -t tmpfs -o mode=0755 world "$w"
	mkdir "$w/upper" "$w/work" "$w/root"
	# A copy, unless it is a disk of its own: overlayfs refuses a layer that lies inside another one.
	[ "$(stat -c %d "$KIT/root")" != "$(stat -c %d /)" ] && product=$KIT/root: || cp -a "$KIT/root/." "$w/upper/"
	mount -t overlay -o "lowerdir=$product/,upperdir=$w/upper,workdir=$w/work" world "$w/root" || return
	for m in $(mounts_below_root); do
		case $m in
		"$w" | /run | /vz*) continue ;;
		esac
		[ -e "$w/root$m" ] && mount --rbind "$m" "$w/root$m"
	done
	mkdir -p "$w/root/run" "$w/root/.host"
	mount -t tmpfs -o mode=0755 run "$w/root/run"
	for m in /run/systemd /run/dbus; do
		[ -d $m ] && mkdir -p "$w/root$m" && mount --rbind $m "$w/root$m"
	done
	cd "$w/root" && pivot_root . .host && cd / && umount -l /.host && rmdir /.host
}

# /vz is ext4 because tmpfs cannot be id-mapped on older kernels.
world_vz() {
	mkdir -p /vz /var/tmp/vzt
	truncate -s 3G /var/tmp/vzt/vz.img
	if mke2fs -q -F -t ext4 -O ^has_journal -E lazy_itable_init=1,nodiscard /var/tmp/vzt/vz.img &&
		mount -o loop,noatime /var/tmp/vzt/vz.img /vz 2>/dev/null; then
		rmdir /vz/lost+found
	else
		mount -t tmpfs vz /vz
	fi
	mkdir -p /vz/template/cache /vz/private /vz/root /vz/lock /vz/dump
	chmod 700 /vz/private /vz/root
}

# Whatever installation and VPSes the machine has are out of sight.
world_config() {
	local dir
	for dir in /etc/vz /var/lib/vzctl; do
		mkdir -p $dir
		mount -t tmpfs -o mode=0755 vzt $dir
		[ -d "$KIT/root$dir" ] && cp -a "$KIT/root$dir/." $dir/
	done
	rm -f /var/log/vzctl.log
	mkdir -p /etc/vz/conf /etc/vz/names
	cp "$KIT/tiny.tar.gz" /vz/template/cache/tiny.tar.gz
	ln -sf "$KIT/bin/init" /usr/local/bin/probe
	ip link set lo up
	conf_set /etc/vz/vz.conf DEF_OSTEMPLATE tiny
}

# conf_set FILE KEY VALUE: an independent writer of the configuration format.
conf_set() {
	[ -f "$1" ] && sed -i "/^$2=/d" "$1"
	printf '%s="%s"\n' "$2" "$3" >>"$1"
}

# Pids of those in mount namespace $1 ("mnt:[N]"), by one process: there may be many.
processes_in() {
	find /proc -maxdepth 3 -path '/proc/[0-9]*/ns/mnt' -lname "mnt:\\[${1//[!0-9]/}\\]" 2>/dev/null |
		cut -d/ -f3
}

# Ends what a world left: processes in our groups or in our mount namespace, then the groups.
world_end() {
	local first=$1 ns=$2 dir p try
	for try in 1 2 3 4 5 6 7 8 9 10; do
		local left=
		for dir in $(world_groups "$first"); do
			for p in $(cat "$dir/cgroup.procs" 2>/dev/null); do
				kill -9 "$p" 2>/dev/null && left=1
			done
		done
		for p in $(processes_in "$ns"); do
			kill -9 "$p" 2>/dev/null && left=1
		done
		[ -z "$left" ] && break
		sleep 0.0$try
	done
	world_groups "$first" | while read -r dir; do
		rmdir "$dir" 2>/dev/null
	done
	return 0
}

# Deepest first, in every hierarchy; only the hundred ids of this run.
world_groups() {
	find /sys/fs/cgroup -depth -type d -path "*/vz*" 2>/dev/null |
		grep -E "/(vz/|vz\.slice/vz-)$(($1 / 100))[0-9][0-9](\.scope)?(/.*)?\$"
}

# Re-executes the calling script inside a world; returns only inside. OUTSIDE is then the /proc entry
# of a process that is not in it (that of PID 1 may be shut even for root).
enter_world() {
	[ -n "${WORLD_IDS:-}" ] && return
	if [ "$(id -u)" != 0 ]; then
		list_tests | sed 's/$/ # needs root/; s/^/skip /'
		exit 0
	fi
	local dir code first inner
	dir=$(mktemp -d /tmp/vzt.XXXXXX)
	world_ids
	mkfifo "$dir/ns"
	# The opened read-write fifo neither blocks nor breaks when the world dies early.
	exec 9<>"$dir/ns"
	trap 'world_end "$first" "${ns:-none}"; rm -rf --one-file-system "$dir"' EXIT
	# Whoever is in it is asked to end, and tidies up, before all that is left is killed.
	trap 'kill -TERM "$inner" 2>/dev/null; timeout 30 tail --pid="$inner" -s 0.1 -f /dev/null; exit 130' INT TERM
	WORLD_IDS=$first WORLD_DIR=$dir OUTSIDE=/proc/$$ unshare --mount --net --propagation private \
		bash -c 'readlink /proc/self/ns/mnt >&9; exec 9>&-; exec bash "$0" "$@"' "$0" "$@" 7>&- &
	inner=$!
	read -r -t 20 ns <&9
	# Held open, because its number would be given to another world as soon as this one ends.
	exec 8<"/proc/$inner/ns/mnt"
	wait $inner
	code=$?
	exit $code
}

enter_world_inside() {
	mkdir -p "$WORLD_DIR/w"
	world_pivot "$WORLD_DIR/w" && world_vz && world_config
}

# ---- needs and results ----

skip() {
	echo "$*" >"$SKIP_FILE"
	exit 77
}

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

needs() {
	local what
	for what; do
		"need_${what//-/_}" || skip "needs $what${NEED_WHY:+: $NEED_WHY}"
	done
}

need_strace() { strace -o /dev/null true; }
need_root() { [ "$(id -u)" = 0 ]; }
need_cgroup_v2() { [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; }
need_cgroup_v1() { [ -d /sys/fs/cgroup/memory ]; }
need_busybox() { [ -x "$(command -v busybox)" ]; }
need_long() { [ -n "${VZT_LONG:-}" ]; }
need_systemd_host() { [ -S /run/systemd/private ]; }
need_hugetlb() { # a controller for them, and pages of 2 MB
	[ -d /sys/kernel/mm/hugepages/hugepages-2048kB ] && { [ -d /sys/fs/cgroup/hugetlb ] ||
		grep -qsw hugetlb /sys/fs/cgroup{,/unified}/cgroup.controllers; }
}
need_criu() { # of the host, or one whose path is given
	[ -z "${VZT_CRIU:-}" ] || cp -u "$VZT_CRIU" /usr/local/sbin/criu
	command -v criu >/dev/null || [ -x /usr/libexec/vzctl/criu/sbin/criu ]
}
need_ext4() { [ "$(stat -fc %T /vz)" = ext2/ext3 ]; }
need_overlay() { grep -qw overlay /proc/filesystems; }

# ---- checks; each ends the test when it does not hold ----

# run CMD...: stdout in $out, stderr in $err, both in the log, code in $code
run() {
	local o=$T/out e=$T/err
	code=0
	"$@" >"$o" 2>"$e" </dev/null || code=$?
	# what the sanitizer says of a child that shares memory and has a stack of its own
	[ -z "${VZT_ASAN:-}" ] || sed -i '/ASan is ignoring requested __asan_handle_no_return/d
		/^False positive error reports may follow/d; /^For details see .*sanitizers/d' "$e"
	out=$(cat "$o") err=$(cat "$e")
	# A product that is not there refuses everything, which must not look like a success.
	[ $code != 127 ] || command -v "$1" >/dev/null || fail "there is no $1"
	printf '$ %s\n%s%s(exit %s)\n' "$*" "$out${out:+
}" "$err${err:+
}" "$code"
}

# The sanitizer cannot look for leaks in a traced process.
strace() { ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 command strace "$@"; }

# expect CODE CMD...
expect() {
	local want=$1
	shift
	run "$@"
	[ "$code" = "$want" ] || fail "exit $code, not $want: $*"
}

ok() { expect 0 "$@"; }

# unwritten CODE CMD...: it fails with CODE, for its result was not taken, and says so once
unwritten() {
	local want=$1
	shift
	code=0
	"$@" >/dev/full 2>"$T/err" || code=$?
	same "$code" "$want" "$*"
	same "$(grep -cxF 'cannot write the output: No space left on device' "$T/err")" 1 "$*"
}
said() { grep -qxF -- "$1" "$T/out" || fail "no line on stdout: $1"; }
said_like() { grep -qE -- "$1" "$T/out" || fail "nothing on stdout like: $1"; }
warned() { grep -qxF -- "$1" "$T/err" || fail "no line on stderr: $1"; }
warned_like() { grep -qE -- "$1" "$T/err" || fail "nothing on stderr like: $1"; }
silent() { [ ! -s "$T/err" ] || fail "stderr is not empty"; }
one_sentence() { [ "$(wc -l <"$T/err")" = 1 ] || fail "stderr is not one line"; }
same() { [ "$1" = "$2" ] || fail "\"$1\" is not \"$2\"${3:+ ($3)}"; }
absent() { [ ! -e "$1" ] && [ ! -L "$1" ] || fail "$1 is there"; }
present() { [ -e "$1" ] || fail "$1 is not there"; }

# wait_for SECONDS CMD...: polls a condition nobody can wait on by other means
wait_for() {
	local until=$(($(date +%s%N) + $1 * 1000000000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s%N)" -lt $until ] || return 1
		sleep 0.02
	done
}

# ---- VPSes ----

# new_vps [create options]: creates a VPS of the tiny template, its id in $id
new_vps() {
	next_id
	ok vzctl create "$id" --ostemplate tiny "$@"
}

next_id() {
	local f=/run/vzt-id
	id=$(($(cat $f 2>/dev/null || echo "$WORLD_IDS") + 1))
	echo $id >$f
	echo "(id $id)"
}

init_pid() { sed -n 's/^init=//p' "/run/vz/$1" 2>/dev/null | head -1; }

# program FILE TEXT: a shell script in place of a program; other names of it stay what they were
program() {
	rm "$1"
	printf '#!/bin/sh\n%s\n' "$2" >"$1"
	chmod 755 "$1"
}

# in_tree CMD...: in the root directory of the stopped VPS $id. What simfs shows on VE_ROOT is
# id-mapped, and the host's root is nobody there.
in_tree() {
	if [ -d "/vz/private/$id/fs" ]; then
		ok vzctl mount "$id"
		(cd "/vz/root/$id" && "$@")
		ok vzctl umount "$id"
	else
		(cd "/vz/private/$id" && "$@")
	fi
}

inside() { vzctl exec2 "$id" "$*"; }

# Everything on the host that tells of VPS $1 except its private area and configuration.
traces_of() {
	local i=$1
	find /run/vz /vz/lock /var/lib/vzctl 2>/dev/null |
		grep -E "(^|[^0-9])$i([^0-9]|\$)" | grep -vE "/(ids|dist|traffic|counts|why|overlay)/"
	grep -E "[/.]$i([^0-9]|\$)" /proc/self/mountinfo | sed 's/^/mount /'
	world_groups "$WORLD_IDS" | grep -E "[/.]$i([^0-9]|\$)"
	ls /vz/private | grep -E "^$i\." | sed 's/^/private /'
	return 0
}

# Everything that tells of VPS $1 at all.
all_traces_of() {
	traces_of "$1"
	ls -d "/vz/private/$1" "/vz/root/$1" /etc/vz/conf/"$1".conf /var/lib/vzctl/ids/* \
		/var/lib/vzctl/{dist,traffic,counts,why}/"$1" /run/vz/overlay/"$1" 2>/dev/null |
		grep -E "(^|[^0-9])$1([^0-9]|\$)"
	find /etc/vz/names /var/lib/vzctl/ids -lname "*$1*" 2>/dev/null
	return 0
}

nothing_left() {
	local left
	left=$(traces_of "$1")
	[ -z "$left" ] || fail "left behind of $1: $left"
}

# ---- the loop ----

# In the order of the file. One that is written in another way than "test_NAME()" at the beginning of a line would never run.
tests_of_file() {
	local names
	names=$(sed -n 's/^\(test_[A-Za-z0-9_]*\)().*/\1/p' "$0")
	echo "$names"
	declare -F | sed -n 's/^declare -f \(test_.*\)/\1/p' | grep -vxF "$names" | sed 's/.*/not ok '"${SUITE//\//\\/}"' # & would not run: write it as "&()"/' >&2
}

list_tests() { tests_of_file | sed "s|^test_|$SUITE/|; s|_|-|g"; }

run_one() {
	local fn=$1 name code=0 began=$SECONDS
	name=${NAME:-$SUITE/$(echo "${fn#test_}" | tr _ -)}
	T=$(mktemp -d "${TMPDIR:-/tmp}/vzt-one.XXXXXX")
	SKIP_FILE=$T/skip
	# Not `|| code=$?`: that would switch `set -e` off inside.
	(set -e; trap 'end_of_test' EXIT; "$fn") >"$T/log" 2>&1 </dev/null
	code=$?
	case $code in
	0) echo "ok $name" ;;
	77) echo "skip $name # $(cat "$SKIP_FILE" 2>/dev/null)" ;;
	*)
		echo "not ok $name"
		tail -n "${VZT_LOG_LINES:-60}" "$T/log" | sed 's/^/# /'
		;;
	esac
	[ $((SECONDS - began)) -lt 10 ] || echo "# $name took $((SECONDS - began)) s"
	rm -rf --one-file-system "$T"
}

# Whatever a test started is ended with it, so that one failure does not make the next.
end_of_test() {
	local code=$? i
	set +e
	# shellcheck disable=SC2046
	kill $(jobs -p) 2>/dev/null
	wait
	for i in $(ls /run/vz 2>/dev/null | grep -xE '[0-9]+'); do
		vzctl --skiplock stop "$i" --fast >/dev/null 2>&1
	done
	! declare -F end_elsewhere >/dev/null || end_elsewhere
	[ $code = 0 ] || [ $code = 77 ] || echo "(exit $code)"
	unset VZ_FAULT
}

run_tests() {
	local fn
	for fn in $(tests_of_file); do
		[ -z "${VZT_ONLY:-}" ] || [[ $fn == $VZT_ONLY ]] || continue
		run_one "$fn"
	done
}

# A test file says `world` before its tests when it needs one.
world() {
	SUITE=${SUITE:-$(basename "$(dirname "$0")")/$(basename "$0")}
	enter_world "$@"
	enter_world_inside || { echo "not ok $SUITE/world"; exit 1; }
}
