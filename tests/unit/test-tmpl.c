// SPDX-License-Identifier: GPL-2.0-or-later
/* lib/tmpl without archives: finding a template, copying a directory, the shared store. */
#include "tmpl/tmpl.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static char top[] = "/tmp/vz-test-tmpl.XXXXXX";

static void put(const char *path, const char *text)
{
	autofree char *p = vz_fmt("%s/%s", top, path);
	int fd = open(p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && !vz_write_all(fd, text, strlen(text)));
	close(fd);
}

static void dir(const char *path)
{
	autofree char *p = vz_fmt("%s/%s", top, path);

	CHECK(!vz_mkdir_p(p, 0755));
}

static bool there(const char *path)
{
	autofree char *p = vz_fmt("%s/%s", top, path);

	return !access(p, F_OK);
}

/* Names in a directory below top, without "." and ".."; hidden ones only, or only the others. */
static int names(const char *path, bool hidden)
{
	autofree char *p = vz_fmt("%s/%s", top, path);
	autoclosedir DIR *d = opendir(p);
	struct dirent *de;
	int n = 0;

	while (d && (de = readdir(d)))
		if (vz_str_is_component(de->d_name) && (de->d_name[0] == '.') == hidden)
			n++;
	return d ? n : -ENOENT;
}

static void test_find(void)
{
	static const char *const refused[] = { "", ".", "..", "a/b", "/etc", "a\nb", "../base" };
	struct vz_err e = { 0 };
	struct vz_tmpl t = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		CHECK(vz_tmpl_find(top, refused[i], &t, &e) < 0);
		CHECK_INT(e.exit, VZ_INVALID_PARAMETER_VALUE);
	}
	CHECK_INT(vz_tmpl_find(top, "none", &t, &e), -ENOENT);
	CHECK_INT(e.exit, VZ_OSTEMPLATE_NOT_FOUND);
	CHECK(strstr(e.msg, "/cache/none.tar[.gz|.bz2|.xz|.zst] not found"));

	static const char *const order[] = { ".tar.zst", ".tar.xz", ".tar.bz2", ".tar.gz", ".tar" };

	dir("cache/multi");
	for (size_t i = 0; i <= ARRAY_LEN(order); i++) {
		CHECK_INT(vz_tmpl_find(top, "multi", &t, &e), 0);
		CHECK_STR(t.name, "multi");
		CHECK(vz_str_suffix(t.path, i ? order[i - 1] : "/multi"));
		CHECK_INT(t.is_dir, i == 0);
		vz_tmpl_free(&t);
		if (i < ARRAY_LEN(order)) {
			autofree char *p = vz_fmt("cache/multi%s", order[i]);

			put(p, "x");
		}
	}
	put("cache/.ez.tar", "x");
	CHECK_INT(vz_tmpl_find(top, ".ez", &t, &e), -ENOENT);
}

static void make_tree(void)
{
	autofree char *link = vz_fmt("%s/cache/tree/link", top), *a = vz_fmt("%s/cache/tree/a", top);
	autofree char *b = vz_fmt("%s/cache/tree/d/b", top);
	autofree char *d = vz_fmt("%s/cache/tree/d", top);
	autofree char *hole = vz_fmt("%s/cache/tree/hole", top);
	struct timespec then[2] = { { 1000, 5 }, { 2000, 7 } };
	int fd;

	dir("cache/tree/d/e");
	put("cache/tree/a", "one file, two names\n");
	put("cache/tree/d/e/f", "deep\n");
	CHECK(!symlink("/etc/passwd", link));
	CHECK(!linkat(AT_FDCWD, a, AT_FDCWD, b, 0));
	CHECK(!chmod(a, 04751));
	CHECK(!utimensat(AT_FDCWD, a, then, 0));
	(void)setxattr(a, "user.note", "kept", 4, 0);
	(void)setxattr(a, "user.overlay.redirect", "/", 1, 0);
	fd = open(hole, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && !ftruncate(fd, 64 << 20) && pwrite(fd, "x", 1, 32 << 20) == 1);
	close(fd);
	CHECK(!chmod(d, 0510));
	CHECK(!utimensat(AT_FDCWD, d, then, 0));
}

static void test_copy(void)
{
	autofree char *out = vz_fmt("%s/out", top);
	struct vz_tmpl t = { 0 };
	struct vz_err e = { 0 };
	struct stat a, b;
	char buf[64];
	ssize_t n;
	int fd;

	make_tree();
	dir("out");
	fd = open(out, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(vz_tmpl_find(top, "tree", &t, &e), 0);
	CHECK_INT(vz_tmpl_unpack(&t, fd, &(struct vz_tmpl_for){ 0 }, &e), 0);
	CHECK_STR(e.msg, "");
	CHECK(!fstatat(fd, "a", &a, 0) && !fstatat(fd, "d/b", &b, 0));
	CHECK_INT(a.st_ino, b.st_ino);
	CHECK_INT(a.st_nlink, 2);
	CHECK_INT(a.st_mode, S_IFREG | 04751);
	CHECK_INT(a.st_mtim.tv_sec, 2000);
	CHECK_INT(a.st_mtim.tv_nsec, 7);
	CHECK(!fstatat(fd, "d", &a, 0));
	CHECK_INT(a.st_mode, S_IFDIR | 0510);
	CHECK_INT(a.st_mtim.tv_sec, 2000);
	CHECK(!fstatat(fd, "hole", &a, 0));
	CHECK_INT(a.st_size, 64 << 20);
	CHECK(a.st_blocks < 2048);
	n = readlinkat(fd, "link", buf, sizeof(buf) - 1);
	buf[n > 0 ? n : 0] = 0;
	CHECK_STR(buf, "/etc/passwd");
	CHECK_INT(vz_file_read_buf(fd, "d/e/f", buf, sizeof(buf)), 4);
	autofree char *x = vz_fmt("%s/out/a", top);
	autofree char *from = vz_fmt("%s/cache/tree/a", top);

	if (getxattr(from, "user.note", buf, sizeof(buf)) == 4) {
		CHECK_INT(getxattr(x, "user.note", buf, sizeof(buf)), 4);
		CHECK(getxattr(x, "user.overlay.redirect", buf, sizeof(buf)) < 0);
	} else {
		printf("SKIPPED: user.* attributes: the file system of /tmp has none\n");
	}
	close(fd);
	vz_tmpl_free(&t);
}

static void test_base(void)
{
	struct vz_tmpl t = { 0 };
	struct vz_err e = { 0 };
	autofree char *id = NULL, *id2 = NULL, *id3 = NULL, *base = vz_fmt("%s/base", top);
	autofree char *user = NULL, *file = NULL, *tree = vz_fmt("%s/cache/small", top);
	struct timespec now[2] = { { 5, 0 }, { 6, 0 } };
	struct stat st;

	dir("cache/small");
	put("cache/small/file", "text\n");
	CHECK_INT(vz_tmpl_find(top, "small", &t, &e), 0);
	CHECK_INT(vz_tmpl_base_get(top, &t, &(struct vz_tmpl_for){ .user = 101 }, &id, &e), 0);
	CHECK_STR(e.msg, "");
	CHECK(id && vz_str_prefix(id, "small-", NULL) && strlen(id) == 6 + 16);
	CHECK(!stat(base, &st) && (st.st_mode & 0777) == 0700);
	user = vz_fmt("base/%s/users/101", id);
	CHECK(there(user));
	CHECK_INT(vz_tmpl_base_get(top, &t, &(struct vz_tmpl_for){ .user = 102 }, &id2, &e), 0);
	CHECK_STR(id2, id);
	CHECK_INT(names("base", false), 1);
	file = vz_fmt("base/%s/tree/file", id);
	CHECK(there(file));

	/* nobody uses it, but the template is the same: kept */
	vz_tmpl_base_put(top, id, 101);
	vz_tmpl_base_put(top, id, 102);
	vz_tmpl_base_put(top, id, 102);
	CHECK(!there(user));
	CHECK_INT(names("base", false), 1);

	/* a new version: the old one stays while it is used, and no longer */
	CHECK_INT(vz_tmpl_base_get(top, &t, &(struct vz_tmpl_for){ .user = 103 }, &id3, &e), 0);
	put("cache/small/file", "other\n");
	CHECK(!utimensat(AT_FDCWD, tree, now, 0));
	free(id2);
	id2 = NULL;
	CHECK_INT(vz_tmpl_base_get(top, &t, &(struct vz_tmpl_for){ .user = 104 }, &id2, &e), 0);
	CHECK(strcmp(id2, id));
	CHECK_INT(names("base", false), 2);
	vz_tmpl_base_put(top, id, 103);
	CHECK_INT(names("base", false), 1);

	/* the template is gone */
	CHECK(!vz_remove_tree(AT_FDCWD, tree));
	vz_tmpl_base_put(top, id2, 104);
	CHECK_INT(names("base", false), 0);
	CHECK_INT(names("base", true), 2); /* the two locks */
	vz_tmpl_free(&t);
}

/* What a creator that was killed left behind goes with the next one that unpacks. */
static void test_stale(void)
{
	struct vz_tmpl t = { 0 };
	struct vz_err e = { 0 };
	autofree char *id = NULL;

	dir("base/.new-4711/tree/etc");
	dir("cache/after");
	CHECK_INT(vz_tmpl_find(top, "after", &t, &e), 0);
	CHECK_INT(vz_tmpl_base_get(top, &t, &(struct vz_tmpl_for){ .user = 7 }, &id, &e), 0);
	CHECK(!there("base/.new-4711"));
	vz_tmpl_free(&t);
}

int main(void)
{
	autofree char *d = NULL;

	if (!mkdtemp(top))
		return 2;
	dir("cache");
	test_find();
	test_copy();
	test_base();
	test_stale();
	d = vz_fmt("%s/out/d", top);
	(void)chmod(d, 0700);
	free(d);
	d = vz_fmt("%s/cache/tree/d", top);
	(void)chmod(d, 0700);
	CHECK_INT(vz_remove_tree(AT_FDCWD, top), 0);
	return done();
}
