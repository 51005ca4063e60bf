// SPDX-License-Identifier: GPL-2.0-or-later
/* Names and hardware addresses nobody gave; see veth-names.h. No device is looked at. */
#include "nic/veth-names.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"

#include <ctype.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <unistd.h>

#define NUMBER_MAX 9999u
#define NOT_A_NUMBER UINT32_MAX

/* What tells this host from others that may have a VPS of the same id. */
static void host_id(char *buf, size_t size)
{
	if (vz_file_read_buf(AT_FDCWD, "/etc/machine-id", buf, size) <= 0 &&
	    gethostname(buf, size) < 0)
		*buf = 0;
	buf[size - 1] = 0;
}

static void make_mac(char *ret, size_t size, unsigned first, const char *dev, unsigned ctid)
{
	char hwid[128];
	autofree char *seed = NULL;
	uint64_t h;

	host_id(hwid, sizeof(hwid));
	seed = vz_fmt("%s:%u:%s", dev, ctid, hwid);
	h = seed ? vz_str_hash(seed, strlen(seed), 0) : ctid;
	h ^= h >> 32;
	snprintf(ret, size, "%02X:18:51:%02X:%02X:%02X", first & 0xff, (unsigned)(h >> 16) & 0xff,
		 (unsigned)(h >> 8) & 0xff, (unsigned)h & 0xff);
}

static bool host_name_used(const struct vz_netif *all, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(all[i].v[VZ_NETIF_HOST_IFNAME], name))
			return true;
	return false;
}

/* The digits of the name inside; a name without, or with one that is taken, gets the next free. */
static uint32_t digits_of(const char *ifname)
{
	char text[IFNAMSIZ];
	size_t n = 0;
	uint32_t v;

	for (; *ifname; ifname++)
		if (isdigit((unsigned char)*ifname))
			text[n++] = *ifname;
	text[n] = 0;
	return vz_num_u32(text, NUMBER_MAX, &v) < 0 ? NOT_A_NUMBER : v;
}

static int make_host_name(const struct vz_netifs *l, struct vz_netif *dev, unsigned ctid,
			  struct vz_err *e)
{
	uint32_t digits = digits_of(dev->v[VZ_NETIF_IFNAME]);

	for (uint32_t i = 0; i <= l->n; i++) {
		uint32_t number = digits == NOT_A_NUMBER ? i : digits + i;
		char name[32];

		snprintf(name, sizeof(name), "veth%u.%u", ctid, number);
		if (strlen(name) >= IFNAMSIZ) /* the ids of the newer tools have ten digits */
			snprintf(name, sizeof(name), "v%u.%u", ctid, number);
		if (strlen(name) >= IFNAMSIZ)
			break;
		if (host_name_used(l->v, l->n, name))
			continue;
		snprintf(dev->v[VZ_NETIF_HOST_IFNAME], IFNAMSIZ, "%s", name);
		return 0;
	}
	return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
		       "No host name fits the veth device %s: give one", dev->v[VZ_NETIF_IFNAME]);
}

int vz_veth_complete_all(struct vz_netifs *l, unsigned ctid, struct vz_err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		const char *name = l->v[i].v[VZ_NETIF_HOST_IFNAME];

		if (*name && host_name_used(l->v, i, name))
			return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
				       "Two veth devices cannot both be %s on the host", name);
	}
	for (size_t i = 0; i < l->n; i++) {
		struct vz_netif *d = &l->v[i];
		int r = *d->v[VZ_NETIF_HOST_IFNAME] ? 0 : make_host_name(l, d, ctid, e);

		if (r < 0)
			return r;
		if (!*d->v[VZ_NETIF_MAC])
			make_mac(d->v[VZ_NETIF_MAC], sizeof(d->v[0]), 0, d->v[VZ_NETIF_IFNAME],
				 ctid);
		if (!*d->v[VZ_NETIF_HOST_MAC])
			make_mac(d->v[VZ_NETIF_HOST_MAC], sizeof(d->v[0]), 0xfe,
				 d->v[VZ_NETIF_HOST_IFNAME], ctid);
	}
	return 0;
}

int vz_veth_complete(struct vz_plist *netif, unsigned ctid, struct vz_err *e)
{
	autonetifs l = { 0 };
	int r = vz_netifs_of(netif, &l, e);

	if (r >= 0)
		r = vz_veth_complete_all(&l, ctid, e);
	if (r < 0)
		return r;
	r = vz_netifs_store(&l, netif);
	return r < 0 ? vz_fail(e, VZ_RESOURCE, ENOMEM, "Unable to name veth devices") : 0;
}

void vz_veth_host_mac(const struct vz_netif *n, uint8_t ret[static 6])
{
	uint8_t mac[6] = { 0 };

	(void)vz_netif_mac(n, VZ_NETIF_MAC, mac);
	if (vz_netif_mac(n, VZ_NETIF_HOST_MAC, ret) < 0 || !memcmp(ret, mac, 6)) {
		memcpy(ret, mac, 6);
		ret[0] = 0xfe;
		if (mac[0] == 0xfe) /* still the same: the other locally administered one */
			ret[0] = 0xfa;
	}
}
