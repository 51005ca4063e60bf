// SPDX-License-Identifier: GPL-2.0-or-later
/* How CRIU is called: its words, its environment, its mounts. */
#include "cpt/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define CRIU_KERNDAT "/run/criu.kdat" /* CRIU's own name, for root */

int vz_criu_argv(const struct vz_criu *c, const char *verb, const char *ret[VZ_CRIU_ARGS])
{
	int n = 0;

	if (*c->loader) {
		ret[n++] = c->loader;
		ret[n++] = "--library-path";
		ret[n++] = c->libraries;
	}
	ret[n++] = c->path;
	ret[n++] = verb;
	return n;
}

void vz_criu_env(uint32_t uid, uint32_t gid, char ret[VZ_CRIU_ENV])
{
	snprintf(ret, VZ_CRIU_ENV, "VZ_CRIU_OWNER=%u:%u", uid, gid);
}

static int make_tmp(struct vz_err *e)
{
	struct stat st;

	if (!stat("/tmp", &st) && S_ISDIR(st.st_mode) && (st.st_mode & 01777) == 01777)
		return 0;
	if (mount("criu", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot give CRIU a /tmp that all may write to");
	return 0;
}

/* CRIU looks for the file anywhere, and keeps it on a tmpfs only. What cannot be mounted costs time, no more. */
static void show_kerndat(const struct vz_criu *c)
{
	struct statfs fs;
	int fd;

	if (access(c->kerndat, R_OK) < 0 || statfs("/run", &fs) < 0 || fs.f_type == TMPFS_MAGIC)
		return;
	fd = open(CRIU_KERNDAT, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	close(fd);
	(void)mount(c->kerndat, CRIU_KERNDAT, NULL, MS_BIND, NULL);
}

int vz_criu_mounts(const struct vz_criu *c, struct vz_err *e)
{
	int r = make_tmp(e);

	if (r >= 0)
		show_kerndat(c);
	return r;
}
