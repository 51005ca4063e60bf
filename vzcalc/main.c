// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vzcalc: which part of this host one VPS uses, is promised, and may come to use. Reads the command line, shows the
 * levels in the columns of the legacy tool (INTERFACE 5.5).
 */
#include "base/context.h"
#include "base/log.h"
#include "base/process.h"
#include "ops/calculators.h"
#include "ops/list.h"
#include "ops/session.h"

#include <getopt.h>
#include <stdio.h>

#define FAILED 1
#define NONE VZ_CALC_LEVELS

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] = "Usage: vzcalc [-v] <ctid>\n"
			    "\t-v\t\tevery resource, not the greatest alone\n";

static const struct row {
	const char *title;
	enum vz_calc_level now, promised, most;
} rows[] = {
	{ "Low Mem", VZ_CALC_LOW_USED, VZ_CALC_LOW_PROMISED, VZ_CALC_LOW_PROMISED },
	{ "Total RAM", VZ_CALC_RAM_USED, NONE, NONE },
	{ "Mem + Swap", VZ_CALC_BOTH_USED, VZ_CALC_BOTH_PROMISED, NONE },
	{ "Alloc. Mem", VZ_CALC_ALLOC_USED, VZ_CALC_ALLOC_PROMISED, VZ_CALC_ALLOC_LIMIT },
	{ "Num. Proc", VZ_CALC_PROC_USED, NONE, VZ_CALC_PROC_LIMIT },
};

static const char *text(uint64_t hundredths, char buf[static VZ_CALC_TEXT])
{
	return hundredths == VZ_CALC_UNTOLD ? "n/a" : vz_calc_text(hundredths, buf);
}

static void put_row(const char *title, const uint64_t v[3])
{
	char buf[3][VZ_CALC_TEXT];

	printf("%-10s %10s %10s %10s\n", title, text(v[0], buf[0]), text(v[1], buf[1]), text(v[2], buf[2]));
}

/* What is untold is left out. */
static void keep_greatest(uint64_t *most, uint64_t v)
{
	if (v != VZ_CALC_UNTOLD && (*most == VZ_CALC_UNTOLD || v > *most))
		*most = v;
}

static uint64_t share(const struct vz_node *n, const struct vz_calc_levels *l, enum vz_calc_level level)
{
	return level == NONE ? VZ_CALC_UNTOLD : vz_calc_share(n, l, level);
}

static void show_levels(const struct vz_node *n, const struct vz_calc_levels *l, bool verbose)
{
	uint64_t most[3] = { VZ_CALC_UNTOLD, VZ_CALC_UNTOLD, VZ_CALC_UNTOLD };

	puts("Resource     Current(%)  Promised(%)  Max(%)");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t v[] = { share(n, l, rows[i].now), share(n, l, rows[i].promised), share(n, l, rows[i].most) };

		if (verbose)
			put_row(rows[i].title, v);
		keep_greatest(&most[0], v[0]);
		keep_greatest(&most[1], v[1]);
		/* the last row is about memory */
		if (rows[i].most != VZ_CALC_PROC_LIMIT)
			keep_greatest(&most[2], v[2]);
	}
	if (verbose)
		puts("--------------------------------------------");
	put_row("Memory", most);
}

static int calculate(const char *which, bool verbose)
{
	const struct vz_session_want want = { .flags = VZ_SESSION_NO_VPS | VZ_SESSION_NO_LOG };
	struct vz_session session = { 0 };
	struct vz_vps_levels vps;
	struct vz_node node;
	struct vz_err e = { 0 };
	int r = vz_session_find(&session, which, &e);

	if (r >= 0)
		r = vz_session_open(&session, &want, &e);
	if (r >= 0)
		r = vz_op_levels_of(&session.host, session.id, &node, &vps, &e);
	if (r < 0)
		(void)vz_log_err(&e);
	else
		show_levels(&node, &vps.levels, verbose);
	vz_session_close(&session);
	return r < 0 ? FAILED : 0;
}

static int vzcalc(int argc, char **argv)
{
	bool verbose = false;
	int c;

	while ((c = getopt_long(argc, argv, "vh", long_options, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (c != 'v') /* getopt has named it */
			return FAILED;
		verbose = true;
	}
	if (optind + 1 != argc) {
		if (optind + 1 < argc)
			fprintf(stderr, "vzcalc takes one container, and not %s\n", argv[optind + 1]);
		fputs(usage, stderr);
		return FAILED;
	}
	return calculate(argv[optind], verbose);
}

int main(int argc, char **argv)
{
	struct vz_context context;

	vz_process_stdio();
	vz_process_context(&context, "vzcalc");
	return vz_process_end(vzcalc(argc, argv), FAILED);
}
