// SPDX-License-Identifier: GPL-2.0-or-later
/* Which verb has which plan: for --dry-run, and through it for the tests, which go through every step. */
#include "base/own.h"
#include "ops/dump.h"
#include "ops/ops.h"
#include "ops/plan.h"
#include "ops/session.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
static const struct {
	const char *verb;
	const struct vz_step *const *steps;
	const struct vz_step *const *undoes; /* what is read upwards afterwards, or NULL */
} table[] = {
	{ "create", vz_op_create_plan, NULL },
	{ "destroy", vz_op_destroy_plan, NULL },
	{ "mount", vz_op_mount_plan, NULL },
	{ "umount", vz_op_umount_plan, vz_op_mount_plan },
	{ "start", vz_op_start_plan, NULL },
	{ "stop", vz_op_stop_plan, vz_op_start_plan },
	{ "suspend", vz_op_suspend_plan, vz_op_start_plan },
	{ "resume", vz_op_resume_plan, NULL },
	{ "runscript", vz_op_runscript_plan, vz_op_runscript_plan }, /* on a stopped VPS */
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

/* False also where nobody can tell: no such VPS, no right to look. */
static bool is_suspended(const char *which)
{
	const struct vz_session_want want = { .flags = VZ_SESSION_SILENT };
	struct vz_session session = { 0 };
	bool r = vz_session_find(&session, which, NULL) >= 0 && vz_session_open(&session, &want, NULL) >= 0 &&
		 vz_dump_is_due(&session.ct);

	vz_session_close(&session);
	return r;
}

int vz_op_each_step(const char *verb, const char *which, void (*say)(const char *step))
{
	size_t at = 0;

	if (!strcmp(verb, "start") && is_suspended(which))
		verb = "resume";
	while (at < ARRAY_LEN(table) && strcmp(table[at].verb, verb))
		at++;
	if (at == ARRAY_LEN(table))
		return -ENOENT;
	for (const struct vz_step *const *step = table[at].steps; *step; step++)
		say((*step)->name);
	if (table[at].undoes)
		say_undo(table[at].undoes, say);
	return 0;
}
