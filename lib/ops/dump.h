/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dump of a VPS as the verbs see it: where it is, and that it counts. What is in it is cpt/image.h. */
#ifndef VZ_OPS_DUMP_H
#define VZ_OPS_DUMP_H

#include "ct/ct.h"

/* Where it is: what the user said, from the root on, since healing may come from another directory; NULL: the
 * container's own. Refused is what a line of the journal cannot hold. The caller frees. */
int vz_dump_path(const struct vz_ct *ct, const char *dumpfile, char **ret, struct vz_err *e);
/* Does a start resume it? One of ours, be it damaged. */
bool vz_dump_is_due(const struct vz_ct *ct);
/* Nobody may change the files of such a VPS: its memory knows them. VZ_FS_CANTMOUNT. */
int vz_dump_check_files(const struct vz_ct *ct, struct vz_err *e);

/* One that does not belong to the files of now: it is renamed to PATH.stale, which is said with the reason, and what was
 * left of one that was begun goes. Nothing there is success. */
int vz_dump_put_aside(const char *path, const char *why, struct vz_err *e);
/* All of one that is destroyed, and what CRIU said of it: its memory is of no use without its disk. */
void vz_dump_destroy(const struct vz_ct *ct);

#endif
