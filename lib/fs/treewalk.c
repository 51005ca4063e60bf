// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A walk over a tree; see treewalk.h. One directory is open at a time, so depth costs neither stack nor descriptors.
 *
 * May be hostile: the tree is a guest's (links, depth, names); therefore everything is opened beneath it, following no
 * link. Nobody changes it during the walk.
 */
#include "fs/treewalk.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/proc.h"

#include <fcntl.h>

struct level {
	struct level *up;
	struct vz_str subs; /* names of directories still to be visited, each with its NUL */
	size_t at;
	ino_t ino;
};

struct walk {
	int fd; /* the directory we are in */
	struct level *level;
	vz_treewalk_fn *fn;
	void *arg;
};

static void pop_level(struct walk *w)
{
	struct level *l = w->level;

	w->level = l->up;
	vz_str_free(&l->subs);
	free(l);
}

static void walk_free(struct walk *w)
{
	while (w->level)
		pop_level(w);
	vz_closep(&w->fd);
}

/* Tells of what is in w->fd and remembers its directories. */
static int visit(struct walk *w)
{
	int fd = openat(w->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;
	autoclosedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct level *l = calloc(1, sizeof(*l));
	struct dirent *de;
	struct stat st;

	if (!l || !d || fstat(w->fd, &st) < 0) {
		r = l ? -errno : -ENOMEM;
		free(l);
		if (!d)
			vz_closep(&fd);
		return r;
	}
	l->ino = st.st_ino;
	l->up = w->level;
	w->level = l;
	while ((errno = 0, de = readdir(d))) {
		if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."))
			continue;
		if (fstatat(w->fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		/* not by st_dev: a bind mount has that of its surroundings, and files of an
		 * overlay may have another one than its directories */
		if (vz_is_mount_at(w->fd, de->d_name))
			continue;
		r = w->fn(w->fd, de->d_name, &st, w->arg);
		if (r < 0)
			return r;
		if (S_ISDIR(st.st_mode))
			vz_str_addn(&l->subs, de->d_name, strlen(de->d_name) + 1);
	}
	return l->subs.failed ? -ENOMEM : -errno;
}

static int enter(struct walk *w, const char *name)
{
	int fd = openat(w->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	vz_closep(&w->fd);
	w->fd = fd;
	return 0;
}

int vz_treewalk(int dirfd, vz_treewalk_fn *fn, void *arg)
{
	__attribute__((cleanup(walk_free))) struct walk w = { .fd = -EBADF, .fn = fn, .arg = arg };
	struct stat st;
	int r;

	w.fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w.fd < 0)
		return -errno;
	r = visit(&w);
	while (!r && w.level) {
		struct level *l = w.level;

		if (l->at < l->subs.len) {
			const char *name = l->subs.s + l->at;

			l->at += strlen(name) + 1;
			r = enter(&w, name);
			r = r ? r : visit(&w);
			continue;
		}
		pop_level(&w);
		if (!w.level)
			break;
		r = enter(&w, "..");
		if (!r && (fstat(w.fd, &st) < 0 || st.st_ino != w.level->ino))
			r = -ESTALE; /* somebody moves directories: never climb out */
	}
	return r;
}
