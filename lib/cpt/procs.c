// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes by their numbers inside; see procs.h. proc_pid_status(5), NSpid. */
#include "cpt/procs.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_MAX (2u << 20) /* the groups stand in it */

unsigned cpt_inner_pid(pid_t pid)
{
	char path[sizeof("/proc//status") + 10];
	autofree char *text = NULL;
	const char *at;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (vz_file_read(AT_FDCWD, path, STATUS_MAX, &text) < 0 || !(at = strstr(text, "\nNSpid:")))
		return 0;
	at++;
	n = strcspn(at, "\n");
	while (n && at[n - 1] >= '0' && at[n - 1] <= '9')
		n--;
	return (unsigned)strtoul(at + n, NULL, 10);
}

static int note_process(pid_t pid, void *arg)
{
	struct cpt_procs *p = arg;
	struct cpt_proc *more = p->n % 64 ? p->v : realloc(p->v, (p->n + 64) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	p->v = more;
	p->v[p->n++] = (struct cpt_proc){ cpt_inner_pid(pid), pid };
	return 0;
}

int cpt_procs_read(const struct vz_cg *cg, struct cpt_procs *ret)
{
	autoprocs p = { 0 };
	int r = vz_cg_each(cg, note_process, &p);

	if (r < 0)
		return r;
	*ret = p;
	p = (struct cpt_procs){ 0 };
	return 0;
}

void cpt_procs_free(struct cpt_procs *p)
{
	free(p->v);
	*p = (struct cpt_procs){ 0 };
}

pid_t cpt_procs_find(const struct cpt_procs *p, unsigned inner)
{
	for (size_t i = 0; inner && i < p->n; i++)
		if (p->v[i].inner == inner)
			return p->v[i].pid;
	return 0;
}

int cpt_fds_each(pid_t pid, int64_t end, cpt_of_fd *fn, void *arg)
{
	char path[sizeof("/proc//fd") + 10], link[PATH_MAX];
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	r = vz_dir_stream(vz_openat2(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, 0), &d);
	while (r >= 0 && (de = vz_dir_next(d))) {
		ssize_t n = readlinkat(dirfd(d), de->d_name, link, sizeof(link) - 1);

		link[n > 0 ? n : 0] = 0;
		if (vz_now_ms() > end)
			return -ETIMEDOUT;
		if (*link)
			r = fn((int)strtol(de->d_name, NULL, 10), link, arg);
		if (r < 0)
			return r;
	}
	return cpt_unless_ended(r < 0 ? r : -errno);
}
