// SPDX-License-Identifier: GPL-2.0-or-later
/* mount and umount, with their action scripts in the order of INTERFACE 4.1. */
#include "base/fault.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "ops/env.h"
#include "ops/mount.h"
#include "ops/ops.h"
#include "ops/plan.h"
#include "ops/private.h"
#include "tmpl/tmpl.h"

static int global_script(const struct vz_ct *ct, const char *what, struct vz_err *e)
{
	autofree char *path = vz_fmt(VZ_CT_CONF_DIR "/vps.%s", what);

	return path ? vz_hook_run(ct, path, NULL, what, e) : vz_oom(e);
}

static int own_script(const struct vz_ct *ct, const char *what, struct vz_err *e)
{
	autofree char *path = vz_fmt(VZ_CT_CONF_DIR "/%u.%s", ct->id, what);

	return path ? vz_hook_run(ct, path, NULL, what, e) : vz_oom(e);
}

/* On the way up the host's script comes first, on the way down the VPS's. */
static int scripts_up(const struct vz_ct *ct, const char *what, struct vz_err *e)
{
	int r = global_script(ct, what, e);

	return r < 0 ? r : own_script(ct, what, e);
}

static int scripts_down(const struct vz_ct *ct, const char *what, struct vz_err *e)
{
	int r = own_script(ct, what, e);

	return r < 0 ? r : global_script(ct, what, e);
}

/* The layout can be mounted, and all is set that it needs. */
static int check_usable(const struct vz_area *a, struct vz_err *e)
{
	int r = vz_layout_usable(a->layout, e);

	if (r >= 0 && !a->template && vz_area_has_base(a))
		r = vz_fail(e, VZ_VE_TMPL_NOTSET, 0, "TEMPLATE is not set");
	return r;
}

int vz_private_mount_check(const struct vz_ct *ct, struct vz_err *e)
{
	struct vz_area a;
	int r = vz_private_of(ct, &a, e);

	if (r >= 0)
		r = check_usable(&a, e);
	if (r >= 0)
		r = vz_area_close(&a, NULL, VZ_FS_CANTMOUNT, e);
	return r < 0 ? r : vz_area_check(&a, e);
}

static int mount_area(struct vz_ct *ct, struct vz_area *a, struct vz_err *e)
{
	autofree char *base = NULL;
	int r = check_usable(a, e);

	if (r >= 0)
		r = vz_private_close(a, VZ_FS_CANTMOUNT, e);
	if (r >= 0)
		r = vz_env_ids(ct, &a->uid, &a->gid, e);
	if (r < 0)
		return r;
	base = vz_area_base(a);
	if (base) /* an area that somebody copied is not known there yet */
		r = vz_tmpl_base_use(a->template, base, ct->id, e);
	return r < 0 ? r : vz_area_mount(a, e);
}

int vz_op_mount_steps(struct vz_ct *ct, bool scripts, struct vz_err *e)
{
	struct vz_area a;
	int r = vz_private_of(ct, &a, e);

	if (r >= 0 && scripts)
		r = scripts_up(ct, "premount", e);
	if (r >= 0)
		r = mount_area(ct, &a, e);
	if (r < 0)
		return r;
	r = vz_fault("mounted", e);
	if (r >= 0 && scripts)
		r = scripts_up(ct, "mount", e);
	if (r < 0) {
		struct vz_err second = { 0 };

		if (vz_area_umount(&a, &second) < 0)
			vz_log(-1, "%s", second.msg);
		return r;
	}
	vz_log(0, "Container is mounted");
	return 0;
}

int vz_op_umount_steps(struct vz_ct *ct, bool scripts, struct vz_err *e)
{
	struct vz_area a;
	int r = vz_private_of(ct, &a, e);

	if (r >= 0 && scripts)
		r = scripts_down(ct, "umount", e);
	if (r >= 0)
		r = vz_area_umount(&a, e);
	if (r < 0)
		return r;
	vz_log(0, "Container is unmounted");
	return scripts ? scripts_down(ct, "postumount", e) : 0;
}

int vz_op_mount(struct vz_ct *ct, struct vz_err *e)
{
	if (ct->root && vz_ct_is_mounted(ct)) {
		vz_log(-1, "Container is already mounted");
		return 0;
	}
	return vz_op_mount_steps(ct, true, e);
}

int vz_op_umount(struct vz_ct *ct, struct vz_err *e)
{
	struct vz_state st;
	struct vz_area a;

	if (!ct->root)
		return vz_fail(e, VZ_VE_ROOT_NOTSET, 0, "VE_ROOT is not set");
	if (!vz_ct_is_mounted(ct)) {
		if (vz_private_of(ct, &a, NULL) >= 0)
			vz_area_let_go(&a);
		return vz_fail(e, VZ_FS_NOT_MOUNTED, 0, "CT is not mounted");
	}
	if (vz_state_read(ct->id, &st) > 0)
		return vz_fail(e, VZ_VE_RUNNING, 0, "Container is running -- stop it first");
	return vz_op_umount_steps(ct, true, e);
}
