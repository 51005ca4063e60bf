/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traffic of a VPS: what the guard counts in the kernel since the VPS's entry was made, together
 * with what the file VZ_STATEDIR/traffic/CTID keeps of earlier times. The class of a packet is that
 * of the far address (classes.h), bytes are those of IP packets, without Ethernet.
 */
#ifndef VZ_GUARD_METER_H
#define VZ_GUARD_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "guard/bpf/guard-maps.h"

/* All that was ever counted for the VPS, the file and the kernel together; what was dropped, since
 * its entry in the kernel was made. All zero when there is neither. */
int vz_meter_read(unsigned ctid, struct vz_counters *ret, struct vz_err *e);

/* Moves what the kernel counted into the file. At stop, and when a VPS is found dead: after its
 * devices are gone, with `last`, which also drops the kernel's entry; the file may then be moved
 * to another host. Whoever is killed on the way loses nothing and counts nothing twice. */
int vz_meter_fold(unsigned ctid, bool last, struct vz_err *e);

/* Counting begins anew: vznetstat -r. */
int vz_meter_reset(unsigned ctid, struct vz_err *e);
/* The VPS is destroyed. Missing is fine. */
void vz_meter_forget(unsigned ctid);

/* Ids for which anything is or was counted, ascending; the caller frees *ret. */
int vz_meter_ids(unsigned **ret, size_t *ret_n, struct vz_err *e);

/* "source-v4": for ever, since it is printed. */
const char *vz_guard_drop_name(enum vz_drop reason);

/* ---- the file, for its tests ---- */

struct vz_str;

struct vz_traffic_file {
	struct vz_counters total;
	struct vz_counters seen; /* of the kernel, when total was made */
};

/* Changes text. -EINVAL or -ERANGE for anything that vz_traffic_print() does not make; *ret is
 * untouched then. May be hostile: after a migration the file comes from another host; therefore it is
 * only numbers. */
int vz_traffic_parse(char *text, struct vz_traffic_file *ret);
void vz_traffic_print(const struct vz_traffic_file *f, struct vz_str *out);

#endif
