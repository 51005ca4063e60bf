// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules of the packet filter: what of them neither CRIU nor nfrules.h can make again. */
#include "cpt/verdict-internal.h"
#include "base/own.h"
#include "cpt/nfrules.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/nl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <string.h>

#define TRIES 3

/* Somebody may be changing them. */
static int read_rules(int netns, struct vz_nftcopy *ret)
{
	autoclose int sock = vz_nl_open(NETLINK_NETFILTER, netns, NULL);
	int r = sock < 0 ? sock : -EAGAIN;

	for (int i = 0; r == -EAGAIN && i < TRIES; i++)
		r = vz_nftcopy_read(sock, ret);
	return r == -EPROTONOSUPPORT ? 0 : r;
}

/* The first extension says what is in the way, the reason why. */
static void look_at_extensions(struct cpt_look *l, const struct cpt_netns *n, const struct vz_nftcopy *c)
{
	char why[160];

	if (n->inode != l->init.ns[CPT_NS_NET])
		cpt_say(l, CPT_XTABLES, NULL, "%s, in a network namespace of a service", c->extension);
	else if (*c->lacks)
		cpt_say(l, CPT_XTABLES, NULL, "%s, beside %s", c->extension, c->lacks);
	else if (vz_nfrules_try(l->state, c, why, sizeof(why)) < 0)
		cpt_say(l, CPT_XTABLES, NULL, "%s", why);
}

/* Of the VPS's own network namespace, whoever made the rule: a file for each table. */
static void look_at_recent(struct cpt_look *l)
{
	int dir = vz_openat2(l->init.dir, "net/xt_recent", O_RDONLY | O_DIRECTORY, 0, 0);
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	char some[8];

	if (dir < 0 || vz_dir_stream(dir, &d) < 0)
		return;
	while ((de = vz_dir_next(d)))
		if (vz_file_read_buf(dirfd(d), de->d_name, some, sizeof(some)))
			cpt_say(l, CPT_NOT_KEPT, NULL, "addresses that the match recent has seen: %.64s", de->d_name);
}

void cpt_filter_look(struct cpt_look *l, const struct cpt_netns *n)
{
	autonftcopy c = { 0 };
	int r = read_rules(n->fd, &c);

	if (r == -E2BIG)
		cpt_say(l, CPT_XTABLES, NULL, "rules of more than %u MiB", VZ_NFTCOPY_MAX >> 20);
	else if (r < 0)
		cpt_say(l, CPT_UNKNOWN, NULL, "its rules of nf_tables: %s", strerror(-r));
	if (*c.owned)
		cpt_say(l, CPT_NFT_OWNER, NULL, "%s", c.owned);
	if (*c.extension)
		look_at_extensions(l, n, &c);
	if (n->inode == l->init.ns[CPT_NS_NET])
		look_at_recent(l);
}
