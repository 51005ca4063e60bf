/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What CRIU leaves of processes and threads, and the host can set from outside: CPUs, I/O priority, slack of timers, what a core
 * dump has in it, the niceness of an autogroup; and limits that are raised for CRIU and are what they were afterwards.
 */
#ifndef VZ_CPT_THREADS_H
#define VZ_CPT_THREADS_H

#include <sys/resource.h>

#include "cgroup/cgroup.h"
#include "cpt/image.h"

/* CRIU works in a process for a moment, with so many descriptors and bytes of address space; tried: none is too little. */
#define VZ_THREADS_FILES 3
#define VZ_THREADS_MEMORY (256u << 10)

/* Limits that were raised; begins as { 0 }. */
struct vz_raised {
	struct vz_raised_one {
		pid_t pid; /* host's */
		uint64_t start_time; /* the number may be another process's by the time it is lowered */
		int what;  /* RLIMIT_* */
		struct rlimit was, to;
	} *all;
	size_t n;
	unsigned ctid;
};

/* May this process raise a limit beyond what its owner may? */
bool vz_threads_may_raise(void);
/* Where a process has not what CRIU needs, when all are stopped by it and nothing of it runs inside. What cannot be raised
 * CRIU will tell. What is raised is written down first, for who finds that we were killed. */
void vz_threads_raise(unsigned ctid, const struct vz_cg *cg, struct vz_raised *r);
/* They are what they were; *r can be saved still. */
void vz_threads_lower(const struct vz_raised *r);
/* The same of one that was killed in between. */
void vz_threads_heal(unsigned ctid);
void vz_threads_free(struct vz_raised *r);

struct vz_threads_of {
	pid_t init;  /* host's */
	const struct vz_raised *raised;
};
/* While all stand still.
 *
 * May be hostile: the number of threads; therefore what exceeds the bounds, of size and time, is an error. */
int vz_threads_save(const struct vz_cg *cg, const struct vz_threads_of *of, struct vz_image *im, struct vz_err *e);
/* When all are there and none runs. What the kernel does not take, as CPUs that are not here, is told and left out.
 *
 * May be hostile: all of the file; therefore it names processes of this VPS alone, by their numbers inside, and sets no more of
 * them than these things. */
int vz_threads_load(const struct vz_cg *cg, const struct vz_image *im, struct vz_err *e);

#endif
