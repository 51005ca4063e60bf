// SPDX-License-Identifier: GPL-2.0-or-later
/* A VPS that has arrived gets its names and is started, and both are taken back where that fails. */
#include "base/fault.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/disk.h"
#include "cpt/image.h"
#include "cpt/ramdir.h"
#include "move/arrive-internal.h"
#include "move/migrate.h"
#include "move/moving.h"
#include "ops/dump.h"
#include "ops/ops.h"
#include "ops/private.h"
#include "sys/file.h"
#include "tmpl/tmpl.h"

#include <fcntl.h>

#define MEMORY_SLACK (32u << 20) /* bytes: of the kernel's, of CRIU */
#define AS(code) ((enum vz_exit)VZ_MIGRATE_##code)

int vz_arrive_stage(struct vz_arrival *a, const char *name, struct vz_err *e)
{
	struct vz_moving m = { 0 };

	snprintf(m.stage, sizeof(m.stage), "%s", name);
	snprintf(m.token, sizeof(m.token), "%s", a->token);
	return vz_moving_write(a->id, &m, e);
}

char *vz_arrive_top(const struct vz_arrival *a)
{
	return vz_fmt("%s.arriving", a->private);
}

static int move_in(struct vz_arrival *a, struct vz_err *e)
{
	autofree char *dir = vz_arrive_dir(a), *dump = vz_arrive_dump_dir(a);
	autofree char *to = vz_fmt("%s/Dump.%u", a->dumpdir, a->id);

	if (!dir || !dump || !to)
		return vz_oom(e);
	if (vz_arrive_adopt(a, dump, e) < 0)
		return -EINVAL;
	/* before the files are where it would be resumed over them */
	if (vz_dump_put_aside(to, "is of a container that was here before", e) < 0)
		return vz_fail(e, AS(COPY), errno, "cannot put %s aside on destination node", to);
	if (rename(dir, a->private) < 0)
		return vz_fail(e, AS(COPY), errno, "cannot name %s on destination node", a->private);
	*strrchr(dir, '/') = 0;
	(void)rmdir(dir);
	if (a->ram < 0 && rename(dump, to) < 0 && errno != ENOENT)
		return vz_fail(e, AS(COPY), errno, "cannot name %s on destination node", to);
	return vz_moving_rename(a->id, VZ_MOVING_ARRIVING, "conf", e);
}

static void move_out(struct vz_arrival *a)
{
	autofree char *dir = vz_arrive_dir(a), *dump = vz_arrive_dump_dir(a);
	autofree char *to = vz_fmt("%s/Dump.%u", a->dumpdir, a->id), *top = vz_arrive_top(a);
	struct vz_err e = { 0 };

	if (vz_moving_has(a->id, "conf"))
		(void)vz_moving_rename(a->id, "conf", VZ_MOVING_ARRIVING, &e);
	vz_name_keep(a->id, NULL);
	vz_tmpl_base_put(a->template, NULL, a->id);
	if (dir && top && access(dir, F_OK) < 0 && vz_mkdir_p(top, 0700) >= 0)
		(void)rename(a->private, dir);
	if (a->ram < 0 && dump && to && access(dump, F_OK) < 0)
		(void)rename(to, dump);
	(void)vz_arrive_stage(a, VZ_MOVING_ARRIVES, &e);
}

static bool runs(const struct vz_arrival *a)
{
	struct vz_state st;

	return vz_state_read(a->id, &st) > 0;
}

/* It ran and is not to: what came after failed. The source may start it as soon as it hears that it is not here. */
static int end_it(struct vz_arrival *a, struct vz_err *e)
{
	const struct vz_stop_opts stop = { .fast = true };
	struct vz_err why = { 0 };
	struct vz_ct ct = { 0 };
	int r = vz_ct_load(&a->session.host, a->id, &ct, NULL, &why);

	if (r >= 0)
		vz_op_heal(&ct, true);
	if (r >= 0 && runs(a))
		r = vz_op_stop(&ct, &stop, &why);
	if (r >= 0 && vz_ct_is_mounted(&ct))
		r = vz_op_umount(&ct, &why);
	vz_ct_free(&ct);
	if (r < 0 && runs(a))
		return vz_fail(e, AS(DOUBT), 0, "On destination node: it runs, is not to, and cannot be stopped: %s",
			       why.msg);
	return 0;
}

static int settle_in(struct vz_arrival *a, struct vz_ct *ct, struct vz_err *e)
{
	struct vz_area area;
	autofree char *base = NULL;
	int r = vz_private_of(ct, &area, e);

	if (r >= 0)
		r = vz_private_close(&area, VZ_FS_NEW_VE_PRVT, e);
	if (r < 0)
		return r;
	base = vz_area_has_base(&area) ? vz_area_base(&area) : NULL;
	if (base)
		r = vz_tmpl_base_use(a->template, base, a->id, e);
	if (r >= 0 && ct->own.name.set && *ct->own.name.v)
		r = vz_name_assign(ct, ct->own.name.v, e);
	return r;
}

/* It may have grown since the hosts were compared, and others here, too. */
static int check_memory(struct vz_arrival *a, const char *dump, struct vz_err *e)
{
	autofree char *own = vz_fmt("%s/Dump.%u", a->dumpdir, a->id), *criu = NULL;
	uint64_t need, there = vz_ram_available();

	criu = own ? vz_fmt("%s/" VZ_IMAGE_CRIU, dump ? dump : own) : NULL;
	if (!criu)
		return vz_oom(e);
	need = vz_disk_used(criu, VZ_MIGRATE_COUNT_MS) + a->to_follow + MEMORY_SLACK;
	if (!there || need <= there)
		return 0;
	return vz_fail(e, AS(START), 0, "%llu MiB of memory are free, %llu are needed: choose a host with more, or move others away",
		       (unsigned long long)there >> 20, (unsigned long long)(need >> 20) + 1);
}

/* The memory comes later. */
static int resume_lazily(struct vz_arrival *a, struct vz_resume_opts *o, struct vz_ct *ct, struct vz_err *e)
{
	autofree char *own = vz_ct_dump_path(ct);
	int r = own ? vz_arrive_lazy_begin(a, o->dumpfile ? o->dumpfile : own, e) : vz_oom(e);

	o->lazy = true;
	o->ready = vz_arrive_lazy_hold;
	o->turn = vz_arrive_lazy_lives;
	o->arg = a;
	return r < 0 ? r : vz_op_resume(ct, o, e);
}

static int make_it_run(struct vz_arrival *a, const char *mode, const char *how, struct vz_ct *ct, struct vz_err *e)
{
	autofree char *dump = a->ram >= 0 ? vz_arrive_dump_dir(a) : NULL;
	bool keep = vz_str_eq(how, "keep");
	/* who had the addresses is frozen or gone, and asking takes a second */
	struct vz_resume_opts resume = { .phase = VZ_SUSPEND_ALL, .skip_arpdetect = true,
					       .dumpfile = dump, .keep = keep || dump };
	const struct vz_start_opts start = { 0 };

	if (!strcmp(mode, "resume") && check_memory(a, dump, e) < 0)
		return -ENOMEM;
	if (!strcmp(mode, "resume"))
		return a->follows ? resume_lazily(a, &resume, ct, e) : vz_op_resume(ct, &resume, e);
	if (!strcmp(mode, "start"))
		return vz_op_start(ct, &start, e);
	if (!strcmp(mode, "mount"))
		return vz_op_mount(ct, e);
	return 0;
}

int vz_arrive_come_in(struct vz_arrival *a, const char *mode, const char *how, struct vz_err *e)
{
	struct vz_ct ct = { 0 };
	int r;

	a->follows = vz_str_eq(how, "lazy");
	r = vz_arrive_stage(a, a->follows ? VZ_MOVING_FOLLOWS : VZ_MOVING_ACCEPTED, e);
	if (r >= 0)
		r = move_in(a, e);
	if (r >= 0)
		r = vz_ct_load(&a->session.host, a->id, &ct, NULL, e);
	if (r < 0)
		return r;
	r = settle_in(a, &ct, e);
	if (r >= 0)
		r = vz_fault("arrive-start", e);
	vz_fault_kill("kill:", "arrive-start");
	if (r >= 0)
		r = make_it_run(a, mode, how, &ct, e);
	vz_ct_free(&ct);
	vz_fault_kill("kill+:", "arrive-start");
	return r < 0 || a->follows ? r : vz_arrive_stage(a, VZ_MOVING_HERE, e);
}

int vz_arrive_take_back(struct vz_arrival *a, struct vz_err *e)
{
	int r = a->follows ? vz_arrive_lazy_end(a, false, e) : 0;

	if (r >= 0)
		r = end_it(a, e);
	if (r < 0) {
		a->prepared = false; /* nothing is taken from below it */
		return r;
	}
	move_out(a);
	return 0;
}
