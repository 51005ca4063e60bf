/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading an archive with libarchive and putting its entries beneath a directory. */
#ifndef VZUNPACK_ARCHIVE_H
#define VZUNPACK_ARCHIVE_H

#include "tmpl/put.h"

/* Unpacks the tar archive (plain, gzip, bzip2, xz, zstd) read from `in` into the directory fd. An
 * archive that is a file, where `how` has no bound, is held to a multiple of its size.
 * note: an fd for progress and remarks, used only when it is a terminal. Both numbers and
 * sentences of errors are those of vz_tmpl_unpack(). */
int unpack(int in, int dirfd, int note, const struct vz_put_how *how, struct vz_err *e);

#endif
