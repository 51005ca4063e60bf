// SPDX-License-Identifier: GPL-2.0-or-later
/* NUMSIGINFO; see signals.h. */
#include "apply/signals.h"
#include "base/num.h"
#include "sys/file.h"
#include "sys/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define LIMITS_MAX 4096

struct vz_pu64 vz_signals(const struct vz_conf *c)
{
	return (struct vz_pu64){ .set = c->numsiginfo.set && c->numsiginfo.lim != VZ_UNLIMITED,
				 .v = c->numsiginfo.lim };
}

/* The hard limit of a process; prlimit(2) would need CAP_SYS_RESOURCE. "unlimited" is 0, and no bound of ours. */
static uint64_t hard_limit(pid_t pid)
{
	static const char name[] = "\nMax pending signals";
	char path[32], text[LIMITS_MAX], *line;

	snprintf(path, sizeof(path), "/proc/%d/limits", pid);
	line = vz_file_read_buf(AT_FDCWD, path, text, sizeof(text)) > 0 ? strstr(text, name) : NULL;
	if (!line)
		return 0;
	(void)strtoull(line + strlen(name), &line, 10);
	return strtoull(line, NULL, 10);
}

static uint64_t bound_by(const struct vz_conf *conf)
{
	uint64_t want = conf->numsiginfo.set ? conf->numsiginfo.lim : VZ_UNLIMITED, most = vz_inherit_most_signals();

	return want < most ? want : most;
}

struct change {
	rlim_t was, is;
};

static int change_limit(pid_t pid, void *arg)
{
	const struct change *c = arg;
	struct rlimit l;

	if (prlimit(pid, RLIMIT_SIGPENDING, NULL, &l) < 0 || l.rlim_max != c->was)
		return 0;
	l = (struct rlimit){ l.rlim_cur == c->was ? c->is : l.rlim_cur, c->is };
	(void)prlimit(pid, RLIMIT_SIGPENDING, &l, NULL); /* or it stays where it was */
	return 0;
}

void vz_signals_restored(const struct vz_cg *cg, pid_t init, const struct vz_conf *conf)
{
	struct change c = { hard_limit(init), bound_by(conf) };

	if (c.is != c.was)
		(void)vz_cg_each(cg, change_limit, &c);
}

/* The bound of a user namespace is that of who made it, and nobody changes it afterwards (create_user_ns()).
 * The VPS's init has the same as its own limit. */
int vz_signals_set(const struct vz_ct *ct, const struct vz_conf *conf, struct vz_err *e)
{
	struct vz_state st;

	if (!conf->numsiginfo.set || vz_state_read(ct->id, &st) <= 0)
		return 0;
	if (!st.uid) {
		vz_fail(e, VZ_SETUBC, 0, "--numsiginfo does not hold a container without a user namespace");
		return -EOPNOTSUPP;
	}
	if (hard_limit(st.init) == bound_by(conf))
		return 0;
	vz_fail(e, VZ_SETUBC, 0, "--numsiginfo comes into force at the next start of the container");
	return -EOPNOTSUPP;
}

void vz_signals_in_force(const struct vz_state *st, const struct vz_conf *conf, struct vz_conf *own)
{
	uint64_t now = st->uid ? hard_limit(st->init) : 0;

	if (!now || now == bound_by(conf))
		return;
	if (now == vz_inherit_most_signals())
		now = VZ_UNLIMITED;
	own->numsiginfo.set = true;
	own->numsiginfo.bar = own->numsiginfo.lim = now;
}
