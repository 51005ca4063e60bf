// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Beancounters into limits: one row per counter of reference 5.1, with what becomes of it on a
 * mainline kernel and why. Most of them count memory of the kernel by its purpose; mainline
 * charges all of it to the group's memory, so the RAM limit of a VSwap configuration bounds their
 * sum and none is lost, but one by one they cannot be held.
 */
#include "res/res-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "sys/file.h"

#include <stdint.h>
#include <unistd.h>

#define TASKS_USUAL 32768 /* kernel.pid_max of a small machine */
#define TASKS_LEAST 1024
/* A Debian with a session of a user has 60 groups, 6 deep; 20,000 took 215 MB of the host. The
 * manual gives these numbers (.dflt in params.c). */
#define GROUPS_DEFAULT 1024
#define DEPTH_DEFAULT 32

enum to { NOTHING, RAM, SWAP, TASKS };

/* clang-format off */
const struct res_ubc res_ubc[] = {
	/* VSwap: the limit is the RAM of the VPS, page cache included, as there */
	{ AT(physpages),    RAM },
	/* VSwap: the limit is its swap; mainline swaps for real, not virtually */
	{ AT(swappages),    SWAP },
	/* processes and threads, as the pids controller counts */
	{ AT(numproc),      TASKS },

	/* kernel memory is part of RAM; its own limit has left mainline */
	{ AT(kmemsize),     NOTHING },
	{ AT(dcachesize),   NOTHING },
	/* buffers of sockets: also part of RAM, no limit by protocol and group */
	{ AT(tcpsndbuf),    NOTHING },
	{ AT(tcprcvbuf),    NOTHING },
	{ AT(othersockbuf), NOTHING },
	{ AT(dgramrcvbuf),  NOTHING },
	/* address space that may come to be used. It is no RAM: a limit of RAM in its place would
	 * make a VPS swap or die that ran well, since what is promised exceeds what is touched */
	{ AT(privvmpages),  NOTHING },
	/* guarantees: they bind only when the host runs short, and were no limit to the VPS */
	{ AT(vmguarpages),  NOTHING },
	{ AT(oomguarpages), NOTHING },
	/* locked and shared pages are RAM; mainline has no count of their own per group */
	{ AT(lockedpages),  NOTHING },
	{ AT(shmpages),     NOTHING },
	/* counts of kernel objects: no controller counts them */
	{ AT(numtcpsock),   NOTHING },
	{ AT(numothersock), NOTHING },
	{ AT(numfile),      NOTHING },
	{ AT(numflock),     NOTHING },
	{ AT(numpty),       NOTHING }, /* bounded by the max= of its devpts, not by the group */
	{ AT(numsiginfo),   NOTHING },
	{ AT(numiptent),    NOTHING },
	/* an expectation, used by calculators only */
	{ AT(avnumproc),    NOTHING },
};
/* clang-format on */
const size_t res_nubc = ARRAY_LEN(res_ubc);

/* Pages to bytes. What does not fit is no limit: "--ram unlimited" stores 2^51 pages. Neither is
 * INT32_MAX, what 32-bit tools stored for unlimited (reference 5.2). */
static uint64_t bytes(uint64_t pages)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	if (pages == INT32_MAX || pages > (VZ_UNLIMITED - 1) / page)
		return VZ_UNLIMITED;
	return pages * page;
}

/* What the host has for one at boot is shared by all: an eighth leaves seven others theirs. */
static uint64_t default_tasks(void)
{
	static const char *const files[] = { "/proc/sys/kernel/pid_max",
					     "/proc/sys/kernel/threads-max" };
	uint64_t least = TASKS_USUAL;
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		uint64_t n;

		if (vz_file_number(files[i], UINT32_MAX, &n) < 0)
			continue;
		least = known && least < n ? least : n;
		known = true;
	}
	return least / 8 > TASKS_LEAST ? least / 8 : TASKS_LEAST;
}

/* Objects of the kernel whose memory the group is not charged for, or that the host has a fixed
 * number of: these have a bound of ours where the configuration gives none. */
static void bounds(const struct vz_conf *conf, struct vz_cg_limits *l)
{
	l->has |= VZ_CG_PIDS | VZ_CG_GROUPS;
	l->groups = conf->numcgroups.set ? conf->numcgroups.lim : GROUPS_DEFAULT;
	l->depth = conf->cgroupdepth.set ? conf->cgroupdepth.lim : DEPTH_DEFAULT;
	if (!conf->numproc.set)
		l->pids = default_tasks();
}

void res_ubc_limits(const struct vz_conf *conf, struct vz_cg_limits *l)
{
	l->ram = l->swap = l->pids = VZ_UNLIMITED;
	for (size_t i = 0; i < res_nubc; i++) {
		const struct vz_ppair *v = (const void *)((const char *)conf + res_ubc[i].at);

		if (!v->set)
			continue;
		switch ((enum to)res_ubc[i].to) {
		case NOTHING:
			break;
		case RAM:
			l->ram = bytes(v->lim);
			l->has |= VZ_CG_MEMORY;
			break;
		case SWAP:
			l->swap = bytes(v->lim);
			l->has |= VZ_CG_MEMORY;
			break;
		case TASKS:
			l->pids = v->lim;
			break;
		}
	}
	bounds(conf, l);
}
