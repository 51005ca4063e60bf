// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of verbs, and those that need no options of their own. */
#include "vzctl/vzctl.h"

#include <string.h>

#include "ops/console-view.h"

static int run_destroy(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	(void)c;
	return finish(vz_op_destroy(ct, e), e);
}

static int run_mount(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	(void)c;
	return finish(vz_op_mount(ct, e), e);
}

static int run_umount(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	(void)c;
	return finish(vz_op_umount(ct, e), e);
}

/* As ever any option was an error, so there is one place for the one that is new. */
static int parse_status(struct command *c, struct vz_err *e)
{
	if (c->argc > 1 && (c->argc > 2 || strcmp(c->argv[1], "--verbose")))
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Invalid options: %s",
			       c->argv[strcmp(c->argv[1], "--verbose") ? 1 : 2]);
	return 0;
}

static int run_status(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	return finish(vz_op_status(ct, c->argc > 1), e);
}

static int run_console(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	return finish(vz_op_console(ct, c->argc - 1, c->argv + 1, e), e);
}

/* clang-format off */
const struct verb verbs[] = {
	{ "create", NULL, VZ_SESSION_CHANGES, parse_create, run_create, "[options]",
	  IN_CREATE },
	{ "destroy", "delete", VZ_SESSION_CHANGES | VZ_SESSION_NEEDS_CONF | NO_OPTIONS,
	  NULL, run_destroy, "", 0 },
	{ "mount", NULL, VZ_SESSION_CHANGES | VZ_SESSION_NEEDS_CONF | NO_OPTIONS,
	  NULL, run_mount, "", 0 },
	{ "umount", NULL, VZ_SESSION_CHANGES | VZ_SESSION_NEEDS_CONF | NO_OPTIONS,
	  NULL, run_umount, "", 0 },
	{ "start", NULL, VZ_SESSION_CHANGES | VZ_SESSION_NEEDS_CONF | YIELDS, parse_life, run_start,
	  "[--force] [--wait] [--skip-fsck] [--skip-remount] [--skip_ve_setup]", 0 },
	{ "stop", NULL, VZ_SESSION_CHANGES | VZ_SESSION_NEEDS_CONF | YIELDS | VZ_SESSION_BREAKS,
	  parse_life, run_stop, "[--fast] [--skip-umount]", 0 },
	{ "restart", NULL, VZ_SESSION_CHANGES | VZ_SESSION_NEEDS_CONF | YIELDS,
	  parse_life, run_restart, "[--force] [--wait] [--fast] [--skip-fsck]", 0 },
	{ "suspend", "chkpnt", VZ_SESSION_CHANGES | VZ_SESSION_NEEDS_CONF, parse_suspend, run_suspend,
	  "[--dumpfile <file>] [--suspend|--dump|--kill|--resume]", 0 },
	{ "resume", "restore", VZ_SESSION_CHANGES | VZ_SESSION_NEEDS_CONF, parse_resume, run_resume,
	  "[--dumpfile <file>] [--undump|--resume|--kill] [--keep] [--skip_arpdetect] [--skip-remount]", 0 },
	{ "status", NULL, VZ_SESSION_SILENT | VZ_SESSION_GIVEN_AWAY, parse_status, run_status, "[--verbose]", 0 },
	{ "enter", NULL, VZ_SESSION_NEEDS_CONF | COMMAND_FOLLOWS,
	  parse_enter, run_enter, "[--exec <command> [arg ...]]", 0 },
	{ "exec", NULL, VZ_SESSION_NEEDS_CONF | COMMAND_FOLLOWS,
	  parse_exec, run_exec, "<command> [arg ...]", 0 },
	{ "exec2", NULL, VZ_SESSION_NEEDS_CONF | COMMAND_FOLLOWS,
	  parse_exec, run_exec, "<command> [arg ...]", 0 },
	{ "exec3", NULL, VZ_SESSION_NEEDS_CONF | COMMAND_FOLLOWS,
	  parse_exec, run_exec, "<program> [arg ...]", 0 },
	{ "runscript", NULL, VZ_SESSION_CHANGES | VZ_SESSION_NEEDS_CONF | COMMAND_FOLLOWS | YIELDS,
	  parse_runscript, run_runscript, "<script>", 0 },
	{ "console", NULL, VZ_SESSION_NEEDS_CONF, NULL, run_console, "[ttyno]", 0 },
	{ "set", NULL, VZ_SESSION_CHANGES | VZ_SESSION_LEAVES_ENDED | VZ_SESSION_HOST_TOO | ASKS | YIELDS,
	  parse_set, run_set, "[--save] [--force] [--setmode restart|ignore] [options]", IN_SET },
	{ "why", NULL, VZ_SESSION_SILENT | VZ_SESSION_NEEDS_CONF | VZ_SESSION_GIVEN_AWAY,
	  parse_why, run_why, "[--json]", 0 },
	{ "check-migrate", NULL, VZ_SESSION_SILENT | VZ_SESSION_NEEDS_CONF,
	  parse_check_migrate, run_check_migrate, "[<host>] [--json]", 0 },
	{ "check", NULL, VZ_SESSION_NO_VPS, NULL, run_check, "[--json|--facts]", 0 },
	{ "help", NULL, VZ_SESSION_NO_VPS | ANYBODY, NULL, run_help, "[<command>]", 0 },
	{ 0 },
};
/* clang-format on */
