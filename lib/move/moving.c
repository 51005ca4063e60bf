// SPDX-License-Identifier: GPL-2.0-or-later
/* The record of a migration; see moving.h. */
#include "move/moving.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/ct.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>

#define RECORD_MAX 1024

int vz_moving_write(unsigned id, const struct vz_moving *m, struct vz_err *e)
{
	autofree char *path = vz_fmt(VZ_CT_MOVE_DIR "/%u", id);
	autofree char *text = vz_fmt("%s\n%s\n%s\n%u\n%lld\n", m->stage, m->token, m->host, m->there,
				      (long long)m->frozen);
	int r;

	if (!path || !text)
		return vz_oom(e);
	r = vz_mkdir_p(VZ_CT_MOVE_DIR, 0700);
	if (r >= 0)
		r = vz_file_replace(path, text, strlen(text), 0600, true);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot write %s", path) : 0;
}

static bool take(const char **p, char *to, size_t size)
{
	size_t n = strcspn(*p, "\n");

	if (!(*p)[n] || n >= size)
		return false;
	memcpy(to, *p, n);
	to[n] = 0;
	*p += n + 1;
	return true;
}

int vz_moving_read(unsigned id, struct vz_moving *ret)
{
	autofree char *path = vz_fmt(VZ_CT_MOVE_DIR "/%u", id), *text = NULL;
	struct vz_moving m = { 0 };
	char there[16], frozen[24];
	uint64_t s;
	uint32_t n;
	const char *p;

	if (!path || vz_file_read(AT_FDCWD, path, RECORD_MAX, &text) < 0)
		return 0;
	p = text;
	if (!take(&p, m.stage, sizeof(m.stage)) || !take(&p, m.token, sizeof(m.token)) ||
	    !take(&p, m.host, sizeof(m.host)))
		return 0;
	m.there = take(&p, there, sizeof(there)) && vz_num_u32(there, VZ_CTID_MAX, &n) >= 0 ? n : id;
	m.frozen = take(&p, frozen, sizeof(frozen)) && vz_num_u64(frozen, INT64_MAX, &s) >= 0 ? (int64_t)s : 0;
	*ret = m;
	return 1;
}

void vz_moving_remove(unsigned id)
{
	autofree char *path = vz_fmt(VZ_CT_MOVE_DIR "/%u", id);

	if (path)
		(void)unlink(path);
}

int vz_moving_rename(unsigned id, const char *from, const char *to, struct vz_err *e)
{
	autofree char *a = vz_fmt(VZ_CT_CONF_DIR "/%u.%s", id, from);
	autofree char *b = vz_fmt(VZ_CT_CONF_DIR "/%u.%s", id, to);
	autoclose int dir = open(VZ_CT_CONF_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!a || !b)
		return vz_oom(e);
	if (dir < 0 || rename(a, b) < 0 || fsync(dir) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot rename %s to %s", a, b);
	return 0;
}

bool vz_moving_has(unsigned id, const char *suffix)
{
	autofree char *path = vz_fmt(VZ_CT_CONF_DIR "/%u.%s", id, suffix);

	return path && access(path, F_OK) == 0;
}
