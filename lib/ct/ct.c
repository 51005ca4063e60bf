// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening a VPS by id or name: paths and configuration layers. Changes nothing. */
#include "ct/ct.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"

#include <limits.h>

int vz_host_load(struct vz_host *ret, vz_conf_warn *warn, struct vz_err *e)
{
	struct vz_host h = { 0 };
	int r = vz_conf_load(VZ_HOST_CONF, &h.conf, warn, NULL);

	if (r < 0) {
		vz_conf_free(&h.conf);
		return vz_fail(e, VZ_NOCONFIG, -r, "Unable to open %s", VZ_HOST_CONF);
	}
	/* one level for all VPSes was never allowed (INTERFACE 3.2) */
	if (h.conf.netfilter.set) {
		if (warn)
			warn(0, "Warning: NETFILTER is a parameter of a container and ignored in "
				VZ_HOST_CONF);
		vz_conf_unset(&h.conf, vz_param_by_key("NETFILTER"));
	}
	*ret = h;
	return 0;
}

void vz_host_free(struct vz_host *h)
{
	vz_conf_free(&h->conf);
}

/* The id in "…/N.conf", the target of a names link. */
static int id_of_link(const char *link, unsigned *ret)
{
	char to[PATH_MAX];
	ssize_t n = readlink(link, to, sizeof(to) - 1);
	char *base;
	uint32_t id;

	if (n < 0)
		return -errno;
	to[n] = 0;
	base = strrchr(to, '/');
	base = base ? base + 1 : to;
	if (!vz_str_suffix(base, ".conf"))
		return -EINVAL;
	base[strlen(base) - 5] = 0;
	if (vz_num_u32(base, VZ_CTID_MAX, &id) < 0)
		return -EINVAL;
	*ret = id;
	return 0;
}

bool vz_ct_id_is_given_away(unsigned id)
{
	autofree char *path = vz_fmt(VZ_CT_CONF_FILE VZ_CT_GIVEN_AWAY, id);

	return path && access(path, F_OK) == 0;
}

int vz_ct_resolve(const char *text, unsigned *ret_id, bool *ret_by_name, struct vz_err *e)
{
	autofree char *link = NULL;
	uint32_t id;

	if (vz_num_u32(text, VZ_CTID_MAX, &id) == 0) {
		*ret_id = id;
		*ret_by_name = false;
		return 0;
	}
	if (!vz_str_is_component(text) || vz_str_has_control(text))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Bad CT ID %s", text);
	link = vz_fmt("%s/%s", VZ_CT_NAMES_DIR, text);
	if (!link || id_of_link(link, &id) < 0 || (access(link, F_OK) < 0 && !vz_ct_id_is_given_away(id)))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Bad CT ID %s", text);
	*ret_id = id;
	*ret_by_name = true;
	return 0;
}

static char *expanded(const struct vz_pstr *path, unsigned id)
{
	return path->set && *path->v ? vz_conf_expand(path->v, id) : NULL;
}

char *vz_ct_conf_path(unsigned id)
{
	return vz_fmt(VZ_CT_CONF_FILE, id);
}

int vz_ct_load(const struct vz_host *h, unsigned id, struct vz_ct *ret, vz_conf_warn *warn,
	       struct vz_err *e)
{
	struct vz_ct ct = { .host = h, .id = id };
	int r;

	ct.conf_path = vz_ct_conf_path(id);
	if (!ct.conf_path)
		return vz_oom(e);
	r = vz_conf_load(ct.conf_path, &ct.own, warn, e);
	ct.has_conf = r >= 0;
	if (r < 0 && r != -ENOENT)
		goto fail;
	r = vz_conf_merge(&ct.conf, &h->conf);
	/* the layout in vz.conf is for new VPSes only (INTERFACE 3.2) */
	if (r >= 0)
		vz_conf_unset(&ct.conf, vz_param_by_key("VE_LAYOUT"));
	if (r >= 0)
		r = vz_conf_merge(&ct.conf, &ct.own);
	if (r < 0) {
		vz_oom(e);
		goto fail;
	}
	ct.root = expanded(&ct.conf.ve_root, id);
	ct.private = expanded(&ct.conf.ve_private, id);
	*ret = ct;
	return 0;
fail:
	vz_ct_free(&ct);
	return r;
}

void vz_ct_free(struct vz_ct *ct)
{
	free(ct->conf_path);
	vz_conf_free(&ct->own);
	vz_conf_free(&ct->conf);
	free(ct->root);
	free(ct->private);
	free(ct->lock_path);
	*ct = (struct vz_ct){ 0 };
}

const char *vz_ct_name(const struct vz_ct *ct)
{
	autofree char *link = NULL;
	unsigned id;

	if (!ct->own.name.set || !vz_str_is_component(ct->own.name.v))
		return NULL;
	link = vz_fmt("%s/%s", VZ_CT_NAMES_DIR, ct->own.name.v);
	return link && id_of_link(link, &id) == 0 && id == ct->id ? ct->own.name.v : NULL;
}

char *vz_ct_dump_path(const struct vz_ct *ct)
{
	return ct->conf.dumpdir.set ? vz_fmt("%s/Dump.%u", ct->conf.dumpdir.v, ct->id) : NULL;
}

bool vz_ct_is_given_away(const struct vz_ct *ct)
{
	return vz_ct_id_is_given_away(ct->id);
}

int vz_ct_load_given_away(struct vz_ct *ct, struct vz_err *e)
{
	autofree char *path = vz_fmt(VZ_CT_CONF_FILE VZ_CT_GIVEN_AWAY, ct->id);
	int r = path ? vz_conf_load(path, &ct->own, NULL, e) : vz_oom(e);

	if (r >= 0 && vz_conf_merge(&ct->conf, &ct->own) < 0)
		r = vz_oom(e);
	if (r < 0)
		return r;
	free(ct->private);
	free(ct->root);
	ct->private = expanded(&ct->conf.ve_private, ct->id);
	ct->root = expanded(&ct->conf.ve_root, ct->id);
	return ct->private && ct->root ? 0 : vz_oom(e);
}

bool vz_ct_has_dump(const struct vz_ct *ct)
{
	autofree char *dump = vz_ct_dump_path(ct);

	return dump && access(dump, F_OK) == 0;
}
