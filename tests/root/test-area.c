// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private areas for real: own mount namespace, ext4 on a loop device, tmpfs, and an overlay as
 * the file system that cannot map ids. Needs root; says so and is skipped otherwise.
 */
#include "fs/area.h"
#include "base/own.h"
#include "base/str.h"
#include "fs/fs-internal.h"
#include "fs/shift.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/idmap.h"
#include "sys/mnt.h"
#include "sys/proc.h"
#include "sys/spawn.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>

#define UID1 1000000u
#define UID2 2000000u
#define CAP "\1\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static char top[] = "/tmp/vz-area.XXXXXX";

static int run(const char *a, const char *b, const char *c, const char *d)
{
	char *argv[] = { (char *)a, (char *)b, (char *)c, (char *)d, NULL };
	struct vz_spawn s = VZ_SPAWN_INIT;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), r;

	s.argv = argv;
	s.out = s.err = null;
	r = vz_spawn_run(&s);
	close(null);
	return r;
}

static void write_file(const char *dir, const char *name, mode_t mode, uid_t uid)
{
	autofree char *p = vz_fmt("%s/%s", dir, name);

	CHECK_INT(vz_file_replace(p, name, strlen(name), mode, false), 0);
	CHECK_INT(chown(p, uid, uid), 0);
	CHECK_INT(chmod(p, mode), 0);
}

/* A small system: plain file, setuid program, capability, ACL, link, fifo. */
static void make_tree(const char *dir)
{
	static const unsigned char acl[] = { 2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255,
					     2, 0, 4, 0, 0xe8, 3, 0, 0, 4, 0, 4, 0, 255, 255,
					     255, 255, 16, 0, 4, 0, 255, 255, 255, 255, 32, 0,
					     4, 0, 255, 255, 255, 255 };
	autofree char *sub = vz_fmt("%s/sub", dir), *p = vz_fmt("%s/cap", dir);
	autofree char *link = vz_fmt("%s/link", dir), *fifo = vz_fmt("%s/fifo", dir);
	autofree char *a = vz_fmt("%s/acl", dir);

	CHECK_INT(vz_mkdir_p(sub, 0755), 0);
	CHECK_INT(chmod(dir, 0751), 0);
	write_file(dir, "plain", 0644, 0);
	write_file(dir, "suid", 04755, 0);
	write_file(sub, "user", 0600, 1000);
	write_file(dir, "cap", 0755, 0);
	write_file(dir, "acl", 0644, 0);
	CHECK_INT(setxattr(p, "security.capability", CAP, 20, 0), 0);
	CHECK_INT(setxattr(a, "system.posix_acl_access", acl, sizeof(acl), 0), 0);
	CHECK_INT(symlink("/etc/passwd", link), 0);
	CHECK_INT(mkfifo(fifo, 0600), 0);
}

static uid_t owner(const char *dir, const char *name)
{
	autofree char *p = vz_fmt("%s/%s", dir, name);
	struct stat st;

	return lstat(p, &st) < 0 ? (uid_t)-2 : st.st_uid;
}

/* What a process of the user namespace sees, and that what it makes is its root's. */
static void seen_inside(const char *root, uint32_t uid)
{
	int ns = vz_idmap_userns(uid, uid), dir = open(root, O_RDONLY | O_DIRECTORY), st = -1;
	pid_t pid = fork();

	if (!pid) {
		unsigned char cap[24];
		struct stat s;
		int fd, k;

		if (vz_setns(ns, CLONE_NEWUSER) < 0 || setresgid(0, 0, 0) || setresuid(0, 0, 0))
			_exit(2);
		if (fchdir(dir) < 0 || fstatat(dir, "plain", &s, 0) < 0 || s.st_uid || s.st_gid)
			_exit(3);
		if (fstatat(dir, "sub/user", &s, 0) < 0 || s.st_uid != 1000)
			_exit(4);
		k = (int)getxattr("cap", "security.capability", cap, sizeof(cap));
		if (k != 20 || memcmp(cap, CAP, 20)) /* v2 again: the root id is ours */
			_exit(5);
		if (fstatat(dir, "suid", &s, 0) < 0 || (s.st_mode & 07777) != 04755)
			_exit(6);
		fd = openat(dir, "born", O_WRONLY | O_CREAT | O_EXCL, 0644);
		if (fd < 0 || fchown(fd, 5, 5) < 0 || fstat(fd, &s) < 0 || s.st_uid != 5)
			_exit(7);
		fd = openat(dir, "plain", O_WRONLY | O_APPEND); /* copy-up on an overlay */
		_exit(fd < 0 || write(fd, "x", 1) != 1 ? 8 : 0);
	}
	waitpid(pid, &st, 0);
	close(ns);
	close(dir);
	CHECK_INT(WIFEXITED(st) ? WEXITSTATUS(st) : 99, 0);
	CHECK_INT(owner(root, "plain"), uid);
	CHECK_INT(owner(root, "sub/user"), uid + 1000);
	CHECK_INT(owner(root, "born"), uid + 5);
}

static int entries(const char *dir)
{
	autoclosedir DIR *d = opendir(dir);
	int n = -2;

	while (d && readdir(d))
		n++;
	return n;
}

struct ground {
	char *dir, *tmpl;
};

static struct vz_area area(const struct ground *g, unsigned id, const char *layout, uint32_t uid)
{
	const struct vz_layout *l = NULL;

	CHECK_INT(vz_layout_find(layout, &l, NULL), 0);
	return (struct vz_area){ id, vz_fmt("%s/private/%u", g->dir, id),
				 vz_fmt("%s/root/%u", g->dir, id), g->tmpl, l, uid, uid };
}

static int make_on_base(const struct vz_area *a, const char *base, struct vz_err *e)
{
	autoclose int dir = -EBADF;

	return vz_area_create(a, base, &dir, e);
}

static void area_free(struct vz_area *a)
{
	free((char *)a->private);
	free((char *)a->root);
}
#define autoarea __attribute__((cleanup(area_free))) struct vz_area

static bool ok(int r, const struct vz_err *e)
{
	if (r < 0)
		printf("  (%s)\n", e->msg);
	return r >= 0;
}

static void propagation_is_private(const char *root)
{
	autofree char *text = NULL;
	char *p, *line;
	bool seen = false;

	CHECK(vz_file_read(AT_FDCWD, "/proc/self/mountinfo", 1 << 22, &text) > 0);
	p = text;
	while ((line = strsep(&p, "\n"))) {
		bool shared = strstr(line, " shared:"), nodev = strstr(line, "nodev");
		struct vz_mountinfo m;

		if (vz_mountinfo_parse(line, &m) < 0 || strcmp(m.target, root))
			continue;
		seen = true;
		CHECK(!shared);
		CHECK(nodev);
	}
	CHECK(seen);
}

static void overlay_pair(const struct ground *g)
{
	autoarea a = area(g, 1, "overlay", UID1);
	autoarea b = area(g, 2, "overlay", UID2);
	autofree char *base = NULL, *tree = vz_fmt("%s/base/B/tree", g->tmpl), *up = NULL;
	struct vz_err e = { 0 };
	struct stat st;

	CHECK(ok(make_on_base(&a, "B", &e), &e));
	CHECK(ok(vz_area_commit(&a, &e), &e));
	CHECK(ok(make_on_base(&b, "B", &e), &e));
	CHECK(ok(vz_area_commit(&b, &e), &e));
	base = vz_area_base(&a);
	CHECK_STR(base, "B");
	CHECK(!vz_is_mount_point(a.root));
	CHECK(ok(vz_area_mount(&a, &e), &e));
	CHECK(ok(vz_area_mount(&b, &e), &e));
	CHECK(vz_is_mount_point(a.root));
	propagation_is_private(a.root);
	CHECK(!stat(a.root, &st) && (st.st_mode & 07777) == 0751 && st.st_uid == UID1);
	CHECK_INT(owner(b.root, "plain"), UID2);
	seen_inside(a.root, UID1);
	/* neither the base nor the other VPS has seen it */
	CHECK(owner(b.root, "born") == (uid_t)-2);
	CHECK(owner(tree, "born") == (uid_t)-2);
	CHECK_INT(owner(tree, "plain"), 0);
	CHECK_INT(owner(b.root, "plain"), UID2);
	seen_inside(b.root, UID2);
	CHECK(ok(vz_area_umount(&b, &e), &e));
	CHECK(ok(vz_area_umount(&a, &e), &e));
	CHECK(ok(vz_area_umount(&a, &e), &e));
	CHECK(!vz_is_mount_point(a.root));
	up = vz_fmt("%s/fs", a.private);
	CHECK_INT(owner(up, "plain"), UID1);
	/* privileged and back: the upper only */
	a.uid = a.gid = 0;
	CHECK(ok(vz_area_mount(&a, &e), &e));
	CHECK_INT(owner(a.root, "plain"), 0);
	CHECK_INT(owner(a.root, "born"), 5);
	CHECK_INT(owner(a.root, "sub/user"), 1000);
	CHECK(!stat(a.root, &st) && st.st_uid == 0);
	CHECK(ok(vz_area_umount(&a, &e), &e));
	a.uid = a.gid = UID1;
	CHECK(ok(vz_area_mount(&a, &e), &e));
	CHECK_INT(owner(a.root, "born"), UID1 + 5);
	CHECK_INT(owner(a.root, "plain"), UID1);
	CHECK(ok(vz_area_umount(&a, &e), &e));
	CHECK(ok(vz_area_destroy(&a, &e), &e));
	CHECK(ok(vz_area_destroy(&b, &e), &e));
	CHECK(access(a.private, F_OK) < 0 && access(a.root, F_OK) < 0);
}

static void staged(const struct ground *g)
{
	autoarea a = area(g, 3, "overlay", UID1);
	autofree char *stage = vz_fmt("%s/stage/3", g->dir), *up = vz_fmt("%s/fs", a.private);
	autofree char *work = vz_fmt("%s/work", a.private);
	autoclose int upper = -EBADF, workfd = -EBADF, tree = vz_base_open(g->tmpl, "B");
	autoclose int lower = vz_tree_clone(tree, UID1, UID1), mnt = -EBADF;
	struct vz_err e = { 0 };
	struct stat st;

	CHECK(ok(make_on_base(&a, "B", &e), &e));
	CHECK(ok(vz_area_commit(&a, &e), &e));
	upper = open(up, O_RDONLY | O_DIRECTORY);
	workfd = open(work, O_PATH | O_DIRECTORY);
	mnt = vz_overlay_mount_staged(&(struct vz_overlay){ lower, upper, workfd, stage, false });
	CHECK(mnt >= 0);
	CHECK(!fstatat(mnt, "plain", &st, 0) && st.st_uid == UID1);
	CHECK(access(stage, F_OK) < 0);
	CHECK_INT(vz_base_open(g->tmpl, "../base/B"), -EINVAL);
	CHECK(ok(vz_area_destroy(&a, &e), &e));
}

/* A pass over a copied area that was killed: the root fits, a merged directory does not. */
static void half_adopted(const struct ground *g)
{
	static const char origin[] = "trusted.overlay.origin", mark[] = "trusted.vz.adopt";
	autoarea a = area(g, 5, "overlay", UID1);
	autofree char *up = vz_fmt("%s/fs", a.private), *sub = vz_fmt("%s/fs/sub", a.private);
	autofree char *made = vz_fmt("%s/sub/made", a.root), *lower = vz_fmt("%s/sub/user", a.root);
	unsigned char handle[128];
	struct vz_err e = { 0 };
	ssize_t n;

	CHECK(ok(make_on_base(&a, "B", &e), &e));
	CHECK(ok(vz_area_commit(&a, &e), &e));
	CHECK(ok(vz_area_mount(&a, &e), &e));
	CHECK(!mkdir(made, 0755));
	CHECK(ok(vz_area_umount(&a, &e), &e));
	n = getxattr(sub, origin, handle, sizeof(handle));
	CHECK(n > 0);
	handle[n > 0 ? n - 1 : 0] ^= 1;
	CHECK(!setxattr(sub, origin, handle, (size_t)n, 0));
	CHECK(!setxattr(up, mark, "1", 1, 0));
	CHECK(ok(vz_area_mount(&a, &e), &e));
	CHECK(!access(made, F_OK));
	CHECK(!access(lower, F_OK));
	CHECK(getxattr(up, mark, NULL, 0) < 0);
	CHECK(ok(vz_area_umount(&a, &e), &e));
	CHECK(ok(vz_area_destroy(&a, &e), &e));
}

static void simfs(const struct ground *g)
{
	autoarea a = area(g, 4, "simfs", UID1);
	autofree char *fs = vz_fmt("%s/fs", a.private), *base = vz_fmt("%s/base", a.private);
	autofree char *work = vz_fmt("%s/work", a.private), *tmp = vz_fmt("%s.tmp", a.private);
	struct vz_err e = { 0 };
	struct vz_idshift s;
	int dir = -EBADF;

	CHECK(ok(vz_area_create(&a, NULL, &dir, &e), &e));
	make_tree(tmp);
	close(dir);
	vz_area_abort(&a);
	CHECK(access(tmp, F_OK) < 0);
	CHECK(access(a.private, F_OK) < 0);
	CHECK(ok(vz_area_create(&a, NULL, &dir, &e), &e));
	make_tree(tmp);
	CHECK_INT(fsetxattr(dir, "trusted.vz.shift", "7 7", 3, 0), 0); /* a hostile template */
	close(dir);
	CHECK(ok(vz_area_commit(&a, &e), &e));
	/* hostile: names that mean something in the other layout */
	CHECK_INT(symlink("/etc", fs), 0);
	CHECK_INT(symlink("/etc", work), 0);
	CHECK_INT(symlink("/etc/hostname", base), 0);
	CHECK(!vz_area_base(&a));
	CHECK(ok(vz_area_mount(&a, &e), &e));
	propagation_is_private(a.root);
	seen_inside(a.root, UID1);
	CHECK(ok(vz_area_umount(&a, &e), &e));
	dir = open(a.private, O_RDONLY | O_DIRECTORY);
	CHECK_INT(vz_shift_state(dir, &s), 0);
	printf("  simfs on disk: %s\n", s.to_uid ? "shifted" : "unshifted, id-mapped");
	CHECK_INT(owner(a.private, "plain"), s.to_uid);
	CHECK_INT(owner(a.private, "born"), s.to_uid + 5);
	close(dir);
	a.uid = a.gid = 0;
	CHECK(ok(vz_area_mount(&a, &e), &e));
	CHECK_INT(owner(a.root, "plain"), 0);
	CHECK_INT(owner(a.root, "born"), 5);
	CHECK(ok(vz_area_umount(&a, &e), &e));
	CHECK_INT(owner("/etc", "hostname"), 0);
	CHECK(ok(vz_area_destroy(&a, &e), &e));
}

/* Kills the pass somewhere, again and again, until one comes through; then all must be right. */
static void interrupted(const struct ground *g)
{
	autofree char *dir = vz_fmt("%s/shift", g->dir);
	char name[16], cap[24], acl[64];
	autoclose int fd = -EBADF;
	struct vz_err e = { 0 };
	int kills = 0, st;

	CHECK_INT(vz_mkdir_p(dir, 0755), 0);
	make_tree(dir);
	for (int i = 0; i < 1500; i++) {
		autofree char *p = vz_fmt("%s/%d", dir, i);

		snprintf(name, sizeof(name), "%d", i);
		write_file(dir, name, i % 2 ? 06755 : 0644, 3);
		CHECK_INT(setxattr(p, "security.capability", CAP, 20, 0), 0);
	}
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	for (long ns = 300000;; ns += 400000) {
		struct timespec t = { .tv_nsec = ns };
		pid_t pid = fork();

		if (!pid)
			_exit(vz_shift_tree(fd, UID1, UID1, NULL) < 0);
		nanosleep(&t, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, &st, 0);
		if (WIFEXITED(st))
			break;
		kills++;
	}
	printf("  interrupted %d times\n", kills);
	CHECK_INT(WEXITSTATUS(st), 0);
	CHECK(kills > 0);
	CHECK(ok(vz_shift_tree(fd, UID1, UID1, &e), &e));
	for (int i = 0, bad = 0; i < 1500 && bad < 3; i++) {
		autofree char *p = vz_fmt("%s/%d", dir, i);
		struct stat s;
		ssize_t n = getxattr(p, "security.capability", cap, sizeof(cap));

		bad += stat(p, &s) < 0 || s.st_uid != UID1 + 3 || s.st_gid != UID1 + 3 ||
		       (s.st_mode & 07777) != (i % 2 ? 06755 : 0644);
		bad += n != 24 || memcmp(cap, "\1\0\0\3\0\x20", 6) ||
		       memcmp(cap + 20, &(uint32_t){ UID1 }, 4);
		bad += getxattr(p, "trusted.vz.keep", cap, sizeof(cap)) >= 0;
		CHECK_INT(bad, 0);
	}
	CHECK_INT(owner(dir, "link"), UID1);
	CHECK_INT(owner(dir, "fifo"), UID1);
	CHECK_INT(owner(dir, "sub/user"), UID1 + 1000);
	CHECK_INT(owner("/etc", "passwd"), 0);
	snprintf(name, sizeof(name), "acl");
	{
		autofree char *p = vz_fmt("%s/acl", dir);
		uint32_t id;

		CHECK_INT(getxattr(p, "system.posix_acl_access", acl, sizeof(acl)), 44);
		memcpy(&id, acl + 16, 4);
		CHECK_INT(id, UID1 + 1000);
	}
	CHECK_INT(vz_shift_tree(fd, UID1 + 5, UID1, NULL), -ERANGE); /* ranges overlap */
	CHECK_INT(vz_remove_tree(AT_FDCWD, dir), 0);
}

static void deep(const struct ground *g)
{
	autofree char *dir = vz_fmt("%s/deep", g->dir);
	int fd, depth = 0;
	struct vz_err e = { 0 };
	autoclose int topfd = -EBADF;

	CHECK_INT(mkdir(dir, 0755), 0);
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	topfd = dup(fd);
	while (depth < 3000 && !mkdirat(fd, "d", 0755)) {
		int next = openat(fd, "d", O_RDONLY | O_DIRECTORY);

		close(fd);
		fd = next;
		depth++;
	}
	close(fd);
	CHECK_INT(depth, 3000);
	CHECK(ok(vz_shift_tree(topfd, UID1, UID1, &e), &e));
	CHECK_INT(vz_remove_tree(AT_FDCWD, dir), 0);
	CHECK(access(dir, F_OK) < 0);
}

/* A bind mount has the st_dev of the tree around it. */
static void walks_stay_out_of_mounts(const struct ground *g)
{
	autofree char *dir = vz_fmt("%s/stays", g->dir), *sub = vz_fmt("%s/sub", dir);
	autofree char *outside = vz_fmt("%s/outside", g->dir), *file = vz_fmt("%s/keep", outside);
	autofree char *at = NULL;
	struct vz_err e = { 0 };
	int fd, dirfd;

	CHECK(!mkdir(dir, 0755) && !mkdir(sub, 0755) && !mkdir(outside, 0755));
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	close(fd);
	CHECK_INT(vz_mount_below(dir, &at), 0);
	CHECK_INT(mount(outside, sub, NULL, MS_BIND, NULL), 0);
	CHECK_INT(vz_mount_below(dir, &at), 1);
	CHECK_STR(at, sub);
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(ok(vz_shift_tree(dirfd, UID1, UID1, &e), &e));
	close(dirfd);
	CHECK_INT(owner(dir, ""), UID1);
	CHECK_INT(owner(outside, ""), 0);
	CHECK_INT(owner(outside, "keep"), 0);
	CHECK_INT(vz_remove_tree(AT_FDCWD, dir), -EXDEV);
	CHECK_INT(vz_remove_tree(AT_FDCWD, sub), -EXDEV);
	CHECK_INT(access(file, F_OK), 0);
	CHECK_INT(umount(sub), 0);
	CHECK_INT(vz_remove_tree(AT_FDCWD, dir), 0);
	CHECK_INT(vz_remove_tree(AT_FDCWD, outside), 0);
}

static void submounts(const struct ground *g)
{
	autoarea a = area(g, 5, "simfs", UID1);
	struct vz_err e = { 0 };
	int dir = -EBADF;
	autofree char *victim = vz_fmt("%s/victim", g->dir), *x = vz_fmt("%s/a b", a.root);
	autofree char *y = vz_fmt("%s/in", x), *z = vz_fmt("%s/to", a.root);
	autofree char *moved = vz_fmt("%s/moved", a.private), *orig = vz_fmt("%s/to", a.private);

	CHECK(ok(vz_area_create(&a, NULL, &dir, &e), &e));
	CHECK_INT(mkdirat(dir, "a b", 0755), 0);
	CHECK_INT(mkdirat(dir, "to", 0755), 0);
	CHECK_INT(mkdirat(dir, "to/s", 0755), 0);
	close(dir);
	CHECK(ok(vz_area_commit(&a, &e), &e));
	CHECK(ok(vz_area_mount(&a, &e), &e));
	CHECK_INT(mount("t", x, "tmpfs", 0, NULL), 0);
	CHECK_INT(mkdir(y, 0755), 0);
	CHECK_INT(mount("t", y, "tmpfs", 0, NULL), 0);
	CHECK_INT(mount("t", x, "tmpfs", 0, NULL), 0); /* hides the one in it */
	CHECK(ok(vz_area_umount(&a, &e), &e));
	CHECK(!vz_is_mount_point(a.root));
	/* a mount of the host stands where a link in the tree now leads */
	CHECK(ok(vz_area_mount(&a, &e), &e));
	CHECK_INT(mkdir(victim, 0755), 0);
	{
		autofree char *s = vz_fmt("%s/s", z), *vs = vz_fmt("%s/s", victim);

		CHECK_INT(mkdir(vs, 0755), 0);
		CHECK_INT(mount("t", vs, "tmpfs", 0, NULL), 0);
		CHECK_INT(mount("t", s, "tmpfs", 0, NULL), 0);
		CHECK_INT(rename(orig, moved), 0);
		CHECK_INT(symlink(victim, orig), 0);
		CHECK(ok(vz_area_umount(&a, &e), &e));
		CHECK(!vz_is_mount_point(a.root));
		CHECK(vz_is_mount_point(vs));
		CHECK_INT(umount2(vs, 0), 0);
	}
	CHECK_INT(vz_remove_tree(AT_FDCWD, victim), 0);
	CHECK(ok(vz_area_destroy(&a, &e), &e));
}

static void failures_speak(const struct ground *g)
{
	autoarea a = area(g, 6, "overlay", UID1);
	struct vz_err e = { 0 };
	autofree char *link = vz_fmt("%s/private/7", g->dir);
	autoarea b = area(g, 7, "simfs", UID1);

	CHECK_INT(vz_area_mount(&a, &e), -EINVAL);
	CHECK_INT(e.exit, VZ_FS_NOPRVT);
	CHECK_INT(make_on_base(&a, "none", &e), -ENOENT);
	CHECK_INT(e.exit, VZ_FS_NEW_VE_PRVT);
	CHECK_INT(make_on_base(&a, "..", &e), -EINVAL);
	CHECK(ok(vz_area_destroy(&a, &e), &e)); /* missing is no error */
	CHECK_INT(symlink("/etc", link), 0);
	CHECK(ok(vz_area_destroy(&b, &e), &e));
	CHECK(access(link, F_OK) < 0 && !access("/etc/passwd", F_OK));
}

static void trash_goes(const struct ground *g)
{
	autofree char *trash = vz_fmt("%s/vztmp", g->dir);
	const struct timespec t = { .tv_nsec = 10000000 };
	struct stat st;

	for (int i = 0; i < 300 && entries(trash) != 1; i++)
		nanosleep(&t, NULL);
	CHECK_INT(entries(trash), 1); /* rm.lck */
	CHECK(!stat(trash, &st) && (st.st_mode & 07777) == 0700);
}

static double lesser(double a, double b)
{
	return a < b ? a : b;
}

static double ms(struct timespec a, struct timespec b)
{
	return (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
}

/* Shown, not judged: bench/ does that. */
static void speed(const struct ground *g)
{
	struct timespec t[4], made;
	double best[3] = { 1e9, 1e9, 1e9 };
	struct vz_err e = { 0 };

	for (unsigned i = 0; i < 20; i++) {
		autoarea a = area(g, 100 + i, "overlay", UID1);

		clock_gettime(CLOCK_MONOTONIC, &t[0]);
		CHECK(ok(make_on_base(&a, "B", &e), &e));
		CHECK(ok(vz_area_commit(&a, &e), &e));
		clock_gettime(CLOCK_MONOTONIC, &made);
		CHECK(ok(vz_area_mount(&a, &e), &e)); /* the first: makes work/ and index/ */
		CHECK(ok(vz_area_umount(&a, &e), &e));
		clock_gettime(CLOCK_MONOTONIC, &t[1]);
		CHECK(ok(vz_area_mount(&a, &e), &e));
		clock_gettime(CLOCK_MONOTONIC, &t[2]);
		CHECK(ok(vz_area_umount(&a, &e), &e));
		clock_gettime(CLOCK_MONOTONIC, &t[3]);
		best[0] = lesser(best[0], ms(t[0], made));
		best[1] = lesser(best[1], ms(t[1], t[2]));
		best[2] = lesser(best[2], ms(t[2], t[3]));
		CHECK(ok(vz_area_destroy(&a, &e), &e));
	}
	printf("  create %.3f ms, mount %.3f ms, umount %.3f ms (best of 20)\n", best[0], best[1],
	       best[2]);
}

static void on(const char *fs, const char *tmpl, bool overlay)
{
	autofree char *dir = vz_fmt("%s/%s", top, fs), *trash = vz_fmt("%s/vztmp", dir);
	struct ground g = { dir, (char *)tmpl };
	autofree char *private = vz_fmt("%s/private", dir), *root = vz_fmt("%s/root", dir);
	struct vz_err e = { 0 };
	bool can;

	printf("%s\n", fs);
	CHECK_INT(vz_mkdir_p(private, 0700), 0);
	CHECK_INT(vz_mkdir_p(root, 0700), 0);
	can = vz_overlay_probe(tmpl, private, &e) == VZ_LAYOUT_CAN;
	CHECK_INT(can, overlay);
	CHECK_INT(entries(private), 0);
	if (can) {
		overlay_pair(&g);
		staged(&g);
		half_adopted(&g);
		speed(&g);
	}
	trash_goes(&g);
	CHECK_INT(vz_remove_tree(AT_FDCWD, trash), 0);
	simfs(&g);
	interrupted(&g);
	deep(&g);
	walks_stay_out_of_mounts(&g);
	submounts(&g);
	failures_speak(&g);
	trash_goes(&g);
	CHECK_INT(entries(private), 0);
}

int main(void)
{
	autofree char *tmpl = NULL, *tree = NULL, *img = NULL, *ext4 = NULL, *tmpfs = NULL;
	autofree char *over = NULL, *opts = NULL, *up = NULL, *work = NULL;

	if (geteuid() || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		printf("SKIPPED: tests/root/test-area needs root and a mount namespace\n");
		return 77;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mkdtemp(top) || mount("vz-area", top, "tmpfs", 0, "mode=0700") < 0)
		return 99;
	CHECK_INT(mount(NULL, top, NULL, MS_SHARED, NULL), 0); /* as systemd has it */
	tmpl = vz_fmt("%s/template", top);
	tree = vz_fmt("%s/base/B/tree", tmpl);
	img = vz_fmt("%s/img", top);
	ext4 = vz_fmt("%s/ext4", top);
	tmpfs = vz_fmt("%s/tmpfs", top);
	over = vz_fmt("%s/unmappable", top);
	up = vz_fmt("%s/up", top);
	work = vz_fmt("%s/work", top);
	opts = vz_fmt("lowerdir=%s,upperdir=%s,workdir=%s", tmpfs, up, work);
	CHECK_INT(vz_mkdir_p(tree, 0755), 0);
	make_tree(tree);
	CHECK_INT(mkdir(ext4, 0755) | mkdir(tmpfs, 0755) | mkdir(over, 0755), 0);
	CHECK_INT(mkdir(up, 0755) | mkdir(work, 0755), 0);
	CHECK_INT(mount("t", tmpfs, "tmpfs", 0, NULL), 0);
	on("tmpfs", tmpl, true);
	CHECK_INT(mount("o", over, "overlay", 0, opts), 0);
	on("unmappable", tmpl, false);
	CHECK_INT(run("truncate", "-s", "128M", img), 0);
	if (run("mkfs.ext4", "-q", img, NULL) || run("mount", "-oloop", img, ext4))
		printf("SKIPPED: no ext4 on a loop device here\n");
	else
		on("ext4", tmpl, true);
	CHECK_INT(umount2(top, MNT_DETACH), 0);
	CHECK_INT(rmdir(top), 0);
	return done();
}
