// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The group of one VPS from outside: open, make, enter, remove. The order of things
 * lives here, the v2 group too, because every host has one and it is what the guest sees; what
 * differs between v1 and v2 is behind cg->ops.
 */
#include "cgroup/cgroup-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"

#include <sys/stat.h>

/* Below every mount root: where nobody else rules the tree, and where systemd does. */
static void name_group(char ret[static CG_PATH], unsigned ctid, bool systemd)
{
	if (systemd)
		snprintf(ret, CG_PATH, "vz.slice/vz-%u.scope/payload", ctid);
	else
		snprintf(ret, CG_PATH, "vz/%u", ctid);
}

int vz_cg_open(unsigned ctid, const char *root, struct vz_cg **ret, struct vz_err *e)
{
	struct vz_cg *cg = calloc(1, sizeof(*cg));
	struct cg_fds *f = calloc(1, sizeof(*f));
	int r;

	if (!cg || !f) {
		free(cg);
		free(f);
		return vz_fail(e, VZ_RESOURCE, ENOMEM, "control group of %u", ctid);
	}
	for (int h = 0; h < CG_NHIER; h++)
		f->root[h] = f->dir[h] = f->self[h] = -EBADF;
	f->base = f->join = f->init = cg->holder = -EBADF;
	cg->fds = f;
	cg->ctid = ctid;
	cg->systemd = !root && cg_scope_wanted();
	name_group(cg->path, ctid, cg->systemd);
	r = cg_detect(cg, root, e);
	if (r < 0) {
		vz_cg_close(cg);
		return r;
	}
	cg->ops = cg->hybrid ? &cg_v1_ops : &cg_v2_ops;
	*ret = cg;
	return 0;
}

void vz_cg_close(struct vz_cg *cg)
{
	if (!cg)
		return;
	cg_scope_release(cg);
	for (int h = 0; h < CG_NHIER; h++) {
		vz_closep(&cg->fds->root[h]);
		vz_closep(&cg->fds->dir[h]);
		vz_closep(&cg->fds->self[h]);
	}
	vz_closep(&cg->fds->base);
	vz_closep(&cg->fds->join);
	vz_closep(&cg->fds->init);
	free(cg->fds);
	free(cg);
}

const char *vz_cg_backend(const struct vz_cg *cg)
{
	return cg->ops->name;
}

const char *vz_cg_path(const struct vz_cg *cg)
{
	return cg->path;
}

size_t vz_cg_path_of(const char *path, size_t n, unsigned ctid)
{
	for (int systemd = 0; systemd < 2; systemd++) {
		char own[CG_PATH];
		size_t len;

		name_group(own, ctid, systemd);
		len = strlen(own);
		if (len <= n && !memcmp(path + n - len, own, len) && (len == n || path[n - len - 1] == '/'))
			return len;
	}
	return 0;
}

uint64_t vz_cg_id(const struct vz_cg *cg)
{
	struct stat st;
	int root = cg_root(cg, CG_V2);

	/* the inode number of a kernfs directory is its id */
	return root >= 0 && !fstatat(root, cg->path, &st, 0) ? (uint64_t)st.st_ino : 0;
}

/*
 * What a delegatee may write, and nothing else: the kernel's own list, /sys/kernel/cgroup/delegate
 * (cgroup-v2.rst, "Delegation"). The limits of the group stay root's.
 */
static int delegate(struct vz_cg *cg, uid_t uid, gid_t gid, struct vz_err *e)
{
	/* clang-format off */
	static const struct { const char *file; bool needed; } table[] = {
		{ ".",                      true  },
		{ "cgroup.procs",           true  },
		{ "cgroup.threads",         true  },
		{ "cgroup.subtree_control", true  },
		{ "memory.oom.group",       false },
		{ "memory.reclaim",         false },
	};
	/* clang-format on */
	int dir = cg_dir(cg, CG_V2);

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (fchownat(dir, table[i].file, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 &&
		    (table[i].needed || errno != ENOENT))
			return vz_fail(e, VZ_RESOURCE, errno, "cannot give %s of group %s to %u",
				       table[i].file, cg->path, uid);
	return 0;
}

/* A group of an earlier life has its limits still: it goes, so that this one begins clean. */
static int make_v2(struct vz_cg *cg, struct vz_err *e)
{
	int r;

	if (cg->systemd)
		return cg_scope_start(cg, e);
	r = cg_mkdir(cg, CG_V2, NULL);
	if (r == 1) {
		if (vz_cg_populated(cg) == 1)
			return vz_fail(e, VZ_RESOURCE, EBUSY, "group %s has processes", cg->path);
		r = vz_cg_destroy(cg, e);
		if (r < 0)
			return r;
		r = cg_mkdir(cg, CG_V2, NULL);
	}
	if (r < 0)
		return vz_fail(e, VZ_RESOURCE, -r, "cannot make group %s", cg->path);
	return 0;
}

int vz_cg_create(struct vz_cg *cg, uid_t owner, gid_t group, struct vz_err *e)
{
	int r = make_v2(cg, e);

	if (!r)
		r = cg->ops->make(cg, e);
	if (!r && (owner || group))
		r = delegate(cg, owner, group, e);
	if (r < 0) {
		cg_scope_release(cg);
		if (vz_cg_populated(cg) != 1)
			(void)vz_cg_destroy(cg, NULL);
		return r;
	}
	cg->made = true;
	return 0;
}

int vz_cg_clone_fd(const struct vz_cg *cg)
{
	int dir = cg_dir(cg, CG_V2);

	return dir < 0 || cg->fake ? -1 : dir;
}

/* pid 0: the caller. The v2 file, cgroups(7). */
static int enter_v2(int dir, pid_t pid, struct vz_err *e)
{
	char text[16];
	int r;

	snprintf(text, sizeof(text), "%d", pid);
	r = dir < 0 ? dir : vz_file_write(dir, "cgroup.procs", text);
	return r < 0 ? vz_fail(e, VZ_RESOURCE, -r, "cannot put a process into its group") : 0;
}

int vz_cg_attach(struct vz_cg *cg, pid_t pid, bool in_clone, struct vz_err *e)
{
	int r = in_clone ? 0 : enter_v2(cg_dir(cg, CG_V2), pid, e);

	if (!r)
		r = cg->ops->attach(cg, pid, e);
	if (pid)
		cg_scope_release(cg);
	return r;
}

void vz_cg_attached(struct vz_cg *cg)
{
	cg_scope_release(cg);
}

static int open_proc(pid_t init)
{
	char path[sizeof("/proc/") + 10];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d", init);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/*
 * The v2 group of init, whose /proc/PID is given; it is ours or one that the guest made below.
 * May be hostile: the part behind our own path is the guest's words; therefore it is opened beneath our
 * directory.
 */
static int open_beside(const struct vz_cg *cg, int init)
{
	autofree char *text = NULL;
	const char *rest = NULL;
	char *p, *line;
	int r, dir = cg_dir(cg, CG_V2);

	if (dir < 0 || init < 0)
		return dir < 0 ? dir : init;
	r = (int)vz_file_read(init, "cgroup", 1u << 20, &text);
	if (r < 0)
		return r;
	for (p = text; !rest && (line = strsep(&p, "\n"));)
		if (!vz_str_prefix(line, "0::/", &rest))
			rest = NULL;
	if (!rest || !vz_str_prefix(rest, cg->path, &rest) || (*rest && *rest != '/'))
		return -ESRCH;
	return vz_openat2(dir, *rest ? rest + 1 : ".", O_PATH | O_DIRECTORY, 0,
			  RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

int vz_cg_holds(const struct vz_cg *cg, pid_t pid)
{
	autoclose int proc = open_proc(pid), at = open_beside(cg, proc);

	return at < 0 ? at : 0;
}

int vz_cg_join_fd(struct vz_cg *cg)
{
	vz_closep(&cg->fds->join);
	cg->fds->join = open_beside(cg, cg->fds->init);
	return cg->fds->join < 0 ? -1 : cg->fds->join;
}

/* Is it this directory's own switch that is on? */
static bool is_switched_off(int dir)
{
	char text[4];

	return vz_file_read_buf(dir, "cgroup.freeze", text, sizeof(text)) > 0 && *text == '1';
}

/* The wish is what counts, not whether all have stopped yet; each group on the way has its own.
 * May be hostile: depth and names of the guest's part; therefore it is climbed by descriptors, and
 * ends at our own group, or at the latest where the hierarchy does. */
int vz_cg_check_frozen(struct vz_cg *cg, pid_t init, struct vz_err *e)
{
	autoclose int proc = open_proc(init), at = open_beside(cg, proc);
	struct stat top, here;
	int dir = cg_dir(cg, CG_V2);

	if (dir >= 0 && is_switched_off(dir))
		return vz_fail(e, VZ_SYSTEM, 0, "The container is frozen from the host: let it go on with suspend "
			       "--resume (or: echo 0 >cgroup.freeze in its group %s), or end it with stop --fast",
			       cg->path), -EBUSY;
	if (dir < 0 || at < 0 || fstat(dir, &top) < 0)
		return 0; /* joining says what is wrong */
	while (!fstat(at, &here) && here.st_dev == top.st_dev && here.st_ino != top.st_ino) {
		int up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (is_switched_off(at)) {
			vz_closep(&up);
			return vz_fail(e, VZ_SYSTEM, 0, "The container has frozen its own init, so nothing "
				       "can run inside: end it with stop --fast"), -EBUSY;
		}
		close(at);
		at = up;
	}
	return 0;
}

void vz_cg_find(const struct vz_cg *cg, pid_t init)
{
	vz_closep(&cg->fds->init);
	cg->fds->init = open_proc(init);
	for (enum cg_hier h = CG_FIRST_V1; cg->hybrid && h <= CG_LAST_V1; h++)
		(void)cg_dir(cg, h);
	cg->fds->scanned = true;
}

int vz_cg_join(struct vz_cg *cg, struct vz_err *e)
{
	return cg->ops->attach(cg, 0, e);
}

/* To the root of one hierarchy; "tasks", not cgroup.procs, for the reason that v1.c gives. */
static void leave(const struct vz_cg *cg, const char *controllers)
{
	autoclose int root = cg_root_of(cg, controllers);

	if (root >= 0)
		(void)vz_file_write(root, "tasks", "0");
}

void vz_cg_leave(const struct vz_cg *cg)
{
	autofree char *text = NULL;
	char *p, *line;

	if (cg->fake || vz_file_read(AT_FDCWD, "/proc/self/cgroup", 1u << 20, &text) < 0)
		return;
	/* "ID:CONTROLLERS:PATH"; v2 has none, and everybody is placed there anyway */
	for (p = text; (line = strsep(&p, "\n"));) {
		const char *id = strsep(&line, ":"), *controllers = strsep(&line, ":");

		if (id && controllers && *controllers && line && strcmp(line, "/") != 0)
			leave(cg, controllers);
	}
}

int vz_cg_devices(struct vz_cg *cg, const struct vz_cg_dev *list, size_t n, struct vz_err *e)
{
	return cg->ops->devices(cg, list, n, e);
}

int vz_cg_destroy(struct vz_cg *cg, struct vz_err *e)
{
	int r = cg_remove(cg, e);

	return r < 0 || !cg->systemd ? r : cg_scope_stop(cg, e);
}

int vz_cg_guest_mount(int *ret_fd, struct vz_err *e)
{
	/* No option: nsdelegate and its like belong to the whole hierarchy, and the kernel
	 * takes them from the initial cgroup namespace alone (cgroup-v2.rst, "Mounting"). */
	int fd = vz_mount_new("cgroup2", NULL,
			      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);

	if (fd < 0)
		return vz_fail(e, VZ_BAD_KERNEL, -fd, "cannot mount cgroup2 for the guest");
	*ret_fd = fd;
	return 0;
}
