// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * May anything be believed and done here at all? Asked once by each program, before it looks at a
 * VPS: without /proc a running one looks dead and its lock stale.
 */
#include "ct/ct.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/caps.h"
#include "sys/proc.h"

#include <sys/stat.h>

/* include/linux/proc_ns.h: the first user namespace has always had this inode number */
#define INITIAL_USER_NS 0xEFFFFFFDu

static int on_the_host(struct vz_err *e)
{
	struct stat st;

	if (!stat("/proc/self/ns/user", &st) && st.st_ino != INITIAL_USER_NS)
		return vz_fail(e, VZ_UNSUITABLE, 0, "This is the inside of a container (a user "
			       "namespace); run this program on the host");
	if (!vz_cap_is_effective("SYS_ADMIN"))
		return vz_fail(e, VZ_UNSUITABLE, 0, "This root has not the capability SYS_ADMIN, as "
			       "inside a container; run this program on the host");
	return 0;
}

/* The directory itself is made by whoever writes into it first. */
static int can_write_run(struct vz_err *e)
{
	autofree char *above = strdup(VZ_RUNDIR);

	if (!above)
		return vz_oom(e);
	*strrchr(above, '/') = 0;
	if (!access(VZ_RUNDIR, W_OK | X_OK) || (errno == ENOENT && !access(above, W_OK | X_OK)))
		return 0;
	return vz_fail(e, VZ_UNSUITABLE, errno, "%s cannot be written, where it is kept which containers "
		       "run; mount a tmpfs on %s", VZ_RUNDIR, above);
}

int vz_host_ready(bool changes, struct vz_err *e)
{
	int r;

	if (!vz_proc_is_mounted() && !access("/proc/" VZ_PROC_BEHIND, F_OK))
		return vz_fail(e, VZ_UNSUITABLE, 0, "/proc is that of vznode-proc here, not the kernel's: run this outside of it, or by "
			       "nsenter --mount=/proc/" VZ_PROC_BEHIND "/1/ns/mnt");
	if (!vz_proc_is_mounted())
		return vz_fail(e, VZ_UNSUITABLE, 0, "/proc is not there, so nothing can tell which "
			       "containers run; mount it: mount -t proc proc /proc");
	if (!changes)
		return 0;
	r = on_the_host(e);
	return r < 0 ? r : can_write_run(e);
}
