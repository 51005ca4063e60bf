// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mounts as CRIU restores them: a file system of a kind it knows is mounted anew; a bind mount needs the mount of its
 * file system's root somewhere inside; a mount gets its peer group from one that shows a directory above its own.
 * proc_pid_mountinfo(5), move_mount(2) with MOVE_MOUNT_SET_GROUP.
 */
#include "cpt/verdict-internal.h"
#include "base/own.h"
#include "base/str.h"

#include <string.h>
#include <sys/sysmacros.h>

/* CRIU's time grows with the square of it: 500 take 2.5 s and as much again in the restore, 1000 take 7 to 10, 2000
 * take 30, and sometimes have no restore. A service of systemd with a tree of its own has some 50. */
#define MOUNTS_MAX 1000

/* What CRIU mounts anew; ramfs are systemd's credentials, which we carry (creds.h). */
static const char *const known[] = {
	"proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup", "cgroup2", "securityfs", "debugfs", "tracefs", "pstore",
	"fusectl", "binfmt_misc", "autofs",
};

/* What we hand to CRIU from outside (external.h), in the VPS's own mount namespace. */
static bool is_external(const struct vz_mountinfo *m)
{
	return !strcmp(m->target, "/dev") || !strcmp(m->target, "/dev/console") ||
	       !strcmp(m->fstype, "ramfs") ||
	       (!strcmp(m->fstype, "tmpfs") && (!strcmp(m->root, "/file") || !strcmp(m->root, "/dir")) &&
		(vz_str_prefix(m->target, "/proc/", NULL) || vz_str_prefix(m->target, "/sys/", NULL)));
}

static bool is_known(const char *fstype)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (!strcmp(known[i], fstype))
			return true;
	return false;
}

/* Is `path` `top` or below? */
static bool is_below(const char *path, const char *top)
{
	const char *rest;

	return !strcmp(top, "/") || (vz_str_prefix(path, top, &rest) && (!*rest || *rest == '/'));
}

/* Another mount lies on its root, or on a directory above it. */
static bool is_covered(const struct vz_mounts *t, const struct vz_mountinfo *m)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct vz_mountinfo *o = &t->v[i];

		if (o == m || o->id == m->id)
			continue;
		if (o->parent == m->id && !strcmp(o->target, m->target))
			return true;
		if (o->parent == m->parent && is_below(m->target, o->target) && m->parent != m->id)
			return true;
	}
	return false;
}

static bool is_read_only(const char *options)
{
	const char *rest;

	return vz_str_prefix(options, "ro", &rest) && (!*rest || *rest == ',');
}

void cpt_mounts_read(struct cpt_look *l, const struct cpt_task *t)
{
	struct cpt_mounts *own;
	int r;

	if (!cpt_seen_new(&l->mount_ns, t->ns[CPT_NS_MNT]))
		return;
	own = cpt_more(l, &l->mounts, &l->mounts_n, sizeof(*own));
	if (!own)
		return;
	own->who = t->who;
	r = vz_mounts_read(t->dir, "mountinfo", &own->t);
	if (r < 0)
		cpt_unseen(l, t, r, "its mounts");
	l->mounts_all += own->t.n;
	for (size_t i = 0; i < own->t.n; i++) {
		(void)cpt_seen_new(&l->mount_ids, own->t.v[i].id);
		if (is_read_only(own->t.v[i].options) || is_read_only(own->t.v[i].super))
			(void)cpt_seen_new(&l->read_only, own->t.v[i].id);
		if (vz_str_prefix(own->t.v[i].fstype, "cgroup", NULL))
			(void)cpt_seen_new(&l->groups, own->t.v[i].id);
	}
	if (l->mounts_all > MOUNTS_MAX) /* which refuses, and each is held against all others */
		return;
	for (size_t i = 0; i < own->t.n; i++)
		if (is_covered(&own->t, &own->t.v[i]))
			(void)cpt_seen_new(&l->covered, own->t.v[i].id);
	cpt_place_look(l, t, own);
}

const struct vz_mountinfo *cpt_mount_of(const struct cpt_look *l, uint64_t id)
{
	for (size_t i = 0; i < l->mounts_n; i++)
		for (size_t k = 0; k < l->mounts[i].t.n; k++)
			if (l->mounts[i].t.v[k].id == id)
				return &l->mounts[i].t.v[k];
	return NULL;
}

/* ---- when all are known ---- */

struct mount_place {
	const struct cpt_mounts *in;
	const struct vz_mountinfo *m;
};

/* One of the file system that `fits`; the first table comes first. */
static bool find_mount(const struct cpt_look *l, const struct vz_mountinfo *of,
		       bool (*fits)(const struct mount_place *p, const struct vz_mountinfo *of))
{
	for (size_t i = 0; i < l->mounts_n; i++) {
		for (size_t k = 0; k < l->mounts[i].t.n; k++) {
			struct mount_place p = { &l->mounts[i], &l->mounts[i].t.v[k] };

			if (p.m->dev == of->dev && fits(&p, of))
				return true;
		}
	}
	return false;
}

/* From which it can be bound. */
static bool is_whole(const struct mount_place *p, const struct vz_mountinfo *of)
{
	return !strcmp(p->m->root, "/") || (!strcmp(p->m->target, "/") && is_below(of->root, p->m->root));
}

struct group {
	unsigned peers, master;
	bool any_master; /* `peers` alone */
};

/* The mount from which CRIU gives the others their group: that with the shortest name of a root. NULL: none is inside. */
static const struct vz_mountinfo *first_of(const struct cpt_look *l, const struct group *g)
{
	const struct vz_mountinfo *first = NULL;

	for (size_t i = 0; i < l->mounts_n; i++) {
		for (size_t k = 0; k < l->mounts[i].t.n; k++) {
			const struct vz_mountinfo *m = &l->mounts[i].t.v[k];

			if (m->peers != g->peers || (!g->any_master && m->master != g->master))
				continue;
			if (!first || strlen(m->root) < strlen(first->root))
				first = m;
		}
	}
	return first;
}

/* Out of which CRIU binds without asking for the kind: the VPS's own root, and what comes from outside. */
static bool is_given(const struct cpt_look *l, const struct cpt_mounts *in, const struct vz_mountinfo *m)
{
	const struct cpt_mounts *first = &l->mounts[0];

	for (size_t i = 0; i < first->t.n; i++) {
		const struct vz_mountinfo *o = &first->t.v[i];

		if (o->dev != m->dev)
			continue;
		if (in == first && o == m && is_external(m))
			return true;
		if ((!strcmp(o->target, "/") || is_external(o)) && is_below(m->root, o->root))
			return true;
	}
	return false;
}

static void judge_group(struct cpt_look *l, const struct cpt_mounts *in, const struct vz_mountinfo *m)
{
	const struct vz_mountinfo *first = first_of(l, &(struct group){ .peers = m->peers, .master = m->master });
	const struct vz_mountinfo *from = first_of(l, &(struct group){ .peers = m->master, .any_master = true });

	if (first != m && first && !is_below(m->root, first->root))
		cpt_say(l, CPT_MOUNT_PEERS, &in->who, "%s on %s, a peer of %s", m->fstype, m->target, first->target);
	else if (first == m && m->master && from && !is_below(m->root, from->root))
		cpt_say(l, CPT_MOUNT_PEERS, &in->who, "%s on %s receives from %s", m->fstype, m->target, from->target);
	else if (first == m && m->master && !from && !is_given(l, in, m))
		cpt_say(l, CPT_MOUNT_PEERS, &in->who, "%s on %s receives from outside", m->fstype, m->target);
}

/* The two that systemd binds out of one tmpfs; the second is told with the first. */
static bool is_private_tmp(const struct vz_mountinfo *m, bool *ret_told)
{
	*ret_told = !strcmp(m->root, "/var-tmp");
	return !strcmp(m->fstype, "tmpfs") && ((!strcmp(m->root, "/tmp") && !strcmp(m->target, "/tmp")) ||
					       (*ret_told && !strcmp(m->target, "/var/tmp")));
}

/* Out of a file system that is nowhere as a whole. */
static void say_root(struct cpt_look *l, const struct cpt_mounts *in, const struct vz_mountinfo *m)
{
	bool told;

	if (!is_private_tmp(m, &told))
		cpt_say(l, CPT_MOUNT_ROOT, &in->who, "%s %s on %s", m->fstype, m->root, m->target);
	else if (!told)
		cpt_say(l, CPT_PRIVATE_TMP, &in->who, "tmpfs %u:%u", major(m->dev), minor(m->dev));
}

static void judge_mount(struct cpt_look *l, const struct cpt_mounts *in, const struct vz_mountinfo *m)
{
	if (m->peers || m->master)
		judge_group(l, in, m);
	if (is_given(l, in, m) || vz_str_prefix(m->fstype, "cgroup", NULL)) /* whose root is that of its namespace */
		return;
	if (strcmp(m->root, "/") && !find_mount(l, m, is_whole))
		say_root(l, in, m);
	else if (!is_known(m->fstype))
		cpt_say(l, CPT_MOUNT, &in->who, "%s on %s", m->fstype, m->target);
}

void cpt_mounts_judge(struct cpt_look *l)
{
	cpt_terminals_judge(l);
	if (l->mounts_all > MOUNTS_MAX) {
		cpt_say(l, CPT_MOUNTS, NULL, "%zu", l->mounts_all);
		return;
	}
	for (size_t i = 0; i < l->mounts_n; i++)
		for (size_t k = 0; k < l->mounts[i].t.n; k++)
			judge_mount(l, &l->mounts[i], &l->mounts[i].t.v[k]);
}
