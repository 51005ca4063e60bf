// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command lines of create and set, read by the table. The grammar and the complaints are
 * those of getopt_long(3), which the legacy tools used: options anywhere, "--opt=value" or two
 * words, any unambiguous beginning of a name. getopt itself would print, keep its state in
 * globals and need the table translated; this is shorter.
 */
#include "base/near.h"
#include "base/own.h"
#include "base/str.h"
#include "param/netif.h"
#include "param/types-internal.h"

#define GIVEN(f) offsetof(struct vz_given, f)

/* clang-format off */
const struct vz_extra vz_extras[] = {
	{ "save", NULL, NULL, IN_SET, X_FLAG, GIVEN(save),
	  "Write the parameters into the configuration file of the container." },
	{ "force", NULL, NULL, IN_SET, X_FLAG, GIVEN(force),
	  "Accepted with --save, where the kernel cannot do what is asked." },
	{ "setmode", "restart|ignore", "restart|ignore", IN_SET, X_WORD, GIVEN(setmode),
	  "What to do about parameters that need a restart: restart the container, or refuse." },
	{ "applyconfig", "NAME", NULL, IN_SET, X_SAMPLE, GIVEN(applyconfig),
	  "Take the parameters of the sample configuration ve-NAME.conf-sample as if given." },
	{ "applyconfig_map", "name", "name", IN_SET, X_WORD, GIVEN(applyconfig_map),
	  "Make the name of the configuration file known again." },
	{ "reset_ub", NULL, NULL, IN_SET, X_FLAG, GIVEN(reset_ub),
	  "Apply the beancounters of the configuration file again." },
	{ "skip_arpdetect", NULL, NULL, IN_SET, X_FLAG, GIVEN(skip_arpdetect),
	  "Do not look for another owner of an address." },
	{ "offline-resize", NULL, NULL, IN_SET, X_FLAG, GIVEN(offline_resize),
	  "Resize the image of a ploop container that is not mounted." },
	{ "userpasswd", "USER[:PASSWORD]", NULL, IN_SET, X_PASSWORD, GIVEN(userpasswd),
	  "Set the password of a user in the container; never saved. USER alone asks for the password "
	  "twice, USER:- reads a line of standard input." },
	{ "ifname", "NAME", NULL, IN_SET, X_IFNAME, GIVEN(ifname),
	  "Choose the veth device that the next options change; --ipadd and --ipdel after it are "
	  "about its addresses." },
	{ "mac", "MAC", NULL, IN_SET, X_NETIF, 0,
	  "Hardware address of the chosen veth device inside." },
	{ "host_ifname", "NAME", NULL, IN_SET, X_NETIF, 0,
	  "Name of the chosen veth device on the host." },
	{ "host_mac", "MAC", NULL, IN_SET, X_NETIF, 0,
	  "Hardware address of the chosen veth device on the host." },
	{ "bridge", "NAME", NULL, IN_SET, X_NETIF, 0,
	  "Bridge that the chosen veth device joins on the host." },
	{ "mac_filter", "on|off", "on|off", IN_SET, X_NETIF, 0,
	  "Whether frames with other hardware addresses are dropped on the chosen veth device." },
	{ "ip_filter", "on|off", "on|off", IN_SET, X_NETIF, 0,
	  "Whether frames with other addresses than those of the chosen veth device are dropped; "
	  "on by default where it has addresses and does not use DHCP." },
	{ "router", "on|off", "on|off", IN_SET, X_NETIF, 0,
	  "Whether the chosen veth device may serve DHCP, announce routes and send spanning tree "
	  "frames; off by default." },
	{ "gw", "ADDR", NULL, IN_SET, X_NETIF, 0,
	  "IPv4 gateway of the chosen veth device; an empty one removes it." },
	{ "gw6", "ADDR", NULL, IN_SET, X_NETIF, 0,
	  "IPv6 gateway of the chosen veth device; an empty one removes it." },
	{ "dhcp", "yes|no", "yes|no", IN_SET, X_NETIF, 0,
	  "Whether the container asks for IPv4 addresses of the chosen veth device by DHCP." },
	{ "dhcp6", "yes|no", "yes|no", IN_SET, X_NETIF, 0,
	  "Whether the container asks for IPv6 addresses of the chosen veth device by DHCP." },
	{ "config", "NAME", NULL, IN_CREATE, X_SAMPLE, GIVEN(config),
	  "Start from the sample configuration ve-NAME.conf-sample." },
};

/* Other names of the same options. */
static const struct {
	const char *alias, *opt;
} aliases[] = {
	{ "ip", "ipadd" },
	{ "ve_layout", "layout" },
	{ "velayout", "layout" },
	{ "offline", "offline-resize" },
};
/* clang-format on */

const size_t vz_nextras = ARRAY_LEN(vz_extras);

/* One option as found: a row (to add or to remove), or an extra. */
struct option {
	const char *name;
	const struct vz_param *p;
	bool del;
	const struct vz_extra *x;
};

static bool takes_value(const struct option *o)
{
	return o->p || o->x->arg;
}

static bool same_target(const struct option *a, const struct option *b)
{
	return a->p == b->p && a->del == b->del && a->x == b->x;
}

/* Names that are no aliases; each row has one to remove words by, too. */
static size_t count_own(void)
{
	return 2 * vz_nparams + vz_nextras;
}

/* The i-th of them. One that the verb does not take has no name. */
static struct option own_option(size_t i, unsigned verb)
{
	struct option o = { 0 };

	if (i < 2 * vz_nparams) {
		o.p = &vz_params[i / 2];
		o.del = i % 2;
		if (o.p->where & verb)
			o.name = o.del ? vz_opt_del(o.p, verb) : o.p->opt;
	} else {
		o.x = &vz_extras[i - 2 * vz_nparams];
		if (o.x->where & verb)
			o.name = o.x->opt;
	}
	return o;
}

/* The i-th name of all, aliases last; false behind the last. */
static bool nth_option(size_t i, unsigned verb, struct option *ret)
{
	if (i < count_own()) {
		*ret = own_option(i, verb);
		return true;
	}
	i -= count_own();
	if (i >= ARRAY_LEN(aliases))
		return false;
	*ret = (struct option){ 0 };
	for (size_t j = 0; j < count_own() && !ret->name; j++) {
		struct option o = own_option(j, verb);

		if (vz_str_eq(o.name, aliases[i].opt)) {
			*ret = o;
			ret->name = aliases[i].alias;
		}
	}
	return true;
}

/* Exactly the name of one that the verb takes? */
static bool is_known(const char *name, unsigned verb)
{
	struct option o;

	for (size_t i = 0; nth_option(i, verb, &o); i++)
		if (vz_str_eq(o.name, name))
			return true;
	return false;
}

static const char *verb_of(const char *name)
{
	return is_known(name, IN_SET) ? "set" : is_known(name, IN_CREATE) ? "create" : NULL;
}

const char *vz_given_verb_of(const char *word)
{
	autofree char *name = strncmp(word, "--", 2) ? NULL : strndup(word + 2, strcspn(word + 2, "="));

	return name ? verb_of(name) : NULL;
}

/* The message is logged: it never has the value, which may be a password. */
static int unknown(const char *word, size_t len, unsigned verb, struct vz_err *e)
{
	autofree char *name = strndup(word, len);
	struct vz_near near = { .word = name ? name : "" };
	const char *other;
	struct option o;

	other = verb_of(near.word);
	if (other)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "vzctl: unrecognized option '--%s', it is one of 'vzctl %s'", near.word, other);
	for (size_t i = 0; nth_option(i, verb, &o); i++)
		vz_near_try(&near, o.name);
	return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "vzctl: unrecognized option '--%s'%s%s%s",
		       near.word, near.best ? ", did you mean '--" : "", near.best ? near.best : "",
		       near.best ? "'?" : "");
}

/* By exact name, else by an unambiguous beginning; `word` is what was typed, for the message. */
static int find(const char *word, size_t len, unsigned verb, struct option *ret, struct vz_err *e)
{
	autostr many = { 0 };
	struct option o;
	size_t found = 0;

	for (size_t i = 0; nth_option(i, verb, &o); i++) {
		if (!o.name || strncmp(o.name, word, len))
			continue;
		if (!o.name[len]) {
			*ret = o;
			return 0;
		}
		vz_str_addf(&many, " '--%s'", o.name);
		if (!found || !same_target(ret, &o))
			found++;
		*ret = o;
	}
	if (!found)
		return unknown(word, len, verb, e);
	if (found > 1)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "vzctl: option '--%.*s' is ambiguous; possibilities:%s", (int)len,
			       word, many.s ? many.s : "");
	return 0;
}

/* ---- taking values ---- */

/* The words of --ipdel and its like; "all" is a word of its own. */
static int take_removals(struct vz_given *g, const struct vz_param *p, const char *value,
			 struct vz_err *why)
{
	struct vz_plist *l = vz_param_at(p, &g->del);
	const char *s = value;

	l->set = true;
	for (;;) {
		autofree char *in = vz_str_word(&s, p->type->seps);
		char *out = NULL;
		int r = 0;

		if (!in)
			return 0;
		if (!strcmp(in, "all"))
			out = TAKE_PTR(in);
		else
			r = p->type->word(p, in, true, &out, why);
		if (!r && out)
			r = vz_plist_put(l, p->type, out);
		if (r < 0)
			return r;
	}
}

static int take_password(struct vz_plist *l, const char *value)
{
	char **v, *copy;

	if (!*value || *value == ':' || vz_str_has_control(value))
		return -EINVAL;
	copy = strdup(value);
	v = realloc(l->v, (l->n + 1) * sizeof(*v));
	if (v)
		l->v = v;
	if (!copy || !v) {
		free(copy);
		return -ENOMEM;
	}
	l->v[l->n++] = copy;
	l->set = true;
	return 0;
}

static int take_text(char **text, const struct vz_extra *x, const char *value)
{
	if (x->words ? !vz_words_have(x->words, value, strlen(value)) :
		       !vz_str_is_component(value) || vz_str_has_control(value))
		return -EINVAL;
	if (*text && x->kind == X_SAMPLE)
		return 0;
	free(*text);
	*text = strdup(value);
	return *text ? 0 : -ENOMEM;
}

/* A word of a list that will be merged into another one; an interface given again is changed. */
static int add_word(struct vz_plist *l, const struct vz_param *p, const char *word)
{
	char **is = vz_plist_find(l, p->type, word), *out = NULL;
	int r = 0;

	if (p->type == &vz_type_netif)
		r = vz_netif_change(is ? *is : word, is ? word : "", &out, NULL);
	else
		out = strdup(word);
	if (!r)
		r = out ? vz_plist_put(l, p->type, out) : -ENOMEM;
	/* a permission of "none" takes the device away */
	if (!r && vz_str_suffix(word, ":none"))
		vz_plist_remove(l, p->type, word);
	return r;
}

/* --ifname chooses a device: its word becomes the last of the list, which later options change. */
static int choose_device(struct vz_plist *l, const struct vz_param *p, const char *name,
			 struct vz_err *why)
{
	char *word = NULL, **is, *was;
	int r = p->type->word(p, name, true, &word, why);

	if (r < 0)
		return r;
	is = vz_plist_find(l, p->type, word);
	if (!is)
		return vz_plist_put(l, p->type, word);
	was = *is;
	memmove(is, is + 1, (size_t)(l->v + l->n - 1 - is) * sizeof(*is));
	l->v[l->n - 1] = was;
	free(word);
	return 0;
}

/* The change goes to the last word of the list, where removals of addresses come first, as they
 * do for those of the VPS. Words of this list are not canonical: an empty value is told. */
static int change_device(struct vz_plist *l, const char *key, const char *value,
			 struct vz_err *why)
{
	bool first = *key == '-';
	char **word = &l->v[l->n - 1], *whole, *seen = NULL;
	size_t name = strcspn(*word, ",");
	int r;

	if (value[strcspn(value, ",; \t")] || vz_str_has_control(value))
		return -EINVAL;
	whole = first ? vz_fmt("%.*s,%s=%s%s", (int)name, *word, key, value, *word + name) :
			vz_fmt("%s,%s=%s", *word, key, value);
	r = whole ? vz_netif_change(whole, "", &seen, why) : -ENOMEM;
	if (r < 0) {
		free(whole);
		return r;
	}
	free(seen);
	free(*word);
	*word = whole;
	return 0;
}

static int take_netif(struct vz_given *g, const struct vz_extra *x, const char *value,
		      struct vz_err *why)
{
	const struct vz_param *p = vz_param_by_key("NETIF");
	struct vz_plist *l = &g->ifname;

	if (x->words && *value && !vz_words_have(x->words, value, strlen(value)))
		return -EINVAL;
	g->add.netif.set = true;
	if (x->kind == X_IFNAME)
		return value[strcspn(value, ",; \t")] ? -EINVAL : choose_device(l, p, value, why);
	return l->n ? change_device(l, x->opt, value, why) : -EBADF;
}

/* --ipadd and --ipdel behind --ifname: several addresses in one value, as before it. */
static int take_device_ips(struct vz_given *g, const struct option *o, const char *value,
			   struct vz_err *why)
{
	const char *s = value;
	int r = 0;

	while (r >= 0) {
		autofree char *ip = vz_str_word(&s, o->p->type->seps);

		if (!ip)
			break;
		r = change_device(&g->ifname, o->del ? "-ip" : "ip", ip, why);
	}
	return r;
}

static int take_row(struct vz_given *g, const struct option *o, const char *value,
		    struct vz_err *why)
{
	const struct vz_param *p = o->p;
	int r;

	if (p->type == &vz_type_ips && g->ifname.n)
		return take_device_ips(g, o, value, why);
	if (o->del)
		return take_removals(g, p, value, why);
	r = vz_conf_put(&g->add, p, value, true, why);
	if (r < 0)
		return r;
	if (p->type == &vz_type_name)
		g->name_given = true;
	return 0;
}

static int take_extra(struct vz_given *g, const struct vz_extra *x, const char *value,
		      struct vz_err *why)
{
	void *at = (char *)g + x->at;

	switch (x->kind) {
	case X_FLAG:
		*(bool *)at = true;
		return 0;
	case X_SAMPLE:
	case X_WORD:
		return take_text(at, x, value);
	case X_PASSWORD:
		return take_password(at, value);
	case X_IFNAME:
	case X_NETIF:
		return take_netif(g, x, value, why);
	}
	return -EINVAL;
}

/* What would have been right: the range of a number, the words there are, else the form. */
static void say_allowed(const struct vz_param *p, struct vz_err *why)
{
	uint64_t max = p->max ? p->max : INT32_MAX;

	if (p->words && p->type == &vz_type_cpulist)
		snprintf(why->msg, sizeof(why->msg), "expected: %s, or %s", p->type->name, p->words);
	else if (p->words)
		snprintf(why->msg, sizeof(why->msg), "one of %s", p->words);
	else if (p->type == &vz_type_u64 || p->type == &vz_type_u64_last)
		snprintf(why->msg, sizeof(why->msg), "a number from %llu to %llu",
			 (unsigned long long)p->min, (unsigned long long)max);
	else
		snprintf(why->msg, sizeof(why->msg), "expected: %s", p->type->name);
}

static int take(struct vz_given *g, const struct option *o, const char *value, bool is_short,
		struct vz_err *e)
{
	struct vz_err why = { 0 };
	int r = o->p ? take_row(g, o, value, &why) : take_extra(g, o->x, value, &why);
	const char *shown = o->x && o->x->kind == X_PASSWORD ? "(not shown)" : value;
	autofree char *detail = NULL;

	if (r == -ENOMEM)
		return vz_oom(e);
	if (r >= 0)
		return 0;
	if (r == -EBADF)
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0,
			       "Invalid usage.  Option --ifname not specified");
	if (o->p && !why.msg[0])
		say_allowed(o->p, &why);
	detail = why.msg[0] ? vz_fmt(" (%s)", why.msg) : NULL;
	if (is_short)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Bad parameter for -%c : %s%s",
			       o->p->short_opt, shown, detail ? detail : "");
	return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Bad parameter for --%s: %s%s", o->name,
		       shown, detail ? detail : "");
}

/* ---- the walk over argv; `i` is at the option and moves to its last word ---- */

struct walk {
	int argc, i;
	char **argv;
	unsigned verb;
};

static int long_option(struct vz_given *g, struct walk *w, struct vz_err *e)
{
	const char *word = w->argv[w->i] + 2, *value = strchr(word, '=');
	struct option o = { 0 };
	int r = find(word, strcspn(word, "="), w->verb, &o, e);

	if (r < 0)
		return r;
	if (value && !takes_value(&o))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "vzctl: option '--%s' doesn't allow an argument", o.name);
	if (value)
		value++;
	else if (takes_value(&o) && ++w->i >= w->argc)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "vzctl: option '--%s' requires an argument", o.name);
	else if (takes_value(&o))
		value = w->argv[w->i];
	return take(g, &o, value, false, e);
}

static int short_option(struct vz_given *g, struct walk *w, struct vz_err *e)
{
	const char *s = w->argv[w->i] + 1;
	struct option o = { 0 };

	/* every short option takes a value: the rest of the word, or the next one */
	for (size_t k = 0; k < vz_nparams; k++)
		if (vz_params[k].short_opt == *s && vz_params[k].where & w->verb)
			o.p = &vz_params[k];
	if (!o.p)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "vzctl: invalid option -- '%c'",
			       *s);
	if (!s[1] && ++w->i >= w->argc)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "vzctl: option requires an argument -- '%c'", *s);
	return take(g, &o, s[1] ? s + 1 : w->argv[w->i], true, e);
}

bool vz_given_takes_value(const char *word, enum vz_where verb)
{
	struct option o = { 0 };

	if (word[0] == '-' && word[1] != '-')
		return word[1] && !word[2];
	return !strchr(word, '=') && find(word + 2, strlen(word + 2), verb, &o, NULL) >= 0 &&
	       takes_value(&o);
}

int vz_given_parse(int argc, char **argv, enum vz_where verb, struct vz_given *ret,
		   struct vz_err *e)
{
	struct walk w = { .argc = argc, .i = 1, .argv = argv, .verb = verb };
	autostr stray = { 0 };
	bool ended = false;

	for (; w.i < argc; w.i++) {
		const char *word = argv[w.i];
		int r = 0;

		if (ended || *word != '-' || !word[1])
			vz_str_addf(&stray, " %.*s", (int)strcspn(word, "="), word);
		else if (!strcmp(word, "--"))
			ended = true;
		else if (word[1] == '-')
			r = long_option(ret, &w, e);
		else
			r = short_option(ret, &w, e);
		if (r < 0)
			return r;
	}
	/* words of a password that has blanks and no quotes */
	if (stray.len && ret->userpasswd.n)
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Invalid extra arguments: (not shown)");
	if (stray.len)
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Invalid extra arguments:%s",
			       stray.s);
	return 0;
}

static int resolve_list(const struct vz_given *g, const struct vz_param *p,
			const struct vz_conf *have, struct vz_plist *ret)
{
	const struct vz_plist *add = vz_param_get(p, &g->add), *del = vz_param_get(p, &g->del);
	int r = 0;

	if (vz_param_is_set(p, have) && !(p->where & REPLACES))
		r = vz_copy_list(ret, vz_param_get(p, have));
	ret->set = true;
	for (size_t i = 0; i < del->n && r >= 0; i++)
		vz_plist_remove(ret, p->type, del->v[i]);
	for (size_t i = 0; i < add->n && r >= 0; i++)
		r = add_word(ret, p, add->v[i]);
	for (size_t i = 0; p->type == &vz_type_netif && i < g->ifname.n && r >= 0; i++)
		r = add_word(ret, p, g->ifname.v[i]);
	return r;
}

int vz_given_resolve(const struct vz_given *g, const struct vz_conf *have, struct vz_conf *ret)
{
	for (size_t i = 0; i < vz_nparams; i++) {
		const struct vz_param *p = &vz_params[i];
		int r;

		if (!vz_param_is_set(p, &g->add) && !vz_param_is_set(p, &g->del))
			continue;
		vz_conf_unset(ret, p);
		if (p->type->list)
			r = resolve_list(g, p, have, vz_param_at(p, ret));
		else
			r = p->type->copy(vz_param_at(p, ret), vz_param_get(p, &g->add));
		if (r < 0)
			return r;
	}
	return 0;
}

void vz_given_free(struct vz_given *g)
{
	vz_conf_free(&g->add);
	vz_conf_free(&g->del);
	for (size_t i = 0; i < g->userpasswd.n; i++)
		explicit_bzero(g->userpasswd.v[i], strlen(g->userpasswd.v[i]));
	vz_drop_list(&g->userpasswd);
	vz_drop_list(&g->ifname);
	free(g->setmode);
	free(g->applyconfig);
	free(g->applyconfig_map);
	free(g->config);
	*g = (struct vz_given){ 0 };
}
