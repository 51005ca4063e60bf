// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vzcfgvalidate: do the beancounters of a configuration agree? Reads the command line, says what is found, asks
 * whether to mend it; the words and exit codes are those of the legacy tool (INTERFACE 5.5).
 */
#include "base/context.h"
#include "base/log.h"
#include "base/process.h"
#include "ops/calculators.h"
#include "ops/session.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define FAILED 1
#define FOUND 2

struct options {
	bool repair, ask;
	struct vz_pbool vswap;
};

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] = "Usage: vzcfgvalidate [-r|-i] [-v yes|no] <configfile>\n"
			    "\t-r\t\trepair mode\n"
			    "\t-i\t\tinteractive repair mode\n"
			    "\t-v yes|no\tforce VSwap/non-VSwap mode (auto-detect by default)\n";

static bool is_agreed(void)
{
	char line[256];

	do {
		fputs(" (y/n) [y] ", stderr);
		if (!fgets(line, sizeof(line), stdin))
			return false;
	} while (!strchr("yn\n", *line));
	return *line != 'n';
}

static bool hear_finding(void *arg, const char *finding, const char *mend)
{
	const struct options *o = arg;

	vz_log(-1, "%s", finding);
	if (!mend || (!o->repair && !o->ask))
		return false;
	vz_log(0, "%s", mend);
	return o->ask ? is_agreed() : true;
}

static bool take_vswap(struct options *o)
{
	o->vswap = (struct vz_pbool){ .set = true, .v = !strcmp(optarg, "yes") };
	if (o->vswap.v || !strcmp(optarg, "no"))
		return true;
	fprintf(stderr, "Invalid argument for -v: %s\n", optarg);
	return false;
}

/* False when the command line cannot be understood, which is then said. */
static bool know_option(struct options *o, int c)
{
	switch (c) {
	case 'r':
		return o->repair = true;
	case 'i':
		return o->ask = true;
	case 'v':
		return take_vswap(o);
	default: /* getopt has named it */
		return false;
	}
}

static int validate(struct options *o, const char *file)
{
	const struct vz_session_want want = {
		.flags = VZ_SESSION_NO_VPS | VZ_SESSION_CONF_OPTIONAL | VZ_SESSION_NO_LOG,
	};
	const struct vz_validate v = { .file = file, .vswap = o->vswap, .save = o->repair || o->ask,
				       .hear = hear_finding, .arg = o };
	struct vz_session session = { 0 };
	struct vz_err e = { 0 };
	int r = vz_session_open(&session, &want, &e);

	if (r >= 0)
		r = vz_op_validate(&session.host, &v, &e);
	if (r < 0)
		(void)vz_log_err(&e);
	else if (!r)
		vz_log(-1, "Validation completed: success");
	vz_session_close(&session);
	return r < 0 ? FAILED : r ? FOUND : 0;
}

static int vzcfgvalidate(int argc, char **argv)
{
	struct options o = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "rihv:", long_options, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (!know_option(&o, c)) {
			fputs(usage, stderr);
			return FAILED;
		}
	}
	if (optind + 1 != argc) {
		if (optind + 1 < argc)
			fprintf(stderr, "vzcfgvalidate takes one file, and not %s\n", argv[optind + 1]);
		fputs(usage, stderr);
		return FAILED;
	}
	return validate(&o, argv[optind]);
}

int main(int argc, char **argv)
{
	struct vz_context context;

	vz_process_init();
	vz_process_context(&context, "vzcfgvalidate");
	return vz_process_end(vzcfgvalidate(argc, argv), FAILED);
}
