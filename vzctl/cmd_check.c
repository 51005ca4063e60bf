// SPDX-License-Identifier: GPL-2.0-or-later
/* check: its rows as text or JSON; what is tried is ops/check.h. */
#include "vzctl/vzctl.h"

#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "ct/once.h"
#include "ops/check.h"

#define TEXT_INDENT 10

struct show {
	bool json;
	unsigned n[VZ_CHECK_MISSING + 1];
};

static void put_text(const struct vz_check *row)
{
	printf("%-*s%s%s%s\n", TEXT_INDENT, vz_check_word(row->verdict), row->name,
	       *row->found ? ": " : "", row->found);
	if (row->verdict == VZ_CHECK_OK)
		return;
	printf("%*sneeded for %s\n", TEXT_INDENT, "", row->use);
	printf("%*sremedy: %s\n", TEXT_INDENT, "", row->remedy);
}

static void put_string(const char *key, const char *s)
{
	printf("\"%s\": \"", key);
	for (; *s; s++) /* no control character is in it */
		printf(*s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
	putchar('"');
}

static void put_json(const struct vz_check *row, bool first)
{
	printf("%s\n  { ", first ? "" : ",");
	put_string("name", row->name);
	printf(", \"needed\": %s, ", row->needed ? "true" : "false");
	put_string("verdict", vz_check_word(row->verdict));
	printf(", ");
	put_string("found", row->found);
	printf(", ");
	put_string("use", row->use);
	printf(", ");
	put_string("remedy", row->remedy);
	printf(" }");
}

static void put_said(const char *text, void *arg)
{
	bool *any = arg;

	printf("%s  %s\n", *any ? "" : "said by commands since this host was booted:\n", text);
	*any = true;
}

static void put_row(const struct vz_check *row, void *arg)
{
	struct show *s = arg;

	if (s->json)
		put_json(row, !(s->n[0] + s->n[1] + s->n[2]));
	else
		put_text(row);
	s->n[row->verdict]++;
}

int run_check(struct vz_ct *ct, int argc, char **argv, struct vz_err *e)
{
	struct show s = { 0 };
	bool said = false;
	int r;

	(void)ct;
	if (argc > 1 && (argc > 2 || strcmp(argv[1], "--json")))
		return finish(vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Invalid options: %s",
				      argv[strcmp(argv[1], "--json") ? 1 : 2]), e);
	s.json = argc > 1;
	if (s.json)
		putchar('[');
	r = vz_op_check(put_row, &s, e);
	if (s.json) {
		printf("\n]\n");
		return finish(r, e);
	}
	vz_said_each(put_said, &said);
	printf("%u ok, %u degraded, %u missing\n", s.n[VZ_CHECK_OK], s.n[VZ_CHECK_DEGRADED],
	       s.n[VZ_CHECK_MISSING]);
	return finish(r, e);
}
