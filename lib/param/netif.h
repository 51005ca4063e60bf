/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One veth device as a word of NETIF: "ifname=eth0,bridge=vmbr0,mac=00:18:51:...". The word is what
 * configurations, files and commands hold; this is the word taken apart, and the list of all words.
 *
 * A change is the same grammar: keys that it names replace those before, an empty value takes one
 * away, every "ip=" adds an address, and "-ip=ADDR" or "-ip=all" removes.
 */
#ifndef VZ_PARAM_NETIF_H
#define VZ_PARAM_NETIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "param/param.h"

/* In the order in which they are saved: the first six are those of vzctl 4 (INTERFACE 3.3). */
enum vz_netif_key {
	VZ_NETIF_IFNAME,
	VZ_NETIF_BRIDGE,
	VZ_NETIF_MAC,
	VZ_NETIF_HOST_IFNAME,
	VZ_NETIF_HOST_MAC,
	VZ_NETIF_MAC_FILTER, /* on (the default): other source addresses are dropped */
	VZ_NETIF_IP_FILTER,  /* not given: on where there are addresses and no DHCP */
	VZ_NETIF_ROUTER,     /* off (the default): no DHCP server, no router advertisements */
	VZ_NETIF_GW,
	VZ_NETIF_GW6,
	VZ_NETIF_DHCP,
	VZ_NETIF_DHCP6,
	VZ_NETIF_KEYS,
};

struct vz_netif {
	char v[VZ_NETIF_KEYS][VZ_IP_TEXT]; /* "" when not given */
	struct vz_ip *ip;
	size_t n_ip;
};

/* Parses a word or change; *ret is filled only on success and is the caller's to free. -EINVAL,
 * where possible with a sentence in *e, or -ENOMEM. */
int vz_netif_parse(const char *word, struct vz_netif *ret, struct vz_err *e);
/* The canonical word: only what is given and no fixed default. Caller frees; NULL without memory. */
char *vz_netif_word(const struct vz_netif *n);
void vz_netif_free(struct vz_netif *n);
#define autonetif __attribute__((cleanup(vz_netif_free))) struct vz_netif
/* Is all that they say the same? */
bool vz_netif_same(const struct vz_netif *a, const struct vz_netif *b);

/* A switch of the device, its default when it is not given. */
bool vz_netif_is_on(const struct vz_netif *n, enum vz_netif_key key);
/* The bytes of a checked hardware address; -EINVAL for "". */
int vz_netif_mac(const struct vz_netif *n, enum vz_netif_key key, uint8_t ret[static 6]);

/* From the command line: "IFNAME[,MAC[,HOST_IFNAME[,HOST_MAC[,BRIDGE]]]]", fields may be empty. */
int vz_netif_from_fields(const char *fields, char **ret_word, struct vz_err *e);
/* The canonical word after a change. */
int vz_netif_change(const char *old, const char *change, char **ret_word, struct vz_err *e);

/* ---- netifs.c: the devices of a VPS, each ifname once, in the order in which they came ---- */

struct vz_netifs {
	struct vz_netif *v;
	size_t n;
};
void vz_netifs_free(struct vz_netifs *l);
#define autonetifs __attribute__((cleanup(vz_netifs_free))) struct vz_netifs

/* The words of a configuration or a command line taken apart. *e says what is wrong with one that
 * is no device, which the table lets through nowhere. */
int vz_netifs_of(const struct vz_plist *words, struct vz_netifs *ret, struct vz_err *e);
/* The same from the text of a file, where a word that is no device is left out. -ENOMEM. */
int vz_netifs_read(const char *text, struct vz_netifs *ret);
/* The canonical words as a list of a configuration, in place of what *to held. -ENOMEM. */
int vz_netifs_store(const struct vz_netifs *l, struct vz_plist *to);
/* The same as the text of a file. Caller frees; NULL without memory. */
char *vz_netifs_text(const struct vz_netifs *l);

/* The device of this name, the list's own, or NULL. */
struct vz_netif *vz_netifs_find(const struct vz_netifs *l, const char *ifname);
/* A copy of *n takes the place of the device of its name, or comes last. -ENOMEM. */
int vz_netifs_put(struct vz_netifs *l, const struct vz_netif *n);
void vz_netifs_remove(struct vz_netifs *l, const char *ifname);

#endif
