// SPDX-License-Identifier: GPL-2.0-or-later
/* check: what a probe answers. */
#include "ops/check-internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum vz_check_verdict check_say(struct check *c, enum vz_check_verdict v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(c->found, sizeof(c->found), fmt, ap);
	va_end(ap);
	return v;
}

enum vz_check_verdict check_call(struct check *c, int r, const char *what)
{
	return r >= 0 ? VZ_CHECK_OK :
			check_say(c, VZ_CHECK_MISSING, "%s: %s", what, strerror(-r));
}
