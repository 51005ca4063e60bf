// SPDX-License-Identifier: GPL-2.0-or-later
/* Archives through the real vzunpack: what must arrive, and what must be refused. */
#include "tmpl/tmpl.h"
#include "tmpl/put.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/proc.h"
#include "tar.h"
#include "unit.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static char top[] = "/tmp/vz-test-unpack.XXXXXX";
static bool is_root;
static struct vz_tmpl_for whom = { .progress = true };

/* Every test gets a fresh "out" beside "secret", a file that nothing may touch. */
struct arena {
	int out;
	struct vz_err e;
	int r;
};

static void put(const char *path, const void *data, size_t n)
{
	autofree char *p = vz_fmt("%s/%s", top, path);
	autoclose int fd = open(p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && !vz_write_all(fd, data, n));
}

static void fresh(struct arena *a)
{
	autofree char *out = vz_fmt("%s/out", top);

	*a = (struct arena){ .r = vz_remove_tree(AT_FDCWD, out) };
	CHECK_INT(a->r, 0);
	CHECK(!mkdir(out, 0755));
	put("secret", "untouched\n", 10);
	a->out = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void finish(struct arena *a)
{
	autofree char *p = vz_fmt("%s/secret", top), *evil = vz_fmt("%s/evil", top);
	char buf[32];
	struct stat st;

	CHECK_INT(vz_file_read_buf(AT_FDCWD, p, buf, sizeof(buf)), 9);
	CHECK_STR(buf, "untouched");
	CHECK(!stat(p, &st) && st.st_nlink == 1 && (st.st_mode & 07777) == 0644);
	CHECK(access(evil, F_OK) < 0);
	vz_closep(&a->out);
}

static void unpack_bytes(struct arena *a, const struct vz_str *tar, const char *ending)
{
	autofree char *name = vz_fmt("cache/t%s", ending), *path = vz_fmt("%s/%s", top, name);
	struct vz_tmpl t = { .name = (char *)"t", .path = path };

	put(name, tar->s, tar->len);
	a->r = vz_tmpl_unpack(&t, a->out, &whom, &a->e);
	unlink(path);
}

static void unpack_entries(struct arena *a, const struct entry *list)
{
	autostr t = { 0 };

	for (; list->name; list++)
		tar_add(&t, list);
	tar_end(&t);
	unpack_bytes(a, &t, ".tar");
}

static void test_good(void)
{
	static const struct entry list[] = {
		{ "./", '5' },
		{ "./d/", '5', .mode = 0750 },
		{ "./d/file", '0', .data = "hello\n", .mode = 0640 },
		{ "d//./again", '0', .data = "x" },
		{ "./d/file2", '1', "./d/file" },
		{ "link", '2', "/etc/passwd" },
		{ "dangling", '2', "../../.." },
		{ "hardsym", '1', "link" },
		{ "fifo", '6' },
		{ "un/mentioned/parent", '0', .data = "y" },
		{ "d/file", '0', .data = "the later one counts\n" },
		{ 0 },
	};
	struct arena a;
	struct stat st, other;
	char buf[64];

	fresh(&a);
	unpack_entries(&a, list);
	CHECK_INT(a.r, 0);
	CHECK_STR(a.e.msg, "");
	CHECK(vz_file_read_buf(a.out, "d/file2", buf, sizeof(buf)) == 5 && !strcmp(buf, "hello"));
	CHECK_INT(vz_file_read_buf(a.out, "d/file", buf, sizeof(buf)), 20);
	CHECK(!fstatat(a.out, "d", &st, 0));
	CHECK_INT(st.st_mode, S_IFDIR | 0750);
	CHECK_INT(st.st_mtim.tv_sec, 1000000000);
	CHECK(!fstatat(a.out, "d/file2", &st, 0));
	CHECK_INT(st.st_mode, S_IFREG | 0640);
	CHECK_INT(st.st_mtim.tv_sec, 1000000000);
	CHECK(!fstatat(a.out, "link", &st, AT_SYMLINK_NOFOLLOW));
	CHECK(!fstatat(a.out, "hardsym", &other, AT_SYMLINK_NOFOLLOW));
	CHECK_INT(st.st_ino, other.st_ino);
	CHECK(!fstatat(a.out, "fifo", &st, 0) && S_ISFIFO(st.st_mode));
	CHECK(!fstatat(a.out, "un/mentioned/parent", &st, 0));
	finish(&a);
}

/* The paths of these all lead to files beside "out". */
static const struct hostile {
	struct entry list[5];
	const char *says;
} hostiles[] = {
	{ { { "../evil", '0' } }, "\"..\" component" },
	{ { { "a/../../evil", '0' } }, "\"..\" component" },
	{ { { "a/..", '5' } }, "\"..\" component" },
	{ { { "/tmp/evil", '0' } }, "absolute" },
	{ { { "//evil", '5' } }, "absolute" },
	{ { { "l", '2', ".." }, { "l/evil", '0' } }, "symbolic link" },
	{ { { "l", '2', ".." }, { "l/evil/", '5' } }, "symbolic link" },
	{ { { "l", '2', ".." }, { "l/evil", '2', "x" } }, "symbolic link" },
	{ { { "l", '2', ".." }, { "l/evil", '6' } }, "symbolic link" },
	{ { { "l", '2', "." }, { "l/x", '0' } }, "symbolic link" },
	{ { { "f", '0' }, { "f/x", '0' } }, "a file stands" },
	{ { { "h", '1', "../secret" } }, "\"..\" component" },
	{ { { "h", '1', "/etc/passwd" } }, "absolute" },
	{ { { "h", '1', "none" } }, "hard link" },
	{ { { "h", '1', "h" } }, "itself" },
	{ { { "d", '5' }, { "h", '1', "d" } }, "hard link" },
	{ { { "d", '5' }, { "h", '1', "." } }, "hard link" },
	{ { { "l", '2', ".." }, { "h", '1', "l/secret" } }, "hard link" },
	{ { { "d", '5' }, { "d/a", '0' }, { "d", '2', ".." }, { "d/evil", '0' } }, "a directory" },
	{ { { "d", '5' }, { "d", '0' } }, "a directory" },
	{ { { ".", '0' } }, "top of the tree" },
	{ { { "./", '2', "x" } }, "top of the tree" },
	{ { { "a\033[2Jb/../x", '0' } }, "a?[2Jb" },
};

static void test_hostile(void)
{
	for (size_t i = 0; i < ARRAY_LEN(hostiles); i++) {
		const struct hostile *h = &hostiles[i];
		int before = failures;
		struct arena a;

		fresh(&a);
		unpack_entries(&a, h->list);
		CHECK(a.r < 0);
		CHECK_INT(a.e.exit, VZ_FS_BAD_TMPL);
		CHECK(strstr(a.e.msg, h->says));
		CHECK(!vz_str_has_control(a.e.msg));
		finish(&a);
		if (failures != before)
			printf("  in hostile archive %zu: %s\n", i, a.e.msg);
	}
}

/* Links in the way are replaced, never followed. */
static void test_replaced(void)
{
	static const struct entry list[] = {
		{ "f", '2', "../secret" }, { "f", '0', .data = "mine" },
		{ "d", '2', ".." },	   { "d/", '5', .mode = 0700 },
		{ "d/evil", '0' },	   { "s", '2', "../secret" },
		{ "s", '6', .mode = 0600 }, { 0 },
	};
	struct arena a;
	struct stat st;

	fresh(&a);
	unpack_entries(&a, list);
	CHECK_INT(a.r, 0);
	CHECK_STR(a.e.msg, "");
	CHECK(!fstatat(a.out, "f", &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode));
	CHECK(!fstatat(a.out, "d/evil", &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode));
	finish(&a);
}

static void expect_bad(const struct vz_str *bytes, const char *ending)
{
	struct arena a;

	fresh(&a);
	unpack_bytes(&a, bytes, ending);
	CHECK(a.r < 0);
	CHECK_INT(a.e.exit, VZ_FS_BAD_TMPL);
	CHECK(a.e.msg[0]);
	finish(&a);
}

static void test_damaged(void)
{
	autostr tar = { 0 }, gz = { 0 }, cut = { 0 };
	struct vz_str half = { 0 };
	struct entry big = { "big", '0', .data = NULL };
	static const char zeros[512];
	autofree char *data = calloc(1, 200000);
	struct arena a;

	tar_blob(&tar, &big, data, 200000);
	tar_end(&tar);
	gzip_stored(&gz, &tar);
	fresh(&a);
	unpack_bytes(&a, &gz, ".tar.gz");
	CHECK_INT(a.r, 0);
	finish(&a);
	vz_str_addn(&gz, zeros, sizeof(zeros)); /* padding, as from a tape */
	fresh(&a);
	unpack_bytes(&a, &gz, ".tar.gz");
	CHECK_INT(a.r, 0);
	finish(&a);
	vz_str_free(&gz);
	half.s = tar.s; /* two members are one file (RFC 1952, 2.2) */
	half.len = 100000;
	gzip_stored(&gz, &half);
	half.s = tar.s + 100000;
	half.len = tar.len - 100000;
	gzip_stored(&gz, &half);
	fresh(&a);
	unpack_bytes(&a, &gz, ".tar.gz");
	CHECK_INT(a.r, 0);
	finish(&a);
	vz_str_free(&gz);
	gzip_stored(&gz, &tar);

	expect_bad(&cut, ".tar"); /* empty */
	vz_str_add(&cut, "this is no archive at all");
	expect_bad(&cut, ".tar");
	vz_str_free(&cut);
	vz_str_addn(&cut, gz.s, gz.len / 2);
	expect_bad(&cut, ".tar.gz");
	cut.len = 300;
	expect_bad(&cut, ".tar.gz");
	vz_str_free(&cut);
	vz_str_addn(&cut, tar.s, 100000);
	expect_bad(&cut, ".tar");
	tar.s[3] ^= 1; /* the sum of the header is wrong */
	expect_bad(&tar, ".tar");
	gz.s[10 + 5 + 5000] ^= 1; /* one bit of the data: only the sum at the end knows */
	expect_bad(&gz, ".tar.gz");
	gz.s[10 + 5 + 5000] ^= 1;
	gz.s[10 + 5 + 60000] = 7; /* a block of a type that does not exist */
	expect_bad(&gz, ".tar.gz");
	vz_str_free(&cut);
	tar_end(&cut);
	expect_bad(&cut, ".tar"); /* well-formed, and nothing in it */
}

#define ID "0123456789abcdef0123456789abcdef\n"

/* What of one machine is in an archive, by any of its names, is not in a VPS. */
static void test_personal(void)
{
	static const struct entry list[] = {
		{ "./etc/machine-id", '0', .data = ID },
		{ "etc/ssh/ssh_host_rsa_key", '0', .data = "secret", .mode = 0600 },
		{ "etc/ssh/ssh_host_rsa_key.pub", '0', .data = "public" },
		{ "etc/ssh/sshd_config", '0', .data = "kept" },
		{ "copy", '1', "./etc/ssh//ssh_host_rsa_key" },
		{ "plain", '0', .data = "secret" },
		{ "etc/ssh/ssh_host_ed25519_key", '1', "plain" },
		{ "var/lib/dbus/machine-id", '2', "/etc/machine-id" },
		{ "var/lib/systemd/random-seed", '0', .data = "seed" },
		{ "var/log/messages", '0', .data = "line" },
		{ "etc/hostname", '0', .data = "name" },
		{ 0 },
	};
	static const char *const gone[] = { "etc/ssh/ssh_host_rsa_key", "copy",
					    "etc/ssh/ssh_host_rsa_key.pub",
					    "etc/ssh/ssh_host_ed25519_key",
					    "var/lib/systemd/random-seed" };
	static const char *const kept[] = { "etc/ssh/sshd_config", "plain", "var/log/messages",
					    "etc/hostname" };
	struct arena a;
	struct stat st;

	fresh(&a);
	unpack_entries(&a, list);
	CHECK_STR(a.e.msg, "");
	CHECK(!fstatat(a.out, "etc/machine-id", &st, 0) && !st.st_size);
	CHECK(!fstatat(a.out, "var/lib/dbus/machine-id", &st, AT_SYMLINK_NOFOLLOW));
	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		CHECK(fstatat(a.out, gone[i], &st, AT_SYMLINK_NOFOLLOW) < 0);
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		CHECK(!fstatat(a.out, kept[i], &st, 0) && st.st_size);
	finish(&a);
}

static void test_personal_rows(void)
{
	CHECK_INT(vz_put_personal("etc/machine-id", S_IFREG, 33, false), VZ_PUT_EMPTY);
	CHECK_INT(vz_put_personal("etc/machine-id", S_IFREG, 14, false), VZ_PUT_KEEP);
	CHECK_INT(vz_put_personal("etc/machine-id", S_IFLNK, 0, true), VZ_PUT_KEEP);
	CHECK_INT(vz_put_personal("etc/shadow-", S_IFREG, 9, false), VZ_PUT_KEEP);
	CHECK_INT(vz_put_personal("etc/shadow-", S_IFREG, 9, true), VZ_PUT_LEAVE_OUT);
	CHECK_INT(vz_put_personal("etc/shadow", S_IFREG, 9, true), VZ_PUT_KEEP);
	CHECK_INT(vz_put_personal("var/log/apt/history.log", S_IFREG, 9, true), VZ_PUT_EMPTY);
	CHECK_INT(vz_put_personal("var/log/apt", S_IFDIR, 0, true), VZ_PUT_KEEP);
	CHECK_INT(vz_put_personal("var/log/syslog.1", S_IFREG, 9, true), VZ_PUT_LEAVE_OUT);
	CHECK_INT(vz_put_personal("var/log/journal/0123", S_IFDIR, 0, true), VZ_PUT_LEAVE_OUT);
	CHECK_INT(vz_put_personal("root/.bash_history", S_IFREG, 9, true), VZ_PUT_LEAVE_OUT);
	CHECK_INT(vz_put_personal("home/a/.ssh/authorized_keys", S_IFREG, 9, true), VZ_PUT_KEEP);
	CHECK_INT(vz_put_personal("tmp/x/y", S_IFLNK, 0, true), VZ_PUT_LEAVE_OUT);
	CHECK_INT(vz_put_personal("tmp", S_IFDIR, 0, true), VZ_PUT_KEEP);
}

/* DISKSPACE and DISKINODES bind data, names, attributes, directories; the remedy is named. */
static void test_bounds(void)
{
	autofree char *data = calloc(1, 1 << 20);
	struct entry big = { "big", '0' }, dir = { NULL, '5' };
	struct arena a;
	autostr t = { 0 }, many = { 0 };

	tar_blob(&t, &big, data, 1 << 20);
	tar_end(&t);
	for (int i = 0; i < 300; i++) {
		autofree char *name = vz_fmt("d%d", i);

		dir.name = name;
		tar_add(&many, &dir);
	}
	tar_end(&many);
	for (int i = 0; i < 4; i++) {
		bool fits = i % 2;

		fresh(&a);
		whom.bytes = fits ? 3 << 20 : 1 << 20;
		whom.entries = i < 2 || fits ? 300 : 299;
		unpack_bytes(&a, i < 2 ? &t : &many, ".tar");
		CHECK_INT(a.e.exit, fits ? 0 : VZ_FS_NO_DISK_SPACE);
		CHECK(fits || strstr(a.e.msg, "--diskspace") || strstr(a.e.msg, "--diskinodes"));
		finish(&a);
	}
	whom.bytes = whom.entries = 0;
}

static void test_sizes(void)
{
	static const uint64_t lies[] = { 1 << 20, UINT64_C(1) << 40, UINT64_C(1) << 62 };
	autofree char *name = calloc(1, 6000);
	autostr pax = { 0 };
	struct arena a;
	struct stat st;

	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		struct entry list[] = { { "f", '0', .size = lies[i] }, { 0 } };

		fresh(&a);
		unpack_entries(&a, list);
		CHECK_INT(a.e.exit, VZ_FS_BAD_TMPL);
		finish(&a);
	}
	/* names: long but right, a component too long, a path too long */
	for (int i = 0; i < 6000; i++)
		name[i] = i % 100 == 99 ? '/' : 'n';
	struct entry list[] = { { name, '0', .data = "x" }, { 0 } };

	name[1099] = 0;
	fresh(&a);
	unpack_entries(&a, list);
	CHECK_INT(a.r, 0);
	CHECK(!fstatat(a.out, name, &st, 0));
	finish(&a);
	name[1099] = '/';
	name[5000] = 0;
	fresh(&a);
	unpack_entries(&a, list);
	CHECK_INT(a.e.exit, VZ_FS_BAD_TMPL);
	CHECK(strstr(a.e.msg, "too long"));
	finish(&a);
	memset(name, 'n', 256);
	name[256] = 0;
	fresh(&a);
	unpack_entries(&a, list);
	CHECK_INT(a.e.exit, VZ_FS_BAD_TMPL);
	finish(&a);
}

static void sparse(struct arena *a, const char *real, const char *map, const char *data)
{
	struct entry f = { "holes", '0', .data = data };
	autostr t = { 0 }, pax = { 0 };

	pax_record(&pax, "GNU.sparse.size", real, strlen(real));
	pax_record(&pax, "GNU.sparse.numblocks", "1", 1);
	pax_record(&pax, "GNU.sparse.map", map, strlen(map));
	tar_pax(&t, &pax);
	tar_add(&t, &f);
	tar_end(&t);
	unpack_bytes(a, &t, ".tar");
}

static void test_sparse(void)
{
	struct arena a;
	struct stat st;
	char c = 0;
	int fd;

	fresh(&a);
	sparse(&a, "268435456", "134217728,4", "data");
	CHECK_INT(a.r, 0);
	CHECK(!fstatat(a.out, "holes", &st, 0));
	CHECK_INT(st.st_size, 268435456);
	CHECK(st.st_blocks < 1024);
	fd = openat(a.out, "holes", O_RDONLY | O_CLOEXEC);
	CHECK(pread(fd, &c, 1, 134217728) == 1 && c == 'd');
	close(fd);
	finish(&a);
	fresh(&a); /* larger than any file system allows */
	sparse(&a, "9223372036854775807", "0,4", "data");
	CHECK_INT(a.e.exit, VZ_FS_BAD_TMPL);
	finish(&a);
}

static void test_names_utf8(void)
{
	/* "e" + combining accent: a normal form would be other bytes */
	static const char nfd[] = "caf\x65\xcc\x81";
	struct entry f = { "placeholder", '0', .data = "x" };
	autostr t = { 0 }, pax = { 0 };
	struct arena a;

	pax_record(&pax, "path", nfd, strlen(nfd));
	tar_pax(&t, &pax);
	tar_add(&t, &f);
	pax_record(&pax, "linkpath", nfd, strlen(nfd));
	pax_record(&pax, "path", "hard\xc3\xa9", 6);
	f.type = '1';
	f.link = "x";
	f.data = NULL;
	tar_pax(&t, &pax);
	tar_add(&t, &f);
	f.type = '0';
	f.link = NULL;
	f.name = "latin\xe9"; /* raw bytes in a header without pax */
	tar_add(&t, &f);
	tar_end(&t);
	fresh(&a);
	unpack_bytes(&a, &t, ".tar");
	CHECK_STR(a.e.msg, "");
	CHECK(!faccessat(a.out, nfd, F_OK, 0));
	CHECK(!faccessat(a.out, "hard\xc3\xa9", F_OK, 0));
	CHECK(!faccessat(a.out, "latin\xe9", F_OK, 0));
	finish(&a);
}

/* Needs root: owners, capabilities, ACLs, device nodes. */
static void test_rights(void)
{
	/* VFS_CAP_REVISION_2 | effective; net_raw */
	static const char cap[20] = { 1, 0, 0, 2, 0, 0x20 };
	struct entry f = { "ping", '0', .data = "#!", .mode = 06755 }, d = { "acl", '5' };
	struct entry dev = { "null", '3', .mode = 0666, .major = 1, .minor = 3 };
	autofree char *p = vz_fmt("%s/out/ping", top), *q = vz_fmt("%s/out/acl", top);
	autostr t = { 0 }, pax = { 0 };
	char buf[256];
	struct arena a;
	struct stat st;

	pax_record(&pax, "uid", "4000000", 7);
	pax_record(&pax, "gid", "33", 2);
	pax_record(&pax, "SCHILY.xattr.security.capability", cap, sizeof(cap));
	pax_record(&pax, "SCHILY.xattr.trusted.overlay.redirect", "/", 1);
	pax_record(&pax, "SCHILY.xattr.user.overlay.redirect", "/", 1);
	pax_record(&pax, "SCHILY.xattr.user.note", "kept", 4);
	tar_pax(&t, &pax);
	tar_add(&t, &f);
	pax_record(&pax, "SCHILY.acl.access", "user::rwx,user:1234:r-x,group::r-x,mask::r-x,other::---",
		   55);
	pax_record(&pax, "SCHILY.acl.default",
		   "user::rwx,user:1234:r-x,group::r-x,mask::r-x,other::---", 55);
	tar_pax(&t, &pax);
	d.mode = 0750;
	tar_add(&t, &d);
	f.name = "acl/child";
	f.mode = 0640;
	tar_add(&t, &f);
	tar_add(&t, &dev);
	tar_end(&t);
	fresh(&a);
	unpack_bytes(&a, &t, ".tar");
	CHECK_STR(a.e.msg, "");
	CHECK(!stat(p, &st) && st.st_uid == 4000000 && st.st_gid == 33);
	CHECK_INT(st.st_mode, S_IFREG | 06755);
	CHECK_INT(getxattr(p, "security.capability", buf, sizeof(buf)), 20);
	CHECK(!memcmp(buf, cap, sizeof(cap)));
	CHECK(getxattr(p, "trusted.overlay.redirect", buf, sizeof(buf)) < 0);
	CHECK(getxattr(p, "user.overlay.redirect", buf, sizeof(buf)) < 0);
	CHECK_INT(getxattr(p, "user.note", buf, sizeof(buf)), 4);
	CHECK_INT(getxattr(q, "system.posix_acl_access", buf, sizeof(buf)), 4 + 5 * 8);
	CHECK_INT(buf[4 + 8], 2); /* the second entry: a user */
	CHECK_INT((unsigned char)buf[4 + 8 + 4] | buf[4 + 8 + 5] << 8, 1234);
	CHECK_INT(getxattr(q, "system.posix_acl_default", buf, sizeof(buf)), 4 + 5 * 8);
	CHECK(!fstatat(a.out, "acl/child", &st, 0) && (st.st_mode & 07777) == 0640);
	CHECK(!fstatat(a.out, "null", &st, 0) ? S_ISCHR(st.st_mode) : errno == ENOENT);
	finish(&a);
}

/* Without the right to make device nodes the template still unpacks. */
static void test_devices_left_out(void)
{
	static const struct entry list[] = {
		{ "null", '3', .mode = 0666, .major = 1, .minor = 3 }, { "f", '0' }, { 0 },
	};
	struct arena a;
	struct stat st;

	fresh(&a);
	unpack_entries(&a, list);
	CHECK_STR(a.e.msg, "");
	CHECK(!fstatat(a.out, "f", &st, 0));
	CHECK(is_root || fstatat(a.out, "null", &st, 0) < 0);
	finish(&a);
}

/* A file system of 256 KiB, in a mount namespace of our own. */
static void test_full_disk(void)
{
	autofree char *out = vz_fmt("%s/out", top), *data = calloc(1, 1 << 20);
	struct entry big = { "big", '0' };
	struct arena a;
	autostr t = { 0 };

	tar_blob(&t, &big, data, 1 << 20);
	tar_end(&t);
	fresh(&a);
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", out, "tmpfs", 0, "size=256k") < 0) {
		printf("SKIPPED: full disk: no mount namespace: %s\n", strerror(errno));
		return;
	}
	vz_closep(&a.out);
	a.out = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unpack_bytes(&a, &t, ".tar");
	CHECK_INT(a.e.exit, VZ_FS_NO_DISK_SPACE);
	CHECK(vz_str_prefix(a.e.msg, "Insufficient disk space", NULL));
	vz_closep(&a.out);
	CHECK(!umount2(out, MNT_DETACH));
	fresh(&a);
	finish(&a);
}

static int work_names(void)
{
	autofree char *p = vz_fmt("%s/base", top);
	autoclosedir DIR *d = opendir(p);
	struct dirent *de;
	int n = 0;

	while (d && (de = readdir(d)))
		n += vz_str_prefix(de->d_name, ".new-", NULL);
	return n;
}

static void helper(const char *script)
{
	autofree char *dir = vz_fmt("%s/libexec", top), *p = vz_fmt("%s/vzunpack", dir);

	(void)mkdir(dir, 0755);
	unlink(p);
	put("libexec/vzunpack", script, strlen(script));
	CHECK(!chmod(p, 0755));
	setenv("VZ_LIBEXEC", dir, 1);
}

static pid_t start_get(const struct vz_tmpl *t, unsigned user)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct vz_err e = { 0 };
		char *id;
		int r = vz_tmpl_base_get(top, t, &(struct vz_tmpl_for){ .user = user }, &id, &e);

		if (r < 0)
			printf("create %u: %s\n", user, e.msg);
		fflush(stdout);
		_exit(r < 0);
	}
	return pid;
}

/* No process, or one that is dead and only waits for its parent. */
static bool is_dead(const char *pid)
{
	/* not by its command line: that is empty for a moment in the midst of exec */
	return !vz_proc_alive(atoi(pid), 0);
}

/* kill -9 while unpacking leaves no base and no unpacker, and the next create works. */
static void test_killed(const struct vz_tmpl *t)
{
	autofree char *script = vz_fmt("#!/bin/sh\necho $$ > %s/started\nexec sleep 100\n", top);
	autofree char *started = vz_fmt("%s/started", top), *id = NULL;
	struct vz_err e = { 0 };
	char child[16] = "0";
	pid_t pid;
	int st;

	helper(script);
	pid = start_get(t, 1);
	for (int i = 0; i < 500; i++) {
		if (vz_file_read_buf(AT_FDCWD, started, child, sizeof(child)) > 0)
			break;
		usleep(10000);
	}
	CHECK(!is_dead(child));
	CHECK_INT(work_names(), 1);
	CHECK(!kill(pid, SIGKILL));
	CHECK(waitpid(pid, &st, 0) == pid && WIFSIGNALED(st));
	for (int i = 0; i < 500 && !is_dead(child); i++)
		usleep(10000);
	CHECK(is_dead(child));
	setenv("VZ_LIBEXEC", VZ_TEST_LIBEXEC, 1);
	CHECK_INT(vz_tmpl_base_get(top, t, &(struct vz_tmpl_for){ .user = 2 }, &id, &e), 0);
	CHECK_STR(e.msg, "");
	CHECK_INT(work_names(), 0);
	autofree char *user1 = vz_fmt("%s/base/%s/users/1", top, id);

	CHECK(access(user1, F_OK) < 0);
}

/* An unpacker that fails in any way leaves nothing, and its sentence arrives. */
static void test_failing_helper(const struct vz_tmpl *t)
{
	static const struct {
		const char *script, *says;
		int code;
	} tries[] = {
		{ "#!/bin/sh\necho no luck >&2; exit 47\n", "no luck", VZ_FS_BAD_TMPL },
		{ "#!/bin/sh\nmkdir /dev/fd/3/x; echo full >&2; exit 46\n", "full", VZ_FS_NO_DISK_SPACE },
		{ "#!/bin/sh\nkill -9 $$\n", "signal 9", VZ_FS_NEW_VE_PRVT },
		{ "#!/bin/sh\nexit 5\n", "failed", VZ_FS_NEW_VE_PRVT },
		{ "#!/nonexistent\n", "Unable to run", VZ_SYSTEM },
	};

	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		autofree char *id = NULL;
		struct vz_err e = { 0 };

		helper(tries[i].script);
		CHECK(vz_tmpl_base_get(top, t, &(struct vz_tmpl_for){ .user = 9 }, &id, &e) < 0);
		CHECK_INT(e.exit, tries[i].code);
		CHECK(strstr(e.msg, tries[i].says));
		CHECK_INT(work_names(), 0);
		CHECK(!id);
	}
	setenv("VZ_LIBEXEC", VZ_TEST_LIBEXEC, 1);
}

/* Two creates at once: one unpacks, both stand on the result. */
static void test_once(const struct vz_tmpl *t)
{
	autofree char *script = vz_fmt("#!/bin/sh\necho x >> %s/count\nsleep 0.2\n"
				       "exec " VZ_TEST_LIBEXEC "/vzunpack \"$@\"\n", top);
	autofree char *count = vz_fmt("%s/count", top);
	char buf[16];
	pid_t one, two;
	int st;

	helper(script);
	one = start_get(t, 11);
	two = start_get(t, 12);
	CHECK(waitpid(one, &st, 0) == one && !st);
	CHECK(waitpid(two, &st, 0) == two && !st);
	CHECK_INT(vz_file_read_buf(AT_FDCWD, count, buf, sizeof(buf)), 1);
	setenv("VZ_LIBEXEC", VZ_TEST_LIBEXEC, 1);
}

static void test_store(void)
{
	autofree char *p = vz_fmt("%s/cache/s.tar", top), *base = vz_fmt("%s/base", top);
	struct entry f = { "etc/hostname", '0', .data = "x" };
	struct vz_tmpl t = { 0 };
	struct vz_err e = { 0 };
	autostr tar = { 0 };

	tar_add(&tar, &f);
	tar_end(&tar);
	put("cache/s.tar", tar.s, tar.len);
	CHECK_INT(vz_tmpl_find(top, "s", &t, &e), 0);
	test_failing_helper(&t);
	test_killed(&t);
	CHECK(!vz_remove_tree(AT_FDCWD, base));
	test_once(&t);
	vz_tmpl_free(&t);
}

int main(void)
{
	autofree char *cache = NULL;

	is_root = !geteuid();
	if (!mkdtemp(top))
		return 2;
	setenv("VZ_LIBEXEC", VZ_TEST_LIBEXEC, 1);
	cache = vz_fmt("%s/cache", top);
	CHECK(!mkdir(cache, 0755));
	test_good();
	test_hostile();
	test_replaced();
	test_damaged();
	test_personal();
	test_personal_rows();
	test_bounds();
	test_sizes();
	test_sparse();
	test_names_utf8();
	test_devices_left_out();
	test_store();
	if (is_root) {
		test_rights();
		test_full_disk();
	} else {
		printf("SKIPPED: owners, capabilities, ACLs, device nodes, full disk: not root\n");
	}
	CHECK_INT(vz_remove_tree(AT_FDCWD, top), 0);
	return done();
}
