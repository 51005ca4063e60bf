// SPDX-License-Identifier: GPL-2.0-or-later
/* Finding what the guard has pinned, and having it loaded by vzguard; see guard-internal.h. */
#include "base/own.h"
#include "guard/guard-internal.h"
#include "sys/bpf.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LOADER VZ_LIBEXECDIR "/vzguard"
#define SAID_MAX 256

static const char *const map_paths[] = {
#define MAP(name) VZ_GUARD_MAPS_DIR "/" name
	[VZ_MAP_DEVS] = MAP("vz_devs"),
	[VZ_MAP_ADDRS] = MAP("vz_addrs"),
	[VZ_MAP_LINK_LOCALS] = MAP("vz_link_locals"),
	[VZ_MAP_COUNTERS] = MAP("vz_counters"),
	[VZ_MAP_CLASSES] = MAP("vz_classes"),
#undef MAP
};

/* The loader's one line on stderr is the reason. */
static int run_loader(struct vz_err *e)
{
	char *argv[] = { (char *)(uintptr_t)LOADER, NULL };
	struct vz_spawn s = VZ_SPAWN_INIT;
	autoclose int said_r = -EBADF, said_w = -EBADF;
	char said[SAID_MAX] = "";
	int fds[2], r;
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make a pipe");
	said_r = fds[0];
	said_w = s.err = fds[1];
	s.argv = argv;
	s.seconds = VZ_SPAWN_SECONDS;
	r = vz_spawn_run(&s);
	if (!r)
		return 0;
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot run " LOADER);
	n = read(said_r, said, sizeof(said) - 1);
	said[n > 0 ? n : 0] = 0;
	said[strcspn(said, "\n")] = 0;
	return vz_fail(e, VZ_SYSTEM, 0, "%s", *said ? said : LOADER " failed");
}

int vz_guard_pin_or_load(const char *path, bool *ret_loaded, struct vz_err *e)
{
	int fd = vz_bpf_open(path), r;

	if (fd == -ENOENT) { /* the first since boot, or since an upgrade */
		r = run_loader(e);
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
