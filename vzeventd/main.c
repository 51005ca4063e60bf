// SPDX-License-Identifier: GPL-2.0-or-later
/* vzeventd, the command: options in, exit code out (INTERFACE 10.8). */
#include "base/context.h"
#include "base/log.h"
#include "base/process.h"
#include "eventd/eventd.h"

#include <getopt.h>
#include <stdio.h>

static const char usage[] = "Usage: vzeventd [-v]... [-d] [-h]\n"
			    "\t-v\tbe more verbose; may be repeated\n"
			    "\t-d\tstay in the foreground\n"
			    "\t-h, --help\tthis help\n"
			    "\t--version\tsay the version\n";

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static int vzeventd(struct vz_context *context, int argc, char **argv)
{
	struct vz_err e = { 0 };
	bool foreground = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "vdh", long_options, NULL)) != -1) {
		switch (opt) {
		case 'v':
			context->verbosity++;
			break;
		case 'd':
			foreground = true;
			context->verbosity++;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'V':
			printf("vzeventd version %s\n", PACKAGE_VERSION);
			return 0;
		default: /* getopt has named it */
			return 1;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "vzeventd takes no arguments, and not %s\n", argv[optind]);
		return 1;
	}
	return vz_eventd_run(foreground, &e) < 0 ? vz_log_err(&e) : 0;
}

int main(int argc, char **argv)
{
	struct vz_context context;

	vz_process_init();
	vz_process_context(&context, "vzeventd");
	return vz_process_end(vzeventd(&context, argc, argv), VZ_SYSTEM);
}
