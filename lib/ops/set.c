// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The verb set: which parameters of a command line come into force at once, which need a restart,
 * which are only saved, and what is said about each (INTERFACE 1.7.3). What a parameter does is in
 * the table of lib/apply/effects.h; what set does beside that, in setlive.c.
 */
#include "apply/nics.h"
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "nic/veth-names.h"
#include "ops/private.h"
#include "ops/set-internal.h"

#include <sys/stat.h>

struct set {
	struct vz_ct *ct;
	struct vz_given *g;
	const struct vz_set_world *world;
	bool running;
	const char *named;      /* the name that has a link now, beside the former one; NULL: none was made */
	struct vz_conf changed; /* the rows to save, lists complete */
};

/* Is this row on the command line (a sample does not count)? */
static bool is_given(const struct set *s, const struct vz_param *p)
{
	return vz_param_is_set(p, &s->g->add) || vz_param_is_set(p, &s->g->del);
}

static bool any_row(const struct vz_conf *c)
{
	for (size_t i = 0; i < vz_nparams; i++)
		if (vz_param_is_set(&vz_params[i], c))
			return true;
	return false;
}

/* ---- what does not fit together ---- */

static int check_host(const struct set *s, struct vz_err *e)
{
	for (size_t i = 0; i < vz_nparams; i++)
		if (vz_params[i].opt && is_given(s, &vz_params[i]) &&
		    !(vz_params[i].where & IN_HOST))
			return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
				       "Option --%s is not applicable to CT0", vz_params[i].opt);
	if (s->g->applyconfig || s->g->applyconfig_map || s->g->userpasswd.set || s->g->reset_ub)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "Only parameters can be set for CT0");
	if (!s->g->save)
		return vz_fail(e, VZ_BAD_KERNEL, 0,
			       "The host has no group of its own to apply parameters to, use "
			       "--save to keep them");
	return 0;
}

static int check_rows(const struct set *s, struct vz_err *e)
{
	for (size_t i = 0; i < vz_nparams; i++) {
		const struct vz_param *p = &vz_params[i];

		if (!(p->where & NEEDS_SAVE) || s->g->save || !is_given(s, p))
			continue;
		return vz_fail(e, p->unsaved ? p->unsaved : VZ_INVALID_PARAMETER_SYNTAX, 0,
			       "Option --%s needs --save", p->opt);
	}
	return 0;
}

/* --ifname changes a device; it does not make one. */
static int check_devices(const struct set *s, struct vz_err *e)
{
	autonetifs named = { 0 }, have = { 0 }, added = { 0 };
	int r = vz_netifs_of(&s->g->ifname, &named, e);

	if (r >= 0)
		r = vz_netifs_of(&s->ct->conf.netif, &have, e);
	if (r >= 0)
		r = vz_netifs_of(&s->g->add.netif, &added, e);
	for (size_t i = 0; r >= 0 && i < named.n; i++) {
		const char *ifname = named.v[i].v[VZ_NETIF_IFNAME];

		if (!vz_netifs_find(&have, ifname) && !vz_netifs_find(&added, ifname))
			r = vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0,
				    "Invalid usage: veth device %s is not configured, use "
				    "--netif_add option first", ifname);
	}
	return r;
}

static int check(const struct set *s, struct vz_err *e)
{
	const struct vz_given *g = s->g;
	bool restart = vz_str_eq(g->setmode, "restart");
	int r;

	if (g->reset_ub && (any_row(&g->add) || any_row(&g->del) || g->save || g->applyconfig ||
			    g->applyconfig_map || g->setmode || g->userpasswd.set))
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0,
			       "Error: option --reset_ub is exclusive");
	if ((g->force || restart) && !g->save)
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Error: %s needs --save",
			       g->force ? "--force" : "--setmode restart");
	if (g->offline_resize && !g->add.diskspace.set)
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0,
			       "Error: --offline-resize needs --diskspace");
	if (g->offline_resize)
		return vz_fail(e, VZ_PLOOP_UNSUP, 0,
			       "Option --offline-resize is for the ploop layout, which is not "
			       "supported");
	r = check_devices(s, e);
	if (r >= 0)
		r = check_rows(s, e);
	if (r >= 0)
		r = vz_conf_check(&g->add, &s->ct->conf, e);
	return r >= 0 && !s->ct->id ? check_host(s, e) : r;
}

/* ---- what happens first, saved or not ---- */

static int check_path(const struct set *s, const struct vz_pstr *path, const char *opt,
		      struct vz_err *e)
{
	autofree char *full = path->set ? vz_conf_expand(path->v, s->ct->id) : NULL;

	if (!path->set || (full && vz_private_may_be(full)))
		return 0;
	return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Bad parameter for --%s: %s", opt,
		       path->v);
}

/* A VPS that has an area would lose it: nothing but `set` would work any more. */
static int check_area(const struct set *s, const struct vz_pstr *path, struct vz_err *e)
{
	autofree char *full = path->set ? vz_conf_expand(path->v, s->ct->id) : NULL;
	struct stat st;

	if (!full || !s->ct->private || access(s->ct->private, F_OK) < 0 ||
	    (!stat(full, &st) && S_ISDIR(st.st_mode)))
		return 0;
	return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
		       "Bad parameter for --private: %s (move %s there first)", path->v,
		       s->ct->private);
}

/* What of a change has to stand in files of the VPS too. */
static unsigned told_inside(const struct set *s, const struct vz_conf *c)
{
	return vz_effects_distro(s->world->effects, vz_effects_of(c));
}

static int assign_name(struct set *s, const char *name, struct vz_err *e)
{
	int r = s->world->name(s->ct, name, e);

	if (r >= 0)
		s->named = name;
	return r;
}

/* The name that the file has in the end; the other's link goes. */
static void settle_name(const struct set *s, bool saved)
{
	const struct vz_pstr *former = &s->ct->own.name;

	if (!s->named)
		return;
	s->world->name_keep(s->ct->id, saved ? s->named : former->set ? former->v : NULL);
	if (saved && s->g->name_given)
		vz_log(0, "Name %s assigned", s->named);
}

static int early(struct set *s, struct vz_err *e)
{
	const struct vz_given *g = s->g;
	int r = 0;

	if (g->applyconfig_map && s->ct->own.name.set)
		r = assign_name(s, s->ct->own.name.v, e);
	if (r >= 0 && g->name_given)
		r = assign_name(s, g->add.name.v, e);
	if (r < 0)
		return r;
	if (s->running && (g->add.ve_root.set || g->add.ve_private.set))
		return vz_fail(e, VZ_VE_RUNNING, 0,
			       "Unable to change VE_ROOT or VE_PRIVATE of a running container");
	if (s->ct->id && (g->userpasswd.n || told_inside(s, &g->add) || told_inside(s, &g->del)))
		r = s->world->distro(s->ct, NULL, e);
	if (r >= 0)
		r = check_path(s, &g->add.ve_private, "private", e);
	if (r >= 0)
		r = check_area(s, &g->add.ve_private, e);
	if (r >= 0)
		r = check_path(s, &g->add.ve_root, "root", e);
	for (size_t i = 0; r >= 0 && i < g->userpasswd.n; i++)
		r = s->world->password(s->ct, g->userpasswd.v[i], e);
	return r;
}

/* The rows of a sample as if given; what is really given wins. */
static int take_sample(struct set *s, struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/ve-%s.conf-sample", s->world->sample_dir,
				     s->g->applyconfig);
	autoconf sample = { 0 };
	int r = path ? vz_conf_load(path, &sample, NULL, e) : -ENOMEM;

	if (r == -ENOENT)
		return vz_fail(e, VZ_APPLY_CONFIG_ERROR, 0, "Sample config file not found: %s",
			       path);
	if (r < 0)
		return vz_fail(e, VZ_APPLY_CONFIG_ERROR, -r, "Unable to read the sample %s",
			       s->g->applyconfig);
	for (size_t i = 0; i < vz_nparams; i++)
		if (vz_params[i].where & (NOT_SAMPLE | IN_GLOBAL))
			vz_conf_unset(&sample, &vz_params[i]);
	r = vz_conf_set(&sample, vz_param_by_key("ORIGIN_SAMPLE"), s->g->applyconfig, false, e);
	if (r >= 0)
		r = vz_conf_merge(&sample, &s->changed);
	if (r >= 0)
		r = vz_conf_merge(&s->changed, &sample);
	return r;
}

static int check_possible(const struct set *s, struct vz_err *e)
{
	int r = 0;

	for (const struct vz_effect *row = s->world->effects; r >= 0 && row->bit; row++)
		if (row->possible)
			r = row->possible(&s->changed, e);
	return r;
}

/* ---- a stopped VPS, without --save ---- */

/* Is there a parameter of this row, also one that nothing on this kernel would hold? */
static bool is_refused(const struct set *s, const struct vz_effect *row)
{
	for (size_t i = 0; i < vz_nparams; i++)
		if ((vz_params[i].apply & row->bit || vz_params[i].where & row->refuses) &&
		    vz_param_is_set(&vz_params[i], &s->changed))
			return true;
	return false;
}

static int refuse_rows(const struct set *s, bool last, struct vz_err *e)
{
	for (const struct vz_effect *row = s->world->effects; row->bit; row++) {
		if (row->refused_last != last || !is_refused(s, row))
			continue;
		if (row->to_do)
			return vz_fail(e, VZ_VE_NOT_RUNNING, 0,
				       "Unable to %s: container is not running", row->to_do(s->g));
		return vz_fail(e, VZ_VE_NOT_RUNNING, 0,
			       "Unable to apply %s parameters: container is not running", row->what);
	}
	return 0;
}

static int refuse_stopped(const struct set *s, struct vz_err *e)
{
	int r = refuse_rows(s, false, e);

	return r < 0 ? r : refuse_rows(s, true, e);
}

/* ---- a running VPS ---- */

bool vz_set_needs_restart(const struct vz_param *p)
{
	return p->opt && p->where & IN_SET && !(p->where & (LIVE | NO_RESTART | UNENFORCED));
}

static void say_needs_restart(const struct vz_param *p)
{
	vz_log(-1, "Unable to %s%s on a running container", p->restart ? p->restart : "set ",
	       p->restart ? "" : p->key);
}

/* How many parameters need a restart; each is told when `say`. */
static unsigned restart_rows(const struct set *s, bool say)
{
	unsigned n = 0;

	for (size_t i = 0; i < vz_nparams; i++) {
		const struct vz_param *p = &vz_params[i];

		if (!vz_set_needs_restart(p) || !vz_param_is_set(p, &s->changed))
			continue;
		n++;
		if (say)
			say_needs_restart(p);
	}
	return n;
}

static int apply_row(struct set *s, const struct vz_effect *row, const struct vz_conf *whole,
		     struct vz_err *e)
{
	const struct vz_setting at = { .ct = s->ct, .g = s->g, .conf = whole, .row = row };
	int r;

	if (row->announce)
		row->announce(&s->changed);
	r = row->live ? row->live(&at, e) : 0;
	if (r < 0 && !(row->partly && r == -EOPNOTSUPP))
		return r;
	if (r < 0 && row->say_lacking) /* what the kernel can do is done */
		row->say_lacking(&s->changed);
	else if (r < 0)
		vz_log(-1, "Warning: %s, skipping", e->msg);
	if (row->said_done)
		vz_log(0, "%s", row->said_done);
	return 0;
}

static int reset_ub(struct set *s, struct vz_err *e)
{
	const struct vz_effect *row = s->world->effects;
	int r = 0;

	if (!s->running)
		return vz_fail(e, VZ_VE_NOT_RUNNING, 0,
			       "Unable to apply UBC parameters: container is not running");
	for (; r >= 0 && row->bit; row++)
		if (row->bit == APPLY_UBC)
			r = apply_row(s, row, &s->ct->conf, e);
	return r;
}

/* Last, so that the files say what is already so. */
static int tell_inside(struct set *s, const struct vz_conf *whole, struct vz_err *e)
{
	const struct vz_plist *del = &s->g->del.ip_address;
	struct vz_dist_change c = {
		.ve_state = "running",
		.what = told_inside(s, &s->changed),
		.conf = whole,
		.added = &s->g->add.ip_address,
		.removed = del,
		.removed_all = vz_plist_is_all(del),
	};

	return c.what ? s->world->distro(s->ct, &c, e) : 0;
}

static int apply(struct set *s, struct vz_err *e)
{
	const unsigned bits = vz_effects_of(&s->changed);
	autoconf whole = { 0 };
	int r = vz_conf_merge(&whole, &s->ct->conf);

	if (r >= 0)
		r = vz_conf_merge(&whole, &s->changed);
	if (r < 0)
		return vz_oom(e);
	for (const struct vz_effect *row = s->world->effects; r >= 0 && row->bit; row++)
		if (row->bit & bits)
			r = apply_row(s, row, &whole, e);
	return r < 0 ? r : tell_inside(s, &whole, e);
}

static int restart(struct set *s, struct vz_err *e)
{
	int r = vz_conf_merge(&s->ct->own, &s->changed);

	if (r >= 0)
		r = vz_conf_merge(&s->ct->conf, &s->changed);
	return r < 0 ? vz_oom(e) : s->world->restart(s->ct, e);
}

static int set_running(struct set *s, struct vz_err *e)
{
	bool by_restart = vz_str_eq(s->g->setmode, "restart");
	unsigned n = restart_rows(s, !by_restart);
	int r;

	if (n && by_restart)
		return restart(s, e);
	if (n && s->g->setmode)
		return vz_fail(e, VZ_VE_RUNNING, 0,
			       "The container must be restarted to change these parameters");
	r = apply(s, e);
	if (r < 0)
		return r;
	if (n) {
		vz_log(-1, "WARNING: Some of the parameters could not be applied to a running "
			   "container.");
		vz_log(-1, "\tPlease consider using --setmode option");
	}
	return 0;
}

/* ---- saving, and the whole ---- */

static int save(struct set *s, struct vz_err *e)
{
	const char *path = s->ct->conf_path;
	bool changed;
	int r;

	if (!s->ct->has_conf)
		vz_log(-1, "WARNING: %s not found: %s", path, strerror(ENOENT));
	r = vz_conf_save(path, &s->changed, &changed, e);
	if (r < 0)
		return r;
	if (changed)
		vz_log(0, "CT configuration saved to %s", path);
	else
		vz_log(0, "No changes in CT configuration, not saving");
	return 0;
}

static void say_not_saved(const struct set *s)
{
	if (!any_row(&s->changed))
		return;
	if (s->running)
		vz_log(0, "WARNING: Settings were not saved to config and will be lost after CT "
			  "restart (use --save flag)");
	else
		vz_log(0, "WARNING: Settings were not saved to config (use --save flag)");
}

/* One line for what is kept but makes no difference, so that nobody relies on it. */
static void say_unenforced(const struct set *s)
{
	autostr names = { 0 };

	for (size_t i = 0; i < vz_nparams; i++)
		if (vz_params[i].opt && vz_params[i].where & UNENFORCED &&
		    is_given(s, &vz_params[i]))
			vz_str_addf(&names, " %s", vz_params[i].opt);
	if (names.len)
		vz_log(0, "Warning: kept in the configuration, but not enforced:%s", names.s);
}

static void warn_of_values(const struct set *s)
{
	for (const struct vz_effect *row = s->world->effects; row->bit; row++)
		if (row->warn)
			row->warn(&s->changed);
}

/* Of each pair that was given: which of the two counts differs (ctid.conf(5)). */
static void say_crossed(const struct set *s)
{
	for (size_t i = 0; i < vz_nparams; i++) {
		const struct vz_param *p = &vz_params[i];
		autofree char *text = NULL;

		if (!p->opt || !vz_param_is_crossed(p, &s->g->add))
			continue;
		text = vz_conf_text(&s->g->add, p);
		vz_log(-1, "Warning: --%s %s: the barrier is above the limit", p->opt, text ? text : "");
	}
}

static int say_unknown_devices(const struct set *s, struct vz_err *e)
{
	const struct vz_plist *del = &s->g->del.netif, *given = &s->g->del.netdev;
	autonetifs gone = { 0 }, have = { 0 };
	autonetdevs lost = { 0 };
	int r = vz_plist_is_all(del) ? 0 : vz_netifs_of(del, &gone, e);

	if (r >= 0)
		r = vz_netifs_of(&s->ct->conf.netif, &have, e);
	for (size_t i = 0; r >= 0 && i < gone.n; i++)
		if (!vz_netifs_find(&have, gone.v[i].v[VZ_NETIF_IFNAME]))
			vz_nics_say_unknown(gone.v[i].v[VZ_NETIF_IFNAME]);
	if (r >= 0 && !vz_plist_is_all(given))
		r = vz_netdevs_of(given, &lost, e);
	if (r >= 0)
		vz_nics_leave_unknown_netdevs(&lost, s->ct);
	return r;
}

/* What is taken, though it may not be what was meant. */
static int say_odd_values(const struct set *s, struct vz_err *e)
{
	say_unenforced(s);
	say_crossed(s);
	if (!s->ct->id)
		return 0;
	warn_of_values(s);
	/* one that runs may have devices that are not saved: those are looked at when it is changed */
	return s->running || !s->g->save ? 0 : say_unknown_devices(s, e);
}

/* The rows that are to hold from now on: lists complete, those of a sample below what is given. */
static int gather(struct set *s, struct vz_err *e)
{
	int r = vz_given_resolve(s->g, &s->ct->conf, &s->changed);

	if (r < 0)
		return r;
	r = s->changed.netif.set ? vz_veth_complete(&s->changed.netif, s->ct->id, e) : 0;
	if (r < 0)
		return r;
	return s->g->applyconfig ? take_sample(s, e) : 0;
}

static int set(struct set *s, struct vz_err *e)
{
	int r = check(s, e);

	if (r < 0)
		return r;
	if (s->g->reset_ub)
		return reset_ub(s, e);
	r = early(s, e);
	if (r < 0)
		return r;
	r = gather(s, e);
	if (r < 0)
		return r;
	r = s->ct->id && s->g->save ? check_possible(s, e) : 0; /* or every later start would fail */
	if (r < 0)
		return r;
	r = say_odd_values(s, e);
	if (r < 0)
		return r;
	if (s->running)
		r = set_running(s, e);
	else if (!s->g->save)
		r = refuse_stopped(s, e);
	if (r < 0 && s->g->save && e->exit != VZ_VE_RUNNING) {
		/* the cause first, then what it means for the file */
		vz_log(-1, "%s", e->msg);
		vz_fail(e, (enum vz_exit)e->exit, 0,
			"Error: failed to apply some parameters, not saving configuration file!");
	}
	if (r < 0)
		return r;
	if (s->g->save)
		return save(s, e);
	if (!s->g->is_saved)
		say_not_saved(s);
	return 0;
}

int vz_set_distro(struct vz_ct *ct, const struct vz_dist_change *c, struct vz_err *e)
{
	struct vz_state st;

	if (!c)
		return vz_dist_check(ct, e);
	if (vz_state_read(ct->id, &st) <= 0)
		return vz_fail(e, VZ_VE_NOT_RUNNING, 0, "Container is not running");
	return vz_dist_apply(ct, &st, c, e);
}

int vz_set_run(struct vz_ct *ct, struct vz_given *g, const struct vz_set_world *world,
	       struct vz_err *e)
{
	struct set s = { .ct = ct, .g = g, .world = world };
	struct vz_err own = { 0 };
	int r;

	s.running = ct->id && world->is_running(ct);
	r = set(&s, &own);
	settle_name(&s, r >= 0);
	if (r < 0 && !own.msg[0])
		vz_fail(&own, VZ_RESOURCE, -r, "Unable to set parameters");
	if (r < 0 && e)
		*e = own;
	vz_conf_free(&s.changed);
	return r;
}
