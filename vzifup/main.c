// SPDX-License-Identifier: GPL-2.0-or-later
/* vzifup-post, the command: a hook for when a device of the host came up (reference 10.9). */
#include "base/log.h"
#include "base/process.h"
#include "ops/ifup.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct vz_err e = { 0 };

	vz_process_init();
	if (argc != 2 || !*argv[1] || *argv[1] == '-') {
		fputs("Usage: vzifup-post DEVICE\n", stderr);
		return 1;
	}
	vz_log_init("vzifup-post");
	return vz_op_ifup(argv[1], &e) < 0 ? vz_log_err(&e) : 0;
}
