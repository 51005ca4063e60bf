// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The facts about every VPS; see list.h. Two directories tell who exists (configurations) and who
 * runs (states); everything else is looked at once per VPS, and only when asked for.
 */
#include "ops/list.h"
#include "apply/signals.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "ct/ct.h"
#include "fs/layout.h"
#include "nic/venet.h"
#include "ops/check-migrate.h"
#include "ops/traffic.h"
#include "res/res.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

struct vz_list_store {
	const struct vz_host *host; /* the caller's */
	struct vz_ct *cts; /* cts[i] belongs to items[i] */
	size_t n;
};

int vz_op_list_id(const char *text, unsigned *ret_id, struct vz_err *e)
{
	autofree char *path = NULL;
	autoconf conf = { 0 };
	bool by_name;
	unsigned id;

	if (vz_ct_resolve(text, &id, &by_name, NULL) < 0 || !id)
		goto invalid;
	if (by_name) {
		/* the link alone is not enough: NAME= must agree where it is set */
		path = vz_fmt(VZ_CT_CONF_FILE "%s", id, vz_ct_id_is_given_away(id) ? VZ_CT_GIVEN_AWAY : "");
		if (!path || vz_conf_load(path, &conf, NULL, NULL) < 0)
			goto invalid;
		if (conf.name.set && strcmp(conf.name.v, text))
			goto invalid;
	}
	*ret_id = id;
	return 0;
invalid:
	return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "CT ID %s is invalid.", text);
}

/* A directory of the host's, or a link to one the host made. */
static bool is_dir(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The layout of a VPS whose configuration may not name it, as the legacy tools left them. */
static const char *layout_of(const struct vz_ct *ct)
{
	const struct vz_layout *l;

	if (ct->own.ve_layout.set)
		return ct->own.ve_layout.v;
	l = ct->private ? vz_layout_guess(ct->private) : NULL;
	return l ? l->name : NULL;
}

static uint64_t uptime_ms(uint64_t start_ticks)
{
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK), now, start;
	struct timespec ts;

	/* field 22 of /proc/PID/stat counts from the boot, suspended time included (proc(5)) */
	clock_gettime(CLOCK_BOOTTIME, &ts);
	now = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	start = start_ticks / hz * 1000 + start_ticks % hz * 1000 / hz;
	return now > start ? now - start : 0;
}

static unsigned kinds_of(unsigned need)
{
	return (need & VZ_LIST_USAGE ? VZ_COUNTS_USAGE : 0) | (need & VZ_LIST_KINDS ? VZ_COUNTS_KINDS : 0) |
	       (need & VZ_LIST_LINES ? VZ_COUNTS_LINES : 0) | (need & VZ_LIST_BESIDE ? VZ_COUNTS_BESIDE : 0);
}

/* A group that cannot be read leaves the numbers unknown; the rest of the list is still true. */
static void read_usage(struct vz_list_item *it, struct vz_ct *ct, const struct vz_state *s, unsigned need)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;

	if (vz_cg_open(it->id, NULL, &cg, NULL) < 0 || !vz_cg_exists(cg))
		return;
	vz_res_in_force(cg, &ct->conf, need & VZ_LIST_LINES, &ct->own);
	vz_signals_in_force(s, &ct->conf, &ct->own);
	vz_counts_read(it->id, cg, s, kinds_of(need), &it->counts);
}

/* A VPS without venet has no addresses of ours. */
static void read_ips(struct vz_list_item *it)
{
	autoips l = { 0 };
	char text[VZ_IP_TEXT];

	it->ip.set = true;
	if (vz_venet_read(it->id, &l) < 0)
		return;
	it->ip.v = calloc(l.n + 1, sizeof(*it->ip.v));
	for (size_t i = 0; it->ip.v && i < l.n; i++) {
		it->ip.v[it->ip.n] = strdup(vz_ip_text(&l.v[i], text));
		it->ip.n += it->ip.v[it->ip.n] != NULL;
	}
}

static void free_ips(struct vz_list_item *it)
{
	for (size_t i = 0; i < it->ip.n; i++)
		free(it->ip.v[i]);
	free(it->ip.v);
}

static void read_traffic(struct vz_list_item *it)
{
	struct vz_list_traffic *t = &it->traffic;
	struct vz_traffic all;

	if (vz_op_traffic(it->id, &all, NULL) < 0)
		return;
	*t = (struct vz_list_traffic){ 0 };
	for (int class = 1; class < VZ_TRAFFIC_CLASSES; class++) {
		uint64_t in = all.v4[class].in.bytes + all.v6[class].in.bytes;
		uint64_t out = all.v4[class].out.bytes + all.v6[class].out.bytes;

		*(class == 1 ? &t->foreign_in : &t->local_in) += in;
		*(class == 1 ? &t->foreign_out : &t->local_out) += out;
		t->in += in;
		t->out += out;
	}
}

static void read_migratable(struct vz_list_item *it, const struct vz_ct *ct, const struct vz_state *s)
{
	int r = vz_op_is_migratable(ct, s);

	it->migratable = (struct vz_pbool){ .set = r >= 0, .v = r > 0 };
}

static void fill_running(struct vz_list_item *it, struct vz_ct *ct, const struct vz_state *s,
			 unsigned need)
{
	it->status = VZ_LIST_RUNNING;
	it->init = s->init;
	it->uptime_ms = uptime_ms(s->start_time);
	it->uid = (struct vz_pu64){ .set = true, .v = s->uid };
	if (need & VZ_LIST_COUNTS)
		read_usage(it, ct, s, need);
	if (need & VZ_LIST_IP)
		read_ips(it);
	if (need & VZ_LIST_MIGRATABLE)
		read_migratable(it, ct, s);
}

static void fill_resting(struct vz_list_item *it, const struct vz_ct *ct, unsigned need)
{
	it->status = VZ_LIST_STOPPED;
	it->uid = ct->own.local_uid;
	if (!(need & VZ_LIST_STATUS))
		return;
	if (vz_ct_is_mounted(ct))
		it->status = VZ_LIST_MOUNTED;
	else if (vz_ct_has_dump(ct))
		it->status = VZ_LIST_SUSPENDED;
}

/* What is left of it here while it is being handed to another host does not run, be it there. */
static void fill_given_away(struct vz_list_item *it, const struct vz_ct *ct, unsigned need)
{
	struct vz_state s;

	fill_resting(it, ct, need);
	if (vz_state_read(it->id, &s) > 0)
		it->status = VZ_LIST_SUSPENDED;
}

static int load_item(const struct vz_list *l, unsigned id, struct vz_ct *ct, struct vz_err *why)
{
	int r = vz_ct_load(l->store->host, id, ct, NULL, why);

	if (r < 0 || ct->has_conf || !vz_ct_is_given_away(ct))
		return r;
	r = vz_ct_load_given_away(ct, why);
	if (r < 0)
		vz_ct_free(ct);
	return r;
}

/* Adds one VPS, or not when it is to be hidden; s is NULL when it does not run. */
static int add(struct vz_list *l, unsigned id, const struct vz_state *s, unsigned need)
{
	static const struct vz_list_traffic untold = { VZ_LIST_UNKNOWN, VZ_LIST_UNKNOWN,
						       VZ_LIST_UNKNOWN, VZ_LIST_UNKNOWN,
						       VZ_LIST_UNKNOWN, VZ_LIST_UNKNOWN };
	struct vz_list_item *it = &l->items[l->n];
	struct vz_ct *ct = &l->store->cts[l->n];
	struct vz_err why = { 0 };
	int r = load_item(l, id, ct, &why);

	if (r < 0) {
		if (!l->unreadable++)
			l->why = why;
		return r == -ENOMEM ? r : 0;
	}
	if (!s && !is_dir(ct->private)) {
		vz_ct_free(ct);
		return 0;
	}
	*it = (struct vz_list_item){ .id = id, .conf = &ct->own, .root = ct->root,
				     .private = ct->private, .traffic = untold };
	vz_counts_none(&it->counts);
	if (need & VZ_LIST_NAME)
		it->name = vz_ct_name(ct);
	if (need & VZ_LIST_TRAFFIC)
		read_traffic(it);
	if (need & VZ_LIST_LAYOUT)
		it->layout = layout_of(ct);
	if (s)
		fill_running(it, ct, s, need);
	else if (vz_ct_is_given_away(ct))
		fill_given_away(it, ct, need);
	else
		fill_resting(it, ct, need);
	l->n++;
	l->store->n++;
	return 0;
}

static bool wanted(const unsigned *ids, size_t n, unsigned id)
{
	return !ids || bsearch(&id, ids, n, sizeof(id), vz_num_compare);
}

struct two_lists {
	unsigned *conf, *state; /* each ascending */
	size_t nconf, nstate;
};

/* Walks both lists at once, so every id comes up once and in order. */
static int walk(const struct two_lists *t, const unsigned *ids, const struct vz_list_query *q,
		struct vz_list *l, struct vz_err *e)
{
	size_t i = 0, k = 0;

	while (i < t->nconf || k < t->nstate) {
		bool in_conf = i < t->nconf && (k == t->nstate || t->conf[i] <= t->state[k]);
		unsigned id = in_conf ? t->conf[i] : t->state[k];
		bool in_state = k < t->nstate && t->state[k] == id, runs;
		struct vz_state s;
		int r;

		i += in_conf;
		k += in_state;
		if (!wanted(ids, q->n, id))
			continue;
		runs = in_state && vz_state_read(id, &s) > 0 && !vz_ct_id_is_given_away(id);
		if (!runs && !in_conf)
			continue; /* a stale state file is nobody */
		l->found += runs || q->others;
		if (runs ? !q->running : !q->others)
			continue;
		r = add(l, id, runs ? &s : NULL, q->need);
		if (r < 0)
			return vz_oom(e);
	}
	return 0;
}

/* Those that have a configuration, whatever it is called while they are handed to another host; each once. */
static int list_others(struct two_lists *t, struct vz_err *e)
{
	autofree unsigned *away = NULL;
	size_t n = 0, kept = 0;
	unsigned *more;
	int r = vz_ct_list(&t->conf, &t->nconf, e);

	if (r < 0)
		return r;
	if (vz_ids_in_dir(VZ_CT_CONF_DIR, ".conf" VZ_CT_GIVEN_AWAY, &away, &n) < 0)
		return vz_oom(e);
	if (!n)
		return 0;
	more = realloc(t->conf, (t->nconf + n) * sizeof(*more));
	if (!more)
		return vz_oom(e);
	t->conf = more;
	memcpy(more + t->nconf, away, n * sizeof(*more));
	n += t->nconf;
	qsort(more, n, sizeof(*more), vz_num_compare);
	for (size_t i = 0; i < n; i++)
		if (!kept || more[kept - 1] != more[i])
			more[kept++] = more[i];
	t->nconf = kept;
	return 0;
}

static void free_lists(struct two_lists *t)
{
	free(t->conf);
	free(t->state);
}

static int collect(const struct vz_list_query *q, struct vz_list *l, struct vz_err *e)
{
	__attribute__((cleanup(free_lists))) struct two_lists t = { 0 };
	autofree unsigned *ids = NULL;
	int r;

	/* without `others` a configuration matters only together with a state */
	if (q->others) {
		r = list_others(&t, e);
		if (r < 0)
			return r;
	}
	r = vz_state_list(&t.state, &t.nstate);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "Unable to open directory %s", VZ_RUNDIR);
	if (q->ids) {
		ids = malloc((q->n + 1) * sizeof(*ids));
		if (!ids)
			return vz_oom(e);
		memcpy(ids, q->ids, q->n * sizeof(*ids));
		qsort(ids, q->n, sizeof(*ids), vz_num_compare);
	}
	l->items = calloc(t.nconf + t.nstate + 1, sizeof(*l->items));
	l->store->cts = calloc(t.nconf + t.nstate + 1, sizeof(*l->store->cts));
	if (!l->items || !l->store->cts)
		return vz_oom(e);
	return walk(&t, ids, q, l, e);
}

int vz_op_list(const struct vz_host *host, const struct vz_list_query *q, struct vz_list *ret,
	       struct vz_err *e)
{
	struct vz_list l = { 0 };
	int r;

	l.store = calloc(1, sizeof(*l.store));
	if (!l.store)
		return vz_oom(e);
	l.store->host = host;
	r = collect(q, &l, e);
	if (r < 0) {
		vz_list_free(&l);
		return r;
	}
	*ret = l;
	return 0;
}

void vz_list_free(struct vz_list *l)
{
	for (size_t i = 0; l->store && i < l->store->n; i++)
		vz_ct_free(&l->store->cts[i]);
	for (size_t i = 0; l->items && i < l->n; i++)
		free_ips(&l->items[i]);
	if (l->store)
		free(l->store->cts);
	free(l->store);
	free(l->items);
	*l = (struct vz_list){ 0 };
}
