// SPDX-License-Identifier: GPL-2.0-or-later
/* Programs that are in CRIU's images as descriptors of O_PATH only. */
#include "cpt/exeimages.h"
#include "base/own.h"
#include "sys/file.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "\x19\x43\x56\x54", "\x38\x31\x30\x56"
/* of two entries: a regular file 5 with O_PATH (0x200000), one that is 6 and is read; of something else 7 */
#define PATH_5 "\x11\0\0\0" "\x08\x01" "\x10\x05" "\x1a\x0b" "\x08\x05" "\x10\x80\x80\x80\x01" "\x32\x02/a"
#define READ_6 "\x0e\0\0\0" "\x08\x01" "\x10\x06" "\x1a\x08" "\x08\x06" "\x10\x00" "\x32\x02/b"
#define SOCK_7 "\x06\0\0\0" "\x08\x02" "\x10\x07" "\x22\x00"
/* what is made of the first: 8, to be read */
#define READ_8 "\x0e\0\0\0" "\x08\x01" "\x10\x08" "\x1a\x08" "\x08\x08" "\x10\x00" "\x32\x02/a"
#define FILES "\x19\x43\x56\x54\x38\x31\x30\x56" PATH_5 READ_6 SOCK_7
/* an address before, and a mapping and one of four bytes behind */
#define MM(id) "\x19\x43\x56\x54\x20\x28\x49\x57" "\x0f\0\0\0" "\x08\x81\x01" "\x60" id "\x72\x02\x08\x05" "\x85\x01" "abcd"

static struct vz_err err;
static int dir;

static void put(const char *name, const void *data, size_t n)
{
	int fd = openat(dir, name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	CHECK(write(fd, data, n) == (ssize_t)n);
	close(fd);
}

static void is(const char *name, const void *data, size_t n)
{
	autofree char *text = NULL;

	CHECK_INT(vz_file_read(dir, name, 4096, &text), n);
	CHECK(text && !memcmp(text, data, n));
}

static void mends(void)
{
	put("files.img", FILES, sizeof(FILES) - 1);
	put("mm-1.img", MM("\x05"), sizeof(MM("\x05")) - 1);
	put("mm-2.img", MM("\x06"), sizeof(MM("\x06")) - 1);
	put("mm-3.img", MM("\x05"), sizeof(MM("\x05")) - 1);
	CHECK_INT(vz_exeimages_mend(dir, &err), 2);
	is("files.img", FILES READ_8, sizeof(FILES READ_8) - 1);
	is("mm-1.img", MM("\x08"), sizeof(MM("\x08")) - 1);
	is("mm-2.img", MM("\x06"), sizeof(MM("\x06")) - 1);
	is("mm-3.img", MM("\x08"), sizeof(MM("\x08")) - 1);
	/* and once more there is nothing to do */
	CHECK_INT(vz_exeimages_mend(dir, &err), 0);
	is("files.img", FILES READ_8, sizeof(FILES READ_8) - 1);
}

/* Wherever it is cut but between two entries. */
static void damaged(void)
{
	static const size_t whole[] = { 8, 8 + sizeof(PATH_5) - 1, 8 + sizeof(PATH_5 READ_6) - 1 };

	put("mm-1.img", MM("\x05"), sizeof(MM("\x05")) - 1);
	for (size_t n = 0; n < sizeof(FILES) - 1; n++) {
		put("files.img", FILES, n);
		CHECK(n == whole[0] || n == whole[1] || n == whole[2] ? vz_exeimages_mend(dir, &err) >= 0 :
									vz_exeimages_mend(dir, &err) == -EBADMSG);
		put("mm-1.img", MM("\x05"), sizeof(MM("\x05")) - 1);
	}
	put("files.img", FILES, sizeof(FILES) - 1);
	for (size_t n = 0; n < sizeof(MM("\x05")) - 1; n++) {
		put("mm-1.img", MM("\x05"), n);
		CHECK_INT(vz_exeimages_mend(dir, &err), -EBADMSG);
	}
}

int main(void)
{
	char path[] = "/tmp/vz-exeimages-XXXXXX";

	dir = open(mkdtemp(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mends();
	damaged();
	for (int i = 1; i <= 3; i++)
		CHECK(!unlinkat(dir, (const char *[]){ "mm-1.img", "mm-2.img", "mm-3.img" }[i - 1], 0));
	CHECK(!unlinkat(dir, "files.img", 0));
	close(dir);
	CHECK(!rmdir(path));
	return done();
}
