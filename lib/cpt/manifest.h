/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of a dump's manifest:
 *
 *	vz-dump 1
 *	ctid=101
 *	kernel=6.12.1
 *	...
 *	file LENGTH CHECKSUM NAME		sorted by name; CHECKSUM "-", from format 2 on: it has none
 *	...
 *	end CHECKSUM				of all bytes before this line
 *
 * Knows nothing of directories.
 */
#ifndef VZ_CPT_MANIFEST_H
#define VZ_CPT_MANIFEST_H

#include "base/str.h"
#include "cpt/image.h"

#define VZ_MANIFEST_NAME "manifest"
#define VZ_MANIFEST_MAGIC "vz-dump "
#define VZ_MANIFEST_MAX (64u << 20)      /* bytes; some hundred thousand files */

struct vz_manifest_file {
	char *name; /* with its directories, in the alphabet of vz_manifest_is_name() */
	uint64_t size, sum;
	bool unsummed; /* its length is known, and no checksum */
};
struct vz_manifest {
	struct vz_image_facts facts;
	struct vz_manifest_file *v;
	size_t n, cap;
};
void vz_manifest_free(struct vz_manifest *m);
#define automanifest __attribute__((cleanup(vz_manifest_free))) struct vz_manifest

/* May it stand in a dump: components of letters, digits and "._-" that do not begin with a dot? */
bool vz_manifest_is_name(const char *name);
/* Adds a file; the name is copied. -ENOMEM. */
int vz_manifest_add(struct vz_manifest *m, const char *name, uint64_t size, uint64_t sum);
/* One without a checksum. */
int vz_manifest_add_unsummed(struct vz_manifest *m, const char *name, uint64_t size);
void vz_manifest_sort(struct vz_manifest *m);
/* By name, of one that is sorted; NULL. */
const struct vz_manifest_file *vz_manifest_find(const struct vz_manifest *m, const char *name);
/* Adds the text of one that is sorted to *out, in the oldest format that can say it. -ENOMEM. */
int vz_manifest_write(const struct vz_manifest *m, struct vz_str *out);
/* Takes a text of any bytes apart. VZ_RESTORE with one sentence when it is no manifest, cut short,
 * damaged, newer than this program, or from something that does not write such.
 *
 * May be hostile: it may come from another host; therefore every line is held against the table of its
 * format, and every number against its bound. */
int vz_manifest_read(const char *text, size_t n, struct vz_manifest *ret, struct vz_err *e);

#endif
