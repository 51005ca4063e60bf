/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Landlock (landlock(7)): a process gives up the file system for ever, save one directory. */
#ifndef VZ_SYS_LANDLOCK_H
#define VZ_SYS_LANDLOCK_H

/* From now on this process can open, make and remove files below dirfd only, and (where the
 * kernel knows how) use no TCP port, no abstract socket and signal nobody outside. Descriptors
 * that are open already keep working. Needs no_new_privs. Returns the ABI version in force; 0
 * when the kernel has none that allows links between directories; -errno. */
int vz_landlock_only(int dirfd);

#endif
