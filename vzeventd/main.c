// SPDX-License-Identifier: GPL-2.0-or-later
/* vzeventd, the command: options in, exit code out (reference 10.8). */
#include "base/log.h"
#include "base/process.h"
#include "ops/eventd.h"

#include <getopt.h>
#include <stdio.h>

static const char usage[] = "Usage: vzeventd [-v]... [-d] [-h]\n"
			    "\t-v\tbe more verbose; may be repeated\n"
			    "\t-d\tstay in the foreground\n"
			    "\t-h\tthis help\n";

int main(int argc, char **argv)
{
	struct vz_err e = { 0 };
	bool foreground = false;
	int opt, verbose = 0;

	vz_process_init();
	while ((opt = getopt(argc, argv, "vdh")) != -1) {
		switch (opt) {
		case 'v':
			verbose++;
			break;
		case 'd':
			foreground = true;
			verbose++;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 1;
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		return 1;
	}
	vz_log_init("vzeventd");
	vz_log_verbosity(verbose);
	return vz_op_eventd(foreground, &e) < 0 ? vz_log_err(&e) : 0;
}
