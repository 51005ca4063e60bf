// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the value of each column comes from; see values.h. */
#include "vzlist/values.h"
#include "base/num.h"

void vl_get_id(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *v)
{
	(void)c;
	v->kind = VL_NUMBER;
	v->number = it->id;
}

static void set_text(struct vl_value *v, const char *s)
{
	if (!s)
		return;
	v->kind = VL_TEXT;
	v->text = s;
}

void vl_get_private(const struct vl_column *c, const struct vz_list_item *it,
			struct vl_value *v)
{
	(void)c;
	set_text(v, it->private);
}

void vl_get_root(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *v)
{
	(void)c;
	set_text(v, it->root);
}

void vl_get_name(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *v)
{
	(void)c;
	set_text(v, it->name);
}

void vl_get_smart_name(const struct vl_column *c, const struct vz_list_item *it,
			   struct vl_value *v)
{
	(it->name ? vl_get_name : vl_get_id)(c, it, v);
}

void vl_get_status(const struct vl_column *c, const struct vz_list_item *it,
		       struct vl_value *v)
{
	static const char *const words[] = {
		[VZ_LIST_RUNNING] = "running",
		[VZ_LIST_STOPPED] = "stopped",
		[VZ_LIST_MOUNTED] = "mounted",
		[VZ_LIST_SUSPENDED] = "suspended",
	};

	(void)c;
	set_text(v, words[it->status]);
	v->rank = it->status;
}

void vl_get_layout(const struct vl_column *c, const struct vz_list_item *it,
		       struct vl_value *v)
{
	(void)c;
	set_text(v, it->layout ? it->layout : "???");
}

void vl_get_uptime(const struct vl_column *c, const struct vz_list_item *it,
		       struct vl_value *v)
{
	(void)c;
	if (it->status != VZ_LIST_RUNNING)
		return;
	v->kind = VL_UPTIME;
	v->number = it->uptime_ms;
}

/* No mainline kernel keeps a load average per group of processes, and a made-up one would be
 * believed. */
void vl_get_laverage(const struct vl_column *c, const struct vz_list_item *it,
			 struct vl_value *v)
{
	(void)c;
	(void)it;
	v->kind = VL_ABSENT;
}

/* Configurations of 32-bit hosts say 2147483647 for unlimited (INTERFACE 12.47). */
void vl_get_vswap(const struct vl_column *c, const struct vz_list_item *it,
		      struct vl_value *v)
{
	const struct vz_ppair *ram = &it->conf->physpages;

	(void)c;
	v->kind = VL_YESNO;
	v->yes = ram->set && ram->lim != VZ_UNLIMITED && ram->lim != INT32_MAX;
}

void vl_get_uid(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *v)
{
	(void)c;
	if (!it->uid.set)
		return;
	v->kind = VL_NUMBER;
	v->number = it->uid.v;
}

void vl_get_init(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *v)
{
	(void)c;
	if (!it->init)
		return;
	v->kind = VL_NUMBER;
	v->number = (uint64_t)it->init;
}

/* ---- plain configured values, by the kind of their parameter ---- */

void vl_get_str(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *v)
{
	const struct vz_pstr *p = vz_param_get(c->param, it->conf);

	set_text(v, p->set ? p->v : NULL);
}

void vl_get_u64(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *v)
{
	const struct vz_pu64 *p = vz_param_get(c->param, it->conf);

	if (!p->set)
		return;
	v->kind = VL_NUMBER;
	v->number = p->v;
}

/* Where 0 means that there is no limit. */
void vl_get_limit(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *v)
{
	vl_get_u64(c, it, v);
	if (!v->number)
		v->kind = VL_ABSENT;
}

void vl_get_ratio(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *v)
{
	const struct vz_pdouble *p = vz_param_get(c->param, it->conf);

	if (!p->set || !(p->v > 0))
		return;
	v->kind = VL_RATIO;
	v->ratio = p->v;
}

void vl_get_words(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *v)
{
	const struct vz_plist *p = vz_param_get(c->param, it->conf);

	v->kind = VL_WORDS;
	v->words = p->v;
	v->n = p->set ? p->n : 0;
}

/* Of a running VPS those in force, which have no masks: so did the legacy tool. */
void vl_get_ip(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *v)
{
	vl_get_words(c, it, v);
	if (it->status != VZ_LIST_RUNNING)
		return;
	v->words = it->ip.v;
	v->n = it->ip.n;
}

/* A VPS that runs, or has either CPU parameter, has both: the other one is at its default. */
void vl_get_cpu(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *v)
{
	bool either = it->conf->cpulimit.set || it->conf->cpuunits.set;

	vl_get_u64(c, it, v);
	if (v->kind != VL_ABSENT || (!either && it->status != VZ_LIST_RUNNING))
		return;
	v->kind = VL_NUMBER;
	if (!c->param->dflt || vz_num_u64(c->param->dflt, UINT64_MAX, &v->number) < 0)
		v->number = 0;
}

void vl_get_onoff(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *v)
{
	const struct vz_pbool *p = vz_param_get(c->param, it->conf);

	v->kind = p->set ? VL_YESNO : VL_ABSENT;
	v->yes = p->v;
}

void vl_get_disabled(const struct vl_column *c, const struct vz_list_item *it,
			 struct vl_value *v)
{
	vl_get_onoff(c, it, v);
	v->kind = VL_YESNO; /* unset is no */
}

void vl_get_migratable(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *v)
{
	(void)c;
	v->kind = it->migratable.set ? VL_YESNO : VL_ABSENT;
	v->yes = it->migratable.v;
}

void vl_get_switches(const struct vl_column *c, const struct vz_list_item *it,
			 struct vl_value *v)
{
	vl_get_words(c, it, v);
	v->kind = v->n ? VL_SWITCHES : VL_ABSENT;
}

/*
 * Of a running VPS, held, maxheld and failcnt as far as the kernel keeps them, and the limit in
 * force: what nobody limits is unlimited, as the legacy kernel had it.
 */
void vl_get_ubc(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *v)
{
	static const struct vz_counted none = { VZ_UNCOUNTED, VZ_UNCOUNTED, VZ_UNCOUNTED };
	const struct vz_ppair *p = vz_param_get(c->param, it->conf);
	const struct vz_counted *live = &none;
	uint64_t n = VZ_LIST_UNKNOWN;

	if (c->row->live)
		live = (const void *)((const char *)it + c->row->live);
	if (it->status == VZ_LIST_RUNNING)
		n = VZ_UNLIMITED;
	switch (c->part) {
	case VL_HELD:
		n = live->held;
		break;
	case VL_MAXHELD:
		n = live->maxheld;
		break;
	case VL_BARRIER:
		n = p->set ? p->bar : n;
		break;
	case VL_LIMIT:
		n = p->set ? p->lim : n;
		break;
	case VL_FAILCNT:
		n = live->failcnt;
		break;
	}
	v->kind = n == VZ_LIST_UNKNOWN ? VL_ABSENT : VL_NUMBER;
	v->number = n;
}

/* What is used would take a walk through the whole tree to tell, so it is not told. */
void vl_get_disk(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *v)
{
	const struct vz_ppair *p = vz_param_get(c->param, it->conf);

	if (!p->set || c->part == VL_USED)
		return;
	v->kind = VL_NUMBER;
	v->number = c->part == VL_SOFT ? p->bar : p->lim;
}

void vl_get_traffic(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *v)
{
	const uint64_t *n = (const void *)((const char *)it + c->row->live);

	if (*n == VZ_LIST_UNKNOWN)
		return;
	v->kind = VL_NUMBER;
	v->number = *n;
}
