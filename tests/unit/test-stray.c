// SPDX-License-Identifier: GPL-2.0-or-later
/* Files on mounts that are gone, in CRIU's images. */
#include "cpt/stray.h"
#include "base/own.h"
#include "sys/file.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "\x19\x43\x56\x54" "\x38\x31\x30\x56"
/* a regular file 6 on mount 27 (doubled), a socket 7 */
#define READ_6 "\x10\0\0\0" "\x08\x01" "\x10\x06" "\x1a\x0a" "\x08\x06" "\x10\x00" "\x32\x02/b" "\x38\x36"
#define SOCK_7 "\x06\0\0\0" "\x08\x02" "\x10\x07" "\x22\x00"
/* a file 5, external, and what becomes of it: its flags stay, and its mount is 300 */
#define EXT_5(n, m, name) n "\0\0\0" "\x08\x01" "\x10\x05" "\x1a" m "\x08\x05" "\x10\x80\x10" "\x32\x0c" name "\x48\x01"
#define STRAY_5 EXT_5("\x1b", "\x15", "file[17f:2b]")
#define OTHER_5 EXT_5("\x1b", "\x15", "file[17f:2c]")
#define FOUND_5 "\x16\0\0\0" "\x08\x01" "\x10\x05" "\x1a\x10" "\x08\x05" "\x10\x80\x10" "\x32\x06/run/x" "\x38\xd8\x04"

static struct vz_err err;
static int dir;
static char place[] = "/run/x";
static struct vz_stray_file file = { 0x17f, 0x2b, 300, place };
static const struct vz_stray strays = { &file, 1 };

static void put(const void *data, size_t n)
{
	int fd = openat(dir, "files.img", O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	CHECK(write(fd, data, n) == (ssize_t)n);
	close(fd);
}

static void is(const void *data, size_t n)
{
	autofree char *text = NULL;

	CHECK_INT(vz_file_read(dir, "files.img", 4096, &text), n);
	CHECK(text && !memcmp(text, data, n));
}

#define BECOMES(before, after)                                \
	do {                                                  \
		put(before, sizeof(before) - 1);              \
		CHECK_INT(vz_stray_mend(dir, &strays, &err), 0); \
		is(after, sizeof(after) - 1);                 \
	} while (0)

static void mends(void)
{
	static const struct vz_stray none = { 0 };

	BECOMES(HEAD READ_6 STRAY_5 SOCK_7, HEAD READ_6 FOUND_5 SOCK_7);
	BECOMES(HEAD READ_6 OTHER_5 SOCK_7, HEAD READ_6 OTHER_5 SOCK_7);
	put("none", 4);
	CHECK_INT(vz_stray_mend(dir, &none, &err), 0);
	is("none", 4);
}

/* Wherever it is cut but between two entries. */
static void damaged(void)
{
	for (size_t n = 0; n < sizeof(HEAD STRAY_5 READ_6) - 1; n++) {
		put(HEAD STRAY_5 READ_6, n);
		CHECK_INT(vz_stray_mend(dir, &strays, &err), n == sizeof(HEAD) - 1 || n == sizeof(HEAD STRAY_5) - 1 ? 0 : -EBADMSG);
	}
}

int main(void)
{
	char path[] = "/tmp/vz-stray-XXXXXX";

	dir = open(mkdtemp(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mends();
	damaged();
	CHECK(!unlinkat(dir, "files.img", 0));
	close(dir);
	CHECK(!rmdir(path));
	return done();
}
