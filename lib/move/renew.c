// SPDX-License-Identifier: GPL-2.0-or-later
/* What a VPS is to be called on the other host; see renew.h. */
#include "move/renew.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/ct.h"
#include "ops/private.h"
#include "param/netif.h"

static const char *const keys[] = { "NAME", "VE_PRIVATE", "VE_ROOT", "IP_ADDRESS" };

static const char *value_of(const struct vz_renew *n, size_t i)
{
	const char *const values[] = { n->name, n->private, n->root, n->ips };

	return values[i];
}

bool vz_renew_is_any(const struct vz_renew *n)
{
	return n->id || n->name || n->private || n->root || n->ips;
}

int vz_renew_each(const struct vz_renew *n, vz_renew_one *each, void *arg, struct vz_err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(keys); i++)
		if (value_of(n, i))
			r = each(arg, keys[i], value_of(n, i), e);
	return r;
}

static bool is_ours(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (!strcmp(keys[i], key))
			return true;
	return false;
}

static int refuse_value(const char *key, const char *value, const char *why, struct vz_err *e)
{
	return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "%s cannot be %s: %s", key, value, why);
}

int vz_renew_take(struct vz_conf *c, const char *key, const char *value, struct vz_err *e)
{
	const struct vz_param *p = is_ours(key) ? vz_param_by_key(key) : NULL;
	struct vz_err why = { 0 };
	bool is_path = !strncmp(key, "VE_", 3);
	int r;

	if (!p || !*value || vz_str_has_control(value))
		return refuse_value(key, value, "it is empty, or none", e);
	if (is_path) {
		autofree char *path = vz_conf_expand(value, 1);

		if (!path || !vz_private_may_be(path))
			return refuse_value(key, value, "no container may have this path", e);
	}
	if (!strcmp(key, "NAME") && !value[strspn(value, "0123456789")])
		return refuse_value(key, value, "a number is an id", e);
	r = vz_conf_set(c, p, value, !is_path, &why);
	return r ? refuse_value(key, value, *why.msg ? why.msg : "it is none", e) : 0;
}

static int check_one(void *arg, const char *key, const char *value, struct vz_err *e)
{
	return vz_renew_take(arg, key, value, e);
}

int vz_renew_check(const struct vz_renew *n, struct vz_err *e)
{
	autoconf c = { 0 };

	return vz_renew_each(n, check_one, &c, e);
}

int vz_renew_follow(const struct vz_conf *own, unsigned from, unsigned to, struct vz_conf *changed)
{
	autofree char *old = vz_fmt("veth%u.", from);
	autonetifs all = { 0 };
	struct vz_err e = { 0 };
	const char *number;

	if (!old)
		return -ENOMEM;
	/* what is no device is left for the start to refuse */
	if (from == to || !own->netif.n || vz_netifs_of(&own->netif, &all, &e) < 0)
		return 0;
	for (size_t i = 0; i < all.n; i++) {
		char *name = all.v[i].v[VZ_NETIF_HOST_IFNAME];

		if (vz_str_prefix(name, old, &number)) {
			autofree char *new = vz_fmt("veth%u.%s", to, number);

			snprintf(name, sizeof(all.v[i].v[VZ_NETIF_HOST_IFNAME]), "%s", new ? new : "");
		}
	}
	return vz_netifs_store(&all, &changed->netif);
}
