// SPDX-License-Identifier: GPL-2.0-or-later
/* Where loaders pin what they load, and how they wait for each other; see bpf-pin.h. It does not
 * know what they load. */
#include "helpers/bpf-pin.h"
#include "base/own.h"
#include "base/usage.h"
#include "sys/bpf.h"
#include "sys/file.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define LOCK_FILE VZ_RUNDIR "/.bpf.lock"

static int mount_here(struct vz_err *e)
{
	struct statfs fs;

	if (vz_mkdir_p(VZ_BPF_DIR, 0700) < 0 || statfs(VZ_BPF_DIR, &fs) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make %s", VZ_BPF_DIR);
	if ((unsigned long)fs.f_type == BPF_FS_MAGIC)
		return 0;
	if (mount("bpf", VZ_BPF_DIR, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot mount a bpf file system on %s",
			       VZ_BPF_DIR);
	return 0;
}

int vz_pin_begin(struct vz_err *e)
{
	autoclose int lock = -EBADF;
	int r = vz_mkdir_p(VZ_RUNDIR, 0755);

	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot make %s", VZ_RUNDIR);
	lock = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot lock %s", LOCK_FILE);
	r = mount_here(e);
	return r < 0 ? r : TAKE_FD(lock);
}

int vz_pin_new(const char *half, struct vz_err *e)
{
	int r = vz_remove_tree(AT_FDCWD, half);

	if (r >= 0 && mkdir(half, 0700) < 0)
		r = -errno;
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot make %s", half) : 0;
}

int vz_pin_done(const char *half, const char *dir, struct vz_err *e)
{
	return rename(half, dir) < 0 ? vz_fail(e, VZ_SYSTEM, errno, "cannot make %s", dir) : 0;
}

void vz_pin_drop_object(struct bpf_object **o)
{
	bpf_object__close(*o);
}

int vz_pin_usage(int argc, char **argv, const char *usage)
{
	if (argc == 2 && vz_is_help(argv[1])) {
		printf("Usage: %s\n", usage);
		return 0;
	}
	fprintf(stderr, "%s: unexpected argument %s\n", program_invocation_short_name, argv[argc - 1]);
	return VZ_INVALID_PARAMETER_SYNTAX;
}
