/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ownership, written where a variable is declared: what a scope owns is "auto...", what leaves
 * the scope is TAKE_...ed. Nothing here knows Linux policy or VPSes.
 */
#ifndef VZ_BASE_OWN_H
#define VZ_BASE_OWN_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define autofree __attribute__((cleanup(vz_freep)))
#define autoclose __attribute__((cleanup(vz_closep)))
#define autofclose __attribute__((cleanup(vz_fclosep)))
#define autoclosedir __attribute__((cleanup(vz_closedirp)))

#define TAKE(v, none)                    \
	({                               \
		__typeof__(v) *_p = &(v); \
		__typeof__(v) _v = *_p;  \
		*_p = (none);            \
		_v;                      \
	})
#define TAKE_FD(fd) TAKE(fd, -EBADF)
#define TAKE_PTR(p) TAKE(p, NULL)

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static inline void vz_freep(void *p)
{
	free(*(void **)p);
}

static inline void vz_closep(int *fd)
{
	int saved = errno;

	if (*fd >= 0) {
		close(*fd); /* never retried: on Linux the number is gone even on EINTR */
		*fd = -EBADF;
	}
	errno = saved;
}

static inline void vz_fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void vz_closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

#endif
