/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before others, for the moments in which a VPS stands still: a busy host would make them long. */
#ifndef VZ_SYS_URGENT_H
#define VZ_SYS_URGENT_H

#include <sys/types.h>

/* A process (0: the caller, and what it forks) comes before others until the end; the nice(2) value that it had. Where that
 * is not allowed all is as it was. What vz_spawn_start() runs has an ordinary one, unless it says `urgent`. */
int vz_urgent_begin(pid_t pid);
void vz_urgent_end(pid_t pid, int was);
/* For a process that is to go on after that, and has it from its parent. */
void vz_urgent_drop(void);

#endif
