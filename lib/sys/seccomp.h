/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A seccomp deny list as data, compiled by libseccomp, kept compiled in a cache, loaded raw. */
#ifndef VZ_SYS_SECCOMP_H
#define VZ_SYS_SECCOMP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* (argument `at` & mask) == value; mask 0: no such condition. The kernel takes these arguments as
 * int, so masks have no bit above 31. */
struct vz_scarg {
	unsigned at;
	uint32_t mask, value;
};

/* One refusal. flag != 0: only when the call's flags argument has that bit (clone, unshare). args:
 * only when all of them hold; such a row about sockets reaches the 32-bit ABI of x86 as far as the
 * call is made directly: socketcall(2) keeps its arguments in memory, where no filter sees them. */
struct vz_scrow {
	const char *call; /* name; unknown on an architecture: left out there */
	int err;          /* what the caller sees */
	uint64_t flag;
	unsigned group;   /* VZ_SC_* : rows of a group may be turned off together */
	const char *why;
	struct vz_scarg args[2];
};

struct vz_sctable {
	const struct vz_scrow *rows;
	size_t n;
	unsigned off; /* groups to leave out */
};

struct vz_filter {
	void *bpf;       /* struct sock_filter[] */
	size_t n;        /* instructions */
};

/* Compiles the rows whose group is not off, for the native architecture and its 32-bit
 * sibling; every other architecture gets ENOSYS. The compiled form is kept in `cache_dir` under a
 * name made of the rows, so that the next call is one read. Free with vz_filter_free(). */
int vz_filter_get(const struct vz_sctable *t, const char *cache_dir, struct vz_filter *ret,
		  struct vz_err *e);
/* Loads it into the calling process; needs CAP_SYS_ADMIN in its user namespace. */
int vz_filter_load(const struct vz_filter *f);
void vz_filter_free(struct vz_filter *f);

#endif
