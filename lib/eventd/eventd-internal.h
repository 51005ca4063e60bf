/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of vzeventd share: see eventd.h for the whole. One thread, one epoll loop. */
#ifndef VZ_EVENTD_EVENTD_INTERNAL_H
#define VZ_EVENTD_EVENTD_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ct/ct.h"
#include "ct/why.h"
#include "sys/exitinfo.h"

#define VZ_FDSTORE_SOCKET VZ_RUNDIR "/fdstore.sock"
#define VZ_CONSOLE_RING ((uint64_t)64 * 1024)

struct vz_eventd;

/* Something to wait for; the first member of what it belongs to. One event is fetched at a time,
 * so a handler may free any source. */
struct vz_source {
	int fd;
	void (*ready)(struct vz_eventd *d, struct vz_source *s, uint32_t events);
};

/* Names one init. The start time alone does not: it counts in clock ticks, and a VPS may reboot
 * within one. OTHER_BOOT stands for whatever a state file of another boot meant. */
struct vz_init {
	pid_t pid;
	uint64_t start_time;
};
#define VZ_INIT_OTHER_BOOT ((struct vz_init){ -1, 0 })

/* Where the kernel tells of a limit of a VPS. */
struct vz_limit_watch {
	struct vz_source src;
	struct vz_watched *of;
	struct vz_cg_notice notice; /* of the same descriptor */
};

/* A VPS that is watched, and what has to be done because it ended. */
struct vz_watched {
	struct vz_watched *next;
	unsigned id;
	int pidfd, stat_fd;             /* of the init we watch, or -EBADF */
	struct vz_init init;
	struct vz_exitinfo last;        /* how last_init ended */
	struct vz_init last_init;
	struct vz_init job_init;        /* whose end the job is about */
	struct vz_init handled;         /* whose end was dealt with */
	enum { JOB_NONE, JOB_WAITING, JOB_SCRIPT, JOB_VZCTL } job;
	bool reboot, script_done;
	pid_t child;
	int64_t began;                  /* the child */
	int64_t due;                    /* JOB_WAITING: when to look again */
	int delay_ms;
	int64_t reboots[5];             /* the last ones, a ring */
	unsigned nreboots;
	struct vz_limit_watch limits[VZ_CG_WATCHES];
	size_t nlimits;
	char *group;                    /* as the kernel's log names it */
	int64_t looked;                 /* at what its limits have refused, on the clock of the wall; 0: not yet */
	int64_t told;                   /* when the kernel did first */
	int64_t look_due;               /* 0: nothing was told since */
	struct vz_why_victim victim;    /* the last one that the log told of */
};

struct vz_console {
	struct vz_source src; /* master */
	struct vz_console *next;
	unsigned id;
	int slave;            /* ours: a master without any slave polls as hung up */
	int64_t made;         /* when; 0 once its VPS was seen to run */
	uint8_t *ring;        /* the last bytes; `head` counts all there ever were */
	uint64_t head;
	uint64_t began;       /* head when this terminal was made: what is older another run said */
	int log;
	off_t log_size;
};

/* A connection to our socket; one that has a console sees its output. */
struct vz_viewer {
	struct vz_source src;
	struct vz_viewer *next;
	struct vz_console *console;
	uint64_t pos;            /* of the next byte to send, as head counts */
	size_t in_off, in_len;   /* input that the terminal had no room for */
	uint8_t in[4096];
};

struct vz_eventd {
	int ep, pidfile;
	bool stop;
	struct vz_host host;
	struct vz_source inotify, signals, listener, ends, store;
	struct vz_exitwatch *watch;
	struct vz_watched *watched;
	struct vz_console *consoles;
	struct vz_viewer *viewers;
	unsigned children_max;
	unsigned store_count; /* how many connections to the fd store there were */
	int64_t sweep_due; /* 0: nothing to sweep */
	int64_t poll_due;  /* 0: no limit has to be asked */
	int oomlog;        /* the kernel's log, or -EBADF */
};

/* ---- eventd-loop.c ---- */
int64_t vz_eventd_now(void);
int vz_eventd_add(struct vz_eventd *d, struct vz_source *s, uint32_t events);
/* Other events for a source that was added. */
void vz_eventd_want(struct vz_eventd *d, struct vz_source *s, uint32_t events);
struct vz_watched *vz_eventd_watched(struct vz_eventd *d, unsigned id); /* NULL: out of memory */
struct vz_console *vz_consoles_find(struct vz_eventd *d, unsigned id);
/* First byte of the stream that the ring still has. */
uint64_t vz_consoles_tail(const struct vz_console *c);

/* ---- eventd-vps.c: who runs, who ended ---- */
/* Looks at VPS id again, after something may have changed. */
void vz_eventd_look(struct vz_eventd *d, unsigned id);
void vz_eventd_scan(struct vz_eventd *d);
int vz_eventd_watch_init(struct vz_eventd *d, struct vz_err *e);

/* ---- eventd-limits.c: what limits have refused, into the journals of ct/why.h ---- */
void vz_limits_watch(struct vz_eventd *d, struct vz_watched *v);
/* Looks a last time: it has ended, and its group may be there still. */
void vz_limits_unwatch(struct vz_eventd *d, struct vz_watched *v);
/* Looks at those that are due. */
void vz_limits_run(struct vz_eventd *d);
/* When to call vz_limits_run() next, or 0. */
int64_t vz_limits_due(const struct vz_eventd *d);

/* ---- eventd-job.c: what is done about it ---- */
/* Whatever is due. */
void vz_job_run(struct vz_eventd *d);
/* When to call vz_job_run() next, or 0. */
int64_t vz_job_due(const struct vz_eventd *d);
/* A child ended; false when it is none of ours. */
bool vz_job_reaped(struct vz_eventd *d, pid_t pid, int status);

/* ---- eventd-console.c: terminals, their logs and viewers ---- */
int vz_consoles_init(struct vz_eventd *d, struct vz_err *e);
/* Closes the consoles whose VPS is gone for good. */
void vz_consoles_sweep(struct vz_eventd *d);
void vz_consoles_free(struct vz_eventd *d);
/* A new terminal for VPS id: its slave, the caller's; -errno. Viewers stay. */
int vz_consoles_make(struct vz_eventd *d, unsigned id, uid_t owner);
/* The last lines that VPS id said on its console, into the log. */
void vz_consoles_tell(struct vz_eventd *d, unsigned id);

/* ---- eventd-viewer.c ---- */
void vz_viewer_free(struct vz_eventd *d, struct vz_viewer *v);
/* Sends as much as the socket takes; false when the other side is gone. */
bool vz_viewer_feed(struct vz_eventd *d, struct vz_viewer *v);
/* Writes pending input; a viewer is not read again before the terminal has taken all of it. */
void vz_viewer_flush(struct vz_eventd *d, struct vz_viewer *v);
/* Sends what is new to the viewers of c. */
void vz_viewers_feed(struct vz_eventd *d, const struct vz_console *c);
/* The terminal of c takes input again. */
void vz_viewers_flush(struct vz_eventd *d, struct vz_console *c);
/* Disconnects the viewers of c (NULL: all connections). */
void vz_viewers_close(struct vz_eventd *d, const struct vz_console *c);

/* ---- eventd-socket.c ---- */
int vz_viewers_init(struct vz_eventd *d, struct vz_err *e);

/* ---- eventd-store.c: ptys that outlive us ---- */
typedef int vz_store_take(struct vz_eventd *d, unsigned id, int master);
/* Hands the masters of an earlier vzeventd's consoles to `take`, which owns them then. */
void vz_store_adopt(struct vz_eventd *d, vz_store_take *take);
/* Puts c's master there, starting the store when needed. A failure is logged, nothing more: the
 * console then lives as long as we do. */
void vz_store_put(struct vz_eventd *d, const struct vz_console *c);
void vz_store_drop(struct vz_eventd *d, unsigned id);

#endif
