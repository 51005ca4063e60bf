/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The writers of tables and of JSON: widths, cuts, layouts, and whatever bytes a stranger has put in. */
#include "unit.h"
#include "base/own.h"
#include "show/json.h"
#include "show/table.h"

#include <json.h>

static char *cell(const char *text, int width, bool cut)
{
	autostr out = { 0 };
	struct vz_table t = { .out = &out, .keep_blanks = true };

	vz_table_cell(&t, text, width, cut);
	vz_table_end_line(&t);
	return vz_str_take(&out);
}

static void test_cells(void)
{
	CHECK_TEXT(cell("ab", 5, false), "   ab\n");
	CHECK_TEXT(cell("ab", -5, false), "ab   \n");
	CHECK_TEXT(cell("ab", 0, false), "ab\n");
	CHECK_TEXT(cell("", 3, false), "   \n");
	CHECK_TEXT(cell("", 0, true), "\n");
	CHECK_TEXT(cell("abcdef", 3, false), "abcdef\n");
	CHECK_TEXT(cell("abcdef", 3, true), "abc\n");
	CHECK_TEXT(cell("abcdef", -3, true), "abc\n");
	CHECK_TEXT(cell("abcdef", 0, true), "\n");
	/* characters, none of them cut in two */
	CHECK_TEXT(cell("äöü", 5, false), "  äöü\n");
	CHECK_TEXT(cell("äöü", -2, true), "äö\n");
	CHECK_TEXT(cell("\xf0\x9f\x90\xa7" "b", 1, true), "\xf0\x9f\x90\xa7\n");
}

static void test_lines(void)
{
	autostr out = { 0 };
	struct vz_table t = { .out = &out };

	vz_table_end_line(&t);
	vz_table_cell(&t, "a", -4, false);
	vz_table_cellf(&t, 4, "%d", 7);
	vz_table_cell(&t, "b", -4, false);
	vz_table_end_line(&t);
	vz_table_cell(&t, "", -4, false);
	vz_table_cell(&t, "", 4, false);
	vz_table_end_line(&t);
	vz_table_cell(&t, "next", 0, false);
	vz_table_end_line(&t);
	CHECK_STR(out.s, "\na       7 b\n\nnext\n");
}

static void test_put(void)
{
	autostr out = { 0 };
	char text[16] = "";
	FILE *f = fmemopen(text, sizeof(text), "w"), *full = fopen("/dev/full", "w");

	CHECK_INT(vz_show_put(&out, f), 0);
	vz_str_add(&out, "line\n");
	CHECK_INT(vz_show_put(&out, f), 0);
	CHECK_INT(out.len, 0);
	fflush(f);
	CHECK_STR(text, "line\n");
	vz_str_add(&out, "half");
	out.failed = true;
	CHECK_INT(vz_show_put(&out, f), -ENOMEM);
	fclose(f);
	CHECK_STR(text, "line\n");
	setvbuf(full, NULL, _IONBF, 0);
	vz_str_add(&out, "line\n");
	CHECK_INT(vz_show_put(&out, full), -ENOSPC);
	fclose(full);
}

static char *layout(enum vz_json_layout l, bool empty)
{
	autostr out = { 0 };
	struct vz_json j = { .out = &out };

	vz_json_array(&j, l);
	vz_json_object(&j, l);
	if (!empty) {
		vz_json_key(&j, "a");
		vz_json_number(&j, UINT64_MAX);
		vz_json_key(&j, "b");
		vz_json_array(&j, VZ_JSON_TIGHT);
		vz_json_text(&j, "x");
		vz_json_text(&j, NULL);
		vz_json_bool(&j, true);
		vz_json_end(&j);
		vz_json_key(&j, "c");
		vz_json_literal(&j, "0.000");
	}
	vz_json_end(&j);
	vz_json_end(&j);
	return vz_str_take(&out);
}

static void test_layouts(void)
{
	CHECK_TEXT(layout(VZ_JSON_TIGHT, false),
		   "[{\"a\": 18446744073709551615, \"b\": [\"x\", null, true], \"c\": 0.000}]\n");
	CHECK_TEXT(layout(VZ_JSON_SPACED, false),
		   "[ { \"a\": 18446744073709551615, \"b\": [\"x\", null, true], \"c\": 0.000 } ]\n");
	CHECK_TEXT(layout(VZ_JSON_LINES, false),
		   "[\n  {\n    \"a\": 18446744073709551615,\n    \"b\": [\"x\", null, true],\n"
		   "    \"c\": 0.000\n  }\n]\n");
	CHECK_TEXT(layout(VZ_JSON_TIGHT, true), "[{}]\n");
	CHECK_TEXT(layout(VZ_JSON_SPACED, true), "[ { } ]\n");
	CHECK_TEXT(layout(VZ_JSON_LINES, true), "[\n  {\n  }\n]\n");
}

static char *as_json(const char *text)
{
	autostr out = { 0 };
	struct vz_json j = { .out = &out };

	vz_json_object(&j, VZ_JSON_TIGHT);
	vz_json_key(&j, text);
	vz_json_text(&j, text);
	vz_json_end(&j);
	return vz_str_take(&out);
}

/* Another parser reads the same text again, as a key and as a value. */
static void check_survives(const char *text, const char *want)
{
	autofree char *written = as_json(text);
	struct json_tokener *strict = json_tokener_new();
	struct json_object *o, *v;

	json_tokener_set_flags(strict, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(strict, written, -1);
	CHECK(o && json_object_object_length(o) == 1);
	CHECK(o && json_object_object_get_ex(o, want, &v));
	if (o && json_object_object_get_ex(o, want, &v))
		CHECK_STR(json_object_get_string(v), want);
	json_object_put(o);
	json_tokener_free(strict);
}

static void test_hostile_bytes(void)
{
	for (int c = 1; c < 128; c++) {
		const char text[] = { 'a', (char)c, 'b', (char)c, 0 };

		check_survives(text, text);
	}
	for (int c = 128; c < 256; c++) { /* alone, none of them is UTF-8 */
		const char text[] = { 'a', (char)c, 0 };

		check_survives(text, "a\xef\xbf\xbd");
	}
	check_survives("", "");
	check_survives("\xc2\x9b[2J ü € \xf0\x9f\x90\xa7", "\xc2\x9b[2J ü € \xf0\x9f\x90\xa7");
	check_survives("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* a surrogate */
	check_survives("\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd");
	CHECK_TEXT(as_json("\x1b\"\\/\b\f\n\r\t"),
		   "{\"\\u001b\\\"\\\\/\\b\\f\\n\\r\\t\": \"\\u001b\\\"\\\\/\\b\\f\\n\\r\\t\"}\n");
}

/* It is the caller's mistake; no byte is written where there is no room. */
static void test_too_deep(void)
{
	autostr out = { 0 };
	struct vz_json j = { .out = &out };

	for (int i = 0; i < VZ_JSON_DEPTH; i++)
		vz_json_array(&j, VZ_JSON_TIGHT);
	CHECK(!out.failed);
	vz_json_array(&j, VZ_JSON_TIGHT);
	vz_json_number(&j, 1);
	for (int i = 0; i <= VZ_JSON_DEPTH; i++)
		vz_json_end(&j);
	CHECK(out.failed);
	CHECK_INT(j.depth, 0);
}

int main(void)
{
	test_cells();
	test_lines();
	test_put();
	test_layouts();
	test_hostile_bytes();
	test_too_deep();
	return done();
}
