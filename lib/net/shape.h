/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rates of a VPS. To the VPS: a token bucket (tbf) on the host end of each of its devices. From the
 * VPS: the guard redirects what it lets pass through one ifb device of the VPS, vzs<CTID>, with a
 * token bucket; what comes out goes on as if it had just come in. A VPS has no hand on either.
 */
#ifndef VZ_NET_SHAPE_H
#define VZ_NET_SHAPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct vz_nl;

/* Bits per second of Ethernet frames (without preamble and checksum), as tc counts; 0: no limit. */
struct vz_rate {
	uint64_t in;  /* to the VPS; of each device */
	uint64_t out; /* from the VPS; of all its devices together */
};

/* Makes the rates of the VPS these, at once and without losing connections; the devices are
 * attached ones (guard.h). To be called after attach with a rate, and for a change. With both
 * rates 0 on devices that were never shaped it costs a look-up. */
int vz_shape_set(struct vz_nl *nl, unsigned ctid, const int *ifindex, size_t n,
		 const struct vz_rate *rate, struct vz_err *e);
/* The VPS is stopped: its vzs<CTID> goes. Missing is fine. */
int vz_shape_gone(struct vz_nl *nl, unsigned ctid, struct vz_err *e);

#endif
