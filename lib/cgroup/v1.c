// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hybrid back-end: limits by v1 controllers, one hierarchy each, with v2 on the side for
 * everything about life and death. Memory, pids, cpu and devices are used by every VPS; cpuset,
 * blkio and freezer only once something of theirs is wanted, because each hierarchy costs time at
 * every start. A controller that is not bound to v1 on this host is left to v2.c.
 */
#include "cgroup/cgroup-internal.h"
#include "cgroup/unit.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/clock.h"
#include "sys/file.h"

#include <fcntl.h>
#include <time.h>

#define MOVE_PASSES 1000

static bool has_v1(const struct vz_cg *cg, enum cg_hier h)
{
	return cg_root(cg, h) >= 0;
}

static int fail_make(struct vz_cg *cg, enum cg_hier h, int r, struct vz_err *e)
{
	return vz_fail(e, VZ_RESOURCE, -r, "cannot make group %s/%s", cg_hier_name(h), cg->path);
}

/* "tasks" is opened here for the child that will attach itself: the kernel judges a write by who
 * opened the file, and the child is nobody by then. */
static int make_in(struct vz_cg *cg, enum cg_hier h, int (*step)(int, int), struct vz_err *e)
{
	int r = cg_mkdir(cg, h, step);

	if (r < 0)
		return fail_make(cg, h, r, e);
	cg->fds->self[h] = openat(cg_dir(cg, h), "tasks", O_WRONLY | O_CLOEXEC);
	return cg->fds->self[h] < 0 ? fail_make(cg, h, -errno, e) : 0;
}

static int v1_make(struct vz_cg *cg, struct vz_err *e)
{
	bool all = has_v1(cg, CG_MEMORY) && has_v1(cg, CG_PIDS) && has_v1(cg, CG_CPU);
	int r = all ? 0 : cg_v2_ops.make(cg, e); /* the missing ones may be bound to v2 */

	for (enum cg_hier h = CG_FIRST_V1; !r && h < CG_FIRST_LAZY; h++)
		if (has_v1(cg, h))
			r = make_in(cg, h, NULL, e);
	return r;
}

/*
 * The caller moves itself by "0" into "tasks", any other process goes by cgroup.procs. That is
 * no matter of taste: a write that moves a whole process, or anybody else, has to stop all forks
 * and exits of the host, which waits for an RCU grace period (5 to 20 ms); for a single thread
 * that moves itself the kernel needs no such lock and takes 20 microseconds.
 */
static int attach_in(struct vz_cg *cg, enum cg_hier h, pid_t pid)
{
	int dir = cg_dir(cg, h);
	char text[16];

	if (dir < 0)
		return dir;
	snprintf(text, sizeof(text), "%d", pid);
	return vz_file_write(dir, pid ? "cgroup.procs" : "tasks", text);
}

static int attach_made(const struct vz_cg *cg, enum cg_hier h)
{
	int fd = cg->fds->self[h];

	return fd < 0 ? 0 : vz_write_all(fd, "0", 1);
}

static int v1_attach(struct vz_cg *cg, pid_t pid, struct vz_err *e)
{
	for (enum cg_hier h = CG_FIRST_V1; h <= CG_LAST_V1; h++) {
		int r;

		if (cg->made && !pid) {
			r = attach_made(cg, h);
		} else {
			r = has_v1(cg, h) ? attach_in(cg, h, pid) : 0;
			if (r == -ENOENT && h >= CG_FIRST_LAZY)
				r = 0; /* nothing of it is limited */
		}
		if (r < 0)
			return vz_fail(e, VZ_RESOURCE, -r, "cannot put a process into %s/%s",
				       cg_hier_name(h), cg->path);
	}
	return 0;
}

/* ---- hierarchies that join later ---- */

struct pids {
	pid_t *v;
	size_t n, cap;
};

static int collect(pid_t pid, void *arg)
{
	struct pids *p = arg;

	if (p->n == p->cap) {
		pid_t *more = reallocarray(p->v, p->cap = p->cap ? p->cap * 2 : 64, sizeof(*p->v));

		if (!more)
			return -ENOMEM;
		p->v = more;
	}
	p->v[p->n++] = pid;
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/* Every process of the VPS into the group in h. Children of those who are inside are born
 * inside, so the passes end; the bound is for a kernel that answers nonsense. */
static int move_all(struct vz_cg *cg, enum cg_hier h)
{
	for (int pass = 0; pass < MOVE_PASSES; pass++) {
		autofree pid_t *want_v = NULL, *have_v = NULL;
		struct pids want = { 0 }, have = { 0 };
		bool moved = false;
		int r = cg_each_pid(cg_dir(cg, CG_V2), collect, &want);

		want_v = want.v;
		if (!r)
			r = cg_each_pid(cg_dir(cg, h), collect, &have);
		have_v = have.v;
		if (r < 0)
			return r;
		if (have.n)
			qsort(have.v, have.n, sizeof(*have.v), by_pid);
		for (size_t i = 0; i < want.n; i++) {
			if (have.n &&
			    bsearch(&want.v[i], have.v, have.n, sizeof(*have.v), by_pid))
				continue;
			r = attach_in(cg, h, want.v[i]);
			if (r < 0 && r != -ESRCH)
				return r;
			moved = moved || !r;
		}
		if (!moved)
			return 0;
	}
	return -EAGAIN;
}

/* A v1 cpuset is born empty and takes no process until it has both (cgroup-v1/cpusets.rst). */
static int init_cpuset(int parent, int child)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		autofree char *have = NULL, *from = NULL;
		ssize_t r = vz_file_read(child, files[i], 1u << 20, &have);

		if (r < 0)
			return (int)r;
		if (*have && *have != '\n')
			continue;
		r = vz_file_read(parent, files[i], 1u << 20, &from);
		if (r >= 0)
			r = vz_file_write(child, files[i], from);
		if (r < 0)
			return (int)r;
	}
	return 0;
}

static int want_lazy(struct vz_cg *cg, enum cg_hier h, struct vz_err *e)
{
	int r;

	if (cg_dir(cg, h) >= 0)
		return 0;
	r = make_in(cg, h, h == CG_CPUSET ? init_cpuset : NULL, e);
	if (r < 0)
		return r;
	if (vz_cg_populated(cg) != 1)
		return 0;
	r = move_all(cg, h);
	return r < 0 ? vz_fail(e, VZ_RESOURCE, -r, "cannot move the processes to %s/%s",
			       cg_hier_name(h), cg->path) :
		       0;
}

static int v1_want(struct vz_cg *cg, const struct cg_place *p, const char *file, struct vz_err *e)
{
	return p->h == CG_V2 ? cg_v2_ops.want(cg, p, file, e) : want_lazy(cg, p->h, e);
}

/* ---- limits ---- */

static int set_limit(struct vz_cg *cg, enum cg_hier h, const char *file, uint64_t v,
		     struct vz_err *e)
{
	return v >= CG_V1_NO_LIMIT ? cg_set(cg, h, file, "-1", e) : cg_set_u64(cg, h, file, v, e);
}

/*
 * What the group is charged for is above what it uses by what each CPU keeps in store for it, and by what the
 * kernel frees only after a grace period (mm/memcontrol.c, drain_all_stock() does not wait). The kernel tries once
 * and refuses; it is asked again for a moment.
 */
static int set_amount(struct vz_cg *cg, const char *file, uint64_t v, struct vz_err *e)
{
	int64_t end = vz_now_ms() + CG_AMOUNT_MS;

	while (vz_now_ms() < end) {
		int r = set_limit(cg, CG_MEMORY, file, v, e);

		if (r != -EBUSY)
			return r;
		cg_amount_pause();
	}
	return set_limit(cg, CG_MEMORY, file, v, e);
}

/*
 * v1 limits ram and ram+swap, and refuses any moment in which the first exceeds the second. So
 * when growing the sum goes first, when shrinking the ram.
 */
static int v1_memory(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l,
		     struct vz_err *e)
{
	const char *const file[] = { p->line->file, p->line->second };
	bool no_sum = l->ram >= CG_V1_NO_LIMIT || l->swap >= CG_V1_NO_LIMIT - l->ram;
	uint64_t want[] = { l->ram, no_sum ? VZ_UNLIMITED : l->ram + l->swap };
	uint64_t now[] = { cg_get(cg, CG_MEMORY, file[0]), cg_get(cg, CG_MEMORY, file[1]) };
	int r, first;

	if (now[1] == VZ_UNLIMITED && !cg_has(cg, CG_MEMORY, file[1])) {
		r = set_amount(cg, file[0], want[0], e);
		return r || no_sum ? r : cg_missing(file[1], e);
	}
	first = want[0] > now[1];
	r = set_amount(cg, file[first], want[first], e);
	if (r < 0)
		return r;
	r = set_amount(cg, file[!first], want[!first], e);
	if (r < 0) /* both or none */
		(void)set_limit(cg, CG_MEMORY, file[first], now[first], NULL);
	return r;
}

uint64_t cg_v1_memory_limit(const struct vz_cg *cg, const char *file)
{
	uint64_t v = cg_get(cg, CG_MEMORY, file);

	return v >= CG_V1_NO_LIMIT ? VZ_UNLIMITED : v;
}

static bool v1_memory_now(const struct vz_cg *cg, const struct cg_place *p,
			  const struct vz_cg_limits *want, struct vz_cg_limits *ret)
{
	(void)want;
	if (!cg_has(cg, CG_MEMORY, p->line->file))
		return false;
	ret->ram = cg_v1_memory_limit(cg, p->line->file);
	ret->swap = cg_minus(cg_v1_memory_limit(cg, p->line->second), ret->ram);
	return true;
}

static int v1_quota(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l,
		    struct vz_err *e)
{
	uint64_t quota = l->cpu_percent ? cg_percent_to_quota(l->cpu_percent) : VZ_UNLIMITED;
	int r = cg_no_burst(cg, p, e);

	if (r >= 0)
		r = set_limit(cg, CG_CPU, p->line->file, quota, e);
	return r < 0 ? r : cg_put_burst(cg, p, l, e);
}

struct throttle {
	struct vz_cg *cg;
	const struct cg_place *p;
	uint64_t v;
	struct vz_err *e;
};

/* One file for reading, one for writing. */
static int throttle_disk(const char *dev, void *arg)
{
	struct throttle *t = arg;
	char text[64];
	int r;

	snprintf(text, sizeof(text), "%s %llu", dev, (unsigned long long)t->v);
	r = cg_set(t->cg, CG_BLKIO, t->p->line->file, text, t->e);
	return r ? r : cg_set(t->cg, CG_BLKIO, t->p->line->second, text, t->e);
}

static int v1_disks(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l,
		    struct vz_err *e)
{
	struct throttle t = { cg, p, cg_value(p, l), e };
	int r;

	if (!t.v && cg_dir(cg, CG_BLKIO) < 0)
		return 0; /* no limit, and none to take away */
	r = want_lazy(cg, CG_BLKIO, e);
	return r ? r : cg_each_disk(cg, throttle_disk, &t);
}

/* A group that was never made limits nothing. */
static bool v1_disks_now(const struct vz_cg *cg, const struct cg_place *p,
			 const struct vz_cg_limits *want, struct vz_cg_limits *ret)
{
	(void)want;
	cg_value_is(p, ret, cg_of_disks(cg, p, " "));
	return true;
}

static int v1_ioprio(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l,
		     struct vz_err *e)
{
	uint64_t w = cg_ioprio_to_weight(l->io_prio);
	bool dflt = w == cg_ioprio_to_weight(4);
	int r;

	if (dflt && cg_dir(cg, CG_BLKIO) < 0)
		return 0;
	r = want_lazy(cg, CG_BLKIO, e);
	if (r < 0)
		return r;
	if (cg_has(cg, CG_BLKIO, p->line->file))
		return cg_set_u64(cg, CG_BLKIO, p->line->file, w, e);
	if (cg_has(cg, CG_BLKIO, p->line->second))
		return cg_set_u64(cg, CG_BLKIO, p->line->second, w, e);
	return dflt ? 0 : cg_missing(p->line->file, e);
}

static bool v1_ioprio_now(const struct vz_cg *cg, const struct cg_place *p,
			  const struct vz_cg_limits *want, struct vz_cg_limits *ret)
{
	uint64_t w = cg_get(cg, CG_BLKIO, p->line->file);

	(void)want;
	if (w == VZ_UNLIMITED)
		w = cg_get(cg, CG_BLKIO, p->line->second);
	if (w == VZ_UNLIMITED)
		return false;
	ret->io_prio = cg_weight_to_ioprio(w);
	return true;
}

static int set_cpuset(struct vz_cg *cg, const char *file, const char *list, struct vz_err *e)
{
	bool all = !list || !*list || !strcmp(list, "all");
	autofree char *from = NULL;
	ssize_t r;

	if (all && cg_dir(cg, CG_CPUSET) < 0)
		return 0;
	r = want_lazy(cg, CG_CPUSET, e);
	if (r < 0)
		return (int)r;
	if (all) {
		autoclose int up = openat(cg_dir(cg, CG_CPUSET), "..", O_PATH | O_CLOEXEC);

		r = up < 0 ? -errno : vz_file_read(up, file, 1u << 20, &from);
		if (r < 0)
			return vz_fail(e, VZ_SETFSHD, (int)-r, "cannot read %s", file);
	}
	return cg_set(cg, CG_CPUSET, file, all ? from : list, e);
}

static int v1_cpus(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l,
		   struct vz_err *e)
{
	return set_cpuset(cg, p->line->file, l->cpus, e);
}

static int v1_mems(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l,
		   struct vz_err *e)
{
	return set_cpuset(cg, p->line->file, l->mems, e);
}

/* ---- devices ---- */

/* "c 1:3 rwm": one line of devices.list, devices.allow and devices.deny. */
static void dev_text(const struct vz_cg_dev *d, char *buf, size_t size)
{
	char major[12] = "*", minor[12] = "*";

	if (!d->all_majors)
		snprintf(major, sizeof(major), "%u", d->major);
	if (!d->all_minors)
		snprintf(minor, sizeof(minor), "%u", d->minor);
	snprintf(buf, size, "%c %s:%s %s%s%s\n", d->type, major, minor, d->r ? "r" : "",
		 d->w ? "w" : "", d->m ? "m" : "");
}

/* Takes away what `line` of devices.list allows and the new list does not. */
static int deny_line(int fd, const char *line, const struct vz_cg_dev *list, size_t n)
{
	char key[48], want[48], deny[64], *access;
	bool r = false, w = false, m = false;

	snprintf(key, sizeof(key), "%s", line);
	access = strrchr(key, ' ');
	if (!access)
		return 0;
	*access++ = 0;
	for (size_t i = 0; i < n; i++) {
		dev_text(&list[i], want, sizeof(want));
		*strrchr(want, ' ') = 0;
		if (strcmp(want, key))
			continue;
		r = r || list[i].r;
		w = w || list[i].w;
		m = m || list[i].m;
	}
	snprintf(deny, sizeof(deny), "%s %s%s%s", key, !r && strchr(access, 'r') ? "r" : "",
		 !w && strchr(access, 'w') ? "w" : "", !m && strchr(access, 'm') ? "m" : "");
	if (deny[strlen(deny) - 1] == ' ')
		return 0;
	return vz_write_all(fd, deny, strlen(deny));
}

/* A group that is being made has no process yet and starts from nothing. A running VPS loses only
 * what must go, so that it never misses a device it keeps. */
static int deny_rest(const struct vz_cg *cg, int dir, const struct vz_cg_dev *list, size_t n)
{
	autoclose int fd = openat(dir, "devices.deny", O_WRONLY | O_CLOEXEC);
	autofree char *text = NULL;
	char *p, *line;
	ssize_t r;

	if (fd < 0)
		return -errno;
	if (cg->made)
		return vz_write_all(fd, "a", 1);
	r = vz_file_read(dir, "devices.list", 1u << 20, &text);
	if (r < 0)
		return (int)r;
	if (*text == 'a') /* everything is allowed */
		return vz_write_all(fd, "a", 1);
	r = 0;
	for (p = text; !r && (line = strsep(&p, "\n"));)
		r = *line ? deny_line(fd, line, list, n) : 0;
	return (int)r;
}

static int v1_devices(struct vz_cg *cg, const struct vz_cg_dev *list, size_t n, struct vz_err *e)
{
	autoclose int fd = -EBADF;
	char text[48] = "";
	int dir, r;

	if (!has_v1(cg, CG_DEVICES))
		return cg_v2_ops.devices(cg, list, n, e);
	dir = cg_dir(cg, CG_DEVICES);
	r = dir < 0 ? dir : deny_rest(cg, dir, list, n);
	if (r < 0)
		return vz_fail(e, VZ_SET_DEVICES, -r, "cannot deny devices to group %s", cg->path);
	fd = openat(dir, "devices.allow", O_WRONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : 0;
	for (size_t i = 0; !r && i < n; i++) {
		dev_text(&list[i], text, sizeof(text));
		r = vz_write_all(fd, text, strlen(text));
	}
	return r < 0 ? vz_fail(e, VZ_SET_DEVICES, -r, "cannot allow device \"%.*s\" to group %s",
			       (int)strcspn(text, "\n"), text, cg->path) :
		       0;
}

/* ---- freezer ---- */

int cg_v1_freeze(struct vz_cg *cg, bool on, int timeout_ms, struct vz_err *e)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	char state[16];
	int r;

	if (!on && cg_dir(cg, CG_FREEZER) < 0)
		return 0;
	r = has_v1(cg, CG_FREEZER) ? want_lazy(cg, CG_FREEZER, e) : cg_missing("cgroup.freeze", e);
	if (!r)
		r = cg_set(cg, CG_FREEZER, "freezer.state", on ? "FROZEN" : "THAWED", e);
	/* FREEZING until all have stopped; v1 has no event for it */
	for (int i = 0; !r && on && i < timeout_ms; i++) {
		r = (int)vz_file_read_buf(cg_dir(cg, CG_FREEZER), "freezer.state", state,
					  sizeof(state));
		if (r >= 0 && !strcmp(state, "FROZEN"))
			return 0;
		r = r < 0 ? r : 0;
		nanosleep(&ms, NULL);
	}
	if (r || !on)
		return r;
	(void)cg_set(cg, CG_FREEZER, "freezer.state", "THAWED", NULL);
	return vz_fail(e, VZ_SYSTEM, ETIMEDOUT, "cannot freeze group %s", cg->path);
}

/* clang-format off */
static const struct cg_line v1_lines[VZ_CG_NLIMITS] = {
	[VZ_CG_LIMIT_MEMORY]   = { CG_MEMORY, "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", v1_memory, v1_memory_now },
	[VZ_CG_LIMIT_CPUUNITS] = { CG_CPU, "cpu.shares", "CPUShares", cg_put_share, cg_now_share, .at = CG_AT(cpuunits),
				   .to = cg_units_to_shares, .from = cg_shares_to_units },
	[VZ_CG_LIMIT_CPULIMIT] = { CG_CPU, "cpu.cfs_quota_us", "cpu.cfs_burst_us", v1_quota, cg_now_quota },
	[VZ_CG_LIMIT_PIDS]     = { CG_PIDS, "pids.max", NULL, cg_put_number, cg_now_number, .at = CG_AT(pids), .none = "max" },
	[VZ_CG_LIMIT_IOLIMIT]  = { CG_BLKIO, "blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device",
				   v1_disks, v1_disks_now, .at = CG_AT(io_bps) },
	[VZ_CG_LIMIT_IOPS]     = { CG_BLKIO, "blkio.throttle.read_iops_device", "blkio.throttle.write_iops_device",
				   v1_disks, v1_disks_now, .at = CG_AT(io_iops) },
	[VZ_CG_LIMIT_IOPRIO]   = { CG_BLKIO, "blkio.bfq.weight", "blkio.weight", v1_ioprio, v1_ioprio_now },
	[VZ_CG_LIMIT_CPUS]     = { CG_CPUSET, "cpuset.cpus", NULL, v1_cpus },
	[VZ_CG_LIMIT_MEMS]     = { CG_CPUSET, "cpuset.mems", NULL, v1_mems },
	[VZ_CG_LIMIT_GROUPS]   = { .why = "what the guest makes groups in is the v2 tree" },
	[VZ_CG_LIMIT_HUGETLB]  = { CG_HUGETLB, "hugetlb", CG_SIZES, .at = CG_AT(hugetlb), .none = "-1" },
};
/* clang-format on */

const struct vz_cg_ops cg_v1_ops = {
	.name = "v1",
	.make = v1_make,
	.attach = v1_attach,
	.want = v1_want,
	.lines = v1_lines,
	.devices = v1_devices,
};
