/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classes of networks, for accounting: VZ_CONFDIR/conf/networks_classes has lines "CLASS ADDR/LEN",
 * and "#" begins a comment. The class of a packet is that of the longest network which holds the
 * far address; 1 when none does, or when there is no file. Traffic of class 0 is not counted.
 */
#ifndef VZ_GUARD_CLASSES_H
#define VZ_GUARD_CLASSES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "guard/bpf/guard-maps.h"

struct vz_classes {
	struct vz_class_key *keys; /* without bits behind the prefix, sorted, none twice */
	uint32_t *values;
	size_t n;
};
void vz_classes_free(struct vz_classes *c);
#define autoclasses __attribute__((cleanup(vz_classes_free))) struct vz_classes

/* Changes text. Bad lines are left out and *e tells of the first; their number is returned. -ENOMEM,
 * -E2BIG. Of a network given twice the last line counts. The caller frees *ret. */
int vz_classes_parse(char *text, struct vz_classes *ret, struct vz_err *e);

/* Makes the table in the kernel that of the file, loading the guard when it is not there. A file
 * with a bad line is refused (VZ_INVALID_PARAMETER_VALUE) and the table stays. */
int vz_classes_reload(struct vz_err *e);
/* After the guard was loaded: the same, with the good lines only. */
void vz_classes_first(void);

#endif
