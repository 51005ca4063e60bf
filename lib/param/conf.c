// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole configurations as loops over the table: look a row up, set, print, merge, free. Nothing
 * here knows any single parameter.
 */
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "param/types-internal.h"

static bool has_value(const struct vz_param *p)
{
	return p->type != &vz_type_retired;
}

const struct vz_param *vz_param_by_key(const char *key)
{
	for (size_t i = 0; i < vz_nparams; i++)
		if (vz_params[i].key && *key == *vz_params[i].key && !strcmp(vz_params[i].key, key))
			return &vz_params[i];
	return NULL;
}

uint64_t vz_param_default(const char *key)
{
	const struct vz_param *p = vz_param_by_key(key);
	uint64_t n = 0;

	return p && p->dflt && vz_num_u64(p->dflt, UINT64_MAX, &n) >= 0 ? n : 0;
}

bool vz_param_is_set(const struct vz_param *p, const struct vz_conf *c)
{
	return has_value(p) && *(const bool *)vz_param_get(p, c);
}

const struct vz_param *vz_param_saved_as(const struct vz_param *p)
{
	if (!has_value(p))
		return NULL;
	for (size_t i = 0; i < vz_nparams; i++)
		if (vz_params[i].at == p->at && vz_params[i].key && has_value(&vz_params[i]) &&
		    !(vz_params[i].where & RETIRED))
			return &vz_params[i];
	return NULL;
}

int vz_conf_put(struct vz_conf *c, const struct vz_param *p, const char *text, bool cli,
		struct vz_err *e)
{
	void *val = vz_param_at(p, c);

	if (!has_value(p))
		return 0;
	if (vz_param_is_set(p, c) && !p->type->list && !p->type->last_wins)
		return 0; /* the first wins, the second is not even looked at: INTERFACE 1.1 */
	if (!p->type->list && vz_str_has_control(text))
		return -EINVAL;
	return p->type->parse(p, text, cli, val, e);
}

int vz_conf_set(struct vz_conf *c, const struct vz_param *p, const char *text, bool cli,
		struct vz_err *e)
{
	struct vz_err why = { 0 };
	int r = vz_conf_put(c, p, text, cli, &why);

	if (r < 0 && why.msg[0])
		vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "invalid value for %s: %s: %s",
			p->key ? p->key : p->opt, text, why.msg);
	else if (r < 0)
		vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "invalid value for %s: %s",
			p->key ? p->key : p->opt, text);
	return r;
}

void vz_conf_unset(struct vz_conf *c, const struct vz_param *p)
{
	if (has_value(p))
		p->type->drop(vz_param_at(p, c));
}

char *vz_conf_text(const struct vz_conf *c, const struct vz_param *p)
{
	char *text = NULL;
	size_t n;
	FILE *f;

	if (!vz_param_is_set(p, c))
		return NULL;
	f = open_memstream(&text, &n);
	if (!f)
		return NULL;
	p->type->print(p, vz_param_get(p, c), f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

int vz_conf_merge(struct vz_conf *c, const struct vz_conf *over)
{
	for (size_t i = 0; i < vz_nparams; i++) {
		const struct vz_param *p = &vz_params[i];
		int r;

		if (!vz_param_is_set(p, over))
			continue;
		vz_conf_unset(c, p);
		r = p->type->copy(vz_param_at(p, c), vz_param_get(p, over));
		if (r < 0)
			return r;
	}
	return 0;
}

void vz_conf_free(struct vz_conf *c)
{
	for (size_t i = 0; i < vz_nparams; i++)
		vz_conf_unset(c, &vz_params[i]);
}
