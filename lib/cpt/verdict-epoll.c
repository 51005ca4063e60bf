// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An epoll that several processes have, after fork(2). CRIU makes it again in the one with the lowest number, by the
 * numbers of the descriptors that are watched; there, they may be others by now. Redis that saves is such a pair: its child
 * has closed what the parent serves, and opened a file. A dump is made, and the restore fails or watches something else.
 */
#include "cpt/verdict-internal.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FDINFO_MAX (4u << 20)
#define PASSES_US 50000 /* from fork(2) to exec, in which it is closed */

struct cpt_epoll {
	struct cpt_who who;
	pid_t pid; /* host's */
	int fd;
	bool other;       /* than what it watches has the process under ... */
	unsigned watched; /* ... this number */
};

/* Which of several watches under one number, that of closed descriptors, this one is. */
static unsigned nth_of(const char *text, const char *line, int number)
{
	unsigned n = 0;
	int other;

	for (const char *p = text; (p = strstr(p, "tfd:")) && p < line; p++)
		n += sscanf(p, "tfd:%d", &other) == 1 && other == number;
	return n;
}

/* May be hostile: as many watches as the guest likes to pay for; therefore the text is bounded, and they are numbers. */
static bool watches_other(const struct cpt_epoll *one, int dir, unsigned *ret_number)
{
	autofree char *text = NULL;
	char path[40];
	int number;

	snprintf(path, sizeof(path), "fdinfo/%d", one->fd);
	if (vz_file_read(dir, path, FDINFO_MAX, &text) < 0)
		return false;
	for (const char *p = text; (p = strstr(p, "tfd:")); p++) {
		if (sscanf(p, "tfd:%d", &number) != 1 ||
		    vz_kcmp_watched(one->pid, one->fd, number, nth_of(text, p, number)) == 1)
			continue;
		*ret_number = (unsigned)number;
		return true;
	}
	return false;
}

void cpt_epoll_look(struct cpt_look *l, const struct cpt_task *t, int fd)
{
	struct cpt_epoll *one = cpt_more(l, &l->epolls, &l->epolls_n, sizeof(*one));

	if (!one)
		return;
	*one = (struct cpt_epoll){ .who = t->who, .pid = t->pid, .fd = fd };
	one->other = watches_other(one, t->dir, &one->watched);
}

/* Another process has it too, and none of those a lower number. */
static bool is_made_here(const struct cpt_look *l, const struct cpt_epoll *one)
{
	bool shared = false;

	for (size_t i = 0; i < l->epolls_n; i++) {
		const struct cpt_epoll *other = &l->epolls[i];

		if (other->pid == one->pid || vz_kcmp_files(one->pid, one->fd, other->pid, other->fd) != 1)
			continue;
		if (other->who.inside < one->who.inside)
			return false;
		shared = true;
	}
	return shared;
}

void cpt_epoll_judge(struct cpt_look *l)
{
	bool waited = l->stand;

	for (size_t i = 0; i < l->epolls_n; i++) {
		const struct cpt_epoll *one = &l->epolls[i];

		if (!one->other || !is_made_here(l, one))
			continue;
		if (!waited)
			usleep(PASSES_US);
		waited = true;
		if (l->stand || is_made_here(l, one))
			cpt_say(l, CPT_EPOLL, &one->who, "descriptor %d, which watches %u of another process", one->fd,
				one->watched);
	}
}
