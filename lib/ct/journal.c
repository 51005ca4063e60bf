// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VZ_RUNDIR/journal/N: an operation that changes things is under way; see ct.h. Line 1 is its verb, with a
 * path or none, line 2 pid and start time of the process that does it.
 */
#include "ct/ct.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define JOURNAL_DIR VZ_RUNDIR "/journal"
#define JOURNAL_MAX (PATH_MAX + 128)

/* Both lines, or NULL; caller frees. */
static char *read_lines(unsigned id)
{
	autofree char *path = vz_fmt("%s/%u", JOURNAL_DIR, id);
	char *text;

	return path && vz_file_read(AT_FDCWD, path, JOURNAL_MAX, &text) >= 0 ? text : NULL;
}

/* The living process that began it, or 0. */
static pid_t writer(unsigned id)
{
	autofree char *text = read_lines(id);
	char *rest = text, *pid;
	uint64_t start;
	uint32_t who;

	if (!text)
		return 0;
	(void)strsep(&rest, "\n");
	pid = strsep(&rest, " ");
	if (!pid || !rest)
		return 0; /* of an older vzctl */
	rest[strcspn(rest, "\n")] = 0;
	if (vz_num_u32(pid, INT32_MAX, &who) < 0 || vz_num_u64(rest, UINT64_MAX, &start) < 0)
		return 0;
	return vz_proc_alive((pid_t)who, start) ? (pid_t)who : 0;
}

/* A script of another command calls us with --skiplock: that one's journal stands for both. */
static bool is_anothers(unsigned id)
{
	pid_t pid = writer(id);

	return pid && pid != getpid();
}

/* Two of one instant, each without the VPS's lock, shall see each other. It goes with the descriptor. */
static int alone(void)
{
	int fd = open(JOURNAL_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX) < 0)
		vz_closep(&fd);
	return fd;
}

int vz_journal_begin(unsigned id, const char *verb, struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/%u", JOURNAL_DIR, id), *text = NULL;
	int r = path ? vz_mkdir_p(JOURNAL_DIR, 0700) : -ENOMEM;
	autoclose int lock = r < 0 ? -EBADF : alone();
	struct vz_proc me = { 0 };

	if (is_anothers(id))
		return 1;
	(void)vz_proc_stat(getpid(), &me);
	text = vz_fmt("%s\n%d %llu\n", verb, getpid(), (unsigned long long)me.start_time);
	if (r >= 0)
		r = text ? vz_file_replace(path, text, strlen(text), 0600, false) : -ENOMEM;
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot write %s/%u", JOURNAL_DIR, id) : 0;
}

void vz_journal_end(unsigned id)
{
	autofree char *path = vz_fmt("%s/%u", JOURNAL_DIR, id);

	if (path && !is_anothers(id))
		(void)unlink(path);
}

char *vz_journal_read(unsigned id)
{
	char *text = read_lines(id);

	if (text)
		text[strcspn(text, "\n")] = 0;
	return text;
}

bool vz_journal_is_at_work(unsigned id)
{
	return writer(id) > 0;
}

char *vz_journal_command_at_work(unsigned id)
{
	autofree char *verb = vz_journal_is_at_work(id) ? vz_journal_read(id) : NULL;
	autofree char *move = vz_fmt(VZ_CT_MOVE_DIR "/%u", id);

	if (!verb || !move)
		return NULL;
	verb[strcspn(verb, " ")] = 0;
	return access(move, F_OK) < 0 ? vz_fmt("vzctl %s", verb) : strdup("vzmigrate");
}

bool vz_journal_is(const char *line, const char *verb, const char **ret_path)
{
	size_t n = strlen(verb);

	if (!line || strncmp(line, verb, n) || (line[n] && line[n] != ' '))
		return false;
	*ret_path = line[n] ? line + n + 1 : "";
	return true;
}
