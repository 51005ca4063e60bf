// SPDX-License-Identifier: GPL-2.0-or-later
/* check: its rows as text or JSON; what is tried is ops/check.h. */
#include "vzctl/vzctl.h"

#include <stdio.h>
#include <string.h>

#include "ops/check.h"
#include "show/json.h"
#include "show/table.h"

#define VERDICT_WIDTH (-9)

struct show {
	bool json;
	struct vz_str out;
	struct vz_table text;
	struct vz_json j;
	unsigned n[VZ_CHECK_MISSING + 1];
};

static void put_line(struct vz_table *t, const char *verdict, const char *what, const char *found)
{
	vz_table_cell(t, verdict, VERDICT_WIDTH, false);
	vz_table_cellf(t, 0, "%s%s%s", what, *found ? ": " : "", found);
	vz_table_end_line(t);
}

static void put_text(struct vz_table *t, const struct vz_check *row)
{
	put_line(t, vz_check_word(row->verdict), row->name, row->found);
	if (row->verdict == VZ_CHECK_OK)
		return;
	vz_table_cell(t, "", VERDICT_WIDTH, false);
	vz_table_cellf(t, 0, "needed for %s", row->use);
	vz_table_end_line(t);
	put_line(t, "", "remedy", row->remedy);
}

static void put_json(struct vz_json *j, const struct vz_check *row)
{
	vz_json_object(j, VZ_JSON_SPACED);
	vz_json_member(j, "name", row->name);
	vz_json_key(j, "needed");
	vz_json_bool(j, row->needed);
	vz_json_member(j, "verdict", vz_check_word(row->verdict));
	vz_json_member(j, "found", row->found);
	vz_json_member(j, "use", row->use);
	vz_json_member(j, "remedy", row->remedy);
	vz_json_end(j);
}

static void put_said(const char *text, void *arg)
{
	struct vz_str *out = arg;

	vz_str_addf(out, "%s  %s\n", out->len ? "" : "said by commands since this host was booted:\n", text);
}

/* Each row as soon as it is known: some take seconds. */
static void put_row(const struct vz_check *row, void *arg)
{
	struct show *s = arg;

	if (s->json)
		put_json(&s->j, row);
	else
		put_text(&s->text, row);
	s->n[row->verdict]++;
	(void)vz_show_put(&s->out, stdout);
}

/* For another host's check-migrate. */
static int show_facts(struct vz_err *e)
{
	autostr out = { 0 };
	int r = vz_op_host_facts(&out, e);

	if (r >= 0)
		(void)vz_show_put(&out, stdout);
	return finish(r, e);
}

int run_check(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	struct show s = { 0 };
	int r;

	(void)ct;
	if (c->argc == 2 && !strcmp(c->argv[1], "--facts"))
		return show_facts(e);
	if (c->argc > 1 && (c->argc > 2 || strcmp(c->argv[1], "--json")))
		return finish(vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Invalid options: %s",
				      c->argv[strcmp(c->argv[1], "--json") ? 1 : 2]), e);
	s.json = c->argc > 1;
	s.text = (struct vz_table){ .out = &s.out, .keep_blanks = true };
	s.j = (struct vz_json){ .out = &s.out };
	if (s.json)
		vz_json_array(&s.j, VZ_JSON_LINES);
	r = vz_op_check(put_row, &s, e);
	if (s.json) {
		vz_json_end(&s.j);
	} else {
		vz_check_said(put_said, &s.out);
		vz_str_addf(&s.out, "%u ok, %u degraded, %u missing\n", s.n[VZ_CHECK_OK],
			    s.n[VZ_CHECK_DEGRADED], s.n[VZ_CHECK_MISSING]);
	}
	(void)vz_show_put(&s.out, stdout);
	return finish(r, e);
}
