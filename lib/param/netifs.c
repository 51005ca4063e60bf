// SPDX-License-Identifier: GPL-2.0-or-later
/* The veth devices of a VPS as a list; see netif.h. The grammar of one is netif.c's. */
#include "base/own.h"
#include "base/str.h"
#include "param/netif.h"
#include "param/types-internal.h"

void vz_netifs_free(struct vz_netifs *l)
{
	for (size_t i = 0; i < l->n; i++)
		vz_netif_free(&l->v[i]);
	free(l->v);
	*l = (struct vz_netifs){ 0 };
}

struct vz_netif *vz_netifs_find(const struct vz_netifs *l, const char *ifname)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].v[VZ_NETIF_IFNAME], ifname))
			return &l->v[i];
	return NULL;
}

/* As vz_netifs_put(), but what *n owns is the list's from now on. */
static int put_own(struct vz_netifs *l, struct vz_netif *n)
{
	struct vz_netif *is = vz_netifs_find(l, n->v[VZ_NETIF_IFNAME]), *more;

	if (is) {
		vz_netif_free(is);
	} else {
		more = realloc(l->v, (l->n + 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		l->v = more;
		is = &more[l->n++];
	}
	*is = *n;
	n->ip = NULL;
	n->n_ip = 0;
	return 0;
}

int vz_netifs_put(struct vz_netifs *l, const struct vz_netif *n)
{
	autonetif copy = *n;

	copy.ip = malloc((n->n_ip + 1) * sizeof(*copy.ip));
	if (!copy.ip)
		return -ENOMEM;
	if (n->n_ip)
		memcpy(copy.ip, n->ip, n->n_ip * sizeof(*copy.ip));
	return put_own(l, &copy);
}

void vz_netifs_remove(struct vz_netifs *l, const char *ifname)
{
	struct vz_netif *is = vz_netifs_find(l, ifname);

	if (!is)
		return;
	vz_netif_free(is);
	memmove(is, is + 1, (size_t)(l->v + --l->n - is) * sizeof(*is));
}

int vz_netifs_of(const struct vz_plist *words, struct vz_netifs *ret, struct vz_err *e)
{
	autonetifs l = { 0 };

	if (e)
		*e = (struct vz_err){ 0 }; /* an older one would be taken for the reason */
	for (size_t i = 0; i < words->n; i++) {
		autonetif n = { 0 };
		int r = vz_netif_parse(words->v[i], &n, e);

		if (r >= 0)
			r = put_own(&l, &n);
		if (r == -ENOMEM)
			return vz_oom(e);
		if (r < 0)
			return e && e->msg[0] ? r : vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
							    "bad veth device \"%s\"", words->v[i]);
	}
	*ret = l;
	l = (struct vz_netifs){ 0 };
	return 0;
}

int vz_netifs_read(const char *text, struct vz_netifs *ret)
{
	autonetifs l = { 0 };
	const char *s = text;

	for (;;) {
		autofree char *word = vz_str_word(&s, vz_type_netif.seps);
		autonetif n = { 0 };
		int r;

		if (!word)
			break;
		r = vz_str_has_control(word) ? -EINVAL : vz_netif_parse(word, &n, NULL);
		if (r >= 0)
			r = put_own(&l, &n);
		if (r == -ENOMEM)
			return r;
	}
	*ret = l;
	l = (struct vz_netifs){ 0 };
	return 0;
}

int vz_netifs_store(const struct vz_netifs *l, struct vz_plist *to)
{
	struct vz_plist words = { .set = true };

	for (size_t i = 0; i < l->n; i++) {
		char *word = vz_netif_word(&l->v[i]);

		if (!word || vz_plist_put(&words, &vz_type_netif, word) < 0) {
			vz_drop_list(&words);
			return -ENOMEM;
		}
	}
	vz_drop_list(to);
	*to = words;
	return 0;
}

char *vz_netifs_text(const struct vz_netifs *l)
{
	autostr s = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		autofree char *word = vz_netif_word(&l->v[i]);

		if (!word)
			return NULL;
		vz_str_addf(&s, "%s%s", i ? ";" : "", word);
	}
	return vz_str_take(&s);
}
