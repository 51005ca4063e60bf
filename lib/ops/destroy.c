// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * destroy: nothing of it can be taken back, so its steps are ordered such that running the verb
 * again finishes what a killed one began. The configuration is what makes a VPS exist: it goes
 * after everything that is only found through it, and before what it protects (the id claim).
 */
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/why.h"
#include "distro/dist-run.h"
#include "guard/rate.h"
#include "ops/dump.h"
#include "ops/ops.h"
#include "ops/plan.h"
#include "ops/private.h"
#include "res/counts.h"
#include "tmpl/tmpl.h"

#include <sys/stat.h>

struct destroy {
	struct vz_ct *ct;
	struct vz_area area;
};

static int area_do(void *ctx, struct vz_err *e)
{
	struct destroy *d = ctx;
	struct stat st;

	if (!lstat(d->area.private, &st) && S_ISLNK(st.st_mode))
		vz_log(0, "Warning: %s is a symlink, only the link is removed", d->area.private);
	vz_area_abort(&d->area); /* of a create that was killed */
	return vz_area_destroy(&d->area, e);
}

/* After the area, since one that could not be taken away still stands on its base. */
static int base_do(void *ctx, struct vz_err *e)
{
	struct destroy *d = ctx;

	(void)e;
	if (d->area.template)
		vz_tmpl_base_put(d->area.template, NULL, d->ct->id);
	return 0;
}

static void retire(unsigned id, const char *suffix)
{
	autofree char *from = vz_fmt(VZ_CT_CONF_DIR "/%u.%s", id, suffix);
	autofree char *to = vz_fmt(VZ_CT_CONF_DIR "/%u.%s.destroyed", id, suffix);

	if (from && to && rename(from, to) < 0 && errno != ENOENT)
		vz_log(-1, "Warning: cannot rename %s: %m, ignoring", from);
}

static int dump_do(void *ctx, struct vz_err *e)
{
	struct destroy *d = ctx;

	(void)e;
	vz_dump_destroy(d->ct);
	return 0;
}

static int name_do(void *ctx, struct vz_err *e)
{
	struct destroy *d = ctx;

	(void)e;
	vz_name_keep(d->ct->id, NULL);
	return 0;
}

static int dist_do(void *ctx, struct vz_err *e)
{
	struct destroy *d = ctx;

	(void)e;
	vz_dist_forget(d->ct->id);
	return 0;
}

static int traffic_do(void *ctx, struct vz_err *e)
{
	struct destroy *d = ctx;

	(void)e;
	vz_rate_forget(d->ct->id);
	return 0;
}

static int counts_do(void *ctx, struct vz_err *e)
{
	struct destroy *d = ctx;

	(void)e;
	vz_counts_forget(d->ct->id);
	return 0;
}

static int why_do(void *ctx, struct vz_err *e)
{
	struct destroy *d = ctx;

	(void)e;
	vz_why_forget(d->ct->id);
	return 0;
}

static int scripts_do(void *ctx, struct vz_err *e)
{
	static const char *const suffixes[] = { "mount", "umount", "premount", "postumount",
						"start", "stop" };
	struct destroy *d = ctx;

	(void)e;
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
		retire(d->ct->id, suffixes[i]);
	return 0;
}

static int config_do(void *ctx, struct vz_err *e)
{
	struct destroy *d = ctx;

	(void)e;
	retire(d->ct->id, "conf");
	return 0;
}

static int ids_do(void *ctx, struct vz_err *e)
{
	struct destroy *d = ctx;

	(void)e;
	vz_ids_release(d->ct->id);
	return 0;
}

/* None can be undone: what is destroyed is destroyed. */
const struct vz_step *const vz_op_destroy_plan[] = {
	VZ_STEP("area", area_do, NULL),
	VZ_STEP("base", base_do, NULL),
	VZ_STEP("dump", dump_do, NULL),
	VZ_STEP("name", name_do, NULL),       /* names the configuration, so goes before it */
	VZ_STEP("dist", dist_do, NULL),
	VZ_STEP("traffic", traffic_do, NULL),
	VZ_STEP("counts", counts_do, NULL),
	VZ_STEP("why", why_do, NULL),
	VZ_STEP("scripts", scripts_do, NULL),
	VZ_STEP("config", config_do, NULL),   /* until here the verb can be run again */
	VZ_STEP("ids", ids_do, NULL),         /* a claim without a configuration is nobody's */
	NULL,
};

/* The two refusals stand on stdout, as ever (INTERFACE 12.31). */
static int refuse(struct vz_err *e, enum vz_exit code, const char *why)
{
	vz_log(0, "%s", why);
	return vz_fail(e, code, 0, "%s", "");
}

int vz_op_destroy(struct vz_ct *ct, struct vz_err *e)
{
	struct destroy d = { .ct = ct };
	struct vz_state st;
	int r = vz_private_of(ct, &d.area, e);

	if (r < 0)
		return r;
	if (vz_state_read(ct->id, &st) > 0)
		return refuse(e, VZ_VE_RUNNING,
			      "Container is currently running. Stop it first.");
	if (vz_ct_is_mounted(ct))
		return refuse(e, VZ_FS_MOUNTED, "Container is currently mounted (umount first)");
	r = vz_area_can_destroy(&d.area, e);
	if (r >= 0 && access(VZ_CT_CONF_DIR, W_OK) < 0)
		r = vz_fail(e, VZ_FS_DEL_PRVT, errno, "Nothing is destroyed, because the configuration could not "
			    "go: cannot write " VZ_CT_CONF_DIR);
	if (r < 0)
		return r;
	vz_log(0, "Destroying container private area: %s", ct->private);
	/* an area that stays keeps its configuration: without it nobody would find or destroy it */
	r = vz_plan_run(vz_op_destroy_plan, &d, e);
	if (r >= 0)
		vz_log(0, "Container private area was destroyed");
	return r;
}
