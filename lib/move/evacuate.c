// SPDX-License-Identifier: GPL-2.0-or-later
/* Which VPSes a host has that is to be empty; see evacuate.h. */
#include "move/evacuate.h"
#include "base/own.h"
#include "move/moving.h"
#include "ops/session.h"

struct evacuation {
	struct vz_evacuee *v;
	size_t n;
};

static void add_those(struct evacuation *a, const unsigned *ids, size_t n, bool running)
{
	for (size_t i = 0; i < n; i++) {
		struct vz_state st;

		if (!vz_ct_id_is_given_away(ids[i]) && (vz_state_read(ids[i], &st) > 0) == running)
			a->v[a->n++] = (struct vz_evacuee){ .id = ids[i], .running = running };
	}
}

static int list_all(struct evacuation *a, struct vz_err *e)
{
	autofree unsigned *ids = NULL, *left = NULL;
	size_t n = 0, n_left = 0;
	int r = vz_ct_list(&ids, &n, e);

	if (r < 0)
		return r;
	if (vz_ids_in_dir(VZ_CT_CONF_DIR, "." VZ_MOVING_LEFT, &left, &n_left) < 0)
		return vz_oom(e);
	a->v = calloc(n + n_left + 1, sizeof(*a->v));
	if (!a->v)
		return vz_oom(e);
	add_those(a, ids, n, true);
	add_those(a, ids, n, false);
	for (size_t i = 0; i < n_left; i++)
		a->v[a->n++] = (struct vz_evacuee){ .id = left[i] };
	return 0;
}

int vz_evacuate_list(struct vz_evacuee **ret, size_t *ret_n, struct vz_err *e)
{
	const struct vz_session_want want = { .flags = VZ_SESSION_CHANGES | VZ_SESSION_NO_VPS };
	struct vz_session session = { 0 };
	struct evacuation a = { 0 };
	int r = vz_session_open(&session, &want, e);

	if (r < 0)
		return r;
	r = list_all(&a, e);
	vz_session_close(&session);
	if (r < 0) {
		free(a.v);
		return r;
	}
	*ret = a.v;
	*ret_n = a.n;
	return 0;
}
