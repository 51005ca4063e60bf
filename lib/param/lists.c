// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kinds of lists. A list is split into words, every word is made canonical by its kind, and a
 * later word about the same thing takes the place of the earlier one: an address, an interface,
 * a capability stands in a list once.
 */
#include "base/ip.h"
#include "base/num.h"
#include "base/near.h"
#include "base/own.h"
#include "base/str.h"
#include "param/netdev.h"
#include "param/netif.h"
#include "param/types-internal.h"

#include <ctype.h>
#include <linux/major.h>

/* ---- what lists share ---- */

void vz_drop_list(void *val)
{
	struct vz_plist *l = val;

	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct vz_plist){ 0 };
}

/* Appends; the word is the list's from now on. */
static int push(struct vz_plist *l, char *word)
{
	char **v;

	l->set = true;
	if (!word)
		return 0;
	v = realloc(l->v, (l->n + 1) * sizeof(*v));
	if (!v) {
		free(word);
		return -ENOMEM;
	}
	l->v = v;
	v[l->n++] = word;
	return 0;
}

int vz_copy_list(void *to, const void *from)
{
	const struct vz_plist *l = from;
	struct vz_plist ret = { .set = true };

	for (size_t i = 0; i < l->n; i++) {
		char *word = strdup(l->v[i]);

		if (!word || push(&ret, word) < 0) {
			vz_drop_list(&ret);
			return -ENOMEM;
		}
	}
	*(struct vz_plist *)to = ret;
	return 0;
}

bool vz_plist_has(const struct vz_plist *l, const char *word)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i], word))
			return true;
	return false;
}

bool vz_plist_is_all(const struct vz_plist *l)
{
	return vz_plist_has(l, "all");
}

bool vz_plist_is_inherit(const struct vz_plist *l)
{
	return l->n && !strcmp(l->v[0], "inherit");
}

char *vz_plist_text(const struct vz_plist *l)
{
	autostr s = { 0 };

	for (size_t i = 0; i < l->n; i++)
		vz_str_addf(&s, "%s%s", i ? " " : "", l->v[i]);
	return vz_str_take(&s);
}

static bool same(const struct vz_ptype *t, const char *a, const char *b)
{
	size_t n = t->id_len(a);

	return n == t->id_len(b) && !memcmp(a, b, n);
}

char **vz_plist_find(const struct vz_plist *l, const struct vz_ptype *type, const char *word)
{
	for (size_t i = 0; i < l->n; i++)
		if (same(type, l->v[i], word))
			return &l->v[i];
	return NULL;
}

int vz_plist_put(struct vz_plist *l, const struct vz_ptype *type, char *word)
{
	char **is = vz_plist_find(l, type, word);

	if (!is)
		return push(l, word);
	free(*is);
	*is = word;
	return 0;
}

void vz_plist_remove(struct vz_plist *l, const struct vz_ptype *type, const char *word)
{
	bool all = !strcmp(word, "all");
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (all || same(type, l->v[i], word))
			free(l->v[i]);
		else
			l->v[n++] = l->v[i];
	l->n = n;
}

/* A list value of any kind; in a file a bad word is skipped and reported by the result
 * VZ_TAKEN_PARTLY, on the command line it is a failure. */
static int list_parse(const struct vz_param *p, const char *text, bool cli, void *val,
		      struct vz_err *e)
{
	struct vz_plist *l = val, fresh = { .set = true };
	const char *s = text;
	int r = 0, result = 0;

	for (;;) {
		autofree char *in = vz_str_word(&s, p->type->seps);
		char *out = NULL;

		if (!in)
			break;
		r = vz_str_has_control(in) ? -EINVAL : p->type->word(p, in, cli, &out, e);
		if (!r && out)
			r = vz_plist_put(&fresh, p->type, out);
		if (r == -ENOMEM || (r < 0 && cli))
			break;
		if (r < 0)
			result = VZ_TAKEN_PARTLY;
		r = 0;
	}
	for (size_t i = 0; !r && i < fresh.n; i++)
		r = vz_plist_put(l, p->type, TAKE_PTR(fresh.v[i]));
	if (!r)
		l->set = true;
	vz_drop_list(&fresh);
	return r < 0 ? r : result;
}

static void print_words(const struct vz_plist *l, const char *sep, FILE *f)
{
	for (size_t i = 0; i < l->n; i++)
		fprintf(f, "%s%s", i ? sep : "", l->v[i]);
}

static void list_print(const struct vz_param *p, const void *val, FILE *f)
{
	(void)p;
	print_words(val, " ", f);
}

/* The legacy writer left a blank behind every word of these lists (INTERFACE 3.3). */
static void trailing_print(const struct vz_param *p, const void *val, FILE *f)
{
	const struct vz_plist *l = val;

	(void)p;
	print_words(l, " ", f);
	if (l->n)
		fputc(' ', f);
}

static void netif_print(const struct vz_param *p, const void *val, FILE *f)
{
	(void)p;
	print_words(val, ";", f);
}

/* Identities: the whole word, or what stands before a certain byte. */
static size_t id_whole(const char *w)
{
	return strlen(w);
}

static size_t id_to_slash(const char *w)
{
	return strcspn(w, "/");
}

static size_t id_to_colon(const char *w)
{
	return strcspn(w, ":");
}

static size_t id_to_comma(const char *w)
{
	return strcspn(w, ",");
}

static size_t id_to_last_colon(const char *w)
{
	const char *colon = strrchr(w, ':');

	return colon ? (size_t)(colon - w) : strlen(w);
}

static int keep(char **ret, const char *word)
{
	*ret = strdup(word);
	return *ret ? 0 : -ENOMEM;
}

/* ---- addresses and names ---- */

static int ip_word(const struct vz_param *p, const char *in, bool cli, char **ret,
		   struct vz_err *e)
{
	char text[VZ_IP_TEXT];
	struct vz_ip ip;

	(void)p;
	(void)cli;
	(void)e;
	if (vz_ip_parse(in, &ip) < 0)
		return -EINVAL;
	vz_ip_text(&ip, text);
	if (!strcmp(text, "0.0.0.0") || !strcmp(text, "::"))
		return 0; /* silently dropped, INTERFACE 1.7.3 */
	*ret = ip.masked ? vz_fmt("%s/%u", text, ip.prefix) : strdup(text);
	return *ret ? 0 : -ENOMEM;
}

int vz_plist_ips(const struct vz_plist *words, struct vz_ips *ret)
{
	for (size_t i = 0; i < words->n; i++) {
		struct vz_ip ip;

		if (vz_ip_parse(words->v[i], &ip) >= 0 && vz_ips_add(ret, &ip) < 0)
			return -ENOMEM;
	}
	return 0;
}

char *vz_plist_ips_text(const struct vz_plist *words, bool ipv6)
{
	autostr s = { 0 };
	struct vz_ip ip;

	for (size_t i = 0; i < words->n; i++)
		if (vz_ip_parse(words->v[i], &ip) >= 0 && (ipv6 || ip.family == AF_INET))
			vz_str_addf(&s, "%s%s", s.len ? " " : "", words->v[i]);
	return vz_str_take(&s);
}

static int nameserver_word(const struct vz_param *p, const char *in, bool cli, char **ret,
			   struct vz_err *e)
{
	char text[VZ_IP_TEXT];
	struct vz_ip ip;

	(void)p;
	(void)cli;
	(void)e;
	if (!strcmp(in, "inherit"))
		return keep(ret, in);
	if (vz_ip_parse(in, &ip) < 0 || ip.masked)
		return -EINVAL;
	return keep(ret, vz_ip_text(&ip, text));
}

static bool is_plain(const char *s, const char *more)
{
	for (; *s; s++)
		if (!(*s > 0 && isalnum((unsigned char)*s)) && !strchr(more, *s))
			return false;
	return true;
}

static int domain_word(const struct vz_param *p, const char *in, bool cli, char **ret,
		       struct vz_err *e)
{
	(void)p;
	(void)cli;
	(void)e;
	if (strlen(in) > 253 || !is_plain(in, "-._") || *in == '-')
		return -EINVAL;
	return keep(ret, in);
}

static int netdev_word(const struct vz_param *p, const char *in, bool cli, char **ret,
		       struct vz_err *e)
{
	char text[VZ_NETDEV_TEXT];
	struct vz_netdev d;
	int r = vz_netdev_parse(in, &d, e);

	(void)p;
	(void)cli;
	return r < 0 ? r : keep(ret, vz_netdev_text(&d, text));
}

static int netif_word(const struct vz_param *p, const char *in, bool cli, char **ret,
		      struct vz_err *e)
{
	(void)p;
	return cli ? vz_netif_from_fields(in, ret, e) : vz_netif_change(in, "", ret, e);
}

/* ---- devices ---- */

static int hex_part(const char *s, const char *end, uint64_t max, uint64_t *ret)
{
	autofree char *part = strndup(s, (size_t)(end - s));

	return part ? vz_num_base(part, 16, max, ret) : -ENOMEM;
}

/* "[dddd:]bb:ss.f" */
static int pci_word(const struct vz_param *p, const char *in, bool cli, char **ret,
		    struct vz_err *e)
{
	const char *dot = strchr(in, '.'), *c2 = strrchr(in, ':'), *bus = in;
	uint64_t domain = 0, b, slot, f;

	(void)p;
	(void)cli;
	(void)e;
	if (!dot || !c2 || dot < c2)
		return -EINVAL;
	if (strchr(in, ':') != c2) {
		bus = strchr(in, ':') + 1;
		if (hex_part(in, bus - 1, 0xffff, &domain))
			return -EINVAL;
	}
	if (hex_part(bus, c2, 0xff, &b) || hex_part(c2 + 1, dot, 0x1f, &slot) ||
	    hex_part(dot + 1, in + strlen(in), 7, &f))
		return -EINVAL;
	*ret = vz_fmt("%04x:%02x:%02x.%d", (unsigned)domain, (unsigned)b, (unsigned)slot, (int)f);
	return *ret ? 0 : -ENOMEM;
}

static int device_word(const struct vz_param *p, const char *in, bool cli, char **ret,
		       struct vz_err *e)
{
	struct vz_devperm d;
	int r = vz_devperm_parse(in, &d);

	(void)p;
	(void)cli;
	if (r < 0)
		return r;
	if (d.major == LOOP_MAJOR)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "loop devices cannot be given");
	*ret = vz_devperm_word(&d);
	return *ret ? 0 : -ENOMEM;
}

static int devnode_word(const struct vz_param *p, const char *in, bool cli, char **ret,
			struct vz_err *e)
{
	(void)p;
	(void)cli;
	(void)e;
	return vz_nodeperm_word(in, ret);
}

/* ---- switches: "name:on" ---- */

static int switch_word(const struct vz_param *p, const char *in, bool upper, char **ret)
{
	const char *colon = strchr(in, ':');
	autofree char *word = strdup(in);

	if (!word)
		return -ENOMEM;
	if (!colon || (strcmp(colon, ":on") && strcmp(colon, ":off")))
		return -EINVAL;
	for (char *s = word; upper && *s != ':'; s++)
		*s = (char)toupper((unsigned char)*s);
	if (!vz_words_have(p->words, word, (size_t)(colon - in)))
		return -ENOENT;
	*ret = TAKE_PTR(word);
	return 0;
}

static int capability_word(const struct vz_param *p, const char *in, bool cli, char **ret,
			   struct vz_err *e)
{
	int r = switch_word(p, in, true, ret);

	(void)cli;
	if (r == -ENOENT)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Capability %.*s is unknown",
			       (int)strcspn(in, ":"), in);
	if (r == -EINVAL)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "Can't parse capability %s (expecting capname:on|off)", in);
	return r;
}

static int unknown_feature(const struct vz_param *p, const char *in, struct vz_err *e)
{
	autofree char *name = strndup(in, strcspn(in, ":")), *words = strdup(p->words);
	struct vz_near near = { .word = name ? name : "" };
	char *rest = words, *w;

	while ((w = strsep(&rest, "|")))
		vz_near_try(&near, w);
	return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Unknown feature: %s%s%s%s", near.word,
		       near.best ? ", did you mean " : "", near.best ? near.best : "",
		       near.best ? "?" : "");
}

static int feature_word(const struct vz_param *p, const char *in, bool cli, char **ret,
			struct vz_err *e)
{
	int r = switch_word(p, in, false, ret);

	(void)cli;
	if (r == -ENOENT)
		return unknown_feature(p, in, e);
	return r;
}

static int module_word(const struct vz_param *p, const char *in, bool cli, char **ret,
		       struct vz_err *e)
{
	(void)cli;
	if (!vz_words_have(p->words, in, strlen(in)))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Unknown iptable module: %s", in);
	return keep(ret, in);
}

#define LIST                                                                             \
	.parse = list_parse, .drop = vz_drop_list, .copy = vz_copy_list, .list = true

const struct vz_ptype vz_type_ips = {
	.name = "list of addresses", LIST, .print = list_print, .seps = " \t",
	.word = ip_word, .id_len = id_to_slash,
};
const struct vz_ptype vz_type_nameservers = {
	.name = "list of addresses", LIST, .print = list_print, .seps = " \t",
	.word = nameserver_word, .id_len = id_whole,
};
const struct vz_ptype vz_type_domains = {
	.name = "list of domains", LIST, .print = list_print, .seps = " \t",
	.word = domain_word, .id_len = id_whole,
};
const struct vz_ptype vz_type_netdevs = {
	.name = "list of devices", LIST, .print = list_print, .seps = " \t",
	.word = netdev_word, .id_len = id_whole,
};
const struct vz_ptype vz_type_netif = {
	.name = "list of veth devices", LIST, .print = netif_print, .seps = "; \t",
	.word = netif_word, .id_len = id_to_comma,
};
const struct vz_ptype vz_type_pci = {
	.name = "list of PCI devices", LIST, .print = list_print, .seps = " \t",
	.word = pci_word, .id_len = id_whole,
};
const struct vz_ptype vz_type_modules = {
	.name = "list of modules", LIST, .print = list_print, .seps = ", \t",
	.word = module_word, .id_len = id_whole,
};
const struct vz_ptype vz_type_capability = {
	.name = "list of NAME:on|off", LIST, .print = trailing_print, .seps = ", \t",
	.word = capability_word, .id_len = id_to_colon, .on_off = true,
};
const struct vz_ptype vz_type_features = {
	.name = "list of name:on|off", LIST, .print = trailing_print, .seps = ", \t",
	.word = feature_word, .id_len = id_to_colon, .on_off = true,
};
const struct vz_ptype vz_type_devices = {
	.name = "list of b|c:major:minor|all:perm", LIST, .print = trailing_print, .seps = " \t",
	.word = device_word, .id_len = id_to_last_colon,
};
const struct vz_ptype vz_type_devnodes = {
	.name = "list of name:perm", LIST, .print = trailing_print, .seps = " \t",
	.word = devnode_word, .id_len = id_to_last_colon,
};
