// SPDX-License-Identifier: GPL-2.0-or-later
/* CRIU's images of control groups and of the user namespace, of a VPS that gets another id. */
#include "cpt/cgimage.h"
#include "base/own.h"
#include "cpt/idimage.h"
#include "cpt/protobuf.h"
#include "sys/file.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "\x19\x43\x56\x54\x38\x31\x30\x56"
#define A 100000u
#define B 2000000000u

static struct vz_err err;
static int dir;

static void put(const char *name, const struct vz_str *s)
{
	int fd = openat(dir, name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	CHECK(write(fd, s->s, s->len) == (ssize_t)s->len);
	close(fd);
}

static bool is(const char *name, const struct vz_str *s)
{
	autofree char *text = NULL;
	ssize_t n = vz_file_read(dir, name, 65536, &text);

	return n == (ssize_t)s->len && !memcmp(text, s->s, s->len);
}

static void inner(struct vz_str *m, unsigned field, struct vz_str *s)
{
	vz_pb_put_bytes(m, field, s->s, s->len);
	vz_str_free(s);
}

static void member(struct vz_str *set, const char *controllers, const char *path, unsigned own)
{
	struct vz_str m = { 0 };

	vz_pb_put_bytes(&m, 1, controllers, strlen(controllers));
	vz_pb_put_bytes(&m, 2, path, strlen(path));
	if (own)
		vz_pb_put_number_field(&m, 3, own);
	inner(set, 2, &m);
}

static void named(struct vz_str *m, const char *name, uint32_t uid)
{
	struct vz_str perms = { 0 };

	vz_pb_put_bytes(m, 1, name, strlen(name));
	vz_pb_put_number_field(&perms, 1, 0755);
	vz_pb_put_number_field(&perms, 2, uid);
	vz_pb_put_number_field(&perms, 3, uid);
	inner(m, 4, &perms);
}

/* The group `top`, with one below it; and groups of others, whose names only begin so. */
static void image(struct vz_str *out, const char *top, uint32_t first)
{
	struct vz_str all = { 0 }, set = { 0 }, ctl = { 0 }, dirs = { 0 }, child = { 0 }, grandchild = { 0 }, other = { 0 };
	autofree char *path = vz_fmt("/%s/vz/101", top), *same = vz_fmt("/%s", top);
	unsigned own = (unsigned)strlen(same);

	vz_pb_put_number_field(&set, 1, 1);
	member(&set, "", path, own);
	member(&set, "memory", same, own);
	member(&set, "name=systemd", "/", 0);
	member(&set, "cpu", "/vz/1011", 8);
	inner(&all, 1, &set);
	named(&grandchild, "vz/101", first + 65535);
	named(&child, "init.scope", first + 7);
	inner(&child, 2, &grandchild);
	named(&dirs, top, first);
	inner(&dirs, 2, &child);
	named(&other, "vz/1011", 0);
	vz_pb_put_bytes(&ctl, 1, "", 0);
	inner(&ctl, 2, &dirs);
	inner(&ctl, 2, &other);
	inner(&all, 2, &ctl);
	vz_str_addn(out, HEAD, sizeof(HEAD) - 1);
	vz_pb_put_entry(out, &all);
	vz_str_free(&all);
}

static int change(unsigned from, const char *path, uint32_t was, uint32_t to)
{
	const struct vz_cgimage_change c = { from, path, { was, was }, { to, to } };

	return vz_cgimage_change(dir, &c, &err);
}

static void groups(void)
{
	static const char *const tops[] = { "vz/101", "vz.slice/vz-101.scope/payload", "docker/abc/vz/101" };
	static const char *const now[] = { "vz/7", "vz/7", "docker/abc/vz/7" };

	for (size_t i = 0; i < 3; i++) {
		autostr old = { 0 }, new = { 0 }, moved = { 0 };

		image(&old, tops[i], A);
		image(&new, now[i], A);
		image(&moved, now[i], B);
		put(VZ_CGIMAGE_NAME, &old);
		CHECK_INT(change(10, "vz/7", A, A), -EINVAL);
		CHECK_INT(change(101, "vz/7", A, A), 1);
		CHECK(is(VZ_CGIMAGE_NAME, &new));
		CHECK_INT(change(7, "vz/7", A, A), 0);
		CHECK_INT(change(7, "vz/7", A, B), 1);
		CHECK(is(VZ_CGIMAGE_NAME, &moved));
	}
}

/* Wherever it is cut. */
static void damaged(void)
{
	autostr old = { 0 };
	size_t len;

	image(&old, "vz/101", A);
	len = old.len;
	for (old.len = 0; old.len < len; old.len++) {
		put(VZ_CGIMAGE_NAME, &old);
		CHECK_INT(change(101, "vz/7", A, A), -EBADMSG);
	}
}

static void map_image(struct vz_str *out, uint32_t uid, uint32_t gid)
{
	struct vz_str all = { 0 };

	for (unsigned kind = 1; kind <= 2; kind++) {
		struct vz_str extent = { 0 };

		vz_pb_put_number_field(&extent, 1, 0);
		vz_pb_put_number_field(&extent, 2, kind == 1 ? uid : gid);
		vz_pb_put_number_field(&extent, 3, 65536);
		inner(&all, kind, &extent);
	}
	vz_str_addn(out, HEAD, sizeof(HEAD) - 1);
	vz_pb_put_entry(out, &all);
	vz_str_free(&all);
}

static void ids(void)
{
	struct vz_idimage now, to = { B, B + 1 };
	autostr old = { 0 }, new = { 0 };
	char name[32];
	size_t len;

	CHECK_INT(vz_idimage_get(dir, &now, &err), 0);
	CHECK(!now.uid && !now.gid);
	CHECK_INT(vz_idimage_set(dir, &to, name, &err), -EINVAL);
	map_image(&old, A, A);
	map_image(&new, B, B + 1);
	put("userns-9.img", &old);
	CHECK_INT(vz_idimage_get(dir, &now, &err), 0);
	CHECK(now.uid == A && now.gid == A);
	CHECK_INT(vz_idimage_set(dir, &now, name, &err), 0);
	CHECK_INT(vz_idimage_set(dir, &to, name, &err), 1);
	CHECK_STR(name, "userns-9.img");
	CHECK(is(name, &new));
	len = old.len;
	for (old.len = 0; old.len < len; old.len++) {
		put("userns-9.img", &old);
		CHECK_INT(vz_idimage_get(dir, &now, &err), -EBADMSG);
		CHECK_INT(vz_idimage_set(dir, &to, name, &err), -EBADMSG);
	}
}

int main(void)
{
	char path[] = "/tmp/vz-cgimage-XXXXXX";

	CHECK(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	groups();
	damaged();
	ids();
	unlinkat(dir, VZ_CGIMAGE_NAME, 0);
	unlinkat(dir, "userns-9.img", 0);
	close(dir);
	rmdir(path);
	return done();
}
