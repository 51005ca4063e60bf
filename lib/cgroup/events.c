// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What cgroup.events tells of the v2 group, which every VPS has on every host: whether anything
 * lives in it, and when that changes. Its populated flag does not count zombies.
 */
#include "cgroup/cgroup-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/clock.h"

#include <fcntl.h>
#include <poll.h>

int vz_cg_populated(const struct vz_cg *cg)
{
	int dir = cg_dir(cg, CG_V2);
	uint64_t v;

	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	v = cg_get_key(cg, CG_V2, "cgroup.events", "populated");
	if (v != VZ_UNLIMITED)
		return v != 0;
	/* our directory fd may outlive the directory */
	return vz_cg_exists(cg) ? -EIO : 0;
}

int cg_wait_event(const struct vz_cg *cg, const char *key, unsigned want, int timeout_ms)
{
	int64_t end = vz_now_ms() + timeout_ms;
	int dir = cg_dir(cg, CG_V2);
	autoclose int fd = dir < 0 ? dir : openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLPRI };
		char buf[256], *line, *s = buf;
		int64_t left;
		ssize_t n = pread(fd, buf, sizeof(buf) - 1, 0);
		const char *rest;

		if (n < 0)
			return -errno;
		buf[n] = 0;
		while ((line = strsep(&s, "\n")))
			if (vz_str_prefix(line, key, &rest) && rest[0] == ' ' &&
			    rest[1] == (char)('0' + want))
				return 0;
		left = end - vz_now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
	}
}
