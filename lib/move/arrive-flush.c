// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files that have come: on the disk, and which of them are not to be relied on. rsync takes a file of the same size and time for
 * the same. But the kernel sets the time of a file that is mapped and written once, and then not again until the page has gone to
 * the disk (its page_mkwrite), half a minute later. So the source writes all to the disk before the first copy, and
 * every file that was written since that began is in doubt: it may have been written again, and have the same time still.
 */
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "fs/treewalk.h"
#include "move/arrive-internal.h"
#include "move/migrate.h"

#include <fcntl.h>
#include <sys/stat.h>

#define AS(code) ((enum vz_exit)VZ_MIGRATE_##code)

char *vz_arrive_dir(const struct vz_arrival *a)
{
	return vz_fmt("%s.arriving/area", a->private);
}

static int doubt(int dir, const char *name, const struct stat *st, void *arg)
{
	const int64_t *since = arg;
	/* another one than it has there */
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = st->st_mtim.tv_sec ? 0 : 1 } };

	if (!S_ISREG(st->st_mode) || st->st_mtim.tv_sec < *since)
		return 0;
	return utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int take_since(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	autofree char *word = vz_str_word(&args, " ");
	uint64_t since;

	if (!word)
		return 0;
	if (a->accepted || vz_num_u64(word, INT64_MAX, &since) < 0)
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	a->since = (int64_t)since;
	a->has_since = true;
	return 1;
}

int vz_arrive_flush(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	autofree char *dir = a->private ? vz_arrive_dir(a) : NULL;
	autoclose int fd = -EBADF, dumps = -EBADF;
	int r = dir ? take_since(a, args, e) : vz_fail(e, AS(REMOTE), 0, "bad request");

	if (r < 0)
		return r;
	dumps = open(a->dumpdir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->accepted) /* its source has been told that it runs */
		vz_closep(&a->ram);
	fd = open(a->accepted ? a->private : dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && r)
		r = vz_treewalk(fd, doubt, &a->since);
	if (r < 0)
		return vz_fail(e, AS(COPY), -r, "cannot look at %s on destination node", dir);
	return fd < 0 || syncfs(fd) < 0 || (dumps >= 0 && syncfs(dumps) < 0) ?
		       vz_fail(e, AS(COPY), errno, "cannot write %s on destination node", a->private) : 0;
}

void vz_arrive_doubt(struct vz_arrival *a)
{
	autofree char *dir = vz_arrive_dir(a);
	autoclose int fd = dir && a->has_since ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;

	if (fd >= 0)
		(void)vz_treewalk(fd, doubt, &a->since);
}
