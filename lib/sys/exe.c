// SPDX-License-Identifier: GPL-2.0-or-later
/* The own program from a place that guests cannot reach; see exe.h, memfd_create(2). */
#include "sys/exe.h"
#include "base/own.h"
#include "sys/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static bool is_sealed(int file)
{
	int seals = fcntl(file, F_GET_SEALS);

	return seals >= 0 && seals & F_SEAL_WRITE;
}

static int run_copy(int file, const struct stat *st, char *const argv[])
{
	size_t n = (size_t)st->st_size;
	void *bytes = mmap(NULL, n, PROT_READ, MAP_PRIVATE, file, 0);
	autoclose int copy = -EBADF;

	if (bytes == MAP_FAILED)
		return -errno;
	copy = vz_file_sealed(bytes, n);
	munmap(bytes, n);
	if (copy < 0)
		return copy;
	fexecve(copy, argv, environ);
	return -errno;
}

int vz_exe_hide(bool privileged, char *const argv[], struct vz_err *e)
{
	autoclose int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;
	int r;

	if (file < 0 || fstat(file, &st) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot look at the own program, is /proc mounted?");
	if (!privileged && !(st.st_mode & S_IROTH))
		return 0;
	if (is_sealed(file)) { /* the second time; the kernel has named it after the descriptor */
		(void)prctl(PR_SET_NAME, program_invocation_short_name);
		return 0;
	}
	r = run_copy(file, &st, argv);
	return vz_fail(e, VZ_SYSTEM, -r, "cannot run a copy of this program that containers cannot "
					 "open; chmod 0711 on it does as well but for privileged ones");
}
