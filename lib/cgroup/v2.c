// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The unified back-end: one tree, limits by the files of cgroup-v2.rst, devices by a BPF program.
 */
#include "cgroup/cgroup-internal.h"
#include "cgroup/unit.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/bpfdev.h"
#include "sys/file.h"

#include <fcntl.h>

#define CONTROL "cgroup.subtree_control"

static const char *const wanted[] = { "cpuset", "cpu", "io", "memory", "pids" };

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (; *list; list += strcspn(list, " "), list += strspn(list, " "))
		if (!strncmp(list, word, n) && (!list[n] || list[n] == ' '))
			return true;
	return false;
}

/* Enables in `dir` what is wanted, available and not enabled yet. Absent controllers are not our
 * business here: a limit that needs one will say so. 1: everything was enabled already. */
static int enable(const struct vz_cg *cg, int dir, struct vz_err *e)
{
	char have[256], can[256], text[128] = "";
	ssize_t r = vz_file_read_buf(dir, CONTROL, have, sizeof(have));
	size_t n = 0, missing = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(wanted); i++)
		missing += !has_word(have, wanted[i]);
	if (r >= 0 && !missing)
		return 1;
	if (r >= 0)
		r = vz_file_read_buf(dir, "cgroup.controllers", can, sizeof(can));
	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(wanted); i++)
		if (has_word(can, wanted[i]) && !has_word(have, wanted[i]))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s+%s", n ? " " : "",
					      wanted[i]);
	if (r >= 0)
		r = n ? vz_file_write(dir, CONTROL, text) : 0;
	return r < 0 ? vz_fail(e, VZ_BAD_KERNEL, (int)-r,
			       "cannot write \"%s\" to " CONTROL " above group %s", text,
			       cg->path) :
		       0;
}

/*
 * A controller must be enabled in every group above ours, from the root down. Nearly always that
 * was done long ago, so the nearest one is asked first. Under systemd everything above the scope
 * is its property.
 */
static int v2_make(struct vz_cg *cg, struct vz_err *e)
{
	autoclose int at = openat(cg_dir(cg, CG_V2), "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[sizeof(cg->path)], *p = path, *name;
	char have[256];
	int r = 0;

	if (at < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "group above %s", cg->path);
	if (cg->systemd) {
		r = enable(cg, at, e);
		return r < 0 ? r : 0;
	}
	if (vz_file_read_buf(at, CONTROL, have, sizeof(have)) >= 0) {
		size_t n = 0;

		while (n < ARRAY_LEN(wanted) && has_word(have, wanted[n]))
			n++;
		if (n == ARRAY_LEN(wanted))
			return 0;
	}
	memcpy(path, cg->path, sizeof(path));
	close(TAKE_FD(at));
	at = openat(cg_root(cg, CG_V2), ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	while (r >= 0 && (name = strsep(&p, "/"))) {
		autoclose int up = TAKE_FD(at);

		r = enable(cg, up, e);
		if (p)
			at = openat(up, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	return r < 0 ? r : 0;
}

static int v2_attach(struct vz_cg *cg, pid_t pid, struct vz_err *e)
{
	(void)cg;
	(void)pid;
	(void)e;
	return 0; /* there is only the one group */
}

static int set_max(struct vz_cg *cg, const char *file, uint64_t v, struct vz_err *e)
{
	return v >= VZ_UNLIMITED ? cg_set(cg, CG_V2, file, "max", e) :
				   cg_set_u64(cg, CG_V2, file, v, e);
}

static int v2_memory(struct vz_cg *cg, const struct vz_cg_limits *l, struct vz_err *e)
{
	int r = set_max(cg, "memory.max", l->ram, e);

	if (!r && l->ram_high)
		r = set_max(cg, "memory.high", l->ram_high, e);
	return r ? r : set_max(cg, "memory.swap.max", l->swap, e);
}

static int v2_cpuunits(struct vz_cg *cg, const struct vz_cg_limits *l, struct vz_err *e)
{
	return cg_set_u64(cg, CG_V2, "cpu.weight", cg_units_to_weight(l->cpuunits), e);
}

static int v2_cpulimit(struct vz_cg *cg, const struct vz_cg_limits *l, struct vz_err *e)
{
	char text[48] = "max";

	if (l->cpu_percent)
		snprintf(text, sizeof(text), "%llu %u",
			 (unsigned long long)cg_percent_to_quota(l->cpu_percent), CG_PERIOD_USEC);
	return cg_set(cg, CG_V2, "cpu.max", text, e);
}

static int v2_pids(struct vz_cg *cg, const struct vz_cg_limits *l, struct vz_err *e)
{
	return set_max(cg, "pids.max", l->pids, e);
}

/* The kernel's own, of every group: no controller is needed. */
static int v2_groups(struct vz_cg *cg, const struct vz_cg_limits *l, struct vz_err *e)
{
	int r = set_max(cg, "cgroup.max.descendants", l->groups, e);

	return r ? r : set_max(cg, "cgroup.max.depth", l->depth, e);
}

struct throttle {
	struct vz_cg *cg;
	const char *what; /* "bps", "iops" */
	uint64_t v;
	struct vz_err *e;
};

static int throttle_disk(const char *dev, void *arg)
{
	struct throttle *t = arg;
	char v[24] = "max", text[96];

	if (t->v)
		snprintf(v, sizeof(v), "%llu", (unsigned long long)t->v);
	snprintf(text, sizeof(text), "%s r%s=%s w%s=%s", dev, t->what, v, t->what, v);
	return cg_set(t->cg, CG_V2, "io.max", text, t->e);
}

static int throttle(struct vz_cg *cg, const char *what, uint64_t v, struct vz_err *e)
{
	struct throttle t = { cg, what, v, e };

	if (!v && !cg_has(cg, CG_V2, "io.max"))
		return 0;
	return cg_each_disk(cg, throttle_disk, &t);
}

static int v2_iolimit(struct vz_cg *cg, const struct vz_cg_limits *l, struct vz_err *e)
{
	return throttle(cg, "bps", l->io_bps, e);
}

static int v2_iops(struct vz_cg *cg, const struct vz_cg_limits *l, struct vz_err *e)
{
	return throttle(cg, "iops", l->io_iops, e);
}

static int v2_ioprio(struct vz_cg *cg, const struct vz_cg_limits *l, struct vz_err *e)
{
	static const char *const files[] = { "io.weight", "io.bfq.weight" };
	uint64_t w = cg_ioprio_to_weight(l->io_prio);
	bool found = false;

	/* whichever of the two the scheduler of a disk looks at */
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		int r = cg_has(cg, CG_V2, files[i]) ? cg_set_u64(cg, CG_V2, files[i], w, e) : 1;

		if (r < 0)
			return r;
		found = found || !r;
	}
	return found || w == cg_ioprio_to_weight(4) ? 0 : cg_missing(files[0], e);
}

/* An empty list follows the parent; but a kernel refuses to empty that of a group with processes
 * (ENOSPC), and there it has to be what the parent has now. */
static int follow_parent(struct vz_cg *cg, const char *file, struct vz_err *e)
{
	int r = vz_file_write(cg_dir(cg, CG_V2), file, "\n");
	autofree char *effective = NULL, *list = NULL;
	autoclose int up = -EBADF;

	if (r != -ENOSPC)
		return r < 0 ? vz_fail(e, VZ_SETFSHD, -r, "cannot empty %s of group %s", file,
				       cg->path) :
			       0;
	effective = vz_fmt("%s.effective", file);
	up = openat(cg_dir(cg, CG_V2), "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!effective || up < 0)
		return vz_fail(e, VZ_SETFSHD, effective ? errno : ENOMEM, "cannot read %s", file);
	r = (int)vz_file_read(up, effective, 1u << 20, &list);
	return r < 0 ? vz_fail(e, VZ_SETFSHD, -r, "cannot read %s", effective) :
		       cg_set(cg, CG_V2, file, list, e);
}

static int set_cpuset(struct vz_cg *cg, const char *file, const char *list, struct vz_err *e)
{
	bool all = !list || !*list || !strcmp(list, "all");

	if (all && !cg_has(cg, CG_V2, file))
		return 0;
	return all ? follow_parent(cg, file, e) : cg_set(cg, CG_V2, file, list, e);
}

static int v2_cpus(struct vz_cg *cg, const struct vz_cg_limits *l, struct vz_err *e)
{
	return set_cpuset(cg, "cpuset.cpus", l->cpus, e);
}

static int v2_mems(struct vz_cg *cg, const struct vz_cg_limits *l, struct vz_err *e)
{
	return set_cpuset(cg, "cpuset.mems", l->mems, e);
}

static int v2_devices(struct vz_cg *cg, const struct vz_cg_dev *list, size_t n, struct vz_err *e)
{
	autofree struct vz_bpfdev_rule *rules = calloc(n + 1, sizeof(*rules));
	int dir = cg_dir(cg, CG_V2), r = dir < 0 ? dir : -ENOMEM;

	for (size_t i = 0; rules && i < n; i++)
		rules[i] = (struct vz_bpfdev_rule){
			.type = list[i].type,
			.major = list[i].all_majors ? -1 : (int32_t)list[i].major,
			.minor = list[i].all_minors ? -1 : (int32_t)list[i].minor,
			.access = (list[i].r ? VZ_BPFDEV_READ : 0) |
				  (list[i].w ? VZ_BPFDEV_WRITE : 0) |
				  (list[i].m ? VZ_BPFDEV_MKNOD : 0),
		};
	if (rules && dir >= 0)
		r = vz_bpfdev_attach(dir, rules, n);
	return r < 0 ? vz_fail(e, VZ_SET_DEVICES, -r, "cannot limit the devices of group %s",
			       cg->path) :
		       0;
}

const struct vz_cg_ops cg_v2_ops = {
	.name = "v2",
	.make = v2_make,
	.attach = v2_attach,
	.set = {
		[CG_BIT(VZ_CG_MEMORY)] = v2_memory,
		[CG_BIT(VZ_CG_CPUUNITS)] = v2_cpuunits,
		[CG_BIT(VZ_CG_CPULIMIT)] = v2_cpulimit,
		[CG_BIT(VZ_CG_PIDS)] = v2_pids,
		[CG_BIT(VZ_CG_IOLIMIT)] = v2_iolimit,
		[CG_BIT(VZ_CG_IOPS)] = v2_iops,
		[CG_BIT(VZ_CG_IOPRIO)] = v2_ioprio,
		[CG_BIT(VZ_CG_CPUS)] = v2_cpus,
		[CG_BIT(VZ_CG_MEMS)] = v2_mems,
		[CG_BIT(VZ_CG_GROUPS)] = v2_groups,
	},
	.devices = v2_devices,
};
