// SPDX-License-Identifier: GPL-2.0-or-later
/* Mounts of a stopped VPS; see frozen.h. */
#include "cpt/frozen.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"

#include <sys/stat.h>

#define INSIDE (RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)

void vz_frozen_close(struct vz_frozen *f)
{
	vz_closep(&f->root);
	vz_mounts_free(&f->mounts);
	f->root = -EBADF;
}

int vz_frozen_open(const struct vz_state *st, struct vz_frozen *ret, struct vz_err *e)
{
	char path[sizeof("/proc//mountinfo") + 10];
	autofrozen f = { .root = -EBADF };
	int r;

	snprintf(path, sizeof(path), "/proc/%d/root", st->init);
	f.root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (f.root < 0)
		return vz_fail(e, VZ_CHKPNT, errno, "cannot open the container's root");
	snprintf(path, sizeof(path), "/proc/%d/mountinfo", st->init);
	r = vz_mounts_read(AT_FDCWD, path, &f.mounts);
	if (r < 0)
		return vz_fail(e, VZ_CHKPNT, -r, "cannot read the container's mounts");
	*ret = f;
	f = (struct vz_frozen){ .root = -EBADF };
	return 0;
}

/* The root itself is the host's work, whatever it is. */
static bool answers(const struct vz_mountinfo *m)
{
	return !strcmp(m->target, "/") || !strcmp(m->fstype, "tmpfs") || !strcmp(m->fstype, "ramfs");
}

int vz_frozen_mount(const struct vz_frozen *f, const struct vz_mountinfo *m)
{
	autoclose int fd = -EBADF;
	struct stat st;
	int r;

	for (size_t i = 0; i < f->mounts.n; i++) {
		const struct vz_mountinfo *on = &f->mounts.v[i];
		const char *rest;

		if (vz_str_prefix(m->target, on->target, &rest) && (!*rest || *rest == '/') && !answers(on))
			return -EPERM;
	}
	r = vz_openat2(f->root, m->target, O_RDONLY | O_DIRECTORY, 0, INSIDE);
	if (r < 0)
		return r;
	fd = r;
	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_dev == m->dev ? TAKE_FD(fd) : -EXDEV;
}
