// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A VPS whose state file is lost (somebody emptied VZ_RUNDIR) and whose processes live: the state
 * out of what the kernel tells of them. Only what cannot be seen from outside, the features, is
 * taken from the configuration, and what its /dev is stays unknown.
 *
 * May be hostile: the names of its processes and the length of their lists of groups; therefore lines are
 * looked for by their key, and a name cannot hold a line's end.
 */
#include "ct/lost.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <fcntl.h>
#include <time.h>

#define STATUS_MAX 16384

static int of_pid(pid_t pid, const char *file, char *buf, size_t size)
{
	char path[sizeof("/proc//uid_map") + 16];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return vz_file_read_buf(AT_FDCWD, path, buf, size) < 0 ? -ESRCH : 0;
}

/* What stands behind "KEY:\t" in a status file. */
static const char *value_of(char *text, const char *key)
{
	const char *rest;
	char *line;

	while ((line = strsep(&text, "\n")))
		if (vz_str_prefix(line, key, &rest))
			return rest;
	return NULL;
}

static int find_init(pid_t pid, void *arg)
{
	if (!vz_proc_is_init(pid))
		return 0;
	*(pid_t *)arg = pid;
	return -ECANCELED; /* enough */
}

/* The first host id of a map that is "0 FIRST 65536"; the map of the host itself begins at 0. */
static uint32_t first_of(pid_t pid, const char *map)
{
	char text[256];
	unsigned long long first = 0;

	if (of_pid(pid, map, text, sizeof(text)) < 0 || sscanf(text, "%*u %llu", &first) != 1)
		return 0;
	return first > UINT32_MAX ? 0 : (uint32_t)first;
}

static uint64_t bounding_set(pid_t pid)
{
	char text[STATUS_MAX];
	const char *hex;
	uint64_t v = 0;

	if (of_pid(pid, "status", text, sizeof(text)) < 0)
		return 0;
	hex = value_of(text, "CapBnd:\t");
	return hex && !vz_num_base(hex, 16, UINT64_MAX, &v) ? v : 0;
}

static uint32_t configured_features(unsigned id)
{
	struct vz_host host = { 0 };
	struct vz_ct ct = { 0 };
	uint32_t word;

	if (vz_host_load(&host, NULL, NULL) >= 0)
		(void)vz_ct_load(&host, id, &ct, NULL, NULL);
	word = vz_ct_features(&ct) & ~VZ_FEAT_PRIVILEGED;
	vz_ct_free(&ct);
	vz_host_free(&host);
	return word;
}

static int describe_lost(unsigned id, pid_t init, struct vz_state *ret)
{
	int64_t hz = sysconf(_SC_CLK_TCK);
	struct vz_state s = { .init = init };
	struct timespec now, up;
	struct vz_proc p;

	if (vz_proc_stat(init, &p) < 0 || p.state == 'Z' ||
	    vz_proc_boot_id(s.boot_id, sizeof(s.boot_id)) < 0)
		return 0;
	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	s.start_time = p.start_time;
	s.started_at = (uint64_t)(((now.tv_sec - up.tv_sec) * 1000 +
				   (now.tv_nsec - up.tv_nsec) / 1000000 +
				   (int64_t)p.start_time * 1000 / hz) / 1000);
	s.uid = first_of(init, "uid_map");
	s.gid = first_of(init, "gid_map");
	s.caps = bounding_set(init);
	s.features = configured_features(id) | (s.uid ? 0 : VZ_FEAT_PRIVILEGED);
	*ret = s;
	return 1;
}

static bool is_configured(unsigned id)
{
	autofree char *path = vz_ct_conf_path(id);

	return path && !access(path, F_OK);
}

int vz_state_of_group(unsigned id, struct vz_state *ret)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	autofree char *verb = vz_journal_read(id);
	pid_t init = 0;

	/* without a configuration it is nobody's here, maybe of a chroot with VPSes of its own; with
	 * a start or stop under way the state is not there because it is not its time */
	if (!is_configured(id) || verb || vz_cg_open(id, NULL, &cg, NULL) < 0 || vz_cg_populated(cg) != 1)
		return 0;
	(void)vz_cg_each(cg, find_init, &init);
	return init ? describe_lost(id, init, ret) : 0;
}

struct ids {
	unsigned *v;
	size_t n;
};

static int add_group(unsigned id, void *arg)
{
	struct ids *ids = arg;
	unsigned *more;

	for (size_t i = 0; i < ids->n; i++)
		if (ids->v[i] == id)
			return 0;
	if (!is_configured(id))
		return 0;
	more = reallocarray(ids->v, ids->n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	more[ids->n++] = id;
	ids->v = more;
	return 0;
}

int vz_state_list(unsigned **ret, size_t *ret_n)
{
	autofree unsigned *v = NULL;
	struct ids ids = { 0 };
	int r = vz_ids_in_dir(VZ_RUNDIR, "", &v, &ids.n);

	if (r < 0)
		return r;
	ids.v = TAKE_PTR(v);
	r = vz_cg_each_vps(add_group, &ids);
	v = ids.v;
	if (r == -ENOMEM)
		return r;
	if (ids.n)
		qsort(ids.v, ids.n, sizeof(*ids.v), vz_num_compare);
	*ret = TAKE_PTR(v);
	*ret_n = ids.n;
	return 0;
}
