// SPDX-License-Identifier: GPL-2.0-or-later
/* The grammar of a device that a VPS is given; see netdev.h. */
#include "param/netdev.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "param/types-internal.h"

#include <linux/if_link.h>

#define VLAN_MAX 4094

struct mode {
	const char *name;
	unsigned value;
};
static const struct mode macvlan_modes[] = {
	{ "bridge", MACVLAN_MODE_BRIDGE }, /* the first is the default */
	{ "vepa", MACVLAN_MODE_VEPA },
	{ "private", MACVLAN_MODE_PRIVATE },
	{ "passthru", MACVLAN_MODE_PASSTHRU },
	{ 0 },
};
static const struct mode ipvlan_modes[] = {
	{ "l2", IPVLAN_MODE_L2 }, { "l3", IPVLAN_MODE_L3 }, { "l3s", IPVLAN_MODE_L3S }, { 0 },
};
static const struct {
	const char *name;
	const struct mode *modes; /* NULL: a number */
} kinds[] = {
	[VZ_NETDEV_PLAIN] = { "", NULL },
	[VZ_NETDEV_MACVLAN] = { "macvlan", macvlan_modes },
	[VZ_NETDEV_IPVLAN] = { "ipvlan", ipvlan_modes },
	[VZ_NETDEV_VLAN] = { "vlan", NULL },
};

const char *vz_netdev_kind(const struct vz_netdev *d)
{
	return kinds[d->kind].name;
}

static int name_put(char to[static IFNAMSIZ], const char *v, size_t n, struct vz_err *e)
{
	if (n >= IFNAMSIZ)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "%.*s is longer than %d characters", (int)n, v, IFNAMSIZ - 1);
	if (!vz_is_ifname(v, n) || memchr(v, '@', n))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "bad device name \"%.*s\"", (int)n,
			       v);
	memcpy(to, v, n);
	to[n] = 0;
	return 0;
}

static int parse_plain(const char *word, struct vz_netdev *d, struct vz_err *e)
{
	static const char *const refused[] = { "venet", "tun", "tap", "lo" };

	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (vz_str_prefix(word, refused[i], NULL))
			return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
				       "a device %s* cannot be moved", refused[i]);
	return name_put(d->name, word, strlen(word), e);
}

static int arg_put(struct vz_netdev *d, const char *v)
{
	const struct mode *m = kinds[d->kind].modes;
	uint32_t id;

	if (!m) {
		if (vz_num_u32(v, VLAN_MAX, &id) < 0 || !id)
			return -EINVAL;
		d->arg = id;
		return 0;
	}
	for (; m->name; m++)
		if (!strcmp(m->name, v)) {
			d->arg = m->value;
			return 0;
		}
	return -EINVAL;
}

/* What a device is called inside when nothing is said; too long for a VLAN of a long name. */
static int default_name(const struct vz_netdev *d, char ret[static IFNAMSIZ], struct vz_err *e)
{
	char name[IFNAMSIZ + 8];

	snprintf(name, sizeof(name), d->kind == VZ_NETDEV_VLAN ? "%s.%u" : "%s", d->parent, d->arg);
	return name_put(ret, name, strlen(name), e);
}

static int parse_made(const char *word, const char *at, struct vz_netdev *d, struct vz_err *e)
{
	const char *s = at + 1;
	size_t n = strcspn(s, ":,");
	int r = name_put(d->parent, s, n, e);

	if (r < 0)
		return r;
	for (d->kind = VZ_NETDEV_MACVLAN; d->kind < ARRAY_LEN(kinds); d->kind++)
		if (strlen(kinds[d->kind].name) == (size_t)(at - word) &&
		    !memcmp(kinds[d->kind].name, word, (size_t)(at - word)))
			break;
	if (d->kind == ARRAY_LEN(kinds))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "%.*s is not macvlan, ipvlan or vlan",
			       (int)(at - word), word);
	s += n;
	if (*s == ':') {
		autofree char *arg = strndup(s + 1, n = strcspn(s + 1, ","));

		r = arg ? arg_put(d, arg) : -ENOMEM;
		if (r < 0)
			return r;
		s += n + 1;
	} else if (d->kind == VZ_NETDEV_VLAN) {
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "a VLAN needs a number: vlan@%s:ID",
			       d->parent);
	} else {
		d->arg = kinds[d->kind].modes[0].value;
	}
	return *s == ',' ? name_put(d->name, s + 1, strlen(s + 1), e) :
			   default_name(d, d->name, e);
}

int vz_netdev_parse(const char *word, struct vz_netdev *ret, struct vz_err *e)
{
	struct vz_netdev d = { 0 };
	const char *at = strchr(word, '@');
	int r = at ? parse_made(word, at, &d, e) : parse_plain(word, &d, e);

	if (r < 0)
		return r;
	*ret = d;
	return 0;
}

const char *vz_netdev_text(const struct vz_netdev *d, char buf[static VZ_NETDEV_TEXT])
{
	const struct mode *m = kinds[d->kind].modes;
	char arg[16] = "", name[IFNAMSIZ] = "";
	bool named;

	if (d->kind == VZ_NETDEV_PLAIN) {
		snprintf(buf, VZ_NETDEV_TEXT, "%s", d->name);
		return buf;
	}
	while (m && m->name && m->value != d->arg)
		m++;
	if (!m)
		snprintf(arg, sizeof(arg), ":%u", d->arg);
	else if (m->name && m != kinds[d->kind].modes)
		snprintf(arg, sizeof(arg), ":%s", m->name);
	named = default_name(d, name, NULL) < 0 || strcmp(name, d->name);
	snprintf(buf, VZ_NETDEV_TEXT, "%s@%s%s%s%s", kinds[d->kind].name, d->parent, arg, named ? "," : "",
		 named ? d->name : "");
	return buf;
}

bool vz_netdev_same(const struct vz_netdev *a, const struct vz_netdev *b)
{
	return a->kind == b->kind && a->arg == b->arg && !strcmp(a->parent, b->parent) &&
	       !strcmp(a->name, b->name);
}

/* ---- lists ---- */

void vz_netdevs_free(struct vz_netdevs *l)
{
	free(l->v);
	*l = (struct vz_netdevs){ 0 };
}

struct vz_netdev *vz_netdevs_find(const struct vz_netdevs *l, const struct vz_netdev *d)
{
	for (size_t i = 0; i < l->n; i++)
		if (vz_netdev_same(&l->v[i], d))
			return &l->v[i];
	return NULL;
}

int vz_netdevs_put(struct vz_netdevs *l, const struct vz_netdev *d)
{
	struct vz_netdev *more;

	if (vz_netdevs_find(l, d))
		return 0;
	more = realloc(l->v, (l->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	l->v = more;
	more[l->n++] = *d;
	return 0;
}

int vz_netdevs_of(const struct vz_plist *words, struct vz_netdevs *ret, struct vz_err *e)
{
	autonetdevs l = { 0 };

	if (e)
		*e = (struct vz_err){ 0 }; /* an older one would be taken for the reason */
	for (size_t i = 0; i < words->n; i++) {
		struct vz_netdev d;
		int r = vz_netdev_parse(words->v[i], &d, e);

		if (r >= 0)
			r = vz_netdevs_put(&l, &d);
		if (r == -ENOMEM)
			return vz_oom(e);
		if (r < 0)
			return e && e->msg[0] ? r : vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
							    "bad network device \"%s\"", words->v[i]);
	}
	*ret = l;
	l = (struct vz_netdevs){ 0 };
	return 0;
}
