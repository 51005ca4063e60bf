// SPDX-License-Identifier: GPL-2.0-or-later
/* Pre-dumps; see predump.h. */
#include "cpt/predump.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/stage.h"
#include "sys/file.h"

#include <fcntl.h>

#define PRE_DIR VZ_CRIU_WORK "/%u.pre"

char *vz_predump_dir(unsigned ctid, unsigned round)
{
	return vz_fmt(PRE_DIR "/%u", ctid, round);
}

void vz_predump_forget(unsigned ctid)
{
	autofree char *path = vz_fmt(PRE_DIR, ctid);

	if (path)
		(void)vz_remove_tree(AT_FDCWD, path);
}

static int make_dir(const struct vz_predump_spec *s, struct vz_err *e)
{
	autofree char *path = vz_predump_dir(s->ctid, s->round);
	int fd = -EBADF;

	if (!path)
		return vz_oom(e);
	if (s->round == 1)
		vz_predump_forget(s->ctid);
	if (vz_mkdir_p(path, 0700) >= 0)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? vz_fail(e, VZ_CHKPNT, errno, "cannot make %s", path) : fd;
}

int vz_predump_run(const struct vz_predump_spec *s, struct vz_err *e)
{
	autoclose int dir = make_dir(s, e);
	autofree char *parent = s->round > 1 ? vz_fmt("../%u", s->round - 1) : NULL;
	const struct vz_stage_spec spec = { .ctid = s->ctid,
					    .uid = s->state->uid,
					    .gid = s->state->gid,
					    .criu = s->criu,
					    .images = dir,
					    .pages = s->sock };
	struct vz_swrk_job job = { .pid = s->state->init, .pre_dump = true, .track = true, .parent = parent,
				   .by_path = true };
	struct vz_stage stage = VZ_STAGE_INIT;
	int r = dir < 0 ? dir : vz_stage_begin(&spec, &stage, e);

	if (r >= 0)
		r = vz_stage_run(&stage, &job, e);
	if (r >= 0)
		r = vz_stage_finish(&stage, s->seconds, e);
	vz_stage_end(&stage);
	vz_swrk_job_free(&job);
	return r;
}
