// SPDX-License-Identifier: GPL-2.0-or-later
/* Id maps; see idmap.h. user_namespaces(7), mount_setattr(2). */
#include "sys/idmap.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/file.h"

#include <stdio.h>
#include <sys/wait.h>

static int write_map(pid_t pid, const char *file, uint32_t first)
{
	char path[sizeof("/proc//uid_map") + 10], text[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	snprintf(text, sizeof(text), "0 %u %u\n", first, VZ_IDS_PER_VPS);
	return vz_file_write(AT_FDCWD, path, text);
}

int vz_idmap_write(pid_t pid, uint32_t first_uid, uint32_t first_gid)
{
	int r = write_map(pid, "uid_map", first_uid);

	return r < 0 ? r : write_map(pid, "gid_map", first_gid);
}

int vz_idmap_userns(uint32_t first_uid, uint32_t first_gid)
{
	char path[sizeof("/proc//ns/user") + 10];
	int p[2], fd, r;
	char c;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	/* No vfork: with CLONE_VM a user namespace could not be entered by this child alone. */
	pid = vz_clone3(CLONE_NEWUSER, NULL, -1);
	if (!pid) {
		close(p[1]);
		(void)!read(p[0], &c, 1); /* ends when the parent closes its end, or dies */
		_exit(0);
	}
	close(p[0]);
	if (pid < 0) {
		close(p[1]);
		return pid;
	}
	r = vz_idmap_write(pid, first_uid, first_gid);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = r < 0 ? r : open(path, O_RDONLY | O_CLOEXEC);
	if (r >= 0 && fd < 0)
		fd = -errno;
	close(p[1]);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return fd;
}
