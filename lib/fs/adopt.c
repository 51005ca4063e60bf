// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An area that was copied (cp -a, rsync, a restored backup), or whose template was: both to other inodes.
 * The kernel keeps file handles on disk, refuses to mount when that of the root does not fit (ESTALE),
 * and would show a merged directory without its lower half where that of the directory does not. So
 * all of them are written anew, from the paths.
 *
 *   trusted.overlay.origin   on a merged directory: the handle of its lower one
 *   work/index               handles of upper files; made again as need be
 *
 * A mark on the upper directory tells of a pass that was interrupted: it is done again, since the
 * root's handle may fit already while the others do not.
 *
 * May be hostile: the tree is a guest's; therefore everything is opened beneath it, following no
 * link, and what a directory claims to stand on is looked for beneath the template only.
 */
#include "fs/fs-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define BENEATH (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV)
#define ORIGIN "trusted.overlay.origin"
#define OPAQUE "trusted.overlay.opaque"
#define REDIRECT "trusted.overlay.redirect"
#define MARK "trusted.vz.adopt"
/* struct ovl_fb of fs/overlayfs/overlayfs.h: where in it */
#define FB_LEN 2
#define FB_TYPE 4
#define FB_HANDLE 21

/* A directory still to be visited, and the lower one it is merged with (NULL: none). */
struct todo {
	struct todo *next;
	char *upper, *lower;
};

struct pass {
	int upper, lower;
	unsigned char origin[FB_HANDLE + MAX_HANDLE_SZ]; /* the kernel's own for the root */
	struct todo *todo;
};

static void pop(struct pass *p)
{
	struct todo *t = p->todo;

	p->todo = t->next;
	free(t->upper);
	free(t->lower);
	free(t);
}

static void pass_free(struct pass *p)
{
	while (p->todo)
		pop(p);
}

static int push(struct pass *p, char *upper, char *lower)
{
	struct todo *t = upper ? calloc(1, sizeof(*t)) : NULL;

	if (!t) {
		free(upper);
		free(lower);
		return -ENOMEM;
	}
	*t = (struct todo){ p->todo, upper, lower };
	p->todo = t;
	return 0;
}

/* Where `name` of the directory `t` has its lower half: under the same name beside the parent's,
 * or where a rename has left it. */
static char *lower_of(const struct todo *t, const char *name, int dir)
{
	char to[PATH_MAX];
	ssize_t n = fgetxattr(dir, REDIRECT, to, sizeof(to) - 1);

	if (n > 0) {
		to[n] = 0;
		name = to;
	}
	if (*name == '/')
		return name[1] ? strdup(name + 1) : NULL;
	return t->lower ? vz_fmt("%s/%s", t->lower, name) : NULL;
}

static int set_origin(const struct pass *p, int dir, const char *lower)
{
	unsigned char fb[sizeof(p->origin)];
	autoclose int at = -EBADF;
	union vz_handle h;
	int r;

	if (fgetxattr(dir, ORIGIN, NULL, 0) < 0)
		return 0; /* not merged */
	if (lower)
		at = vz_openat2(p->lower, lower, O_PATH | O_DIRECTORY, 0, BENEATH);
	if (at < 0)
		return fremovexattr(dir, ORIGIN) < 0 ? -errno : 0;
	r = vz_handle_of(at, &h);
	if (r < 0)
		return r;
	memcpy(fb, p->origin, FB_HANDLE);
	fb[FB_LEN] = (unsigned char)(FB_HANDLE + h.h.handle_bytes);
	fb[FB_TYPE] = (unsigned char)h.h.handle_type;
	memcpy(fb + FB_HANDLE, h.h.f_handle, h.h.handle_bytes);
	return fsetxattr(dir, ORIGIN, fb, FB_HANDLE + h.h.handle_bytes, 0) < 0 ? -errno : 0;
}

/* One directory; those in it are pushed. Paths longer than the kernel takes belong to no template. */
static int visit(struct pass *p)
{
	struct todo *t = p->todo, here = *t;
	int fd = vz_openat2(p->upper, t->upper, O_RDONLY | O_DIRECTORY, 0, BENEATH), r = 0;
	autoclosedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	autofree char *upper = TAKE_PTR(t->upper), *lower = TAKE_PTR(t->lower);
	struct dirent *de;

	pop(p);
	if (!d) {
		r = fd < 0 ? fd : -ENOMEM;
		vz_closep(&fd);
		return r == -ENAMETOOLONG || r == -EXDEV ? 0 : r;
	}
	if (fgetxattr(fd, OPAQUE, NULL, 0) > 0)
		here.lower = NULL;
	while (!r && (de = vz_dir_next(d))) {
		autoclose int dir = -EBADF;

		if (!vz_str_is_component(de->d_name) || (de->d_type != DT_DIR && de->d_type != DT_UNKNOWN))
			continue;
		dir = vz_openat2(fd, de->d_name, O_RDONLY | O_DIRECTORY, 0, BENEATH);
		if (dir < 0)
			continue;
		r = push(p, vz_fmt("%s/%s", here.upper, de->d_name), lower_of(&here, de->d_name, dir));
		if (!r)
			r = set_origin(p, dir, p->todo->lower);
	}
	return r ? r : -errno;
}

/* The root's handle as the kernel writes it where there is none: a pattern for the others. */
static int ask_kernel(const struct vz_overlay *o, struct pass *p)
{
	autoclose int mnt = -EBADF;
	int r = vz_remove_tree(o->work, "index");

	if (r < 0)
		return r;
	r = vz_remove_tree(o->work, "work");
	if (r < 0)
		return r;
	if (fremovexattr(o->upper, ORIGIN) < 0 && errno != ENODATA)
		return -errno;
	mnt = vz_overlay_mount_any(o);
	if (mnt < 0)
		return mnt;
	return fgetxattr(o->upper, ORIGIN, p->origin, sizeof(p->origin)) < FB_HANDLE ? -EOPNOTSUPP : 0;
}

bool vz_overlay_is_half_adopted(int upper)
{
	return fgetxattr(upper, MARK, NULL, 0) >= 0;
}

int vz_overlay_adopt(const struct vz_overlay *o)
{
	__attribute__((cleanup(pass_free))) struct pass p = { .upper = o->upper, .lower = o->lower };
	int r = fsetxattr(o->upper, MARK, "1", 1, 0) < 0 ? -errno : ask_kernel(o, &p);

	if (r >= 0)
		r = push(&p, strdup("."), strdup("."));
	while (r >= 0 && p.todo)
		r = visit(&p);
	/* the mark must not go before what it stands for is on the disk */
	if (r >= 0 && (syncfs(o->upper) < 0 || fremovexattr(o->upper, MARK) < 0))
		r = -errno;
	return r < 0 ? r : 0;
}
