// SPDX-License-Identifier: GPL-2.0-or-later
/* check-migrate: the verdict on the VPS, in front of the user; see check-migrate.h. */
#include "ops/check-migrate.h"
#include "base/own.h"
#include "cpt/facts.h"
#include "cpt/verdict.h"
#include "sys/file.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#define IN_LIST_MS 1000 /* of each: there may be hundreds */
#define HOST_SECONDS 60 /* the first time in a boot it tries its CRIU */

static int tell_verdict(const struct vz_cpt_verdict *v, vz_obstacle_each *each, void *arg)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct vz_cpt_finding *f = &v->all[i];
		const struct vz_obstacle o = {
			.kind = f->kind->name,
			.refuses = f->kind->weight == VZ_CPT_REFUSES,
			.pid = f->pid,
			.command = f->command,
			.object = f->object,
			.remedy = f->kind->remedy,
		};

		each(&o, arg);
	}
	return (int)v->refusing;
}

/* ---- the other host ---- */

/* A file in memory that cannot grow beyond `max`, whose rest is zeros. */
static int bounded_file(size_t max)
{
	autoclose int fd = memfd_create("facts", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	return fd >= 0 && ftruncate(fd, (off_t)max) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) == 0 ?
		       TAKE_FD(fd) : -errno;
}

/* What it tells of itself; the caller frees. */
static int ask_host(const char *host, char **ret, struct vz_err *e)
{
	autofree char *user = strchr(host, '@') ? strdup(host) : vz_fmt("root@%s", host);
	const char *const argv[] = { "ssh", "-oBatchMode=yes", "-oConnectTimeout=10", user, "vzctl", "check",
				     "--facts", NULL };
	autoclose int out = bounded_file(VZ_CPT_FACTS_MAX);
	struct vz_spawn s = VZ_SPAWN_INIT;
	char path[40];
	ssize_t n;
	int r;

	if (!user || out < 0)
		return vz_oom(e);
	s.argv = (char *const *)argv;
	s.out = out;
	s.seconds = HOST_SECONDS;
	r = vz_spawn_run(&s);
	if (r != 0)
		return vz_fail(e, VZ_SYSTEM, r < 0 ? -r : 0, "%s cannot be asked by ssh and vzctl check --facts%s", host,
			       r == 255 ? ": ssh refused" : "");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", out);
	n = vz_file_read(AT_FDCWD, path, VZ_CPT_FACTS_MAX, ret);
	return n < 0 ? vz_fail(e, VZ_SYSTEM, (int)-n, "the answer of %s", host) : 0;
}

struct tell_gaps {
	vz_obstacle_each *each;
	void *arg;
};

static void tell_gap(const struct vz_cpt_gap *gap, void *arg)
{
	const struct tell_gaps *t = arg;

	t->each(&(struct vz_obstacle){ .kind = gap->key, .refuses = gap->weight == VZ_CPT_REFUSES, .command = "",
				       .object = gap->object, .remedy = gap->remedy }, t->arg);
}

/* How many things refuse. */
static int compare_hosts(const struct vz_ct *ct, const struct vz_state *st, const char *host, struct tell_gaps *to,
			 struct vz_err *e)
{
	autofree char *there = NULL;
	struct vz_cpt_need need;
	autostr here = { 0 };
	int r = ask_host(host, &there, e);

	if (r >= 0)
		r = vz_cpt_host_facts(ct->host, &here, e);
	if (r >= 0)
		r = vz_cpt_need_of(ct, st, &need, e);
	if (r < 0)
		return r;
	r = vz_cpt_facts_compare(&need, here.s, there, tell_gap, to);
	vz_cpt_need_free(&need);
	return r == -EBADMSG ? vz_fail(e, VZ_SYSTEM, 0, "%s does not know vzctl check --facts", host) : r;
}

int vz_op_check_migrate(const struct vz_ct *ct, const char *host, vz_obstacle_each *each, void *arg,
			struct vz_err *e)
{
	struct tell_gaps to = { each, arg };
	struct vz_cpt_verdict v;
	struct vz_state st;
	int r, gaps = 0;

	if (vz_state_read(ct->id, &st) <= 0)
		return vz_fail(e, VZ_VE_NOT_RUNNING, 0, "Container is not running");
	r = vz_cpt_verdict(ct, &st, VZ_CPT_VERDICT_MS, &v, e);
	if (r < 0)
		return r;
	r = tell_verdict(&v, each, arg);
	vz_cpt_verdict_free(&v);
	if (host)
		gaps = compare_hosts(ct, &st, host, &to, e);
	if (gaps < 0)
		return gaps;
	return r + gaps ? vz_fail(e, VZ_CHKPNT, 0, "CT %u cannot be moved as it is", ct->id) : 0;
}

int vz_op_is_migratable(const struct vz_ct *ct, const struct vz_state *state)
{
	struct vz_cpt_verdict v;
	int r = vz_cpt_verdict(ct, state, IN_LIST_MS, &v, NULL);

	if (r < 0)
		return r;
	r = !v.refusing;
	vz_cpt_verdict_free(&v);
	return r;
}

void vz_obstacle_kinds(vz_obstacle_each *each, void *arg)
{
	const struct vz_cpt_kind *k;

	for (size_t i = 0; (k = vz_cpt_kind(i)); i++)
		each(&(struct vz_obstacle){ .kind = k->name, .refuses = k->weight == VZ_CPT_REFUSES, .command = "",
					    .object = k->what, .remedy = k->remedy }, arg);
}
