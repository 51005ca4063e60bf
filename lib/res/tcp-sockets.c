// SPDX-License-Identifier: GPL-2.0-or-later
/* The count of TCP sockets and its limit: programs at the group of the VPS, numbers in maps that belong to
 * the group too and go with it. The programs are loaded by vzpolicy. */
#include "res/res.h"
#include "base/num.h"
#include "base/own.h"
#include "res/bpf/sockets-pins.h"
#include "sys/bpf-loader.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#define POSSIBLE "/sys/devices/system/cpu/possible"
#define CPUS_MAX 8192

/* In this order: what is counted must not be missed when it goes. */
static const struct {
	const char *pin;
	enum bpf_attach_type at;
} programs[] = {
	{ VZ_SOCKETS_DIR "/vz_closed", BPF_CGROUP_INET_SOCK_RELEASE },
	{ VZ_SOCKETS_DIR "/vz_connected", BPF_CGROUP_SOCK_OPS },
	{ VZ_SOCKETS_DIR "/vz_made", BPF_CGROUP_INET_SOCK_CREATE },
};

/* cmd: BPF_PROG_ATTACH or BPF_PROG_DETACH */
static int at_group(int cmd, int group, const char *pin, enum bpf_attach_type at)
{
	autoclose int prog = vz_bpf_open(pin);
	union bpf_attr a;

	if (prog < 0)
		return prog;
	memset(&a, 0, sizeof(a));
	a.target_fd = (uint32_t)group;
	a.attach_bpf_fd = (uint32_t)prog;
	a.attach_type = at;
	a.attach_flags = cmd == BPF_PROG_ATTACH ? BPF_F_ALLOW_MULTI : 0;
	return vz_bpf(cmd, &a);
}

/* The numbers stay as long as the group, so they say themselves that nobody counts. */
static void say_uncounted(uint64_t id)
{
	autoclose int map = vz_bpf_open(VZ_SOCKETS_COUNTS);
	const struct vz_socket_count none = { .failed = VZ_UNLIMITED };

	if (map >= 0)
		(void)vz_bpf_update(map, &id, &none, BPF_ANY);
}

/* All or none. */
static int attach_all(const struct vz_cg *cg)
{
	int group = vz_cg_clone_fd(cg), r = 0;
	size_t n = 0;

	for (; n < ARRAY_LEN(programs); n++) {
		r = at_group(BPF_PROG_ATTACH, group, programs[n].pin, programs[n].at);
		if (r < 0)
			break;
	}
	if (r >= 0)
		return 0;
	while (n--)
		(void)at_group(BPF_PROG_DETACH, group, programs[n].pin, programs[n].at);
	say_uncounted(vz_cg_id(cg));
	return r;
}

/* -EINVAL: it is there already; -ENOENT: it was not there. */
static int guard_listeners(int group, bool on)
{
	int r = at_group(on ? BPF_PROG_ATTACH : BPF_PROG_DETACH, group, VZ_SOCKETS_DIR "/vz_asked",
			 BPF_CGROUP_INET_INGRESS);

	return r == (on ? -EINVAL : -ENOENT) ? 0 : r;
}

/* One more than the last CPU that there may ever be: at least as many as the kernel reads. */
static size_t places(void)
{
	char text[256], *p;
	size_t n;

	if (vz_file_read_buf(AT_FDCWD, POSSIBLE, text, sizeof(text)) <= 0)
		return CPUS_MAX;
	p = text + strcspn(text, "\n");
	while (p > text && p[-1] >= '0' && p[-1] <= '9')
		p--;
	n = strtoul(p, NULL, 10) + 1;
	return n < CPUS_MAX ? n : CPUS_MAX;
}

static int set_bound(uint64_t id, uint64_t limit)
{
	autoclose int map = vz_bpf_open(VZ_SOCKETS_BOUNDS);
	size_t n = places();
	autofree uint64_t *bounds = calloc(n, sizeof(*bounds));

	if (map < 0 || !bounds)
		return map < 0 ? map : -ENOMEM;
	for (size_t i = 0; i < n; i++)
		bounds[i] = limit >= INT64_MAX ? 0 : VZ_SOCKET_BOUND(limit);
	return vz_bpf_update(map, &id, bounds, BPF_ANY);
}

int vz_res_sockets_read(uint64_t group, uint64_t *ret_held, uint64_t *ret_peak, uint64_t *ret_failed)
{
	autoclose int map = vz_bpf_open(VZ_SOCKETS_COUNTS);
	struct vz_socket_count c;
	int r = map < 0 ? map : vz_bpf_lookup(map, &group, &c);

	if (r < 0 || c.failed == VZ_UNLIMITED)
		return r < 0 ? r : -ENOENT;
	*ret_held = c.held;
	*ret_peak = c.peak;
	*ret_failed = c.failed;
	return 0;
}

static int fail_unsupported(const char *why, struct vz_err *e)
{
	vz_fail(e, VZ_SETUBC, 0, "--numtcpsock is not enforced: %s", why);
	return -EOPNOTSUPP;
}

int vz_res_sockets_can(struct vz_err *e)
{
	static const struct vz_bpf_wanted wanted = { VZ_SOCKETS_DIR "/vz_made", VZ_POLICY_LOADER,
						     VZ_SOCKETS_ARGUMENT, VZ_SOCKETS_REFUSED };
	autoclose int prog = vz_bpf_open_or_load(&wanted, e);

	return prog < 0 ? prog : 0;
}

/* A VPS that ran before anybody counted has sockets that nobody knows of. */
static int begin_count(const struct vz_cg *cg, unsigned how, struct vz_err *e)
{
	uint64_t held, peak, failed;
	struct vz_err why = { 0 };
	int r = vz_res_sockets_can(&why);

	if (r < 0)
		return fail_unsupported(why.msg, e);
	if (!vz_res_sockets_read(vz_cg_id(cg), &held, &peak, &failed))
		return 0;
	if (!(how & VZ_SOCKETS_BEGIN))
		return fail_unsupported("the sockets of the container are counted from its next start on", e);
	r = attach_all(cg);
	return r < 0 ? fail_unsupported("the kernel takes no programs that count sockets at a control group", e) : 0;
}

int vz_res_sockets(const struct vz_cg *cg, const struct vz_conf *conf, unsigned how, struct vz_err *e)
{
	uint64_t limit = how & VZ_SOCKETS_BOUND && conf->numtcpsock.set ? conf->numtcpsock.lim : VZ_UNLIMITED;
	struct vz_err why = { 0 };
	int r = begin_count(cg, how, &why);

	if (r < 0 && !conf->numtcpsock.set)
		return 0;
	if (r < 0) {
		if (e)
			*e = why;
		return r;
	}
	r = set_bound(vz_cg_id(cg), limit);
	if (r >= 0)
		r = guard_listeners(vz_cg_clone_fd(cg), limit < INT64_MAX);
	if (r < 0 && how & VZ_SOCKETS_BEGIN && !conf->numtcpsock.set)
		return 0; /* a new group has no limit */
	return r < 0 ? vz_fail(e, VZ_SETUBC, -r, "Unable to set --numtcpsock") : 0;
}
