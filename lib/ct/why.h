/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a VPS was stopped or refused something: each hit of a limit, and each end that nobody wanted, is an event in a
 * journal of the VPS's own, VZ_STATEDIR/why/CTID, which outlives its runs and goes with it (destroy). Its size is
 * bounded, whatever the guest does; the oldest events go first. Written by vzeventd as it happens, and by what ends
 * a VPS; without vzeventd it is known that a count has grown, and not when.
 */
#ifndef VZ_CT_WHY_H
#define VZ_CT_WHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "cgroup/cgroup.h"

#define VZ_WHY_DIR VZ_STATEDIR "/why"
#define VZ_WHY_FILE_MAX 32768u /* bytes of a journal, but for one line */
#define VZ_WHY_EVENTS 64       /* that stay when it has come so far, and the last of each kind */
#define VZ_WHY_KIND 24
#define VZ_WHY_TEXT 80
/* Hits that follow each other within so many seconds are one event with a count. */
#define VZ_WHY_JOIN_S 60

/* The kinds that are not named after a counter. */
#define VZ_WHY_MEMORY "memory"      /* the VPS's own limit; where the kernel does not tell whose, this too */
#define VZ_WHY_BELOW "memory-below" /* a limit that the guest has set itself */
#define VZ_WHY_HOST "memory-host"   /* the host had none left */
#define VZ_WHY_SWAP "swap"
#define VZ_WHY_TASKS "numproc"
#define VZ_WHY_END "end"            /* text: how */

struct vz_why_event {
	int64_t from, to;        /* seconds since the epoch; from 0: nobody saw when it began, to 0: it is in no journal */
	char kind[VZ_WHY_KIND];
	uint64_t count, total;   /* hits in that time, and what the kernel had counted then in all */
	uint64_t group;          /* names the run of the VPS, so that its counts begin at nothing */
	uint64_t held, limit;    /* VZ_UNLIMITED: not known, none */
	pid_t pid;               /* the last process that was killed, as the host counts; 0: not known */
	char text[VZ_WHY_TEXT];  /* its command, printable */
};

struct vz_why_events {
	struct vz_why_event *v; /* by time */
	size_t n;
};
void vz_why_free(struct vz_why_events *a);
#define autowhy __attribute__((cleanup(vz_why_free))) struct vz_why_events

/* ---- why.c: the journal ---- */
/* All that is kept; no journal is none. May be hostile: commands in it were named by guests; therefore they are printable
 * as they were put there, and lines that are none of ours are left out. */
int vz_why_read(unsigned id, struct vz_why_events *ret);
/* Adds one; joined: it takes the place of the last one of its kind. */
int vz_why_put(unsigned id, const struct vz_why_event *ev, bool joined);
/* An end, now, or another thing without numbers. */
void vz_why_tell(unsigned id, const char *kind, const char *text);
void vz_why_forget(unsigned id);
int vz_why_push(struct vz_why_events *a, const struct vz_why_event *ev);

/* ---- why-look.c: what the group has counted since ---- */
/* Who was killed last, when the kernel told. */
struct vz_why_victim {
	char kind[VZ_WHY_KIND]; /* "" for none: VZ_WHY_MEMORY and its two sisters */
	pid_t pid;
	char command[VZ_WHY_TEXT];
};
/* Puts what the group has counted since its last event into the journal. from: since when that can have come, 0 not
 * known. More than once is once. How many kinds there were, or -errno. */
int vz_why_look(const struct vz_cg *cg, int64_t from, const struct vz_why_victim *victim);
/* The same, put behind *to and nowhere else. */
int vz_why_pending(const struct vz_cg *cg, struct vz_why_events *to);

/* ---- why-oom.c: the kernel's log ---- */
/* The kernel's log from now on, non-blocking; -errno. The caller closes. */
int vz_why_log_open(void);
/* Calls fn for each process that was killed for lack of memory since the last call, with the group that it was in and
 * how its name continues there. May be hostile: names of processes and of groups were given by guests; therefore a
 * line in which a name could stand for a field tells nothing. */
void vz_why_log_next(int fd, void (*fn)(const char *groups, const struct vz_why_victim *v, void *arg), void *arg);
/* One line of it. False: it is about something else, or may be forged. *ret_group: in `line`, which is cut there. */
bool vz_why_log_parse(char *line, const char **ret_group, struct vz_why_victim *ret);
/* Is this group, as the kernel names it, that one or one below? */
bool vz_why_is_group(const char *group, const char *path);

/* ---- why-say.c ---- */
/* Adds a sentence, without the time or a newline: cause and remedy. */
void vz_why_sentence(const struct vz_why_event *ev, struct vz_str *out);
/* Adds the time, "2026-11-28 12:03:11", or from when to when. */
void vz_why_time(const struct vz_why_event *ev, struct vz_str *out);

#endif
