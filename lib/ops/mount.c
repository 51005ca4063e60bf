// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mount and umount, and the steps by which any plan has VE_ROOT mounted, with their action scripts in the
 * order of INTERFACE 4.1.
 */
#include "ops/mount.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "ops/dump.h"
#include "ops/private.h"
#include "ops/steps.h"
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

/* ---- the steps ---- */

static int usable_area(const struct vz_start *s, struct vz_area *ret, struct vz_err *e)
{
	int r = vz_private_of(s->env.ct, ret, e);

	ret->uid = s->env.spec.uid;
	ret->gid = s->env.spec.gid;
	return r < 0 ? r : check_usable(ret, e);
}

static int premount_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	struct vz_area a;
	int r;

	if (s->was_mounted)
		return 0;
	r = vz_private_of(s->env.ct, &a, e); /* no script for what names no area */
	return r < 0 ? r : scripts_up(s->env.ct, "premount", e);
}

/* Only after an umount: a premount whose mount failed has no script that takes it back (INTERFACE 4.1). */
static void premount_undo(void *ctx)
{
	struct vz_start *s = ctx;

	if (s->unmounted && !s->no_hooks)
		s->umount_result = scripts_down(s->env.ct, "postumount", &s->umount_err);
}

const struct vz_step vz_step_premount = { "premount", premount_do, premount_undo };

static int close_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	struct vz_area a;
	int r;

	if (s->was_mounted)
		return 0;
	r = usable_area(s, &a, e);
	return r < 0 ? r : vz_private_close(&a, VZ_FS_CANTMOUNT, e);
}

/* No undo: users of the host should never have reached it. */
const struct vz_step vz_step_close = { "close", close_do, NULL };

static int base_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	autofree char *base = NULL;
	struct vz_area a;
	int r;

	if (s->was_mounted)
		return 0;
	r = usable_area(s, &a, e);
	if (r < 0)
		return r;
	base = vz_area_base(&a);
	return base ? vz_tmpl_base_use(a.template, base, s->env.ct->id, e) : 0;
}

/* No undo: the area stands on it, mounted or not. Destroy tells the base of one user less. */
const struct vz_step vz_step_base = { "base", base_do, NULL };

static void say_mounted(void)
{
	vz_log(0, "Container is mounted");
}

static int mount_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	struct vz_area a;
	int r;

	if (s->was_mounted)
		return 0;
	r = usable_area(s, &a, e);
	if (r >= 0)
		r = vz_area_mount(&a, e);
	if (r >= 0 && s->no_hooks) /* else its scripts have a say in it */
		say_mounted();
	return r;
}

/* Off VE_ROOT, without a word. */
static void unmount(struct vz_start *s)
{
	struct vz_area a;
	int r = vz_private_of(s->env.ct, &a, &s->umount_err);

	if (r >= 0)
		r = vz_area_umount(&a, &s->umount_err);
	s->umount_result = r < 0 ? r : 0;
}

static bool is_to_be_unmounted(const struct vz_start *s)
{
	return !s->keep_mount && s->umount_result >= 0 && vz_ct_is_mounted(s->env.ct);
}

static void mount_undo(void *ctx)
{
	struct vz_start *s = ctx;

	if (!is_to_be_unmounted(s))
		return;
	unmount(s);
	if (s->umount_result < 0)
		return;
	s->unmounted = true;
	vz_log(0, "Container is unmounted");
}

const struct vz_step vz_step_mount_area = { "mount", mount_do, mount_undo };

static int mount_script_do(void *ctx, struct vz_err *e)
{
	struct vz_start *s = ctx;
	int r;

	if (s->was_mounted)
		return 0;
	r = scripts_up(s->env.ct, "mount", e);
	if (r < 0) /* it goes without the scripts of the way down; the way back does not try again */
		unmount(s);
	else
		say_mounted();
	return r;
}

/* One that fails keeps it mounted. */
static void mount_script_undo(void *ctx)
{
	struct vz_start *s = ctx;
	struct vz_area a;
	int r;

	if (!is_to_be_unmounted(s) || s->no_hooks)
		return;
	r = vz_private_of(s->env.ct, &a, &s->umount_err); /* no script for what will not be unmounted */
	s->umount_result = r < 0 ? r : scripts_down(s->env.ct, "umount", &s->umount_err);
}

const struct vz_step vz_step_mount_script = { "mount-script", mount_script_do, mount_script_undo };

static int remount_do(void *ctx, struct vz_err *e)
{
	static const struct vz_step *const before[] = { &vz_step_premount, &vz_step_mount_area,
							&vz_step_mount_script, NULL };
	struct vz_start *s = ctx;
	int r;

	if (!vz_ct_is_mounted(s->env.ct))
		return 0;
	s->was_mounted = s->opts.skip_remount;
	if (s->was_mounted)
		return 0;
	vz_plan_undo(before, SIZE_MAX, s);
	r = vz_start_umounted(s, e);
	s->umount_result = 0; /* told as the reason, so not again on the way back */
	s->unmounted = false;
	return r;
}

/* No undo: what start fails to run is unmounted, as ever. */
const struct vz_step vz_step_remount = { "remount", remount_do, NULL };

/* ---- the verbs ---- */

const struct vz_step *const vz_op_mount_plan[] = {
	&vz_step_journal,
	&vz_step_ids,
	&vz_step_premount,
	&vz_step_close,  /* after premount, which may be what brings the disk */
	&vz_step_base,
	&vz_step_mount_area,
	&vz_step_mount_script,
	&vz_step_done,
	NULL,
};

/* Then that of mount is read upwards. */
const struct vz_step *const vz_op_umount_plan[] = {
	&vz_step_journal,
	NULL,
};

int vz_op_mount(struct vz_ct *ct, struct vz_err *e)
{
	struct vz_start s = { .verb = VZ_JOURNAL_MOUNT, .env = vz_env_of(ct) };
	struct vz_area a;
	int r;

	if (ct->root && vz_ct_is_mounted(ct)) {
		vz_log(-1, "Container is already mounted");
		return 0;
	}
	r = vz_dump_check_files(ct, e);
	if (r >= 0)
		r = vz_private_of(ct, &a, e);
	if (r >= 0)
		r = vz_plan_run(vz_op_mount_plan, &s, e);
	if (r < 0)
		vz_start_say_umount(&s);
	return r;
}

int vz_op_umount(struct vz_ct *ct, struct vz_err *e)
{
	struct vz_start s = { .verb = VZ_JOURNAL_UMOUNT, .env = vz_env_of(ct) };
	struct vz_area a;
	int r;

	if (!ct->root)
		return vz_fail(e, VZ_VE_ROOT_NOTSET, 0, "VE_ROOT is not set");
	if (!vz_ct_is_mounted(ct)) {
		if (vz_private_of(ct, &a, NULL) >= 0)
			vz_area_let_go(&a);
		return vz_fail(e, VZ_FS_NOT_MOUNTED, 0, "CT is not mounted");
	}
	if (vz_state_read(ct->id, &s.state) > 0)
		return vz_fail(e, VZ_VE_RUNNING, 0, "Container is running -- stop it first");
	r = vz_private_of(ct, &a, e);
	if (r >= 0)
		r = vz_plan_run(vz_op_umount_plan, &s, e);
	if (r < 0)
		return r;
	vz_plan_undo(vz_op_mount_plan, SIZE_MAX, &s);
	return vz_start_umounted(&s, e);
}
