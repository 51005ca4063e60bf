// SPDX-License-Identifier: GPL-2.0-or-later
/* From vz.conf to the lock of a VPS; see session.h. */
#include "ops/session.h"
#include "base/context.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/once.h"
#include "ops/ops.h"

#include <string.h>

static void say_notice(int level, const char *line)
{
	vz_log(level, "%s", line);
}

int vz_session_find(struct vz_session *s, const char *which, struct vz_err *e)
{
	bool by_name = false;
	int r = vz_ct_resolve(which, &s->id, &by_name, e);

	s->name = by_name ? which : NULL;
	return r;
}

static void obey_conf(const struct vz_session *s, const struct vz_session_want *w)
{
	const struct vz_conf *c = &s->host.conf;
	struct vz_context *to = vz_context();

	if (!to)
		return; /* nothing is said or filed */
	to->verbosity = w->verbose ? w->verbose :
			c->verbose.set ? (int)c->verbose.v :
			c->log_level.set ? (int)c->log_level.v : 0;
	if (w->flags & VZ_SESSION_SILENT || to->verbosity < -1)
		to->verbosity = -1;
	vz_logfile_open(c);
	to->ctid = s->id;
}

/* Of one that may run on another host nothing is to be changed or made, whatever the command needs of it otherwise; a
 * configuration that somebody has made anew beside the one that was given away does not count. */
static int refuse_given_away(const struct vz_session *s, const struct vz_session_want *w, struct vz_err *e)
{
	if (w->flags & VZ_SESSION_GIVEN_AWAY || !vz_ct_is_given_away(&s->ct))
		return 0;
	return vz_fail(e, VZ_NOVECONFIG, 0, "Container config file does not %s: the container is being moved to another host; "
		       "run the same vzmigrate command again, which ends that", s->ct.has_conf ? "count" : "exist");
}

static int load_vps(struct vz_session *s, const struct vz_session_want *w, struct vz_err *e)
{
	int r = vz_ct_load(&s->host, s->id, &s->ct, say_notice, e);

	if (r < 0)
		return r;
	if (s->name && s->ct.own.name.set && strcmp(s->ct.own.name.v, s->name))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Unable to find container by name %s",
			       s->name);
	r = refuse_given_away(s, w, e);
	if (r >= 0 && w->flags & VZ_SESSION_NEEDS_CONF && !s->ct.has_conf)
		r = vz_fail(e, VZ_NOVECONFIG, 0, "Container config file does not exist");
	return r;
}

static int take_lock(struct vz_session *s, const struct vz_session_want *w, struct vz_err *e)
{
	int r = 0;

	if (w->flags & VZ_SESSION_BREAKS)
		r = vz_ct_lock_break(&s->ct, w->yields, say_notice, e);
	return r < 0 ? r : vz_ct_lock(&s->ct, w->verb, say_notice, e);
}

static int open_vps(struct vz_session *s, const struct vz_session_want *w, struct vz_err *e)
{
	bool changes;
	int r;

	if (!s->id && !(w->flags & VZ_SESSION_HOST_TOO))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Only set actions are allowed for CT0");
	r = vz_host_load(&s->host, say_notice, e);
	if (r < 0)
		return r;
	obey_conf(s, w);
	r = w->read_options ? w->read_options(w->arg, e) : 0;
	if (r < 0)
		return r;
	changes = w->flags & VZ_SESSION_CHANGES; /* as the options have left it */
	r = load_vps(s, w, e);
	if (r < 0)
		return r;
	r = vz_host_ready(changes, e);
	if (r < 0)
		return r;
	r = w->argv ? vz_op_hide_program(&s->ct, w->argv, e) : 0;
	if (r < 0)
		return r;
	r = w->ask_user ? w->ask_user(w->arg, e) : 0;
	if (r < 0 || !changes)
		return r;
	r = w->flags & VZ_SESSION_NO_LOCK ? 0 : take_lock(s, w, e);
	if (r >= 0) /* vzmigrate may have had the lock until now */
		r = refuse_given_away(s, w, e);
	if (r < 0)
		return r;
	if (!(w->flags & VZ_SESSION_LOOKS) && !vz_ct_is_given_away(&s->ct)) /* else its migration has to be healed */
		vz_op_heal(&s->ct, !(w->flags & VZ_SESSION_LEAVES_ENDED));
	return 0;
}

static int open_host(struct vz_session *s, const struct vz_session_want *w, struct vz_err *e)
{
	bool optional = w->flags & VZ_SESSION_CONF_OPTIONAL;
	int r = vz_host_ready(w->flags & VZ_SESSION_CHANGES, e);

	if (r >= 0 && w->argv)
		r = vz_op_hide_program(NULL, w->argv, e);
	if (r < 0)
		return r;
	r = vz_host_load(&s->host, NULL, optional ? NULL : e);
	if (r < 0)
		return optional ? 0 : r;
	if (!(w->flags & VZ_SESSION_NO_LOG))
		vz_logfile_open(&s->host.conf);
	return 0;
}

static void release(struct vz_session *s)
{
	vz_ct_unlock(&s->ct);
	vz_ct_free(&s->ct);
	vz_host_free(&s->host);
	s->host = (struct vz_host){ 0 };
}

int vz_session_open(struct vz_session *s, const struct vz_session_want *w, struct vz_err *e)
{
	int r = w->flags & VZ_SESSION_NO_VPS ? open_host(s, w, e) : open_vps(s, w, e);

	if (r < 0)
		release(s); /* what is said of it now is still about this VPS */
	return r;
}

void vz_session_close(struct vz_session *s)
{
	struct vz_context *c = vz_context();

	release(s);
	if (c)
		c->ctid = 0;
	vz_logfile_check();
}
