// SPDX-License-Identifier: GPL-2.0-or-later
/* why: events as text or JSON; what they are is ops/culprit.h. */
#include "vzctl/vzctl.h"

#include <string.h>

#include "base/num.h"
#include "ops/culprit.h"
#include "show/json.h"
#include "show/table.h"

struct show {
	bool json;
	struct vz_str out;
	struct vz_json j;
};

int parse_why(struct command *c, struct vz_err *e)
{
	if (c->argc > 1 && (c->argc > 2 || strcmp(c->argv[1], "--json")))
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Invalid options: %s",
			       c->argv[strcmp(c->argv[1], "--json") ? 1 : 2]);
	return 0;
}

static void put_number(struct vz_json *j, const char *key, uint64_t n, bool known)
{
	vz_json_key(j, key);
	if (known)
		vz_json_number(j, n);
	else
		vz_json_literal(j, "null");
}

static void put_event_json(struct vz_json *j, const struct vz_culprit *c)
{
	vz_json_object(j, VZ_JSON_SPACED);
	put_number(j, "from", (uint64_t)c->from, c->from);
	put_number(j, "to", (uint64_t)c->to, c->to);
	vz_json_member(j, "kind", c->kind);
	put_number(j, "count", c->count, true);
	put_number(j, "held", c->held, c->held != VZ_UNLIMITED);
	put_number(j, "limit", c->limit, c->limit != VZ_UNLIMITED);
	put_number(j, "pid", (uint64_t)c->pid, c->pid);
	vz_json_member(j, "text", *c->command ? c->command : NULL);
	vz_json_member(j, "sentence", c->sentence);
	vz_json_end(j);
}

static void put_event(const struct vz_culprit *c, void *arg)
{
	struct show *s = arg;

	if (s->json)
		put_event_json(&s->j, c);
	else
		vz_str_addf(&s->out, "%s %s\n", c->when, c->sentence);
}

int run_why(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	struct show s = { .json = c->argc > 1 };
	int r;

	s.j = (struct vz_json){ .out = &s.out };
	if (s.json)
		vz_json_array(&s.j, VZ_JSON_LINES);
	r = vz_op_why(ct, put_event, &s, e);
	if (s.json)
		vz_json_end(&s.j);
	else if (!r)
		vz_str_add(&s.out, "No limit was hit, and it did not end by itself, as far as anybody saw\n");
	if (r >= 0)
		(void)vz_show_put(&s.out, stdout);
	vz_str_free(&s.out);
	return finish(r < 0 ? r : 0, e);
}
