// SPDX-License-Identifier: GPL-2.0-or-later
/* See offloads.h. As packed data a device is 1, name, features (1, name, on), 0. It is asked by ioctl(2), netdevice(7). */
#include "cpt/offloads.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/own.h"
#include "base/pack.h"
#include "base/str.h"
#include "net/link.h"
#include "sys/nl.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

#define FILE_NAME "offloads"
#define PACKED_MAX (8u << 20)
#define DEVICES_MAX 4096u
#define BLOCKS_MAX 8u
#define FEATURES_MAX (BLOCKS_MAX * 32)

/* Of one device. */
struct features {
	uint32_t n;
	char name[FEATURES_MAX][ETH_GSTRING_LEN];
	uint32_t can[BLOCKS_MAX], on[BLOCKS_MAX]; /* what can be changed, and what of it is asked for */
};

static int call(int sock, const char *device, void *request)
{
	struct ifreq ifr = { .ifr_data = request };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", device);
	return ioctl(sock, SIOCETHTOOL, &ifr) < 0 ? -errno : 0;
}

static int read_names(int sock, const char *device, struct features *f)
{
	struct {
		struct ethtool_sset_info i;
		uint32_t n;
	} count = { .i = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES } };
	struct {
		struct ethtool_gstrings s;
		char name[FEATURES_MAX][ETH_GSTRING_LEN];
	} names = { .s = { .cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES } };
	int r = call(sock, device, &count);

	if (r >= 0 && (!count.i.sset_mask || count.n > FEATURES_MAX))
		r = -EOPNOTSUPP;
	names.s.len = count.n;
	if (r >= 0)
		r = call(sock, device, &names);
	if (r < 0)
		return r;
	f->n = count.n;
	memcpy(f->name, names.name, sizeof(f->name));
	for (uint32_t i = 0; i < f->n; i++)
		f->name[i][ETH_GSTRING_LEN - 1] = 0;
	return 0;
}

static int read_features(int sock, const char *device, struct features *f)
{
	struct {
		struct ethtool_gfeatures g;
		struct ethtool_get_features_block block[BLOCKS_MAX];
	} now = { .g = { .cmd = ETHTOOL_GFEATURES, .size = BLOCKS_MAX } };
	int r = read_names(sock, device, f);

	if (r >= 0)
		r = call(sock, device, &now);
	for (uint32_t i = 0; r >= 0 && i < BLOCKS_MAX; i++) {
		f->can[i] = now.block[i].available & ~now.block[i].never_changed;
		f->on[i] = now.block[i].requested;
	}
	return r;
}

static bool has_bit(const uint32_t *blocks, uint32_t i)
{
	return blocks[i / 32] >> i % 32 & 1;
}

/* ---- save ---- */

struct save {
	struct vz_pack out;
	int sock;
	unsigned n;
};

static int save_device(const struct vz_link *link, void *arg)
{
	struct features f = { 0 };
	struct save *s = arg;
	int r = read_features(s->sock, link->name, &f);

	if (r == -EOPNOTSUPP || r == -ENODEV)
		return 0;
	if (r < 0 || ++s->n > DEVICES_MAX)
		return r < 0 ? r : -E2BIG;
	vz_pack_num(&s->out, 1);
	vz_pack_text(&s->out, link->name);
	for (uint32_t i = 0; i < f.n; i++) {
		if (!has_bit(f.can, i) || !*f.name[i])
			continue;
		vz_pack_num(&s->out, 1);
		vz_pack_text(&s->out, f.name[i]);
		vz_pack_num(&s->out, has_bit(f.on, i));
	}
	vz_pack_num(&s->out, 0);
	return s->out.err;
}

int vz_offloads_save(int netns, struct vz_image *im, struct vz_err *e)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, netns, e), sock = rtnl < 0 ? rtnl : vz_nl_open(NETLINK_ROUTE, netns, e);
	struct save s = { .out.max = PACKED_MAX, .sock = sock };

	s.out.err = sock < 0 ? sock : vz_link_list(rtnl, save_device, &s, NULL);
	return vz_image_put_packed(im, FILE_NAME, &s.out, "the features of the container's network devices", e);
}

/* ---- load ---- */

struct change {
	struct ethtool_sfeatures s;
	struct ethtool_set_features_block block[BLOCKS_MAX];
};

static void note_change(struct change *c, const struct features *f, const char *name, bool on)
{
	for (uint32_t i = 0; i < f->n; i++) {
		if (strcmp(f->name[i], name) || !has_bit(f->can, i) || has_bit(f->on, i) == on)
			continue;
		c->s.size = BLOCKS_MAX;
		c->block[i / 32].valid |= 1u << i % 32;
		c->block[i / 32].requested |= (uint32_t)on << i % 32;
	}
}

/* -EBADMSG, or what the kernel says to it. */
static int load_device(int sock, const char *name, struct vz_packed *in)
{
	struct change c = { .s.cmd = ETHTOOL_SFEATURES };
	struct features f = { 0 };

	(void)read_features(sock, name, &f); /* an operator may have taken it away */
	while (vz_packed_num(in, 1)) {
		char feature[ETH_GSTRING_LEN];

		vz_packed_text(in, feature, sizeof(feature));
		note_change(&c, &f, feature, vz_packed_num(in, 1));
	}
	if (in->bad)
		return -EBADMSG;
	/* the kernel takes as many blocks as it has */
	c.s.size = c.s.size ? (f.n + 31) / 32 : 0;
	return c.s.size ? call(sock, name, &c) : 0;
}

int vz_offloads_load(int netns, const struct vz_image *im, struct vz_err *e)
{
	autofree char *data = NULL;
	struct vz_packed in = { 0 };
	int r = vz_image_read_packed(im, FILE_NAME, &data, &in, e);
	autoclose int sock = r > 0 ? vz_nl_open(NETLINK_ROUTE, netns, e) : -EBADF;
	char name[IFNAMSIZ];

	if (r <= 0 || sock < 0)
		return r <= 0 ? r : sock;
	for (unsigned n = 0; vz_packed_num(&in, 1); n++) {
		vz_packed_text(&in, name, sizeof(name));
		r = in.bad || n == DEVICES_MAX ? -EBADMSG : load_device(sock, name, &in);
		if (r == -EBADMSG)
			break;
		vz_escape_plain(name);
		if (r < 0)
			vz_log(0, "Cannot set features of network device %s again (%s): ignoring", name, strerror(-r));
	}
	return r == -EBADMSG || in.bad || in.left ?
		       vz_fail(e, VZ_RESTORE, 0, "what the dump has of features of network devices was not written by vzctl") : 0;
}
