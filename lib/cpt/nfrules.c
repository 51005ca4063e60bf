// SPDX-License-Identifier: GPL-2.0-or-later
/* See nfrules.h. */
#include "cpt/nfrules.h"
#include "base/escape.h"
#include "base/own.h"
#include "cpt/netimages.h"
#include "launch/launch.h"
#include "sys/fdpass.h"
#include "sys/nl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define WHY_SIZE 160

/* What the joined process is told, and tells in memory that both have. */
struct loading {
	const struct vz_str *msgs;
	int sock;
	bool partly;
	char why[WHY_SIZE];
};

static int load_here(void *arg)
{
	struct loading *l = arg;

	return vz_nftcopy_load(l->sock, l->msgs, l->partly, l->why, sizeof(l->why));
}

/* In the VPS's user namespace, and its control group namespace, which paths in rules begin at. Room for all of it the host's
 * root alone can give to the socket. */
static int load(const struct vz_state *st, const struct vz_str *msgs, int sock, bool partly, char ret_why[WHY_SIZE])
{
	struct loading *l = mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int r;

	if (l == MAP_FAILED)
		return -errno;
	l->msgs = msgs;
	l->sock = sock;
	l->partly = partly;
	r = vz_nftcopy_room(sock, msgs->len);
	if (r >= 0)
		r = vz_join_call(st, CLONE_NEWUSER | CLONE_NEWCGROUP, load_here, l);
	if (r < 0) {
		snprintf(ret_why, WHY_SIZE, "%s", *l->why ? l->why : strerror(-r));
		vz_escape_plain(ret_why);
	}
	(void)munmap(l, sizeof(*l));
	return r;
}

static int make_netns(void *arg)
{
	const int *to = arg;
	autoclose int netns = -EBADF;

	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return netns < 0 ? -errno : vz_fd_send(*to, "n", 1, netns);
}

/* A socket in a network namespace that is the VPS's, and in which nobody is. */
static int open_elsewhere(const struct vz_state *st)
{
	autoclose int netns = -EBADF, ours = -EBADF, theirs = -EBADF;
	int pair[2], r;
	char c;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	r = vz_join_call(st, CLONE_NEWUSER, make_netns, &theirs);
	if (r >= 0 && vz_fd_recv(ours, &c, 1, &netns) != 1)
		r = -EPROTO;
	return r < 0 ? r : vz_nl_open(NETLINK_NETFILTER, netns, NULL);
}

int vz_nfrules_try(const struct vz_state *st, const struct vz_nftcopy *c, char *ret_why, size_t size)
{
	autoclose int sock = open_elsewhere(st);
	char why[WHY_SIZE];
	int r = sock;

	if (sock < 0)
		snprintf(why, sizeof(why), "%s", strerror(-sock));
	else
		r = load(st, &c->msgs, sock, true, why);
	if (r < 0)
		snprintf(ret_why, size, "%s", why);
	return r;
}

uint64_t vz_nfrules_netns(pid_t pid)
{
	char path[sizeof("/proc//ns/net") + 10];
	autoclose int netns = -EBADF, sock = -EBADF;
	autonftcopy c = { 0 };
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	netns = open(path, O_RDONLY | O_CLOEXEC);
	if (netns < 0 || fstat(netns, &st) < 0)
		return 0;
	sock = vz_nl_open(NETLINK_NETFILTER, netns, NULL);
	return sock >= 0 && vz_nftcopy_read(sock, &c) >= 0 && *c.extension ? st.st_ino : 0;
}

int vz_nfrules_save(int netns, bool has_criu, struct vz_image *im, struct vz_err *e)
{
	autoclose int sock = vz_nl_open(NETLINK_NETFILTER, netns, e);
	autonftcopy c = { 0 };
	int r = sock < 0 ? sock : vz_nftcopy_read(sock, &c);

	if (sock >= 0 && r < 0)
		return vz_fail(e, VZ_CHKPNT, -r, "cannot read the rules of the container's packet filter");
	if (r < 0 || (has_criu && !*c.extension))
		return r;
	if (*c.lacks) { /* they were made since the look */
		vz_escape_plain(c.lacks);
		(void)vz_fail(e, VZ_CHKPNT, 0, "the rules of the container's packet filter cannot be kept: %s", c.lacks);
		return -EAGAIN;
	}
	r = vz_image_put(im, VZ_IMAGE_RULES, c.msgs.s, c.msgs.len, e);
	return r < 0 ? r : vz_netimages_drop_rules(vz_image_criu_dir(im), e);
}

int vz_nfrules_load(const struct vz_state *st, int netns, const struct vz_image *im, struct vz_err *e)
{
	struct vz_str msgs = { 0 };
	autofree char *data = NULL;
	autoclose int sock = -EBADF;
	char why[WHY_SIZE];
	int r;

	if (!vz_image_has(im, VZ_IMAGE_RULES))
		return 0;
	r = vz_image_read(im, VZ_IMAGE_RULES, &data, &msgs.len, e);
	if (r >= 0)
		r = sock = vz_nl_open(NETLINK_NETFILTER, netns, e);
	if (r < 0)
		return r;
	msgs.s = data;
	r = msgs.len > VZ_NFTCOPY_MAX ? -EBADMSG : load(st, &msgs, sock, false, why);
	if (r == -EBADMSG)
		return vz_fail(e, VZ_RESTORE, 0, "what the dump has of the packet filter was not written by vzctl");
	return r < 0 ? vz_fail(e, VZ_RESTORE, 0, "this kernel does not take the rules of the container's packet filter: %s", why) : 0;
}
