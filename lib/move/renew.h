/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a VPS is to be called on the other host, where it is not what it was called here. */
#ifndef VZ_MOVE_RENEW_H
#define VZ_MOVE_RENEW_H

#include <stdbool.h>

#include "base/err.h"
#include "param/param.h"

struct vz_renew {
	unsigned id;                      /* 0: the same */
	const char *name;                 /* NULL: the same */
	const char *private, *root;       /* NULL: as vz.conf there says */
	const char *ips;                  /* instead of those it has, apart by ',' or blanks; NULL: the same */
};

bool vz_renew_is_any(const struct vz_renew *n);
/* Are they what they should be? VZ_INVALID_PARAMETER_VALUE. */
int vz_renew_check(const struct vz_renew *n, struct vz_err *e);
/* Calls each() with key and value for all but the id; its first failure ends it. */
typedef int vz_renew_one(void *arg, const char *key, const char *value, struct vz_err *e);
int vz_renew_each(const struct vz_renew *n, vz_renew_one *each, void *arg, struct vz_err *e);
/* The other side: takes one of them into *c. */
int vz_renew_take(struct vz_conf *c, const char *key, const char *value, struct vz_err *e);
/* What of its configuration is named after its id is named after the new one: the host's ends of its devices. *changed
 * gets NETIF; the caller frees. */
int vz_renew_follow(const struct vz_conf *own, unsigned from, unsigned to, struct vz_conf *changed);

#endif
