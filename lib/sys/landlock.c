// SPDX-License-Identifier: GPL-2.0-or-later
/* Landlock; see landlock.h. The constants are the kernel's, spelled out because the headers of the
 * build machine may be older than the kernel that runs the program. */
#include "sys/landlock.h"
#include "base/own.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define ASK_VERSION 1u /* LANDLOCK_CREATE_RULESET_VERSION */
#define PATH_BENEATH 1 /* LANDLOCK_RULE_PATH_BENEATH */
#define FS_EXECUTE 1u  /* the lowest access bit: nothing needs it */
#define NET_ALL 3u     /* bind and connect of TCP */
#define SCOPE_ALL 3u   /* abstract unix sockets, signals */

struct ruleset {
	uint64_t fs, net, scoped;
};
struct beneath {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

/* Access bits known to each ABI; 2 brings links between directories, 3 truncation, 5 ioctl. */
static uint64_t fs_all(int abi)
{
	unsigned bits = abi >= 5 ? 16 : abi >= 3 ? 15 : 14;

	return (UINT64_C(1) << bits) - 1;
}

int vz_landlock_only(int dirfd)
{
	int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);
	struct ruleset rs = { 0 };
	struct beneath rule = { .fd = dirfd };
	size_t size = abi >= 6 ? sizeof(rs) : abi >= 4 ? offsetof(struct ruleset, scoped) : 8;
	autoclose int fd = -EBADF;

	if (abi < 2) /* the first ABI forbids every hard link into another directory */
		return 0;
	rs.fs = fs_all(abi);
	rs.net = abi >= 4 ? NET_ALL : 0;
	rs.scoped = abi >= 6 ? SCOPE_ALL : 0;
	rule.allowed = rs.fs & ~(uint64_t)FS_EXECUTE;
	fd = (int)syscall(SYS_landlock_create_ruleset, &rs, size, 0);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_landlock_add_rule, fd, PATH_BENEATH, &rule, 0) < 0)
		return -errno;
	return syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : abi;
}
