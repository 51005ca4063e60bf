// SPDX-License-Identifier: GPL-2.0-or-later
/* Finding what the guard has pinned, and having it loaded by vzguard; see guard-internal.h. */
#include "base/own.h"
#include "guard/guard-internal.h"
#include "sys/bpf-loader.h"
#include "sys/bpf.h"

#include <errno.h>

#define LOADER VZ_LIBEXECDIR "/vzguard"

static const char *const map_paths[] = {
#define MAP(name) VZ_GUARD_MAPS_DIR "/" name
	[VZ_MAP_DEVS] = MAP("vz_devs"),
	[VZ_MAP_ADDRS] = MAP("vz_addrs"),
	[VZ_MAP_LINK_LOCALS] = MAP("vz_link_locals"),
	[VZ_MAP_COUNTERS] = MAP("vz_counters"),
	[VZ_MAP_CLASSES] = MAP("vz_classes"),
#undef MAP
};

int vz_guard_pin_or_load(const char *path, bool *ret_loaded, struct vz_err *e)
{
	int fd = vz_bpf_open(path), r;

	if (fd == -ENOENT) { /* the first since boot, or since an upgrade */
		r = vz_bpf_run_loader(LOADER, NULL, e);
		if (r < 0)
			return vz_within(e, r, "cannot load the network guard");
		*ret_loaded = true;
		fd = vz_bpf_open(path);
	}
	return fd < 0 ? vz_fail(e, VZ_SYSTEM, -fd, "cannot open %s", path) : fd;
}

int vz_guard_map_or_load(enum vz_guard_map map, bool *ret_loaded, struct vz_err *e)
{
	return vz_guard_pin_or_load(map_paths[map], ret_loaded, e);
}

int vz_guard_map(enum vz_guard_map map, struct vz_err *e)
{
	int fd = vz_bpf_open(map_paths[map]);

	return fd < 0 && fd != -ENOENT ?
		       vz_fail(e, VZ_SYSTEM, -fd, "cannot open %s", map_paths[map]) : fd;
}
