// SPDX-License-Identifier: GPL-2.0-or-later
/* A directory that cannot be read to its end is no shorter one. readdir() is put before that of libc. */
#include "cgroup/cgroup-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/ct.h"
#include "sys/file.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

static int left = -1; /* so many entries until it fails */
static char base[] = "/tmp/vz-readdir-XXXXXX";

struct dirent *readdir(DIR *d)
{
	if (left >= 0 && !left--) {
		errno = EIO;
		return NULL;
	}
	return (void *)readdir64(d);
}

static int count(pid_t pid, void *arg)
{
	(void)pid;
	++*(int *)arg;
	return 0;
}

/* base, base/1 and base/1/2: in each one process. */
static void groups(void)
{
	autofree char *deep = vz_fmt("%s/1/2", base);
	autoclose int dir = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int n = 0, entries = 0;
	static const char *const in[] = { "", "/1", "/1/2" };

	CHECK_INT(vz_mkdir_p(deep, 0700), 0);
	for (size_t i = 0; i < ARRAY_LEN(in); i++) {
		autofree char *path = vz_fmt("%s%s/cgroup.procs", base, in[i]);

		CHECK_INT(vz_file_replace(path, "7\n", 2, 0600, false), 0);
	}
	CHECK_INT(cg_each_pid(dir, count, &n), 0);
	CHECK_INT(n, 3);
	/* wherever it fails */
	for (; entries < 40; entries++) {
		int r;

		left = entries;
		r = cg_each_pid(dir, count, &n);
		if (left >= 0)
			break;
		CHECK_INT(r, -EIO);
	}
	CHECK(entries > 6 && entries < 40);
	left = -1;
}

static void ids(void)
{
	autofree char *path = vz_fmt("%s/1.conf", base);
	unsigned *id = NULL;
	size_t n = 0;

	CHECK_INT(vz_file_replace(path, "", 0, 0600, false), 0);
	CHECK_INT(vz_ids_in_dir(base, ".conf", &id, &n), 0);
	CHECK_INT(n, 1);
	free(id);
	id = NULL;
	for (int i = 0; i < 3; i++) {
		left = i;
		CHECK_INT(vz_ids_in_dir(base, ".conf", &id, &n), -EIO);
		CHECK(!id);
	}
}

int main(void)
{
	CHECK(mkdtemp(base));
	groups();
	ids();
	CHECK_INT(vz_remove_tree(AT_FDCWD, base), 0);
	return done();
}
