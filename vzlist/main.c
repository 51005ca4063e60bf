// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vzlist: which VPSes there are. Reads the command line, has the facts collected, shows
 * them. Streams, messages and exit codes are those of the legacy tool (INTERFACE 2).
 */
#include "vzlist/vzlist.h"
#include "base/context.h"
#include "base/own.h"
#include "base/process.h"
#include "base/usage.h"
#include "ops/session.h"
#include "show/table.h"

#include <getopt.h>

#define DEFAULT_FIELDS "ctid,numproc,status,ip,hostname"
#define NAME_FIELDS "smart_name,numproc,status,ip,hostname"

struct options {
	bool all, stopped, no_header, no_trim, json, reverse, sorted;
	const char *fields; /* NULL: the default ones */
	struct vl_column sort;
	struct vl_filter filter;
	unsigned *ids;
	size_t nids;
};

static const struct option long_options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "stopped", no_argument, NULL, 'S' },
	{ "name", no_argument, NULL, 'n' },
	{ "no-header", no_argument, NULL, 'H' },
	{ "no-trim", no_argument, NULL, 't' },
	{ "json", no_argument, NULL, 'j' },
	{ "output", required_argument, NULL, 'o' },
	{ "sort", required_argument, NULL, 's' },
	{ "hostname", required_argument, NULL, 'h' },
	{ "name_filter", required_argument, NULL, 'N' },
	{ "description", required_argument, NULL, 'd' },
	{ "list", no_argument, NULL, 'L' },
	{ "help", no_argument, NULL, 'e' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"Usage: vzlist [-a | -S] [-n] [-H] [-t] [-j] [-o FIELD[,FIELD...] | -1]\n"
	"              [-s [-]FIELD] [-h PATTERN] [-N PATTERN] [-d PATTERN]\n"
	"              [CTID|NAME ...]\n"
	"       vzlist -L\n"
	"\n"
	"  -a, --all                  running containers and those that do not run\n"
	"  -S, --stopped              only containers that do not run\n"
	"  -n, --name                 names instead of ids in the first column\n"
	"  -H, --no-header            no line of titles\n"
	"  -t, --no-trim              long values are not cut to their column\n"
	"  -j, --json                 JSON instead of text\n"
	"  -o, --output FIELD,...     these fields\n"
	"  -1                         ids only: -H -o veid\n"
	"  -s, --sort [-]FIELD        sort by this field; with '-' the other way round\n"
	"  -h, --hostname PATTERN     only those whose host name matches\n"
	"  -N, --name_filter PATTERN  only those whose name matches\n"
	"  -d, --description PATTERN  only those whose description matches\n"
	"  -L, --list                 the names of all fields\n"
	"  -e, --help                 this text\n"
	"      --version              the version\n";

static int say_error(const struct vz_err *e)
{
	fprintf(stderr, "%s\n", e->msg);
	return EXIT_FAILURE;
}

static int sort_option(struct options *o, const char *arg)
{
	o->reverse = *arg == '-';
	o->sorted = vl_find(arg + o->reverse, &o->sort);
	if (o->sorted)
		return 0;
	fprintf(stderr, "Invalid sort field name: %s\n", arg);
	return -EINVAL;
}

/* getopt has named it on stderr. */
static void unknown_option(const char *typed)
{
	const char *near = vz_option_near(typed, long_options);

	if (near)
		fprintf(stderr, "Did you mean --%s?\n", near);
}

static int print_names(void)
{
	autostr out = { 0 };

	vl_names(&out);
	(void)vz_show_put(&out, stdout);
	return EXIT_SUCCESS;
}

/* One option; 1 ends the program with *ret_exit. */
static int one_option(struct options *o, int c, int *ret_exit)
{
	*ret_exit = EXIT_FAILURE;
	switch (c) {
	case 'a':
		o->all = true;
		return 0;
	case 'S':
		o->stopped = true;
		return 0;
	case 'n':
		o->fields = NAME_FIELDS;
		return 0;
	case 'H':
		o->no_header = true;
		return 0;
	case 't':
		o->no_trim = true;
		return 0;
	case 'j':
		o->json = true;
		return 0;
	case 'o':
		o->fields = optarg;
		return 0;
	case '1':
		o->fields = "veid";
		o->no_header = true;
		return 0;
	case 's':
		return sort_option(o, optarg) < 0;
	case 'h':
		o->filter.hostname = optarg;
		return 0;
	case 'N':
		o->filter.name = optarg;
		return 0;
	case 'd':
		o->filter.description = optarg;
		return 0;
	case 'L':
		*ret_exit = print_names();
		return 1;
	case 'V':
		printf("vzlist version %s\n", PACKAGE_VERSION);
		*ret_exit = EXIT_SUCCESS;
		return 1;
	default: /* 'e' too: the legacy tool answers both alike */
		fputs(usage, stdout);
		return 1;
	}
}

/* The VPSes named as arguments. */
static int read_ids(struct options *o, char **argv, int argc)
{
	struct vz_err e = { 0 };

	if (!argc)
		return 0;
	o->ids = calloc((size_t)argc, sizeof(*o->ids));
	if (!o->ids) {
		(void)vz_oom(&e);
		return say_error(&e);
	}
	for (; o->nids < (size_t)argc; o->nids++)
		if (vz_op_list_id(argv[o->nids], &o->ids[o->nids], &e) < 0)
			return say_error(&e);
	return 0;
}

static void print_text(const struct options *o, const struct vl_columns *cs,
		       const struct vz_list *l, struct vz_str *out)
{
	if (!o->no_header)
		vl_text_header(cs, out);
	for (size_t i = 0; i < l->n; i++)
		vl_text_row(cs, &l->items[i], !o->no_trim, out);
}

/* Everything in one write, so that a reader that goes away early costs nothing. */
static void print(const struct options *o, const struct vl_columns *cs, const struct vz_list *l)
{
	autostr out = { 0 };

	if (o->json && !l->found)
		vz_str_add(&out, "[]\n");
	else if (o->json)
		vl_json(cs, l, &out);
	else
		print_text(o, cs, l, &out);
	(void)vz_show_put(&out, stdout);
}

static int list(const struct options *o, const struct vl_columns *cs, const struct vz_host *host)
{
	struct vz_list_query q = { .ids = o->ids, .n = o->nids, .need = vl_needs(cs) };
	autolist l = { 0 };
	struct vz_err e = { 0 };
	int none = o->ids ? EXIT_FAILURE : EXIT_SUCCESS;

	q.running = !o->stopped;
	q.others = o->all || o->stopped || o->ids;
	q.need |= o->filter.name ? VZ_LIST_NAME : 0;
	q.need |= o->sorted ? o->sort.row->need : 0;
	if (vz_op_list(host, &q, &l, &e) < 0) {
		say_error(&e);
		/* the legacy tool fails on what it cannot collect only for named VPSes */
		return e.exit == VZ_SYSTEM ? none : EXIT_FAILURE;
	}
	if (l.unreadable)
		say_error(&l.why);
	if (!l.found && !o->json) {
		fprintf(stderr, "Container(s) not found\n");
		return none;
	}
	vl_apply_filter(&o->filter, &l);
	if (o->sorted && vl_sort(&l, &o->sort, o->reverse, &e) < 0)
		return say_error(&e);
	print(o, cs, &l);
	return l.found ? EXIT_SUCCESS : none;
}

static int list_and_print(struct options *o)
{
	const struct vz_session_want want = { .flags = VZ_SESSION_NO_VPS | VZ_SESSION_NO_LOG };
	autofree struct vl_column *v = NULL;
	struct vz_session session = { 0 };
	struct vl_columns cs = { 0 };
	struct vz_err e = { 0 };
	int r;

	r = o->json && !o->fields ?
		    vl_all_fields(&cs, &e) :
		    vl_parse_fields(o->fields ? o->fields : DEFAULT_FIELDS, o->json, &cs, &e);
	v = cs.v;
	if (r < 0)
		return say_error(&e);
	if (geteuid()) {
		fprintf(stderr, "This program can only be run under root.\n");
		return EXIT_FAILURE;
	}
	if (vz_session_open(&session, &want, &e) < 0)
		return say_error(&e);
	r = list(o, &cs, &session.host);
	vz_session_close(&session);
	return r;
}

int main(int argc, char **argv)
{
	struct vz_context context;
	struct options o = { 0 };
	int c, r = 0;

	vz_process_stdio();
	vz_process_context(&context, "vzlist");
	while ((c = getopt_long(argc, argv, "aSnHtjo:1s:h:N:d:Le", long_options, NULL)) != -1) {
		if (c == '?')
			unknown_option(argv[optind - 1]);
		if (one_option(&o, c, &r))
			goto out;
	}
	r = read_ids(&o, argv + optind, argc - optind);
	if (!r)
		r = list_and_print(&o);
out:
	free(o.ids);
	return vz_process_end(r, EXIT_FAILURE);
}
