// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of sockets in tmpfs; see sockets.h. */
#include "cpt/sockets.h"
#include "base/num.h"
#include "base/own.h"
#include "base/pack.h"
#include "base/str.h"
#include "cpt/frozen.h"
#include "launch/launch.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/idmap.h"

#include <limits.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define FILE_NAME "sockets"
#define BENEATH (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV)
#define DEPTH_MAX 32u
#define SOCKETS_MAX 10000u
#define PACKED_MAX (16u << 20)

/* ---- save ---- */

struct save {
	const struct vz_state *st;
	struct vz_pack *out;
	struct vz_err *e;
	const char *mount;
	char path[PATH_MAX]; /* below the mount */
	unsigned depth, n, files;
};

static uint32_t inside(uint32_t id, uint32_t first)
{
	return id - first < VZ_IDS_PER_VPS ? id - first : 0;
}

static int save_socket(struct save *s, int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISSOCK(st.st_mode))
		return 0;
	if (++s->n > SOCKETS_MAX)
		return vz_fail(s->e, VZ_CHKPNT, 0, "the container has more than %u names of sockets on tmpfs: remove those "
			       "that nobody uses", SOCKETS_MAX);
	vz_pack_num(s->out, 1);
	vz_pack_text(s->out, s->mount);
	vz_pack_text(s->out, s->path);
	vz_pack_num(s->out, st.st_mode & 07777);
	vz_pack_num(s->out, inside(st.st_uid, s->st->uid));
	vz_pack_num(s->out, inside(st.st_gid, s->st->gid));
	return 0;
}

static int save_dir(struct save *s, int dir);

static int save_entry(struct save *s, int dir, const struct dirent *de)
{
	size_t len = strlen(s->path), n = strlen(de->d_name);
	int r = 0, below;

	if (++s->files > VZ_FROZEN_FILES)
		return vz_fail(s->e, VZ_CHKPNT, 0, "the container has more than %u files on tmpfs: remove some inside",
			       VZ_FROZEN_FILES);
	if (de->d_type != DT_DIR && de->d_type != DT_SOCK)
		return 0;
	if (len + n + 2 > sizeof(s->path) || s->depth >= DEPTH_MAX)
		return vz_fail(s->e, VZ_CHKPNT, 0, "the container has directories on tmpfs deeper than %u", DEPTH_MAX);
	if (len)
		s->path[len++] = '/';
	memcpy(s->path + len, de->d_name, n + 1);
	if (de->d_type == DT_SOCK) {
		r = save_socket(s, dir, de->d_name);
	} else {
		below = vz_openat2(dir, de->d_name, O_RDONLY | O_DIRECTORY | O_NOATIME, 0, BENEATH);
		s->depth++;
		r = below >= 0 ? save_dir(s, below) : 0; /* a mount is looked at by itself */
		s->depth--;
	}
	s->path[len && s->path[len - 1] == '/' ? len - 1 : len] = 0;
	return r;
}

/* Takes the fd. */
static int save_dir(struct save *s, int dir)
{
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	int r = vz_dir_stream(dir, &d);

	if (r < 0)
		return vz_fail(s->e, VZ_CHKPNT, -r, "cannot read a tmpfs of the container");
	while (!r && (de = vz_dir_next(d)))
		r = save_entry(s, dir, de);
	return !r && errno ? vz_fail(s->e, VZ_CHKPNT, errno, "cannot read a tmpfs of the container") : r;
}

int vz_sockets_save(const struct vz_state *st, struct vz_image *im, struct vz_err *e)
{
	autopack p = { .max = PACKED_MAX };
	autofrozen f = { .root = -EBADF };
	struct save s = { .st = st, .out = &p, .e = e };
	int r = vz_frozen_open(st, &f, e);

	for (size_t i = 0; r >= 0 && i < f.mounts.n; i++) {
		const struct vz_mountinfo *m = &f.mounts.v[i];
		int dir;

		if (!vz_frozen_is_tmpfs(&f, i) || m->dev == st->dev) /* /dev is saved as a whole */
			continue;
		dir = vz_frozen_mount(&f, m);
		s.mount = m->target;
		s.path[0] = 0;
		r = dir < 0 ? 0 : save_dir(&s, dir); /* covered: nobody can use its names */
	}
	vz_pack_num(&p, 0);
	if (r < 0)
		return r;
	if (p.err)
		return vz_fail(e, VZ_CHKPNT, -p.err, "cannot save the names of sockets in the container");
	return vz_image_put(im, FILE_NAME, p.buf.s, p.buf.len, e);
}

/* ---- load: in a child that is root inside ---- */

static int open_mount(const char *mount)
{
	autoclose int dir = vz_openat2(AT_FDCWD, mount, O_RDONLY | O_DIRECTORY, 0,
				       RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	struct statfs fs;

	if (dir < 0 || fstatfs(dir, &fs) < 0 || fs.f_type != TMPFS_MAGIC)
		return -ENOENT;
	return TAKE_FD(dir);
}

/* The directory may have gone, and the name may be there: both are fine. */
static int make_socket(const char *mount, char *path, const struct stat *st)
{
	autoclose int top = open_mount(mount), dir = -EBADF;
	char *name = strrchr(path, '/');

	if (top < 0)
		return 0;
	if (name)
		*name++ = 0;
	dir = vz_openat2(top, name ? path : ".", O_RDONLY | O_DIRECTORY, 0, BENEATH);
	if (!name)
		name = path;
	if (!vz_str_is_component(name))
		return -EBADMSG;
	if (dir < 0)
		return 0;
	if (mknodat(dir, name, S_IFSOCK | 0600, 0) < 0)
		return errno == EEXIST ? 0 : -errno;
	if (fchownat(dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(dir, name, st->st_mode, 0) < 0)
		return -errno;
	return 0;
}

static int make_all(void *arg)
{
	struct vz_packed in = *(const struct vz_packed *)arg;
	char mount[PATH_MAX], path[PATH_MAX];
	int r = 0;

	umask(0);
	while (!r && vz_packed_num(&in, 1)) {
		struct stat st = { 0 };

		vz_packed_text(&in, mount, sizeof(mount));
		vz_packed_text(&in, path, sizeof(path));
		st.st_mode = (mode_t)vz_packed_num(&in, 07777);
		st.st_uid = (uid_t)vz_packed_num(&in, VZ_IDS_PER_VPS - 1);
		st.st_gid = (gid_t)vz_packed_num(&in, VZ_IDS_PER_VPS - 1);
		r = in.bad ? -EBADMSG : make_socket(mount, path, &st);
	}
	return r ? r : in.bad || in.left ? -EBADMSG : 0;
}

int vz_sockets_load(const struct vz_state *st, const struct vz_image *im, struct vz_err *e)
{
	autofree char *data = NULL;
	struct vz_packed in;
	size_t n;
	int r = vz_image_read(im, FILE_NAME, &data, &n, e);

	if (r < 0)
		return r;
	in = (struct vz_packed){ .p = data, .left = n };
	r = vz_join_call(st, CLONE_NEWNS | CLONE_NEWUSER, make_all, &in);
	if (r == -EBADMSG)
		return vz_fail(e, VZ_RESTORE, 0, "what the dump has of names of sockets was not written by vzctl");
	return r < 0 ? vz_fail(e, VZ_RESTORE, -r, "cannot make the names of sockets in the container again") : 0;
}
