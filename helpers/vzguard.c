// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vzguard, and under its other name vzpolicy: loads BPF programs and maps, and pins them; which, its
 * name and its argument say (bpf-objects.c). Run by the first command after boot, or after an upgrade,
 * that needs them, so that no other program links libbpf. Whoever comes at the same moment waits and
 * finds the work done. Says one line on stderr when it fails. Exit codes: 0, 20 for another argument
 * (but --help), 3 or another of vzctl's when it fails.
 */
#include "base/context.h"
#include "base/err.h"
#include "base/log.h"
#include "base/process.h"
#include "base/usage.h"
#include "helpers/bpf-load.h"

#include <errno.h>
#include <stdio.h>

/* The answer to arguments that there is no row for: the exit code. */
static int answer_usage(int argc, char **argv, const char *usage)
{
	if (argc == 2 && vz_is_help(argv[1])) {
		printf("Usage: %s\n", usage);
		return 0;
	}
	fprintf(stderr, "%s: unexpected argument %s\n", program_invocation_short_name, argv[argc - 1]);
	return VZ_INVALID_PARAMETER_SYNTAX;
}

static int vzguard(int argc, char **argv)
{
	const struct vz_bpf_row *named = vz_bpf_row(program_invocation_short_name, NULL);
	const struct vz_bpf_row *row = named;
	struct vz_err e = { 0 };

	if (argc > 1)
		row = argc == 2 ? vz_bpf_row(program_invocation_short_name, argv[1]) : NULL;
	if (!named) {
		fprintf(stderr, "%s: this program goes by its name: vzguard or vzpolicy\n",
			program_invocation_short_name);
		return VZ_INVALID_PARAMETER_SYNTAX;
	}
	if (!row)
		return answer_usage(argc, argv, named->usage);
	return vz_bpf_load(row, &e) < 0 ? vz_log_err(&e) : 0;
}

int main(int argc, char **argv)
{
	struct vz_context context;

	vz_process_stdio();
	vz_process_context(&context, program_invocation_short_name);
	return vz_process_end(vzguard(argc, argv), VZ_SYSTEM);
}
