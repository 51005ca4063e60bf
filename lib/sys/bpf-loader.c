// SPDX-License-Identifier: GPL-2.0-or-later
/* Running the loader of BPF programs; see bpf-loader.h. */
#include "sys/bpf-loader.h"
#include "base/own.h"
#include "sys/bpf.h"
#include "sys/file.h"
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define SAID_MAX 256

/* The loader's one line on stderr is the reason. */
int vz_bpf_run_loader(const char *loader, const char *argument, struct vz_err *e)
{
	char *argv[] = { (char *)(uintptr_t)loader, (char *)(uintptr_t)argument, NULL };
	struct vz_spawn s = VZ_SPAWN_INIT;
	autoclose int said_r = -EBADF, said_w = -EBADF;
	char said[SAID_MAX] = "";
	int fds[2], r;
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make a pipe");
	said_r = fds[0];
	said_w = s.err = fds[1];
	s.argv = argv;
	s.seconds = VZ_SPAWN_SECONDS;
	r = vz_spawn_run(&s);
	if (!r)
		return 0;
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot run %s", loader);
	n = read(said_r, said, sizeof(said) - 1);
	said[n > 0 ? n : 0] = 0;
	said[strcspn(said, "\n")] = 0;
	return *said ? vz_fail(e, VZ_SYSTEM, 0, "%s", said) :
		       vz_fail(e, VZ_SYSTEM, 0, "%s failed", loader);
}

/* The kernel's reason, of a loader that ran before or just now. */
static bool was_refused(const char *file, struct vz_err *why)
{
	char said[SAID_MAX];

	if (vz_file_read_buf(AT_FDCWD, file, said, sizeof(said)) <= 0)
		return false;
	vz_fail(why, VZ_SYSTEM, 0, "%s", said);
	return true;
}

int vz_bpf_open_or_load(const struct vz_bpf_wanted *w, struct vz_err *why)
{
	int fd = vz_bpf_open(w->path);

	if (fd >= 0)
		return fd;
	if (was_refused(w->refused, why))
		return -EOPNOTSUPP;
	if (vz_bpf_run_loader(w->loader, w->argument, why) >= 0) {
		fd = vz_bpf_open(w->path);
		if (fd >= 0)
			return fd;
		vz_fail(why, VZ_SYSTEM, -fd, "cannot open %s", w->path);
	}
	(void)was_refused(w->refused, why);
	return -EOPNOTSUPP;
}
