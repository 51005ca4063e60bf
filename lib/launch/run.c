// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a systemd guest finds in its /run. The tmpfs is ours and fresh; systemd keeps a /run that
 * is mounted already, so none of the guest's own files are touched.
 */
#include "launch/launch-internal.h"
#include "base/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define NO_PRESSURE "[Manager]\nDefaultMemoryPressureWatch=off\n"

static const struct {
	const char *path;
	const char *text; /* NULL: a link to /dev/null, which masks a unit; "": a directory */
} entries[] = {
	{ "/run/lock", "" },
	{ "/run/systemd", "" },
	{ "/run/systemd/system.conf.d", "" },
	{ "/run/systemd/user.conf.d", "" },
	{ "/run/systemd/system", "" },
	/* PSI triggers do not survive a checkpoint (systemd >= 254) */
	{ "/run/systemd/system.conf.d/10-vz.conf", NO_PRESSURE },
	{ "/run/systemd/user.conf.d/10-vz.conf", NO_PRESSURE },
	/* the kernel's debug tree and its modules are the host's */
	{ "/run/systemd/system/sys-kernel-debug.mount", NULL },
	{ "/run/systemd/system/systemd-modules-load.service", NULL },
};

static bool is_systemd_guest(void)
{
	struct stat st;

	return !lstat("/usr/lib/systemd/systemd", &st) || !lstat("/lib/systemd/systemd", &st);
}

static int put(const char *path, const char *text)
{
	autoclose int fd = -EBADF;

	if (!text)
		return symlink("/dev/null", path) < 0 ? -errno : 0;
	if (!*text)
		return mkdir(path, 0755) < 0 ? -errno : 0;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return -errno;
	return 0;
}

int vz_run_fill(struct vz_err *e)
{
	if (!is_systemd_guest())
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		int r = put(entries[i].path, entries[i].text);

		if (r < 0)
			return vz_fail(e, VZ_ENVCREATE, -r, "cannot make %s", entries[i].path);
	}
	return 0;
}
