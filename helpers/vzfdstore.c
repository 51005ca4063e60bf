// SPDX-License-Identifier: GPL-2.0-or-later
/* vzfdstore, the command: keeps descriptors for vzeventd, which starts it.
 * Takes nothing but --help: 20 for anything else, and otherwise 0 or the exit code of what failed. */
#include "base/context.h"
#include "base/log.h"
#include "base/process.h"
#include "base/usage.h"
#include "eventd/eventd.h"

#include <stdio.h>

static int vzfdstore(int argc, char **argv)
{
	struct vz_err e = { 0 };

	if (argc == 2 && vz_is_help(argv[1])) {
		puts("Usage: vzfdstore: keeps the terminals of consoles; started by vzeventd");
		return 0;
	}
	if (argc > 1) {
		fprintf(stderr, "vzfdstore: unexpected argument %s\n", argv[1]);
		return VZ_INVALID_PARAMETER_SYNTAX;
	}
	return vz_eventd_fdstore(&e) < 0 ? vz_log_err(&e) : 0;
}

int main(int argc, char **argv)
{
	struct vz_context context;

	vz_process_stdio();
	vz_process_context(&context, "vzfdstore");
	return vz_process_end(vzfdstore(argc, argv), VZ_SYSTEM);
}
