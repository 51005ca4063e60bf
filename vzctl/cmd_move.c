// SPDX-License-Identifier: GPL-2.0-or-later
/* check-migrate: what is in the way, as text or JSON; what is looked at is ops/check-migrate.h. */
#include "vzctl/vzctl.h"

#include <stdio.h>
#include <string.h>

#include "ops/check-migrate.h"
#include "show/json.h"
#include "show/table.h"

#define WORD_WIDTH (-7)
#define PROCESS_WIDTH (-24)

struct show_move {
	bool json;
	struct vz_str out;
	struct vz_table text;
	struct vz_json j;
	unsigned refusing, warning;
};

static void put_two_lines(struct vz_table *t, const struct vz_obstacle *o)
{
	vz_table_cell(t, o->refuses ? "no" : "warning", WORD_WIDTH, false);
	if (o->pid)
		vz_table_cellf(t, PROCESS_WIDTH, "%d %s", o->pid, o->command);
	else
		vz_table_cell(t, "-", PROCESS_WIDTH, false);
	vz_table_cellf(t, 0, "%s: %s", o->kind, o->object);
	vz_table_end_line(t);
	vz_table_cell(t, "", WORD_WIDTH, false);
	vz_table_cellf(t, 0, "remedy: %s", o->remedy);
	vz_table_end_line(t);
}

static void put_object(struct vz_json *j, const struct vz_obstacle *o)
{
	vz_json_object(j, VZ_JSON_SPACED);
	vz_json_member(j, "kind", o->kind);
	vz_json_key(j, "refuses");
	vz_json_bool(j, o->refuses);
	vz_json_key(j, "pid");
	if (o->pid)
		vz_json_number(j, (uint64_t)o->pid);
	else
		vz_json_literal(j, "null");
	vz_json_member(j, "command", o->pid ? o->command : NULL);
	vz_json_member(j, "object", o->object);
	vz_json_member(j, "remedy", o->remedy);
	vz_json_end(j);
}

static void put_obstacle(const struct vz_obstacle *o, void *arg)
{
	struct show_move *s = arg;

	if (s->json)
		put_object(&s->j, o);
	else
		put_two_lines(&s->text, o);
	*(o->refuses ? &s->refusing : &s->warning) += 1;
}

/* [HOST] [--json], in any order. */
static int parse_move(const struct command *c, const char **ret_host, bool *ret_json, struct vz_err *e)
{
	for (int i = 1; i < c->argc; i++) {
		if (!strcmp(c->argv[i], "--json"))
			*ret_json = true;
		else if (*c->argv[i] == '-' || !*c->argv[i] || *ret_host)
			return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Invalid options: %s", c->argv[i]);
		else
			*ret_host = c->argv[i];
	}
	return 0;
}

int parse_check_migrate(struct command *c, struct vz_err *e)
{
	const char *host = NULL;
	bool json = false;

	return parse_move(c, &host, &json, e);
}

int run_check_migrate(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	struct show_move s = { 0 };
	const char *host = NULL;
	int r;

	(void)parse_move(c, &host, &s.json, e);
	s.text = (struct vz_table){ .out = &s.out };
	s.j = (struct vz_json){ .out = &s.out };
	if (s.json)
		vz_json_array(&s.j, VZ_JSON_LINES);
	r = vz_op_check_migrate(ct, host, put_obstacle, &s, e);
	if (s.json)
		vz_json_end(&s.j);
	else if (r >= 0 || e->exit == VZ_CHKPNT)
		vz_str_addf(&s.out, "%s: %u in the way, %u warning%s\n", s.refusing ? "no" : "yes", s.refusing, s.warning,
			    s.warning == 1 ? "" : "s");
	(void)vz_show_put(&s.out, stdout);
	return finish(r, e);
}
