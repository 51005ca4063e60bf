// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What mounts cannot be told by their table alone: whether the name of a deleted root is free, for CRIU makes the root
 * again for a moment; and whose controlling terminal is on another devpts, for CRIU looks for it on /dev/pts.
 *
 * May be hostile: the tree is the guest's; therefore no link is followed, and no file system is asked: what the kernel
 * has not in memory nobody has made.
 */
#include "cpt/verdict-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/frozen.h"
#include "sys/call.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GONE "//deleted"
#define STAT_MAX 1024

struct cpt_session {
	struct cpt_who who;
	uint64_t number; /* of its terminal, and 1 */
};

int cpt_open_known(int root, const char *path, uint64_t flags)
{
	return vz_openat2(root, path, O_PATH | flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_CACHED);
}

/* ---- deleted roots ---- */

/* Where `root` of the file system `dev` is to be seen in that table; the caller's to free. */
static char *path_of_root(const struct vz_mounts *t, dev_t dev, const char *root)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct vz_mountinfo *m = &t->v[i];
		const char *rest, *top = strcmp(m->root, "/") ? m->root : "";

		if (m->dev == dev && vz_str_prefix(root, top, &rest) && *rest == '/')
			return vz_fmt("%s%s", strcmp(m->target, "/") ? m->target : "", rest);
	}
	return NULL;
}

/* Something has that name, or its directory has its name no more: the mount keeps that in memory. */
static bool is_taken(int root, char *path)
{
	autoclose int at = cpt_open_known(root, path, O_NOFOLLOW), dir = -EBADF;

	if (at >= 0 || at == -ELOOP || at == -ENOTDIR)
		return true;
	*strrchr(path, '/') = 0;
	if (*path)
		dir = cpt_open_known(root, path, O_DIRECTORY);
	return *path && dir < 0;
}

static void look_at_root(struct cpt_look *l, const struct cpt_task *t, const struct cpt_mounts *own,
			 const struct vz_mountinfo *m)
{
	autofree char *root = strndup(m->root, strlen(m->root) - strlen(GONE)), *path = NULL;
	const struct cpt_task *whose = t;
	autoclose int at = -EBADF;

	if (root)
		path = path_of_root(&own->t, m->dev, root);
	if (root && !path && own != l->mounts) {
		path = path_of_root(&l->mounts[0].t, m->dev, root);
		whose = &l->init;
	}
	at = openat(whose->dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (path && at >= 0 && is_taken(at, path))
		cpt_say(l, CPT_MOUNT_DELETED, &own->who, "%s of %s on %s", root, m->fstype, m->target);
}

/* ---- terminals ---- */

static bool is_of_dev_pts(const struct cpt_look *l, const struct vz_mountinfo *m)
{
	const struct vz_mounts *t = &l->mounts[0].t;

	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].dev == m->dev && !strcmp(t->v[i].target, "/dev/pts"))
			return true;
	return false;
}

/* A file system of the kernel's own; NULL: it is covered. */
static DIR *open_mounted(const struct cpt_task *t, const struct cpt_mounts *own, const struct vz_mountinfo *m)
{
	autoclose int root = openat(t->dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct vz_frozen f = { .root = root, .mounts = own->t };
	int fd = root < 0 ? -EBADF : vz_frozen_mount(&f, m);

	return fd < 0 ? NULL : fdopendir(fd);
}

/* Its terminals are there as long as somebody has one, open or as his controlling one. */
static void note_terminals(struct cpt_look *l, const struct cpt_task *t, const struct cpt_mounts *own,
			   const struct vz_mountinfo *m)
{
	autoclosedir DIR *d = open_mounted(t, own, m);
	struct dirent *de;

	while (d && (de = readdir(d)))
		if (*de->d_name >= '0' && *de->d_name <= '9')
			(void)cpt_seen_new(&l->other_terminals, strtoull(de->d_name, NULL, 10) + 1);
}

/* CRIU mounts it again, empty; a user namespace has one of its own since Linux 6.7. */
static void look_at_interpreters(struct cpt_look *l, const struct cpt_task *t, const struct cpt_mounts *own,
				 const struct vz_mountinfo *m)
{
	autoclosedir DIR *d = open_mounted(t, own, m);
	struct dirent *de;

	while (d && (de = readdir(d)))
		if (*de->d_name != '.' && strcmp(de->d_name, "register") && strcmp(de->d_name, "status"))
			cpt_say(l, CPT_NOT_KEPT, NULL, "the interpreter %s of binfmt_misc", de->d_name);
}

static bool has_option(const char *options, const char *option)
{
	const char *at = strstr(options, option);
	size_t n = strlen(option);

	return at && (at == options || at[-1] == ',') && (!at[n] || at[n] == ',');
}

void cpt_place_look(struct cpt_look *l, const struct cpt_task *t, const struct cpt_mounts *own)
{
	for (size_t i = 0; i < own->t.n; i++) {
		const struct vz_mountinfo *m = &own->t.v[i];

		if (vz_str_suffix(m->root, GONE))
			look_at_root(l, t, own, m);
		if (!strcmp(m->fstype, "devpts") && !strcmp(m->root, "/") && !is_of_dev_pts(l, m))
			note_terminals(l, t, own, m);
		if (!strcmp(m->fstype, "binfmt_misc") && cpt_seen_new(&l->interpreters, m->dev))
			look_at_interpreters(l, t, own, m);
		if (has_option(m->options, "nosymfollow"))
			cpt_say(l, CPT_NOT_KEPT, &own->who, "nosymfollow of the mount %s", m->target);
	}
}

/* proc_pid_stat(5): the seventh word; the minor number is in bits 0 to 7 and 20 to 31. */
void cpt_terminal_note(struct cpt_look *l, const struct cpt_task *t)
{
	char text[STAT_MAX];
	const char *rest;
	struct cpt_session *s;
	unsigned nr;
	ssize_t r = vz_file_read_buf(t->dir, "stat", text, sizeof(text));

	if (r < 0) {
		cpt_unseen(l, t, (int)r, "its terminal");
		return;
	}
	rest = strrchr(text, ')');
	if (!rest || sscanf(rest, ") %*c %*d %*d %*d %u", &nr) != 1 || (nr >> 8 & 0xfff) != UNIX98_PTY_SLAVE_MAJOR)
		return;
	s = cpt_more(l, &l->sessions, &l->sessions_n, sizeof(*s));
	if (s)
		*s = (struct cpt_session){ t->who, ((nr & 0xff) | (nr >> 12 & 0xfff00)) + 1 };
}

/* The kernel tells the number alone. */
void cpt_terminals_judge(struct cpt_look *l)
{
	for (size_t i = 0; i < l->sessions_n; i++)
		if (cpt_seen_has(&l->other_terminals, l->sessions[i].number))
			cpt_say(l, CPT_TERMINAL, &l->sessions[i].who, "number %llu",
				(unsigned long long)l->sessions[i].number - 1);
}
