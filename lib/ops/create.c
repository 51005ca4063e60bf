// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * create: everything that can be refused is looked at first, without a trace; then a plan whose
 * undo leaves nothing. The sequence and the sentences are those of INTERFACE 1.5.
 */
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "distro/dist-run.h"
#include "ops/dump.h"
#include "ops/private.h"
#include "ops/steps.h"
#include "sys/file.h"
#include "tmpl/tmpl.h"

#include <fcntl.h>
#include <sys/stat.h>

#define CREATE_SCRIPT VZ_CT_CONF_DIR "/vps.create"
#define CONF_MAX (1u << 20)

struct create {
	struct vz_start s;   /* first: the shared steps see no more */
	struct vz_ct *ct;
	struct vz_ct made;   /* as its new configuration says */
	bool made_root;      /* VE_ROOT, for POST_CREATE */
	const struct vz_given *given;
	struct vz_conf conf; /* what holds for the new VPS: vz.conf, sample, command line */
	struct vz_conf save; /* what is written over the sample */
	char *sample;        /* path, NULL for none */
	char *before;        /* the configuration that was there already */
	size_t before_len;
	char *root, *private, *base;
	struct vz_tmpl tmpl;
	struct vz_area area;
};

static void create_free(struct create *c)
{
	vz_ct_free(&c->made);
	vz_conf_free(&c->conf);
	vz_conf_free(&c->save);
	vz_tmpl_free(&c->tmpl);
	free(c->sample);
	free(c->before);
	free(c->root);
	free(c->private);
	free(c->base);
}

/* ---- what can be refused ---- */

static int find_sample(struct create *c, struct vz_err *e)
{
	const struct vz_pstr *dflt = &c->ct->host->conf.configfile;
	const char *given = c->given->config, *name = given ? given : dflt->set ? dflt->v : NULL;

	if (c->ct->has_conf) {
		if (given)
			return vz_fail(e, VZ_CP_CONFIG, 0,
				       "Error: container config file %s already exists, "
				       "can not use --config option", c->ct->conf_path);
		vz_log(-1, "Warning: CT config file already exists, "
			   "not applying a default config sample.");
		return 0;
	}
	if (!name || !*name)
		return 0;
	c->sample = vz_fmt(VZ_CT_CONF_DIR "/ve-%s.conf-sample", name);
	if (c->sample && vz_str_is_component(name) && access(c->sample, R_OK) == 0)
		return 0;
	vz_log(-1, "Sample config " VZ_CT_CONF_DIR "/ve-%s.conf-sample not found", name);
	if (!given)
		vz_log(-1, "Fix the value of CONFIGFILE in " VZ_HOST_CONF);
	return vz_fail(e, VZ_CP_CONFIG, 0, "%s", "");
}

/* c->conf: later layers win. */
static int merge_conf(struct create *c, struct vz_err *e)
{
	autoconf sample = { 0 };
	int r = vz_conf_merge(&c->conf, &c->ct->host->conf);

	if (r >= 0 && c->sample) {
		r = vz_conf_load(c->sample, &sample, NULL, e);
		if (r < 0)
			return r;
		r = vz_conf_merge(&c->conf, &sample);
	}
	if (r >= 0)
		r = vz_conf_merge(&c->conf, &c->ct->own);
	if (r >= 0)
		r = vz_conf_merge(&c->conf, &c->given->add);
	return r < 0 ? vz_oom(e) : vz_conf_check(&c->given->add, &c->conf, e);
}

static bool is_there(const char *path)
{
	autoclosedir DIR *d = opendir(path);

	if (!d)
		return errno != ENOENT;
	return vz_dir_next(d) || errno;
}

static int check_paths(struct create *c, struct vz_err *e)
{
	const struct vz_conf *v = &c->conf;

	if (!v->template.set || !*v->template.v)
		return vz_fail(e, VZ_VE_TMPL_NOTSET, 0, "TEMPLATE is not set");
	if (!v->ve_private.set || !*v->ve_private.v)
		return vz_fail(e, VZ_VE_PRIVATE_NOTSET, 0, "VE_PRIVATE is not set");
	if (!v->ve_root.set || !*v->ve_root.v)
		return vz_fail(e, VZ_VE_ROOT_NOTSET, 0, "VE_ROOT is not set");
	c->private = vz_conf_expand(v->ve_private.v, c->ct->id);
	c->root = vz_conf_expand(v->ve_root.v, c->ct->id);
	if (!c->private || !c->root)
		return vz_oom(e);
	if (vz_private_check(c->private, c->root, e) < 0)
		return -EINVAL;
	if (is_there(c->private))
		return vz_fail(e, VZ_FS_PRVT_AREA_EXIST, 0, "Private area already exists in %s",
			       c->private);
	return 0;
}

static int find_template(struct create *c, struct vz_err *e)
{
	const struct vz_conf *v = &c->conf;
	const struct vz_pstr *t = v->ostemplate.set ? &v->ostemplate : &v->def_ostemplate;

	if (!t->set || !*t->v)
		return vz_fail(e, VZ_OSTEMPLATE_NOTSET, 0, "OS template is not specified");
	return vz_tmpl_find(v->template.v, t->v, &c->tmpl, e);
}

/* A default that this host cannot do is replaced, with a word; a wish is refused. */
static int try_layout(struct create *c, const char *parent, struct vz_err *e)
{
	const struct vz_layout *l = c->area.layout;
	struct vz_err why = { 0 }; /* it has words of its own for what is missing */
	int r = l->probe(c->area.template, parent, &why);

	if (r < 0)
		*e = why;
	if (r != VZ_LAYOUT_CANNOT)
		return r;
	if (c->given->add.ve_layout.set)
		return vz_fail(e, VZ_BAD_KERNEL, 0, "The %s layout needs a newer kernel or another file system",
			       l->name);
	vz_log(0, "Layout %s is not possible with this kernel and file system, using %s", l->name,
	       vz_layout_plain->name);
	c->area.layout = vz_layout_plain;
	return 0;
}

static int choose_layout(struct create *c, struct vz_err *e)
{
	const struct vz_pstr *wanted = &c->conf.ve_layout;
	const struct vz_layout *l = vz_layout_default;
	autofree char *parent = strdup(c->private);
	char *slash = parent ? strrchr(parent, '/') : NULL;
	int r = wanted->set ? vz_layout_find(wanted->v, &l, e) : 0;

	if (r >= 0)
		r = vz_layout_usable(l, e);
	if (r < 0)
		return r;
	if (!slash)
		return vz_oom(e);
	slash[slash == parent ? 1 : 0] = 0;
	c->area = (struct vz_area){ .id = c->ct->id, .private = c->private, .root = c->root,
				    .template = c->conf.template.v, .layout = l };
	return l == vz_layout_plain ? 0 : try_layout(c, parent, e);
}

static int check(struct create *c, struct vz_err *e)
{
	int r = find_sample(c, e);

	if (r < 0)
		return r;
	r = merge_conf(c, e);
	if (r < 0)
		return r;
	r = check_paths(c, e);
	if (r < 0)
		return r;
	r = find_template(c, e);
	if (r < 0)
		return r;
	r = choose_layout(c, e);
	return r < 0 ? r : vz_area_close(&c->area, NULL, VZ_FS_NEW_VE_PRVT, e);
}

/* ---- the plan ---- */

static int ids_do(void *ctx, struct vz_err *e)
{
	struct create *c = ctx;
	struct vz_ct view = *c->ct;
	const struct vz_conf *add = &c->given->add, *own = &c->ct->own;
	const struct vz_pu64 *uid = add->local_uid.set ? &add->local_uid : &own->local_uid;
	const struct vz_pu64 *gid = add->local_gid.set ? &add->local_gid : &own->local_gid;
	int r;

	view.conf = c->conf;
	if (vz_ct_features(&view) & VZ_FEAT_PRIVILEGED)
		return 0;
	/* LOCAL_UID of vz.conf is the legacy tools' base that all VPSes shared: not for us */
	if (uid->set) {
		c->area.uid = (uint32_t)uid->v;
		r = vz_ids_verify(c->ct, c->area.uid, e);
	} else {
		r = vz_ids_claim(c->ct, &c->area.uid, e);
	}
	c->area.gid = gid->set ? (uint32_t)gid->v : c->area.uid;
	return r;
}

static void ids_undo(void *ctx)
{
	struct create *c = ctx;

	if (!c->ct->has_conf)
		vz_ids_release(c->ct->id);
}

static uint64_t limit_of(const struct vz_ppair *p, uint64_t unit)
{
	return p->set && p->lim < VZ_UNLIMITED / unit ? p->lim * unit : 0;
}

/* DISKSPACE is not enforced while the VPS runs, but a template that does not fit is no mistake of
 * the guest's. */
static struct vz_tmpl_for template_for(const struct create *c)
{
	return (struct vz_tmpl_for){ .user = c->ct->id, .progress = vz_log_get_verbosity() >= 0,
				     .bytes = limit_of(&c->conf.diskspace, 1024),
				     .entries = limit_of(&c->conf.diskinodes, 1) };
}

static int base_do(void *ctx, struct vz_err *e)
{
	struct create *c = ctx;

	const struct vz_tmpl_for whom = template_for(c);

	vz_log(0, "Creating container private area (%s)", c->tmpl.name);
	return vz_area_has_base(&c->area) ?
		       vz_tmpl_base_get(c->area.template, &c->tmpl, &whom, &c->base, e) : 0;
}

static void base_undo(void *ctx)
{
	struct create *c = ctx;

	if (c->base)
		vz_tmpl_base_put(c->area.template, c->base, c->ct->id);
}

static int area_do(void *ctx, struct vz_err *e)
{
	struct create *c = ctx;
	const struct vz_tmpl_for whom = template_for(c);
	autoclose int dir = -EBADF;
	int r = vz_private_close(&c->area, VZ_FS_NEW_VE_PRVT, e);

	if (r >= 0)
		r = vz_area_create(&c->area, c->base, &dir, e);
	if (r < 0 || vz_area_has_base(&c->area))
		return r;
	r = vz_tmpl_unpack(&c->tmpl, dir, &whom, e);
	if (r < 0)
		vz_area_abort(&c->area);
	return r;
}

static void area_undo(void *ctx)
{
	struct create *c = ctx;

	vz_area_abort(&c->area);
}

/* What a container that had the number left would be resumed over the files of this one. */
static int old_dump_do(void *ctx, struct vz_err *e)
{
	struct create *c = ctx;
	autofree char *path = vz_ct_dump_path(c->ct);

	return path ? vz_dump_put_aside(path, "is of a container that was here before", e) : 0;
}

static int place_do(void *ctx, struct vz_err *e)
{
	struct create *c = ctx;

	return vz_area_commit(&c->area, e);
}

static void place_undo(void *ctx)
{
	struct create *c = ctx;

	(void)vz_remove_tree(AT_FDCWD, c->private);
	vz_area_forget(&c->area); /* POST_CREATE may have had it mounted */
}

static bool set_text(struct vz_pstr *p, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return false;
	free(p->v);
	*p = (struct vz_pstr){ true, copy };
	return true;
}

/* The rows that go over the sample: what was given, and what was chosen. */
static int rows_to_save(struct create *c)
{
	const char *config = c->given->config;
	const struct vz_pstr *dflt = &c->ct->host->conf.configfile;
	struct vz_conf *s = &c->save;
	bool ok;

	if (vz_conf_merge(s, &c->given->add) < 0)
		return -ENOMEM;
	ok = set_text(&s->ve_root, c->conf.ve_root.v) &&
	     set_text(&s->ve_private, c->conf.ve_private.v) &&
	     set_text(&s->ve_layout, c->area.layout->name) && set_text(&s->ostemplate, c->tmpl.name);
	if (ok && c->sample)
		ok = set_text(&s->origin_sample, config ? config : dflt->v);
	if (c->area.uid) {
		s->local_uid = (struct vz_pu64){ true, c->area.uid };
		s->local_gid = (struct vz_pu64){ true, c->area.gid };
	}
	return ok ? 0 : -ENOMEM;
}

static int write_new(struct create *c, const char *path, struct vz_err *e)
{
	autofree char *text = NULL;
	ssize_t n = 0;
	int r = 0;

	if (unlink(path) < 0 && errno != ENOENT)
		return vz_fail(e, VZ_CONFIG_SAVE_ERROR, errno, "Unable to save %s", c->ct->conf_path);
	if (c->sample) {
		n = vz_file_read(AT_FDCWD, c->sample, CONF_MAX, &text);
		r = n < 0 ? (int)n : vz_file_replace(path, text, (size_t)n, 0644, false);
	}
	if (r < 0)
		return vz_fail(e, VZ_CP_CONFIG, -r, "cannot copy %s", c->sample);
	r = vz_conf_save(path, &c->save, NULL, e);
	if (r >= 0 && rename(path, c->ct->conf_path) < 0)
		r = vz_fail(e, VZ_CONFIG_SAVE_ERROR, errno, "Unable to save %s", c->ct->conf_path);
	if (r < 0)
		(void)unlink(path);
	return r;
}

/* A new file appears under its name only when it is complete. */
static int config_do(void *ctx, struct vz_err *e)
{
	struct create *c = ctx;
	autofree char *path = vz_fmt("%s.new", c->ct->conf_path);
	ssize_t n;
	int r = path ? rows_to_save(c) : -ENOMEM;

	if (r < 0)
		return vz_oom(e);
	if (c->ct->has_conf) {
		n = vz_file_read(AT_FDCWD, c->ct->conf_path, CONF_MAX, &c->before);
		if (n < 0)
			return vz_fail(e, VZ_CONFIG_SAVE_ERROR, (int)-n, "cannot read %s",
				       c->ct->conf_path);
		c->before_len = (size_t)n;
		r = vz_conf_save(c->ct->conf_path, &c->save, NULL, e);
	} else {
		r = write_new(c, path, e);
	}
	if (r >= 0)
		vz_log(0, "CT configuration saved to %s", c->ct->conf_path);
	return r;
}

static void config_undo(void *ctx)
{
	struct create *c = ctx;

	if (c->before)
		(void)vz_file_replace(c->ct->conf_path, c->before, c->before_len, 0644, true);
	else
		(void)unlink(c->ct->conf_path);
}

static int name_do(void *ctx, struct vz_err *e)
{
	struct create *c = ctx;
	const struct vz_pstr *name = &c->given->add.name;

	int r = name->set && *name->v ? vz_name_assign(c->ct, name->v, e) : 0;

	if (r >= 0 && name->set && *name->v)
		vz_name_keep(c->ct->id, name->v);
	return r;
}

static void name_undo(void *ctx)
{
	struct create *c = ctx;

	if (!c->ct->has_conf)
		vz_name_keep(c->ct->id, NULL);
}

static int script_do(void *ctx, struct vz_err *e)
{
	struct create *c = ctx;

	if (access(CREATE_SCRIPT, X_OK) < 0 ||
	    vz_hook_run(c->ct, CREATE_SCRIPT, NULL, "create", e) >= 0)
		return 0;
	return vz_fail(e, VZ_ACTIONSCRIPT_ERROR, 0, "User create script %s exited with error",
		       CREATE_SCRIPT);
}

/* Only after our own mount was tried; a create without POST_CREATE leaves alone what lies on VE_ROOT. */
static void unmount(struct create *c)
{
	if (c->s.env.ct != &c->made)
		return;
	vz_step_mount_area.undo(c);
	vz_start_say_umount(&c->s);
	c->s.umount_result = 0; /* it was told, and the way back tries again */
}

static void mount_undo(void *ctx)
{
	struct create *c = ctx;

	unmount(c);
	if (c->made_root)
		(void)rmdir(c->root);
}

/* For POST_CREATE, where the distribution has one: without it nothing is mounted. */
static int mount_do(void *ctx, struct vz_err *e)
{
	struct create *c = ctx;
	int r = vz_ct_load(c->ct->host, c->ct->id, &c->made, NULL, e);

	if (r >= 0)
		r = vz_dist_has_post_create(&c->made, e);
	if (r <= 0)
		return r;
	if (vz_ct_is_mounted(&c->made))
		return vz_fail(e, VZ_FS_MOUNTED, 0, "Something is mounted on %s, where POST_CREATE of the distribution needs the "
			       "container's files: unmount it", c->made.root);
	vz_log(0, "Performing postcreate actions");
	c->s.env.ct = &c->made;
	c->s.env.spec.uid = c->area.uid;
	c->s.env.spec.gid = c->area.gid;
	c->made_root = mkdir(c->root, 0700) == 0;
	r = vz_step_mount_area.run(c, e);
	if (r < 0)
		mount_undo(c);
	return r;
}

static int postcreate_do(void *ctx, struct vz_err *e)
{
	struct create *c = ctx;

	return c->s.env.ct == &c->made ? vz_dist_post_create(&c->made, e) : 0;
}

static int umount_do(void *ctx, struct vz_err *e)
{
	(void)e;
	unmount(ctx);
	return 0;
}

const struct vz_step *const vz_op_create_plan[] = {
	VZ_STEP("ids", ids_do, ids_undo),          /* before files are made that belong to them */
	VZ_STEP("base", base_do, base_undo),       /* the template, unpacked once for everybody */
	VZ_STEP("area", area_do, area_undo),       /* PRIVATE.tmp */
	VZ_STEP("config", config_do, config_undo), /* from here on "destroy" knows the VPS */
	VZ_STEP("name", name_do, name_undo),
	VZ_STEP("dump", old_dump_do, NULL),            /* no undo: nobody has the files that it knows */
	VZ_STEP("place", place_do, place_undo),    /* PRIVATE: never there without a configuration */
	&vz_step_journal,                          /* what is mounted now is nobody's if we are killed */
	VZ_STEP("mount", mount_do, mount_undo),
	VZ_STEP("postcreate", postcreate_do, NULL), /* no undo: it changes the area, which goes */
	VZ_STEP("umount", umount_do, NULL),        /* no undo: only postcreate needed it */
	&vz_step_done,
	VZ_STEP("create-script", script_do, NULL),  /* no undo: the administrator's */
	NULL,
};

int vz_op_create(struct vz_ct *ct, const struct vz_given *g, struct vz_err *e)
{
	__attribute__((cleanup(create_free))) struct create c = {
		.s = { .verb = VZ_JOURNAL_CREATE, .no_hooks = true, .env = vz_env_of(ct) },
		.ct = ct,
		.given = g,
	};
	int r = check(&c, e);

	if (r >= 0)
		r = vz_plan_run(vz_op_create_plan, &c, e);
	if (r >= 0) {
		vz_log(0, "Container private area was created");
		if (!vz_area_has_init(&c.area))
			vz_log(-1, "Warning: the container cannot start: there is no /sbin/init, /etc/init or "
				   "/bin/init in OS template %s", c.tmpl.name);
		return 0;
	}
	if (e->msg[0])
		vz_log(-1, "%s", e->msg);
	snprintf(e->msg, sizeof(e->msg), "Creation of container private area failed");
	return r;
}
