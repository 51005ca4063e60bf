/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who keeps a file system alive: processes that stand in it or have a file of it open, mount
 * namespaces in which it is mounted, whoever made those, and loop devices over a file of it.
 */
#ifndef VZ_SYS_HOLDER_H
#define VZ_SYS_HOLDER_H

#include <sys/types.h>

struct vz_holder {
	char text[160]; /* "process 123 (name)", "the mount on PATH", "/dev/loop1"; printable */
};

struct vz_search {
	dev_t dev;          /* of the file system */
	const char *not_at; /* a mount point of ours here that does not count, or NULL */
	int ms;             /* after that long it is given up */
	/* Called with an O_PATH fd that lies in a mount of the file system, inside the namespace
	 * it is mounted in, and an fd of /proc, which need not be there: a detached mount to be
	 * handed to the caller, or -errno to go on. NULL: the first holder will do. */
	int (*take)(int at, int proc, const void *arg);
	const void *arg;
};

/* 1 when there is a holder: *ret is the last that was found, *ret_mount what `take` gave (the
 * caller's to close) or -EBADF. 0: nobody. -ETIMEDOUT, -ECANCELED: not known.
 * May be hostile: a namespace is its maker's, who can have put a file system that never answers in
 * the way; therefore a child does it all, and is given up at the deadline. */
int vz_holder_search(const struct vz_search *s, struct vz_holder *ret, int *ret_mount);

#endif
