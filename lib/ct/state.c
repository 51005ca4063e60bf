// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VZ_RUNDIR/N: what is known of a running VPS. Written last and removed first, so whoever reads it
 * may rely on everything else being there; it names its process by pid, start time and boot.
 */
#include "ct/ct.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/lost.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/proc.h"

#define STATE_MAX 4096

struct row {
	const char *key;
	size_t at;
	enum { PID, U64, U32, TEXT } kind;
};

static const struct row rows[] = {
	{ "init", offsetof(struct vz_state, init), PID },
	{ "start_time", offsetof(struct vz_state, start_time), U64 },
	{ "boot_id", offsetof(struct vz_state, boot_id), TEXT },
	{ "started_at", offsetof(struct vz_state, started_at), U64 },
	{ "uid", offsetof(struct vz_state, uid), U32 },
	{ "gid", offsetof(struct vz_state, gid), U32 },
	{ "features", offsetof(struct vz_state, features), U32 },
	{ "caps", offsetof(struct vz_state, caps), U64 },
	{ "dev", offsetof(struct vz_state, dev), U64 },
};

static char *state_path(unsigned id)
{
	return vz_fmt("%s/%u", VZ_RUNDIR, id);
}

static void row_parse(const struct row *row, const char *text, struct vz_state *s)
{
	void *at = (char *)s + row->at;
	uint64_t v = 0;

	if (row->kind == TEXT) {
		snprintf(at, sizeof(s->boot_id), "%s", text);
		return;
	}
	if (vz_num_u64(text, row->kind == U64 ? UINT64_MAX : UINT32_MAX, &v) < 0)
		v = 0;
	if (row->kind == U64)
		memcpy(at, &v, sizeof(v));
	else if (row->kind == PID)
		*(pid_t *)at = v > INT32_MAX ? 0 : (pid_t)v;
	else
		*(uint32_t *)at = (uint32_t)v;
}

static void state_parse(char *text, struct vz_state *s)
{
	char *line, *next;

	for (line = text; line && *line; line = next) {
		char *eq;

		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		eq = strchr(line, '=');
		if (!eq)
			continue;
		*eq++ = 0;
		for (size_t i = 0; i < ARRAY_LEN(rows); i++)
			if (!strcmp(rows[i].key, line))
				row_parse(&rows[i], eq, s);
	}
}

int vz_state_last(unsigned id, struct vz_state *ret)
{
	autofree char *path = state_path(id), *text = NULL;
	struct vz_state s = { 0 };
	char boot[40];

	if (!path || vz_file_read(AT_FDCWD, path, STATE_MAX, &text) < 0)
		return 0;
	state_parse(text, &s);
	if (vz_proc_boot_id(boot, sizeof(boot)) < 0 || strcmp(boot, s.boot_id) || !s.start_time)
		return 0;
	*ret = s;
	return 1;
}

int vz_state_read(unsigned id, struct vz_state *ret)
{
	struct vz_state s;

	if ((!vz_state_last(id, &s) || !vz_proc_alive(s.init, s.start_time)) &&
	    !vz_state_of_group(id, &s))
		return 0;
	*ret = s;
	return 1;
}

int vz_state_write(unsigned id, const struct vz_state *s, struct vz_err *e)
{
	autofree char *path = state_path(id);
	autostr b = { 0 };
	int r = -ENOMEM;

	vz_str_addf(&b, "init=%d\nstart_time=%llu\nboot_id=%s\nstarted_at=%llu\n", s->init,
		    (unsigned long long)s->start_time, s->boot_id,
		    (unsigned long long)s->started_at);
	vz_str_addf(&b, "uid=%u\ngid=%u\nfeatures=%u\ncaps=%llu\ndev=%llu\n", s->uid, s->gid,
		    s->features, (unsigned long long)s->caps, (unsigned long long)s->dev);
	if (path && !b.failed)
		r = vz_file_replace(path, b.s, b.len, 0600, false);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot write the state file %s", path) : 0;
}

void vz_state_remove(unsigned id)
{
	autofree char *path = state_path(id);

	if (path)
		(void)unlink(path);
}

bool vz_state_file_exists(unsigned id)
{
	autofree char *path = state_path(id);

	return path && access(path, F_OK) == 0;
}

bool vz_state_is_written(unsigned id, const struct vz_state *s)
{
	struct vz_state w;

	return vz_state_last(id, &w) && w.init == s->init && w.start_time == s->start_time;
}

int vz_state_pidfd(const struct vz_state *s)
{
	autoclose int fd = -EBADF;
	int r = vz_pidfd_open(s->init);

	if (r < 0)
		return r;
	fd = r;
	/* checked after the pidfd exists: from here on the number cannot change hands */
	return vz_proc_alive(s->init, s->start_time) ? TAKE_FD(fd) : -ESRCH;
}
