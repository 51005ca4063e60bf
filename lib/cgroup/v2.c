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
#include "sys/clock.h"
#include "sys/file.h"

#include <fcntl.h>

#define CONTROL "cgroup.subtree_control"

static const char *const wanted[] = { "cpuset", "cpu", "io", "memory", "pids" };

/* Some controllers by the kernel's names. */
struct words {
	const char *const *v;
	size_t n;
};

static size_t count_missing(const struct words *w, const char *list)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		n += !vz_str_has_word(list, ' ', w->v[i]);
	return n;
}

/* Enables in `dir` what is wanted, available and not enabled yet. Absent controllers are not our
 * business here: a limit that needs one will say so. */
static int enable(const struct vz_cg *cg, int dir, const struct words *w, struct vz_err *e)
{
	char have[256], can[256], text[128] = "";
	ssize_t r = vz_file_read_buf(dir, CONTROL, have, sizeof(have));
	size_t n = 0;

	if (r >= 0 && !count_missing(w, have))
		return 0;
	if (r >= 0)
		r = vz_file_read_buf(dir, "cgroup.controllers", can, sizeof(can));
	for (size_t i = 0; r >= 0 && i < w->n; i++)
		if (vz_str_has_word(can, ' ', w->v[i]) && !vz_str_has_word(have, ' ', w->v[i]))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s+%s", n ? " " : "", w->v[i]);
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
 * is its property, as far as it knows the controllers: it enables and disables those one by one.
 */
static int enable_above(const struct vz_cg *cg, const struct words *w, bool known, struct vz_err *e)
{
	autoclose int at = openat(cg_dir(cg, CG_V2), "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[sizeof(cg->path)], *p = path, *name;
	char have[256];
	int r = 0;

	if (at < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "group above %s", cg->path);
	if (cg->systemd && known)
		return enable(cg, at, w, e);
	if (vz_file_read_buf(at, CONTROL, have, sizeof(have)) >= 0 && !count_missing(w, have))
		return 0;
	memcpy(path, cg->path, sizeof(path));
	close(TAKE_FD(at));
	at = openat(cg_root(cg, CG_V2), ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	while (r >= 0 && (name = strsep(&p, "/"))) {
		autoclose int up = TAKE_FD(at);

		r = enable(cg, up, w, e);
		if (p)
			at = openat(up, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	return r < 0 ? r : 0;
}

static int v2_make(struct vz_cg *cg, struct vz_err *e)
{
	return enable_above(cg, &(struct words){ wanted, ARRAY_LEN(wanted) }, true, e);
}

static const char *controller_name(enum cg_hier h)
{
	return h == CG_BLKIO ? "io" : cg_hier_name(h);
}

bool cg_v2_offers(const struct vz_cg *cg, enum cg_hier h)
{
	char can[256];

	return vz_file_read_buf(cg_root(cg, CG_V2), "cgroup.controllers", can, sizeof(can)) >= 0 &&
	       vz_str_has_word(can, ' ', controller_name(h));
}

/* Where it cannot be enabled, as in a group that itself has processes, the limit is not held, and the VPS
 * lives without. */
static int v2_want(struct vz_cg *cg, const struct cg_place *p, const char *file, struct vz_err *e)
{
	const char *name = controller_name(p->line->in);
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		known = known || !strcmp(wanted[i], name);
	if (cg_has(cg, CG_V2, file))
		return 0;
	return enable_above(cg, &(struct words){ &name, 1 }, known, e) < 0 ? -EOPNOTSUPP : 0;
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

/*
 * Where more is used, memory.max kills, and kills also for what is only freed late. So the kernel takes back first what
 * it can, as memory.high makes it do (each write reclaims, cgroup-v2.rst), and the rest is refused, as on v1. 1: that
 * file was written.
 */
static int reclaim(struct vz_cg *cg, uint64_t ram, struct vz_err *e)
{
	int64_t now = vz_now_ms(), end = now + CG_AMOUNT_MS, last = now + CG_AMOUNT_MOST_MS;
	uint64_t least = VZ_UNLIMITED;

	for (int wrote = 0;; wrote = 1) {
		uint64_t used = cg_get(cg, CG_V2, "memory.current");
		int r;

		if (used <= ram || used == VZ_UNLIMITED)
			return wrote;
		now = vz_now_ms();
		if (used < least) { /* it goes on, if slowly */
			least = used;
			end = now + CG_AMOUNT_MS;
		}
		r = now < end && now < last ? set_max(cg, "memory.high", ram, e) :
					      vz_fail(e, VZ_SETUBC, EBUSY, "memory.max of group %s", cg->path);
		if (r < 0)
			return r;
		cg_amount_pause();
	}
}

/* Swap first: there is room for what is taken back. A kernel without it still holds the RAM. */
static int v2_memory(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l,
		     struct vz_err *e)
{
	uint64_t swap = cg_get(cg, CG_V2, p->line->second), high = cg_get(cg, CG_V2, "memory.high");
	int no_swap = set_max(cg, p->line->second, l->swap, e), r, wrote;

	if (no_swap < 0 && no_swap != -EOPNOTSUPP)
		return no_swap;
	wrote = reclaim(cg, l->ram, e);
	r = wrote < 0 ? wrote : set_max(cg, p->line->file, l->ram, e);
	if (r >= 0 && l->ram_high)
		r = set_max(cg, "memory.high", l->ram_high, e);
	else if (wrote)
		(void)set_max(cg, "memory.high", high, NULL);
	if (r < 0 && !no_swap) /* both or none */
		(void)set_max(cg, p->line->second, swap, NULL);
	return r < 0 ? r : no_swap;
}

static bool v2_memory_now(const struct vz_cg *cg, const struct cg_place *p,
			  const struct vz_cg_limits *want, struct vz_cg_limits *ret)
{
	(void)want;
	if (!cg_has(cg, CG_V2, p->line->file))
		return false;
	ret->ram = cg_get(cg, CG_V2, p->line->file);
	ret->swap = cg_get(cg, CG_V2, p->line->second);
	return true;
}

static int v2_quota(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l,
		    struct vz_err *e)
{
	char text[48] = "max";
	int r = cg_no_burst(cg, p, e);

	if (l->cpu_percent)
		snprintf(text, sizeof(text), "%llu %u",
			 (unsigned long long)cg_percent_to_quota(l->cpu_percent), CG_PERIOD_USEC);
	if (r >= 0)
		r = cg_set(cg, CG_V2, p->line->file, text, e);
	return r < 0 ? r : cg_put_burst(cg, p, l, e);
}

/* The kernel's own, of every group: no controller is needed. */
static int v2_groups(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l,
		     struct vz_err *e)
{
	int r = set_max(cg, p->line->file, l->groups, e);

	return r ? r : set_max(cg, p->line->second, l->depth, e);
}

struct throttle {
	struct vz_cg *cg;
	const struct cg_place *p;
	uint64_t v;
	struct vz_err *e;
};

/* The second name is that of the number in a line of the file: "bps", "iops". */
static int throttle_disk(const char *dev, void *arg)
{
	struct throttle *t = arg;
	const char *what = t->p->line->second;
	char v[24] = "max", text[96];

	if (t->v)
		snprintf(v, sizeof(v), "%llu", (unsigned long long)t->v);
	snprintf(text, sizeof(text), "%s r%s=%s w%s=%s", dev, what, v, what, v);
	return cg_set(t->cg, CG_V2, t->p->line->file, text, t->e);
}

static int v2_disks(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l,
		    struct vz_err *e)
{
	struct throttle t = { cg, p, cg_value(p, l), e };
	int r;

	if (!t.v && !cg_has(cg, CG_V2, p->line->file))
		return 0;
	r = v2_want(cg, p, p->line->file, e);
	return r < 0 ? r : cg_each_disk(cg, throttle_disk, &t);
}

static bool v2_disks_now(const struct vz_cg *cg, const struct cg_place *p,
			 const struct vz_cg_limits *want, struct vz_cg_limits *ret)
{
	char key[16];

	(void)want;
	snprintf(key, sizeof(key), "r%s=", p->line->second);
	cg_value_is(p, ret, cg_of_disks(cg, p, key));
	return true;
}

static int v2_ioprio(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l,
		     struct vz_err *e)
{
	const char *const files[] = { p->line->file, p->line->second };
	uint64_t w = cg_ioprio_to_weight(l->io_prio);
	bool found = false;
	int r = 0;

	if (w != cg_ioprio_to_weight(4))
		r = v2_want(cg, p, p->line->file, e);
	/* whichever of the two the scheduler of a disk looks at */
	for (size_t i = 0; !r && i < ARRAY_LEN(files); i++) {
		if (!cg_has(cg, CG_V2, files[i]))
			continue;
		r = cg_set_u64(cg, CG_V2, files[i], w, e);
		if (!r && cg->systemd)
			r = cg_scope_share(cg, &(struct cg_share){ CG_V2, files[i], "IOWeight", w }, e);
		found = true;
	}
	return r || found || w == cg_ioprio_to_weight(4) ? r : cg_missing(files[0], e);
}

static bool v2_ioprio_now(const struct vz_cg *cg, const struct cg_place *p,
			  const struct vz_cg_limits *want, struct vz_cg_limits *ret)
{
	uint64_t w = cg_get(cg, CG_V2, p->line->second);

	(void)want;
	if (w == VZ_UNLIMITED)
		w = cg_get_key(cg, CG_V2, p->line->file, "default");
	if (w == VZ_UNLIMITED)
		return false;
	ret->io_prio = cg_weight_to_ioprio(w);
	return true;
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

static int v2_cpuset(struct vz_cg *cg, const struct cg_place *p, const char *list, struct vz_err *e)
{
	bool all = !list || !*list || !strcmp(list, "all");
	int r;

	if (all && !cg_has(cg, CG_V2, p->line->file))
		return 0;
	if (all)
		return follow_parent(cg, p->line->file, e);
	r = v2_want(cg, p, p->line->file, e);
	return r < 0 ? r : cg_set(cg, CG_V2, p->line->file, list, e);
}

static int v2_cpus(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l,
		   struct vz_err *e)
{
	return v2_cpuset(cg, p, l->cpus, e);
}

static int v2_mems(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l,
		   struct vz_err *e)
{
	return v2_cpuset(cg, p, l->mems, e);
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

/* clang-format off */
static const struct cg_line v2_lines[VZ_CG_NLIMITS] = {
	[VZ_CG_LIMIT_MEMORY]   = { CG_MEMORY, "memory.max", "memory.swap.max", v2_memory, v2_memory_now },
	[VZ_CG_LIMIT_CPUUNITS] = { CG_CPU, "cpu.weight", "CPUWeight", cg_put_share, cg_now_share, .at = CG_AT(cpuunits),
				   .to = cg_units_to_weight, .from = cg_weight_to_units },
	[VZ_CG_LIMIT_CPULIMIT] = { CG_CPU, "cpu.max", "cpu.max.burst", v2_quota, cg_now_quota },
	[VZ_CG_LIMIT_PIDS]     = { CG_PIDS, "pids.max", NULL, cg_put_number, cg_now_number, .at = CG_AT(pids), .none = "max" },
	[VZ_CG_LIMIT_IOLIMIT]  = { CG_BLKIO, "io.max", "bps", v2_disks, v2_disks_now, .at = CG_AT(io_bps) },
	[VZ_CG_LIMIT_IOPS]     = { CG_BLKIO, "io.max", "iops", v2_disks, v2_disks_now, .at = CG_AT(io_iops) },
	[VZ_CG_LIMIT_IOPRIO]   = { CG_BLKIO, "io.weight", "io.bfq.weight", v2_ioprio, v2_ioprio_now },
	[VZ_CG_LIMIT_CPUS]     = { CG_CPUSET, "cpuset.cpus", NULL, v2_cpus },
	[VZ_CG_LIMIT_MEMS]     = { CG_CPUSET, "cpuset.mems", NULL, v2_mems },
	[VZ_CG_LIMIT_GROUPS]   = { CG_V2, "cgroup.max.descendants", "cgroup.max.depth", v2_groups },
	[VZ_CG_LIMIT_HUGETLB]  = { CG_HUGETLB, "hugetlb", CG_SIZES, .at = CG_AT(hugetlb), .none = "max" },
};
/* clang-format on */

const struct vz_cg_ops cg_v2_ops = {
	.name = "v2",
	.make = v2_make,
	.attach = v2_attach,
	.want = v2_want,
	.lines = v2_lines,
	.devices = v2_devices,
};
