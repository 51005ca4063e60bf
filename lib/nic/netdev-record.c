// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a device is, read from the kernel, and the record VZ_RUNDIR/netdev/CTID: lines "key=value",
 * each device beginning with "word=". Only root writes there.
 */
#include "base/num.h"
#include "base/own.h"
#include "ct/ct.h"
#include "nic/netdev-internal.h"
#include "sys/file.h"
#include "sys/nl.h"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#define RECORD_DIR VZ_RUNDIR "/netdev"
#define RECORD_MAX (1u << 20)

void vz_held_free(struct vz_held_list *l)
{
	free(l->v);
	*l = (struct vz_held_list){ 0 };
}

/* ---- from the kernel ---- */

static bool mac_of(const struct nlattr *a, uint8_t ret[static VZ_LINK_MAC])
{
	if (!a || mnl_attr_get_payload_len(a) != VZ_LINK_MAC)
		return false;
	memcpy(ret, mnl_attr_get_payload(a), VZ_LINK_MAC);
	return true;
}

static void altnames_of(const struct nlattr *list, struct vz_held *h)
{
	const struct nlattr *a;

	if (!list)
		return;
	mnl_attr_for_each_nested(a, list)
		if (mnl_attr_get_type(a) == IFLA_ALT_IFNAME && h->n_alt < VZ_ALTNAMES) {
			char *to = h->alt[h->n_alt];

			snprintf(to, VZ_ALTNAME, "%s", vz_nl_str(a));
			h->n_alt += *to != 0;
		}
}

struct look {
	struct vz_held *one;
	int (*each)(const struct vz_held *, void *);
	void *arg;
	int result;
	int master;
};

static int take_link(const struct nlmsghdr *m, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(m);
	const struct nlattr *tb[IFLA_PARENT_DEV_BUS_NAME + 1], *info[IFLA_INFO_KIND + 1];
	struct look *look = arg;
	struct vz_held h = { 0 };

	if (m->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(m) < sizeof(*ifi))
		return -EBADMSG;
	vz_nl_attrs(m, sizeof(*ifi), tb, IFLA_PARENT_DEV_BUS_NAME);
	h.index = ifi->ifi_index;
	h.flags = ifi->ifi_flags;
	h.mtu = vz_nl_u32(tb[IFLA_MTU]);
	h.queue = vz_nl_u32(tb[IFLA_TXQLEN]);
	h.group = vz_nl_u32(tb[IFLA_GROUP]);
	h.has_mac = mac_of(tb[IFLA_ADDRESS], h.mac);
	h.has_perm = mac_of(tb[IFLA_PERM_ADDRESS], h.perm);
	snprintf(h.dev.name, sizeof(h.dev.name), "%s", vz_nl_str(tb[IFLA_IFNAME]));
	snprintf(h.alias, sizeof(h.alias), "%s", vz_nl_str(tb[IFLA_IFALIAS]));
	snprintf(h.bus, sizeof(h.bus), "%s", vz_nl_str(tb[IFLA_PARENT_DEV_NAME]));
	altnames_of(tb[IFLA_PROP_LIST], &h);
	if (tb[IFLA_LINKINFO]) {
		vz_nl_nested(tb[IFLA_LINKINFO], info, IFLA_INFO_KIND);
		snprintf(h.kind, sizeof(h.kind), "%s", vz_nl_str(info[IFLA_INFO_KIND]));
	}
	look->master = (int)vz_nl_u32(tb[IFLA_MASTER]);
	if (look->one)
		*look->one = h;
	else if (!look->result)
		look->result = look->each(&h, look->arg);
	return 0;
}

static int ask(int rtnl, int index, const char *name, struct look *look)
{
	struct ifinfomsg ifi = { .ifi_index = index };
	struct vz_nl m;

	vz_nl_init(&m, RTM_GETLINK, look->one ? 0 : NLM_F_DUMP);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	if (name)
		vz_nl_put_str(&m, IFLA_IFNAME, name);
	vz_nl_put_u32(&m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return vz_nl_read(rtnl, &m, &(struct vz_nl_reader){ take_link, look }, NULL, "x");
}

int vz_held_look(int rtnl, int index, const char *name, struct vz_held *ret)
{
	struct vz_held h = { 0 };
	struct look look = { .one = &h };
	struct vz_link master;
	int r = ask(rtnl, index, index ? NULL : name, &look);

	if (r < 0)
		return r;
	if (look.master && vz_link_get(rtnl, look.master, &master, NULL) >= 0)
		snprintf(h.master, sizeof(h.master), "%s", master.name);
	h.asked = ret->asked;
	h.inner = ret->inner;
	*ret = h;
	return 0;
}

int vz_held_each(int rtnl, int (*each)(const struct vz_held *, void *), void *arg)
{
	struct look look = { .each = each, .arg = arg };
	int r = ask(rtnl, 0, NULL, &look);

	return r < 0 ? r : look.result;
}

bool vz_held_same(const struct vz_held *was, const struct vz_held *is)
{
	if (strcmp(was->kind, is->kind) || strcmp(was->bus, is->bus) ||
	    was->has_perm != is->has_perm)
		return false;
	return !was->has_perm || !memcmp(was->perm, is->perm, sizeof(was->perm));
}

/* ---- the list ---- */

int vz_held_add(struct vz_held_list *l, const struct vz_held *h)
{
	struct vz_held *v = realloc(l->v, (l->n + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	l->v = v;
	v[l->n++] = *h;
	return 0;
}

struct vz_held *vz_held_find(const struct vz_held_list *l, const struct vz_netdev *asked)
{
	for (size_t i = 0; i < l->n; i++)
		if (vz_netdev_same(&l->v[i].asked, asked))
			return &l->v[i];
	return NULL;
}

void vz_held_drop(struct vz_held_list *l, const struct vz_netdev *asked)
{
	struct vz_held *h = vz_held_find(l, asked);

	if (!h)
		return;
	memmove(h, h + 1, (size_t)(l->v + l->n - h - 1) * sizeof(*h));
	l->n--;
}

/* ---- the file ---- */

static const struct {
	const char *key;
	size_t at, size;
} texts[] = {
#define TEXT(key, f) { key, offsetof(struct vz_held, f), sizeof(((struct vz_held *)0)->f) }
	TEXT("name", dev.name), TEXT("kind", kind), TEXT("bus", bus), TEXT("master", master),
	TEXT("alias", alias),
};
static const struct {
	const char *key;
	size_t at;
} numbers[] = {
#define NUMBER(f) { #f, offsetof(struct vz_held, f) }
	NUMBER(inner), NUMBER(index), NUMBER(flags), NUMBER(mtu), NUMBER(queue), NUMBER(group),
};

static void print_mac(struct vz_str *to, const char *key, const uint8_t *mac)
{
	vz_str_addf(to, "%s=%02x%02x%02x%02x%02x%02x\n", key, mac[0], mac[1], mac[2], mac[3],
		    mac[4], mac[5]);
}

/* Names that no line can hold are not kept. */
static bool is_line(const char *s)
{
	return *s && !vz_str_has_control(s);
}

void vz_held_print(const struct vz_held_list *l, struct vz_str *to)
{
	for (const struct vz_held *h = l->v; h < l->v + l->n; h++) {
		char word[VZ_NETDEV_TEXT];

		vz_str_addf(to, "word=%s\n", vz_netdev_text(&h->asked, word));
		for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
			vz_str_addf(to, "%s=%u\n", numbers[i].key,
				    *(const unsigned *)(const void *)((const char *)h +
								      numbers[i].at));
		for (size_t i = 0; i < ARRAY_LEN(texts); i++)
			if (is_line((const char *)h + texts[i].at))
				vz_str_addf(to, "%s=%s\n", texts[i].key,
					    (const char *)h + texts[i].at);
		if (h->has_mac)
			print_mac(to, "mac", h->mac);
		if (h->has_perm)
			print_mac(to, "perm", h->perm);
		for (size_t i = 0; i < h->n_alt; i++)
			if (is_line(h->alt[i]))
				vz_str_addf(to, "alt=%s\n", h->alt[i]);
	}
}

static int parse_mac(const char *v, uint8_t ret[static VZ_LINK_MAC])
{
	uint64_t n;

	if (strlen(v) != 2 * VZ_LINK_MAC || vz_num_base(v, 16, (1ULL << 48) - 1, &n) < 0)
		return -EINVAL;
	for (int i = VZ_LINK_MAC - 1; i >= 0; i--, n >>= 8)
		ret[i] = (uint8_t)n;
	return 0;
}

static int parse_line(struct vz_held *h, const char *key, const char *v)
{
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (!strcmp(numbers[i].key, key))
			return vz_num_u32(v, UINT32_MAX,
					  (uint32_t *)(void *)((char *)h + numbers[i].at));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (!strcmp(texts[i].key, key)) {
			snprintf((char *)h + texts[i].at, texts[i].size, "%s", v);
			return 0;
		}
	if (!strcmp(key, "mac"))
		h->has_mac = parse_mac(v, h->mac) >= 0;
	else if (!strcmp(key, "perm"))
		h->has_perm = parse_mac(v, h->perm) >= 0;
	else if (!strcmp(key, "alt") && h->n_alt < VZ_ALTNAMES)
		snprintf(h->alt[h->n_alt++], VZ_ALTNAME, "%s", v);
	return 0;
}

int vz_held_parse(const char *text, struct vz_held_list *ret)
{
	autoheld l = { 0 };
	const char *s = text;
	int r = 0;

	for (;;) {
		autofree char *line = vz_str_word(&s, "\n");
		char *v = line ? strchr(line, '=') : NULL;

		if (!line || r < 0)
			break;
		if (!v || !v[1] || vz_str_has_control(line))
			return -EINVAL;
		*v++ = 0;
		if (!strcmp(line, "word")) {
			struct vz_held h = { 0 };

			r = vz_netdev_parse(v, &h.asked, NULL);
			h.dev = h.asked;
			if (r >= 0)
				r = vz_held_add(&l, &h);
		} else {
			r = l.n ? parse_line(&l.v[l.n - 1], line, v) : -EINVAL;
		}
	}
	if (r < 0)
		return r;
	*ret = l;
	l = (struct vz_held_list){ 0 };
	return 0;
}

int vz_held_read(unsigned ctid, struct vz_held_list *ret)
{
	autofree char *path = vz_fmt(RECORD_DIR "/%u", ctid), *text = NULL;
	ssize_t n = path ? vz_file_read(AT_FDCWD, path, RECORD_MAX, &text) : -ENOMEM;

	*ret = (struct vz_held_list){ 0 };
	if (n == -ENOENT)
		return 0;
	return n < 0 ? (int)n : vz_held_parse(text, ret);
}

int vz_held_write(unsigned ctid, const struct vz_held_list *l, struct vz_err *e)
{
	autofree char *path = vz_fmt(RECORD_DIR "/%u", ctid);
	autostr text = { 0 };
	int r = path ? 0 : -ENOMEM;

	if (r >= 0 && !l->n)
		return unlink(path) < 0 && errno != ENOENT ?
			       vz_fail(e, VZ_NETDEV_ERROR, errno, "cannot remove %s", path) : 0;
	vz_held_print(l, &text);
	if (text.failed)
		r = -ENOMEM;
	if (r >= 0)
		r = vz_mkdir_p(RECORD_DIR, 0700);
	if (r >= 0)
		r = vz_file_replace(path, text.s, text.len, 0600, false);
	return r < 0 ? vz_fail(e, VZ_NETDEV_ERROR, -r, "cannot record the network devices") : 0;
}

unsigned vz_held_by(const struct vz_netdev *asked)
{
	autofree unsigned *ids = NULL;
	size_t n = 0;

	if (vz_ids_in_dir(RECORD_DIR, "", &ids, &n) < 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		autoheld l = { 0 };

		if (vz_held_read(ids[i], &l) >= 0 && vz_held_find(&l, asked))
			return ids[i];
	}
	return 0;
}
