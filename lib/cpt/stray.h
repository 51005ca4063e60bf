/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that are open by way of a mount that is gone, and are still there: those that a service opened in its own mount
 * namespace, gave to others and left behind when it was restarted (systemd-logind, and the FIFO by which sshd holds a
 * session). CRIU finds no mount of that number and refuses the dump. So each is named to it as external, which leaves it out,
 * and its entry in the images gets the path at which init of the VPS sees the same file.
 */
#ifndef VZ_CPT_STRAY_H
#define VZ_CPT_STRAY_H

#include "cgroup/cgroup.h"
#include "cpt/frozen.h"
#include "cpt/swrk.h"

struct vz_stray_file {
	uint64_t mount, inode; /* by which CRIU knows it */
	unsigned at;           /* the mount by which init sees it */
	char *path;
};
struct vz_stray { /* begins as { 0 } */
	struct vz_stray_file *v;
	size_t n;
};
void vz_stray_free(struct vz_stray *l);

/* All of them that descriptors and working directories of the group's processes are.
 *
 * May be hostile: how many there are; therefore no more than a bound are found, and CRIU refuses the others. */
int vz_stray_find(const struct vz_cg *cg, const struct vz_state *st, struct vz_stray *ret, struct vz_err *e);
/* Adds them to job->external. */
int vz_stray_name(const struct vz_stray *l, struct vz_swrk_job *job, struct vz_err *e);
/* In the directory of CRIU's images, before they are sealed. */
int vz_stray_mend(int criu, const struct vz_stray *l, struct vz_err *e);

/* Where init sees the file that `at` ("fd/3", "cwd") leads to from /proc/PID: the number of the mount, and *ret_path,
 * which the caller frees. -ENOENT: nowhere, or nobody can tell.
 *
 * May be hostile: the mounts are the guest's; therefore only tmpfs and its root are asked, which answer by themselves. */
int vz_stray_place(const struct vz_frozen *init, pid_t pid, const char *at, char **ret_path);

#endif
