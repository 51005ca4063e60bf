// SPDX-License-Identifier: GPL-2.0-or-later
/* What a start says of the host's ceilings, and `vzctl check`; the table is lib/res/ceilings.c. */
#include "ops/ceilings.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/ct.h"
#include "ops/check-internal.h"
#include "res/ceilings.h"

#include <fcntl.h>
#include <string.h>

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

/* True for the first who asks in this boot. */
static bool is_first(const char *name)
{
	autofree char *path = vz_fmt(VZ_RUNDIR "/said-%s", name);
	autoclose int fd = -EBADF;

	for (char *p = path ? path + strlen(VZ_RUNDIR "/said-") : NULL; p && *p; p++)
		if (*p == ' ')
			*p = '-';
	fd = path ? open(path, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0600) : -1;
	return fd >= 0;
}

void vz_ceilings_warn(void)
{
	struct vz_ceiling c;
	char text[256];

	for (size_t i = 0; vz_ceiling_look(i, &c); i++) {
		if (c.room >= least_room(&c) || !is_first(c.name))
			continue;
		describe(&c, text, sizeof(text));
		vz_log(-1, "Warning: %s; raise it", text);
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
		vz_log(-1, "%s; raise it", text);
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
