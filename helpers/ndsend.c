// SPDX-License-Identifier: GPL-2.0-or-later
/* ndsend ADDRESS DEVICE: one unsolicited neighbour advertisement (INTERFACE 8.4). */
#include "helpers/nettools.h"
#include "base/context.h"
#include "base/process.h"
#include "base/usage.h"

#include <stdio.h>

static int ndsend(int argc, char **argv)
{
	bool help = argc == 2 && vz_is_help(argv[1]);

	if (argc == 2 && *argv[1] == '-' && !help)
		tool_failed("unrecognized option '%s'", argv[1]);
	if (argc != 3) {
		printf("Usage: ndsend ADDRESS DEVICE\n\n"
		       "Tells all IPv6 nodes on the network of DEVICE that ADDRESS is here, by an\n"
		       "unsolicited neighbour advertisement. Example: ndsend 2001:db8::1 eth0\n");
		return help ? TOOL_OK : TOOL_USAGE;
	}
	return tool_announce6(argv[1], argv[2]);
}

int main(int argc, char **argv)
{
	struct vz_context context;

	vz_process_stdio();
	vz_process_context(&context, "ndsend");
	return vz_process_end(ndsend(argc, argv), TOOL_SYSTEM);
}
