// SPDX-License-Identifier: GPL-2.0-or-later
/* A time namespace of one's own; see timens.h. */
#include "sys/timens.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/file.h"

#include <stdio.h>
#include <time.h>

/* Whole seconds are taken off, so that no clock becomes negative, which the kernel refuses. */
static int write_offsets(void)
{
	struct timespec mono, boot;
	char text[80];

	if (clock_gettime(CLOCK_MONOTONIC, &mono) < 0 || clock_gettime(CLOCK_BOOTTIME, &boot) < 0)
		return -errno;
	snprintf(text, sizeof(text), "monotonic -%lld 0\nboottime -%lld 0\n",
		 (long long)mono.tv_sec, (long long)boot.tv_sec);
	return vz_file_write(AT_FDCWD, "/proc/self/timens_offsets", text);
}

int vz_timens_begin(void)
{
	autoclose int ns = -EBADF;
	int r;

	if (unshare(CLONE_NEWTIME) < 0)
		return errno == EINVAL || errno == ENOSPC ? 0 : -errno;
	/* what unshare(2) made is for children; the offsets are fixed when the first one enters */
	r = write_offsets();
	if (r < 0)
		return r;
	ns = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	return ns < 0 ? -errno : vz_setns(ns, CLONE_NEWTIME);
}
