// SPDX-License-Identifier: GPL-2.0-or-later
/* What a start says of the host's ceilings, and `vzctl check`; the table is lib/res/ceilings.c. */
#include "ops/check-ceilings.h"
#include "base/log.h"
#include "ct/once.h"
#include "ops/check-internal.h"
#include "res/ceilings.h"

#include <stdio.h>

/* With room for fewer VPSes than these there is something to say. */
#define ROOM_LEAST 10

static void describe(const struct vz_ceiling *c, char *buf, size_t size)
{
	if (c->shared)
		snprintf(buf, size, "%s (%s): %llu of %llu are in use, room for %llu more containers",
			 c->name, c->needed, (unsigned long long)c->used,
			 (unsigned long long)c->max, (unsigned long long)c->room);
	else
		snprintf(buf, size, "%s (%s) is %llu, and one container needs up to %llu",
			 c->name, c->needed, (unsigned long long)c->max,
			 (unsigned long long)c->need);
}

static uint64_t least_room(const struct vz_ceiling *c)
{
	return c->shared ? ROOM_LEAST : 1;
}

static const char *remedy_of(const struct vz_ceiling *c)
{
	return c->fixed ? VZ_DO_FEWER_GROUPS : VZ_DO_RAISE;
}

void vz_ceilings_warn(void)
{
	struct vz_ceiling c;
	char text[256];

	for (size_t i = 0; vz_ceiling_look(i, &c); i++) {
		if (c.room >= least_room(&c))
			continue;
		describe(&c, text, sizeof(text));
		vz_say_once_about(c.name, -1, "Warning: %s; %s", text, remedy_of(&c));
	}
}

void vz_ceilings_explain(void)
{
	struct vz_ceiling c;
	char text[256];

	for (size_t i = 0; vz_ceiling_look(i, &c); i++) {
		if (c.room)
			continue;
		describe(&c, text, sizeof(text));
		vz_log(-1, "%s; %s", text, remedy_of(&c));
	}
}

enum vz_check_verdict check_ceiling(struct check *c)
{
	struct vz_ceiling now;
	char text[256];

	if (!vz_ceiling_find(c->what, &now) || now.room == UINT64_MAX)
		return check_say(c, VZ_CHECK_OK, "this kernel does not tell of it");
	describe(&now, text, sizeof(text));
	return check_say(c, now.room >= least_room(&now) ? VZ_CHECK_OK : VZ_CHECK_DEGRADED, "%s", text);
}
