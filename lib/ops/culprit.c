// SPDX-License-Identifier: GPL-2.0-or-later
/* why: see culprit.h. */
#include "ops/culprit.h"
#include "ct/why.h"

#include <errno.h>

static int tell_event(const struct vz_why_event *ev, void (*fn)(const struct vz_culprit *c, void *arg), void *arg)
{
	autostr when = { 0 }, sentence = { 0 };

	vz_why_time(ev, &when);
	vz_why_sentence(ev, &sentence);
	if (when.failed || sentence.failed)
		return -ENOMEM;
	fn(&(struct vz_culprit){ ev->kind, when.s, sentence.s, ev->from, ev->to, ev->count, ev->held, ev->limit, ev->pid,
				 ev->text }, arg);
	return 0;
}

int vz_op_why(const struct vz_ct *ct, void (*fn)(const struct vz_culprit *c, void *arg), void *arg, struct vz_err *e)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	autowhy all = { 0 };
	int r = vz_why_read(ct->id, &all);

	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot read " VZ_WHY_DIR "/%u", ct->id);
	if (vz_cg_open(ct->id, NULL, &cg, NULL) >= 0 && vz_cg_exists(cg))
		(void)vz_why_pending(cg, &all);
	for (size_t i = 0; i < all.n; i++)
		if (tell_event(&all.v[i], fn, arg) < 0)
			return vz_oom(e);
	return (int)all.n;
}
