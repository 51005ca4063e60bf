/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program keeps in its memory beside a pidfd to know the process by: the pidfd's inode number, which is one of its
 * kind for as long as the kernel runs (Linux 6.9), and which a restored process has not again. systemd (256 and later) has
 * for each process { pid, pidfd, inode } and takes no notification of a service whose inode is another: three minutes after
 * a restore its watchdog would end systemd-logind and systemd-journald. Found are those three side by side, where the
 * pidfd is one that the process has, of that process and with that inode; they get the new one.
 */
#ifndef VZ_CPT_PIDREFS_H
#define VZ_CPT_PIDREFS_H

#include "cgroup/cgroup.h"
#include "cpt/image.h"

/* Where they are, in all processes in the group that have a pidfd. They stand still.
 *
 * May be hostile: memory, mappings and descriptors; therefore no more than 64 MiB of a process and two seconds for all are
 * spent, whatever lies in it. What is beyond the bounds is not looked at, with a warning when it is not one large process
 * alone: a guest that does this harms itself, and neither refuses by it nor stands still for long. */
int vz_pidrefs_save(const struct vz_cg *cg, struct vz_image *im, struct vz_err *e);
/* When all are there again, and none runs. A dump of an older version has none.
 *
 * May be hostile: the dump; therefore only an inode of a process of the group is written, into one of them, over the
 * old one beside that pidfd. */
int vz_pidrefs_load(const struct vz_cg *cg, const struct vz_image *im, struct vz_err *e);

#endif
