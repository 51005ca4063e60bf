// SPDX-License-Identifier: GPL-2.0-or-later
/* mount and umount, with their action scripts in the order of INTERFACE 4.1. */
#include "base/fault.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "ops/env.h"
#include "ops/ops.h"
#include "ops/plan.h"
#include "ops/private.h"
#include "tmpl/tmpl.h"

bool vz_private_may_be(const char *path)
{
	static const char *const ours[] = { VZ_CONFDIR, VZ_RUNDIR, VZ_STATEDIR, VZ_LIBEXECDIR,
					    VZ_SBINDIR, VZ_LOGDIR, "/usr/lib", "/usr/bin",
					    "/sys/fs/cgroup", "/dev/pts", "/proc/self" };
	size_t n = strlen(path), parts = 0;
	const char *rest = path;
	char *word;

	if (*path != '/' || strstr(path, "//") || path[n - 1] == '/' || vz_str_has_control(path))
		return false;
	for (; (word = vz_str_word(&rest, "/")); parts++) {
		bool bad = !vz_str_is_component(word);

		free(word);
		if (bad)
			return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (!strncmp(ours[i], path, n) && (!ours[i][n] || ours[i][n] == '/'))
			return false;
	return parts >= 2;
}

int vz_private_check(const char *private, const char *root, struct vz_err *e)
{
	if (!vz_private_may_be(private))
		return vz_fail(e, VZ_INVALID_CONFIG, 0,
			       "VE_PRIVATE %s is no path a container may have", private);
	if (!vz_private_may_be(root))
		return vz_fail(e, VZ_INVALID_CONFIG, 0,
			       "VE_ROOT %s is no path a container may have", root);
	return 0;
}

int vz_private_of(const struct vz_ct *ct, struct vz_area *ret, struct vz_err *e)
{
	int r;

	if (!ct->private)
		return vz_fail(e, VZ_VE_PRIVATE_NOTSET, 0, "VE_PRIVATE is not set");
	if (!ct->root)
		return vz_fail(e, VZ_VE_ROOT_NOTSET, 0, "VE_ROOT is not set");
	*ret = (struct vz_area){
		.id = ct->id,
		.private = ct->private,
		.root = ct->root,
		.template = ct->conf.template.set ? ct->conf.template.v : NULL,
		/* never guessed from what lies in the area: that is the guest's */
		.layout = vz_layout_plain,
	};
	r = ct->own.ve_layout.set ? vz_layout_find(ct->own.ve_layout.v, &ret->layout, e) : 0;
	return r < 0 ? r : vz_private_check(ct->private, ct->root, e);
}

static void say_closed(const char *dir)
{
	vz_log(-1, "Warning: users of this host could reach the files of containers below %s: its "
		   "mode is 0700 now", dir);
}

int vz_private_close(const struct vz_area *a, enum vz_exit code, struct vz_err *e)
{
	return vz_area_close(a, say_closed, code, e);
}

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

int vz_mount_check(const struct vz_ct *ct, struct vz_err *e)
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

int vz_mount_steps(struct vz_ct *ct, bool scripts, struct vz_err *e)
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

int vz_umount_steps(struct vz_ct *ct, bool scripts, struct vz_err *e)
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
	return vz_mount_steps(ct, true, e);
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
	return vz_umount_steps(ct, true, e);
}
