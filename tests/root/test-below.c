// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The groups that a guest made, saved, and made again for other ids, on whatever hierarchies this host has.
 * Uses group 900091 and removes it. Needs root; exits with 77 otherwise.
 */
#include "cgroup/cgroup.h"
#include "base/num.h"
#include "base/own.h"
#include "base/pack.h"
#include "base/str.h"
#include "sys/file.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/stat.h>

#define CTID 900091
#define OLD 1000000u
#define NEW 2000000u
#define SLICE "system.slice"
#define USER SLICE "/a b\\x2d\x01.service"
#define USERS_OWN USER "/app.slice"

static struct vz_err err;

static struct vz_cg *group(uid_t owner)
{
	struct vz_cg *cg = NULL;

	CHECK_INT(vz_cg_open(CTID, NULL, &cg, &err), 0);
	CHECK_INT(vz_cg_destroy(cg, &err), 0);
	CHECK_INT(vz_cg_create(cg, owner, owner + 5, &err), 0);
	CHECK(vz_cg_clone_fd(cg) >= 0);
	return cg;
}

static void as_guest(int dir, const char *name)
{
	setfsuid(OLD);
	setfsgid(OLD + 5);
	CHECK_INT(mkdirat(dir, name, 0755), 0);
	setfsgid(0);
	setfsuid(0);
}

static struct stat stat_of(int dir, const char *name)
{
	struct stat st = { 0 };

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		printf("no %s\n", name);
	return st;
}

static void text_is(int dir, const char *file, const char *want)
{
	char text[256];

	CHECK(vz_file_read_buf(dir, file, text, sizeof(text)) >= 0);
	CHECK_STR(text, want);
}

/* What systemd does: slices, a unit that belongs to a user, with what he made in it, settings; controllers where there
 * are any. */
static bool fill(int dir)
{
	char can[256] = "";

	as_guest(dir, SLICE);
	as_guest(dir, USER);
	as_guest(dir, USERS_OWN);
	as_guest(dir, "init.scope");
	CHECK_INT(fchownat(dir, USERS_OWN, OLD + 1000, OLD + 1006, 0), 0);
	CHECK_INT(fchownat(dir, USER, OLD + 1000, OLD + 1006, 0), 0);
	CHECK_INT(fchownat(dir, USER "/cgroup.procs", OLD + 1000, OLD + 1006, 0), 0);
	CHECK_INT(fchmodat(dir, USER, 0700, 0), 0);
	CHECK_INT(vz_file_write(dir, USER "/cgroup.max.depth", "7"), 0);
	CHECK(vz_file_read_buf(dir, "cgroup.controllers", can, sizeof(can)) >= 0);
	if (!vz_str_has_word(can, ' ', "pids") || !vz_str_has_word(can, ' ', "memory"))
		return false;
	CHECK_INT(vz_file_write(dir, "cgroup.subtree_control", "+pids +memory"), 0);
	CHECK_INT(vz_file_write(dir, SLICE "/cgroup.subtree_control", "+pids"), 0);
	CHECK_INT(vz_file_write(dir, SLICE "/memory.max", "123457536"), 0);
	CHECK_INT(vz_file_write(dir, USER "/pids.max", "321"), 0);
	return true;
}

static void there_and_back(struct vz_pack *p)
{
	struct vz_cg *cg = group(OLD);
	struct vz_cg_refused refused;
	bool controllers = fill(vz_cg_clone_fd(cg));
	int dir;

	CHECK_INT(vz_cg_below_save(cg, p, &err), 0);
	vz_cg_close(cg);
	cg = group(NEW);
	dir = vz_cg_clone_fd(cg);
	CHECK_INT(vz_cg_below_make(cg, (struct vz_packed){ p->buf.s, p->buf.len, false }, &err), 0);
	CHECK_INT(stat_of(dir, SLICE).st_uid, NEW);
	CHECK_INT(stat_of(dir, SLICE).st_gid, NEW + 5);
	CHECK_INT(stat_of(dir, SLICE "/cgroup.max.depth").st_uid, NEW);
	CHECK_INT(stat_of(dir, "init.scope/cgroup.procs").st_uid, NEW);
	CHECK_INT(stat_of(dir, USER).st_uid, NEW + 1000);
	CHECK_INT(stat_of(dir, USER).st_mode & 07777, 0700);
	CHECK_INT(stat_of(dir, USERS_OWN).st_uid, NEW + 1000);
	CHECK_INT(stat_of(dir, USERS_OWN).st_gid, NEW + 5 + 1001);
	CHECK_INT(stat_of(dir, USER "/cgroup.procs").st_uid, NEW + 1000);
	CHECK_INT(stat_of(dir, USER "/cgroup.procs").st_gid, NEW + 5 + 1001);
	CHECK_INT(stat_of(dir, USER "/cgroup.threads").st_uid, NEW);
	/* the topmost group's limits stay the host's */
	CHECK_INT(stat_of(dir, "cgroup.max.depth").st_uid, 0);
	text_is(dir, "cgroup.subtree_control", "");
	text_is(dir, USER "/cgroup.max.depth", "max");
	CHECK_INT(vz_cg_below_enable(cg, (struct vz_packed){ p->buf.s, p->buf.len, false }, &refused, &err), 0);
	CHECK_INT(refused.n, 0);
	text_is(dir, USER "/cgroup.max.depth", "7");
	if (controllers) {
		text_is(dir, "cgroup.subtree_control", "memory pids");
		text_is(dir, SLICE "/memory.max", "123457536");
		text_is(dir, USER "/pids.max", "321");
		CHECK_INT(stat_of(dir, SLICE "/memory.max").st_uid, NEW);
		CHECK_INT(stat_of(dir, "init.scope/pids.max").st_uid, NEW);
	}
	CHECK_INT(vz_cg_destroy(cg, &err), 0);
	vz_cg_close(cg);
}

static void frozen(void)
{
	struct vz_cg *cg = group(OLD);
	autopack p = { .max = 1 << 20 };
	int dir = vz_cg_clone_fd(cg);

	as_guest(dir, "paused");
	CHECK_INT(vz_file_write(dir, "paused/cgroup.freeze", "1"), 0);
	CHECK_INT(vz_cg_below_save(cg, &p, &err), -EBUSY);
	CHECK_INT(err.exit, VZ_CHKPNT);
	CHECK_INT(vz_cg_destroy(cg, &err), 0);
	vz_cg_close(cg);
}

static void too_deep(void)
{
	struct vz_cg *cg = group(OLD);
	autopack p = { .max = 1 << 20 };
	int at = dup(vz_cg_clone_fd(cg)), next;

	for (int i = 0; i < 70; i++) {
		as_guest(at, "d");
		next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = next;
	}
	close(at);
	CHECK(vz_cg_below_save(cg, &p, &err) < 0);
	CHECK(strstr(err.msg, "64 levels"));
	CHECK_INT(vz_cg_destroy(cg, &err), 0);
	vz_cg_close(cg);
}

static void bad_name(struct vz_cg *cg, const char *name)
{
	autopack p = { .max = 4096 };

	vz_pack_bytes(&p, "", 0);
	vz_pack_num(&p, 0);
	vz_pack_num(&p, 0);
	vz_pack_num(&p, 1);
	vz_pack_text(&p, name);
	for (int i = 0; i < 3; i++)
		vz_pack_num(&p, 0);
	vz_pack_bytes(&p, "", 0);
	for (int i = 0; i < 4; i++)
		vz_pack_num(&p, 0);
	CHECK_INT(vz_cg_below_make(cg, (struct vz_packed){ p.buf.s, p.buf.len, false }, &err),
		  strcmp(name, "good") ? -EBADMSG : 0);
}

static void nobody_saved_it(const struct vz_pack *p)
{
	static const char *const names[] = { "..", ".", "../x", "a/b", "a\nb", "", "good" };
	struct vz_cg *cg = group(NEW);
	struct vz_cg_refused refused;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		bad_name(cg, names[i]);
	for (size_t cut = 0; cut < p->buf.len; cut += 3) {
		struct vz_packed in = { p->buf.s, cut, false };

		CHECK_INT(vz_cg_below_make(cg, in, &err), -EBADMSG);
		CHECK_INT(err.exit, VZ_RESTORE);
		CHECK(vz_cg_below_enable(cg, in, &refused, &err) < 0);
	}
	CHECK_INT(vz_cg_destroy(cg, &err), 0);
	vz_cg_close(cg);
}

int main(void)
{
	autopack p = { .max = 1 << 20 };

	if (geteuid()) {
		printf("SKIPPED: tests/root/test-below needs root\n");
		return 77;
	}
	there_and_back(&p);
	frozen();
	too_deep();
	nobody_saved_it(&p);
	return done();
}
