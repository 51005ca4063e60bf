# shellcheck shell=bash
# Two hosts for tests of migration, after world: here, and b, which has its own mounts, network, processes, groups, /vz,
# /etc/vz and sshd. With SHARED_VZ=1 they share /vz and the configuration, as the nodes of a cluster do. A third network
# namespace, "wire", is the switch between them, and whoever connects to a VPS.

B_GROUP=vzt-b-$WORLD_IDS
HIERARCHIES=$(find /sys/fs/cgroup -mindepth 1 -maxdepth 1 -type d ! -type l -exec mountpoint -q {} \; -print)
mountpoint -q /sys/fs/cgroup && HIERARCHIES=${HIERARCHIES:-/sys/fs/cgroup}

own_vz_of_b() {
	cp -a /etc/vz /var/tmp/vzt/etc-b
	mount -t tmpfs -o mode=0755 b /etc/vz
	cp -a /var/tmp/vzt/etc-b/. /etc/vz/
	rm -rf /etc/vz/conf/[1-9]*.conf /etc/vz/names/*
	umount /vz
	truncate -s 3G /var/tmp/vzt/b.img
	mke2fs -q -F -t ext4 -O ^has_journal -E lazy_itable_init=1,nodiscard /var/tmp/vzt/b.img
	mount -o loop,noatime /var/tmp/vzt/b.img /vz
	mkdir -p /vz/template/cache /vz/private /vz/root /vz/lock /vz/dump
	chmod 700 /vz/private /vz/root
	cp "$KIT/tiny.tar.gz" /vz/template/cache/
}

# What b's first process runs, with its own mounts, network, processes and control groups.
host_b() {
	local h
	for h in $HIERARCHIES; do
		mount --bind "$h/$B_GROUP" "$h"
	done
	mount -t proc proc /proc
	for h in /run/vz /var/lib/vzctl; do
		mkdir -p $h && mount -t tmpfs -o mode=0755 b $h
	done
	mkdir -p /var/log/b /var/lib/vzctl/veip && mount --bind /var/log/b /var/log
	[ -n "${SHARED_VZ:-}" ] || own_vz_of_b
	ip link set lo up
	mkdir -p /run/sshd
	has_address() { ip addr show dev eth0 | grep -q 10.99.0.2; }
	wait_for 20 has_address || exit
	exec /usr/sbin/sshd -D -e -f /etc/ssh-vzt/sshd_config 2>/var/log/sshd
}

port() {	# port PID ADDRESS: the end of a cable to the switch in that process's network
	ip link add "wire$1" type veth peer name eth0 netns "/proc/$1/ns/net"
	ip link set "wire$1" netns wire
	ip netns exec wire ip link set "wire$1" master br0 up
	nsenter -t "$1" -n ip addr add "$2/24" dev eth0
	nsenter -t "$1" -n ip link set eth0 up
	nsenter -t "$1" -n sysctl -qw net.ipv4.ip_forward=1
}

keys() {
	mkdir -p /etc/ssh-vzt /root/.ssh
	ssh-keygen -q -t ed25519 -N '' -f /etc/ssh-vzt/host
	ssh-keygen -q -t ed25519 -N '' -f /etc/ssh-vzt/key
	cp /etc/ssh-vzt/key.pub /etc/ssh-vzt/authorized
	cat >/etc/ssh-vzt/sshd_config <<-'END'
		ListenAddress 10.99.0.2
		HostKey /etc/ssh-vzt/host
		PidFile none
		UsePAM no
		StrictModes no
		PermitRootLogin prohibit-password
		AuthorizedKeysFile /etc/ssh-vzt/authorized
		AcceptEnv VZ_FAULT
		MaxStartups 100
	END
	cat >/root/.ssh/config <<-'END'
		Host b
			HostName 10.99.0.2
			IdentityFile /etc/ssh-vzt/key
		Host nokey
			HostName 10.99.0.2
			IdentityFile /nonexistent
		Host *
			StrictHostKeyChecking no
			UserKnownHostsFile /dev/null
			LogLevel ERROR
	END
	sed -i 's/^root:[^:]*:/root:*:/' /etc/shadow
	# sshd's bash reads it, and what this machine does at a login may take a minute
	: >/root/.bashrc
}

two_hosts() {
	local h
	keys
	ip netns add wire
	ip netns exec wire ip link add br0 type bridge forward_delay 0
	ip netns exec wire ip addr add 10.99.0.254/24 dev br0
	ip netns exec wire ip link set br0 up
	for h in $HIERARCHIES; do
		mkdir "$h/$B_GROUP"
		[ ! -e "$h/cpuset.cpus" ] || { cat "$h/cpuset.cpus" >"$h/$B_GROUP/cpuset.cpus"
			cat "$h/cpuset.mems" >"$h/$B_GROUP/cpuset.mems"; }
	done
	export -f host_b own_vz_of_b wait_for
	export HIERARCHIES B_GROUP SHARED_VZ
	(
		for h in $HIERARCHIES; do
			echo $BASHPID >"$h/$B_GROUP/cgroup.procs"
		done
		exec unshare --mount --net --pid --cgroup --fork --kill-child --propagation private \
			bash -c 'host_b' </dev/null >/var/tmp/vzt/b.log 2>&1 7>&- 8>&- 9>&-
	) &
	B_OUTER=$!
	B=
	b_is_there() { B=$(pgrep -P $B_OUTER) && [ -n "$B" ]; }
	until b_is_there; do sleep 0.02; done
	port $$ 10.99.0.1
	port "$B" 10.99.0.2
	answers() { ssh -o BatchMode=yes -o ConnectTimeout=10 root@b true; }
	wait_for 60 answers || { cat /var/tmp/vzt/b.log; nsenter -t "$B" -m cat /var/log/sshd; echo "not ok $SUITE/hosts"; exit 1; }
}

# Its processes end with the first of them, in their own time; until then a group cannot go.
b_groups_are_gone() {
	local h left=0
	for h in $HIERARCHIES; do
		[ ! -d "$h/$B_GROUP" ] || find "$h/$B_GROUP" -depth -type d -exec rmdir {} + 2>/dev/null || true
		[ ! -d "$h/$B_GROUP" ] || left=1
	done
	[ $left = 0 ]
}

b_end() {
	kill -9 "$B" $B_OUTER 2>/dev/null
	wait $B_OUTER 2>/dev/null
	wait_for 10 b_groups_are_gone || echo "not ok $SUITE/hosts # groups of b are left"
}

on_b() {
	(
		for h in $HIERARCHIES; do
			echo $BASHPID >"$h/$B_GROUP/cgroup.procs"
		done
		exec nsenter -t "$B" -m -n -p -C "$@"
	)
}

if [ -x /usr/sbin/sshd ] && command -v rsync >/dev/null; then
	trap b_end EXIT
	two_hosts
else
	need_hosts() { false; }
fi
need_hosts() { [ -n "${B:-}" ]; }

runs_on() {	# runs_on a|b CTID: there, and nowhere else
	local here there
	here=$(vzctl status "$2" | grep -c running) || true
	there=$(on_b vzctl status "$2" | grep -c running) || true
	case $1 in
	a) [ "$here$there" = 10 ] ;;
	b) [ "$here$there" = 01 ] ;;
	none) [ "$here$there" = 00 ] ;;
	esac || fail "it runs here: $here, there: $there"
}

# It is nowhere any more. What is left of one would have the address of the next.
end_of_id() {
	local on
	for on in on_b ''; do
		$on [ -e "/etc/vz/conf/$id.conf" ] || continue
		$on vzctl --quiet stop "$id" --fast || fail "it does not stop"
		$on vzctl --quiet destroy "$id" || fail "it cannot be destroyed"
	done
	runs_on none "$id"
}

# Whatever a test started on b is ended with it.
end_elsewhere() {
	local i
	[ -n "${B:-}" ] || return 0
	kill -CONT "$B"
	for i in $(on_b ls /run/vz 2>/dev/null | grep -xE '[0-9]+'); do
		on_b vzctl --skiplock stop "$i" --fast >/dev/null 2>&1
	done
}

# An echo server on port 7000 of the VPS, which listens when this returns: echo_server [on_b]
echo_server() {
	listens() { "$@" vzctl exec2 "$id" 'grep -q ":1B58 [0-9A-F]*:0000 0A" /proc/net/tcp /proc/net/tcp6' 2>/dev/null; }
	"$@" vzctl exec "$id" 'busybox nc -l -p 7000 -e /bin/cat >/dev/null 2>&1 </dev/null &'
	wait_for 20 listens "$@" || fail "nobody listens"
}

# talk ADDRESS ... talked: one TCP connection from the wire to an echo server on port 7000, which asks all the time and
# must get each answer once and in order; the longest silence is told.
talk() {
	rm -f "$T/end" "$T/end.began"
	# not by `ip netns exec`, whose copy of all mounts would keep those of VPSes, and hide it from the end of the world
	nsenter --net=/run/netns/wire "$KIT/bin/init" talk "$1" 7000 "$T/end" >"$T/told" 2>&1 &
	client=$!
	wait_for 20 test -e "$T/end.began" || fail "no answer: $(cat "$T/told")"
}

talked() {
	sleep 1 # some more on the other side
	touch "$T/end"
	wait $client || fail "the connection: $(cat "$T/told")"
	cat "$T/told"
}
