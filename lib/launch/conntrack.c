// SPDX-License-Identifier: GPL-2.0-or-later
/* The limit of connection tracking: links in the VPS's hooks, the number in a map; see
 * conntrack.h. The program is loaded by vzpolicy. */
#include "launch/conntrack.h"
#include "base/own.h"
#include "base/str.h"
#include "launch/bpf/policy-pins.h"
#include "launch/launch.h"
#include "sys/bpf-loader.h"
#include "sys/bpf.h"
#include "sys/file.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/netfilter.h>
#include <sched.h>
#include <sys/stat.h>

#define CONNTRACK_MAX "/proc/sys/net/netfilter/nf_conntrack_max"
#define BEHIND_CONNTRACK (-199) /* NF_IP_PRI_CONNTRACK is -200 */

/* Where a packet gets its entry. */
static const struct {
	const char *name;
	uint32_t family, hook;
} hooks[] = {
	{ "v4-in", NFPROTO_IPV4, NF_INET_PRE_ROUTING },
	{ "v4-out", NFPROTO_IPV4, NF_INET_LOCAL_OUT },
	{ "v6-in", NFPROTO_IPV6, NF_INET_PRE_ROUTING },
	{ "v6-out", NFPROTO_IPV6, NF_INET_LOCAL_OUT },
};

/* link_create of bpf(2) with its netfilter part, for older headers. */
struct link_create {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint32_t family, hook;
	int32_t priority;
	uint32_t nf_flags;
};

struct attach {
	int prog;
	const char *dir;
};

static int pin_link(int fd, const char *dir, const char *name)
{
	autofree char *path = vz_fmt("%s/%s", dir, name);
	union bpf_attr a;

	if (!path)
		return -ENOMEM;
	memset(&a, 0, sizeof(a));
	a.bpf_fd = (uint32_t)fd;
	a.pathname = (uint64_t)(uintptr_t)path;
	return vz_bpf(BPF_OBJ_PIN, &a);
}

/* In a process that has joined the VPS's network namespace: a link belongs to its maker's. */
static int attach_hooks(void *arg)
{
	const struct attach *t = arg;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(hooks); i++) {
		struct link_create l = { .prog_fd = (uint32_t)t->prog,
					 .attach_type = VZ_BPF_ATTACH_NETFILTER,
					 .family = hooks[i].family,
					 .hook = hooks[i].hook,
					 .priority = BEHIND_CONNTRACK };
		autoclose int link = -EBADF;
		union bpf_attr a;

		memset(&a, 0, sizeof(a));
		memcpy(&a, &l, sizeof(l));
		r = link = vz_bpf(BPF_LINK_CREATE, &a);
		if (r >= 0)
			r = pin_link(link, t->dir, hooks[i].name);
	}
	return r;
}

static int open_prog(struct vz_err *why)
{
	int fd = vz_bpf_open(VZ_CONNTRACK_PROG), r;

	if (fd == -ENOENT) {
		r = vz_bpf_run_loader(VZ_POLICY_LOADER, "conntrack", why);
		if (r < 0)
			return r;
		fd = vz_bpf_open(VZ_CONNTRACK_PROG);
	}
	return fd < 0 ? vz_fail(why, VZ_SYSTEM, -fd, "cannot open %s", VZ_CONNTRACK_PROG) : fd;
}

static int set_limit(const struct vz_state *st, uint32_t limit)
{
	autoclose int map = vz_bpf_open(VZ_CONNTRACK_LIMITS);
	char path[sizeof("/proc//ns/net") + 10];
	struct stat ns;
	uint32_t key;

	if (map < 0)
		return map;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", st->init);
	if (stat(path, &ns) < 0)
		return -errno;
	key = (uint32_t)ns.st_ino;
	return vz_bpf_update(map, &key, &limit, BPF_ANY);
}

static int fail_unsupported(const struct vz_err *why, struct vz_err *e)
{
	char max[32] = "?";

	(void)vz_file_read_buf(AT_FDCWD, CONNTRACK_MAX, max, sizeof(max));
	vz_fail(e, VZ_SETUBC, 0,
		"NUMCONNTRACK is not enforced: the kernel must take BPF programs as packet filter "
		"hooks, as Linux 6.4 does (%s); the container may have as many entries as the host's "
		"nf_conntrack_max says (%s)", why->msg, max);
	return -EOPNOTSUPP;
}

int vz_conntrack_limit(unsigned ctid, const struct vz_state *st, uint64_t limit, struct vz_err *e)
{
	autofree char *dir = vz_fmt(VZ_CONNTRACK_LINKS, ctid);
	autoclose int prog = -EBADF;
	struct vz_err why = { 0 };
	int r;

	if (!dir)
		return vz_oom(e);
	if (!limit) {
		vz_conntrack_clear(ctid);
		return 0;
	}
	prog = open_prog(&why);
	if (prog < 0)
		return fail_unsupported(&why, e);
	r = set_limit(st, (uint32_t)limit);
	if (r >= 0 && mkdir(dir, 0700) < 0)
		r = errno == EEXIST ? 1 : -errno; /* attached already */
	if (!r) {
		r = vz_join_call(st, CLONE_NEWNET, attach_hooks, &(struct attach){ prog, dir });
		if (r < 0)
			vz_conntrack_clear(ctid);
	}
	return r < 0 ? vz_fail(e, VZ_SETUBC, -r, "cannot limit connection tracking") : 0;
}

void vz_conntrack_clear(unsigned ctid)
{
	autofree char *dir = vz_fmt(VZ_CONNTRACK_LINKS, ctid);

	if (dir)
		(void)vz_remove_tree(AT_FDCWD, dir);
}
