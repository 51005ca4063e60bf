// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel says of a VPS's group: what it uses, what was refused, which limits are in force.
 * Each controller is asked where it is bound, v1 or v2. A number that the kernel does not keep is
 * unknown here, never guessed.
 */
#include "cgroup/cgroup-internal.h"
#include "cgroup/unit.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

/* Where a controller is: its v1 hierarchy, or CG_V2. */
static enum cg_hier where(const struct vz_cg *cg, enum cg_hier h)
{
	return cg->hybrid && cg_root(cg, h) >= 0 ? h : CG_V2;
}

static uint64_t minus(uint64_t sum, uint64_t part)
{
	if (sum == VZ_UNLIMITED || part == VZ_UNLIMITED)
		return VZ_UNLIMITED;
	return sum > part ? sum - part : 0;
}

static uint64_t v1_limit(const struct vz_cg *cg, const char *file)
{
	uint64_t v = cg_get(cg, CG_MEMORY, file);

	return v >= CG_V1_NO_LIMIT ? VZ_UNLIMITED : v;
}

/*
 * "memory.failcnt" and "max" of memory.events are not used: they grow each time the page cache
 * meets the limit and gives way, which refuses nothing. What was refused ends in an OOM kill.
 */
static void v1_memory(const struct vz_cg *cg, struct vz_cg_usage *u)
{
	u->ram = cg_get(cg, CG_MEMORY, "memory.usage_in_bytes");
	u->both = cg_get(cg, CG_MEMORY, "memory.memsw.usage_in_bytes");
	u->swap = minus(u->both, u->ram);
	u->ram_max = v1_limit(cg, "memory.limit_in_bytes");
	u->swap_max = minus(v1_limit(cg, "memory.memsw.limit_in_bytes"), u->ram_max);
	u->ram_peak = cg_get(cg, CG_MEMORY, "memory.max_usage_in_bytes");
	u->both_peak = cg_get(cg, CG_MEMORY, "memory.memsw.max_usage_in_bytes");
	u->oom_kills = cg_get_key(cg, CG_MEMORY, "memory.oom_control", "oom_kill");
	/* at the limit of the sum there is no swap left; without any, nobody asks for it */
	u->swap_failcnt = u->swap_max ? cg_get(cg, CG_MEMORY, "memory.memsw.failcnt") : 0;
}

static void v2_memory(const struct vz_cg *cg, struct vz_cg_usage *u)
{
	u->ram = cg_get(cg, CG_V2, "memory.current");
	u->swap = cg_get(cg, CG_V2, "memory.swap.current");
	if (u->ram != VZ_UNLIMITED && u->swap != VZ_UNLIMITED)
		u->both = u->ram + u->swap;
	u->ram_max = cg_get(cg, CG_V2, "memory.max");
	u->swap_max = cg_get(cg, CG_V2, "memory.swap.max");
	u->ram_peak = cg_get(cg, CG_V2, "memory.peak");
	u->swap_peak = cg_get(cg, CG_V2, "memory.swap.peak");
	u->oom_kills = cg_get_key(cg, CG_V2, "memory.events", "oom_kill");
	u->swap_failcnt = cg_get_key(cg, CG_V2, "memory.swap.events", "fail");
}

/*
 * Before Linux 6.11 a refused fork counts where the process is, whoever's limit it met; what is
 * in groups of the guest's own is then mixed with the guest's own limits, and not told.
 */
static uint64_t refused_forks(const struct vz_cg *cg, enum cg_hier h)
{
	struct stat st;

	if (cg_has(cg, h, "pids.events.local"))
		return cg_get_key(cg, h, "pids.events.local", "max");
	/* drop when the minimum is 6.11; the links of a group are itself and those below */
	if (h == CG_V2 && (fstat(cg_dir(cg, h), &st) < 0 || st.st_nlink > 2))
		return VZ_UNLIMITED;
	return cg_get_key(cg, h, "pids.events", "max");
}

int vz_cg_read(const struct vz_cg *cg, struct vz_cg_usage *ret, struct vz_err *e)
{
	enum cg_hier pids = where(cg, CG_PIDS);
	int dir = cg_dir(cg, CG_V2);
	struct vz_cg_usage u;

	if (dir < 0)
		return vz_fail(e, VZ_SYSTEM, -dir, "group %s", cg->path);
	u = (struct vz_cg_usage){
		.both = VZ_UNLIMITED, .both_peak = VZ_UNLIMITED, .swap_peak = VZ_UNLIMITED,
		.cpu_usec = cg_get_key(cg, CG_V2, "cpu.stat", "usage_usec"),
		.pids = cg_get(cg, pids, "pids.current"),
		.pids_peak = cg_get(cg, pids, "pids.peak"),
		.pids_max = cg_get(cg, pids, "pids.max"),
		.pids_failcnt = refused_forks(cg, pids),
	};
	(where(cg, CG_MEMORY) == CG_V2 ? v2_memory : v1_memory)(cg, &u);
	*ret = u;
	return 0;
}

void vz_cg_read_kinds(const struct vz_cg *cg, struct vz_cg_kinds *ret)
{
	*ret = (struct vz_cg_kinds){ VZ_UNLIMITED, VZ_UNLIMITED, VZ_UNLIMITED,
				     VZ_UNLIMITED, VZ_UNLIMITED, VZ_UNLIMITED };
	if (where(cg, CG_MEMORY) == CG_V2) {
		ret->kernel = cg_get_key(cg, CG_V2, "memory.stat", "kernel");
		ret->shmem = cg_get_key(cg, CG_V2, "memory.stat", "shmem");
		return;
	}
	ret->kernel = cg_get(cg, CG_MEMORY, "memory.kmem.usage_in_bytes");
	ret->kernel_peak = cg_get(cg, CG_MEMORY, "memory.kmem.max_usage_in_bytes");
	ret->kernel_failcnt = cg_get(cg, CG_MEMORY, "memory.kmem.failcnt");
	ret->shmem = cg_get_key(cg, CG_MEMORY, "memory.stat", "total_shmem");
}

/* ---- limits in force ---- */

static void read_cpu(const struct vz_cg *cg, const struct vz_cg_limits *want,
		     struct vz_cg_limits *ret)
{
	bool v1 = where(cg, CG_CPU) == CG_CPU;
	uint64_t raw = v1 ? cg_get(cg, CG_CPU, "cpu.shares") : cg_get(cg, CG_V2, "cpu.weight");
	uint64_t quota = v1 ? cg_get(cg, CG_CPU, "cpu.cfs_quota_us") : cg_get(cg, CG_V2, "cpu.max");

	if (raw != VZ_UNLIMITED) {
		ret->has |= VZ_CG_CPUUNITS;
		ret->cpuunits = v1 ? cg_shares_to_units(raw) : cg_weight_to_units(raw);
		if (want->has & VZ_CG_CPUUNITS &&
		    raw == (v1 ? cg_units_to_shares : cg_units_to_weight)(want->cpuunits))
			ret->cpuunits = want->cpuunits;
	}
	if (!cg_has(cg, where(cg, CG_CPU), v1 ? "cpu.cfs_quota_us" : "cpu.max"))
		return;
	/* v1 says -1 for none, which is no number to cg_get(), v2 "max" */
	ret->has |= VZ_CG_CPULIMIT;
	ret->cpu_percent = quota == VZ_UNLIMITED ? 0 : quota * 100 / CG_PERIOD_USEC;
	if (want->cpu_percent && quota == cg_percent_to_quota(want->cpu_percent))
		ret->cpu_percent = want->cpu_percent;
}

/* The limit of the disks, which all have the same: v1 "8:0 1000", v2 "8:0 rbps=1000 ...". */
static uint64_t of_disks(const struct vz_cg *cg, enum cg_hier h, const char *file, const char *key)
{
	int dir = cg_dir(cg, h);
	char buf[4096], *line = buf, *at, *word;
	uint64_t v = 0;

	if (dir < 0 || vz_file_read_buf(dir, file, buf, sizeof(buf)) < 0)
		return 0;
	line[strcspn(line, "\n")] = 0;
	at = strstr(line, key);
	if (!at)
		return 0;
	at += strlen(key);
	word = strsep(&at, " ");
	return vz_num_u64(word, UINT64_MAX, &v) < 0 ? 0 : v;
}

static void read_io(const struct vz_cg *cg, struct vz_cg_limits *ret)
{
	enum cg_hier h = where(cg, CG_BLKIO);
	bool v1 = h == CG_BLKIO;
	uint64_t w;

	/* a v1 group that was never made limits nothing */
	ret->has |= VZ_CG_IOLIMIT | VZ_CG_IOPS;
	ret->io_bps = of_disks(cg, h, v1 ? "blkio.throttle.read_bps_device" : "io.max",
			       v1 ? " " : "rbps=");
	ret->io_iops = of_disks(cg, h, v1 ? "blkio.throttle.read_iops_device" : "io.max",
				v1 ? " " : "riops=");
	w = cg_get(cg, h, v1 ? "blkio.bfq.weight" : "io.bfq.weight");
	if (w == VZ_UNLIMITED)
		w = v1 ? cg_get(cg, h, "blkio.weight") : cg_get_key(cg, h, "io.weight", "default");
	if (w == VZ_UNLIMITED)
		return;
	ret->has |= VZ_CG_IOPRIO;
	ret->io_prio = cg_weight_to_ioprio(w);
}

int vz_cg_in_force(const struct vz_cg *cg, const struct vz_cg_limits *want,
		   struct vz_cg_limits *ret, struct vz_err *e)
{
	struct vz_cg_limits l = { 0 };
	enum cg_hier pids = where(cg, CG_PIDS), memory = where(cg, CG_MEMORY);
	struct vz_cg_usage u = { 0 };
	int dir = cg_dir(cg, CG_V2);

	if (dir < 0)
		return vz_fail(e, VZ_SYSTEM, -dir, "group %s", cg->path);
	if (cg_has(cg, pids, "pids.max")) {
		l.has |= VZ_CG_PIDS;
		l.pids = cg_get(cg, pids, "pids.max");
	}
	if (cg_has(cg, memory, memory == CG_V2 ? "memory.max" : "memory.limit_in_bytes")) {
		l.has |= VZ_CG_MEMORY;
		(memory == CG_V2 ? v2_memory : v1_memory)(cg, &u);
		l.ram = u.ram_max;
		l.swap = u.swap_max;
	}
	read_cpu(cg, want, &l);
	read_io(cg, &l);
	*ret = l;
	return 0;
}

/* ---- who is there ---- */

int vz_cg_each(const struct vz_cg *cg, int (*fn)(pid_t pid, void *arg), void *arg)
{
	int dir = cg_dir(cg, CG_V2);

	return dir < 0 ? dir : cg_each_pid(dir, fn, arg);
}

/* "42", or "vz-42.scope" under systemd. */
static int id_of_group(const struct vz_cg *cg, const char *name, uint32_t *ret)
{
	char digits[16];
	size_t n;

	if (cg->systemd && !vz_str_prefix(name, "vz-", &name))
		return -EINVAL;
	n = strspn(name, "0123456789");
	if (strcmp(name + n, cg->systemd ? ".scope" : "") || n >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, name, n);
	digits[n] = 0;
	return vz_num_u32(digits, INT32_MAX, ret);
}

int vz_cg_each_vps(int (*fn)(unsigned ctid, void *arg), void *arg)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	uint32_t id;
	int fd, r = vz_cg_open(0, NULL, &cg, NULL);

	if (r < 0)
		return r;
	fd = openat(cg_root(cg, CG_V2), cg->systemd ? "vz.slice" : "vz",
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d && fd >= 0)
		close(fd);
	while (d && !r && (de = readdir(d)))
		r = id_of_group(cg, de->d_name, &id) < 0 ? 0 : fn(id, arg);
	return r;
}
