// SPDX-License-Identifier: GPL-2.0-or-later
/* exec, exec2, exec3, enter, runscript: what follows the CTID is the command. */
#include "vzctl/vzctl.h"

#include <string.h>

static int word_missing(const char *text, struct vz_err *e)
{
	return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "%s", text);
}

int parse_exec(struct command *c, struct vz_err *e)
{
	return c->argc < 2 ? word_missing("No command line given for exec", e) : 0;
}

int run_exec(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	const char *verb = c->verb->name;
	enum vz_exec_kind kind = !strcmp(verb, "exec")	? VZ_EXEC :
				 !strcmp(verb, "exec2") ? VZ_EXEC2 :
							  VZ_EXEC3;
	int code = 0, r = vz_op_exec(ct, kind, c->argv + 1, &code, e);

	return r < 0 ? finish(r, e) : code;
}

int parse_enter(struct command *c, struct vz_err *e)
{
	if (c->argc < 2)
		return 0;
	if (strcmp(c->argv[1], "--exec"))
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Invalid option '%s'", c->argv[1]);
	return c->argc < 3 ? word_missing("No command line given for --exec", e) : 0;
}

int run_enter(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	int code = 0, r = vz_op_enter(ct, c->argc > 2 ? c->argv + 2 : NULL, &code, e);

	return r < 0 ? finish(r, e) : code;
}

int parse_runscript(struct command *c, struct vz_err *e)
{
	if (c->argc < 2)
		return word_missing("Script not specified", e);
	return c->argc > 2 ? vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0,
				     "Invalid extra arguments: %s", c->argv[2]) :
			     0;
}

int run_runscript(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	int code = 0, r = vz_op_runscript(ct, c->argv[1], &code, e);

	return r < 0 ? finish(r, e) : code;
}
