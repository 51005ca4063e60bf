/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading an archive with libarchive and putting its entries beneath a directory. */
#ifndef VZUNPACK_ARCHIVE_H
#define VZUNPACK_ARCHIVE_H

#include "base/err.h"

/* Unpacks the tar archive (plain, gzip, bzip2, xz, zstd) read from `in` into the directory fd.
 * note: an fd for progress and remarks, used only when it is a terminal. Both numbers and
 * sentences of errors are those of vz_tmpl_unpack(). */
int unpack(int in, int dirfd, int note, struct vz_err *e);

#endif
