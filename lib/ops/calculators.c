// SPDX-License-Identifier: GPL-2.0-or-later
/* What the calculators ask of this host; see calculators.h. Reads, and writes the one file that it is told to. */
#include "ops/calculators.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "ops/list.h"
#include "sys/file.h"

#include <fcntl.h>
#include <sys/statvfs.h>

/* ---- one configuration ---- */

static void complain(int level, const char *line)
{
	vz_log(level, "%s", line);
}

static int validate_loaded(struct vz_conf *conf, const struct vz_validate *v, struct vz_err *e)
{
	const struct vz_calc_ask ask = { .vswap = v->vswap.set ? v->vswap.v : vz_calc_is_vswap(conf),
					 .hear = v->hear, .arg = v->arg };
	struct vz_conf changed = { 0 }; /* numbers only: nothing to free */
	struct vz_node node;
	int r = vz_node_read("/proc", &node, e), left;

	if (r < 0)
		return r;
	left = vz_calc_validate(conf, &node, &ask, &changed);
	if (left == -ENOMEM)
		return vz_oom(e);
	if (left || !v->save)
		return left;
	return vz_conf_save(v->file, &changed, NULL, e);
}

int vz_op_validate(const struct vz_host *host, const struct vz_validate *v, struct vz_err *e)
{
	autoconf conf = { 0 }, own = { 0 };
	int r;

	if (access(v->file, F_OK) < 0)
		return vz_fail(e, VZ_SYSTEM, 0, "Container configuration file %s not found", v->file);
	r = vz_conf_load(v->file, &own, complain, e);
	if (r < 0)
		return r;
	r = host ? vz_conf_merge(&conf, &host->conf) : 0;
	if (r >= 0)
		r = vz_conf_merge(&conf, &own);
	return r < 0 ? vz_oom(e) : validate_loaded(&conf, v, e);
}

/* ---- levels ---- */

/* The limits in force are in the item's configuration, what they leave open is the host's. */
static int tell_levels(const struct vz_host *host, const struct vz_list_item *it, struct vz_vps_levels *ret)
{
	const struct vz_counts *k = &it->counts;
	const struct vz_calc_held held = {
		k->kmemsize.held,     k->tcpsndbuf.held, k->tcprcvbuf.held,    k->othersockbuf.held,
		k->dgramrcvbuf.held,  k->physpages.held, k->oomguarpages.held, k->privvmpages.held,
		k->numproc.held,
	};
	autoconf conf = { 0 };
	int r = vz_conf_merge(&conf, &host->conf);

	if (r >= 0)
		r = vz_conf_merge(&conf, it->conf);
	if (r < 0)
		return r;
	ret->id = it->id;
	ret->runs = true;
	ret->cpuunits = conf.cpuunits.set ? conf.cpuunits.v : vz_param_default("CPUUNITS");
	vz_calc_levels(&conf, &held, &ret->levels);
	return 0;
}

/* This host, and what of it runs; id: NULL for all. */
static int read_host(const struct vz_host *host, const unsigned *id, struct vz_node *ret_node, struct vz_list *ret,
		     struct vz_err *e)
{
	const struct vz_list_query q = { .ids = id, .n = id != NULL, .running = true,
					 .need = VZ_LIST_COUNTS };
	int r = vz_node_read("/proc", ret_node, e);

	return r < 0 ? r : vz_op_list(host, &q, ret, e);
}

int vz_op_levels(const struct vz_host *host, struct vz_node *ret_node, struct vz_vps_levels **ret, size_t *ret_n,
		 struct vz_err *e)
{
	autofree struct vz_vps_levels *all = NULL;
	autolist l = { 0 };
	int r = read_host(host, NULL, ret_node, &l, e);

	if (r < 0)
		return r;
	all = calloc(l.n + 1, sizeof(*all));
	for (size_t i = 0; all && i < l.n; i++)
		if (tell_levels(host, &l.items[i], &all[i]) < 0)
			return vz_oom(e);
	if (!all)
		return vz_oom(e);
	if (l.unreadable)
		vz_log_err(&l.why);
	*ret_n = l.n;
	*ret = TAKE_PTR(all);
	return 0;
}

int vz_op_levels_of(const struct vz_host *host, unsigned id, struct vz_node *ret_node, struct vz_vps_levels *ret,
		    struct vz_err *e)
{
	autofree char *path = vz_fmt(VZ_CT_CONF_FILE, id);
	autoconf conf = { 0 }, own = { 0 };
	autolist l = { 0 };
	int r;

	if (!path)
		return vz_oom(e);
	if (access(path, F_OK) < 0)
		return vz_fail(e, VZ_NOVECONFIG, 0, "Container configuration file: %s not found", path);
	r = read_host(host, &id, ret_node, &l, e);
	if (r < 0)
		return r;
	*ret = (struct vz_vps_levels){ .id = id };
	if (l.n)
		return tell_levels(host, &l.items[0], ret) < 0 ? vz_oom(e) : 0;
	r = vz_conf_load(path, &own, complain, e);
	if (r < 0)
		return r;
	if (vz_conf_merge(&conf, &host->conf) < 0 || vz_conf_merge(&conf, &own) < 0)
		return vz_oom(e);
	vz_calc_levels(&conf, NULL, &ret->levels);
	return 0;
}

/* ---- a part of the host ---- */

int vz_op_split_disk(struct vz_split *s)
{
	struct statvfs st;

	if (statvfs(VZ_DIR, &st) < 0)
		return -errno;
	s->disk_kib = (uint64_t)st.f_blocks * (st.f_frsize / 1024);
	s->inodes = st.f_files;
	return 0;
}

static int sample_is_there(const char *path, struct vz_err *e)
{
	(void)vz_fail(e, VZ_SYSTEM, 0, "File %s already exist", path);
	return -EEXIST;
}

int vz_op_sample_free(const char *name, char **ret_path, struct vz_err *e)
{
	autofree char *path = NULL;

	if (!vz_str_is_component(name) || vz_str_has_control(name))
		return vz_fail(e, VZ_SYSTEM, 0, "Invalid argument for -f: %s", name);
	path = vz_fmt(VZ_CT_CONF_DIR "/ve-%s.conf-sample", name);
	if (!path)
		return vz_oom(e);
	if (!access(path, F_OK))
		return sample_is_there(path, e);
	*ret_path = TAKE_PTR(path);
	return 0;
}

int vz_op_sample_make(const char *path, const struct vz_str *text, struct vz_err *e)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	int r = 0;

	if (fd < 0)
		r = -errno;
	if (r == -EEXIST)
		return sample_is_there(path, e);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "Unable to create %s", path);
	r = text->failed ? -ENOMEM : vz_write_all(fd, text->s, text->len);
	if (r < 0) {
		(void)unlink(path);
		return vz_fail(e, VZ_SYSTEM, -r, "Unable to write %s", path);
	}
	return 0;
}
