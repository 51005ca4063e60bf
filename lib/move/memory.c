// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that leaves; see memory.h. */
#include "move/memory.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "cpt/image.h"
#include "cpt/predump.h"
#include "move/leave-internal.h"
#include "move/postcopy.h"
#include "move/rounds.h"
#include "ops/suspend.h"
#include "sys/clock.h"

#define ROUND_NAME 20
#define ROUND_LEAST_S 60
#define SLOWEST (2u << 20)     /* bytes a second */
#define TRIES 3
#define STILL_MOST_S 60        /* for the sake of --bwlimit, unless all at once is asked for */

static uint64_t memory_of(unsigned ctid)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	struct vz_cg_usage use;

	return vz_cg_open(ctid, NULL, &cg, NULL) < 0 || vz_cg_read(cg, &use, NULL) < 0 ? 0 : use.ram;
}

/* The first reason that there is; NULL: it can be copied while it runs. */
static const char *why_not_before(const struct vz_leaving *m)
{
	if (m->o->once)
		return "--noiter";
	return m->criu.features & VZ_CRIU_TRACK ? NULL : "this kernel does not tell which memory was written";
}

/* So long it stands still for so much memory, for the sake of --bwlimit. */
static uint64_t still_s(const struct vz_leaving *m, uint64_t bytes)
{
	return !m->o->bwlimit || m->o->no_start ? 0 : bytes / m->o->bwlimit;
}

static int check_still(const struct vz_leaving *m, uint64_t bytes, struct vz_err *e)
{
	uint64_t s = still_s(m, bytes);

	if (s <= STILL_MOST_S || m->o->once)
		return 0;
	return vz_fail(e, AS(REMOTE), 0, "CT %u would stand still for some %llu seconds, for %llu MiB of memory by --bwlimit: give a "
		       "higher one, or --noiter, which allows that, or leave out --online", m->ct->id, (unsigned long long)s,
		       (unsigned long long)bytes >> 20);
}

static int say_choice(struct vz_leaving *m, const char *before, const char *after, struct vz_err *e)
{
	const bool asked = m->o->post && *after;

	if (before && m->o->realtime && m->memory != VZ_MEMORY_POST)
		return vz_fail(e, AS(REMOTE), 0, "Memory cannot be copied while the container runs (--require-realtime): %s%s%s",
			       before, asked ? "; " : "", asked ? after : "");
	if (m->memory == VZ_MEMORY_DUMP)
		vz_log(0, "Memory: in the dump, which stays there");
	else if (m->memory == VZ_MEMORY_PRE)
		vz_log(0, "Memory: pre-copy");
	else if (m->memory == VZ_MEMORY_POST)
		vz_log(0, "Memory: post-copy (%s)", before);
	else
		vz_log(0, "Memory: freeze and copy (%s%s%s)", before, asked ? "; no post-copy: " : "", asked ? after : "");
	if (m->memory != VZ_MEMORY_STOP && m->memory != VZ_MEMORY_DUMP)
		return 0;
	if (still_s(m, m->ram) > 1)
		vz_log(0, "It stands still for up to %llu seconds: so long takes %llu MiB of memory by --bwlimit",
		       (unsigned long long)still_s(m, m->ram), (unsigned long long)m->ram >> 20);
	return check_still(m, m->ram, e);
}

int vz_memory_choose(struct vz_leaving *m, const char *there, struct vz_err *e)
{
	struct vz_err why = { 0 };
	autostr after = { 0 };
	int r = vz_criu_find(0, &m->criu, &why);
	const char *not;

	if (r < 0)
		return vz_fail(e, AS(STOP), 0, "%s", why.msg), r;
	m->ram = memory_of(m->ct->id);
	not = why_not_before(m);
	if (m->o->post && m->o->bwlimit) /* a page that a program waits for cannot be held back */
		vz_str_add(&after, "--bwlimit");
	else if (m->o->post)
		vz_postcopy_why_not(m, there, &after);
	if (after.failed)
		return vz_oom(e);
	if (m->o->no_start || m->o->keep_images)
		m->memory = VZ_MEMORY_DUMP;
	else if (!not)
		m->memory = VZ_MEMORY_PRE;
	else
		m->memory = m->o->post && !after.len ? VZ_MEMORY_POST : VZ_MEMORY_STOP;
	return say_choice(m, not, after.s ? after.s : "", e);
}

void vz_memory_tell_packed(struct vz_leaving *m)
{
	if (m->o->times && m->pages.in_frames && m->packed.bytes >> 10)
		vz_log(0, "\tof %llu KB of memory %llu KB were sent", (unsigned long long)m->packed.bytes >> 10,
		       (unsigned long long)m->packed.sent >> 10);
	m->packed = (struct vz_pump_count){ 0 };
}

static void end_pump(struct vz_leaving *m)
{
	vz_pump_end(&m->pump, &m->packed);
	vz_progress_at(&m->progress, m->packed.bytes, m->progress.total);
	vz_progress_end(&m->progress);
}

static void close_stream(struct vz_leaving *m)
{
	end_pump(m);
	vz_remote_close(&m->pages);
}

/* Under a rate there is always time for it. */
static enum vz_squeeze squeeze_of(const struct vz_leaving *m)
{
	if (!m->pages.in_frames)
		return VZ_SQUEEZE_NEVER;
	return m->o->bwlimit && m->o->squeeze == VZ_SQUEEZE_BEHIND ? VZ_SQUEEZE_ALWAYS : m->o->squeeze;
}

/* What CRIU is given; where there is nothing to pack, to hold back or to tell it is the connection itself. */
static int pump_into(struct vz_leaving *m, uint64_t total, struct vz_err *e)
{
	const struct vz_pump_spec spec = { .wire = m->pages.talk.in, .progress = &m->progress, .per_s = m->o->bwlimit,
					   .squeeze = squeeze_of(m) };
	int r;

	if (!m->pages.in_frames && !m->progress.tell && !m->o->bwlimit)
		return m->pages.talk.in;
	vz_progress_begin(&m->progress, "memory", total);
	r = vz_pump_begin(&m->pump, &spec);
	return r < 0 ? vz_fail(e, AS(COPY), -r, "cannot make a process") : m->pump.sock;
}

/* A fresh page server there, for images in the directory `name` of the dump; what CRIU is given for it. `total`: bytes
 * that will come, 0: nobody knows. */
static int open_stream(struct vz_leaving *m, const char *name, const char *parent, uint64_t total, struct vz_err *e)
{
	int r;

	close_stream(m);
	r = vz_remote_branch(&m->pages, &m->remote, e);
	if (r >= 0)
		r = vz_remote_ask(&m->pages, NULL, e, "pages %u %s %s %s %s", m->record.there, m->record.token, name,
				  parent, m->dump_there);
	return r < 0 ? r : pump_into(m, total, e);
}

/* One line of what has come: "DIRECTORY/NAME LENGTH BYTES-ON-DISK". */
struct came {
	char *name;
	uint64_t length, bytes;
};

static int take_came(const char *line, struct came *c)
{
	autofree char *length = NULL, *bytes = NULL;

	c->name = vz_str_word(&line, " ");
	length = vz_str_word(&line, " ");
	bytes = vz_str_word(&line, " ");
	if (c->name && length && bytes && vz_num_u64(length, INT64_MAX, &c->length) >= 0 &&
	    vz_num_u64(bytes, INT64_MAX, &c->bytes) >= 0)
		return 0;
	free(TAKE_PTR(c->name));
	return -EPROTO;
}

/* What has come into that directory; with an image, each file is named in it. */
static int what_came(struct vz_leaving *m, const char *dir, struct vz_image *im, uint64_t *ret_bytes, struct vz_err *e)
{
	autofree char *text = NULL;
	char *p, *line;
	int r = vz_remote_ask(&m->remote, &text, e, "came %s", dir);

	*ret_bytes = 0;
	for (p = text; r >= 0 && p && (line = strsep(&p, "\n"));) {
		struct came c = { 0 };

		if (!*line)
			continue;
		if (take_came(line, &c) < 0)
			return vz_fail(e, AS(REMOTE), 0, "%s does not say what has come", m->o->host);
		*ret_bytes += c.bytes;
		r = im ? vz_image_put_away(im, c.name, c.length, e) : 0;
		free(c.name);
	}
	return r;
}

/* Below that of the dump, so that root inside, who restores, comes to it from there and from nowhere else. */
static void round_name(unsigned round, char name[ROUND_NAME])
{
	snprintf(name, ROUND_NAME, VZ_IMAGE_CRIU "/p%u", round);
}

/* What the other side knows, or that it is gone, instead: here there is only a socket that was closed. */
static int with_reason(struct vz_leaving *m, int r, struct vz_err *e)
{
	autofree char *text = NULL, *why = NULL;

	if (r >= 0 || r == -ECANCELED)
		return r;
	if (!m->remote.lost)
		(void)vz_remote_ask(&m->remote, &text, NULL, "why");
	if (m->remote.lost)
		return (void)vz_remote_is_why(&m->remote, e), r;
	why = vz_remote_fact(text, "why");
	return why ? vz_fail(e, AS(COPY), 0, "On destination node: %s", why), r : r;
}

/* ---- while it runs ---- */

static int run_round(struct vz_leaving *m, const struct vz_state *st, unsigned round, struct vz_err *e)
{
	char name[ROUND_NAME], parent[16] = "-";
	struct vz_predump_spec spec = { .ctid = m->ct->id, .state = st, .criu = &m->criu, .round = round };
	int r = vz_fault("precopy-round", e);

	vz_fault_kill("kill:", "precopy-round");
	round_name(round, name);
	if (round > 1)
		snprintf(parent, sizeof(parent), "../p%u", round - 1);
	if (r >= 0)
		r = open_stream(m, name, parent, round > 1 ? 0 : m->ram, e);
	if (r < 0)
		return r;
	spec.sock = r;
	spec.seconds = ROUND_LEAST_S + (int)(m->ram / (m->o->bwlimit && m->o->bwlimit < SLOWEST ? m->o->bwlimit : SLOWEST));
	r = with_reason(m, vz_predump_run(&spec, e), e);
	close_stream(m);
	vz_fault_kill("kill+:", "precopy-round");
	return r;
}

/* The images of rounds, on both sides. */
static int forget_rounds(struct vz_leaving *m, struct vz_err *e)
{
	vz_predump_forget(m->ct->id);
	m->rounds = 0;
	return vz_remote_ask(&m->remote, NULL, e, "drop");
}

/* Whether the migration can go on without. */
static int do_without(struct vz_leaving *m, int r, const struct vz_err *why, struct vz_err *e)
{
	if (r == -ECANCELED || m->remote.lost) {
		if (e)
			*e = *why;
		return r;
	}
	vz_log(-1, "Warning: memory cannot be copied while the container runs, so all of it is copied while it does not: %s",
	       why->msg);
	m->memory = VZ_MEMORY_STOP;
	r = check_still(m, m->ram, e);
	return r < 0 ? r : forget_rounds(m, e);
}

static void tell_round(struct vz_leaving *m, unsigned round, uint64_t bytes, int64_t ms)
{
	if (m->o->times)
		vz_log(0, "\tmemory, round %u: %llu MB in %lld.%03lld seconds", round, (unsigned long long)bytes >> 20,
		       (long long)ms / 1000, (long long)ms % 1000);
}

/* *ret_last: bytes of the last one. */
static int make_rounds(struct vz_leaving *m, const struct vz_state *st, uint64_t *ret_last, struct vz_err *e)
{
	struct vz_rounds rounds = { 0 };
	uint64_t bytes = 0;

	do {
		int64_t begin = vz_now_ms();
		unsigned round = rounds.n + 1;
		char name[ROUND_NAME];
		int r = run_round(m, st, round, e);

		round_name(round, name);
		if (r >= 0)
			r = what_came(m, name, NULL, &bytes, e);
		if (r < 0)
			return r;
		m->rounds = round;
		vz_rounds_add(&rounds, bytes, vz_now_ms() - begin);
		tell_round(m, round, bytes, rounds.ms);
		vz_memory_tell_packed(m);
	} while (vz_rounds_go_on(&rounds));
	*ret_last = bytes;
	return 0;
}

int vz_memory_rounds(struct vz_leaving *m, struct vz_err *e)
{
	struct vz_err why = { 0 };
	struct vz_state st;
	uint64_t last = 0;
	int r;

	if (!m->o->online || m->memory != VZ_MEMORY_PRE)
		return 0;
	if (vz_state_read(m->ct->id, &st) <= 0)
		return vz_fail(e, AS(STOPPED), 0, "CT %u is stopped", m->ct->id);
	vz_log(0, "Copying memory");
	r = make_rounds(m, &st, &last, &why);
	r = r < 0 ? do_without(m, r, &why, e) : check_still(m, last, e); /* so much is written anew while a round is sent */
	m->since = vz_now_ms();
	return r;
}

/* ---- when it stands still ---- */

static int all_came(void *arg, struct vz_image *im, struct vz_err *e)
{
	struct vz_leaving *m = arg;
	uint64_t bytes;
	int r = what_came(m, VZ_IMAGE_CRIU, im, &bytes, e);

	m->sent = bytes;
	for (unsigned i = 1; r >= 0 && i <= m->rounds; i++) {
		char name[ROUND_NAME];

		round_name(i, name);
		r = what_came(m, name, im, &bytes, e);
	}
	return r;
}

static int hold_lazy(struct vz_leaving *m, const struct vz_suspend_opts *how, bool again, struct vz_err *e)
{
	struct vz_suspend_away away = { .lazy = true, .here = m->shared };
	struct vz_suspend_opts o = *how;
	int r = vz_postcopy_open(m, e);

	if (r < 0)
		return r;
	away.sock = m->pages.talk.in;
	o.away = &away;
	o.again = again;
	r = vz_op_suspend_hold(m->ct, &o, &m->held, e);
	return with_reason(m, r, e);
}

static int hold_once(struct vz_leaving *m, const struct vz_suspend_opts *how, bool again, struct vz_err *e)
{
	autofree char *here = m->rounds ? vz_predump_dir(m->ct->id, m->rounds) : NULL;
	struct vz_suspend_away away = { .parent = here, .came = all_came, .arg = m, .per_s = m->o->bwlimit };
	struct vz_suspend_opts o = *how;
	char parent[16] = "-";
	int r;

	if (m->memory == VZ_MEMORY_POST)
		return hold_lazy(m, how, again, e);
	if (m->memory == VZ_MEMORY_DUMP)
		return vz_op_suspend_hold(m->ct, how, &m->held, e);
	o.away = &away;
	o.again = again;
	if (m->rounds)
		snprintf(parent, sizeof(parent), "p%u", m->rounds);
	r = open_stream(m, VZ_IMAGE_CRIU, parent, m->rounds ? 0 : m->ram, e);
	if (r < 0)
		return r;
	away.sock = r;
	r = with_reason(m, vz_op_suspend_hold(m->ct, &o, &m->held, e), e);
	end_pump(m);
	return r;
}

/* What a program was just doing may be done the next time; what was sent until then is of no use for that. */
int vz_memory_hold(struct vz_leaving *m, const struct vz_suspend_opts *how, struct vz_err *e)
{
	int r = hold_once(m, how, false, e);

	for (int i = 1; i < TRIES && r == -EAGAIN && m->memory != VZ_MEMORY_DUMP; i++) {
		r = forget_rounds(m, e);
		if (r >= 0)
			r = vz_memory_rounds(m, e);
		if (r >= 0)
			r = hold_once(m, how, true, e);
	}
	return r;
}

void vz_memory_close(struct vz_leaving *m)
{
	close_stream(m);
	if (m->o->online)
		vz_predump_forget(m->ct->id);
}
