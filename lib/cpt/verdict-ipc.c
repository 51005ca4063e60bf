// SPDX-License-Identifier: GPL-2.0-or-later
/* What the VPS's ipc namespace keeps: System V objects, proc_sysvipc(5), and POSIX message queues. */
#include "cpt/verdict-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>

#define TEXT_MAX (256u << 20)

static void read_segments(struct cpt_look *l)
{
	autofree char *text = NULL;
	uint64_t page = vz_page_size();
	char *p, *line;

	if (vz_file_read(AT_FDCWD, "/proc/sysvipc/shm", TEXT_MAX, &text) < 0)
		return;
	for (p = text; (line = strsep(&p, "\n"));) {
		unsigned long long id, size;
		struct cpt_shm *s;
		unsigned mode;

		if (sscanf(line, "%*d %llu %o %llu", &id, &mode, &size) != 3)
			continue;
		if (mode & SHM_DEST)
			cpt_say(l, CPT_SHM_REMOVED, NULL, "segment %llu of %llu bytes", id, size);
		s = cpt_more(l, &l->shm, &l->shm_n, sizeof(*s));
		if (s)
			*s = (struct cpt_shm){ id, (size + page - 1) / page * page };
	}
}

/* Whether there are System V semaphores on which somebody has worked. */
static void look_for_semaphores(struct cpt_look *l)
{
	autofree char *text = NULL;
	char *p, *line;

	if (vz_file_read(AT_FDCWD, "/proc/sysvipc/sem", TEXT_MAX, &text) < 0)
		return;
	for (p = text; (line = strsep(&p, "\n"));) {
		unsigned long long last;

		if (sscanf(line, "%*d %*d %*o %*u %*u %*u %*u %*u %llu", &last) == 1 && last)
			l->semaphores = true;
	}
}

/* Queues that exist without being open. */
static void look_at_queues(struct cpt_look *l)
{
	int fd = vz_mount_new("mqueue", NULL, 0);
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	int at = fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	d = at < 0 ? NULL : fdopendir(at);
	while (d && (de = readdir(d)))
		if (*de->d_name != '.')
			cpt_say(l, CPT_MQUEUE, NULL, "/dev/mqueue/%s", de->d_name);
}

void cpt_ipc_look(struct cpt_look *l)
{
	autoclose int ns = openat(l->init.dir, "ns/ipc", O_RDONLY | O_CLOEXEC);
	int r = ns < 0 ? -errno : vz_setns(ns, CLONE_NEWIPC);

	if (r < 0) {
		cpt_say(l, CPT_UNKNOWN, NULL, "its System V and POSIX objects: %s", strerror(-r));
		return;
	}
	read_segments(l);
	look_for_semaphores(l);
	look_at_queues(l);
}
