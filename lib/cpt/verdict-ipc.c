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

/* The columns of proc_sysvipc(5): the first four are those of all kinds of objects. */
enum column { KEY, ID, PERMS, SIZE, MESSAGES, LAST_SEMOP = 8, COLUMNS };

/* The first sum is that of sizes; the second one is up to the kind. */
struct kind {
	const char *path;
	void (*see)(struct cpt_look *l, const uint64_t v[COLUMNS], struct sum *second);
	void (*judge)(struct cpt_look *l, const struct sum *sizes, const struct sum *second);
};

static void read_columns(const char *line, uint64_t ret[COLUMNS])
{
	char *p = (char *)(uintptr_t)line;

	for (enum column c = KEY; c < COLUMNS; c++)
		ret[c] = strtoull(p, &p, c == PERMS ? 8 : 10);
}

static void see_segment(struct cpt_look *l, const uint64_t v[COLUMNS], struct sum *pages)
{
	uint64_t page = vz_page_size(), n = (v[SIZE] + page - 1) / page;
	struct cpt_shm *s = cpt_more(l, &l->shm, &l->shm_n, sizeof(*s));

	if (v[PERMS] & SHM_DEST)
		cpt_say(l, CPT_SHM_REMOVED, NULL, "segment %llu of %llu bytes", (unsigned long long)v[ID],
			(unsigned long long)v[SIZE]);
	sum_up(pages, n);
	if (s)
		*s = (struct cpt_shm){ v[ID], n * page };
}

static void judge_segments(struct cpt_look *l, const struct sum *bytes, const struct sum *pages)
{
	judge(l, "bytes of a segment (kernel.shmmax)", bytes->largest, limit("/proc/sys/kernel/shmmax"));
	judge(l, "bytes of a segment (memory and swap of the host)", bytes->largest, most_reserved());
	judge(l, "pages of all segments (kernel.shmall)", pages->total, limit("/proc/sys/kernel/shmall"));
	judge(l, "segments (kernel.shmmni)", pages->n, limit("/proc/sys/kernel/shmmni"));
}

/* Whether somebody has worked on it. */
static void see_semaphores(struct cpt_look *l, const uint64_t v[COLUMNS], struct sum *second)
{
	(void)second;
	l->semaphores |= v[LAST_SEMOP] != 0;
}

static void judge_semaphores(struct cpt_look *l, const struct sum *sets, const struct sum *second)
{
	uint64_t most[4]; /* SEMMSL, SEMMNS, SEMOPM, SEMMNI */

	(void)second;
	read_limits("/proc/sys/kernel/sem", most, ARRAY_LEN(most));
	judge(l, "semaphores of a set (kernel.sem, first)", sets->largest, most[0]);
	judge(l, "semaphores (kernel.sem, second)", sets->total, most[1]);
	judge(l, "sets of semaphores (kernel.sem, fourth)", sets->n, most[3]);
}

/* How long a message is nobody tells but for the mean. */
static void see_messages(struct cpt_look *l, const uint64_t v[COLUMNS], struct sum *mean)
{
	(void)l;
	sum_up(mean, v[MESSAGES] ? v[SIZE] / v[MESSAGES] : 0);
}

static void judge_messages(struct cpt_look *l, const struct sum *bytes, const struct sum *mean)
{
	judge(l, "queues of messages (kernel.msgmni)", bytes->n, limit("/proc/sys/kernel/msgmni"));
	judge(l, "bytes in a queue (kernel.msgmnb)", bytes->largest, limit("/proc/sys/kernel/msgmnb"));
	judge(l, "bytes of a message (kernel.msgmax)", mean->largest, limit("/proc/sys/kernel/msgmax"));
}

static void look_at_objects(struct cpt_look *l, const struct kind *k)
{
	autofree char *text = NULL;
	struct sum sizes = { 0 }, second = { 0 };
	ssize_t r = vz_file_read(AT_FDCWD, k->path, TEXT_MAX, &text);
	char *p = text, *line;

	if (r < 0) { /* a kernel without them has no file */
		cpt_unseen(l, NULL, (int)r, k->path);
		return;
	}
	(void)strsep(&p, "\n"); /* the heads of the columns */
	while ((line = strsep(&p, "\n")) && *line) {
		uint64_t v[COLUMNS];

		read_columns(line, v);
		sum_up(&sizes, v[SIZE]);
		k->see(l, v, &second);
	}
	k->judge(l, &sizes, &second);
}

/* Queues that exist without being open. A kernel without such queues has no such file system. */
static void look_at_queues(struct cpt_look *l)
{
	autoclose int fs = vz_mount_new("mqueue", NULL, 0);
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	int r = vz_dir_stream(fs < 0 ? fs : vz_openat2(fs, ".", O_RDONLY | O_DIRECTORY, 0, 0), &d);

	if (r < 0 && r != -ENODEV)
		cpt_unseen(l, NULL, r, "its POSIX message queues");
	while (d && (de = vz_dir_next(d)))
		cpt_say(l, CPT_MQUEUE, NULL, "/dev/mqueue/%s", de->d_name);
	if (d && errno)
		cpt_unseen(l, NULL, -errno, "its POSIX message queues");
}

void cpt_ipc_look(struct cpt_look *l)
{
	static const struct kind kinds[] = {
		{ "/proc/sysvipc/shm", see_segment, judge_segments },
		{ "/proc/sysvipc/sem", see_semaphores, judge_semaphores },
		{ "/proc/sysvipc/msg", see_messages, judge_messages },
	};
	autoclose int ns = openat(l->init.dir, "ns/ipc", O_RDONLY | O_CLOEXEC);
	int r = ns < 0 ? -errno : vz_setns(ns, CLONE_NEWIPC);

	if (r < 0) {
		cpt_say(l, CPT_UNKNOWN, NULL, "its System V and POSIX objects: %s", strerror(-r));
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		look_at_objects(l, &kinds[i]);
	look_at_queues(l);
}
