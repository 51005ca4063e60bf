/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rates of a VPS. To the VPS: a token bucket (tbf) on the host end of each of its devices. From the
 * VPS: what the guard lets pass goes through one ifb device of the VPS, vzs<CTID>, with a token
 * bucket; what comes out goes on as if it had just come in, routed or bridged. A VPS has no hand on either.
 */
#ifndef VZ_GUARD_SHAPE_H
#define VZ_GUARD_SHAPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Bits per second of Ethernet frames (without preamble and checksum), as tc counts; 0: no limit. */
struct vz_shape {
	unsigned ctid;
	const int *ifindex; /* host ends of all its devices, attached by vz_guard_attach() */
	size_t n;
	uint64_t in;  /* to the VPS; on each device */
	uint64_t out; /* from the VPS; all its devices together */
};

/* Makes the rates of the VPS these, at once and without losing connections. To be called after
 * attach when there is a rate, when a device is added to a shaped VPS, and for every change (both
 * 0: no limit any more). rtnl: an rtnetlink socket of the host's namespace. */
int vz_shape_set(int rtnl, const struct vz_shape *s, struct vz_err *e);
/* The VPS is stopped: its vzs<CTID> goes. Missing is fine. */
int vz_shape_gone(int rtnl, unsigned ctid, struct vz_err *e);

#endif
