// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Watches of removed files (inotify(7), fanotify(7)). CRIU makes a removed file again and loses the watch, or refuses the
 * dump if the file was on tmpfs. fdinfo tells of a watch no more than the file's handle, and a removed file is there only
 * as long as somebody has it in use. So handles of such files are compared with those of watches: no path is looked up.
 */
#include "cpt/verdict-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID 0x200 /* Linux 6.5 */
#endif
#define FDINFO_MAX (64u << 20)

struct cpt_watch {
	struct cpt_who who;
	uint64_t handle; /* hash */
	int fd;
};

struct cpt_removed {
	uint64_t handle; /* hash */
	char path[128];  /* cut */
};

static uint64_t hash_of(const void *bytes, size_t n, int type)
{
	return vz_str_hash(bytes, n, (uint64_t)type);
}

/* "... fhandle-bytes:c fhandle-type:1 f_handle:e57838410700000000000000" */
static bool parse_handle(const char *line, uint64_t *ret)
{
	const char *at = strstr(line, "fhandle-bytes:");
	unsigned char bytes[MAX_HANDLE_SZ];
	unsigned n, type;
	int begin = 0;

	if (!at || sscanf(at, "fhandle-bytes:%x fhandle-type:%x f_handle:%n", &n, &type, &begin) != 2 || !begin ||
	    n > sizeof(bytes) || strlen(at + begin) < n * 2)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (sscanf(at + begin + i * 2, "%2hhx", &bytes[i]) != 1)
			return false;
	*ret = hash_of(bytes, n, (int)type);
	return true;
}

/* A program that reads is met between two of its reads; one that does not is met twice. */
static void look_at_queue(struct cpt_look *l, const struct cpt_task *t, int fd)
{
	const uint64_t key = (uint64_t)t->pid << 32 | (uint32_t)fd;
	autoclose int pidfd = vz_pidfd_open(t->pid), copy = pidfd < 0 ? -EBADF : vz_pidfd_getfd(pidfd, fd);
	int bytes = 0;

	if (copy < 0 || ioctl(copy, FIONREAD, &bytes) < 0 || !bytes)
		return;
	if (!l->sockets_again)
		(void)cpt_seen_new(&l->unread, key);
	else if (cpt_seen_has(&l->unread, key))
		cpt_say(l, CPT_WATCH_UNREAD, &t->who, "%d bytes, descriptor %d", bytes, fd);
}

/* May be hostile: as many watches as the guest likes to pay for; therefore the text is bounded, and each is a number. */
void cpt_watch_look(struct cpt_look *l, const struct cpt_task *t, int fd)
{
	autofree char *text = NULL;
	char path[40], *p, *line;
	ssize_t r;

	look_at_queue(l, t, fd);
	if (l->sockets_again)
		return;
	snprintf(path, sizeof(path), "fdinfo/%d", fd);
	r = vz_file_read(t->dir, path, FDINFO_MAX, &text);
	if (r < 0)
		cpt_unseen(l, t, (int)r, path);
	for (p = r < 0 ? NULL : text; (line = strsep(&p, "\n"));) {
		struct cpt_watch *w;
		uint64_t handle;

		if (!parse_handle(line, &handle))
			continue;
		w = cpt_more(l, &l->watches, &l->watches_n, sizeof(*w));
		if (w)
			*w = (struct cpt_watch){ t->who, handle, fd };
	}
}

void cpt_watch_note_removed(struct cpt_look *l, const struct cpt_task *t, const char *at, const char *link)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u = { .h.handle_bytes = MAX_HANDLE_SZ };
	struct cpt_removed *more;
	uint64_t handle;
	int mount;

	if (name_to_handle_at(t->dir, at, &u.h, &mount, AT_SYMLINK_FOLLOW | AT_HANDLE_FID) < 0) {
		u.h.handle_bytes = MAX_HANDLE_SZ;
		/* drop when the minimum is 6.5 */
		if (name_to_handle_at(t->dir, at, &u.h, &mount, AT_SYMLINK_FOLLOW) < 0)
			return;
	}
	handle = hash_of(u.h.f_handle, u.h.handle_bytes, u.h.handle_type);
	more = cpt_seen_new(&l->removed_handles, handle) ? cpt_more(l, &l->removed, &l->removed_n, sizeof(*more)) : NULL;
	if (!more)
		return;
	more->handle = handle;
	snprintf(more->path, sizeof(more->path), "%s", link);
}

static const char *path_of(const struct cpt_look *l, uint64_t handle)
{
	for (size_t i = 0; i < l->removed_n; i++)
		if (l->removed[i].handle == handle)
			return l->removed[i].path;
	return "";
}

void cpt_watch_judge(struct cpt_look *l)
{
	for (size_t i = 0; i < l->watches_n; i++) {
		const struct cpt_watch *w = &l->watches[i];

		if (cpt_seen_has(&l->removed_handles, w->handle))
			cpt_say(l, CPT_WATCH, &w->who, "%s, descriptor %d", path_of(l, w->handle), w->fd);
	}
}
