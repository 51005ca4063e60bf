// SPDX-License-Identifier: GPL-2.0-or-later
/* What the VPS's ipc namespace keeps: System V objects, proc_sysvipc(5), and POSIX message queues. */
#include "cpt/verdict-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/sysinfo.h>

#define TEXT_MAX (256u << 20)

/* What all objects of a kind take. */
struct sum {
	uint64_t n, total, largest;
};

static void sum_up(struct sum *s, uint64_t size)
{
	s->n++;
	s->total += size;
	s->largest = size > s->largest ? size : s->largest;
}

/* Who makes one again asks for no more than the kernel allows at that time. */
static void judge(struct cpt_look *l, const char *what, uint64_t has, uint64_t may)
{
	if (has > may)
		cpt_say(l, CPT_IPC_LIMIT, NULL, "%s: %llu, and %llu at most now", what, (unsigned long long)has,
			(unsigned long long)may);
}

/* The numbers of a sysctl of the ipc namespace. What cannot be read limits nothing. */
static void read_limits(const char *path, uint64_t *ret, size_t n)
{
	char text[160], *p = text;

	memset(ret, 0xff, n * sizeof(*ret));
	if (vz_file_read_buf(AT_FDCWD, path, text, sizeof(text)) < 0)
		return;
	for (size_t i = 0; i < n && *p; i++)
		ret[i] = strtoull(p, &p, 10);
}

static uint64_t limit(const char *path)
{
	uint64_t r;

	read_limits(path, &r, 1);
	return r;
}

/* Without MAP_NORESERVE, as CRIU makes them, one may take all memory and swap, and no more. */
static uint64_t most_reserved(void)
{
	struct sysinfo i;

	if (limit("/proc/sys/vm/overcommit_memory") != 0 || sysinfo(&i) < 0)
		return UINT64_MAX;
	return ((uint64_t)i.totalram + i.totalswap) * i.mem_unit;
}

static void look_at_segments(struct cpt_look *l)
{
	autofree char *text = NULL;
	uint64_t page = vz_page_size();
	struct sum bytes = { 0 }, pages = { 0 };
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
		sum_up(&bytes, size);
		sum_up(&pages, (size + page - 1) / page);
		s = cpt_more(l, &l->shm, &l->shm_n, sizeof(*s));
		if (s)
			*s = (struct cpt_shm){ id, (size + page - 1) / page * page };
	}
	judge(l, "bytes of a segment (kernel.shmmax)", bytes.largest, limit("/proc/sys/kernel/shmmax"));
	judge(l, "bytes of a segment (memory and swap of the host)", bytes.largest, most_reserved());
	judge(l, "pages of all segments (kernel.shmall)", pages.total, limit("/proc/sys/kernel/shmall"));
	judge(l, "segments (kernel.shmmni)", pages.n, limit("/proc/sys/kernel/shmmni"));
}

/* And whether there are System V semaphores on which somebody has worked. */
static void look_at_semaphores(struct cpt_look *l)
{
	autofree char *text = NULL;
	struct sum sum = { 0 };
	uint64_t most[4]; /* SEMMSL, SEMMNS, SEMOPM, SEMMNI */
	char *p, *line;

	if (vz_file_read(AT_FDCWD, "/proc/sysvipc/sem", TEXT_MAX, &text) < 0)
		return;
	for (p = text; (line = strsep(&p, "\n"));) {
		unsigned long long n, last;

		if (sscanf(line, "%*d %*d %*o %llu %*u %*u %*u %*u %llu", &n, &last) != 2)
			continue;
		l->semaphores |= last != 0;
		sum_up(&sum, n);
	}
	read_limits("/proc/sys/kernel/sem", most, ARRAY_LEN(most));
	judge(l, "semaphores of a set (kernel.sem, first)", sum.largest, most[0]);
	judge(l, "semaphores (kernel.sem, second)", sum.total, most[1]);
	judge(l, "sets of semaphores (kernel.sem, fourth)", sum.n, most[3]);
}

/* How long a message is nobody tells but for the mean. */
static void look_at_messages(struct cpt_look *l)
{
	autofree char *text = NULL;
	struct sum bytes = { 0 }, mean = { 0 };
	char *p, *line;

	if (vz_file_read(AT_FDCWD, "/proc/sysvipc/msg", TEXT_MAX, &text) < 0)
		return;
	for (p = text; (line = strsep(&p, "\n"));) {
		unsigned long long size, n;

		if (sscanf(line, "%*d %*d %*o %llu %llu", &size, &n) != 2)
			continue;
		sum_up(&bytes, size);
		sum_up(&mean, n ? size / n : 0);
	}
	judge(l, "queues of messages (kernel.msgmni)", bytes.n, limit("/proc/sys/kernel/msgmni"));
	judge(l, "bytes in a queue (kernel.msgmnb)", bytes.largest, limit("/proc/sys/kernel/msgmnb"));
	judge(l, "bytes of a message (kernel.msgmax)", mean.largest, limit("/proc/sys/kernel/msgmax"));
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
	look_at_segments(l);
	look_at_semaphores(l);
	look_at_messages(l);
	look_at_queues(l);
}
