// SPDX-License-Identifier: GPL-2.0-or-later
/* set on a real VPS: its state, its name, its shell. The rules are in set.c. */
#include "base/own.h"
#include "base/str.h"
#include "lan/lan-member.h"
#include "launch/inside.h"
#include "ops/set-internal.h"

#define PASSWORD_TIMEOUT_S 60

static bool is_running(const struct vz_ct *ct)
{
	struct vz_state st;

	return vz_state_read(ct->id, &st) > 0;
}

static int restart_for_set(struct vz_ct *ct, struct vz_err *e)
{
	return vz_op_restart(ct, &(struct vz_start_opts){ 0 }, &(struct vz_stop_opts){ 0 }, e);
}

/*
 * /etc/shadow is the guest's and may be a link to anywhere; so the guest's own chpasswd changes
 * it, inside. The word holds a colon and no control character (the option's parser saw to that),
 * so no line of the here-document can end it early, and its quotes let nothing expand.
 */
static int change_password(struct vz_ct *ct, const char *user_password, struct vz_err *e)
{
	autofree char *text = NULL;
	int code = 0, r = vz_dist_password(ct, user_password, &text, e);

	if (r < 0)
		return r;
	if (!text) /* the distribution has no way of its own */
		text = vz_fmt("chpasswd <<'END'\n%s\nEND\n", user_password);
	if (!text)
		return vz_oom(e);
	r = vz_op_run_anyway(ct,
			     &(struct vz_script){ .text = text, .timeout_s = PASSWORD_TIMEOUT_S },
			     &code, e);
	explicit_bzero(text, strlen(text));
	if (r < 0)
		return vz_within(e, r, "Password change failed");
	return code ? vz_fail(e, VZ_CHANGEPASS, 0, "Password change failed") : 0;
}

int vz_set_live(struct vz_ct *ct, struct vz_given *g, struct vz_err *e)
{
	static const struct vz_set_world world = {
		.sample_dir = VZ_CT_CONF_DIR,
		.effects = vz_effects,
		.is_running = is_running,
		.restart = restart_for_set,
		.name = vz_name_assign,
		.name_keep = vz_name_keep,
		.password = change_password,
		.distro = vz_set_distro,
	};

	return vz_set_run(ct, g, &world, e);
}

int vz_op_set(struct vz_ct *ct, struct vz_given *g, struct vz_err *e)
{
	int r = vz_set_live(ct, g, e);

	if (r >= 0 && g->save && ct->id)
		vz_lan_after_set(ct, g);
	return r;
}
