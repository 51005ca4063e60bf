/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzlist's columns, their text and JSON forms, the order of rows: on made-up items, without root. */
#include "unit.h"
#include "base/num.h"
#include "base/own.h"
#include "vzlist/vzlist.h"

#include <json.h>

static const struct vz_counted uncounted = { VZ_UNCOUNTED, VZ_UNCOUNTED, VZ_UNCOUNTED };

#define ITEM(i, c)                                                                            \
	{                                                                                     \
		.id = (i), .status = VZ_LIST_STOPPED, .conf = (c),                            \
		.counts = { .numproc = uncounted, .physpages = uncounted,                     \
			    .swappages = uncounted, .oomguarpages = uncounted,                \
			    .kmemsize = uncounted, .shmpages = uncounted }                    \
	}

static struct vz_pstr str(const char *s)
{
	return (struct vz_pstr){ .set = true, .v = (char *)(uintptr_t)s };
}

static char *row(const char *fields, const struct vz_list_item *it, bool trim)
{
	struct vl_columns cs = { 0 };
	autofree struct vl_column *v = NULL;
	autostr out = { 0 };
	struct vz_err e;

	if (vl_parse_fields(fields, false, &cs, &e) < 0)
		return strdup(e.msg);
	v = cs.v;
	vl_text_row(&cs, it, trim, &out);
	return vz_str_take(&out);
}

static char *header(const char *fields)
{
	struct vl_columns cs = { 0 };
	autofree struct vl_column *v = NULL;
	autostr out = { 0 };
	struct vz_err e;

	if (vl_parse_fields(fields, false, &cs, &e) < 0)
		return strdup(e.msg);
	v = cs.v;
	vl_text_header(&cs, &out);
	return vz_str_take(&out);
}

static char *json(const char *fields, struct vz_list_item *it)
{
	struct vl_columns cs = { 0 };
	autofree struct vl_column *v = NULL;
	struct vz_list l = { .items = it, .n = 1 };
	autostr out = { 0 };
	struct vz_err e;

	if (vl_parse_fields(fields, true, &cs, &e) < 0)
		return strdup(e.msg);
	v = cs.v;
	vl_json(&cs, &l, &out);
	return vz_str_take(&out);
}

/* Every row has a getter, a title no wider than its column, a sentence; no name comes twice. */
static void test_table(void)
{
	for (size_t i = 0; i < vl_nrows; i++) {
		const struct vl_row *r = &vl_rows[i];
		struct vl_column c = vl_column_of(r, 0);
		const char *text = r->text ? r->text : c.param ? c.param->text : NULL;

		CHECK(r->get);
		CHECK(r->title || c.param);
		if (!r->title && !c.param) {
			printf("%s: no parameter has this column\n", r->field);
			continue;
		}
		for (; c.part < vl_nparts(r); c.part++) {
			char name[64], title[64];
			struct vl_column found;

			vl_name(&c, name, sizeof(name));
			vl_title(&c, title, sizeof(title));
			CHECK(vl_find(name, &found) && found.row == r && found.part == c.part);
			CHECK((int)strlen(title) <= abs(vl_width(&c)));
		}
		CHECK(text && *text && text[strlen(text) - 1] == '.');
	}
}

/* A parameter that says it has a column is really in the list. */
static void test_params_have_rows(void)
{
	for (size_t i = 0; i < vz_nparams; i++) {
		struct vl_column c;

		if (!vz_params[i].col.field)
			continue;
		if (!vl_find(vz_params[i].col.field, &c))
			printf("%s: in no row\n", vz_params[i].col.field);
		CHECK(vl_find(vz_params[i].col.field, &c));
	}
}

static void test_fields(void)
{
	struct vl_columns cs = { 0 };
	struct vz_err e = { 0 };

	CHECK_INT(vl_parse_fields("ctid,numproc.b,ip,", false, &cs, &e), 0);
	CHECK_INT(cs.n, 3);
	CHECK_INT(cs.v[1].part, 2);
	free(cs.v);
	CHECK(vl_parse_fields("ctid,nonsense", false, &cs, &e) < 0);
	CHECK_STR(e.msg, "Unknown field: nonsense");
	CHECK(vl_parse_fields("ctid,,ip", false, &cs, &e) < 0);
	CHECK_STR(e.msg, "Unknown field: ");
	CHECK(vl_parse_fields("", false, &cs, &e) < 0);
	CHECK(vl_parse_fields("ctid.b", false, &cs, &e) < 0);
	CHECK(vl_parse_fields("numproc.x", false, &cs, &e) < 0);
	CHECK(vl_parse_fields("a23456789012345678901234567890123,b", false, &cs, &e) < 0);
	CHECK_STR(e.msg, "Invalid field: a23456789012345678901234567890123,b");
	CHECK(vl_parse_fields("numproc.l", true, &cs, &e) < 0);
	CHECK_STR(e.msg, "Field `numproc.l' is not available in JSON output");
}

static void test_text(void)
{
	char ip[] = "10.0.0.1/24", ip6[] = "2001:db8::1", *ips[] = { ip, ip6 };
	char admin[] = "NET_ADMIN:on", time[] = "SYS_TIME:off", *caps[] = { admin, time };
	struct vz_conf c = { 0 };
	struct vz_list_item it = ITEM(101, &c);

	CHECK_TEXT(header("ctid,numproc,status,ip,hostname"),
		   "      CTID      NPROC STATUS    IP_ADDR         HOSTNAME\n");
	CHECK_TEXT(row("ctid,numproc,status,ip,hostname", &it, true),
		   "       101          - stopped   -               -\n");
	CHECK_TEXT(header("origin_sample,uptime"),
		   "                   ORIGIN_SAMPLE          UPTIME\n");
	CHECK_TEXT(header("physpages.l,diskspace.h"), "   PHYSP.L   DSPACE.H\n");
	c.ip_address = (struct vz_plist){ true, ips, 2 };
	c.capability = (struct vz_plist){ true, caps, 2 };
	c.hostname = str("a-host-name-that-is-much-longer-than-its-column");
	CHECK_TEXT(row("ip,hostname,ctid", &it, true),
		   "10.0.0.1/24     a-host-name-that-is-much-longer-        101\n");
	CHECK_TEXT(row("hostname,ip", &it, false),
		   "a-host-name-that-is-much-longer-than-its-column 10.0.0.1/24 2001:db8::1\n");
	CHECK_TEXT(row("ip", &it, true), "10.0.0.1/24 2001:db8::1\n");
	it.status = VZ_LIST_RUNNING;
	CHECK_TEXT(row("ip", &it, true), "-\n"); /* what is in force counts */
	it.ip = (struct vz_plist){ true, &ips[1], 1 };
	CHECK_TEXT(row("ip", &it, true), "2001:db8::1\n");
	CHECK_TEXT(row("capability,ctid", &it, true), "net_admin:on,sy        101\n");
	CHECK_TEXT(row("capability", &it, true), "net_admin:on,sys_time:off\n");
	it.uptime_ms = ((2 * 24 + 3) * 3600 + 4 * 60 + 5) * 1000 + 999;
	CHECK_TEXT(row("uptime", &it, true), "002d03h:04m:05s\n");
	CHECK_TEXT(row("netfilter", &it, true), "(null)\n");
	CHECK_TEXT(row("layout,vswap,disabled,onboot", &it, true), "???        no     no      -\n");
	it.name = "quite-a-long-name";
	CHECK_TEXT(row("smart_name,ctid", &it, true), "quite-a-lo        101\n");
	CHECK_TEXT(row("smart_name", &it, true), "quite-a-long-name\n");
	it.name = "web";
	CHECK_TEXT(row("smart_name,ctid", &it, true), "       web        101\n");
}

static void test_untrusted(void)
{
	struct vz_conf c = { 0 };
	struct vz_list_item it = ITEM(7, &c);

	c.description = str("a\033[2Jb\x7f\xc2\x9b" "c\xff\t\"\\/");
	CHECK_TEXT(row("description", &it, true), "a?[2Jb??c??\"\\/\n");
	CHECK_TEXT(json("description", &it),
		   "[\n  {\n    \"description\": \"a\\u001b[2Jb\x7f\xc2\x9b" "c\xef\xbf\xbd\\t"
		   "\\\"\\\\/\"\n  }\n]\n");
	/* columns count characters, and none is cut in two */
	c.description = str("äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöü");
	CHECK_TEXT(row("description,ctid", &it, true),
		   "äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäö          7\n");
	c.description = str("\xe2\x82"); /* cut off by someone else */
	CHECK_TEXT(row("description,ctid", &it, true), "??                                        7\n");
}

static void test_counters(void)
{
	struct vz_conf c = { 0 };
	struct vz_list_item it = ITEM(101, &c);

	CHECK_TEXT(row("numproc,numproc.m,numproc.b,numproc.l,numproc.f", &it, true),
		   "         -          -          -          -          -\n");
	/* an object of numbers, as ever: clients index it without a look */
	CHECK_TEXT(json("kmemsize,diskspace", &it),
		   "[\n  {\n    \"kmemsize\": {\n      \"held\": 0,\n      \"maxheld\": 0,\n"
		   "      \"barrier\": 0,\n      \"limit\": 0,\n      \"failcnt\": 0\n    },\n"
		   "    \"diskspace\": null\n  }\n]\n");
	c.numproc = (struct vz_ppair){ true, 240, VZ_UNLIMITED };
	CHECK_TEXT(row("numproc,numproc.b,numproc.l", &it, true),
		   "         -        240 9223372036854775807\n");
	it.status = VZ_LIST_RUNNING;
	it.counts.numproc = (struct vz_counted){ 12, 14, VZ_UNCOUNTED };
	CHECK_TEXT(row("numproc,numproc.m,numproc.f", &it, true),
		   "        12         14          -\n");
	it.counts.numproc = (struct vz_counted){ 12, 12, 0 };
	CHECK_TEXT(json("numproc", &it),
		   "[\n  {\n    \"numproc\": {\n      \"held\": 12,\n      \"maxheld\": 12,\n"
		   "      \"barrier\": 240,\n      \"limit\": 9223372036854775807,\n"
		   "      \"failcnt\": 0\n    }\n  }\n]\n");
	/* what nobody limits is unlimited while it runs, counted or not */
	c.numproc.set = false;
	CHECK_TEXT(row("numproc.l,kmemsize,kmemsize.b", &it, true),
		   "9223372036854775807          - 9223372036854775807\n");
	c.diskspace = (struct vz_ppair){ true, 100, 200 };
	CHECK_TEXT(row("diskspace,diskspace.s,diskspace.h", &it, true),
		   "         -        100        200\n");
	c.cpulimit = (struct vz_pu64){ true, 50 };
	it.status = VZ_LIST_STOPPED;
	CHECK_TEXT(row("cpulimit,cpuunits,cpus,ioprio,iolimit,iopslimit", &it, true),
		   "     50    1000     -   -          -    -\n");
	c.physpages = (struct vz_ppair){ true, 0, 65536 };
	CHECK_TEXT(row("vswap", &it, true), "  yes\n");
	c.physpages.lim = INT32_MAX;
	CHECK_TEXT(row("vswap", &it, true), "   no\n");
}

static size_t count_not_dear(void)
{
	size_t n = 0;

	for (size_t i = 0; i < vl_nrows; i++)
		n += !(vl_rows[i].flags & VL_DEAR);
	return n;
}

/* Every field at once, but those that must be asked for, is one JSON text, whatever is unset. */
static void test_json_all(void)
{
	char nfs[] = "nfs:on", sit[] = "sit:off", *features[] = { nfs, sit };
	struct vz_conf c = { 0 };
	struct vz_list_item it = ITEM(101, &c);
	struct vz_list l = { .items = &it, .n = 1 };
	autofree struct vl_column *v = NULL;
	struct json_object *all, *one, *f;
	struct vl_columns cs = { 0 };
	autostr out = { 0 };

	c.features = (struct vz_plist){ true, features, 2 };
	c.hostname = str("with \"quotes\"");
	CHECK_INT(vl_all_fields(&cs, NULL), 0);
	v = cs.v;
	CHECK_INT(cs.n, count_not_dear());
	vl_json(&cs, &l, &out);
	all = json_tokener_parse(out.s);
	CHECK(all && json_object_array_length(all) == 1);
	one = json_object_array_get_idx(all, 0);
	CHECK_INT(json_object_object_length(one), (int)cs.n);
	CHECK(json_object_object_get_ex(one, "hostname", &f));
	CHECK_STR(json_object_get_string(f), "with \"quotes\"");
	CHECK(json_object_object_get_ex(one, "smart_name", &f));
	CHECK(json_object_is_type(f, json_type_int));
	CHECK(json_object_object_get_ex(one, "features", &f));
	CHECK_INT(json_object_object_length(f), 2);
	CHECK(json_object_object_get_ex(one, "vm_overcommit", &f));
	CHECK(json_object_is_type(f, json_type_int));
	json_object_put(all);
	vz_str_free(&out);
	l.n = 0;
	vl_json(&cs, &l, &out);
	CHECK_STR(out.s, "[\n]\n");
}

/* The ids in the order that -s gives them. */
static char *order(const struct vz_list_item *items, size_t n, const char *by)
{
	struct vz_list_item copy[8];
	struct vz_list l = { .items = copy, .n = n };
	struct vl_column c;
	autostr out = { 0 };

	memcpy(copy, items, n * sizeof(*items));
	if (!vl_find(by + (*by == '-'), &c) || vl_sort(&l, &c, *by == '-', NULL) < 0)
		return strdup("?");
	for (size_t i = 0; i < n; i++)
		vz_str_addf(&out, "%u ", copy[i].id);
	return vz_str_take(&out);
}

static void test_sort(void)
{
	struct vz_conf c[4] = { 0 };
	struct vz_list_item it[4] = { ITEM(1, &c[0]), ITEM(2, &c[1]), ITEM(3, &c[2]),
				      ITEM(4, &c[3]) };

	CHECK_TEXT(order(it, 4, "hostname"), "1 2 3 4 ");
	c[0].hostname = str("b");
	c[2].hostname = str("a");
	CHECK_TEXT(order(it, 4, "hostname"), "2 4 3 1 ");
	CHECK_TEXT(order(it, 4, "-hostname"), "1 3 4 2 ");
	/* barrier by barrier and limit by limit, unlike the legacy tool */
	c[0].numproc = (struct vz_ppair){ true, 5, 50 };
	c[1].numproc = (struct vz_ppair){ true, 6, 40 };
	CHECK_TEXT(order(it, 2, "numproc.b"), "1 2 ");
	CHECK_TEXT(order(it, 2, "numproc.l"), "2 1 ");
	/* unset first, then ascending, ties by descending id */
	c[1].bootorder = c[2].bootorder = (struct vz_pu64){ true, 7 };
	c[0].bootorder = (struct vz_pu64){ true, 9 };
	CHECK_TEXT(order(it, 4, "bootorder"), "4 3 2 1 ");
	CHECK_TEXT(order(it, 4, "-bootorder"), "1 2 3 4 ");
	c[0].bootorder.v = 3;
	CHECK_TEXT(order(it, 4, "-bootorder"), "2 3 1 4 ");
	/* longest first */
	it[1].status = it[3].status = VZ_LIST_RUNNING;
	it[1].uptime_ms = 10;
	it[3].uptime_ms = 20;
	CHECK_TEXT(order(it, 4, "uptime"), "1 3 4 2 ");
	CHECK_TEXT(order(it, 4, "status"), "2 4 1 3 ");
	/* not sorted by */
	c[0].onboot = (struct vz_pbool){ true, true };
	CHECK_TEXT(order(it, 4, "onboot"), "1 2 3 4 ");
	it[0].name = "zz";
	it[2].name = "aa";
	CHECK_TEXT(order(it, 4, "smart_name"), "2 4 3 1 ");
}

static void test_filter(void)
{
	struct vz_conf c[3] = { 0 };
	struct vz_list_item it[3] = { ITEM(1, &c[0]), ITEM(2, &c[1]), ITEM(3, &c[2]) };
	struct vz_list l = { .items = it, .n = 3 };

	c[0].hostname = str("web1.example.com");
	c[1].hostname = str("db.example.com");
	vl_apply_filter(&(struct vl_filter){ .hostname = "*" }, &l);
	CHECK_INT(l.n, 2);
	vl_apply_filter(&(struct vl_filter){ .hostname = "web[0-9].*" }, &l);
	CHECK_INT(l.n, 1);
	CHECK_INT(l.items[0].id, 1);
	vl_apply_filter(&(struct vl_filter){ .description = "*" }, &l);
	CHECK_INT(l.n, 0);
}

int main(void)
{
	test_table();
	if (failures)
		return done(); /* the rest would run into the same hole */
	test_params_have_rows();
	test_fields();
	test_text();
	test_untrusted();
	test_counters();
	test_json_all();
	test_sort();
	test_filter();
	return done();
}
