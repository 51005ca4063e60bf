// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of the host's ceilings; see ceilings.h. What is not here was looked at: counted for each
 * VPS since its user namespace is its own (user.max_*, fanotify, signals, message queues, locked
 * memory, keys, epoll watches, pipe buffers); by namespace (System V objects, fs.mount-max, connection
 * tracking); or by process (fs.nr_open, vm.max_map_count).
 */
#include "res/ceilings.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"

#include <fcntl.h>
#include <string.h>

struct source {
	const char *path;
	const char *line; /* the one that begins with this word; NULL: the first */
	unsigned field;   /* from 0, between blanks and slashes */
};

struct row {
	const char *name, *needed;
	struct source max, used; /* without used: each VPS has as many */
	uint64_t fixed;          /* instead of max: the kernel's own */
	uint64_t need;
};

#define SYS "/proc/sys/"
/* clang-format off */
static const struct row rows[] = {
	/* a Debian has 25 processes, and as many threads again when it does something */
	{ "kernel.pid_max", "processes and threads", { .path = SYS "kernel/pid_max" },
	  { .path = "/proc/loadavg", .field = 4 }, .need = 64 },
	{ "kernel.threads-max", "processes and threads", { .path = SYS "kernel/threads-max" },
	  { .path = "/proc/loadavg", .field = 4 }, .need = 64 },
	{ "fs.file-max", "open files", { .path = SYS "fs/file-max" },
	  { .path = SYS "fs/file-nr" }, .need = 2048 },
	{ "kernel.pty.max", "terminals", { .path = SYS "kernel/pty/max" },
	  { .path = SYS "kernel/pty/nr" }, .need = 4 },
	/* MariaDB asks for 2,600 */
	{ "fs.aio-max-nr", "asynchronous I/O of databases", { .path = SYS "fs/aio-max-nr" },
	  { .path = SYS "fs/aio-nr" }, .need = 256 },
	/* MEM_CGROUP_ID_MAX; on v2 each service of a guest has one */
	{ "memory control groups", "control groups", { 0 },
	  { .path = "/proc/cgroups", .line = "memory", .field = 2 }, .fixed = 65535, .need = 64 },
	/* of each VPS, since its namespace is charged to its own id: systemd and udev take 12 */
	{ "fs.inotify.max_user_instances", "watching files", { .path = SYS "fs/inotify/max_user_instances" },
	  { 0 }, .need = 64 },
	{ "fs.inotify.max_user_watches", "watching files", { .path = SYS "fs/inotify/max_user_watches" },
	  { 0 }, .need = 8192 },
	{ "fs.mount-max", "mounts", { .path = SYS "fs/mount-max" }, { 0 }, .need = 1000 },
};
/* clang-format on */

static char *line_of(char *text, const char *word)
{
	char *line;

	while ((line = strsep(&text, "\n")))
		if (!word || (vz_str_prefix(line, word, NULL) && strchr(" \t", line[strlen(word)])))
			return line;
	return NULL;
}

static int read_number(const struct source *s, uint64_t *ret)
{
	autofree char *text = NULL, *word = NULL;
	const char *p;
	int r = (int)vz_file_read(AT_FDCWD, s->path, 1u << 16, &text);

	if (r < 0)
		return r;
	p = line_of(text, s->line);
	for (unsigned i = 0; p && i <= s->field; i++) {
		free(TAKE_PTR(word));
		word = vz_str_word(&p, " \t/\n");
	}
	return word ? vz_num_u64(word, UINT64_MAX, ret) : -ENODATA;
}

static void look(const struct row *row, struct vz_ceiling *ret)
{
	struct vz_ceiling c = { .name = row->name,
				.needed = row->needed,
				.shared = row->used.path,
				.fixed = row->fixed,
				.max = row->fixed,
				.need = row->need,
				.room = UINT64_MAX };

	if ((row->fixed || !read_number(&row->max, &c.max)) &&
	    (!c.shared || !read_number(&row->used, &c.used))) {
		uint64_t left = c.max > c.used ? c.max - c.used : 0;

		c.room = c.shared ? left / c.need : left >= c.need;
	}
	*ret = c;
}

bool vz_ceiling_look(size_t i, struct vz_ceiling *ret)
{
	if (i >= ARRAY_LEN(rows))
		return false;
	look(&rows[i], ret);
	return true;
}

bool vz_ceiling_find(const char *name, struct vz_ceiling *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].name, name)) {
			look(&rows[i], ret);
			return true;
		}
	return false;
}
