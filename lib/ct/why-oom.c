// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel's log tells of processes that were killed for lack of memory; see why.h. A line of it:
 *
 *	oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=N,mems_allowed=0,oom_memcg=/vz/87,task_memcg=/vz/87,task=mysqld,pid=1234,uid=0
 *
 * with "global_oom" in place of oom_memcg where it was the host's memory. The kernel writes ten of them in five seconds
 * at most; of what it leaves out only the count is known.
 */
#include "base/escape.h"
#include "base/num.h"
#include "base/own.h"
#include "ct/why.h"

#include <fcntl.h>
#include <string.h>

#define RECORD_MAX 8192
#define RECORDS 100000 /* of one call: a log cannot be longer */
#define BEGIN ";oom-kill:constraint=" /* behind what the kernel says of the record */
#define LIMIT ",oom_memcg="
#define GLOBAL ",global_oom"
#define GROUP ",task_memcg="
#define TASK ",task="
#define PID ",pid="
#define UID ",uid="

int vz_why_log_open(void)
{
	autoclose int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	(void)lseek(fd, 0, SEEK_END);
	return TAKE_FD(fd);
}

/* Cuts the text at the only `key` in it and returns what stands behind; NULL: none, or more than one. */
static char *cut_only(char *text, const char *key)
{
	char *at = strstr(text, key);

	if (!at || strstr(at + 1, key))
		return NULL;
	*at = 0;
	return at + strlen(key);
}

/* A group below is one that the guest made, and so was its limit. */
static const char *kind_of(const char *limit, const char *group)
{
	size_t n = strlen(limit);

	if (strncmp(limit, group, n) || (group[n] && group[n] != '/'))
		return NULL;
	return VZ_WHY_MEMORY;
}

bool vz_why_log_parse(char *line, const char **ret_group, struct vz_why_victim *ret)
{
	char *begin = strchr(line, ';'), *group, *task, *pid, *limit;
	bool global;
	const char *kind;
	uint32_t n;

	/* a path that a guest chose may stand in the middle of another one */
	if (!begin || !vz_str_prefix(begin, BEGIN, NULL))
		return false;
	group = cut_only(begin, GROUP);
	task = group ? cut_only(group, TASK) : NULL;
	pid = task ? cut_only(task, PID) : NULL;
	if (!pid || !cut_only(pid, UID) || vz_num_u32(pid, INT32_MAX, &n) < 0)
		return false;
	limit = cut_only(begin, LIMIT);
	global = strstr(begin, GLOBAL);
	if (!limit == !global)
		return false;
	kind = global ? VZ_WHY_HOST : kind_of(limit, group);
	if (!kind)
		return false;
	*ret = (struct vz_why_victim){ .pid = (pid_t)n };
	snprintf(ret->kind, sizeof(ret->kind), "%s", kind);
	snprintf(ret->command, sizeof(ret->command), "%s", task);
	vz_escape_plain(ret->command);
	/* the caller compares this with the group of a VPS: what is its limit has its name */
	*ret_group = global ? group : limit;
	return true;
}

bool vz_why_is_group(const char *group, const char *path)
{
	const char *rest;

	return *group == '/' && vz_str_prefix(group + 1, path, &rest) && (!*rest || *rest == '/');
}

void vz_why_log_next(int fd, void (*fn)(const char *groups, const struct vz_why_victim *v, void *arg), void *arg)
{
	char line[RECORD_MAX];
	struct vz_why_victim v;
	const char *group;

	for (int i = 0; fd >= 0 && i < RECORDS; i++) {
		ssize_t n = read(fd, line, sizeof(line) - 1);

		if (n < 0 && errno == EPIPE)
			continue; /* some were overwritten: the next read goes on with the oldest */
		if (n <= 0)
			return;
		line[n] = 0;
		line[strcspn(line, "\n")] = 0; /* a record has more lines about its device */
		if (vz_why_log_parse(line, &group, &v))
			fn(group, &v, arg);
	}
}
