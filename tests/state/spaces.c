// SPDX-License-Identifier: GPL-2.0-or-later
/* Namespaces and control groups that a program makes for itself. */
#include "tests/state/state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>


/* As PrivateTmp of systemd: mounts that the others do not see. */
void state_mount_ns(struct st *t)
{
	struct stat here, there;

	must(t, mkdir("private", 0755), "mkdir");
	must(t, unshare(CLONE_NEWNS), "unshare");
	must(t, mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "slave");
	must(t, mount("state", "private", "tmpfs", 0, "size=64k"), "mount");
	close(file_of(t, "private/secret", "x"));
	moved(t);
	if (t->spoil)
		umount("private");
	check(t, access("private/secret", F_OK) == 0, "its mount is lost");
	check(t, !stat("/proc/self/ns/mnt", &here) && !stat("/proc/1/ns/mnt", &there) && here.st_ino != there.st_ino,
	      "it is in the namespace of all");
}

/* ---- a network namespace with a pair ---- */

struct request {
	struct nlmsghdr h;
	struct ifinfomsg i;
	char room[512];
};

static struct rtattr *attr(struct request *r, unsigned short type, const void *data, size_t n)
{
	struct rtattr *a = (void *)((char *)r + NLMSG_ALIGN(r->h.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(n);
	memcpy(RTA_DATA(a), data, n);
	r->h.nlmsg_len = (unsigned int)(NLMSG_ALIGN(r->h.nlmsg_len) + RTA_ALIGN(a->rta_len));
	return a;
}

static void nest_end(struct request *r, struct rtattr *a)
{
	a->rta_len = (unsigned short)((char *)r + r->h.nlmsg_len - (char *)a);
}

static void link_talk(struct st *t, struct request *r, const char *what)
{
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		char room[512];
	} a;
	int fd = (int)must(t, socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "socket");

	must(t, send(fd, r, r->h.nlmsg_len, 0), "send");
	must(t, recv(fd, &a, sizeof(a), 0), "recv");
	close(fd);
	errno = -a.e.error;
	must(t, a.h.nlmsg_type == NLMSG_ERROR && a.e.error ? -1 : 0, what);
}

static void make_pair(struct st *t, int netns)
{
	struct request r = { .h = { .nlmsg_len = NLMSG_LENGTH(sizeof(r.i)), .nlmsg_type = RTM_NEWLINK,
				    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL } };
	struct ifinfomsg peer = { 0 };
	struct rtattr *info, *data, *p;

	attr(&r, IFLA_IFNAME, "state0", 7);
	info = attr(&r, IFLA_LINKINFO, "", 0);
	attr(&r, IFLA_INFO_KIND, "veth", 4);
	data = attr(&r, IFLA_INFO_DATA, "", 0);
	p = attr(&r, VETH_INFO_PEER, &peer, sizeof(peer));
	attr(&r, IFLA_IFNAME, "state1", 7);
	attr(&r, IFLA_NET_NS_FD, &netns, sizeof(netns));
	nest_end(&r, p);
	nest_end(&r, data);
	nest_end(&r, info);
	link_talk(t, &r, "a veth pair");
}

static void link_up(struct st *t, const char *name, const char *address)
{
	struct request up = { .h = { .nlmsg_len = NLMSG_LENGTH(sizeof(up.i)), .nlmsg_type = RTM_NEWLINK,
				     .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
			      .i = { .ifi_flags = 1, .ifi_change = 1 } };
	struct request add = { .h = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)), .nlmsg_type = RTM_NEWADDR,
				      .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE } };
	struct ifaddrmsg *ifa = NLMSG_DATA(&add.h);
	struct in_addr in;

	attr(&up, IFLA_IFNAME, name, strlen(name) + 1);
	link_talk(t, &up, "the device up");
	*ifa = (struct ifaddrmsg){ .ifa_family = AF_INET, .ifa_prefixlen = 24 };
	ifa->ifa_index = (unsigned int)must(t, (int)if_nametoindex(name), "if_nametoindex");
	inet_pton(AF_INET, address, &in);
	attr(&add, IFA_LOCAL, &in, sizeof(in));
	attr(&add, IFA_ADDRESS, &in, sizeof(in));
	link_talk(t, &add, "an address");
}

static int udp_bound(const char *address)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(9999) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, address, &in.sin_addr);
	return bind(fd, (struct sockaddr *)&in, sizeof(in)) ? -1 : fd;
}

/* A child in a network namespace of its own answers over the pair. */
static _Noreturn void in_netns(struct st *t, int up, int down)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char buf[16];
	int fd;

	must(t, unshare(CLONE_NEWNET), "unshare");
	put(up, "n", 1);
	if (!comes(down, "p"))
		_exit(1);
	link_up(t, "state1", "10.99.98.2");
	fd = (int)must(t, udp_bound("10.99.98.2"), "bind");
	put(up, "u", 1);
	for (;;) {
		ssize_t n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);

		if (n > 0)
			sendto(fd, buf, (size_t)n, 0, (struct sockaddr *)&from, len);
	}
}

void state_net_ns(struct st *t)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9999) };
	int up[2], down[2], fd, netns;
	char path[64], buf[8] = "";
	pid_t pid;

	must(t, pipe(up), "pipe");
	must(t, pipe(down), "pipe");
	pid = child(t);
	if (pid == 0)
		in_netns(t, up[1], down[0]);
	must(t, comes(up[0], "n") ? 0 : -1, "unshare");
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	netns = (int)must(t, open(path, O_RDONLY | O_CLOEXEC), path);
	make_pair(t, netns);
	close(netns);
	must(t, put(down[1], "p", 1) && comes(up[0], "u") ? 0 : -1, "the device inside");
	link_up(t, "state0", "10.99.98.1");
	fd = (int)must(t, udp_bound("10.99.98.1"), "bind");
	moved(t);
	if (t->spoil)
		kill(pid, SIGKILL);
	inet_pton(AF_INET, "10.99.98.2", &to.sin_addr);
	check(t, sendto(fd, "echo", 4, 0, (struct sockaddr *)&to, sizeof(to)) == 4, "nothing can be sent");
	check(t, comes(fd, "echo"), "no echo comes over the pair");
	(void)buf;
}

/* ---- a group of its own ---- */

/* The directory of this process in the unified hierarchy. */
static bool own_group(char *ret, size_t size)
{
	char line[256];
	FILE *f = fopen("/proc/self/cgroup", "re");
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "0::", 3) != 0)
			continue;
		line[strcspn(line, "\n")] = 0;
		snprintf(ret, size, "%s", line + 3);
		found = true;
	}
	if (f)
		fclose(f);
	return found;
}

void state_cgroup(struct st *t)
{
	const char *top = access("/sys/fs/cgroup/unified/cgroup.procs", F_OK) ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified";
	char group[256], path[512], pid[16];
	int fd;

	snprintf(path, sizeof(path), "%s/state-%d", top, getpid());
	must(t, mkdir(path, 0755), "mkdir");
	strcat(path, "/inner");
	must(t, mkdir(path, 0755), "mkdir");
	strcat(path, "/cgroup.procs");
	fd = (int)must(t, open(path, O_WRONLY), path);
	snprintf(pid, sizeof(pid), "%d", getpid());
	must(t, put(fd, pid, strlen(pid)) ? 0 : -1, "cgroup.procs");
	close(fd);
	moved(t);
	if (t->spoil) {
		snprintf(path, sizeof(path), "%s/state-%d/cgroup.procs", top, getpid());
		check(t, put(open(path, O_WRONLY), pid, strlen(pid)), "it cannot leave its group");
	}
	check(t, own_group(group, sizeof(group)) && strstr(group, "/state-") && strstr(group, "/inner"), "it is in group %s",
	      group);
}

/* ---- refused or denied ---- */

static void nested(struct st *t, int flag, const char *name)
{
	struct stat before, now;
	char path[64];

	must(t, unshare(flag), "unshare");
	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	must(t, stat(path, &before), "stat");
	moved(t);
	check(t, !t->spoil && !stat(path, &now), "it is lost");
}

void state_user_ns(struct st *t)
{
	nested(t, CLONE_NEWUSER, "user");
}

void state_uts_ns(struct st *t)
{
	nested(t, CLONE_NEWUTS, "uts");
}

void state_ipc_ns(struct st *t)
{
	nested(t, CLONE_NEWIPC, "ipc");
}

void state_pid_ns(struct st *t)
{
	nested(t, CLONE_NEWPID, "pid_for_children");
}

void state_cgroup_ns(struct st *t)
{
	nested(t, CLONE_NEWCGROUP, "cgroup");
}

void state_time_ns(struct st *t)
{
	nested(t, 0x80, "time_for_children");
}

void state_overlay(struct st *t)
{
	must(t, mkdir("lower", 0755), "mkdir");
	must(t, mkdir("upper", 0755), "mkdir");
	must(t, mkdir("over", 0755), "mkdir");
	must(t, mount("state", "upper", "tmpfs", 0, NULL), "tmpfs");
	must(t, mkdir("upper/u", 0755), "mkdir");
	must(t, mkdir("upper/w", 0755), "mkdir");
	must(t, mount("state", "over", "overlay", 0, "lowerdir=lower,upperdir=upper/u,workdir=upper/w"), "overlay");
	moved(t);
	check(t, !t->spoil && mkdir("over/new", 0755) == 0, "it is lost");
	umount2("over", MNT_DETACH);
	umount2("upper", MNT_DETACH);
}

/* Opened by way of the mounts of a child that has them to itself and ends, as logind's are when it is restarted. */
static int open_by_way_of(struct st *t, pid_t pid, const char *name, int flags)
{
	char path[4096 + 64];

	snprintf(path, sizeof(path), "/proc/%d/root/%s/%s", pid, t->dir, name);
	return (int)must(t, open(path, flags), path);
}

void state_stray(struct st *t)
{
	int p[2], back, r, text, dir;
	pid_t pid;
	char c;

	must(t, pipe(p), "pipe");
	must(t, mkfifo("stray", 0600), "mkfifo");
	must(t, mkdir("strays", 0700), "mkdir");
	close(file_of(t, "text", "abcdef"));
	pid = child(t);
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 || write(p[1], "x", 1) < 0)
			_exit(1);
		pause();
	}
	must(t, get(p[0], &c, 1) ? 0 : -1, "unshare");
	r = open_by_way_of(t, pid, "stray", O_RDONLY | O_NONBLOCK);
	text = open_by_way_of(t, pid, "text", O_RDWR);
	dir = open_by_way_of(t, pid, "strays", O_RDONLY | O_DIRECTORY);
	must(t, fchdir(dir), "fchdir");
	must(t, kill(pid, SIGKILL), "kill");
	must(t, waitpid(pid, NULL, 0), "waitpid");
	must(t, lseek(text, 3, SEEK_SET), "lseek");
	back = (int)must(t, open("../stray", O_WRONLY | O_NONBLOCK), "open");
	must(t, put(back, "queued", 6) ? 0 : -1, "write");
	moved(t);
	if (t->spoil)
		check(t, comes(r, "qu"), "nothing can be read");
	check(t, comes(r, "queued"), "what was queued in the FIFO is not there");
	close(back);
	back = open("../stray", O_WRONLY | O_NONBLOCK);
	check(t, back >= 0 && put(back, "new", 3) && comes(r, "new"), "it is another FIFO");
	check(t, comes(text, "def") && put(text, "g", 1), "the offset has changed");
	check(t, !mkdirat(dir, "in", 0700) && !access("in", F_OK), "the directory is another");
	text = open("../text", O_RDONLY);
	check(t, text >= 0 && comes(text, "abcdefg"), "it is another file");
}

static uint32_t feature(int fd, uint32_t command, uint32_t value)
{
	struct ethtool_value v = { command, value };
	struct ifreq r = { .ifr_name = "venet0", .ifr_data = (void *)&v };

	return ioctl(fd, SIOCETHTOOL, &r) < 0 ? UINT32_MAX : v.data;
}

/* ethtool -K venet0 tx off gso off */
void state_offloads(struct st *t)
{
	int fd = (int)must(t, socket(AF_INET, SOCK_DGRAM, 0), "socket");

	must(t, feature(fd, ETHTOOL_STXCSUM, 0) == UINT32_MAX ? -1 : 0, "ETHTOOL_STXCSUM");
	must(t, feature(fd, ETHTOOL_SGSO, 0) == UINT32_MAX ? -1 : 0, "ETHTOOL_SGSO");
	moved(t);
	if (t->spoil)
		feature(fd, ETHTOOL_STXCSUM, 1);
	check(t, feature(fd, ETHTOOL_GTXCSUM, 0) == 0, "checksums are left to the device");
	check(t, feature(fd, ETHTOOL_GGSO, 0) == 0, "segments are left to the device");
	feature(fd, ETHTOOL_STXCSUM, 1);
	check(t, feature(fd, ETHTOOL_GTXCSUM, 0) == 1 && feature(fd, ETHTOOL_GTSO, 0) == 1, "what was asked for is forgotten");
	feature(fd, ETHTOOL_SGSO, 1);
}
