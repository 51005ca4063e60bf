// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The side of a migration to which a VPS comes. Its files grow in VE_PRIVATE.arriving and its configuration in
 * N.conf.arriving, so for every other command there is no such VPS until the configuration is renamed: that is the last
 * of its names. Where a start that fails follows, or memory that does not all come (post-copy), it is taken back; until
 * then the lock keeps other commands away.
 *
 * The source is as trusted as root: it has come by ssh(1) as root.
 */
#include "move/arrive.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/facts.h"
#include "cpt/manifest.h"
#include "cpt/ramdir.h"
#include "cpt/pageserver.h"
#include "fs/area.h"
#include "move/arrive-internal.h"
#include "move/migrate.h"
#include "move/moving.h"
#include "move/remote.h"
#include "move/renew.h"
#include "ops/env.h"
#include "ops/ops.h"
#include "ops/private.h"
#include "sys/file.h"
#include "sys/urgent.h"
#include "tmpl/tmpl.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#define AS(code) ((enum vz_exit)VZ_MIGRATE_##code)
#define DUMP_SLACK (64u << 20) /* of what is not memory of processes */
#define CONF_MAX (1u << 20)
#define REMOVE_TRIES 20
#define AGAIN_NS 100000000L

static int is_dir(const char *what, const struct vz_pstr *v, struct vz_err *e)
{
	return v->set && *v->v == '/' ? 0 :
	       vz_fail(e, AS(BAD_CONFIG), 0, "%s is not set in vz.conf on destination node", what);
}

static int load_host(struct vz_arrival *a, struct vz_err *e)
{
	const struct vz_session_want want = { .flags = VZ_SESSION_CHANGES | VZ_SESSION_NO_VPS };
	struct vz_err why = { 0 };
	int r;

	if (a->has_host)
		return 0;
	r = vz_session_open(&a->session, &want, &why);
	if (r < 0)
		return vz_fail(e, why.exit == VZ_NOCONFIG ? AS(BAD_CONFIG) : AS(REMOTE), 0, "On destination node: %s",
			       why.msg);
	a->has_host = true;
	r = is_dir("VE_PRIVATE", &a->session.host.conf.ve_private, e);
	if (r >= 0)
		r = is_dir("VE_ROOT", &a->session.host.conf.ve_root, e);
	if (r >= 0)
		r = is_dir("TEMPLATE", &a->session.host.conf.template, e);
	return r < 0 ? r : is_dir("DUMPDIR", &a->session.host.conf.dumpdir, e);
}

static int number(const char **args, uint32_t max, uint32_t *ret, struct vz_err *e)
{
	autofree char *word = vz_str_word(args, " ");

	return word && vz_num_u32(word, max, ret) >= 0 ? 0 : vz_fail(e, AS(REMOTE), 0, "bad request");
}

/* "VERSION SILENCE", and words for what the source can do beside: of two that both can it is done. */
static int hello(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	autofree char *more = NULL;
	uint32_t version, silence_s;
	int r = number(&args, UINT32_MAX, &version, e);

	if (r >= 0 && version != VZ_REMOTE_VERSION)
		r = vz_fail(e, AS(REMOTE), 0, "vzctl on destination node is of another version: its migration is %d, "
			    "not %u; install the same version on both hosts", VZ_REMOTE_VERSION, version);
	if (r >= 0)
		r = number(&args, VZ_MIGRATE_SILENCE_MAX, &silence_s, e);
	if (r < 0)
		return r;
	if (silence_s < VZ_MIGRATE_SILENCE_MIN || a->talk.beat)
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	a->talk.silence_s = (int)silence_s;
	r = vz_beat_begin(&a->beat, a->talk.out, vz_beat_every_s((int)silence_s));
	if (r < 0)
		return vz_fail(e, AS(REMOTE), -r, "cannot make a process");
	a->talk.beat = &a->beat;
	more = vz_str_word(&args, " ");
	a->in_frames = more && !strcmp(more, VZ_FRAME_WORD);
	if (a->in_frames)
		(void)vz_talk_say(&a->talk, "+%s=1", VZ_FRAME_WORD);
	return load_host(a, e);
}

/* "LENGTH" and bytes. */
static int take_bytes(struct vz_arrival *a, const char *args, char **ret, size_t *ret_n, struct vz_err *e)
{
	autofree char *text = NULL;
	uint32_t n;
	int r = number(&args, CONF_MAX, &n, e);

	a->is_astray = r < 0;
	if (r < 0)
		return r;
	text = malloc(n + 1);
	a->is_astray = !text;
	if (!text)
		return vz_oom(e);
	if (vz_talk_bytes(&a->talk, n, -1, text) < 0)
		return vz_fail(e, AS(COPY), 0, "the connection broke");
	text[n] = 0;
	free(*ret);
	*ret = TAKE_PTR(text);
	if (ret_n)
		*ret_n = n;
	return 0;
}

static int take_conf(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	int r = take_bytes(a, args, &a->conf, &a->nconf, e);

	if (r < 0)
		return r;
	vz_conf_free(&a->own);
	a->own = (struct vz_conf){ 0 };
	return vz_conf_parse(a->conf, "the configuration", &a->own, NULL);
}

/* "KEY VALUE", before a check: it is to be otherwise here. */
static int take_wish(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	autofree char *key = vz_str_word(&args, " ");
	struct vz_err why = { 0 };
	int r = key && *args == ' ' ? vz_renew_take(&a->wanted, key, args + 1, &why) : -EINVAL;

	return r < 0 ? vz_fail(e, AS(CONFIG), 0, "On destination node: %s", *why.msg ? why.msg : "bad request") : 0;
}

static int set_paths(struct vz_arrival *a, struct vz_err *e)
{
	const struct vz_conf *c = &a->session.host.conf, *w = &a->wanted;

	a->private = vz_conf_expand(w->ve_private.set ? w->ve_private.v : c->ve_private.v, a->id);
	a->root = vz_conf_expand(w->ve_root.set ? w->ve_root.v : c->ve_root.v, a->id);
	a->template = strdup(c->template.v);
	a->dumpdir = strdup(c->dumpdir.v);
	return a->private && a->root && a->template && a->dumpdir ? vz_private_check(a->private, a->root, e) :
								      vz_oom(e);
}

static int who(struct vz_arrival *a, const char **args, struct vz_err *e)
{
	autofree char *token = NULL;
	int r = number(args, VZ_CTID_MAX, &a->id, e);

	token = r < 0 ? NULL : vz_str_word(args, " ");
	if (!token || !a->id || strlen(token) >= sizeof(a->token))
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	snprintf(a->token, sizeof(a->token), "%s", token);
	vz_log_ctid(a->id);
	return a->private ? 0 : set_paths(a, e);
}

/* What decides whether a running VPS can go on here. */
static int tell_facts(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	autostr facts = { 0 };
	char *p, *line;
	int r = vz_cpt_host_facts(&a->session.host, &facts, e);

	(void)args;
	for (p = facts.s; r >= 0 && p && (line = strsep(&p, "\n"));)
		(void)vz_talk_say(&a->talk, "+%s", line);
	return r;
}

/* "CTID TOKEN IGNORED FROM", where FROM is its id on the source */
static int check(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	uint32_t ignore;
	int r = who(a, &args, e);

	if (r >= 0)
		r = number(&args, UINT32_MAX, &ignore, e);
	if (r >= 0)
		r = number(&args, VZ_CTID_MAX, &a->from, e);
	if (r < 0)
		return r;
	if (!a->conf)
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	if (vz_conf_merge(&a->own, &a->wanted) < 0)
		return vz_oom(e);
	r = vz_arrive_check(a, ignore, e);
	if (r >= 0)
		vz_arrive_tell_places(a);
	return r;
}

/* Paths are those of this host, and so are the host ids, if they are another's here. */
static int adapt_conf(struct vz_arrival *a, const char *path, struct vz_err *e)
{
	struct vz_conf changed = { 0 };
	autoconf all = { 0 };
	uint32_t uid = a->own.local_uid.set ? (uint32_t)a->own.local_uid.v : 0;
	struct vz_err why = { 0 };
	int r = uid ? vz_ids_verify(&a->lock, uid, &why) : 0;

	if (r == -EEXIST) {
		r = vz_ids_claim(&a->lock, &uid, &why);
		if (r < 0)
			return vz_fail(e, AS(IDS), 0, "On destination node: %s", why.msg);
		a->uid = uid;
		changed.local_uid.set = changed.local_gid.set = true;
		changed.local_uid.v = changed.local_gid.v = uid;
	}
	if (r < 0)
		return vz_fail(e, AS(CONFIG), 0, "On destination node: %s", why.msg);
	if (a->own.ve_private.set)
		changed.ve_private = a->session.host.conf.ve_private; /* borrowed */
	if (a->own.ve_root.set)
		changed.ve_root = a->session.host.conf.ve_root;
	r = vz_conf_merge(&all, &changed);
	if (r >= 0)
		r = vz_conf_merge(&all, &a->wanted);
	if (r >= 0)
		r = vz_renew_follow(&a->own, a->from, a->id, &all);
	r = r < 0 ? vz_oom(&why) : vz_conf_save(path, &all, NULL, &why);
	return r < 0 ? vz_fail(e, AS(CONFIG), 0, "On destination node: %s", why.msg) : 0;
}

static int put_conf(struct vz_arrival *a, struct vz_err *e)
{
	autofree char *path = vz_fmt(VZ_CT_CONF_DIR "/%u." VZ_MOVING_ARRIVING, a->id);
	int r = path ? vz_file_replace(path, a->conf, a->nconf, 0644, true) : -ENOMEM;

	return r < 0 ? vz_fail(e, AS(CONFIG), -r, "cannot write %s on destination node", path ? path : "a file") :
		       adapt_conf(a, path, e);
}

/* It is about to stand still there. Also the sshd(8) of this connection, through which all comes, and what that starts. */
static int hurry(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	(void)args;
	if (!a->prepared)
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	if (!a->urgent) {
		a->nice = vz_urgent_begin(0);
		a->ssh_nice = getppid() > 1 ? vz_urgent_begin(getppid()) : 0;
	}
	a->urgent = true;
	return 0;
}

static void calm(struct vz_arrival *a)
{
	if (a->urgent && getppid() > 1)
		vz_urgent_end(getppid(), a->ssh_nice);
	if (a->urgent)
		vz_urgent_end(0, a->nice);
	a->urgent = false;
}

/* Where the connection broke, an rsync may write for some moments more. */
static void remove_copy(const char *dir)
{
	const struct timespec pause = { .tv_nsec = AGAIN_NS };

	for (int i = 0; vz_remove_tree(AT_FDCWD, dir) < 0 && i < REMOVE_TRIES; i++)
		nanosleep(&pause, NULL);
}

/* What comes beside its files: N.SUFFIX, first of all the configuration. */
static const char *const beside[] = { VZ_MOVING_ARRIVING, "mount", "umount", "premount", "postumount", "start", "stop" };

static bool is_script(const char *suffix)
{
	for (size_t i = 1; suffix && i < ARRAY_LEN(beside); i++)
		if (!strcmp(suffix, beside[i]))
			return true;
	return false;
}

/* Takes away what has not been accepted. */
static void undo_all(struct vz_arrival *a)
{
	autofree char *dir = vz_arrive_top(a), *dump = vz_arrive_dump_dir(a);
	struct vz_err e = { 0 };

	calm(a);
	if (!a->prepared || a->accepted || !dir || !dump)
		return;
	if (a->follows && vz_arrive_take_back(a, &e) < 0) {
		vz_log(-1, "Error: %s", e.msg);
		return; /* whoever asks for it takes it back */
	}
	if (a->keep)
		vz_arrive_doubt(a); /* what came after the first copy, too, may be written there in the same way */
	else
		remove_copy(dir);
	(void)vz_remove_tree(AT_FDCWD, dump);
	vz_closep(&a->ram);
	vz_tmpl_base_abort(a->template, a->id);
	for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
		autofree char *path = vz_fmt(VZ_CT_CONF_DIR "/%u.%s", a->id, beside[i]);

		if (path)
			(void)unlink(path);
	}
	vz_ids_release(a->id);
	vz_moving_remove(a->id);
	vz_pageserver_forget(a->id);
	vz_lazypages_forget(a->id);
	vz_ct_unlock(&a->lock);
	a->prepared = false;
}

static int lock_it(struct vz_arrival *a, struct vz_err *e)
{
	struct vz_err why = { 0 };
	int r = a->lock.host ? 0 : vz_ct_load(&a->session.host, a->id, &a->lock, NULL, &why);

	if (r >= 0)
		r = vz_ct_lock(&a->lock, "migrate", NULL, &why);
	return r < 0 ? vz_fail(e, AS(LOCKED), 0, "On destination node: %s", why.msg) : 0;
}

/* Of one that moves online: its dump is used once, and is worth nothing when this has ended. 0: it is to be kept. */
static void choose_place(struct vz_arrival *a, uint64_t bytes)
{
	vz_closep(&a->ram);
	a->ram = a->online && bytes ? vz_ramdir_make(bytes + DUMP_SLACK) : -EBADF;
}

static int flag_and_bytes(const char **args, uint32_t *ret, uint64_t *ret_bytes, struct vz_err *e)
{
	autofree char *bytes = NULL;
	int r = number(args, 1, ret, e);

	bytes = r < 0 ? NULL : vz_str_word(args, " ");
	return bytes && vz_num_u64(bytes, UINT64_MAX, ret_bytes) >= 0 ? 0 : vz_fail(e, AS(REMOTE), 0, "bad request");
}

/* "KEEP ONLINE BYTES", after a check. */
static int prepare_it(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	autofree char *dir = a->private ? vz_arrive_dir(a) : NULL;
	uint32_t keep, online;
	uint64_t bytes;
	int r = number(&args, 1, &keep, e);

	if (r >= 0)
		r = flag_and_bytes(&args, &online, &bytes, e);
	if (r >= 0 && (!dir || !a->conf || a->prepared))
		r = vz_fail(e, AS(REMOTE), 0, "bad request");
	if (r >= 0)
		r = lock_it(a, e);
	if (r < 0)
		return r;
	a->prepared = true;
	a->online = online;
	a->keep = keep;
	choose_place(a, bytes);
	r = vz_arrive_stage(a, VZ_MOVING_ARRIVES, e);
	if (r >= 0)
		r = put_conf(a, e);
	if (r >= 0 && vz_mkdir_p(dir, 0700) < 0)
		r = vz_fail(e, AS(COPY), errno, "cannot make %s.arriving on destination node", a->private);
	if (r < 0) {
		undo_all(a);
		return r;
	}
	if (online) /* it still runs there */
		vz_env_host_ready();
	(void)vz_talk_say(&a->talk, "+dir=%s", dir);
	vz_arrive_tell_place(a);
	return 0;
}

/* "ID": where it has to come to, or nothing. */
static int expect_base(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	autofree char *dir = NULL, *id = vz_str_word(&args, " ");
	int r = a->prepared && id ? vz_tmpl_base_expect(a->template, id, a->id, &dir, e) :
				    vz_fail(e, AS(REMOTE), 0, "bad request");

	if (!r)
		(void)vz_talk_say(&a->talk, "+dir=%s", dir);
	return r;
}

static int commit_base(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	autofree char *id = vz_str_word(&args, " ");
	int r = a->prepared && id ? vz_tmpl_base_commit(a->template, id, a->id, e) :
				    vz_fail(e, AS(REMOTE), 0, "bad request");

	vz_tmpl_base_abort(a->template, a->id);
	return r;
}

/* "SUFFIX LENGTH" and bytes: an action script. */
static int take_script(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	autofree char *suffix = vz_str_word(&args, " "), *text = NULL, *path = NULL;
	size_t n;
	int r = take_bytes(a, args, &text, &n, e);

	if (r < 0)
		return r;
	if (!a->prepared || !is_script(suffix))
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	path = vz_fmt(VZ_CT_CONF_DIR "/%u.%s", a->id, suffix);
	r = path ? vz_file_replace(path, text, n, 0755, false) : -ENOMEM;
	return r < 0 ? vz_fail(e, AS(COPY), -r, "cannot write the script %s on destination node", suffix) : 0;
}

/* "CTID TOKEN NAME PARENT": what follows on this connection is no request */
static int pages(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	int r = a->prepared ? vz_fail(e, AS(REMOTE), 0, "bad request") : who(a, &args, e);

	return r < 0 ? r : vz_arrive_pages(a, args, e);
}

static int lazy(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	int r = a->prepared ? vz_fail(e, AS(REMOTE), 0, "bad request") : who(a, &args, e);

	return r < 0 ? r : vz_arrive_lazy(a, args, e);
}

/* ---- accepting ---- */

/* "start", "mount", "resume" or "none"; "resume keep": the dump stays; "resume lazy BYTES": so much of its
 * memory follows, and it is not accepted before whole() */
static int accept_it(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	autofree char *mode = vz_str_word(&args, " "), *how = vz_str_word(&args, " "), *bytes = vz_str_word(&args, " ");
	struct vz_err why = { 0 };
	int r;

	if (!a->prepared || !mode || (bytes && vz_num_u64(bytes, UINT64_MAX / 2, &a->to_follow) < 0))
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	r = vz_arrive_come_in(a, mode, how, &why);
	if (r < 0 || !a->follows) /* processes wait for each page of theirs that has not come */
		calm(a);
	if (r < 0) {
		r = vz_arrive_take_back(a, e);
		return r < 0 ? r : vz_fail(e, AS(START), 0, "On destination node: %s", why.msg);
	}
	a->accepted = !a->follows;
	if (a->accepted)
		vz_ct_unlock(&a->lock);
	return 0;
}

/* "SECONDS", after "resume lazy", again and again: until all of its memory is here. From then on it is this one that counts. */
static int whole(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	struct vz_err why = { 0 };
	int r;

	if (!a->follows)
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	r = vz_arrive_lazy_wait(a, args, &why);
	if (r > 0)
		return vz_talk_say(&a->talk, "+comes=1");
	if (r >= 0) /* first: the guard would end what is ours */
		r = vz_arrive_lazy_end(a, true, &why);
	if (r >= 0)
		r = vz_fault("arrive-here", &why);
	if (r >= 0)
		r = vz_arrive_stage(a, VZ_MOVING_HERE, &why);
	vz_fault_kill("kill+:", "arrive-here");
	if (r < 0) {
		r = vz_arrive_take_back(a, e);
		return r < 0 ? r : vz_fail(e, AS(START), 0, "On destination node: %s", why.msg);
	}
	calm(a);
	a->accepted = true;
	vz_ct_unlock(&a->lock);
	return 0;
}

static bool is_mine(const struct vz_arrival *a, const struct vz_moving *m)
{
	return !strcmp(m->token, a->token);
}

/* Has one whose vzarrive was killed come in? A start that was begun and not finished is taken back. */
static bool has_come_in(struct vz_arrival *a, const struct vz_moving *m)
{
	struct vz_state st;

	if (!strcmp(m->stage, VZ_MOVING_HERE))
		return true;
	if (strcmp(m->stage, VZ_MOVING_ACCEPTED))
		return false;
	vz_op_heal(&a->lock, false);
	return vz_state_last(a->id, &st) > 0; /* it has run, and may have ended by now */
}

static int settle_mine(struct vz_arrival *a, const struct vz_moving *m, struct vz_err *e)
{
	int r;

	if (has_come_in(a, m)) {
		r = vz_arrive_stage(a, VZ_MOVING_HERE, e);
		vz_ct_unlock(&a->lock);
		a->accepted = r >= 0;
		return r;
	}
	r = vz_arrive_take_back(a, e);
	if (r < 0)
		return r;
	a->prepared = true;
	undo_all(a);
	return 0;
}

/* "CTID TOKEN", of a migration whose connection broke: is the VPS here? It is told under the lock, and if it is not, it
 * never will be. */
static int settle(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	struct vz_moving m = { 0 };
	int r = who(a, &args, e);

	if (r >= 0)
		r = lock_it(a, e);
	if (r < 0)
		return r;
	if (vz_moving_read(a->id, &m) && is_mine(a, &m))
		r = settle_mine(a, &m, e);
	else
		vz_ct_unlock(&a->lock);
	if (r >= 0)
		(void)vz_talk_say(&a->talk, "+owner=%s", a->accepted ? "here" : "none");
	return r;
}

/* The source's copy is gone. */
static int done(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	(void)args;
	if (!a->accepted)
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	vz_moving_remove(a->id);
	return 0;
}

static int undo(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	(void)args;
	(void)e;
	undo_all(a);
	return 0;
}

/* ---- serving ---- */

static int obey(struct vz_arrival *a, const char *line, struct vz_err *e)
{
	static const struct {
		const char *verb;
		int (*run)(struct vz_arrival *a, const char *args, struct vz_err *e);
	} table[] = {
		{ "hello", hello },	  { "conf", take_conf },     { "want", take_wish },
	     { "facts", tell_facts },
		{ "check", check },	  { "prepare", prepare_it },    { "base", expect_base },
		{ "base-is", commit_base }, { "script", take_script }, { "dump", vz_arrive_dump },
		{ "pages", pages }, { "lazy", lazy }, { "whole", whole }, { "came", vz_arrive_came }, { "drop", vz_arrive_drop }, { "why", vz_arrive_why },
		{ "accept", accept_it },  { "settle", settle },	     { "done", done },
		{ "flush", vz_arrive_flush }, { "left", vz_arrive_left },	  { "hurry", hurry }, { "undo", undo },
	};
	size_t n = strcspn(line, " ");

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strlen(table[i].verb) == n && !strncmp(table[i].verb, line, n))
			return table[i].run(a, line + n, e);
	return vz_fail(e, AS(REMOTE), 0, "bad request");
}

static void tell(void *arg, enum vz_line kind, const char *text)
{
	struct vz_arrival *a = arg;

	(void)vz_talk_say(&a->talk, "%c%s", kind == VZ_LINE_ERROR ? '!' : '-', text);
}

static void release_arrival(struct vz_arrival *a)
{
	vz_closep(&a->ram);
	a->talk.beat = NULL;
	vz_beat_end(&a->beat);
	vz_unpacker_close(&a->unpacker);
	vz_ct_unlock(&a->lock);
	vz_ct_free(&a->lock);
	vz_conf_free(&a->own);
	vz_conf_free(&a->wanted);
	vz_session_close(&a->session);
	free(a->conf);
	free(a->private);
	free(a->root);
	free(a->template);
	free(a->dumpdir);
}

static int next_line(struct vz_arrival *a, char **ret)
{
	int r = a->follows && a->lazy.pidfd >= 0 ? vz_arrive_lazy_tend(a) : 0;

	return r < 0 ? r : vz_talk_line(&a->talk, true, ret);
}

int vz_arrive_serve(struct vz_context *c)
{
	struct vz_arrival *a = calloc(1, sizeof(*a));
	char *line;
	int r;

	if (!a)
		return -ENOMEM;
	a->ram = a->guard = a->guard_pipe = a->relay = a->peer = -EBADF;
	a->lazy = (struct vz_lazypages)VZ_LAZYPAGES_INIT;
	/* what programs say goes beside the answers */
	a->beat = (struct vz_beat)VZ_BEAT_INIT;
	a->talk.in = STDIN_FILENO;
	a->talk.silence_s = VZ_MIGRATE_SILENCE_S;
	a->talk.out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (a->talk.out < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
		free(a);
		return -EIO;
	}
	c->sink = tell;
	c->sink_arg = a;
	while ((r = next_line(a, &line)) >= 0) {
		autofree char *copy = strdup(line);
		struct vz_err e = { 0 };

		if (!*line) /* it is alive */
			continue;
		r = copy ? obey(a, copy, &e) : vz_oom(&e);
		if (a->is_stream)
			break;
		r = r < 0 ? vz_talk_say(&a->talk, "fail %d %s", e.exit, e.msg) : vz_talk_say(&a->talk, "ok");
		if (r < 0 || a->is_astray)
			break;
	}
	if (r == -ETIMEDOUT)
		vz_log(-1, "Error: nothing was heard of the source of CT %u for %d seconds%s", a->id,
		       a->talk.silence_s, a->prepared && !a->accepted ? "; what came of it is removed" : "");
	undo_all(a);
	release_arrival(a);
	free(a);
	return 0;
}
