// SPDX-License-Identifier: GPL-2.0-or-later
/* A directory in memory; see ramdir.h. */
#include "cpt/ramdir.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#define LINE "\nMemAvailable:"

uint64_t vz_ram_available(void)
{
	autofree char *text = NULL;
	const char *s = NULL;

	if (vz_file_read(AT_FDCWD, "/proc/meminfo", 1 << 16, &text) > 0)
		s = strstr(text, LINE);
	return s ? strtoull(s + sizeof(LINE) - 1, NULL, 10) << 10 : 0;
}

int vz_ramdir_make(uint64_t need)
{
	uint64_t most = vz_ram_available() / 2;
	autofree char *size = vz_fmt("size=%llu", (unsigned long long)most);
	const char *const options[] = { "mode=0700", size, NULL };

	if (!size)
		return -ENOMEM;
	if (need >= most)
		return -ENOSPC;
	return vz_mount_new("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}
