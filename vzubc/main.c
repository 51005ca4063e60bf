// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vzubc: the beancounters of running VPSes as tables for people. Reads the command line, has the numbers
 * collected, shows them. Its options are those of the legacy tool, a word each: "-qh 0.5".
 */
#include "base/context.h"
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "base/process.h"
#include "base/str.h"
#include "base/usage.h"
#include "ops/bc.h"
#include "ops/list.h"
#include "ops/session.h"
#include "show/table.h"
#include "vzubc/ubctable.h"

#include <errno.h>
#include <getopt.h>
#include <unistd.h>

static const char usage[] =
	"Usage: vzubc [OPTION ...] [CTID|NAME ...]\n"
	"\n"
	"  -w, --watch        again and again, by watch(1), until Ctrl-C\n"
	"      -wd            with differences marked\n"
	"      -wt            without a title\n"
	"      -wn SECONDS    every so many seconds\n"
	"  -q, --quiet        only what failed or is near its limit:\n"
	"      -qh RATIO      held, of the barrier (default 0.5)\n"
	"      -qm RATIO      the most that was held (default 0.8)\n"
	"  -v, --verbose      also what is unlimited\n"
	"  -r, --relative     failures since the last look\n"
	"      -rc            forget them\n"
	"      -rd DIR        where the last look is kept (default /tmp/vzubc.store)\n"
	"  -i, --incremental  also how much more is held than at the last look\n"
	"      -ic            forget it\n"
	"      -id DIR        the same as -rd\n"
	"  -c, --color        in colors, with the ratios of --quiet; not with --watch\n"
	"  -f, --file FILE    from a file like /proc/user_beancounters; - is stdin\n"
	"  -h, --help         this text\n"
	"      --version      the version\n";

/* For vz_option_near() only: getopt(3) has no options of two letters. */
static const struct option long_options[] = {
	{ "watch", no_argument, NULL, 0 },	 { "quiet", no_argument, NULL, 0 },
	{ "verbose", no_argument, NULL, 0 },	 { "relative", no_argument, NULL, 0 },
	{ "incremental", no_argument, NULL, 0 }, { "color", no_argument, NULL, 0 },
	{ "file", required_argument, NULL, 0 },	 { "help", no_argument, NULL, 0 },
	{ "version", no_argument, NULL, 0 },	 { NULL, 0, NULL, 0 },
};

struct options {
	struct vu_report report;
	bool watch, ratios, clear_failcnt, clear_held;
	bool differences, no_title;
	const char *seconds, *dir, *file;
	char **names; /* of VPSes; the caller's argv */
	size_t nnames;
	unsigned *ids;
	size_t nids;
};

/* A sentence, and what it is about; "" for nothing. */
static int bad_usage(const char *sentence, const char *what)
{
	fprintf(stderr, "Error: %s%s\n", sentence, what);
	return EXIT_FAILURE;
}

/* Options without a value: true if it is one. */
static bool take_switch(struct options *o, const char *word)
{
	const struct {
		const char *word, *name;
		bool *is;
	} switches[] = {
		{ "-w", "--watch", &o->watch },
		{ "-q", "--quiet", &o->report.quiet },
		{ "-v", "--verbose", &o->report.verbose },
		{ "-r", "--relative", &o->report.relative },
		{ "-rc", NULL, &o->clear_failcnt },
		{ "-i", "--incremental", &o->report.incremental },
		{ "-ic", NULL, &o->clear_held },
		{ "-c", "--color", &o->report.color },
		{ "-wd", NULL, &o->differences },
		{ "-wt", NULL, &o->no_title },
	};

	for (size_t i = 0; i < ARRAY_LEN(switches); i++)
		if (!strcmp(word, switches[i].word) || vz_str_eq(word, switches[i].name)) {
			o->watch |= !strncmp(switches[i].word, "-w", 2);
			return *switches[i].is = true;
		}
	return false;
}

/* Options with one. 1: it is; 0: it is none; -errno: it is, and its value is bad. */
static int take_valued(struct options *o, const char *word, const char *value)
{
	if (!strcmp(word, "-f") || !strcmp(word, "--file"))
		o->file = value;
	else if (!strcmp(word, "-rd") || !strcmp(word, "-id"))
		o->dir = value;
	else if (!strcmp(word, "-wn"))
		o->watch = (o->seconds = value) != NULL;
	else if (!strcmp(word, "-qh") || !strcmp(word, "-qm"))
		o->ratios = true;
	else
		return 0;
	if (!value || !*value)
		return -ENODATA;
	if (word[1] != 'q')
		return 1;
	return vu_share(value, word[2] == 'h' ? &o->report.held_share : &o->report.maxheld_share) < 0 ? -EINVAL : 1;
}

static int unknown_option(const char *word)
{
	const char *near = vz_option_near(word, long_options);

	(void)bad_usage("unrecognized option: ", word);
	if (near)
		fprintf(stderr, "Did you mean --%s?\n", near);
	return EXIT_FAILURE;
}

/* What contradicts itself. */
static int check_options(const struct options *o)
{
	if (o->watch && o->report.color)
		return bad_usage("can't use --watch and --color together", "");
	if (o->ratios && !o->report.color && !o->report.quiet)
		return bad_usage("-qh and -qm only make sense with --quiet or --color", "");
	if (o->report.quiet && o->report.verbose)
		return bad_usage("options --quiet and --verbose can't be used together", "");
	return 0;
}

static int take_options(struct options *o, char **argv)
{
	for (int r; *argv; argv++) {
		if (**argv != '-' || !strcmp(*argv, "-")) {
			o->names[o->nnames++] = *argv;
			continue;
		}
		if (take_switch(o, *argv))
			continue;
		r = take_valued(o, *argv, argv[1]);
		if (!r)
			return unknown_option(*argv);
		if (r == -ENODATA) {
			fprintf(stderr, "Error: option %s requires an argument\n", *argv);
			return EXIT_FAILURE;
		}
		if (r < 0)
			return bad_usage("bad ratio: ", argv[1]);
		argv++;
	}
	if (o->report.held_share > o->report.maxheld_share) /* what is held is among the most that was */
		o->report.held_share = o->report.maxheld_share;
	return check_options(o);
}

/* ---- -w ---- */

/* Runs watch(1) on the same command line without what is watch's; returns only when it cannot. */
static int watch(const struct options *o, char **argv, int argc)
{
	autofree const char **args = calloc((size_t)argc + 10, sizeof(*args));
	size_t n = 0;

	if (!args)
		return bad_usage("out of memory", "");
	args[n++] = "watch";
	if (o->differences)
		args[n++] = "-d";
	if (o->no_title)
		args[n++] = "-t";
	if (o->seconds) {
		args[n++] = "-n";
		args[n++] = o->seconds;
	}
	args[n++] = "-x"; /* no shell */
	args[n++] = "--";
	args[n++] = argv[0];
	for (char **a = argv + 1; *a; a++) {
		bool for_watch = !strncmp(*a, "-w", 2) || !strcmp(*a, "--watch");

		if (!for_watch)
			args[n++] = *a;
		else if (!strcmp(*a, "-wn"))
			a++;
	}
	execvp("watch", (char *const *)(uintptr_t)args);
	fprintf(stderr, "Error: cannot run watch: %m\n");
	return EXIT_FAILURE;
}

/* ---- ---- */

static int say(const struct vz_err *e)
{
	fprintf(stderr, "Error: %s\n", e->msg);
	return EXIT_FAILURE;
}

/* A number need not be of this host: the file may come from another one. */
static int find_ids(struct options *o)
{
	struct vz_err e = { 0 };
	uint32_t id;

	for (size_t i = 0; i < o->nnames; i++) {
		int r = vz_num_u32(o->names[i], INT32_MAX, &id);

		if (r < 0)
			r = vz_op_list_id(o->names[i], &id, &e);
		if (r < 0)
			return say(&e);
		o->ids[o->nids++] = id;
	}
	return 0;
}

static bool is_asked_for(const struct options *o, unsigned id)
{
	for (size_t i = 0; i < o->nids; i++)
		if (o->ids[i] == id)
			return true;
	return !o->nids;
}

/* -rd, -rc and -ic. */
static int open_store(struct options *o, struct vz_err *e)
{
	int r;

	if (!o->report.relative && !o->report.incremental && !o->clear_failcnt && !o->clear_held)
		return 0;
	r = vz_bc_store_open(o->dir ? o->dir : "/tmp/vzubc.store", e);
	if (r < 0)
		return r;
	o->report.store = r;
	if (o->clear_failcnt)
		r = vz_bc_store_clear(o->report.store, VZ_BC_FAILCNT, e);
	if (r >= 0 && o->clear_held)
		r = vz_bc_store_clear(o->report.store, VZ_BC_HELD, e);
	return r;
}

static int read_beancounters(const struct options *o, struct vz_bcs *ret, struct vz_err *e)
{
	const struct vz_session_want want = { .flags = VZ_SESSION_NO_VPS | VZ_SESSION_NO_LOG };
	struct vz_session session = { 0 };
	int r;

	if (o->file)
		return vz_bc_load(o->file, ret, e);
	r = vz_session_open(&session, &want, e);
	if (r >= 0)
		r = vz_bc_read(&session.host, ret, e);
	vz_session_close(&session);
	return r;
}

static int show_tables(struct options *o)
{
	struct vz_err e = { 0 };
	autostr out = { 0 };
	autobcs b = { 0 };
	int r = open_store(o, &e);

	if (r >= 0)
		r = read_beancounters(o, &b, &e);
	for (size_t i = 0; r >= 0 && i < b.n; i++)
		if (is_asked_for(o, b.v[i].id) || b.v[i].unnamed)
			r = vu_add(&o->report, &b.v[i], &out, &e);
	vu_end(&o->report, &out);
	(void)vz_show_put(&out, stdout);
	return r < 0 ? say(&e) : EXIT_SUCCESS;
}

static int vzubc(struct options *o, char **argv, int argc)
{
	int r;

	for (int i = 1; i < argc; i++) {
		if (vz_is_help(argv[i]))
			return fputs(usage, stdout) < 0;
		if (!strcmp(argv[i], "--version"))
			return printf("vzubc version %s\n", PACKAGE_VERSION) < 0;
	}
	r = take_options(o, argv + 1);
	if (r)
		return r;
	if (geteuid() && !o->file) {
		fprintf(stderr, "This program can only be run under root.\n");
		return EXIT_FAILURE;
	}
	if (o->watch)
		return watch(o, argv, argc);
	r = find_ids(o);
	return r ? r : show_tables(o);
}

int main(int argc, char **argv)
{
	struct options o = { .report = { .store = -EBADF, .held_share = VU_WHOLE / 2, .maxheld_share = VU_WHOLE / 10 * 8 } };
	struct vz_context context;
	int r = EXIT_FAILURE;

	vz_process_stdio();
	vz_process_context(&context, "vzubc");
	o.names = calloc((size_t)argc + 1, sizeof(*o.names));
	o.ids = calloc((size_t)argc + 1, sizeof(*o.ids));
	if (o.names && o.ids)
		r = vzubc(&o, argv, argc);
	else
		fprintf(stderr, "Error: out of memory\n");
	vz_closep(&o.report.store);
	free(o.names);
	free(o.ids);
	return vz_process_end(r, EXIT_FAILURE);
}
