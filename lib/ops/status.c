// SPDX-License-Identifier: GPL-2.0-or-later
/* status: one line that clients parse word by word (reference 1.5). */
#include "base/own.h"
#include "ops/ops.h"
#include "ops/start.h"

#include <string.h>

int vz_op_status(struct vz_ct *ct)
{
	struct vz_state st;
	bool running = vz_state_read(ct->id, &st) > 0;
	bool exist = ct->has_conf && ct->private && access(ct->private, F_OK) == 0;
	bool suspended = exist && !running && vz_ct_has_dump(ct);

	printf("CTID %u %s %s %s%s\n", ct->id, exist ? "exist" : "deleted",
	       vz_ct_is_mounted(ct) ? "mounted" : "unmounted", running ? "running" : "down",
	       suspended ? " suspended" : "");
	return 0;
}

int vz_op_print_plan(const char *verb)
{
	if (strcmp(verb, "start") && strcmp(verb, "stop"))
		return -ENOENT;
	if (!strcmp(verb, "start")) {
		for (const struct vz_step *s = vz_start_plan; s->name; s++)
			printf("%s\n", s->name);
		return 0;
	}
	printf("shutdown\n");
	for (size_t n = 0, i = 0;; n++) {
		if (vz_start_plan[n].name)
			continue;
		for (i = n; i--;)
			if (vz_start_plan[i].undo)
				printf("undo-%s\n", vz_start_plan[i].name);
		return 0;
	}
}
