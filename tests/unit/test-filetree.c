// SPDX-License-Identifier: GPL-2.0-or-later
/* A tree of every kind of file there and back, and data that nobody wrote. Devices, owners and attributes are
 * looked at where root runs it. */
#include "cpt/filetree.h"
#include "base/num.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/file.h"
#include "unit.h"

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

static char base[] = "/tmp/vz-filetree-XXXXXX";
static struct vz_err err;
static bool root;

static int dir_at(const char *name)
{
	int top = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;

	CHECK(!mkdirat(top, name, 0755) || errno == EEXIST);
	fd = openat(top, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	close(top);
	return fd;
}

static void drop(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", base, name);
	CHECK_INT(vz_remove_tree(AT_FDCWD, path), 0);
}

static void put(int dir, const char *name, const char *text, mode_t mode)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && !vz_write_all(fd, text, strlen(text)) && !fchmod(fd, mode));
	close(fd);
}

static struct stat stat_of(int dir, const char *name)
{
	struct stat st = { 0 };

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		printf("no %s\n", name);
	return st;
}

static struct vz_filetree_save how(void)
{
	return (struct vz_filetree_save){ .entries = 100, .bytes = 1 << 20, .uid = geteuid(),
					  .gid = getegid(), .what = "/dev" };
}

static int load(int dir, const char *data, size_t n)
{
	const struct vz_filetree_dev devices[] = { { S_IFCHR, makedev(1, 3) } };
	const struct vz_filetree_load l = { .from_uid = geteuid(), .from_gid = getegid(),
					    .uid = geteuid() + (root ? 1000u : 0),
					    .gid = getegid() + (root ? 2000u : 0), .devices = devices,
					    .devices_n = 1, .what = "/dev" };
	struct vz_packed in = { .p = data, .left = n };

	memset(&err, 0, sizeof(err));
	return vz_filetree_load(dir, &l, &in, &err);
}

static void fill(int dir)
{
	const struct timespec old[2] = { { 1000, 5 }, { 900, 7 } };
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd, s = socket(AF_UNIX, SOCK_STREAM, 0);

	put(dir, "file", "content\n", 04711);
	CHECK_INT(linkat(dir, "file", dir, "second", 0), 0);
	CHECK_INT(mkdirat(dir, "sub", 01770), 0);
	fd = openat(dir, "sub", O_RDONLY | O_DIRECTORY);
	CHECK_INT(fchmod(fd, 01770), 0);
	CHECK_INT(linkat(dir, "file", fd, "third", 0), 0);
	CHECK_INT(symlinkat("/../etc/passwd\n", fd, "link"), 0);
	put(fd, "na\tme\n\xff", "", root ? 0 : 0400);
	CHECK_INT(utimensat(dir, "sub", old, 0), 0);
	close(fd);
	CHECK_INT(mkfifoat(dir, "fifo", 0640), 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/from/sock", base);
	CHECK_INT(bind(s, (struct sockaddr *)&a, sizeof(a)), 0);
	close(s);
	fd = openat(dir, "holes", O_WRONLY | O_CREAT | O_EXCL, 0600);
	CHECK(pwrite(fd, "x", 1, 1 << 24) == 1 && !ftruncate(fd, (1 << 24) + 70000));
	close(fd);
	CHECK_INT(utimensat(dir, "file", old, 0), 0);
	if (!root)
		return;
	CHECK_INT(mknodat(dir, "null", S_IFCHR | 0666, makedev(1, 3)), 0);
	CHECK_INT(mknodat(dir, "sda", S_IFBLK | 0666, makedev(8, 0)), 0);
	CHECK_INT(linkat(dir, "sda", dir, "sdb", 0), 0);
	CHECK_INT(mknodat(dir, "whiteout", S_IFCHR, 0), 0);
	CHECK_INT(fchownat(dir, "fifo", 33, 65535, 0), 0);
	CHECK_INT(fchownat(dir, "sock", 70000, 4, 0), 0);
}

static void same(int from, int to, const char *name)
{
	struct stat a = stat_of(from, name), b = stat_of(to, name);

	CHECK_INT(a.st_mode, b.st_mode);
	CHECK_INT(a.st_size, b.st_size);
	CHECK_INT(a.st_nlink, b.st_nlink);
	CHECK_INT(a.st_mtim.tv_sec, b.st_mtim.tv_sec);
	CHECK_INT(a.st_mtim.tv_nsec, b.st_mtim.tv_nsec);
	CHECK(a.st_rdev == b.st_rdev);
}

static void there_and_back(struct vz_pack *p)
{
	static const char *const names[] = { "file", "second", "sub", "sub/link", "sub/third", "sub/na\tme\n\xff",
					     "fifo", "sock", "holes", "." };
	autoclose int from = dir_at("from"), to = dir_at("to");
	const struct vz_filetree_save h = how();
	char text[64];
	int n, fd;

	fill(from);
	CHECK_INT(vz_filetree_save(from, &h, p, &err), 0);
	CHECK_INT(load(to, p->buf.s, p->buf.len), 0);
	CHECK_STR(err.msg, "");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], ".") || !root)
			same(from, to, names[i]);
	CHECK_INT(stat_of(to, "file").st_ino, stat_of(to, "sub/third").st_ino);
	CHECK_INT(stat_of(to, "file").st_atim.tv_sec, 1000);
	CHECK(stat_of(to, "holes").st_blocks < 1024);
	n = (int)readlinkat(to, "sub/link", text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = 0;
	CHECK_STR(text, "/../etc/passwd\n");
	fd = openat(to, "file", O_RDONLY);
	n = (int)read(fd, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = 0;
	close(fd);
	CHECK_STR(text, "content\n");
	if (!root)
		return;
	same(from, to, "null");
	same(from, to, "whiteout");
	CHECK_INT(faccessat(to, "sda", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	CHECK_INT(faccessat(to, "sdb", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	CHECK_INT(stat_of(to, "fifo").st_uid, 1033);
	CHECK_INT(stat_of(to, "fifo").st_gid, 65535 + 2000);
	/* what the host owned inside is root's there */
	CHECK_INT(stat_of(to, "sock").st_uid, 1000);
	CHECK_INT(stat_of(to, ".").st_uid, 1000);
}

/* Every prefix of good data is refused, and changed data puts nothing outside. */
static void nobody_wrote_it(const struct vz_pack *p)
{
	char *bad = malloc(p->buf.len);
	int r;

	for (size_t cut = 0; cut < p->buf.len; cut += cut < 300 ? 7 : 83) {
		autoclose int to = dir_at("cut");

		CHECK(load(to, p->buf.s, cut) < 0);
		CHECK_INT(err.exit, VZ_RESTORE);
		drop("cut");
	}
	for (size_t i = 0; i < p->buf.len && i < 2500; i += 19) {
		autoclose int to = dir_at("cut");

		memcpy(bad, p->buf.s, p->buf.len);
		bad[i] ^= (char)(1 << i % 8);
		if (bad[i] == '.')
			bad[i] = '/';
		r = load(to, bad, p->buf.len);
		CHECK(!r || (r < 0 && err.exit == VZ_RESTORE));
		drop("cut");
	}
	free(bad);
}

static void names(void)
{
	static const char *const bad[] = { "..", ".", "a/b", "/etc/vz-x", "" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		autopack p = { .max = 4096 };
		autoclose int to = dir_at("names");

		/* the top, without a time of its own, and one FIFO */
		vz_pack_num(&p, 2);
		vz_pack_text(&p, ".");
		vz_pack_num(&p, 0);
		vz_pack_num(&p, S_IFDIR | 0755);
		vz_pack_num(&p, geteuid());
		vz_pack_num(&p, getegid());
		for (int k = 0; k < 5; k++)
			vz_pack_num(&p, 0);
		vz_pack_num(&p, 6); /* a mount point */
		vz_pack_text(&p, bad[i]);
		vz_pack_num(&p, 0);
		vz_pack_num(&p, 0);
		CHECK(load(to, p.buf.s, p.buf.len) < 0);
		CHECK_STR(err.msg, "what the dump has of /dev was not written by vzctl");
		CHECK_INT(faccessat(to, "../names/b", F_OK, 0), -1);
	}
}

static void bounds(void)
{
	autoclose int many = dir_at("many"), deep = dir_at("deep");
	struct vz_filetree_save h = how();
	autopack p = { .max = 1 << 20 }, q = { .max = 1 << 20 }, tiny = { .max = 100 };
	int at = dup(deep), next;
	char name[16];

	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		put(many, name, "12345678", 0600);
	}
	h.entries = 19;
	CHECK_INT(vz_filetree_save(many, &h, &p, &err), -E2BIG);
	CHECK_STR(err.msg, "/dev has more than 19 entries: remove what is not needed there");
	CHECK_INT(err.exit, VZ_CHKPNT);
	h.entries = 20;
	h.bytes = 159;
	CHECK_INT(vz_filetree_save(many, &h, &p, &err), -E2BIG);
	CHECK_STR(err.msg, "/dev has more than 159 bytes in files: remove what is not needed there");
	h.bytes = 160;
	CHECK_INT(vz_filetree_save(many, &h, &tiny, &err), -E2BIG);
	CHECK_INT(vz_filetree_save(many, &h, &q, &err), 0);
	for (int i = 0; i < 40; i++) {
		CHECK_INT(mkdirat(at, "d", 0755), 0);
		next = openat(at, "d", O_RDONLY | O_DIRECTORY);
		close(at);
		at = next;
	}
	close(at);
	CHECK_INT(vz_filetree_save(deep, &h, &p, &err), -E2BIG);
}

/* What is mounted below is not entered; its place is made again. */
static void mounts(void)
{
	autoclose int from = -EBADF, to = dir_at("mounts-to"), sub = -EBADF;
	const struct vz_filetree_save h = how();
	autopack p = { .max = 1 << 20 };
	char path[512];

	if (!root || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		printf("no root: mounts and devices are not looked at\n");
		return;
	}
	from = dir_at("mounts"); /* not before: an fd stays in its namespace */
	CHECK_INT(mkdirat(from, "pts", 0755), 0);
	put(from, "console", "", 0600);
	snprintf(path, sizeof(path), "%s/mounts/pts", base);
	CHECK_INT(mount("t", path, "tmpfs", 0, NULL), 0);
	sub = openat(from, "pts", O_RDONLY | O_DIRECTORY);
	put(sub, "inside", "x", 0600);
	snprintf(path, sizeof(path), "%s/mounts/console", base);
	CHECK_INT(mount("/dev/null", path, NULL, MS_BIND, NULL), 0);
	CHECK_INT(vz_filetree_save(from, &h, &p, &err), 0);
	CHECK_INT(load(to, p.buf.s, p.buf.len), 0);
	CHECK(S_ISDIR(stat_of(to, "pts").st_mode) && S_ISREG(stat_of(to, "console").st_mode));
	CHECK_INT(faccessat(to, "pts/inside", F_OK, 0), -1);
	CHECK_INT(umount2(path, MNT_DETACH), 0);
	snprintf(path, sizeof(path), "%s/mounts/pts", base);
	CHECK_INT(umount2(path, MNT_DETACH), 0);
}

/* Attributes, on a tmpfs as /dev is one. */
static void attributes(void)
{
	static const char *const options[] = { "size=1m", NULL };
	static const unsigned char cap[20] = { 1, 0, 0, 2, 1 };
	autoclose int from = root ? vz_mount_new("tmpfs", options, 0) : -EBADF;
	autoclose int to = root ? vz_mount_new("tmpfs", options, 0) : -EBADF;
	const struct vz_filetree_save h = how();
	autopack p = { .max = 1 << 20 };
	autoclose int file = -EBADF, copy = -EBADF;
	unsigned char seen[24];

	if (!root)
		return;
	put(from, "file", "x", 0755);
	file = openat(from, "file", O_RDONLY);
	CHECK_INT(fsetxattr(file, "security.capability", cap, sizeof(cap), 0), 0);
	CHECK_INT(fsetxattr(file, "trusted.secret", "x", 1, 0), 0);
	CHECK_INT(vz_filetree_save(from, &h, &p, &err), 0);
	CHECK_INT(load(to, p.buf.s, p.buf.len), 0);
	copy = openat(to, "file", O_RDONLY);
	CHECK(fgetxattr(copy, "security.capability", seen, sizeof(seen)) >= 20);
	CHECK_INT(fgetxattr(copy, "trusted.secret", seen, sizeof(seen)), -1);
}

int main(void)
{
	autopack p = { .max = 4 << 20 };

	root = !geteuid();
	CHECK(mkdtemp(base));
	there_and_back(&p);
	nobody_wrote_it(&p);
	names();
	bounds();
	attributes();
	mounts();
	CHECK_INT(vz_remove_tree(AT_FDCWD, base), 0);
	return done();
}
