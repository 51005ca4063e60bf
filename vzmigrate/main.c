// SPDX-License-Identifier: GPL-2.0-or-later
/* vzmigrate: moves containers to another host. Options, texts and exit codes are those of the legacy script (INTERFACE
 * 9.2). */
#include "base/context.h"
#include "base/near.h"
#include "base/process.h"
#include "vzmigrate/vzmigrate.h"

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
		code = move_all(&r);
	request_free(&r);
	return vz_process_end(code < 0 ? 0 : code, VZ_MIGRATE_REMOTE);
}
