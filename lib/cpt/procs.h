/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes of a VPS by their numbers inside, which a restore keeps, and their descriptors. */
#ifndef VZ_CPT_PROCS_H
#define VZ_CPT_PROCS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup/cgroup.h"

struct cpt_proc {
	unsigned inner;
	pid_t pid;
};
struct cpt_procs { /* begins as { 0 } */
	struct cpt_proc *v;
	size_t n;
};
int cpt_procs_read(const struct vz_cg *cg, struct cpt_procs *ret);
void cpt_procs_free(struct cpt_procs *p);
#define autoprocs __attribute__((cleanup(cpt_procs_free))) struct cpt_procs
/* On the host; 0: nobody has that number. */
pid_t cpt_procs_find(const struct cpt_procs *p, unsigned inner);

/* The number inside; 0: it has ended. */
unsigned cpt_inner_pid(pid_t pid);

/* For all processes of a VPS together, while they stand still: as long as a verdict has. How many threads and descriptors
 * there are a guest decides. */
#define CPT_ALL_S 15

/* Calls fn with the number of each descriptor and with what it leads to; a result below 0 ends it. Who has ended has none.
 * -ETIMEDOUT: it is later than `end` (vz_end_in()). */
typedef int cpt_of_fd(int number, const char *link, void *arg);
int cpt_fds_each(pid_t pid, int64_t end, cpt_of_fd *fn, void *arg);
/* The result of looking into /proc/PID: that it has ended is none. */
static inline int cpt_unless_ended(int r)
{
	return r == -ESRCH || r == -ENOENT ? 0 : r;
}

#endif
