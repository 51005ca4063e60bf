// SPDX-License-Identifier: GPL-2.0-or-later
/* A configuration that was changed while the VPS was suspended; see since.h. */
#include "ops/since.h"
#include "base/log.h"
#include "base/own.h"
#include "net/link.h"
#include "nic/venet.h"
#include "ops/set-internal.h"
#include "sys/nl.h"

#include <string.h>

/* ---- the two configurations ---- */

static int read_then(const struct vz_ct *ct, const struct vz_image *im, struct vz_conf *ret, struct vz_err *e)
{
	autofree char *text = NULL;
	autoconf own = { 0 };
	size_t n;
	int r = vz_image_read(im, VZ_IMAGE_CONFIG, &text, &n, e);

	if (r < 0)
		return r;
	r = vz_conf_parse(text, VZ_IMAGE_CONFIG, &own, NULL);
	if (r >= 0)
		r = vz_conf_merge(ret, &ct->host->conf);
	if (r >= 0)
		r = vz_conf_merge(ret, &own);
	return r < 0 ? vz_fail(e, VZ_RESTORE, -r, "cannot read the configuration in the dump") : 0;
}

/* The words of one list that the other has, or has not. */
static int put_words(const struct vz_plist *of, const struct vz_plist *other, bool has, const char *key,
		     struct vz_conf *to)
{
	const struct vz_param *p = vz_param_by_key(key);
	autostr text = { 0 };

	for (size_t i = 0; i < of->n; i++)
		if (vz_plist_has(other, of->v[i]) == has)
			vz_str_addf(&text, "%s%s", text.len ? " " : "", of->v[i]);
	vz_conf_unset(to, p);
	if (text.failed)
		return -ENOMEM;
	return text.len ? vz_conf_set(to, p, text.s, false, NULL) : 0;
}

static int compare_addresses(struct vz_since *s, struct vz_ct *ct, const struct vz_conf *was)
{
	const struct vz_plist *then = &was->ip_address;
	autoconf both = { 0 };
	struct vz_plist kept;
	int r = put_words(&ct->conf.ip_address, then, false, "IP_ADDRESS", &s->change.add);

	if (r >= 0)
		r = put_words(then, &ct->conf.ip_address, false, "IP_ADDRESS", &s->change.del);
	if (r >= 0)
		r = put_words(&ct->conf.ip_address, then, true, "IP_ADDRESS", &both);
	if (r < 0)
		return r;
	kept = ct->conf.ip_address;
	ct->conf.ip_address = both.ip_address;
	both.ip_address = kept;
	return vz_plist_ips(&s->change.del.ip_address, &s->left);
}

static bool is_other(const struct vz_param *p, const struct vz_conf *now, const struct vz_conf *was)
{
	autofree char *a = vz_param_is_set(p, was) ? vz_conf_text(was, p) : NULL;
	autofree char *b = vz_param_is_set(p, now) ? vz_conf_text(now, p) : NULL;

	return !a != !b || (a && strcmp(a, b));
}

/* The image has them as they were: features, capabilities and the like. */
static void say_for_later(const struct vz_conf *now, const struct vz_conf *was)
{
	autostr names = { 0 };

	for (size_t i = 0; i < vz_nparams; i++)
		if (vz_set_needs_restart(&vz_params[i]) && is_other(&vz_params[i], now, was))
			vz_str_addf(&names, " %s", vz_params[i].key);
	if (names.len)
		vz_log(-1, "Warning: changed while the container was suspended, and in force after its next restart:%s",
		       names.s);
}

/* Rows that are one text: the new one as a whole. */
static int compare_texts(struct vz_since *s, const struct vz_conf *now, const struct vz_conf *was)
{
	static const char *const keys[] = { "HOSTNAME", "NAMESERVER", "SEARCHDOMAIN" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct vz_param *p = vz_param_by_key(keys[i]);
		autofree char *text = vz_param_is_set(p, now) && is_other(p, now, was) ? vz_conf_text(now, p) : NULL;
		int r = text ? vz_conf_set(&s->change.add, p, text, false, NULL) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* Words of set: what is removed comes first, so that of a word that differs nothing stays. */
struct devices {
	struct vz_netifs del, add;
};

/* The end on the host is in no image: it is made as it is to be. */
static void take_host_end(struct vz_netif *to, const struct vz_netif *now)
{
	static const enum vz_netif_key keys[] = { VZ_NETIF_HOST_IFNAME, VZ_NETIF_HOST_MAC };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		memcpy(to->v[keys[i]], now->v[keys[i]], sizeof(to->v[keys[i]]));
}

/* One of the image: as it was, to become what it is to be afterwards; or nobody wants it any more. */
static int sort_device(struct vz_since *s, const char *name, struct vz_netif *was, const struct vz_netif *now,
		       struct devices *change)
{
	int r;

	if (was && now)
		take_host_end(was, now);

	if (!now) {
		vz_str_addf(&s->gone, "%s%s", s->gone.len ? " " : "", name);
		return s->gone.failed ? -ENOMEM : 0;
	}
	r = vz_netifs_put(&s->made, was ? was : now);
	if (r < 0 || !was || vz_netif_same(was, now))
		return r;
	r = vz_netifs_put(&change->del, was);
	return r < 0 ? r : vz_netifs_put(&change->add, now);
}

/* The devices of the image, each by the name it was made with: "NAME" or "NAME_NOW=NAME". */
static int sort_devices(struct vz_since *s, const char *words, struct vz_netifs *was, const struct vz_netifs *now,
			struct devices *change)
{
	char *word;
	int r = 0;

	for (size_t i = 0; i < now->n && r >= 0; i++)
		r = vz_netifs_put(&change->add, &now->v[i]);
	while (words && r >= 0 && (word = vz_str_word(&words, " "))) {
		const char *made = strchr(word, '=') ? strchr(word, '=') + 1 : word;

		if (!strcmp(made, VZ_VENET_INSIDE)) {
			s->has_venet = true;
		} else {
			vz_netifs_remove(&change->add, made);
			r = sort_device(s, made, vz_netifs_find(was, made), vz_netifs_find(now, made), change);
		}
		free(word);
	}
	return r;
}

static int store_devices(const struct devices *change, struct vz_given *to)
{
	int r = change->del.n ? vz_netifs_store(&change->del, &to->del.netif) : 0;

	return r >= 0 && change->add.n ? vz_netifs_store(&change->add, &to->add.netif) : r;
}

static int compare_devices(struct vz_since *s, struct vz_ct *ct, const struct vz_conf *was, const char *words)
{
	autonetifs then = { 0 }, now = { 0 };
	struct vz_plist *given = &s->change.add.netdev;
	struct devices change = { 0 };
	int r = vz_netifs_of(&was->netif, &then, NULL);

	if (r >= 0)
		r = vz_netifs_of(&ct->conf.netif, &now, NULL);
	if (r >= 0)
		r = sort_devices(s, words, &then, &now, &change);
	if (r >= 0)
		r = store_devices(&change, &s->change);
	vz_netifs_free(&change.add);
	vz_netifs_free(&change.del);
	/* an image never has a device of the host's */
	*given = ct->conf.netdev;
	ct->conf.netdev = (struct vz_plist){ 0 };
	return r;
}

int vz_since_begin(struct vz_since *s, struct vz_ct *ct, const struct vz_image *im, struct vz_err *e)
{
	autoconf was = { 0 };
	int r = read_then(ct, im, &was, e);

	if (r < 0)
		return r;
	say_for_later(&ct->conf, &was);
	r = compare_addresses(s, ct, &was);
	if (r >= 0)
		r = compare_texts(s, &ct->conf, &was);
	if (r >= 0)
		r = compare_devices(s, ct, &was, vz_image_facts(im)->netdevs);
	s->is_any = vz_effects_of(&s->change.add) || vz_effects_of(&s->change.del);
	return r < 0 ? vz_fail(e, VZ_RESTORE, -r, "cannot compare the configuration with that of the dump") : 0;
}

void vz_since_free(struct vz_since *s)
{
	vz_given_free(&s->change);
	vz_netifs_free(&s->made);
	vz_str_free(&s->gone);
	vz_ips_free(&s->left);
}

/* ---- before it runs ---- */

int vz_since_devices(const struct vz_since *s, struct vz_ct *ct, struct vz_err *e)
{
	vz_conf_unset(&ct->conf, vz_param_by_key("NETIF"));
	return s->made.n && vz_netifs_store(&s->made, &ct->conf.netif) < 0 ? vz_oom(e) : 0;
}

int vz_since_stand_ins(const struct vz_since *s, int netns, struct vz_err *e)
{
	autoclose int rtnl = -EBADF;
	const char *words = s->gone.s;
	char *word;
	int r = 0;

	if (!words)
		return 0;
	rtnl = r = vz_nl_open(NETLINK_ROUTE, netns, e);
	for (unsigned i = 0; r >= 0 && (word = vz_str_word(&words, " ")); i++) {
		char other[IFNAMSIZ];
		const struct vz_link_pair p = { .host = other, .inside = word, .netns = netns };

		snprintf(other, sizeof(other), "stand-in%u", i);
		r = vz_link_pair(rtnl, &p, e);
		free(word);
	}
	return r < 0 ? r : 0;
}

int vz_since_drop(const struct vz_since *s, struct vz_network *n, struct vz_err *e)
{
	return s->left.n && s->has_venet ? vz_venet_drop(&n->venet, &n->uplinks, s->left.v, s->left.n, e) : 0;
}

/* ---- when it runs ---- */

static bool runs(const struct vz_ct *ct)
{
	(void)ct;
	return true;
}

void vz_since_apply(struct vz_since *s, struct vz_ct *ct)
{
	/* there is no name, password or restart in it */
	static const struct vz_set_world world = { .effects = vz_effects, .is_running = runs, .distro = vz_set_distro };
	struct vz_err e = { 0 };

	if (!s->is_any)
		return;
	s->change.is_saved = true;
	if (vz_set_run(ct, &s->change, &world, &e) < 0)
		vz_log(-1, "Warning: what the configuration says since the dump is not in force: %s; set it again, or "
			   "restart the container", e.msg);
}
