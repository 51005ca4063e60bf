// SPDX-License-Identifier: GPL-2.0-or-later
/* Mounts of a stopped VPS; see frozen.h. */
#include "cpt/frozen.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

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

/* What the way leads through when it is not all in the kernel's memory. */
static bool way_answers(const struct vz_frozen *f, const struct vz_mountinfo *m)
{
	for (size_t i = 0; i < f->mounts.n; i++) {
		const struct vz_mountinfo *on = &f->mounts.v[i];
		const char *rest;

		if (vz_str_prefix(m->target, on->target, &rest) && (!*rest || *rest == '/') && !answers(on))
			return false;
	}
	return true;
}

int vz_frozen_mount(const struct vz_frozen *f, const struct vz_mountinfo *m)
{
	autoclose int at = -EBADF;
	struct statx x;
	int r;

	/* directories with a mount on them stay in memory: nobody is asked */
	r = vz_openat2(f->root, m->target, O_PATH | O_DIRECTORY, 0, INSIDE | RESOLVE_CACHED);
	if (r == -EAGAIN)
		r = way_answers(f, m) ? vz_openat2(f->root, m->target, O_PATH | O_DIRECTORY, 0, INSIDE) : -EPERM;
	if (r < 0)
		return r;
	at = r;
	if (statx(at, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &x) < 0)
		return -errno;
	if (makedev(x.stx_dev_major, x.stx_dev_minor) != m->dev)
		return -EXDEV;
	r = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

int vz_frozen_bounds(const struct vz_state *st, struct vz_err *e)
{
	autofrozen f = { .root = -EBADF };
	uint64_t bytes = 0, files = 0;
	int r = vz_frozen_open(st, &f, e);

	for (size_t i = 0; r >= 0 && i < f.mounts.n; i++) {
		autoclose int dir = -EBADF;
		struct statfs fs;

		if (!vz_frozen_is_tmpfs(&f, i))
			continue;
		dir = vz_frozen_mount(&f, &f.mounts.v[i]);
		if (dir < 0 || fstatfs(dir, &fs) < 0)
			continue; /* covered: who reads it later says so */
		bytes += (uint64_t)(fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize;
		files += fs.f_files - fs.f_ffree;
	}
	if (r < 0)
		return r;
	if (bytes > VZ_FROZEN_BYTES || files > VZ_FROZEN_FILES)
		return vz_fail(e, VZ_CHKPNT, 0, "the container has %llu MiB in %llu files on tmpfs, which would be written while "
			       "it stands still: remove some of /tmp, /run or /dev/shm inside (%u MiB and %u files at most)",
			       (unsigned long long)(bytes >> 20), (unsigned long long)files,
			       (unsigned)(VZ_FROZEN_BYTES >> 20), VZ_FROZEN_FILES);
	return 0;
}

bool vz_frozen_is_tmpfs(const struct vz_frozen *f, size_t i)
{
	const struct vz_mountinfo *m = &f->mounts.v[i];

	if (strcmp(m->fstype, "tmpfs") || strcmp(m->root, "/"))
		return false;
	for (size_t j = 0; j < i; j++)
		if (f->mounts.v[j].dev == m->dev && !strcmp(f->mounts.v[j].root, "/"))
			return false;
	return true;
}
