// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Archive bytes into a fresh directory, in this process and without confine(): whatever they say,
 * nothing may appear beside the directory. Device nodes and foreign owners fail without root,
 * which is how this should be run.
 *
 * Needs: helpers/vzunpack/archive.c helpers/vzunpack/input.c
 */
#include "helpers/vzunpack/archive.h"
#include "base/own.h"
#include "sys/file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char top[] = "/tmp/vz-fuzz-unpack.XXXXXX";
	autoclose int in = memfd_create("archive", MFD_CLOEXEC), parent = -EBADF, out = -EBADF;
	struct rlimit one_file = { 1 << 24, 1 << 24 }; /* a claimed size must not fill the disk */
	struct vz_err e = { 0 };
	DIR *d;
	int n = 0;

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &one_file);
	if (!mkdtemp(top) || in < 0 || vz_write_all(in, data, size) < 0)
		abort();
	parent = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(parent, "out", 0700) < 0)
		abort();
	out = openat(parent, "out", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	lseek(in, 0, SEEK_SET);
	if (unpack(in, out, -1, &(struct vz_put_how){ .clean = size % 2 }, &e) < 0 && (!e.exit || !e.msg[0]))
		abort();
	(void)fchmod(out, 0700);
	d = opendir(top);
	while (d && readdir(d))
		n++;
	if (n != 3) /* ".", "..", "out" */
		abort();
	closedir(d);
	(void)vz_remove_tree(AT_FDCWD, top);
	return 0;
}
