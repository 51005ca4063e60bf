// SPDX-License-Identifier: GPL-2.0-or-later
/* Fault points; see fault.h. */
#include "base/fault.h"
#include "base/context.h"
#include "base/str.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static const char *wanted(void)
{
	return vz_context() ? vz_context()->fault : NULL;
}

static void signal_at(const char *when, const char *name, int sig)
{
	const char *f = wanted(), *which;

	if (f && vz_str_prefix(f, when, &which) && !strcmp(which, name))
		raise(sig);
}

void vz_fault_kill(const char *when, const char *name)
{
	signal_at(when, name, SIGKILL);
}

int vz_fault(const char *name, struct vz_err *e)
{
	const char *f = wanted();

	vz_fault_kill("kill:", name);
	signal_at("stop:", name, SIGSTOP);
	if (f && !strcmp(f, name))
		return vz_fail(e, VZ_SYSTEM, EIO, "made to fail by VZ_FAULT");
	return 0;
}
