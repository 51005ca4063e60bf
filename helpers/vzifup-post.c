// SPDX-License-Identifier: GPL-2.0-or-later
/* vzifup-post, the command: a hook for when a device of the host came up (INTERFACE 10.9). */
#include "base/context.h"
#include "base/log.h"
#include "base/process.h"
#include "base/usage.h"
#include "ops/ifup.h"

#include <stdio.h>
#include <string.h>

static const char usage[] = "Usage: vzifup-post DEVICE\n";

int main(int argc, char **argv)
{
	struct vz_context context;
	struct vz_err e = { 0 };

	vz_process_init();
	if (argc == 2 && vz_is_help(argv[1])) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc == 2 && *argv[1] == '-') {
		fprintf(stderr, "vzifup-post: unrecognized option '%s'\n", argv[1]);
		return 1;
	}
	if (argc != 2 || !*argv[1]) {
		fputs(usage, stderr);
		return 1;
	}
	vz_process_context(&context, "vzifup-post");
	return vz_op_ifup(argv[1], &e) < 0 ? vz_log_err(&e) : 0;
}
