// SPDX-License-Identifier: GPL-2.0-or-later
/* vzmigrate: moves containers to another host. Options, texts and exit codes are those of the legacy script (INTERFACE
 * 9.2). */
#include "base/context.h"
#include "base/process.h"
#include "vzmigrate/vzmigrate.h"

#include <stdio.h>
#include <unistd.h>

static int is_root_here(const struct request *r)
{
	if (geteuid()) {
		fprintf(stderr, "This program can only be run under root.\n");
		return VZ_MIGRATE_USAGE;
	}
	/* scripts for hosts of both kinds give them */
	if (r->compact)
		fprintf(stderr, "Warning: no container here is kept in a ploop image, so there is nothing to compact (-c)\n");
	if (r->snapshot)
		fprintf(stderr, "Warning: no container here is kept in a ploop image, so no snapshot is made (-s); its files "
				"are copied while it runs. To leave it stopped there is --nostart\n");
	return 0;
}

int main(int argc, char **argv)
{
	struct request r = { 0 };
	struct vz_context context;
	int code = -1;

	vz_process_init();
	vz_process_context(&context, "vzmigrate");
	if (argc == 1)
		request_usage();
	else
		code = request_read(&r, argc, argv);
	if (!code)
		code = is_root_here(&r);
	if (!code && r.evacuate)
		code = request_evacuate(&r);
	if (!code)
		code = move_all(&r);
	request_free(&r);
	return vz_process_end(code < 0 ? 0 : code, VZ_MIGRATE_REMOTE);
}
