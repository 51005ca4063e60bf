/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traffic of a VPS: what the guard counts in the kernel since the VPS's entry was made, together
 * with what the file VZ_STATEDIR/traffic/CTID keeps of earlier times. The class of a packet is that
 * of the far address (classes.h), bytes are those of IP packets, without Ethernet.
 */
#ifndef VZ_NET_METER_H
#define VZ_NET_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "net/bpf/guard-maps.h"

/* All that was ever counted for the VPS: the file and the kernel together. All zero when there is
 * neither. */
int vz_meter_read(unsigned ctid, struct vz_counters *ret, struct vz_err *e);

/* Moves what the kernel counted into the file. At stop, and when a VPS is found dead: after its
 * devices are gone, with `last`, which also drops the kernel's entry; the file may then be moved
 * to another host. Whoever is killed on the way loses nothing and counts nothing twice. */
int vz_meter_fold(unsigned ctid, bool last, struct vz_err *e);

/* Counting begins anew: vznetstat -r. */
int vz_meter_reset(unsigned ctid, struct vz_err *e);
/* The VPS is destroyed. Missing is fine. */
void vz_meter_forget(unsigned ctid);

#endif
