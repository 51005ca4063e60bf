// SPDX-License-Identifier: GPL-2.0-or-later
/* exec, exec2, exec3, enter, runscript: what follows the CTID is the command. */
#include "vzctl/vzctl.h"

#include <string.h>

#include "base/log.h"

static int word_missing(const char *text, struct vz_err *e)
{
	return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "%s", text);
}

int parse_exec(int argc, char **argv, struct vz_err *e)
{
	(void)argv;
	return argc < 2 ? word_missing("No command line given for exec", e) : 0;
}

int run_exec(struct vz_ct *ct, int argc, char **argv, struct vz_err *e)
{
	const char *verb = argv[-1]; /* stands before the CTID */
	enum vz_exec_kind kind = !strcmp(verb, "exec")	? VZ_EXEC :
				 !strcmp(verb, "exec2") ? VZ_EXEC2 :
							  VZ_EXEC3;
	int code = 0, r;

	(void)argc;
	r = vz_op_exec(ct, kind, argv + 1, &code, e);
	return r < 0 ? finish(r, e) : code;
}

int parse_enter(int argc, char **argv, struct vz_err *e)
{
	if (argc < 2)
		return 0;
	if (strcmp(argv[1], "--exec"))
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Invalid option '%s'", argv[1]);
	return argc < 3 ? word_missing("No command line given for --exec", e) : 0;
}

int run_enter(struct vz_ct *ct, int argc, char **argv, struct vz_err *e)
{
	int code = 0, r = vz_op_enter(ct, argc > 2 ? argv + 2 : NULL, &code, e);

	return r < 0 ? finish(r, e) : code;
}

int parse_runscript(int argc, char **argv, struct vz_err *e)
{
	if (argc < 2)
		return word_missing("Script not specified", e);
	return argc > 2 ? vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0,
				  "Invalid extra arguments: %s", argv[2]) :
			  0;
}

int run_runscript(struct vz_ct *ct, int argc, char **argv, struct vz_err *e)
{
	int code = 0, r;

	(void)argc;
	r = vz_op_runscript(ct, argv[1], &code, e);
	return r < 0 ? finish(r, e) : code;
}
