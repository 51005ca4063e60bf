// SPDX-License-Identifier: GPL-2.0-or-later
/* VZ_RUNDIR/journal/N: an operation that changes things is under way; see ct.h. */
#include "ct/ct.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"

#include <fcntl.h>

#define JOURNAL_DIR VZ_RUNDIR "/journal"

int vz_journal_begin(unsigned id, const char *verb, struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/%u", JOURNAL_DIR, id);
	int r = path ? vz_mkdir_p(JOURNAL_DIR, 0700) : -ENOMEM;

	if (r >= 0)
		r = vz_file_replace(path, verb, strlen(verb), 0600, false);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot write %s/%u", JOURNAL_DIR, id) : 0;
}

void vz_journal_end(unsigned id)
{
	autofree char *path = vz_fmt("%s/%u", JOURNAL_DIR, id);

	if (path)
		(void)unlink(path);
}

char *vz_journal_read(unsigned id)
{
	autofree char *path = vz_fmt("%s/%u", JOURNAL_DIR, id), *text = NULL;

	if (!path || vz_file_read(AT_FDCWD, path, 64, &text) < 0)
		return NULL;
	return TAKE_PTR(text);
}
