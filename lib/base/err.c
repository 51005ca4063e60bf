// SPDX-License-Identifier: GPL-2.0-or-later
/* Errors as values: see err.h. Nothing here prints. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

int vz_fail(struct vz_err *e, enum vz_exit code, int errnum, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	if (e) {
		e->exit = code;
		e->err = errnum;
		va_start(ap, fmt);
		(void)vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
		va_end(ap);
		n = strlen(e->msg);
		if (errnum)
			snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", strerror(errnum));
	}
	return errnum ? -errnum : -EINVAL;
}

int vz_oom(struct vz_err *e)
{
	return vz_fail(e, VZ_RESOURCE, ENOMEM, "Not enough memory");
}

int vz_within(struct vz_err *e, int r, const char *fmt, ...)
{
	char old[sizeof(e->msg)];
	va_list ap;
	size_t n;

	if (!e)
		return r;
	memcpy(old, e->msg, sizeof(old));
	va_start(ap, fmt);
	(void)vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	snprintf(e->msg + n, sizeof(e->msg) - n, ": %.*s", (int)sizeof(old) - 1, old);
	return r;
}

const char *vz_exit_text(int code)
{
	switch (code) {
#define X(n, name, text) \
	case n:          \
		return text;
#include "exits.def"
#undef X
	default:
		return NULL;
	}
}
