/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes of a VPS by their numbers inside, which a restore keeps, and their descriptors. */
#ifndef VZ_CPT_PROCS_H
#define VZ_CPT_PROCS_H

#include <stddef.h>
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

/* Calls fn with the number of each descriptor and with what it leads to; a result below 0 ends it. Who has ended has none. */
typedef int cpt_of_fd(int number, const char *link, void *arg);
int cpt_fds_each(pid_t pid, cpt_of_fd *fn, void *arg);

#endif
