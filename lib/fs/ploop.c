// SPDX-License-Identifier: GPL-2.0-or-later
/* The layout ploop, an image of its own format: areas of legacy tools are recognized, and refused. */
#include "base/own.h"
#include "fs/fs-internal.h"
#include "sys/call.h"

#include <fcntl.h>

/* May be hostile: if the layout is another, the directory is the guest's own tree; therefore no link is followed. */
static bool has_image(int private)
{
	autoclose int fd = vz_openat2(private, "root.hdd/DiskDescriptor.xml", O_PATH, 0,
				      RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);

	return fd >= 0;
}

const struct vz_layout vz_layout_ploop = {
	.name = "ploop",
	.refusal = VZ_PLOOP_UNSUP,
	.looks_like = has_image,
};
