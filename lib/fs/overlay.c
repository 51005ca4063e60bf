// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The layout overlay. VE_PRIVATE (0700, root) holds fs/ (the upper tree, with shifted ids), work/, a README and the
 * file "base", which names the read-only tree below, shared and id-mapped when it is mounted.
 *
 * The file "base" and the directory itself are the host's. Only what lies below fs/ is the guest's, and is reached
 * by directory fds that no link leads out of.
 */
#include "fs/fs-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "fs/shift.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <time.h>

#define BENEATH (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)
/* For who comes with a tool that knows VE_PRIVATE/etc and the like. */
#define README                                                                                     \
	"Container %u has the layout overlay: its files are not in this directory. fs/ holds only\n" \
	"what differs from the template, with the owners of its user namespace.\n"                  \
	"Read and write the files at %s, while the container runs or after\n"                      \
	"  vzctl mount %u\n"                                                                        \
	"Copy or archive this directory with its extended attributes, else it cannot be restored:\n" \
	"tar --acls --xattrs --xattrs-include='*' on both sides, or rsync -aAXH --numeric-ids;\n"    \
	"see vzctl(8), BACKUP.\n"                                                                  \
	"For tools that use VE_PRIVATE itself, create containers with --layout simfs, or put\n"     \
	"  VE_LAYOUT=\"simfs\"\n"                                                                   \
	"into vz.conf. See vzctl(8), create.\n"
#define BASE_ID_MAX 255
#define XATTR_LIST 4096
/* A VPS that has just ended holds its overlay until the kernel has taken its mount namespace
 * apart; with index=on the directories cannot be used again before that. */
#define BUSY_TRIES 200
#define BUSY_SEARCH 10 /* after so many tries somebody else holds it, probably */
#define BUSY_WAIT_NS 5000000L

static char *overlay_base(const struct vz_area *a)
{
	autofree char *path = vz_fmt("%s/base", a->private), *id = NULL;
	ssize_t n = path ? vz_file_read(AT_FDCWD, path, BASE_ID_MAX, &id) : -ENOMEM;

	if (n < 0) {
		errno = (int)-n;
		return NULL;
	}
	id[strcspn(id, "\n")] = 0;
	if (!vz_str_is_component(id)) {
		errno = EINVAL;
		return NULL;
	}
	return TAKE_PTR(id);
}

/* What an area is made of; closed by parts_close(). */
struct parts {
	char *base; /* id */
	int tree, upper, work;
};

static void parts_close(struct parts *p)
{
	free(p->base);
	vz_closep(&p->tree);
	vz_closep(&p->upper);
	vz_closep(&p->work);
}

#define autoparts __attribute__((cleanup(parts_close))) struct parts

/* Who archives an area without its attributes loses what says which files of the template are deleted
 * and which directories replaced: the ids could be guessed, that cannot. */
static int check_attributes(const struct vz_area *a, int upper, struct vz_err *e)
{
	autofree char *fs = vz_fmt("%s/fs", a->private);
	struct vz_idshift s;
	int r = vz_shift_state(upper, &s);

	if (r < 0 || !fs)
		return vz_fail(e, VZ_FS_CANTMOUNT, r < 0 ? -r : ENOMEM, "Can't mount: %s %s", a->root,
			       a->private);
	if (!vz_shift_is_marked(upper))
		return vz_fail(e, VZ_FS_CANTMOUNT, 0,
			       "Can't mount: %s %s: the extended attributes of fs/ are missing, it was "
			       "archived or unpacked without them. Restore it with tar --xattrs "
			       "--xattrs-include='*' or rsync -aAXH --numeric-ids, used on both sides "
			       "(vzctl(8), BACKUP)", a->root, a->private);
	return s.from_uid ? vz_shift_verify(upper, &s, fs, e) : 0;
}

static int open_parts(const struct vz_area *a, struct parts *ret, struct vz_err *e)
{
	autoclose int dir = open(a->private, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoparts p = { overlay_base(a), -EBADF, -EBADF, -EBADF };
	struct statvfs sv;
	int r;

	if (!p.base)
		return vz_fail(e, VZ_FS_CANTMOUNT, errno,
			       "The area %s is of layout simfs (set VE_LAYOUT), or lacks its file base",
			       a->private);
	p.tree = vz_base_open(a->template, p.base);
	if (p.tree < 0)
		return vz_fail(e, VZ_FS_CANTMOUNT, -p.tree, "base %s/base/%s of the area",
			       a->template, p.base);
	p.upper = dir < 0 ? -errno : vz_openat2(dir, "fs", O_RDONLY | O_DIRECTORY, 0, BENEATH);
	p.work = dir < 0 ? -errno : vz_openat2(dir, "work", O_PATH | O_DIRECTORY, 0, BENEATH);
	r = p.upper < 0 ? p.upper : p.work < 0 ? p.work : 0;
	if (r < 0)
		return vz_fail(e, VZ_FS_CANTMOUNT, -r, "%s is no overlay area", a->private);
	/* the kernel only says that the argument is invalid */
	if (!fstatvfs(p.upper, &sv) && sv.f_flag & ST_RDONLY)
		return vz_fail(e, VZ_FS_CANTMOUNT, EROFS, "Can't mount: %s %s", a->root, a->private);
	r = check_attributes(a, p.upper, e);
	if (r < 0)
		return r;
	*ret = p;
	p = (struct parts){ NULL, -EBADF, -EBADF, -EBADF };
	return 0;
}

static int overlay_check(const struct vz_area *a, struct vz_err *e)
{
	autoparts p = { NULL, -EBADF, -EBADF, -EBADF };

	return open_parts(a, &p, e);
}

/* One try. The lower mount is made for each: before 6.15 a try uses it up. */
static int try_mount(const struct vz_area *a, const struct parts *p, const char *stage)
{
	autoclose int lower = vz_tree_clone(p->tree, a->uid, a->gid);
	struct vz_overlay o = { lower, p->upper, p->work, stage, false };

	return lower < 0 ? lower : vz_overlay_mount_any(&o);
}

static int adopt_copy(const struct vz_area *a, const struct parts *p, const char *stage)
{
	autoclose int lower = vz_tree_clone(p->tree, a->uid, a->gid);
	struct vz_overlay o = { lower, p->upper, p->work, stage, false };

	return lower < 0 ? lower : vz_overlay_adopt(&o);
}

/* A new overlay; or, where bystanders keep the last one alive, that one. */
static int mount_or_again(const struct vz_area *a, const struct parts *p, const char *stage,
			  struct vz_holder *ret_holder)
{
	const struct timespec pause = { .tv_nsec = BUSY_WAIT_NS };
	int r = vz_overlay_again(a, p->base, p->upper, false, ret_holder);

	if (r >= 0)
		return r;
	r = vz_overlay_is_half_adopted(p->upper) ? -ESTALE : try_mount(a, p, stage);
	if (r == -ESTALE) {
		r = adopt_copy(a, p, stage);
		if (r >= 0)
			r = try_mount(a, p, stage);
	}
	for (int i = 1; r == -EBUSY && i <= BUSY_TRIES; i++) {
		if (vz_cancelled())
			return -ECANCELED;
		nanosleep(&pause, NULL);
		r = try_mount(a, p, stage);
		if (r != -EBUSY || (i != BUSY_SEARCH && i != BUSY_TRIES))
			continue;
		r = vz_overlay_again(a, p->base, p->upper, true, ret_holder);
		if (r >= 0 || r == -ECANCELED)
			return r;
		r = -EBUSY;
	}
	if (r >= 0)
		vz_overlay_made(a, p->base, r);
	return r;
}

static int overlay_mount(const struct vz_area *a, struct vz_err *e)
{
	autofree char *stage = vz_fmt("%s/stage/%u", VZ_RUNDIR, a->id);
	autoparts p = { NULL, -EBADF, -EBADF, -EBADF };
	struct vz_holder holder = { 0 };
	int r = stage ? open_parts(a, &p, e) : vz_oom(e);

	if (r >= 0)
		r = vz_shift_tree(p.upper, a->uid, a->gid, e);
	if (r < 0)
		return r;
	r = mount_or_again(a, &p, stage, &holder);
	if (r == -EBUSY && *holder.text)
		return vz_fail(e, VZ_FS_CANTMOUNT, EBUSY, "Can't mount: %s %s: held by %s", a->root,
			       a->private, holder.text);
	return r < 0 ? vz_fail(e, VZ_FS_CANTMOUNT, -r, "Can't mount: %s %s", a->root, a->private) : r;
}

static int copy_attributes(int from, int to)
{
	char list[XATTR_LIST];
	ssize_t n = flistxattr(from, list, sizeof(list));

	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (const char *name = list; name < list + n; name += strlen(name) + 1) {
		char value[XATTR_LIST];
		ssize_t k;

		if (vz_str_prefix(name, "trusted.", NULL))
			continue; /* marks of overlays and of shift.c: they are not the tree's */
		k = fgetxattr(from, name, value, sizeof(value));
		if (k < 0 || fsetxattr(to, name, value, (size_t)k, 0) < 0)
			return -errno;
	}
	return 0;
}

/* Owner, mode and attributes of `base` for a new upper root, with the ids of the area. */
static int upper_init(const struct vz_area *a, int base, int upper)
{
	struct vz_idshift s = { 0, 0, a->uid, a->gid };
	struct stat st;
	int r;

	if (fstat(base, &st) < 0 || fchown(upper, st.st_uid, st.st_gid) < 0 ||
	    fchmod(upper, st.st_mode & 07777) < 0)
		return -errno;
	r = copy_attributes(base, upper);
	if (!r && a->uid)
		r = vz_shift_one(upper, "", &s);
	return r ? r : vz_shift_mark(upper, a->uid, a->gid);
}

static int write_file(int dir, const char *name, const char *text)
{
	autoclose int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = vz_write_all(fd, text, strlen(text));
	if (!r && fsync(fd) < 0) /* an area whose base is unknown after a power cut is lost */
		r = -errno;
	return r;
}

static int fill_area(const struct vz_area *a, int dir, int tree, const char *base_id)
{
	autofree char *base = vz_fmt("%s\n", base_id), *readme = vz_fmt(README, a->id, a->root, a->id);
	autoclose int upper = -EBADF;
	int r;

	if (!base || !readme)
		return -ENOMEM;
	if (mkdirat(dir, "fs", 0700) < 0 || mkdirat(dir, "work", 0700) < 0)
		return -errno;
	upper = openat(dir, "fs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (upper < 0)
		return -errno;
	r = upper_init(a, tree, upper);
	r = r ? r : write_file(dir, "README", readme);
	return r ? r : write_file(dir, "base", base);
}

static int overlay_create(const struct vz_area *a, const char *base_id, int dir, struct vz_err *e)
{
	autoclose int tree = vz_base_open(a->template, base_id);
	int r;

	if (tree < 0)
		return vz_fail(e, VZ_FS_NEW_VE_PRVT, -tree, "base %s/base/%s", a->template, base_id);
	r = fill_area(a, dir, tree, base_id);
	return r < 0 ? vz_fail(e, r == -ENOSPC ? VZ_FS_NO_DISK_SPACE : VZ_FS_NEW_VE_PRVT, -r,
			       "cannot make an overlay area in %s.tmp", a->private) : 0;
}

/* May be hostile: of another layout, "fs" is the guest's; therefore no link is followed. */
static bool overlay_is_marked(int private)
{
	autoclose int upper = vz_openat2(private, "fs", O_RDONLY | O_DIRECTORY, 0, BENEATH | RESOLVE_NO_XDEV);

	return upper >= 0 && vz_shift_is_marked(upper);
}

static bool overlay_has_init(const struct vz_area *a)
{
	autoclose int dir = open(a->private, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int upper = -EBADF, lower = -EBADF;
	autofree char *base = overlay_base(a);

	upper = dir < 0 ? -EBADF : vz_openat2(dir, "fs", O_PATH | O_DIRECTORY, 0, BENEATH);
	lower = base ? vz_base_open(a->template, base) : -ENOENT;
	return vz_tree_has_init(upper) || vz_tree_has_init(lower);
}

const struct vz_layout vz_layout_overlay = {
	.name = "overlay",
	.need = { "overlay",
		  "the layout overlay, which stores a template once; without it new containers are simfs",
		  "Linux 5.19 or newer, and ext4, xfs or btrfs on /vz" },
	.probe = vz_overlay_probe,
	.create = overlay_create,
	.has_init = overlay_has_init,
	.base = overlay_base,
	.is_marked = overlay_is_marked,
	.check = overlay_check,
	.mount = overlay_mount,
	.hold = vz_overlay_hold,
	.let_go = vz_overlay_let_go,
	.forget = vz_overlay_forget,
};
