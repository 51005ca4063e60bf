// SPDX-License-Identifier: GPL-2.0-or-later
/* Which verb has which plan: for --dry-run, and through it for the tests, which go through every step. */
#include "ops/ops.h"
#include "ops/plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
const struct vz_plan vz_plans[] = {
	{ "create", vz_create_plan, NULL },
	{ "destroy", vz_destroy_plan, NULL },
	{ "start", vz_start_plan, NULL },
	{ "stop", vz_stop_plan, vz_start_plan },
	{ "runscript", vz_alone_plan, vz_alone_plan }, /* on a stopped VPS */
	{ 0 },
};
/* clang-format on */

static void say_undo(const struct vz_step *const *plan, void (*say)(const char *step))
{
	char name[64];
	size_t n = 0;

	while (plan[n])
		n++;
	while (n--)
		if (plan[n]->undo) {
			snprintf(name, sizeof(name), "undo-%s", plan[n]->name);
			say(name);
		}
}

int vz_op_each_step(const char *verb, void (*say)(const char *step))
{
	const struct vz_plan *p = vz_plans;

	while (p->verb && strcmp(p->verb, verb))
		p++;
	if (!p->verb)
		return -ENOENT;
	for (size_t i = 0; p->steps[i]; i++)
		say(p->steps[i]->name);
	if (p->undoes)
		say_undo(p->undoes, say);
	return 0;
}
