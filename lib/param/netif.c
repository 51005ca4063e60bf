// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The grammar of one veth device; see netif.h. What is not given stays out: names and hardware
 * addresses that are made up are not known here but in nic/veth-names.c.
 */
#include "param/netif.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "param/types-internal.h"

#include <ctype.h>
#include <net/if.h>

#define MAC_TEXT 17

enum kind { K_NAME, K_MAC, K_ON, K_YES, K_IP4, K_IP6 };

static const struct {
	const char *key;
	enum kind kind;
	const char *dflt; /* not written */
} keys[VZ_NETIF_KEYS] = {
	[VZ_NETIF_IFNAME] = { "ifname", K_NAME, NULL },
	[VZ_NETIF_BRIDGE] = { "bridge", K_NAME, NULL },
	[VZ_NETIF_MAC] = { "mac", K_MAC, NULL },
	[VZ_NETIF_HOST_IFNAME] = { "host_ifname", K_NAME, NULL },
	[VZ_NETIF_HOST_MAC] = { "host_mac", K_MAC, NULL },
	[VZ_NETIF_MAC_FILTER] = { "mac_filter", K_ON, "on" },
	[VZ_NETIF_IP_FILTER] = { "ip_filter", K_ON, NULL },
	[VZ_NETIF_ROUTER] = { "router", K_ON, "off" },
	[VZ_NETIF_GW] = { "gw", K_IP4, NULL },
	[VZ_NETIF_GW6] = { "gw6", K_IP6, NULL },
	[VZ_NETIF_DHCP] = { "dhcp", K_YES, "no" },
	[VZ_NETIF_DHCP6] = { "dhcp6", K_YES, "no" },
};

void vz_netif_free(struct vz_netif *n)
{
	free(n->ip);
	n->ip = NULL;
	n->n_ip = 0;
}

bool vz_netif_same(const struct vz_netif *a, const struct vz_netif *b)
{
	for (unsigned k = 0; k < VZ_NETIF_KEYS; k++)
		if (strcmp(a->v[k], b->v[k]))
			return false;
	for (size_t i = 0; i < a->n_ip && i < b->n_ip; i++)
		if (!vz_ip_same(&a->ip[i], &b->ip[i]) || a->ip[i].prefix != b->ip[i].prefix)
			return false;
	return a->n_ip == b->n_ip;
}

/* A device with addresses is held to them, unless DHCP may give it others. */
static const char *ip_filter_default(const struct vz_netif *n)
{
	return n->n_ip && !vz_netif_is_on(n, VZ_NETIF_DHCP) &&
	       !vz_netif_is_on(n, VZ_NETIF_DHCP6) ? "on" : "off";
}

bool vz_netif_is_on(const struct vz_netif *n, enum vz_netif_key key)
{
	const char *v = *n->v[key] ? n->v[key] :
			key == VZ_NETIF_IP_FILTER ? ip_filter_default(n) : keys[key].dflt;

	return vz_str_eq(v, "on") || vz_str_eq(v, "yes");
}

/* ---- values ---- */

bool vz_is_ifname(const char *s, size_t n)
{
	if (!n || n >= IFNAMSIZ || (n <= 2 && !strncmp(s, "..", n)))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!(s[i] > 0 && isalnum((unsigned char)s[i])) && !strchr("-._@", s[i]))
			return false;
	return true;
}

static int name_check(enum vz_netif_key key, const char *v, struct vz_err *e)
{
	/* "all" and "default" are not devices below /proc/sys/net, lo and venet0 are taken inside,
	 * venet* and vzs* are the names of our own devices on the host */
	bool taken = !strcmp(v, "all") || !strcmp(v, "default") || !strcmp(v, "lo");

	if (key == VZ_NETIF_IFNAME)
		taken |= !strcmp(v, "venet0");
	if (key == VZ_NETIF_HOST_IFNAME)
		taken |= vz_str_prefix(v, "venet", NULL) || vz_str_prefix(v, "vzs", NULL);
	if (strlen(v) >= IFNAMSIZ)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "%s %s is longer than %d characters", keys[key].key, v,
			       IFNAMSIZ - 1);
	if (!vz_is_ifname(v, strlen(v)))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "bad %s \"%s\"", keys[key].key, v);
	if (taken)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "the %s %s is reserved",
			       keys[key].key, v);
	return 0;
}

static int mac_bytes(const char *v, uint8_t ret[static 6])
{
	uint64_t byte;

	if (strlen(v) != MAC_TEXT)
		return -EINVAL;
	for (int i = 0; i < 6; i++) {
		char hex[3] = { v[3 * i], v[3 * i + 1], 0 };

		if (!isxdigit((unsigned char)hex[0]) || !isxdigit((unsigned char)hex[1]) ||
		    (i < 5 && v[3 * i + 2] != ':') || vz_num_base(hex, 16, 255, &byte) < 0)
			return -EINVAL;
		ret[i] = (uint8_t)byte;
	}
	return 0;
}

int vz_netif_mac(const struct vz_netif *n, enum vz_netif_key key, uint8_t ret[static 6])
{
	return mac_bytes(n->v[key], ret);
}

static int mac_check(enum vz_netif_key key, const char *v, struct vz_err *e)
{
	static const uint8_t zero[6];
	const char *whose = key == VZ_NETIF_MAC ? "container" : "host";
	uint8_t mac[6];

	if (strlen(v) != MAC_TEXT)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Invalid %s MAC address length",
			       whose);
	if (mac_bytes(v, mac) < 0)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Invalid %s MAC address format",
			       whose);
	if (mac[0] & 1 || !memcmp(mac, zero, sizeof(mac)))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "Invalid %s MAC address: it is %s", whose,
			       mac[0] & 1 ? "multicast" : "zero");
	return 0;
}

static int ip_parse(const char *v, struct vz_ip *ret)
{
	static const uint8_t zero[16];

	if (vz_ip_parse(v, ret) < 0 || !memcmp(ret->bytes, zero, vz_ip_size(ret)))
		return -EINVAL;
	/* 224.0.0.0/4 and above, ff00::/8 */
	if (ret->family == AF_INET ? ret->bytes[0] >= 224 : ret->bytes[0] == 0xff)
		return -EINVAL;
	return ret->prefix ? 0 : -EINVAL;
}

/* Checks a value and enters it; "" takes it away. */
static int put(struct vz_netif *n, enum vz_netif_key key, const char *v, struct vz_err *e)
{
	char text[VZ_IP_TEXT];
	struct vz_ip ip;
	int r = 0;

	if (*v)
		switch (keys[key].kind) {
		case K_NAME:
			r = name_check(key, v, e);
			break;
		case K_MAC:
			r = mac_check(key, v, e);
			break;
		case K_ON:
			r = vz_words_have("on|off", v, strlen(v)) ? 0 : -EINVAL;
			break;
		case K_YES:
			r = vz_words_have("yes|no", v, strlen(v)) ? 0 : -EINVAL;
			break;
		case K_IP4:
		case K_IP6:
			r = ip_parse(v, &ip);
			if (!r && (ip.masked || (ip.family == AF_INET) != (keys[key].kind == K_IP4)))
				r = -EINVAL;
			if (!r)
				v = vz_ip_text(&ip, text);
			break;
		}
	if (r < 0)
		return r;
	snprintf(n->v[key], sizeof(n->v[key]), "%s", v);
	return 0;
}

static void ip_remove(struct vz_netif *n, const struct vz_ip *ip)
{
	size_t left = 0;

	for (size_t i = 0; i < n->n_ip; i++)
		if (!vz_ip_same(&n->ip[i], ip))
			n->ip[left++] = n->ip[i];
	n->n_ip = left;
}

/* An address given again has the mask that was given last. */
static int ip_put(struct vz_netif *n, const char *v, bool remove)
{
	struct vz_ip ip, *more;

	if (remove && !strcmp(v, "all")) {
		n->n_ip = 0;
		return 0;
	}
	if (ip_parse(v, &ip) < 0)
		return -EINVAL;
	ip_remove(n, &ip);
	if (remove)
		return 0;
	more = realloc(n->ip, (n->n_ip + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	n->ip = more;
	n->ip[n->n_ip++] = ip;
	return 0;
}

/* ---- words ---- */

static int parse_pair(struct vz_netif *n, const char *pair, struct vz_err *e)
{
	const char *eq = strchr(pair, '=');
	size_t len = eq ? (size_t)(eq - pair) : 0;

	if (!eq)
		return -EINVAL;
	if (!strncmp(pair, "ip=", 3))
		return ip_put(n, eq + 1, false);
	if (!strncmp(pair, "-ip=", 4))
		return ip_put(n, eq + 1, true);
	for (unsigned k = 0; k < VZ_NETIF_KEYS; k++)
		if (strlen(keys[k].key) == len && !memcmp(keys[k].key, pair, len))
			return put(n, k, eq + 1, e);
	return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "unknown key %.*s", (int)len, pair);
}

int vz_netif_parse(const char *word, struct vz_netif *ret, struct vz_err *e)
{
	autonetif n = { 0 };
	const char *s = word;
	int r = 0;

	while (r >= 0) {
		autofree char *pair = vz_str_word(&s, ",");

		if (!pair)
			break;
		r = parse_pair(&n, pair, e);
	}
	if (r < 0)
		return r;
	if (!*n.v[VZ_NETIF_IFNAME])
		return -EINVAL;
	*ret = n;
	n.ip = NULL;
	return 0;
}

char *vz_netif_word(const struct vz_netif *n)
{
	autostr s = { 0 };

	for (unsigned k = 0; k < VZ_NETIF_KEYS; k++)
		if (*n->v[k] && !vz_str_eq(n->v[k], keys[k].dflt))
			vz_str_addf(&s, "%s%s=%s", s.len ? "," : "", keys[k].key, n->v[k]);
	for (size_t i = 0; i < n->n_ip; i++) {
		char text[VZ_IP_TEXT];

		vz_str_addf(&s, ",ip=%s/%u", vz_ip_text(&n->ip[i], text), n->ip[i].prefix);
	}
	return vz_str_take(&s);
}

int vz_netif_change(const char *old, const char *change, char **ret_word, struct vz_err *e)
{
	autofree char *both = vz_fmt("%s,%s", old, change);
	autonetif n = { 0 };
	int r = both ? vz_netif_parse(both, &n, e) : -ENOMEM;

	if (r < 0)
		return r;
	*ret_word = vz_netif_word(&n);
	return *ret_word ? 0 : -ENOMEM;
}

int vz_netif_from_fields(const char *fields, char **ret_word, struct vz_err *e)
{
	static const enum vz_netif_key order[] = { VZ_NETIF_IFNAME, VZ_NETIF_MAC,
						   VZ_NETIF_HOST_IFNAME, VZ_NETIF_HOST_MAC,
						   VZ_NETIF_BRIDGE };
	struct vz_netif n = { 0 };
	const char *s = fields;
	size_t i;
	int r;

	for (i = 0; i < ARRAY_LEN(order); i++) {
		size_t len = strcspn(s, ",");
		autofree char *v = strndup(s, len);

		if (!v)
			return -ENOMEM;
		r = put(&n, order[i], v, e);
		if (r < 0)
			return r;
		s += len;
		if (!*s)
			break;
		s++;
	}
	if (*s || !*n.v[VZ_NETIF_IFNAME])
		return -EINVAL;
	/* a list that ends before the host's address means the same one (INTERFACE 8.3) */
	if ((i == 1 || i == 2) && *n.v[VZ_NETIF_MAC])
		memcpy(n.v[VZ_NETIF_HOST_MAC], n.v[VZ_NETIF_MAC], sizeof(n.v[0]));
	*ret_word = vz_netif_word(&n);
	return *ret_word ? 0 : -ENOMEM;
}
