// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Distribution scripts at work; see dist-run.h. A shell inside costs more than all else that a start
 * does for the network, so one shell runs all actions, and none when nothing has changed: the
 * stamp VZ_STATEDIR/dist/CTID is a hash of everything the scripts depend on, their own files and
 * the private area's identity included, and of what they left, written after they succeeded. So a
 * package of the guest that changed its files is put right by the next start.
 */
#include "distro/dist-run.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/own.h"
#include "ct/once.h"
#include "distro/dist.h"
#include "launch/inside.h"
#include "sys/file.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define STAMP_DIR VZ_STATEDIR "/dist"
#define TIMEOUT_S 300

static int open_dist(const struct vz_ct *ct, struct vz_dist *ret, struct vz_err *e)
{
	return vz_dist_open(VZ_CONFDIR "/dists", ct->conf.ostemplate.v, ret, e);
}

int vz_dist_check(const struct vz_ct *ct, struct vz_err *e)
{
	autodist d = { 0 };

	return open_dist(ct, &d, e);
}

/* ---- the stamp ---- */

/* Our own scripts write everything anew whatever has changed; old ones are told of the change. */
static bool is_ours(const struct vz_dist *d)
{
	return d->library != NULL;
}

static uint64_t stamp_of(const struct vz_ct *ct, const struct vz_dist *d,
			 const struct vz_dist_net *net)
{
	uint64_t h = vz_dist_net_hash(net, d->identity);
	struct statx sx = { 0 };

	/* a new area of an old path is known by its birth */
	if (ct->private && !statx(AT_FDCWD, ct->private, 0, STATX_INO | STATX_BTIME, &sx)) {
		h = vz_str_hash(&sx.stx_dev_major, sizeof(sx.stx_dev_major), h);
		h = vz_str_hash(&sx.stx_dev_minor, sizeof(sx.stx_dev_minor), h);
		h = vz_str_hash(&sx.stx_ino, sizeof(sx.stx_ino), h);
		h = vz_str_hash(&sx.stx_btime.tv_sec, sizeof(sx.stx_btime.tv_sec), h);
		h = vz_str_hash(&sx.stx_btime.tv_nsec, sizeof(sx.stx_btime.tv_nsec), h);
	}
	return h;
}

#define STAMP_LEN 20
#define STAMP_UNKNOWN 0 /* is no other, not even itself */
static void stamp_path(unsigned id, char path[static sizeof(STAMP_DIR) + STAMP_LEN])
{
	snprintf(path, sizeof(STAMP_DIR) + STAMP_LEN, STAMP_DIR "/%u", id);
}

/* 1: the stamp is this one. 0: another one, or it is not known what it should be. -ENOENT: there is none. */
static int stamp_is(unsigned id, uint64_t stamp)
{
	char path[sizeof(STAMP_DIR) + STAMP_LEN], want[STAMP_LEN], have[STAMP_LEN];
	ssize_t n;

	stamp_path(id, path);
	snprintf(want, sizeof(want), "%016llx", (unsigned long long)stamp);
	n = vz_file_read_buf(AT_FDCWD, path, have, sizeof(have));
	return n < 0 ? (int)n : stamp != STAMP_UNKNOWN && !strcmp(want, have);
}

/* Without a stamp the scripts run once more: no failure. */
static void stamp_write(unsigned id, uint64_t stamp)
{
	char path[sizeof(STAMP_DIR) + STAMP_LEN], text[STAMP_LEN];

	stamp_path(id, path);
	snprintf(text, sizeof(text), "%016llx\n", (unsigned long long)stamp);
	if (vz_file_replace(path, text, strlen(text), 0644, false) == -ENOENT &&
	    vz_mkdir_p(STAMP_DIR, 0755) >= 0)
		(void)vz_file_replace(path, text, strlen(text), 0644, false);
}

void vz_dist_forget(unsigned id)
{
	char path[sizeof(STAMP_DIR) + STAMP_LEN];

	stamp_path(id, path);
	(void)unlink(path);
}

/* ---- the text ---- */

struct work {
	struct vz_ct *ct;
	const struct vz_dist_change *c;
	struct vz_dist dist;
	struct vz_dist_net net;
	struct vz_str text;
	bool running;
	int have; /* stamp_is() */
	unsigned actions; /* how many are in the text */
};

static int add_action(struct work *w, enum vz_dist_action action, const char *ips, bool all,
		      struct vz_err *e)
{
	if (!w->dist.script[action])
		return 0;
	w->actions++;
	vz_dist_text_open(&w->text);
	vz_dist_text_var(&w->text, "IP_ADDR", ips);
	vz_dist_text_var(&w->text, "IPDELALL", all ? "yes" : NULL);
	return vz_dist_text_close(&w->text, &w->dist, action, e);
}

/* What old scripts want to know of a running VPS: the change alone, removals first. */
static int add_ip_change(struct work *w, struct vz_err *e)
{
	autofree char *added = vz_plist_ips_text(w->c->added, w->net.ipv6);
	autofree char *removed = vz_plist_ips_text(w->c->removed, w->net.ipv6);
	bool all = w->c->removed_all;
	int r = 0;

	if (!added || !removed)
		return vz_oom(e);
	if (all ? !*added : *removed != 0)
		r = add_action(w, VZ_DIST_DEL_IP, all ? NULL : removed, all, e);
	if (r >= 0 && *added)
		r = add_action(w, VZ_DIST_ADD_IP, added, all, e);
	return r;
}

/* Nothing to tell, and nothing was ever told. */
static bool has_nothing_to_write(const struct work *w)
{
	return w->have == -ENOENT && vz_dist_net_is_empty(&w->net);
}

static int add_actions(struct work *w, bool first, struct vz_err *e)
{
	const struct vz_dist_net *n = &w->net;
	bool ours = is_ours(&w->dist);
	unsigned what = ours ? VZ_DIST_ALL : w->c->what;
	int r = first ? add_action(w, VZ_DIST_FIRST_START, NULL, false, e) : 0;

	if (ours && has_nothing_to_write(w))
		return r;
	if (r >= 0 && what & VZ_DIST_IP)
		r = w->running && !ours ? add_ip_change(w, e) :
					  add_action(w, VZ_DIST_ADD_IP, n->ips, false, e);
	if (r >= 0 && what & VZ_DIST_HOSTNAME && *n->hostname)
		r = add_action(w, VZ_DIST_SET_HOSTNAME, n->first_ip, false, e);
	if (r >= 0 && what & VZ_DIST_DNS && (ours || *n->nameserver || *n->searchdomain))
		r = add_action(w, VZ_DIST_SET_DNS, NULL, false, e);
	return r;
}

static void add_vars(struct work *w)
{
	vz_dist_text_var(&w->text, "VE_STATE", w->c->ve_state);
	vz_dist_text_var(&w->text, "IPV6", w->net.ipv6 ? "yes" : NULL);
	vz_dist_text_var(&w->text, "HOSTNM", w->net.hostname);
	vz_dist_text_var(&w->text, "NAMESERVER", w->net.nameserver);
	vz_dist_text_var(&w->text, "SEARCHDOMAIN", w->net.searchdomain);
	vz_dist_text_var(&w->text, "VZ_DEVICES", w->net.devices);
}

/* ---- running it ---- */

/* 0: done. Otherwise it was told why not, which is all that happens (INTERFACE 4.3). */
static int run_text(struct work *w, const struct vz_state *st)
{
	autofree char *text = vz_dist_text_take(&w->text);
	struct vz_script script = { .text = text, .timeout_s = TIMEOUT_S,
				    .posix = is_ours(&w->dist), .exclusive = true };
	struct vz_err e = { 0 };
	int code = 0, r;

	if (!text)
		return -ENOMEM;
	if (w->dist.warning && !has_nothing_to_write(w))
		vz_say_once(0, "%s", w->dist.warning);
	r = vz_inside_run(w->ct, st, &script, &code, &e);
	if (r < 0 && e.exit == VZ_COMMAND_EXECUTION) {
		/* it will not have a shell the next time either */
		if (!has_nothing_to_write(w))
			vz_log(0, "Warning: the container has no shell, its network configuration "
				  "is not written");
		return 0;
	}
	if (r < 0)
		vz_log(-1, "Warning: distribution scripts: %s, ignoring", e.msg);
	else if (code > VZ_SIGNALLED)
		vz_log(-1, "Warning: a distribution script was killed by signal %d, ignoring",
		       code - VZ_SIGNALLED);
	else if (code)
		vz_log(-1, "Warning: a distribution script failed with code %d, ignoring", code);
	return code ? -EIO : r;
}

static int hash_files(void *shared)
{
	*(uint64_t *)shared = vz_dist_files_hash();
	return 0;
}

/* The stamp with what lies inside at this moment. STAMP_UNKNOWN: too much, or it could not be looked at, for
 * which -errno is returned. */
static int stamp_now(const struct work *w, const struct vz_state *st, uint64_t *ret)
{
	uint64_t files = VZ_DIST_FILES_UNKNOWN;
	int r = vz_fault("compare", NULL);
	uint64_t *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED) {
		r = -ENOMEM;
	} else {
		if (r >= 0)
			r = vz_join_call(st, CLONE_NEWNS | CLONE_NEWUSER, hash_files, shared);
		if (r >= 0)
			files = *shared;
		(void)munmap(shared, sizeof(*shared));
	}
	*ret = files == VZ_DIST_FILES_UNKNOWN ? STAMP_UNKNOWN :
	       vz_str_hash(&files, sizeof(files), stamp_of(w->ct, &w->dist, &w->net));
	return r;
}

static void say_unknown(const struct work *w, int r)
{
	if (r < 0) {
		vz_log(0, "Warning: cannot look at the network configuration in container %u (%s), so it is "
			  "written anew", w->ct->id, strerror(-r));
		return;
	}
	vz_say_once(0, "Warning: container %u has too many files beside its network configuration to see "
		       "whether it changed; each start writes it anew", w->ct->id);
}

static int configure(struct work *w, const struct vz_state *st, struct vz_err *e)
{
	uint64_t stamp = STAMP_UNKNOWN;
	int looked = 0, r;

	/* a running one is told in any case */
	if (!w->running)
		looked = stamp_now(w, st, &stamp);
	w->have = stamp_is(w->ct->id, stamp);
	if (w->have == 1 && !w->running)
		return 0;
	r = vz_dist_text_begin(&w->text, &w->dist, e);
	add_vars(w);
	if (r >= 0)
		r = add_actions(w, !strcmp(w->c->ve_state, "starting"), e);
	if (r < 0 || !w->actions)
		return r;
	if (!w->running && stamp == STAMP_UNKNOWN)
		say_unknown(w, looked);
	vz_dist_forget(w->ct->id);
	r = run_text(w, st);
	/* old scripts were told of a part only: the next start tells them all */
	if (r >= 0 && (is_ours(&w->dist) || !w->running)) {
		(void)stamp_now(w, st, &stamp);
		stamp_write(w->ct->id, stamp);
	}
	return 0;
}

static int prestart(struct work *w, const struct vz_state *st, struct vz_err *e)
{
	autostr t = { 0 };
	autofree char *text = NULL;
	int code = 0, r = vz_dist_text_begin(&t, &w->dist, e);

	vz_dist_text_var(&t, "VZ_KERNEL", "no");
	vz_dist_text_var(&t, "USERNS", st->uid ? "yes" : "no");
	vz_dist_text_open(&t);
	if (r >= 0)
		r = vz_dist_text_close(&t, &w->dist, VZ_DIST_PRE_START, e);
	text = vz_dist_text_take(&t);
	if (r >= 0 && text)
		r = vz_inside_run(w->ct, st,
				  &(struct vz_script){ .text = text, .timeout_s = TIMEOUT_S },
				  &code, e);
	if (r < 0 || code || !text)
		return vz_fail(e, VZ_ACTIONSCRIPT_ERROR, 0, "Error executing PRE_START script %s",
			       w->dist.script[VZ_DIST_PRE_START]);
	return 0;
}

int vz_dist_apply(struct vz_ct *ct, const struct vz_state *st, const struct vz_dist_change *c,
		  struct vz_err *e)
{
	struct work w = { .ct = ct, .c = c, .running = !strcmp(c->ve_state, "running") };
	int r = open_dist(ct, &w.dist, e);

	if (r >= 0 && vz_dist_net_of(c->conf, &w.net) < 0)
		r = vz_oom(e);
	if (r >= 0)
		r = configure(&w, st, e);
	if (r >= 0 && !strcmp(c->ve_state, "starting") && w.dist.script[VZ_DIST_PRE_START])
		r = prestart(&w, st, e);
	vz_str_free(&w.text);
	vz_dist_net_free(&w.net);
	vz_dist_free(&w.dist);
	return r;
}

int vz_dist_password(const struct vz_ct *ct, const char *user_password, char **ret,
		     struct vz_err *e)
{
	autodist d = { 0 };
	autostr t = { 0 };
	int r = open_dist(ct, &d, e);

	if (r < 0 || !d.script[VZ_DIST_SET_USERPASS])
		return r;
	r = vz_dist_text_begin(&t, &d, e);
	vz_dist_text_var(&t, "USERPW", user_password);
	vz_dist_text_open(&t);
	if (r >= 0)
		r = vz_dist_text_close(&t, &d, VZ_DIST_SET_USERPASS, e);
	if (r < 0)
		return r;
	*ret = vz_dist_text_take(&t);
	return *ret ? 0 : vz_oom(e);
}

/* ---- POST_CREATE, on the host ---- */

static int run_on_host(const struct vz_ct *ct, const struct vz_dist *d, struct vz_err *e)
{
	char shell[] = "bash", *argv[] = { shell, NULL }, *env[2] = { 0 };
	struct vz_spawn s = VZ_SPAWN_INIT;
	autofree char *text = NULL, *root = vz_fmt("VE_ROOT=%s", ct->root);
	autoclose int in = -EBADF;
	autostr t = { 0 };
	int r = vz_dist_text_begin(&t, d, e);

	vz_dist_text_open(&t);
	if (r >= 0)
		r = vz_dist_text_close(&t, d, VZ_DIST_POST_CREATE, e);
	text = vz_dist_text_take(&t);
	if (r < 0)
		return r;
	in = text && root ? vz_file_sealed(text, strlen(text)) : -ENOMEM;
	if (in < 0)
		return vz_fail(e, VZ_RESOURCE, -in, "cannot keep the script");
	env[0] = root;
	s.argv = argv;
	s.env = env;
	s.in = in;
	return vz_spawn_run(&s) ? vz_fail(e, VZ_ACTIONSCRIPT_ERROR, 0,
					  "Error executing POST_CREATE script %s",
					  d->script[VZ_DIST_POST_CREATE]) : 0;
}

int vz_dist_has_post_create(const struct vz_ct *ct, struct vz_err *e)
{
	autodist d = { 0 };
	int r = open_dist(ct, &d, e);

	return r < 0 ? r : d.script[VZ_DIST_POST_CREATE] != NULL;
}

int vz_dist_post_create(const struct vz_ct *ct, struct vz_err *e)
{
	autodist d = { 0 };
	int r = open_dist(ct, &d, e);

	return r < 0 ? r : run_on_host(ct, &d, e);
}
