// SPDX-License-Identifier: GPL-2.0-or-later
/* From a VPS's configuration to what launch and cgroup need; see env.h. */
#include "ops/env.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/console.h"
#include "ct/once.h"
#include "ct/why.h"
#include "fs/dev.h"
#include "guard/guard.h"
#include "launch/conntrack.h"
#include "launch/netpolicy.h"
#include "launch/policy.h"
#include "param/switches.h"
#include "res/counts.h"
#include "res/res.h"
#include "sys/call.h"
#include "sys/idmap.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>

#define KILL_TIMEOUT_MS 10000

/* A configuration of another tool, or of an older one: gets ids of its own now. */
static int claim_ids(struct vz_ct *ct, uint32_t *ret, struct vz_err *e)
{
	struct vz_conf add = { 0 };
	int r = vz_ids_claim(ct, ret, e);

	if (r < 0)
		return r;
	add.local_uid = add.local_gid = (struct vz_pu64){ true, *ret };
	r = vz_conf_save(ct->conf_path, &add, NULL, e);
	if (r < 0) { /* a claim that nothing records is nobody's */
		vz_ids_release(ct->id);
		return r;
	}
	ct->own.local_uid = ct->own.local_gid = add.local_uid;
	ct->conf.local_uid = ct->conf.local_gid = add.local_uid;
	return 0;
}

static int replace_ids(struct vz_ct *ct, uint32_t *first, struct vz_err *e)
{
	uint32_t old = *first;
	int r = claim_ids(ct, first, e);

	if (r >= 0)
		vz_log(-1, "Warning: host ids %u-%u belong to another container, this one has %u-%u now",
		       old, old + VZ_IDS_PER_VPS - 1, *first, *first + VZ_IDS_PER_VPS - 1);
	return r;
}

int vz_env_ids(struct vz_ct *ct, uint32_t *ret_uid, uint32_t *ret_gid, struct vz_err *e)
{
	uint32_t first = (uint32_t)ct->own.local_uid.v;
	int r;

	if (vz_ct_features(ct) & VZ_FEAT_PRIVILEGED) {
		*ret_uid = *ret_gid = 0;
		return 0;
	}
	if (!ct->own.local_uid.set) {
		r = claim_ids(ct, &first, e);
	} else {
		r = vz_ids_verify(ct, first, e);
		if (r == -EEXIST) /* a configuration that was copied, with its area */
			r = replace_ids(ct, &first, e);
	}
	if (r < 0)
		return r;
	*ret_uid = first;
	*ret_gid = ct->own.local_gid.set ? (uint32_t)ct->own.local_gid.v : first;
	return 0;
}

struct vz_env vz_env_of(struct vz_ct *ct)
{
	return (struct vz_env){
		.ct = ct,
		.spec = { .id = ct->id, .features = vz_ct_features(ct), .root = -1, .dev = -1, .console = -1,
			  .stdio = { -1, -1, -1 } },
		.launch = VZ_LAUNCH_INIT,
	};
}

int vz_env_open(struct vz_env *env, struct vz_ct *ct, struct vz_err *e)
{
	*env = vz_env_of(ct);
	return vz_cg_open(ct->id, NULL, &env->cg, e);
}

void vz_env_say_privileged(const struct vz_env *env)
{
	if (env->spec.features & VZ_FEAT_PRIVILEGED)
		vz_log(-1, "WARNING: Running container privileged: its root is the host's root");
}

/* Did somebody ask for what the policy programs hold back? What is only the default is held where
 * the kernel can. */
static bool asked_for_policy(const struct vz_conf *c, uint32_t features)
{
	struct vz_switches given;

	vz_switches_of(&c->features, &given);
	for (size_t i = 0; i < given.n; i++)
		if (!given.v[i].on)
			return true;
	return (c->netfilter.set || c->iptables.set) &&
	       VZ_FEAT_NETFILTER(features) != VZ_NETFILTER_FULL;
}

static int hold_netlink(const struct vz_env *env, struct vz_err *e)
{
	int r = vz_netpolicy_set(vz_cg_id(env->cg), env->spec.features, e);

	if (r != -EOPNOTSUPP)
		return r;
	vz_say_once(asked_for_policy(&env->ct->conf, env->spec.features) ? -1 : 1, "Warning: %s", e->msg);
	return 0;
}

struct vz_starting vz_env_starting(struct vz_env *env)
{
	return (struct vz_starting){
		.ct = env->ct, .cg = env->cg, .spec = &env->spec, .bare = env->bare, .restore = env->restore
	};
}

int vz_env_cgroup(struct vz_env *env, struct vz_err *e)
{
	struct vz_err counts = { 0 };
	/* nothing says that the VPS runs, so what lives there is what a crash left */
	int r = vz_cg_populated(env->cg) > 0 ? vz_cg_kill(env->cg, KILL_TIMEOUT_MS, e) : 0;

	if (r >= 0 && vz_counts_begin(env->ct->id, env->restore, &counts) < 0)
		vz_log(-1, "Warning: %s, ignoring", counts.msg);
	return r < 0 ? r : vz_cg_create(env->cg, env->spec.uid, env->spec.gid, e);
}

void vz_env_host_ready(void)
{
	struct vz_err why = { 0 };

	(void)vz_guard_ready(&why);
	vz_netpolicy_ready();
	(void)vz_res_sockets_can(&why);
}

int vz_env_policy(struct vz_env *env, struct vz_err *e)
{
	vz_conntrack_clear(env->ct->id); /* of a network namespace that is no more */
	return hold_netlink(env, e);
}

int vz_env_limits(struct vz_env *env, struct vz_err *e)
{
	const struct vz_starting at = vz_env_starting(env);
	int r = vz_effects_start(&at, VZ_START_CHECK, e);

	return r < 0 ? r : vz_effects_start(&at, VZ_START_GROUP, e);
}

/* A detached bind of the terminal that vzeventd keeps for the VPS; -1 and success without a
 * daemon: the VPS then has no console. Cloned here, since only a mount of one's own mount
 * namespace can be. */
static int console_tree(const struct vz_spec *s, int *ret, struct vz_err *e)
{
	autoclose int tty = -EBADF;
	int r = vz_console_request(s->id, s->uid, &tty, e);

	*ret = -1;
	if (r == -ENOENT || r == -ECONNREFUSED)
		return 0;
	if (r < 0)
		return r;
	/* a group without a name inside could not be changed there, which login(1) does */
	r = fchown(tty, s->uid, s->gid + VZ_DEV_TTY_GROUP) < 0 ? -errno : 0;
	if (r >= 0)
		r = vz_open_tree(tty, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot take the console from vzeventd");
	*ret = r;
	return 0;
}

int vz_env_spec(struct vz_env *env, bool console, struct vz_err *e)
{
	struct vz_ct *ct = env->ct;
	struct vz_spec *s = &env->spec;
	const struct vz_starting at = vz_env_starting(env);
	int r;

	snprintf(env->name, sizeof(env->name), "ct%u", ct->id); /* never the host's own name */
	s->hostname = env->name;
	s->cg = env->cg;
	r = vz_policy_caps(&ct->conf, s->features, &s->caps, e);
	if (r >= 0)
		r = vz_policy_filter(s->features, &s->filter, e);
	if (r < 0)
		return r;
	s->root = vz_open_tree(AT_FDCWD, ct->root, OPEN_TREE_CLONE | AT_RECURSIVE);
	r = s->root;
	if (r >= 0)
		r = vz_mount_setattr(s->root, "", AT_EMPTY_PATH | AT_RECURSIVE, 0, 0, MS_PRIVATE,
				     -1);
	if (r < 0)
		return vz_fail(e, VZ_FS_CANTMOUNT, -r, "cannot open the tree mounted on %s",
			       ct->root);
	if (console) {
		r = console_tree(s, &s->console, e);
		if (r < 0)
			return r;
	}
	return vz_effects_start(&at, VZ_START_SPEC, e);
}

bool vz_env_is_systemd(pid_t init)
{
	char exe[sizeof("/proc//exe") + 10], to[PATH_MAX];
	ssize_t n;

	snprintf(exe, sizeof(exe), "/proc/%d/exe", init);
	n = readlink(exe, to, sizeof(to) - 1);
	if (n < 0)
		return false;
	to[n] = 0;
	return strstr(to, "/systemd") != NULL;
}

int64_t vz_env_end(const struct vz_pu64 *seconds, const char *key)
{
	bool given = seconds->set && seconds->v && seconds->v < INT_MAX;

	return vz_end_in(given ? (int)seconds->v : (int)vz_param_default(key));
}

void vz_env_policy_gone(struct vz_env *env)
{
	/* nobody there outlives what holds him; what fails is told with the group */
	if (vz_cg_populated(env->cg) > 0)
		(void)vz_cg_kill(env->cg, KILL_TIMEOUT_MS, NULL);
	vz_conntrack_clear(env->ct->id);
	if (vz_cg_exists(env->cg))
		vz_netpolicy_clear(vz_cg_id(env->cg));
}

void vz_env_cgroup_gone(struct vz_env *env)
{
	struct vz_err e = { 0 }, counts = { 0 };

	if (!vz_cg_exists(env->cg))
		return;
	if (vz_cg_kill(env->cg, KILL_TIMEOUT_MS, &e) < 0)
		goto failed;
	if (vz_why_look(env->cg, 0, NULL) < 0)
		vz_log(-1, "Warning: cannot write the journal of limits in " VZ_WHY_DIR ", ignoring");
	if (vz_counts_keep(env->ct->id, env->cg, &counts) < 0)
		vz_log(-1, "Warning: %s, ignoring", counts.msg);
	if (vz_cg_destroy(env->cg, &e) >= 0)
		return;
failed:
	vz_log(-1, "Warning: %s, ignoring", e.msg);
}

void vz_env_close(struct vz_env *env)
{
	vz_launch_close(&env->launch);
	vz_filter_free(&env->spec.filter);
	vz_closep(&env->spec.root);
	vz_closep(&env->spec.dev);
	vz_closep(&env->spec.console);
	vz_cg_close(TAKE_PTR(env->cg));
}
