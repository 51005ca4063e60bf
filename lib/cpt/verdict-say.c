// SPDX-License-Identifier: GPL-2.0-or-later
/* The table, and how the child tells a finding; see verdict.h. */
#include "cpt/verdict-internal.h"
#include "sys/call.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OF_A_KIND 12 /* told of each; the VPS can have a million alike */

static const struct vz_cpt_kind kinds[CPT_KINDS] = {
#define KIND(symbol, name_, weight_, what_, remedy_) \
	[CPT_##symbol] = { .name = name_, .what = what_, .remedy = remedy_, .weight = VZ_CPT_##weight_ },
#include "cpt/verdict.def"
#undef KIND
};

const struct vz_cpt_kind *vz_cpt_kind(size_t i)
{
	return i < CPT_KINDS ? &kinds[i] : NULL;
}

void cpt_tell(const struct cpt_look *l, const struct cpt_told *t)
{
	if (write(l->to, t, sizeof(*t)) != sizeof(*t))
		_exit(1);
}

void cpt_say(struct cpt_look *l, enum cpt_kind kind, const struct cpt_who *who, const char *fmt, ...)
{
	struct cpt_told told = { .kind = kind };
	va_list ap;

	if (l->said[kind]++ >= OF_A_KIND)
		told.kind = CPT_TOLD_CUT;
	if (l->said[kind] > OF_A_KIND + 1)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(told.object, sizeof(told.object), fmt, ap);
	va_end(ap);
	if (who)
		told.who = *who;
	cpt_tell(l, &told);
}

void cpt_unseen(struct cpt_look *l, const struct cpt_task *t, int r, const char *what)
{
	char stat[4];

	/* links of one that has ended are EACCES, its mount table is EINVAL */
	if (r != -ENOENT && r != -ESRCH && (!t || vz_file_read_buf(t->dir, "stat", stat, sizeof(stat)) >= 0))
		cpt_say(l, CPT_UNKNOWN, t ? &t->who : NULL, "%s: %s", what, strerror(-r));
}

DIR *cpt_dir_open(struct cpt_look *l, const struct cpt_task *t, const char *name)
{
	DIR *d = NULL;
	int r = vz_dir_stream(vz_openat2(t->dir, name, O_RDONLY | O_DIRECTORY, 0, 0), &d);

	if (r < 0)
		cpt_unseen(l, t, r, name);
	return d;
}

void *cpt_more(struct cpt_look *l, void *array, size_t *n, size_t size)
{
	char **at = array, *more = *at;

	/* a power of two is full */
	if (!(*n & (*n - 1)))
		more = realloc(*at, (*n ? *n * 2 : 1) * size);
	if (!more) {
		cpt_say(l, CPT_UNKNOWN, NULL, "the memory of the host is used up");
		return NULL;
	}
	*at = more;
	return memset(more + (*n)++ * size, 0, size);
}
