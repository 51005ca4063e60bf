// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vznetstat: how much each VPS sent and got, by class of network. Reads the command line, has the
 * numbers collected, shows them; the columns are Virtuozzo's.
 */
#include "base/context.h"
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "base/process.h"
#include "base/str.h"
#include "base/usage.h"
#include "ops/list.h"
#include "ops/session.h"
#include "ops/traffic.h"
#include "show/json.h"
#include "show/table.h"

#include <getopt.h>

struct options {
	bool all, reset, reload, json, drops, only4, only6, one_class;
	uint64_t class;
	unsigned *ids;
	size_t nids;
};

static const struct option long_options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "reset", no_argument, NULL, 'r' },
	{ "class", required_argument, NULL, 'c' },
	{ "json", no_argument, NULL, 'j' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "v4", no_argument, NULL, '4' },
	{ "v6", no_argument, NULL, '6' },
	{ "reload", no_argument, NULL, 'R' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"Usage: vznetstat [-a] [-c CLASS] [-4 | -6] [-v] [-j] [CTID|NAME ...]\n"
	"       vznetstat -r [-a | CTID|NAME ...]\n"
	"       vznetstat --reload\n"
	"\n"
	"  -a, --all          also containers that do not run\n"
	"  -c, --class CLASS  only this class of networks, 1 to 15\n"
	"  -4, --v4           only IPv4\n"
	"  -6, --v6           only IPv6\n"
	"  -v, --verbose      also what was dropped, and why\n"
	"  -j, --json         JSON instead of text\n"
	"  -r, --reset        begin to count anew\n"
	"      --reload       read the file of network classes again\n"
	"  -h, --help         this text\n"
	"      --version      the version\n";

static const struct title {
	const char *text;
	int width;
} traffic_titles[] = { { "VEID", 10 },         { "Net.Class", 10 },     { "Input(bytes)", 20 },
		       { "Input(pkts)", 14 }, { "Output(bytes)", 20 }, { "Output(pkts)", 14 }, { 0 } },
  drop_titles[] = { { "VEID", 10 }, { "Dropped", -14 }, { "Pkts", 14 }, { 0 } };

/* ---- text ---- */

static struct vz_traffic_way sum(const struct options *o, const struct vz_traffic *t, int class)
{
	struct vz_traffic_way w = { { 0 }, { 0 } };
	const struct vz_traffic_way *parts[] = { o->only6 ? NULL : &t->v4[class],
						 o->only4 ? NULL : &t->v6[class] };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (!parts[i])
			continue;
		w.in.bytes += parts[i]->in.bytes;
		w.in.packets += parts[i]->in.packets;
		w.out.bytes += parts[i]->out.bytes;
		w.out.packets += parts[i]->out.packets;
	}
	return w;
}

/* Class 1, which everything has that has no other, is always shown. */
static bool is_shown(const struct options *o, int class, const struct vz_traffic_way *w)
{
	if (o->one_class)
		return (uint64_t)class == o->class;
	return class == 1 || w->in.packets || w->out.packets;
}

static void put_classes(const struct options *o, const struct vz_traffic *t, struct vz_table *to)
{
	for (int class = 0; class < VZ_TRAFFIC_CLASSES; class++) {
		struct vz_traffic_way w = sum(o, t, class);

		if (!is_shown(o, class, &w))
			continue;
		vz_table_cellf(to, 10, "%u", t->ctid);
		vz_table_cellf(to, 10, "%d", class);
		vz_table_cellf(to, 20, "%llu", (unsigned long long)w.in.bytes);
		vz_table_cellf(to, 14, "%llu", (unsigned long long)w.in.packets);
		vz_table_cellf(to, 20, "%llu", (unsigned long long)w.out.bytes);
		vz_table_cellf(to, 14, "%llu", (unsigned long long)w.out.packets);
		vz_table_end_line(to);
	}
}

static void put_drops(const struct vz_traffic *t, struct vz_table *to)
{
	for (size_t i = 0; i < t->ndrops; i++) {
		if (!t->drops[i].packets)
			continue;
		vz_table_cellf(to, 10, "%u", t->ctid);
		vz_table_cell(to, t->drops[i].name, -14, false);
		vz_table_cellf(to, 14, "%llu", (unsigned long long)t->drops[i].packets);
		vz_table_end_line(to);
	}
}

static void put_titles(struct vz_table *to, const struct title *titles)
{
	for (; titles->text; titles++)
		vz_table_cell(to, titles->text, titles->width, false);
	vz_table_end_line(to);
}

/* ---- JSON ---- */

static void json_way(struct vz_json *j, const char *name, const struct vz_traffic_way *w)
{
	const struct {
		const char *key;
		uint64_t n;
	} members[] = { { "in_bytes", w->in.bytes },
			{ "in_packets", w->in.packets },
			{ "out_bytes", w->out.bytes },
			{ "out_packets", w->out.packets } };

	vz_json_key(j, name);
	vz_json_object(j, VZ_JSON_TIGHT);
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		vz_json_key(j, members[i].key);
		vz_json_number(j, members[i].n);
	}
	vz_json_end(j);
}

static void json_class(struct vz_json *j, const struct options *o, const struct vz_traffic *t, int class)
{
	struct vz_traffic_way w = sum(o, t, class);

	if (!is_shown(o, class, &w))
		return;
	vz_json_object(j, VZ_JSON_TIGHT);
	vz_json_key(j, "class");
	vz_json_number(j, (uint64_t)class);
	if (!o->only6)
		json_way(j, "v4", &t->v4[class]);
	if (!o->only4)
		json_way(j, "v6", &t->v6[class]);
	vz_json_end(j);
}

static void put_json(const struct options *o, const struct vz_traffic *t, struct vz_json *j)
{
	vz_json_object(j, VZ_JSON_TIGHT);
	vz_json_key(j, "ctid");
	vz_json_number(j, t->ctid);
	vz_json_key(j, "classes");
	vz_json_array(j, VZ_JSON_TIGHT);
	for (int class = 0; class < VZ_TRAFFIC_CLASSES; class++)
		json_class(j, o, t, class);
	vz_json_end(j);
	vz_json_key(j, "dropped");
	vz_json_object(j, VZ_JSON_TIGHT);
	for (size_t i = 0; i < t->ndrops; i++) {
		vz_json_key(j, t->drops[i].name);
		vz_json_number(j, t->drops[i].packets);
	}
	vz_json_end(j);
	vz_json_end(j);
}

/* ---- */

static int show_json(const struct options *o, struct vz_str *out, struct vz_err *e)
{
	struct vz_json j = { .out = out };
	struct vz_traffic t;

	vz_json_array(&j, o->nids ? VZ_JSON_LINES : VZ_JSON_TIGHT);
	for (size_t i = 0; i < o->nids; i++) {
		int r = vz_op_traffic(o->ids[i], &t, e);

		if (r < 0)
			return r;
		put_json(o, &t, &j);
	}
	vz_json_end(&j);
	return 0;
}

static int show_text(const struct options *o, struct vz_str *out, struct vz_err *e)
{
	struct vz_table to = { .out = out };
	struct vz_traffic t;

	put_titles(&to, traffic_titles);
	for (size_t i = 0; i < o->nids; i++) {
		int r = vz_op_traffic(o->ids[i], &t, e);

		if (r < 0)
			return r;
		put_classes(o, &t, &to);
	}
	if (!o->drops)
		return 0;
	put_titles(&to, drop_titles);
	for (size_t i = 0; i < o->nids; i++) {
		int r = vz_op_traffic(o->ids[i], &t, e);

		if (r < 0)
			return r;
		put_drops(&t, &to);
	}
	return 0;
}

/* What is known until something fails is shown. */
static int show(const struct options *o)
{
	struct vz_err e = { 0 };
	autostr out = { 0 };
	int r = o->json ? show_json(o, &out, &e) : show_text(o, &out, &e);

	(void)vz_show_put(&out, stdout);
	return r < 0 ? vz_log_err(&e) : 0;
}

static int reset(const struct options *o)
{
	struct vz_err e = { 0 };

	for (size_t i = 0; i < o->nids; i++)
		if (vz_op_traffic_reset(o->ids[i], &e) < 0)
			return vz_log_err(&e);
	return 0;
}

static int take_ids(struct options *o, char **argv, int argc)
{
	struct vz_err e = { 0 };

	if (!argc)
		return vz_op_traffic_ids(o->all, &o->ids, &o->nids, &e) < 0 ? vz_log_err(&e) : 0;
	o->ids = calloc((size_t)argc, sizeof(*o->ids));
	if (!o->ids) {
		(void)vz_oom(&e);
		return vz_log_err(&e);
	}
	for (; o->nids < (size_t)argc; o->nids++)
		if (vz_op_list_id(argv[o->nids], &o->ids[o->nids], &e) < 0)
			return vz_log_err(&e);
	return 0;
}

/* False when the command line cannot be understood, which is then said. */
static bool one_option(struct options *o, int c, const char *typed)
{
	switch (c) {
	case 'a':
		return o->all = true;
	case 'r':
		return o->reset = true;
	case 'R':
		return o->reload = true;
	case 'j':
		return o->json = true;
	case 'v':
		return o->drops = true;
	case '4':
		return o->only4 = true;
	case '6':
		return o->only6 = true;
	case 'c':
		o->one_class = !vz_num_u64(optarg, VZ_TRAFFIC_CLASSES - 1, &o->class) && o->class;
		if (!o->one_class)
			fprintf(stderr, "Invalid class: %s\n", optarg);
		return o->one_class;
	default: { /* getopt has named it */
		const char *near = vz_option_near(typed, long_options);

		if (near)
			fprintf(stderr, "Did you mean --%s?\n", near);
		return false;
	}
	}
}

/* What needs no numbers: help and version. */
static bool is_answered(int c)
{
	if (c == 'h')
		fputs(usage, stdout);
	else if (c == 'V')
		printf("vznetstat version %s\n", PACKAGE_VERSION);
	return c == 'h' || c == 'V';
}

static int run(struct options *o, char **argv, int argc)
{
	struct vz_err e = { 0 };
	int r;

	if (o->reload)
		return vz_op_traffic_reload(&e) < 0 ? vz_log_err(&e) : 0;
	r = take_ids(o, argv, argc);
	if (r)
		return r;
	return o->reset ? reset(o) : show(o);
}

static int vznetstat(int argc, char **argv)
{
	struct vz_session_want want = { .flags = VZ_SESSION_NO_VPS | VZ_SESSION_CONF_OPTIONAL };
	struct vz_session session = { 0 };
	struct options o = { 0 };
	struct vz_err e = { 0 };
	int c, r;

	while ((c = getopt_long(argc, argv, "arc:jv46h", long_options, NULL)) != -1) {
		if (is_answered(c))
			return 0;
		if (!one_option(&o, c, argv[optind - 1]))
			return VZ_INVALID_PARAMETER_SYNTAX;
	}
	if (o.only4 && o.only6)
		o.only4 = o.only6 = false;
	if (geteuid()) {
		fprintf(stderr, "This program can only be run under root.\n");
		return VZ_SYSTEM;
	}
	if (!o.reset && !o.reload)
		want.flags |= VZ_SESSION_NO_LOG;
	r = vz_session_open(&session, &want, &e) < 0 ? vz_log_err(&e) :
						       run(&o, argv + optind, argc - optind);
	vz_session_close(&session);
	free(o.ids);
	return r;
}

int main(int argc, char **argv)
{
	struct vz_context context;

	vz_process_stdio();
	vz_process_context(&context, "vznetstat");
	return vz_process_end(vznetstat(argc, argv), VZ_SYSTEM);
}
