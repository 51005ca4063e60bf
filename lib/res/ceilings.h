/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers that the kernel has once for the whole host, or gives to each user by the host's word,
 * and that limit how many VPSes can run. Only read, never raised: they are the administrator's.
 */
#ifndef VZ_RES_CEILINGS_H
#define VZ_RES_CEILINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vz_ceiling {
	const char *name;    /* of the sysctl, or what it is */
	const char *needed;  /* by what */
	bool shared;         /* by all VPSes: `room` counts those that still find theirs */
	bool fixed;          /* the kernel's own number, which nobody can raise */
	uint64_t max, used;  /* used: 0 when it is not shared */
	uint64_t need;       /* of one VPS with a systemd, generously */
	uint64_t room;       /* VPSes; not shared: 1 or 0 */
};

/* The i-th ceiling as it is now. False beyond the last one; one that this kernel does not have, or
 * does not tell of, has the room UINT64_MAX. */
bool vz_ceiling_look(size_t i, struct vz_ceiling *ret);
bool vz_ceiling_find(const char *name, struct vz_ceiling *ret);

#endif
