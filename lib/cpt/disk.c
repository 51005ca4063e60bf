// SPDX-License-Identifier: GPL-2.0-or-later
/* How much disk a tree takes; see disk.h. */
#include "cpt/disk.h"
#include "base/own.h"
#include "cpt/seen.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define DEPTH_MAX 200u
#define BLOCK 512u /* of st_blocks */
#define KEEP_PART 100
#define KEEP_MOST (256u << 20)

struct walk {
	int64_t end;
	struct cpt_seen linked; /* inodes with several names: each is counted once */
	uint64_t bytes;
};

static void walk_dir(struct walk *w, int dir, unsigned depth);

static void walk_entry(struct walk *w, int dir, const struct dirent *de, unsigned depth)
{
	struct stat st;

	if (fstatat(dir, de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (S_ISDIR(st.st_mode) || st.st_nlink < 2 || cpt_seen_new(&w->linked, st.st_ino))
		w->bytes += (uint64_t)st.st_blocks * BLOCK;
	if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
		walk_dir(w, vz_openat2(dir, de->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
				       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV), depth + 1);
}

/* Takes `dir`. */
static void walk_dir(struct walk *w, int dir, unsigned depth)
{
	autoclosedir DIR *d = NULL;
	struct dirent *de;

	if (dir < 0 || vz_dir_stream(dir, &d) < 0)
		return;
	while (vz_now_ms() < w->end && (de = vz_dir_next(d)))
		walk_entry(w, dirfd(d), de, depth);
}

uint64_t vz_disk_used(const char *path, int ms)
{
	struct walk w = { .end = vz_now_ms() + ms };

	walk_dir(&w, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), 0);
	free(w.linked.slot);
	return w.bytes;
}

bool vz_disk_room(const char *path, uint64_t *ret)
{
	autofree char *there = path ? vz_path_nearest(path) : NULL;
	struct statvfs sv;
	uint64_t keep;

	if (!there || statvfs(there, &sv) < 0)
		return false;
	keep = (uint64_t)sv.f_blocks * sv.f_frsize / KEEP_PART;
	keep = keep < KEEP_MOST ? keep : KEEP_MOST;
	*ret = (uint64_t)sv.f_bavail * sv.f_frsize;
	*ret -= *ret < keep ? *ret : keep;
	return true;
}
