// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What cgroup.events tells of the v2 group, which every VPS has on every host: whether anything
 * lives in it, and when that changes. Its populated flag does not count zombies. And when a limit was hit, which each
 * controller tells where it is bound.
 */
#include "cgroup/cgroup-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/clock.h"
#include "sys/file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

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

/* ---- limits ---- */

/* memory.oom_control of v1 tells an eventfd that is registered with it. */
static int watch_v1_memory(const struct vz_cg *cg)
{
	int dir = cg_dir(cg, CG_MEMORY);
	autoclose int control = dir < 0 ? dir : openat(dir, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	autoclose int fd = control < 0 ? -EBADF : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char text[32];

	snprintf(text, sizeof(text), "%d %d", fd, control);
	return fd < 0 || vz_file_write(dir, "cgroup.event_control", text) < 0 ? -ENOENT : TAKE_FD(fd);
}

static struct vz_cg_notice file_notice(const struct vz_cg *cg, enum cg_hier h, const char *file)
{
	int dir = cg_dir(cg, h);
	struct vz_cg_notice n = { .fd = dir < 0 ? dir : openat(dir, file, O_RDONLY | O_CLOEXEC) };

	/* measured on Linux 6.18: pids.events of v1 wakes nobody */
	n.events = h == CG_V2 ? POLLPRI : 0;
	(void)vz_cg_notice_seen(&n);
	return n;
}

size_t vz_cg_watch(const struct vz_cg *cg, struct vz_cg_notice ret[VZ_CG_WATCHES])
{
	bool v2 = cg_where(cg, CG_MEMORY) == CG_V2;
	enum cg_hier huge = cg_where(cg, CG_HUGETLB);
	struct vz_cg_notice all[VZ_CG_WATCHES] = {
		v2 ? file_notice(cg, CG_V2, "memory.events") :
		     (struct vz_cg_notice){ watch_v1_memory(cg), POLLIN, 0 },
		v2 ? file_notice(cg, CG_V2, "memory.swap.events") : (struct vz_cg_notice){ -ENOENT, 0, 0 },
		file_notice(cg, cg_where(cg, CG_PIDS), "pids.events"),
		/* of the usual size */
		file_notice(cg, huge, huge == CG_V2 ? "hugetlb.2MB.events" : "hugetlb.2MB.failcnt"),
	};
	size_t n = 0;

	for (size_t i = 0; i < VZ_CG_WATCHES; i++)
		if (all[i].fd >= 0)
			ret[n++] = all[i];
	return n;
}

bool vz_cg_notice_seen(struct vz_cg_notice *n)
{
	char buf[512];
	ssize_t got = n->fd < 0 || lseek(n->fd, 0, SEEK_SET) < 0 ? -1 : read(n->fd, buf, sizeof(buf));
	uint64_t before = n->hash;

	if (got >= 0)
		n->hash = vz_str_hash(buf, (size_t)got, 0);
	return n->hash != before;
}
