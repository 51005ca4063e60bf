// SPDX-License-Identifier: GPL-2.0-or-later
/* See user-counts.h. */
#include "sys/user-counts.h"
#include "sys/call.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_MAX 4096

/* "SigQ:\t3/96365" */
static int read_own_signals(uint64_t *ret)
{
	char text[STATUS_MAX], *line;
	ssize_t r = vz_file_read_buf(AT_FDCWD, "/proc/thread-self/status", text, sizeof(text));

	if (r < 0)
		return (int)r;
	line = strstr(text, "\nSigQ:\t");
	if (!line)
		return -ENODATA;
	*ret = strtoull(line + strlen("\nSigQ:\t"), NULL, 10);
	return 0;
}

int vz_user_signals(uid_t uid, uint64_t *ret)
{
	uid_t own = getuid();
	int r = vz_thread_set_ruid(uid), back;

	if (r < 0)
		return r;
	r = read_own_signals(ret);
	back = vz_thread_set_ruid(own);
	return r < 0 ? r : back;
}
