// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vzcpucheck: are more CPU units given to the VPSes that run than this host has? Reads the command line, shows the
 * sum in the words of the legacy tool (INTERFACE 5.5).
 */
#include "base/context.h"
#include "base/log.h"
#include "base/own.h"
#include "base/process.h"
#include "ops/calculators.h"
#include "ops/session.h"

#include <getopt.h>
#include <stdio.h>

#define FAILED 1
#define BAD_USAGE 2

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] = "Usage: vzcpucheck [-v]\n"
			    "\t-v\t\tevery container\n";

static int show_units(const struct vz_node *n, const struct vz_vps_levels *vpses, size_t count, bool verbose)
{
	unsigned long long sum = 0;
	char buf[VZ_CALC_TEXT];

	if (!n->power) {
		fprintf(stderr, "The kernel does not tell the bogomips of its CPUs in /proc/cpuinfo\n");
		return FAILED;
	}
	if (verbose)
		puts("VEID\t\tCPUUNITS\n-------------------------");
	for (size_t i = 0; i < count; i++) {
		if (verbose)
			printf("%u\t\t%llu\n", vpses[i].id, (unsigned long long)vpses[i].cpuunits);
		sum += vpses[i].cpuunits;
	}
	printf("Current CPU utilization: %llu\n", sum);
	printf("Power of the node: %s\n", vz_calc_text(n->power, buf));
	if (sum * 100 > n->power)
		puts("Warning: hardware node is overcommitted");
	return 0;
}

static int check_units(bool verbose)
{
	const struct vz_session_want want = { .flags = VZ_SESSION_NO_VPS | VZ_SESSION_NO_LOG };
	autofree struct vz_vps_levels *vpses = NULL;
	struct vz_session session = { 0 };
	struct vz_node node;
	struct vz_err e = { 0 };
	size_t n = 0;
	int r = vz_session_open(&session, &want, &e);

	if (r >= 0)
		r = vz_op_levels(&session.host, &node, &vpses, &n, &e);
	if (r < 0)
		(void)vz_log_err(&e);
	vz_session_close(&session);
	return r < 0 ? FAILED : show_units(&node, vpses, n, verbose);
}

static int vzcpucheck(int argc, char **argv)
{
	bool verbose = false;
	int c;

	while ((c = getopt_long(argc, argv, "vh", long_options, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (c != 'v') { /* getopt has named it */
			fputs(usage, stderr);
			return BAD_USAGE;
		}
		verbose = true;
	}
	if (optind < argc) {
		fprintf(stderr, "vzcpucheck takes no arguments, and not %s\n", argv[optind]);
		return BAD_USAGE;
	}
	return check_units(verbose);
}

int main(int argc, char **argv)
{
	struct vz_context context;

	vz_process_stdio();
	vz_process_context(&context, "vzcpucheck");
	return vz_process_end(vzcpucheck(argc, argv), FAILED);
}
