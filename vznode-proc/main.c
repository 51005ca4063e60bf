// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vznode-proc: runs a program that insists on the host files of the legacy kernel, /proc/user_beancounters, /proc/bc
 * and /proc/vz; or has them in /run/vz/proc. Reads the command line.
 */
#include "base/context.h"
#include "base/log.h"
#include "base/process.h"
#include "base/usage.h"
#include "ops/nodeproc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"Usage: vznode-proc COMMAND [ARGUMENT ...]\n"
	"       vznode-proc --serve\n"
	"\n"
	"  COMMAND        is run with /proc/user_beancounters, /proc/bc and /proc/vz\n"
	"      --serve    has them in " VZ_NODEPROC_DIR " until it is ended\n"
	"  -h, --help     this text\n"
	"      --version  the version\n";

/* As of env(1): what the command itself did not say. */
enum { NOT_READY = 125, CANNOT_RUN = 126, NOT_FOUND = 127 };

static struct vz_context context;

static void on_end(int sig)
{
	(void)sig;
	vz_cancel(&context);
}

static int serve_here(void)
{
	struct vz_err e = { 0 };
	int r;

	(void)vz_cancel_open(&context);
	vz_process_signals(on_end);
	r = vz_op_nodeproc_serve(&e);
	if (r < 0 && r != -ECANCELED) {
		(void)vz_log_err(&e);
		return NOT_READY;
	}
	return 0;
}

static int run_command(char **command)
{
	struct vz_err e = { 0 };

	if (vz_op_nodeproc_enter(&e) < 0) {
		(void)vz_log_err(&e);
		return NOT_READY;
	}
	execvp(command[0], command);
	fprintf(stderr, "vznode-proc: cannot run %s: %m\n", command[0]);
	return errno == ENOENT ? NOT_FOUND : CANNOT_RUN;
}

static int vznode_proc(char **argv)
{
	const char *first = argv[1];
	bool is_serve = first && !strcmp(first, "--serve") && !argv[2];

	if (vz_is_help(first))
		return fputs(usage, stdout) < 0 ? NOT_READY : 0;
	if (first && !strcmp(first, "--version"))
		return printf("vznode-proc version %s\n", PACKAGE_VERSION) < 0 ? NOT_READY : 0;
	if (first && !strcmp(first, "--"))
		argv++;
	else if (first && *first == '-' && !is_serve) {
		fprintf(stderr, "vznode-proc: unrecognized option '%s'\n", first);
		return NOT_READY;
	}
	if (!argv[1]) {
		fputs("vznode-proc: which command is to be run? (try vznode-proc --help)\n", stderr);
		return NOT_READY;
	}
	if (geteuid()) {
		fprintf(stderr, "This program can only be run under root.\n");
		return NOT_READY;
	}
	return is_serve ? serve_here() : run_command(argv + 1);
}

int main(int argc, char **argv)
{
	(void)argc;
	vz_process_stdio();
	vz_process_context(&context, "vznode-proc");
	return vz_process_end(vznode_proc(argv), NOT_READY);
}
