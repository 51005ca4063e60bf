// SPDX-License-Identifier: GPL-2.0-or-later
/* Can a VPS leave this host for that one? Nothing is changed on either. */
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/disk.h"
#include "cpt/facts.h"
#include "cpt/verdict.h"
#include "move/leave-internal.h"
#include "move/memory.h"
#include "ops/private.h"
#include "sys/file.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/random.h>

#define CONF_MAX (1u << 20)
#define WARNED_MAX 10

bool vz_migrate_is_suspended(const struct vz_ct *ct)
{
	struct vz_state st;

	return vz_state_read(ct->id, &st) <= 0 && vz_ct_has_dump(ct);
}

static int check_here(struct vz_leaving *m, struct vz_err *e)
{
	struct vz_err why = { 0 };
	struct vz_state st;
	int r;

	m->record.there = m->o->renew.id ? m->o->renew.id : m->ct->id;
	m->running = vz_state_read(m->ct->id, &st) > 0;
	m->mounted = !m->running && vz_ct_is_mounted(m->ct);
	m->suspended = vz_migrate_is_suspended(m->ct);
	r = vz_private_of(m->ct, &m->area, &why);
	if (r >= 0)
		r = vz_layout_usable(m->area.layout, &why);
	if (r < 0)
		return vz_fail(e, AS(LAYOUT), 0, "%s", why.msg);
	if (!vz_spawn_finds("rsync"))
		return vz_fail(e, AS(COPY), 0, "There is no rsync here: install it, on both hosts");
	if (access(m->area.private, F_OK) < 0)
		return vz_fail(e, AS(MISSING), errno, "CT %u has no private area %s", m->ct->id, m->area.private);
	return 0;
}

static int send_conf(struct vz_leaving *m, struct vz_err *e)
{
	autofree char *text = NULL;
	ssize_t n = vz_file_read(AT_FDCWD, m->ct->conf_path, CONF_MAX, &text);

	if (n < 0)
		return vz_fail(e, AS(MISSING), (int)-n, "cannot read %s", m->ct->conf_path);
	return vz_remote_put(&m->remote, "conf", text, (size_t)n, e);
}

static int make_token(struct vz_moving *record, struct vz_err *e)
{
	uint64_t v[2];

	if (getrandom(v, sizeof(v), 0) != sizeof(v))
		return vz_fail(e, VZ_SYSTEM, errno, "no random numbers");
	snprintf(record->token, sizeof(record->token), "%016" PRIx64 "%016" PRIx64, v[0], v[1]);
	return 0;
}

static enum vz_exit code_of(const char *key)
{
	static const struct {
		const char *key;
		enum vz_migrate_exit code;
	} table[] = { { "cpu", VZ_MIGRATE_CPU }, { "machine", VZ_MIGRATE_CPU }, { "layouts", VZ_MIGRATE_LAYOUT },
		      { "ctids", VZ_MIGRATE_EXISTS }, { "ips", VZ_MIGRATE_IP } };

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (!strcmp(table[i].key, key))
			return (enum vz_exit)table[i].code;
	return AS(REMOTE);
}

/* The word of --nodeps that it has. */
static unsigned check_of(const char *key)
{
	return !strcmp(key, "cpu") ? VZ_MIGRATE_NO_CPU :
	       !strcmp(key, "disk.free") || !strcmp(key, "dump.free") ? VZ_MIGRATE_NO_DISK : 0;
}

struct judging {
	const struct vz_leaving *m;
	const char *there;    /* the facts of the other host */
	struct vz_err first; /* that refuses and is not ignored */
};

static enum vz_exit code_for(const struct judging *j, const struct vz_cpt_gap *gap)
{
	/* one that is there is too old */
	autofree char *criu = strcmp(gap->key, "criu") ? NULL : vz_cpt_fact(j->there, "criu");

	return criu ? AS(VERSION) : code_of(gap->key);
}

static void judge(const struct vz_cpt_gap *gap, void *arg)
{
	struct judging *j = arg;
	bool ignored = gap->weight == VZ_CPT_REFUSES && j->m->o->ignore & check_of(gap->key);

	if (gap->weight != VZ_CPT_REFUSES || ignored || *j->first.msg)
		vz_log(-1, "%s: %s: %s", gap->weight == VZ_CPT_REFUSES ? "Error" : "Warning", j->m->o->host, gap->object);
	else
		(void)vz_fail(&j->first, code_for(j, gap), 0, "%s: %s: %s", j->m->o->host, gap->object, gap->remedy);
	if (ignored)
		vz_log(-1, VZ_MIGRATE_IGNORING);
}

static int compare_hosts(struct vz_leaving *m, const struct vz_state *st, char **ret_there, struct vz_err *e)
{
	autofree char *there = NULL;
	struct judging j = { .m = m };
	struct vz_cpt_need need;
	autostr here = { 0 };
	int r = vz_remote_ask(&m->remote, &there, e, "facts");

	if (r >= 0)
		r = vz_cpt_host_facts(m->ct->host, &here, e);
	if (r >= 0)
		r = vz_cpt_need_of(m->ct, st, &need, e);
	if (r < 0)
		return r;
	need.ctid = m->record.there;
	m->bytes = need.ram;
	vz_ips_free(&need.ips); /* those of VPSes that run there were looked at, others may stay */
	need.ips = (struct vz_ips){ 0 };
	j.there = there;
	r = vz_cpt_facts_compare(&need, here.s, there, judge, &j);
	vz_cpt_need_free(&need);
	if (r < 0)
		return vz_fail(e, AS(REMOTE), 0, "%s does not tell its facts", m->o->host);
	if (*j.first.msg)
		*e = j.first;
	*ret_there = TAKE_PTR(there);
	return *j.first.msg ? -EINVAL : 0;
}

/* What both hosts can do, and the user may not want: told before anything begins. */
static void warn_of(const struct vz_ct *ct, const struct vz_cpt_verdict *v)
{
	size_t n = v->n - v->refusing, shown = n < WARNED_MAX ? n : WARNED_MAX;

	for (size_t i = v->refusing; i < v->refusing + shown; i++) {
		const struct vz_cpt_finding *f = &v->all[i];
		char who[80] = "";

		if (f->pid)
			snprintf(who, sizeof(who), "process %d (%s), ", f->pid, f->command);
		vz_log(-1, "Warning: %s%s: %s; remedy: %s", who, f->kind->name, f->object, f->kind->remedy);
	}
	if (n > shown || v->cut)
		vz_log(-1, "Warning: %zu more%s: vzctl check-migrate %u", n - shown, v->cut ? " at least" : "", ct->id);
}

static int ask_verdict(const struct vz_ct *ct, const struct vz_state *st, bool warns, struct vz_err *e)
{
	struct vz_cpt_verdict v = { 0 };
	struct vz_err why = { 0 };
	int r = vz_cpt_verdict(ct, st, VZ_CPT_VERDICT_MS, &v, &why);

	if (r >= 0)
		r = vz_cpt_verdict_refuse(ct, &v, &why);
	if (r >= 0 && warns)
		warn_of(ct, &v);
	vz_cpt_verdict_free(&v);
	return r < 0 ? (vz_fail(e, AS(STOP), 0, "%s", why.msg), r) : 0;
}

int vz_migrate_can_go_on(const struct vz_ct *ct, struct vz_err *e)
{
	struct vz_state st;

	return vz_ct_is_given_away(ct) || vz_state_read(ct->id, &st) <= 0 ? 0 : ask_verdict(ct, &st, false, e);
}

static int say_stopped(const struct vz_leaving *m, struct vz_err *e)
{
	return vz_fail(e, AS(STOPPED), 0, "CT %u is stopped: leave out --online, and it is moved as it is", m->ct->id);
}

static int check_online(struct vz_leaving *m, struct vz_err *e)
{
	autofree char *there = NULL;
	struct vz_state st;
	int r;

	if (vz_state_read(m->ct->id, &st) <= 0)
		return say_stopped(m, e);
	r = ask_verdict(m->ct, &st, true, e);
	if (r < 0 && e->exit == AS(STOP)) /* a line of its own: the sentence may be as long as one can be */
		vz_log(-1, "Without --online, or with --cold, CT %u is stopped for the move and started there", m->ct->id);
	if (r >= 0)
		r = compare_hosts(m, &st, &there, e);
	return r < 0 ? r : vz_memory_choose(m, there, e);
}

static int want(void *arg, const char *key, const char *value, struct vz_err *e)
{
	struct vz_leaving *m = arg;

	return vz_remote_ask(&m->remote, NULL, e, "want %s %s", key, value);
}

static int check_there(struct vz_leaving *m, char **ret_facts, struct vz_err *e)
{
	int r = vz_remote_open(&m->remote, &m->wire, e);

	if (r >= 0)
		r = make_token(&m->record, e);
	if (r >= 0)
		r = send_conf(m, e);
	if (r >= 0)
		r = vz_renew_each(&m->o->renew, want, m, e);
	return r < 0 ? r : vz_remote_ask(&m->remote, ret_facts, e, "check %u %s %u %u", m->record.there,
					 m->record.token, m->o->ignore, m->ct->id);
}

struct room {
	const char *fact; /* what the other host says of it; one that does not tell is not asked */
	const char *what, *remedy;
};

static int compare_room(const struct vz_leaving *m, const struct room *which, const char *facts, uint64_t need, struct vz_err *e)
{
	autofree char *text = vz_remote_fact(facts, which->fact);
	struct vz_err why = { 0 };
	uint64_t room;
	int r;

	if (!text || vz_num_u64(text, UINT64_MAX, &room) < 0 || need <= room)
		return 0;
	r = vz_fail(&why, AS(REMOTE), 0, "%s: %" PRIu64 " MiB of %s are free, %" PRIu64 " are needed: %s", m->o->host, room >> 20,
		    which->what, (need >> 20) + 1, which->remedy);
	if (!(m->o->ignore & VZ_MIGRATE_NO_DISK))
		return *e = why, r;
	vz_log(-1, "Error: %s", why.msg);
	vz_log(-1, VZ_MIGRATE_IGNORING);
	return 0;
}

/* Of one that is moved down, with the dump of one that is suspended: online the hosts are compared in all. */
static int check_room(const struct vz_leaving *m, const char *facts, struct vz_err *e)
{
	static const struct room for_files = { "room", "disk", "make room there" };
	static const struct room for_dump = { "dumproom", "disk for the dump", "make room there, or set DUMPDIR in its vz.conf" };
	autofree char *one_disk = vz_remote_fact(facts, "onedisk"), *path = m->suspended ? vz_ct_dump_path(m->ct) : NULL;
	uint64_t files = vz_disk_used(m->area.private, VZ_MIGRATE_COUNT_MS);
	uint64_t dump = path ? vz_disk_used(path, VZ_MIGRATE_COUNT_MS) : 0;
	int r = compare_room(m, &for_files, facts, files + (one_disk ? dump : 0), e);

	return r < 0 || one_disk ? r : compare_room(m, &for_dump, facts, dump, e);
}

int vz_leave_check(struct vz_leaving *m, struct vz_err *e)
{
	autofree char *facts = NULL, *private = NULL, *expected = NULL;
	int r = check_here(m, e);

	if (r < 0)
		return r;
	if (m->o->online && !m->running)
		return say_stopped(m, e);
	vz_log(0, "%s %smigration of CT %u to %s", m->o->check_only ? "Checking" : "Starting", m->o->online ? "live " : "", m->ct->id, m->o->host);
	r = check_there(m, &facts, e);
	if (r >= 0)
		r = m->o->online ? check_online(m, e) : check_room(m, facts, e);
	if (r < 0)
		return r;
	private = vz_remote_fact(facts, "private");
	expected = vz_conf_expand(m->ct->conf.ve_private.set ? m->ct->conf.ve_private.v : m->area.private, m->record.there);
	if (!expected)
		return vz_oom(e);
	if (private && strcmp(private, m->area.private) && strcmp(private, expected)) {
		vz_log(0, "Remote VE_PRIVATE path differs from local %u.conf", m->ct->id);
		vz_log(0, "Using %s for syncing", private);
	}
	if (m->o->check_only)
		vz_log(0, "CT %u can be moved to %s%s", m->ct->id, m->o->host, m->o->online ? " while it runs" : "");
	return 0;
}
