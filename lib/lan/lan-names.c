// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names in guest LANs: a marked block in /etc/hosts of every member. It needs no server, works with
 * every libc, and whoever has no name server finds his neighbours all the same. The file is written
 * inside, by the VPS's own shell, so its links and limits are those of the VPS.
 *
 * A member is known as ctN and ctN.LAN.vz, and by its NAME and HOSTNAME where these can be host
 * names. (N alone cannot be one: inet_aton(3) takes it for an address.)
 */
#include "base/log.h"
#include "base/own.h"
#include "lan/lan-member.h"
#include "launch/inside.h"

#define TIMEOUT_S 20
#define TELL_MAX 3 /* times that one VPS is told, when its LANs change meanwhile */

/* Reads the file, leaves the old block out, adds ours; nothing is written when nothing changes. It is
 * written beside itself and moved into place, as vz_write() of the distribution scripts does, under the
 * same name: a shell that is killed half-way leaves the file as it was. Where a file system is mounted
 * over it, or without cp(1) and mv(1), it can only be written where it is. */
static const char script_head[] =
	"f=/etc/hosts old= new= skip=\n"
	"[ -d /etc ] || exit 0\n"
	"[ ! -e $f ] || [ -f $f ] || exit 0\n"
	"if [ -e $f ]; then\n"
	"	while IFS= read -r l || [ -n \"$l\" ]; do\n"
	"		old=\"$old$l\n\"\n"
	"		case $l in\n"
	"		'# vz-lan: begin') skip=1 ;;\n"
	"		'# vz-lan: end') skip= ;;\n"
	"		*) [ -n \"$skip\" ] || new=\"$new$l\n\" ;;\n"
	"		esac\n"
	"	done <$f\n"
	"fi\n"
	"new=\"$new$VZ_LAN_HOSTS\"\n"
	"[ \"$old\" = \"$new\" ] && exit 0\n"
	"[ -L $f ] && [ -e $f ] && f=$(readlink -f $f)\n"
	"t=$f.vz-new.$$\n"
	"for l in $f.vz-new*; do\n"
	"	{ [ ! -e $l ] && [ ! -L $l ]; } || kill -0 ${l##*.} 2>/dev/null || rm -f $l\n"
	"done\n"
	"if [ ! -e $f ] || ! command -v cp >/dev/null || ! command -v mv >/dev/null; then\n"
	"	printf %s \"$new\" >$f\n"
	"	exit\n"
	"fi\n"
	"cp -p $f $t && printf %s \"$new\" >$t || { rm -f $t; exit 1; }\n"
	"mv -f $t $f 2>/dev/null && exit 0\n"
	"rm -f $t\n"
	"printf %s \"$new\" >$f\n";

/* The block of all LANs of a configuration; "" when it is in none, which takes the block away. */
static char *block_of(const struct vz_conf *c)
{
	autostr lines = { 0 }, block = { 0 };
	autonetifs l = { 0 };

	if (vz_netifs_of(&c->netif, &l, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < l.n; i++) {
		const char *name = vz_lan_of_bridge(l.v[i].v[VZ_NETIF_BRIDGE]);
		autolan lan = { 0 };

		if (name && vz_lan_load(name, &lan, NULL) >= 0)
			vz_lan_hosts(&lines, &lan);
	}
	if (lines.failed)
		return NULL;
	if (lines.len)
		vz_str_addf(&block, "# vz-lan: begin\n%s# vz-lan: end\n", lines.s);
	return vz_str_take(&block);
}

static bool tell(struct vz_ct *ct, const struct vz_state *st, const char *block)
{
	autofree char *var = vz_fmt("VZ_LAN_HOSTS=%s", block);
	char *env[] = { var, NULL };
	const struct vz_script script = { .text = script_head, .env = env,
					  .timeout_s = TIMEOUT_S, .exclusive = true };
	struct vz_err e = { 0 };
	int code = 0, r = var ? vz_inside_run(ct, st, &script, &code, &e) : -ENOMEM;

	if (r < 0 && e.exit == VZ_COMMAND_EXECUTION)
		return false; /* it has no shell: it has no names either */
	if (r < 0 || code)
		vz_log(-1, "Warning: container %u did not write the names of its guest LANs to "
			   "/etc/hosts%s%s, ignoring", ct->id, r < 0 ? ": " : "", e.msg);
	return r >= 0 && !code;
}

static bool in_any_lan(const struct vz_conf *c)
{
	autonetifs l = { 0 };
	bool in = false;

	if (vz_netifs_of(&c->netif, &l, NULL) < 0)
		return false;
	for (size_t i = 0; i < l.n; i++)
		in |= vz_lan_of_bridge(l.v[i].v[VZ_NETIF_BRIDGE]) != NULL;
	return in;
}

void vz_lan_tell_names(struct vz_ct *ct, const struct vz_state *st, bool had_lan)
{
	if (!had_lan && !in_any_lan(&ct->conf))
		return;
	/* nobody is kept from changing a LAN meanwhile, and then what was told last may be the older */
	for (int i = 0; i < TELL_MAX; i++) {
		autofree char *block = block_of(&ct->conf), *now = NULL;

		if (!block || !tell(ct, st, block))
			return;
		now = block_of(&ct->conf);
		if (!now || !strcmp(now, block))
			return;
	}
}

void vz_lan_tell_members(const struct vz_host *host, const struct vz_lan *lan, unsigned except,
			 int lock)
{
	close(lock);
	for (size_t i = 0; i < lan->nmembers; i++) {
		unsigned id = lan->member[i].ctid;
		struct vz_ct ct = { 0 };
		struct vz_state st;

		if (id == except || vz_state_read(id, &st) <= 0)
			continue;
		if (vz_ct_load(host, id, &ct, NULL, NULL) >= 0 && ct.has_conf)
			vz_lan_tell_names(&ct, &st, true);
		vz_ct_free(&ct);
	}
}

void vz_lan_tell(struct vz_ct *ct, const struct vz_lan *lan, int lock)
{
	struct vz_err e = { 0 };
	struct vz_state st;

	if (vz_lan_dhcp_up(lan, &e) < 0)
		vz_log(-1, "Warning: %s, ignoring", e.msg);
	vz_lan_tell_members(ct->host, lan, ct->id, lock);
	if (ct->has_conf && vz_state_read(ct->id, &st) > 0)
		vz_lan_tell_names(ct, &st, true);
}
