// SPDX-License-Identifier: GPL-2.0-or-later
/* The lines of a hosts file for the members of a guest LAN; see lan-names.c for who reads them. */
#include "lan/lan-member.h"
#include "base/own.h"

static bool is_hostname(const char *s)
{
	for (const char *p = s; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", *p))
			return false;
	/* what is all digits and dots would be an address */
	return *s && *s != '-' && *s != '.' && strlen(s) < 254 && s[strspn(s, "0123456789.")];
}

static void add_names(struct vz_str *out, const struct vz_lan *lan, const struct vz_lan_member *m)
{
	autofree char *path = vz_ct_conf_path(m->ctid);
	autoconf c = { 0 };

	vz_str_addf(out, " ct%u ct%u.%s.vz", m->ctid, m->ctid, lan->name);
	if (!path || vz_conf_load(path, &c, NULL, NULL) < 0)
		return;
	if (c.hostname.set && is_hostname(c.hostname.v))
		vz_str_addf(out, " %s", c.hostname.v);
	if (c.name.set && is_hostname(c.name.v) && !vz_str_eq(c.name.v, c.hostname.v))
		vz_str_addf(out, " %s", c.name.v);
}

static void add_line(struct vz_str *out, const struct vz_ip *ip, const char *names)
{
	char text[VZ_IP_TEXT];

	if (ip->family)
		vz_str_addf(out, "%s%s\n", vz_ip_text(ip, text), names);
}

void vz_lan_hosts(struct vz_str *out, const struct vz_lan *lan)
{
	for (size_t i = 0; i < lan->nmembers; i++) {
		const struct vz_lan_member *m = &lan->member[i];
		autostr names = { 0 };

		add_names(&names, lan, m);
		if (names.failed) {
			out->failed = true;
			return;
		}
		add_line(out, &m->ip, names.s);
		add_line(out, &m->ip6, names.s);
	}
}
