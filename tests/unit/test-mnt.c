// SPDX-License-Identifier: GPL-2.0-or-later
/* The parser of mountinfo, and what is no mount point. */
#include "sys/mnt.h"
#include "base/own.h"
#include "sys/proc.h"
#include "unit.h"

#include <fcntl.h>
#include <stdbool.h>

static int parse(const char *text, char *copy, struct vz_mountinfo *m)
{
	memcpy(copy, text, strlen(text) + 1);
	return vz_mountinfo_parse(copy, m);
}

static void lines(void)
{
	static const char *const bad[] = {
		"",
		"36 35 98:0 /r /t",
		"36 35 98:0 /r /t rw shared:1 ext3 dev rw",
		"36 35 98:0 /r /t rw -",
		"36 35 98:0 /r /t rw - ext3",
		"x 35 98:0 /r /t rw - ext3 dev rw",
		"36 -1 98:0 /r /t rw - ext3 dev rw",
		"4294967296 1 98:0 /r /t rw - ext3 dev rw",
		" 36 35 98:0 /r /t rw - ext3 dev rw",
	};
	struct vz_mountinfo m = { .id = 7 };
	char c[256];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(parse(bad[i], c, &m), -EINVAL);
	CHECK_INT(m.id, 7);
	CHECK_INT(parse("36 35 98:0 /mnt1 /vz/root/4\\0402 rw,noatime master:1 shared:2 - ext3 "
			"/dev/a\\134b rw,errors=continue", c, &m), 0);
	CHECK_INT(m.id, 36);
	CHECK_INT(m.parent, 35);
	CHECK_STR(m.root, "/mnt1");
	CHECK_STR(m.target, "/vz/root/4 2");
	CHECK_STR(m.fstype, "ext3");
	CHECK_STR(m.source, "/dev/a\\b");
	CHECK_STR(m.super, "rw,errors=continue");
	CHECK_STR(m.options, "rw,noatime");
	/* no optional fields, an empty source, and escapes that are none */
	CHECK_INT(parse("1 1 0:2 / /a\\01\\400\\011\\ rw - tmpfs  rw", c, &m), 0);
	CHECK_STR(m.target, "/a\\01\\400\t\\");
	CHECK_STR(m.source, "");
}

static void table(void)
{
	automounts t = { 0 };
	bool found = false;

	CHECK_INT(vz_mounts_read(AT_FDCWD, "/proc/self/mountinfo", &t), 0);
	for (size_t i = 0; i < t.n; i++)
		found |= !strcmp(t.v[i].target, "/proc") && !strcmp(t.v[i].fstype, "proc");
	CHECK(t.n && found);
	CHECK_INT(vz_mounts_read(AT_FDCWD, "/no/such/path", &t), -ENOENT);
}

int main(void)
{
	lines();
	table();
	CHECK(vz_is_mount_point("/proc"));
	CHECK(!vz_is_mount_point("/proc/self"));
	CHECK(!vz_is_mount_point("/no/such/path"));
	CHECK_INT(vz_umount_tree("/no/such/path", NULL, NULL), 0);
	return done();
}
