// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vzmemcheck: how much of this host's memory all VPSes that run use, are promised, and may come to use. Reads the
 * command line, shows the levels in the columns of the legacy tool (INTERFACE 5.5).
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
#define COLUMNS (VZ_CALC_ALLOC_LIMIT + 1) /* those of memory come first, in this order */

struct options {
	bool verbose, absolute;
};

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] = "Usage: vzmemcheck [-v] [-A]\n"
			    "\t-v\t\tevery container\n"
			    "\t-A\t\tMbytes, not percent\n";

static void put_header(const struct options *o)
{
	puts(o->absolute ? "Output values in Mbytes" : "Output values in %");
	if (o->verbose)
		printf("%-10s ", "CTID");
	puts(" LowMem  LowMem     RAM MemSwap MemSwap   Alloc   Alloc   Alloc");
	if (o->verbose)
		printf("%-10s ", "");
	puts("   util  commit    util    util  commit    util  commit   limit");
}

static void put_levels(const struct options *o, const struct vz_node *n, const struct vz_calc_levels *l)
{
	char buf[VZ_CALC_TEXT];

	for (unsigned i = 0; i < COLUMNS; i++) {
		uint64_t v = o->absolute ? vz_calc_mbytes(l->v[i]) : vz_calc_share(n, l, i);

		printf("%s%7s", i ? " " : "", vz_calc_text(v, buf));
	}
	putchar('\n');
}

static void show_memory(const struct options *o, const struct vz_node *n, const struct vz_vps_levels *vpses, size_t count)
{
	struct vz_calc_levels all = { { 0 } };

	put_header(o);
	for (size_t i = 0; i < count; i++) {
		if (o->verbose) {
			printf("%-10u ", vpses[i].id);
			put_levels(o, n, &vpses[i].levels);
		}
		vz_calc_add(&all, &vpses[i].levels);
	}
	if (o->verbose) {
		puts("--------------------------------------------------------------------------");
		printf("Summary:   ");
	}
	put_levels(o, n, &all);
	if (!o->absolute)
		return;
	if (o->verbose)
		printf("%-10s ", "");
	for (unsigned i = 0; i < COLUMNS; i++)
		all.v[i] = vz_calc_capacity(n, i);
	put_levels(o, n, &all);
}

static int check_memory(const struct options *o)
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
	else
		show_memory(o, &node, vpses, n);
	vz_session_close(&session);
	return r < 0 ? FAILED : 0;
}

static int vzmemcheck(int argc, char **argv)
{
	struct options o = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "vAh", long_options, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (c != 'v' && c != 'A') { /* getopt has named it */
			fputs(usage, stderr);
			return FAILED;
		}
		*(c == 'v' ? &o.verbose : &o.absolute) = true;
	}
	if (optind < argc) {
		fprintf(stderr, "vzmemcheck takes no arguments, and not %s\n", argv[optind]);
		return FAILED;
	}
	return check_memory(&o);
}

int main(int argc, char **argv)
{
	struct vz_context context;

	vz_process_stdio();
	vz_process_context(&context, "vzmemcheck");
	return vz_process_end(vzmemcheck(argc, argv), FAILED);
}
