# shellcheck shell=bash
# What the first program of a machine without systemd mounts: pure cgroup v2. Sourced.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
exec 2>&1
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t tmpfs -o mode=0755 run /run
mount -t tmpfs -o mode=1777 tmp /tmp
# As where VPSes are to be moved: their network namespaces have no devices that CRIU does not know.
echo 1 >/proc/sys/net/core/fb_tunnels_only_for_init_net
