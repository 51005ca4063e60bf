// SPDX-License-Identifier: GPL-2.0-or-later
/* list and show: guest LANs as text and as JSON. */
#include "vznet/vznet.h"

#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "base/str.h"
#include "show/json.h"
#include "show/table.h"

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

static void put_cell(struct vz_table *t, const char *text, int width, bool last)
{
	vz_table_cell(t, text, last && width < 0 ? 0 : width, false);
}

static void put_header(struct vz_str *out, const struct field *const *f, size_t n)
{
	struct vz_table t = { .out = out };

	for (size_t i = 0; i < n; i++)
		put_cell(&t, f[i]->title, f[i]->width, i + 1 == n);
	vz_table_end_line(&t);
}

static void put_text(struct vz_str *out, const struct row *r, const struct field *const *f, size_t n)
{
	struct vz_table t = { .out = out };

	for (size_t i = 0; i < n; i++) {
		autostr s = { 0 };

		f[i]->put(&s, r);
		put_cell(&t, s.len ? s.s : "-", f[i]->width, i + 1 == n);
	}
	vz_table_end_line(&t);
}

static void put_json(struct vz_json *j, const struct row *r, const struct field *const *f, size_t n)
{
	vz_json_object(j, VZ_JSON_SPACED);
	for (size_t i = 0; i < n; i++) {
		autostr s = { 0 };

		f[i]->put(&s, r);
		vz_json_key(j, f[i]->name);
		if (s.len && f[i]->number)
			vz_json_literal(j, s.s);
		else
			vz_json_text(j, s.len ? s.s : NULL);
	}
	vz_json_end(j);
}

/* Rows up to the first that cannot be told. */
static int put_rows(const struct show_opts *o, const struct field *const *f, size_t n,
		    struct vz_json *j, struct vz_err *e)
{
	char **names;
	size_t count;
	int r = vz_lan_names(&names, &count, e);

	for (size_t i = 0; r >= 0 && i < count; i++) {
		struct row row = { 0 };

		r = vz_op_lan_look(o->host, names[i], &row.lan, &row.state, e);
		if (r < 0)
			break;
		if (o->json)
			put_json(j, &row, f, n);
		else
			put_text(j->out, &row, f, n);
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
	autostr out = { 0 };
	struct vz_json j = { .out = &out };
	int r = 0;

	for (size_t i = 0; i < n; i++)
		f[i] = &fields[i]; /* all of them, for JSON */
	if (o->fields || !o->json)
		r = parse_fields(o->fields ? o->fields : DEFAULT_FIELDS, f, &n, e);
	if (r < 0)
		return r;
	if (o->json)
		vz_json_array(&j, VZ_JSON_LINES);
	else if (!o->no_header)
		put_header(&out, f, n);
	r = put_rows(o, f, n, &j, e);
	if (o->json)
		vz_json_end(&j);
	(void)vz_show_put(&out, stdout);
	return r;
}

int show_one(const struct vz_host *host, const char *name, struct vz_err *e)
{
	struct row row = { 0 };
	autostr out = { 0 };
	char text[VZ_IP_TEXT];
	int r = vz_op_lan_look(host, name, &row.lan, &row.state, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		autostr s = { 0 };

		fields[i].put(&s, &row);
		vz_str_addf(&out, "%s: %s\n", fields[i].name, s.len ? s.s : "-");
	}
	for (size_t i = 0; i < row.lan.nmembers; i++) {
		const struct vz_lan_member *m = &row.lan.member[i];

		vz_str_addf(&out, "member: %u %s %s", m->ctid, m->ifname, *m->mac ? m->mac : "-");
		if (m->ip.family)
			vz_str_addf(&out, " %s", vz_ip_text(&m->ip, text));
		if (m->ip6.family)
			vz_str_addf(&out, " %s", vz_ip_text(&m->ip6, text));
		vz_str_add(&out, "\n");
	}
	vz_lan_free(&row.lan);
	(void)vz_show_put(&out, stdout);
	return 0;
}
