// SPDX-License-Identifier: GPL-2.0-or-later
/* list and show: guest LANs as text and as JSON. Nothing here needs escaping: names, addresses and
 * numbers are all there is. */
#include "vznet/vznet.h"

#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "base/str.h"

struct row {
	struct vz_lan lan;
	struct vz_lan_state state;
};

static void put_subnet(struct vz_str *s, const struct vz_ip *ip)
{
	char text[VZ_IP_TEXT];

	if (ip->family)
		vz_str_addf(s, "%s/%u", vz_ip_text(ip, text), ip->prefix);
}

static void f_name(struct vz_str *s, const struct row *r)
{
	vz_str_add(s, r->lan.name);
}

static void f_bridge(struct vz_str *s, const struct row *r)
{
	char bridge[IFNAMSIZ];

	vz_str_add(s, vz_lan_bridge(r->lan.name, bridge));
}

static void f_status(struct vz_str *s, const struct row *r)
{
	vz_str_add(s, !r->state.up ? "down" : r->state.filtered ? "up" : "unfiltered");
}

static void f_subnet(struct vz_str *s, const struct row *r)
{
	put_subnet(s, &r->lan.subnet);
}

static void f_subnet6(struct vz_str *s, const struct row *r)
{
	put_subnet(s, &r->lan.subnet6);
}

static void f_nat(struct vz_str *s, const struct row *r)
{
	vz_str_add(s, r->lan.nat ? "yes" : "no");
}

static void f_dhcp(struct vz_str *s, const struct row *r)
{
	vz_str_add(s, r->lan.dhcp ? "yes" : "no");
}

static void f_vxlan(struct vz_str *s, const struct row *r)
{
	if (r->lan.vni)
		vz_str_addf(s, "%u", r->lan.vni);
}

static void f_peers(struct vz_str *s, const struct row *r)
{
	char text[VZ_IP_TEXT];

	for (size_t i = 0; i < r->lan.npeers; i++)
		vz_str_addf(s, "%s%s", i ? "," : "", vz_ip_text(&r->lan.peer[i], text));
}

static void f_members(struct vz_str *s, const struct row *r)
{
	vz_str_addf(s, "%zu", r->lan.nmembers);
}

static void f_mtu(struct vz_str *s, const struct row *r)
{
	if (r->state.up)
		vz_str_addf(s, "%u", r->state.mtu);
}

/* clang-format off */
static const struct field {
	const char *name, *title;
	int width; /* negative: left-justified */
	bool number;
	void (*put)(struct vz_str *s, const struct row *r);
} fields[] = {
	{ "name",    "NAME",    -12, false, f_name },
	{ "bridge",  "BRIDGE",  -15, false, f_bridge },
	{ "status",  "STATUS",  -10, false, f_status },
	{ "subnet",  "SUBNET",  -18, false, f_subnet },
	{ "subnet6", "SUBNET6", -24, false, f_subnet6 },
	{ "nat",     "NAT",      -3, false, f_nat },
	{ "dhcp",    "DHCP",     -4, false, f_dhcp },
	{ "vxlan",   "VXLAN",     8, true,  f_vxlan },
	{ "peers",   "PEERS",   -31, false, f_peers },
	{ "mtu",     "MTU",       5, true,  f_mtu },
	{ "members", "MEMBERS",   7, true,  f_members },
};
/* clang-format on */
#define DEFAULT_FIELDS "name,status,subnet,nat,dhcp,vxlan,members"

static const struct field *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (!strcmp(fields[i].name, name))
			return &fields[i];
	return NULL;
}

static int parse_fields(const char *text, const struct field *ret[], size_t *ret_n,
			struct vz_err *e)
{
	*ret_n = 0;
	for (const char *p = text; *ret_n < ARRAY_LEN(fields);) {
		autofree char *word = vz_str_word(&p, ",");

		if (!word)
			break;
		ret[*ret_n] = find(word);
		if (!ret[*ret_n])
			return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Unknown field: %s", word);
		++*ret_n;
	}
	return 0;
}

static void put_text(const struct row *r, const struct field *const *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		autostr s = { 0 };

		f[i]->put(&s, r);
		printf("%s%*s", i ? " " : "", i + 1 == n && f[i]->width < 0 ? 0 : f[i]->width,
		       s.len ? s.s : "-");
	}
	printf("\n");
}

static void put_json(const struct row *r, const struct field *const *f, size_t n)
{
	printf("  {");
	for (size_t i = 0; i < n; i++) {
		const char *quote = f[i]->number ? "" : "\"";
		autostr s = { 0 };

		f[i]->put(&s, r);
		printf("%s\"%s\": ", i ? ", " : " ", f[i]->name);
		if (s.len)
			printf("%s%s%s", quote, s.s, quote);
		else
			printf("null");
	}
	printf(" }");
}

static int put_rows(const struct show_opts *o, const struct field *const *f, size_t n,
		    struct vz_err *e)
{
	char **names;
	size_t count;
	int r = vz_lan_names(&names, &count, e);

	for (size_t i = 0; r >= 0 && i < count; i++) {
		struct row row = { 0 };

		r = vz_op_lan_look(names[i], &row.lan, &row.state, e);
		if (r < 0)
			break;
		if (o->json)
			printf("%s", i ? ",\n" : "\n");
		(o->json ? put_json : put_text)(&row, f, n);
		vz_lan_free(&row.lan);
	}
	if (r >= 0)
		vz_lan_names_free(names, count);
	return r;
}

int show_list(const struct show_opts *o, struct vz_err *e)
{
	const struct field *f[ARRAY_LEN(fields)];
	size_t n = ARRAY_LEN(fields);
	int r = 0;

	for (size_t i = 0; i < n; i++)
		f[i] = &fields[i]; /* all of them, for JSON */
	if (o->fields || !o->json)
		r = parse_fields(o->fields ? o->fields : DEFAULT_FIELDS, f, &n, e);
	if (r < 0)
		return r;
	if (!o->json && !o->no_header) {
		for (size_t i = 0; i < n; i++)
			printf("%s%*s", i ? " " : "",
			       i + 1 == n && f[i]->width < 0 ? 0 : f[i]->width, f[i]->title);
		printf("\n");
	}
	if (o->json)
		printf("[");
	r = put_rows(o, f, n, e);
	if (o->json)
		printf("\n]\n");
	return r;
}

int show_one(const char *name, struct vz_err *e)
{
	struct row row = { 0 };
	char text[VZ_IP_TEXT];
	int r = vz_op_lan_look(name, &row.lan, &row.state, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		autostr s = { 0 };

		fields[i].put(&s, &row);
		printf("%s: %s\n", fields[i].name, s.len ? s.s : "-");
	}
	for (size_t i = 0; i < row.lan.nmembers; i++) {
		const struct vz_lan_member *m = &row.lan.member[i];

		printf("member: %u %s %s", m->ctid, m->ifname, *m->mac ? m->mac : "-");
		if (m->ip.family)
			printf(" %s", vz_ip_text(&m->ip, text));
		if (m->ip6.family)
			printf(" %s", vz_ip_text(&m->ip6, text));
		printf("\n");
	}
	vz_lan_free(&row.lan);
	return 0;
}
