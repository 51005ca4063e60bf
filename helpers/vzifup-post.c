// SPDX-License-Identifier: GPL-2.0-or-later
/* vzifup-post, the command: a hook for when a device of the host came up (INTERFACE 10.9). */
#include "base/context.h"
#include "base/log.h"
#include "base/process.h"
#include "base/usage.h"
#include "ops/ifup.h"
#include "ops/session.h"

#include <stdio.h>
#include <string.h>

static const char usage[] = "Usage: vzifup-post DEVICE\n";

static int vzifup_post(int argc, char **argv)
{
	const struct vz_session_want want = { .flags = VZ_SESSION_NO_VPS };
	struct vz_session session = { 0 };
	struct vz_err e = { 0 };
	int r;

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
	r = vz_session_open(&session, &want, &e);
	if (r >= 0)
		r = vz_op_ifup(&session.host, argv[1], &e);
	r = r < 0 ? vz_log_err(&e) : 0;
	vz_session_close(&session);
	return r;
}

int main(int argc, char **argv)
{
	struct vz_context context;

	vz_process_init();
	vz_process_context(&context, "vzifup-post");
	return vz_process_end(vzifup_post(argc, argv), VZ_SYSTEM);
}
