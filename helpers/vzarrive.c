// SPDX-License-Identifier: GPL-2.0-or-later
/* vzarrive: what vzmigrate starts on the host to which a VPS comes. Speaks with it on stdin and stdout, and takes no
 * arguments. */
#include "base/context.h"
#include "base/process.h"
#include "base/usage.h"
#include "move/arrive.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct vz_context context;

	vz_process_init();
	vz_process_context(&context, "vzarrive");
	if (argc == 2 && vz_is_help(argv[1])) {
		puts("Usage: vzarrive: the other side of vzmigrate, which starts it");
		return vz_process_end(0, EXIT_FAILURE);
	}
	if (argc > 1) {
		fprintf(stderr, "vzarrive: unexpected argument %s\n", argv[1]);
		return vz_process_end(EXIT_FAILURE, EXIT_FAILURE);
	}
	return vz_process_end(vz_arrive_serve(&context) < 0 ? EXIT_FAILURE : 0, EXIT_FAILURE);
}
