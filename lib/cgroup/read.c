// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel says of a VPS's group: what it uses and what was refused.
 * Each controller is asked where it is bound, v1 or v2. A number that the kernel does not keep is
 * unknown here, never guessed.
 */
#include "cgroup/cgroup-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#define IO_STAT_MAX (1 << 18) /* a line for each device */

/*
 * "memory.failcnt" and "max" of memory.events are not used: they grow each time the page cache
 * meets the limit and gives way, which refuses nothing. What was refused ends in an OOM kill.
 */
static void v1_memory(const struct vz_cg *cg, struct vz_cg_usage *u)
{
	u->ram = cg_get(cg, CG_MEMORY, "memory.usage_in_bytes");
	u->both = cg_get(cg, CG_MEMORY, "memory.memsw.usage_in_bytes");
	u->swap = cg_minus(u->both, u->ram);
	u->ram_max = cg_v1_memory_limit(cg, "memory.limit_in_bytes");
	u->swap_max = cg_minus(cg_v1_memory_limit(cg, "memory.memsw.limit_in_bytes"), u->ram_max);
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
	enum cg_hier pids = cg_where(cg, CG_PIDS);
	int dir = cg_dir(cg, CG_V2);
	struct vz_cg_usage u;

	if (dir < 0)
		return vz_fail(e, VZ_SYSTEM, -dir, "group %s", cg->path);
	u = (struct vz_cg_usage){
		.both = VZ_UNLIMITED, .both_peak = VZ_UNLIMITED, .swap_peak = VZ_UNLIMITED,
		.cpu_usec = cg_get_key(cg, CG_V2, "cpu.stat", "usage_usec"),
		.cpu_user_usec = cg_get_key(cg, CG_V2, "cpu.stat", "user_usec"),
		.cpu_system_usec = cg_get_key(cg, CG_V2, "cpu.stat", "system_usec"),
		.pids = cg_get(cg, pids, "pids.current"),
		.pids_peak = cg_get(cg, pids, "pids.peak"),
		.pids_max = cg_get(cg, pids, "pids.max"),
		.pids_failcnt = refused_forks(cg, pids),
	};
	(cg_where(cg, CG_MEMORY) == CG_V2 ? v2_memory : v1_memory)(cg, &u);
	*ret = u;
	return 0;
}

void vz_cg_read_kinds(const struct vz_cg *cg, struct vz_cg_kinds *ret)
{
	*ret = (struct vz_cg_kinds){ VZ_UNLIMITED, VZ_UNLIMITED, VZ_UNLIMITED,
				     VZ_UNLIMITED, VZ_UNLIMITED, VZ_UNLIMITED, VZ_UNLIMITED };
	if (cg_where(cg, CG_MEMORY) == CG_V2) {
		ret->kernel = cg_get_key(cg, CG_V2, "memory.stat", "kernel");
		ret->shmem = cg_get_key(cg, CG_V2, "memory.stat", "shmem");
		ret->anon = cg_get_key(cg, CG_V2, "memory.stat", "anon");
		return;
	}
	ret->kernel = cg_get(cg, CG_MEMORY, "memory.kmem.usage_in_bytes");
	ret->kernel_peak = cg_get(cg, CG_MEMORY, "memory.kmem.max_usage_in_bytes");
	ret->kernel_failcnt = cg_get(cg, CG_MEMORY, "memory.kmem.failcnt");
	ret->shmem = cg_get_key(cg, CG_MEMORY, "memory.stat", "total_shmem");
	ret->anon = cg_get_key(cg, CG_MEMORY, "memory.stat", "total_rss");
}

unsigned vz_cg_ctid(const struct vz_cg *cg)
{
	return cg->ctid;
}

int vz_cg_list(const struct vz_cg *cg, enum vz_cg_limit limit, char **ret)
{
	autofree char *list = NULL;
	struct cg_place p;
	int dir = cg_place_of(cg, limit, &p) ? cg_dir(cg, p.h) : -ENOENT;
	ssize_t r = dir < 0 ? dir : vz_file_read(dir, p.line->file, 1u << 20, &list);

	if (r < 0)
		return (int)r;
	list[strcspn(list, "\n")] = 0;
	if (!*list)
		return -ENOENT;
	*ret = TAKE_PTR(list);
	return 0;
}

/* Adds the number behind `key` in a line of io.stat, "8:0 rbytes=1 wbytes=2 ...", or of v1, "8:0 Read 1". */
static void add_number(const char *line, const char *key, uint64_t *sum)
{
	const char *p = strstr(line, key);
	char digits[24];
	size_t n = p ? strspn(p + strlen(key), "0123456789") : 0;
	uint64_t v;

	if (!n || n >= sizeof(digits))
		return;
	memcpy(digits, p + strlen(key), n);
	digits[n] = 0;
	if (vz_num_u64(digits, INT64_MAX, &v) >= 0)
		*sum += v;
}

void vz_cg_read_io(const struct vz_cg *cg, uint64_t *ret_read, uint64_t *ret_written)
{
	enum cg_hier h = cg_where(cg, CG_BLKIO);
	int dir = cg_dir(cg, h);
	autofree char *text = NULL;
	char *rest, *line;

	*ret_read = *ret_written = VZ_UNLIMITED;
	if (dir < 0 || vz_file_read(dir, h == CG_V2 ? "io.stat" : "blkio.throttle.io_service_bytes_recursive",
				    IO_STAT_MAX, &text) < 0)
		return;
	*ret_read = *ret_written = 0;
	for (rest = text; (line = strsep(&rest, "\n"));) {
		add_number(line, h == CG_V2 ? " rbytes=" : " Read ", ret_read);
		add_number(line, h == CG_V2 ? " wbytes=" : " Write ", ret_written);
	}
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
	while (d && !r && (de = vz_dir_next(d)))
		r = id_of_group(cg, de->d_name, &id) < 0 ? 0 : fn(id, arg);
	return d && !r ? -errno : r;
}
