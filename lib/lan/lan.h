/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest LANs: networks between VPSes that exist on this host only (a bridge), or on several
 * (a bridge with a VXLAN port). A LAN is a file, VZ_CONFDIR/lan/NAME.conf, and what vz_lan_up()
 * makes of it: the bridge vz-NAME, its part of the packet filter, its VXLAN port. A member is a VPS
 * with a veth device on that bridge; that device is made like any other (nic/veth.h), nothing here
 * touches it.
 *
 * Isolated by default: the host has no address on the bridge, answers no ARP there and drops what
 * is sent to it or through it. With NAT the bridge has the first address of the subnet, and what
 * leaves the LAN for the outside leaves with the host's address.
 */
#ifndef VZ_LAN_LAN_H
#define VZ_LAN_LAN_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

#define VZ_LAN_DIR VZ_CONFDIR "/lan"
#define VZ_LAN_RUNDIR VZ_RUNDIR "/lan"
#define VZ_LAN_PREFIX "vz-"                                       /* of the bridge's name */
#define VZ_LAN_NAME_MAX (IFNAMSIZ - 1 - sizeof(VZ_LAN_PREFIX) + 1) /* what is left for ours */

struct vz_lan_member {
	unsigned ctid;
	char ifname[IFNAMSIZ]; /* inside */
	char mac[18];          /* inside, as text; "" when unknown */
	struct vz_ip ip, ip6;  /* with the prefix of the subnet; family 0: none */
};

struct vz_lan {
	char name[IFNAMSIZ];
	struct vz_ip subnet, subnet6; /* network addresses; family 0: none */
	bool nat, dhcp;
	uint32_t vni;         /* of the VXLAN, 0: none */
	struct vz_ip *peer;   /* the other hosts */
	size_t npeers;
	struct vz_ip local;   /* our address for them; family 0: the kernel's choice */
	char dev[IFNAMSIZ];   /* the device to them, "": by the routes */
	struct vz_lan_member *member; /* ascending by CTID */
	size_t nmembers;
};

/* ---- lan-conf.c: the file ---- */

/* [a-z0-9-], not at its ends a '-', short enough for the bridge's name. */
bool vz_lan_name_ok(const char *name);
/* The name of one of the LAN's own devices on the host, a prefix of three bytes before the name;
 * returns buf. */
const char *vz_lan_dev(const char *prefix, const char *name, char buf[static IFNAMSIZ]);
/* The bridge's name; returns buf. */
const char *vz_lan_bridge(const char *name, char buf[static IFNAMSIZ]);
/* The LAN of a bridge's name, or NULL when it is not one of ours. */
const char *vz_lan_of_bridge(const char *bridge);

/* Reads the text of a definition; a value that cannot be parsed is a failure (VZ_INVALID_CONFIG),
 * an unknown key is passed over. *ret is empty but for its name, and freed by the caller. */
int vz_lan_parse(const char *text, struct vz_lan *ret, struct vz_err *e);
/* One key, as in the file: SUBNET, SUBNET6, NAT, DHCP, VXLAN, PEERS, LOCAL, DEV, MEMBERS. -ENOENT
 * for another one, VZ_INVALID_PARAMETER_VALUE for a bad value. */
int vz_lan_set(struct vz_lan *lan, const char *key, const char *value, struct vz_err *e);
/* What the keys together must be: VZ_INVALID_PARAMETER_VALUE. */
int vz_lan_check(const struct vz_lan *lan, struct vz_err *e);
/* VZ_NO_LAN when there is no such LAN (also for a bad name). */
int vz_lan_load(const char *name, struct vz_lan *ret, struct vz_err *e);
int vz_lan_save(const struct vz_lan *lan, struct vz_err *e);
int vz_lan_remove(const char *name, struct vz_err *e);
void vz_lan_free(struct vz_lan *lan);
#define autolan __attribute__((cleanup(vz_lan_free))) struct vz_lan
/* Names of all LANs, sorted; the caller frees each and the list by vz_lan_names_free(). */
int vz_lan_names(char ***ret, size_t *ret_n, struct vz_err *e);
void vz_lan_names_free(char **names, size_t n);

/* Waits for the lock of a LAN ("": of the packet filter, which all share). It is held as long as
 * the descriptor, the caller's, is open. A lock of a LAN comes before that of the filter. */
int vz_lan_lock(const char *name, struct vz_err *e);

/* ---- members and the pool ---- */

struct vz_lan_member *vz_lan_find(const struct vz_lan *lan, unsigned ctid);
/* Copies *m in, or over the one with its CTID. -ENOMEM. */
int vz_lan_put(struct vz_lan *lan, const struct vz_lan_member *m);
void vz_lan_drop(struct vz_lan *lan, unsigned ctid);
/* The first address, with the prefix: the host's, if it has one. Family 0 without a subnet. */
struct vz_ip vz_lan_gateway(const struct vz_ip *subnet);
/* The second one: the name and DHCP server's. */
struct vz_ip vz_lan_server(const struct vz_ip *subnet);
/* May a member have it? VZ_BADIP when it is outside or reserved, VZ_IP_INUSE when another has it. */
int vz_lan_may_have(const struct vz_lan *lan, unsigned ctid, const struct vz_ip *ip,
		    struct vz_err *e);
/* The lowest address that no member has. VZ_RESOURCE when there is none left. */
int vz_lan_pick(const struct vz_lan *lan, const struct vz_ip *subnet, struct vz_ip *ret,
		struct vz_err *e);
/* Do the two networks share an address? */
bool vz_lan_overlap(const struct vz_ip *a, const struct vz_ip *b);

/* ---- lan.c: the host's side ---- */

/* VZ_INVALID_PARAMETER_VALUE when a subnet meets another LAN or a route of the host. */
int vz_lan_check_place(int rtnl, const struct vz_lan *lan, struct vz_err *e);
/* The first 10.181.N.0/24 for which that would succeed. */
int vz_lan_choose_subnet(int rtnl, struct vz_ip *ret, struct vz_err *e);

/* Makes it so: whatever of bridge, addresses, VXLAN port and filter is not there is made, what is
 * there stays. The caller holds the LAN's lock. */
int vz_lan_up(const struct vz_lan *lan, struct vz_err *e);
/* Takes all of it away, also what was half made; fine when there is nothing. Members keep their
 * devices, which then lead nowhere. */
int vz_lan_down(const char *name, struct vz_err *e);

struct vz_lan_state {
	bool up;          /* the bridge is there and up */
	bool filtered;    /* the packet filter knows it */
	unsigned ports;   /* devices on the bridge */
	unsigned mtu;
};
int vz_lan_look(const char *name, struct vz_lan_state *ret, struct vz_err *e);

/* ---- lan-filter.c ---- */

/* Replaces the packet filter's table by one for exactly the LANs whose bridge exists; without any
 * the table goes. `gone` (or NULL) counts as not existing. */
int vz_lan_filter(const char *gone, struct vz_err *e);
/* Is the LAN in the table in force? */
bool vz_lan_is_filtered(const char *name);

/* What the table has dropped, one call for each reason. */
typedef void vz_lan_dropped(const char *reason, uint64_t packets, void *arg);
void vz_lan_drops(vz_lan_dropped *each, void *arg);

#endif
