// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Facts about other people's packet filters and what they mean for VPSes; see foreign.h. Only base
 * chains and names are looked at: what single rules do cannot be said in a sentence.
 */
#include "net/foreign.h"
#include "base/own.h"
#include "base/str.h"
#include "net/nft.h"
#include "sys/file.h"

#include <fcntl.h>

#define OUR_TABLE "vz"

/* clang-format off */
static const struct {
	const char *what, *remedy;
} tools[VZ_FOREIGN_TOOLS] = {
	[VZ_FOREIGN_DOCKER] = {
		"Docker is here: its rules concern its own networks, its chain DOCKER-USER is the "
		"place for exceptions", "" },
	[VZ_FOREIGN_FIREWALLD] = {
		"firewalld rejects forwarded traffic of devices that are in no zone which lets it "
		"pass, so that of containers",
		"firewall-cmd --permanent --zone=trusted --add-interface=venet+\n"
		"firewall-cmd --permanent --zone=trusted --add-interface=vz-+\n"
		"firewall-cmd --reload" },
	[VZ_FOREIGN_UFW] = {
		"ufw is here: traffic through the host is routed traffic to it, denied unless "
		"DEFAULT_FORWARD_POLICY is ACCEPT or a route rule allows it", "" },
	[VZ_FOREIGN_LIBVIRT] = {
		"libvirt rejects what containers send to its networks (virbr*) and nothing else", "" },
};
/* clang-format on */

/* ---- looking ---- */

static int one_chain(const struct vz_nft_chain *c, void *arg)
{
	struct vz_foreign *f = arg;
	struct vz_foreign_drop *d = &f->drop[f->n];
	bool forward = c->hook == NF_INET_FORWARD; /* a bridge's hooks have the same numbers */

	if (c->family == NFPROTO_INET && !strcmp(c->table, OUR_TABLE))
		return 0;
	vz_foreign_name(f, c->table, c->name);
	if (!c->base || !c->drop || f->n == VZ_FOREIGN_DROPS ||
	    (c->family == NFPROTO_NETDEV ? false : !forward && c->hook != NF_INET_LOCAL_IN))
		return 0;
	*d = (struct vz_foreign_drop){ .family = c->family,
				       .forward = forward || c->family == NFPROTO_NETDEV };
	snprintf(d->table, sizeof(d->table), "%s", c->table);
	snprintf(d->chain, sizeof(d->chain), "%s", c->name);
	f->n++;
	return 0;
}

static bool is_on(const char *path)
{
	char text[8];

	return vz_file_read_buf(AT_FDCWD, path, text, sizeof(text)) > 0 && text[0] == '1';
}

/* ---- telling ---- */

static const char *family_name(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_BRIDGE:
		return "bridge";
	case NFPROTO_NETDEV:
		return "netdev";
	}
	return "?";
}

static bool is_iptables(const struct vz_foreign_drop *d)
{
	return (d->family == NFPROTO_IPV4 || d->family == NFPROTO_IPV6) &&
	       !strcmp(d->table, "filter") &&
	       (!strcmp(d->chain, "FORWARD") || !strcmp(d->chain, "INPUT"));
}

static bool has(const struct vz_foreign *f, enum vz_foreign_tool tool)
{
	return f->tools & 1u << tool;
}

/* iptables for both directions, in the chain. */
static void iptables_remedy(struct vz_str *s, const struct vz_foreign_drop *d, const char *chain)
{
	const char *cmd = d->family == NFPROTO_IPV4 ? "iptables" : "ip6tables";
	const char *legacy = d->legacy ? "-legacy" : "";

	vz_str_addf(s, "%s%s -I %s -i venet+ -j ACCEPT\n", cmd, legacy, chain);
	vz_str_addf(s, "%s%s -I %s -i vz-+ -j ACCEPT", cmd, legacy, chain);
	if (!d->forward)
		return;
	vz_str_addf(s, "\n%s%s -I %s -o venet+ -j ACCEPT\n", cmd, legacy, chain);
	vz_str_addf(s, "%s%s -I %s -o vz-+ -j ACCEPT", cmd, legacy, chain);
}

static void remedy_of(struct vz_str *s, const struct vz_foreign *f, const struct vz_foreign_drop *d)
{
	const char *family = family_name(d->family);

	if (is_iptables(d) && d->forward && has(f, VZ_FOREIGN_UFW))
		vz_str_add(s, "sed -i 's/^DEFAULT_FORWARD_POLICY=.*/"
			      "DEFAULT_FORWARD_POLICY=\"ACCEPT\"/' /etc/default/ufw\nufw reload");
	else if (is_iptables(d) && has(f, VZ_FOREIGN_UFW))
		vz_str_add(s, "ufw allow in on venet+\nufw allow in on vz-+");
	else if (is_iptables(d) && d->forward && has(f, VZ_FOREIGN_DOCKER))
		iptables_remedy(s, d, "DOCKER-USER");
	else if (is_iptables(d))
		iptables_remedy(s, d, d->chain);
	else if (d->family == NFPROTO_BRIDGE)
		vz_str_addf(s, "nft insert rule bridge %s %s iifname \"veth*\" accept\n"
			       "nft insert rule bridge %s %s oifname \"veth*\" accept",
			    d->table, d->chain, d->table, d->chain);
	else if (d->family == NFPROTO_NETDEV)
		vz_str_addf(s, "nft list chain netdev %s %s", d->table, d->chain);
	else
		vz_str_addf(s, "nft insert rule %s %s %s iifname { \"venet*\", \"vz-*\" } accept%s",
			    family, d->table, d->chain, d->forward ? "\n" : "");
	if (d->forward && !is_iptables(d) && d->family != NFPROTO_BRIDGE &&
	    d->family != NFPROTO_NETDEV)
		vz_str_addf(s, "nft insert rule %s %s %s oifname { \"venet*\", \"vz-*\" } accept",
			    family, d->table, d->chain);
}

static const char *whose(const struct vz_foreign *f, const struct vz_foreign_drop *d)
{
	if (is_iptables(d) && has(f, VZ_FOREIGN_UFW))
		return "ufw: ";
	if (is_iptables(d) && d->forward && has(f, VZ_FOREIGN_DOCKER))
		return "Docker: ";
	return "";
}

static void tell_drop(const struct vz_foreign *f, const struct vz_foreign_drop *d,
		      vz_foreign_each *each, void *arg)
{
	autostr what = { 0 }, remedy = { 0 };

	vz_str_addf(&what, "%sthe chain %s %s %s%s drops ", whose(f, d), family_name(d->family),
		    d->table, d->chain, d->legacy ? " (iptables-legacy)" : "");
	if (d->family == NFPROTO_NETDEV)
		vz_str_add(&what, "what comes in by its device unless a rule accepts it");
	else if (d->family == NFPROTO_BRIDGE)
		vz_str_add(&what, "frames on bridges unless a rule accepts them, also those of "
				  "veth devices");
	else
		vz_str_addf(&what, "%s unless a rule accepts it",
			    d->forward ? "traffic through the host, so that of containers," :
					 "what containers send to the host itself");
	remedy_of(&remedy, f, d);
	if (!what.failed && !remedy.failed)
		each(what.s, remedy.s, arg);
}

static void tell_bridged(const struct vz_foreign *f, vz_foreign_each *each, void *arg)
{
	bool drops = has(f, VZ_FOREIGN_FIREWALLD);

	for (size_t i = 0; i < f->n; i++)
		drops |= f->drop[i].forward && f->drop[i].family != NFPROTO_BRIDGE &&
			 f->drop[i].family != NFPROTO_NETDEV;
	if (f->bridged && drops)
		each("bridge-nf-call-iptables is on: frames between containers on one bridge are "
		     "dropped by the rules for forwarded traffic too",
		     "sysctl -w net.bridge.bridge-nf-call-iptables=0 "
		     "net.bridge.bridge-nf-call-ip6tables=0", arg);
}

void vz_foreign_tell(const struct vz_foreign *f, vz_foreign_each *each, void *arg)
{
	for (unsigned i = 0; i < VZ_FOREIGN_TOOLS; i++)
		if (has(f, (enum vz_foreign_tool)i))
			each(tools[i].what, tools[i].remedy, arg);
	for (size_t i = 0; i < f->n; i++)
		tell_drop(f, &f->drop[i], each, arg);
	tell_bridged(f, each, arg);
}

void vz_foreign_look(vz_foreign_each *each, void *arg)
{
	autoclose int nfnl = vz_nl_open(NETLINK_NETFILTER, VZ_NL_HERE, NULL);
	struct vz_foreign f = { 0 };

	if (nfnl >= 0)
		(void)vz_nft_chains(nfnl, one_chain, &f, NULL);
	vz_foreign_legacy(AF_INET, &f);
	vz_foreign_legacy(AF_INET6, &f);
	f.bridged = is_on("/proc/sys/net/bridge/bridge-nf-call-iptables") ||
		    is_on("/proc/sys/net/bridge/bridge-nf-call-ip6tables");
	vz_foreign_tell(&f, each, arg);
}
