// SPDX-License-Identifier: GPL-2.0-or-later
/* Before others; see urgent.h. */
#include "sys/urgent.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>

#define URGENT (-15)

/* Where each session is a group of its own to the scheduler (sched(7), autogroup), the group's number counts. */
static void set(pid_t pid, int nice)
{
	char path[sizeof("/proc//autogroup") + 10] = "/proc/self/autogroup", text[12];

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/autogroup", pid);
	snprintf(text, sizeof(text), "%d", nice);
	if (setpriority(PRIO_PROCESS, (id_t)pid, nice) >= 0)
		(void)vz_file_write(AT_FDCWD, path, text);
}

int vz_urgent_begin(pid_t pid)
{
	int was = getpriority(PRIO_PROCESS, (id_t)pid);

	set(pid, URGENT);
	return was;
}

void vz_urgent_end(pid_t pid, int was)
{
	if (getpriority(PRIO_PROCESS, (id_t)pid) == URGENT)
		set(pid, was);
}

void vz_urgent_drop(void)
{
	vz_urgent_end(0, 0);
}
