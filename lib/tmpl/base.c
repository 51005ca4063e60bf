// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The store of unpacked templates that VPSes share: TEMPLATE/base, 0700 because it holds setuid
 * programs of other systems.
 *
 *   ID/tree          the unpacked template, never written again
 *   ID/users/CTID    one empty file for each VPS that stands on it
 *   .new-XXXXXX      being unpacked by whoever holds .unpack
 *   .del-ID-PID      on its way out
 *   .come-CTID       comes from another host, for that VPS
 *   .unpack          lock: one unpacks at a time, for as long as that takes
 *   .lock            lock: names and users; held for moments only, so that a create from a base
 *                    that exists never waits for one that is being made. Taken after .unpack.
 *
 * Only root writes here and no VPS has a path to it, so names need no suspicion, but for the id,
 * which comes from a file of the VPS.
 */
#include "tmpl/tmpl.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#define HASH_DIGITS 16
/* Another number when unpacking makes something else of an archive than before. */
#define BASE_VERSION 3

/* TEMPLATE, and TEMPLATE/base opened. */
struct store {
	const char *template_dir;
	int base;
};

/* Waits for the lock and returns it as an fd. It belongs to this open file (fcntl(2), F_OFD_SETLKW):
 * it ends with us however we end, and excludes other threads too. */
static int lock(int base, const char *name)
{
	autoclose int fd = openat(base, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fd < 0)
		return -errno;
	while (fcntl(fd, F_OFD_SETLKW, &whole) < 0)
		if (errno != EINTR)
			return -errno;
	return TAKE_FD(fd);
}

static int open_base(const char *template_dir, bool make, struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/base", template_dir);
	autoclose int fd = -EBADF;
	struct stat st;
	int r;

	if (!path)
		return vz_fail(e, VZ_SYSTEM, ENOMEM, "Unable to open %s/base", template_dir);
	r = make ? vz_mkdir_p(path, 0700) : 0;
	if (r < 0)
		return vz_fail(e, r == -ENOSPC ? VZ_FS_NO_DISK_SPACE : VZ_SYSTEM, -r,
			       "Unable to make %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || (st.st_mode & 077 && fchmod(fd, 0700) < 0))
		return vz_fail(e, VZ_SYSTEM, errno, "Unable to open %s", path);
	return TAKE_FD(fd);
}

/* NAME-<16 hex digits>; NULL when the template cannot be read. */
static char *id_of(const struct vz_tmpl *t)
{
	struct stat st;
	uint64_t v[4], h;

	if (stat(t->path, &st) < 0)
		return NULL;
	v[0] = (uint64_t)st.st_size;
	v[1] = (uint64_t)st.st_mtim.tv_sec;
	v[2] = (uint64_t)st.st_mtim.tv_nsec;
	v[3] = BASE_VERSION;
	h = vz_str_hash(t->name, strlen(t->name), 0);
	h = vz_str_hash(v, sizeof(v), h);
	return vz_fmt("%s-%0*" PRIx64, t->name, HASH_DIGITS, h);
}

static int add_user(int base, const char *id, unsigned user)
{
	autofree char *path = vz_fmt("%s/users/%u", id, user);
	autoclose int fd = -EBADF;

	if (!path)
		return -ENOMEM;
	fd = openat(base, path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : 0;
}

/* 0 when the base is there and `user` now stands on it; -ENOENT when there is none. */
static int use_existing(int base, const char *id, unsigned user, struct vz_err *e)
{
	autofree char *tree = vz_fmt("%s/tree", id);
	autoclose int held = lock(base, ".lock");
	int r;

	if (!tree || held < 0)
		return vz_fail(e, VZ_SYSTEM, tree ? -held : ENOMEM,
			       "Unable to lock the shared OS templates");
	if (faccessat(base, tree, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return -ENOENT;
	r = add_user(base, id, user);
	if (r < 0)
		return vz_fail(e, r == -ENOSPC ? VZ_FS_NO_DISK_SPACE : VZ_SYSTEM, -r,
			       "Unable to record the use of OS template %s", id);
	return 0;
}

/* Calls fn for each name in base until it returns false. */
static void each(int base, bool (*fn)(int base, const char *name, const void *arg),
		 const void *arg)
{
	int fd = openat(base, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autoclosedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d)
		vz_closep(&fd);
	while (d && (de = readdir(d)))
		if (vz_str_is_component(de->d_name) && !fn(base, de->d_name, arg))
			break;
}

static bool remove_kind(int base, const char *name, const void *kind)
{
	if (vz_str_prefix(name, kind, NULL))
		(void)vz_remove_tree(base, name);
	return true;
}

/* Removes every entry of this kind (".new-", ".del-"); what cannot go stays for the next time. */
static void sweep(int base, const char *kind)
{
	each(base, remove_kind, kind);
}

static bool is_used(int base, const char *id)
{
	autofree char *path = vz_fmt("%s/users", id);
	int fd = path ? openat(base, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	autoclosedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d) {
		vz_closep(&fd);
		return true; /* not ours to judge */
	}
	while ((de = readdir(d)))
		if (vz_str_is_component(de->d_name))
			return true;
	return false;
}

/* Does the template this base was made from still exist unchanged? */
static bool is_current(const char *template_dir, const char *id)
{
	size_t n = strlen(id);
	autofree char *name = n > HASH_DIGITS + 1 ? strndup(id, n - HASH_DIGITS - 1) : NULL;
	autofree char *now = NULL;
	struct vz_tmpl t;
	struct vz_err e;
	int r;

	if (!name)
		return true;
	r = vz_tmpl_find(template_dir, name, &t, &e);
	if (r < 0)
		return r != -ENOENT;
	now = id_of(&t);
	vz_tmpl_free(&t);
	return !now || vz_str_eq(now, id);
}

static bool retire(int base, const char *id, const void *template_dir)
{
	autofree char *to = NULL;

	if (*id == '.' || is_used(base, id) || is_current(template_dir, id))
		return true;
	to = vz_fmt(".del-%s-%u", id, (unsigned)getpid());
	if (to)
		(void)renameat(base, id, base, to);
	return true;
}

/* Deletes what nobody uses and no template stands for. Under the lock they only lose the name. */
static void drop_unused(const char *template_dir, int base)
{
	int held = lock(base, ".lock");

	if (held < 0)
		return;
	each(base, retire, template_dir);
	vz_closep(&held);
	sweep(base, ".del-");
}

static int fail_write(struct vz_err *e, int errnum, const struct vz_tmpl *t)
{
	if (errnum == ENOSPC || errnum == EDQUOT)
		(void)vz_fail(e, VZ_FS_NO_DISK_SPACE, 0, "Insufficient disk space");
	else
		(void)vz_fail(e, VZ_FS_NEW_VE_PRVT, errnum, "Unable to unpack %s", t->path);
	return -errnum;
}

/* Fills base/work: tree/ and users/. The caller removes it on failure. */
static int fill(int base, const char *work, const struct vz_tmpl *t,
		const struct vz_tmpl_for *whom, struct vz_err *e)
{
	autofree char *tree = vz_fmt("%s/tree", work), *users = vz_fmt("%s/users", work);
	autoclose int fd = -EBADF;
	int r;

	if (!tree || !users)
		return fail_write(e, ENOMEM, t);
	if (mkdirat(base, tree, 0755) < 0 || mkdirat(base, users, 0700) < 0)
		return fail_write(e, errno, t);
	fd = openat(base, tree, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail_write(e, errno, t);
	r = vz_tmpl_unpack(t, fd, whom, e);
	if (r < 0)
		return r;
	/* the name must not outlive a power failure that the data did not */
	return syncfs(fd) < 0 ? fail_write(e, errno, t) : 0;
}

/* From now on the unpacked tree is the base `id`. */
static int publish(int base, const char *work, const char *id, unsigned user, struct vz_err *e)
{
	autoclose int held = lock(base, ".lock");
	int r = held < 0 ? held : 0;

	if (r == 0 && renameat(base, work, base, id) < 0)
		r = -errno;
	if (r == 0)
		r = add_user(base, id, user);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "Unable to keep OS template %s", id) : 0;
}

/* Unpacks under the .unpack lock; after it another create may have done our work. */
static int make_base(const struct store *s, const struct vz_tmpl *t, const char *id,
		     const struct vz_tmpl_for *whom, struct vz_err *e)
{
	autoclose int held = lock(s->base, ".unpack");
	char work[sizeof(".new-") + 10];
	autofree char *again = NULL;
	int r;

	if (held < 0)
		return vz_fail(e, VZ_SYSTEM, -held, "Unable to lock the shared OS templates");
	/* whoever made these died: nobody else may unpack now */
	sweep(s->base, ".new-");
	r = use_existing(s->base, id, whom->user, e);
	if (r != -ENOENT)
		return r;
	drop_unused(s->template_dir, s->base);
	snprintf(work, sizeof(work), ".new-%u", (unsigned)getpid());
	if (mkdirat(s->base, work, 0700) < 0)
		return fail_write(e, errno, t);
	r = fill(s->base, work, t, whom, e);
	again = id_of(t);
	if (r == 0 && !vz_str_eq(again, id))
		r = vz_fail(e, VZ_FS_BAD_TMPL, 0, "OS template %s was changed while it was unpacked",
			    t->path);
	if (r == 0)
		r = publish(s->base, work, id, whom->user, e);
	if (r < 0)
		(void)vz_remove_tree(s->base, work);
	return r;
}

int vz_tmpl_base_get(const char *template_dir, const struct vz_tmpl *t,
		     const struct vz_tmpl_for *whom, char **ret_id, struct vz_err *e)
{
	autofree char *id = id_of(t);
	autoclose int base = -EBADF;
	int r;

	if (!id)
		return vz_fail(e, VZ_OSTEMPLATE_NOT_FOUND, errno, "Unable to read OS template %s",
			       t->path);
	base = open_base(template_dir, true, e);
	if (base < 0)
		return base;
	r = use_existing(base, id, whom->user, e);
	if (r == -ENOENT)
		r = make_base(&(struct store){ template_dir, base }, t, id, whom, e);
	if (r < 0)
		return r;
	*ret_id = TAKE_PTR(id);
	return 0;
}

int vz_tmpl_base_use(const char *template_dir, const char *id, unsigned user, struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/users/%u", id, user);
	autoclose int base = open_base(template_dir, false, NULL);
	int r;

	if (base < 0 || !path || !vz_str_is_component(id) ||
	    !faccessat(base, path, F_OK, AT_SYMLINK_NOFOLLOW))
		return 0;
	r = use_existing(base, id, user, e);
	return r == -ENOENT ? 0 : r;
}

static bool remove_user(int base, const char *id, const void *user)
{
	autofree char *path = vz_fmt("%s/users/%u", id, *(const unsigned *)user);

	if (path && *id != '.')
		(void)unlinkat(base, path, 0);
	return true;
}

void vz_tmpl_base_put(const char *template_dir, const char *id, unsigned user)
{
	autoclose int base = -EBADF;

	if (id && !vz_str_is_component(id))
		return;
	base = open_base(template_dir, false, NULL);
	if (base < 0)
		return;
	if (id)
		(void)remove_user(base, id, &user);
	else
		each(base, remove_user, &user);
	drop_unused(template_dir, base);
}

int vz_tmpl_base_expect(const char *template_dir, const char *id, unsigned user, char **ret_dir, struct vz_err *e)
{
	autoclose int base = vz_str_is_component(id) && *id != '.' ? open_base(template_dir, true, e) :
			     vz_fail(e, VZ_FS_BAD_TMPL, 0, "bad name of an OS template: %s", id);
	autofree char *tree = vz_fmt("%s/tree", id), *come = vz_fmt(".come-%u", user);
	autofree char *dir = vz_fmt("%s/base/.come-%u/tree", template_dir, user);

	if (base < 0)
		return base;
	if (!tree || !come || !dir)
		return vz_oom(e);
	if (!faccessat(base, tree, F_OK, AT_SYMLINK_NOFOLLOW))
		return 1;
	if (mkdirat(base, come, 0700) < 0 && errno != EEXIST)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make %s", dir);
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make %s", dir);
	*ret_dir = TAKE_PTR(dir);
	return 0;
}

int vz_tmpl_base_commit(const char *template_dir, const char *id, unsigned user, struct vz_err *e)
{
	autofree char *tree = vz_fmt("%s/tree", id), *come = vz_fmt(".come-%u", user);
	autofree char *users = vz_fmt(".come-%u/users", user);
	autoclose int base = open_base(template_dir, true, e), held = -EBADF;

	if (base < 0)
		return base;
	if (!tree || !come || !users)
		return vz_oom(e);
	if (mkdirat(base, users, 0700) < 0 || syncfs(base) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make %s/base/%s", template_dir, users);
	held = lock(base, ".lock");
	if (held < 0)
		return vz_fail(e, VZ_SYSTEM, -held, "Unable to lock the shared OS templates");
	if (!faccessat(base, tree, F_OK, AT_SYMLINK_NOFOLLOW))
		return 0; /* abort() takes ours away */
	if (renameat(base, come, base, id) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot name %s/base/%s", template_dir, id);
	return 0;
}

void vz_tmpl_base_abort(const char *template_dir, unsigned user)
{
	autofree char *come = vz_fmt("%s/base/.come-%u", template_dir, user);

	if (come)
		(void)vz_remove_tree(AT_FDCWD, come);
}
