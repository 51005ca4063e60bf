// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vzsplit: a sample for one of N equal parts of this host. Reads the command line, asks for N where it was not given;
 * the words are those of the legacy tool (INTERFACE 5.5).
 */
#include "base/context.h"
#include "base/log.h"
#include "base/own.h"
#include "base/process.h"
#include "ops/calculators.h"
#include "ops/session.h"
#include "show/table.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define FAILED 1
#define VPSES_MOST 1000000
#define SWAP_MOST (1ull << 40) /* KiB */

struct options {
	const char *name;
	struct vz_pu64 swap_kib;
	struct vz_split split;
};

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] = "Usage: vzsplit [-n num] [-f sample_name] [-s swap_size] [-v yes|no]\n"
			    "\t-n num\t\tnumber of containers\n"
			    "\t-f sample_name\tname of the sample to make (default: the standard output)\n"
			    "\t-s swap_size\tswap of the host, in Kbytes\n"
			    "\t-v yes|no\tVSwap/non-VSwap sample (default: yes)\n";

static bool is_invalid(char option)
{
	fprintf(stderr, "Invalid argument for -%c: %s\n", option, optarg);
	return false;
}

static bool take_vswap(struct options *o)
{
	o->split.vswap = !strcmp(optarg, "yes");
	return o->split.vswap || !strcmp(optarg, "no") || is_invalid('v');
}

/* False when the command line cannot be understood, which is then said. */
static bool know_option(struct options *o, int c)
{
	switch (c) {
	case 'f':
		o->name = optarg;
		return true;
	case 'n':
		return !vz_num_u64(optarg, VPSES_MOST, &o->split.vpses) || is_invalid('n');
	case 's':
		if (*optarg == '-') {
			fprintf(stderr, "Negative value for -s\n");
			return false;
		}
		o->swap_kib.set = true;
		return !vz_num_u64(optarg, SWAP_MOST, &o->swap_kib.v) || is_invalid('s');
	case 'v':
		return take_vswap(o);
	default: /* getopt has named it */
		fputs(usage, stderr);
		return false;
	}
}

static bool ask_number(uint64_t *ret)
{
	char line[64];

	fputs("Enter the number of containers: ", stdout);
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		if (!vz_num_u64(line, VPSES_MOST, ret))
			return true;
	}
	fprintf(stderr, "Invalid value.\n");
	return false;
}

/* What is odd about this host, and the most that it can have. */
static void say_host(const struct vz_node *n, const struct options *o)
{
	struct vz_err ignored;
	uint64_t most;

	if (n->swap > 2 * n->ram)
		fprintf(stderr, "The optimal swap space size is %llu Mb, twice bigger than the RAM size\n\n",
			(unsigned long long)(2 * n->ram >> 20));
	most = vz_split_most(n, o->split.vpses, &ignored);
	if (most < o->split.vpses)
		fprintf(stderr, "The maximum allowed value is %llu\n", (unsigned long long)most);
}

static void say_disk(const struct options *o, int found)
{
	if (found < 0)
		fprintf(stderr, "WARNING: statfs " VZ_DIR " returned an error.\n");
	else if (o->split.disk_short)
		fprintf(stderr, "WARNING: " VZ_DIR " partition do not have space required for %llu containers\n",
			(unsigned long long)o->split.vpses);
	if (found < 0 || o->split.disk_short)
		fprintf(stderr, "Default disk space values will be used\n\n");
}

static int put_sample(const struct vz_node *n, const struct options *o, const char *path, struct vz_err *e)
{
	autostr text = { 0 };
	int r;

	vz_split_text(n, &o->split, &text);
	if (!path) {
		(void)vz_show_put(&text, stdout);
		return 0;
	}
	r = vz_op_sample_make(path, &text, e);
	if (r >= 0)
		fprintf(stderr, "Config %s was created\n", path);
	return r;
}

static int split_host(struct options *o, struct vz_err *e)
{
	autofree char *path = NULL;
	struct vz_node node;
	int disk, r = 0;

	if (o->name)
		r = vz_op_sample_free(o->name, &path, e);
	if (r >= 0)
		r = vz_node_read("/proc", &node, e);
	if (r < 0)
		return r;
	if (o->swap_kib.set)
		node.swap = o->swap_kib.v << 10;
	disk = vz_op_split_disk(&o->split);
	r = vz_split(&node, &o->split, e);
	if (r < 0) {
		(void)vz_log_err(e);
		say_host(&node, o);
		*e->msg = 0;
		return r;
	}
	say_host(&node, o);
	say_disk(o, disk);
	return put_sample(&node, o, path, e);
}

static int vzsplit(int argc, char **argv)
{
	struct options o = { .split = { .vpses = UINT64_MAX, .vswap = true } };
	struct vz_err e = { 0 };
	int c, r;

	while ((c = getopt_long(argc, argv, "f:n:s:v:h", long_options, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (!know_option(&o, c))
			return FAILED;
	}
	if (optind < argc) {
		fprintf(stderr, "vzsplit takes no arguments, and not %s\n", argv[optind]);
		return FAILED;
	}
	if (o.split.vpses == UINT64_MAX && !ask_number(&o.split.vpses))
		return FAILED;
	if (!o.split.vpses) {
		fprintf(stderr, "Incorrect value for number of containers.\n");
		return FAILED;
	}
	r = split_host(&o, &e);
	if (r < 0 && *e.msg)
		(void)vz_log_err(&e);
	return r < 0 ? FAILED : 0;
}

int main(int argc, char **argv)
{
	struct vz_context context;

	vz_process_init();
	vz_process_context(&context, "vzsplit");
	return vz_process_end(vzsplit(argc, argv), FAILED);
}
