/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a process that is not our child ended, told from /proc and its pidfd. What a VPS did last
 * (halt, reboot, crash) is read here; what follows from it is decided elsewhere.
 */
#ifndef VZ_SYS_EXITINFO_H
#define VZ_SYS_EXITINFO_H

#include <stdbool.h>
#include <sys/types.h>

enum vz_end {
	VZ_END_UNKNOWN, /* nothing tells; may have been a reboot */
	VZ_END_REBOOT,  /* reboot(2) RESTART inside its pid namespace */
	VZ_END_HALT,    /* reboot(2) HALT or POWER_OFF */
	VZ_END_EXITED,  /* value: exit code */
	VZ_END_KILLED,  /* value: signal */
};

struct vz_exitinfo {
	enum vz_end end;
	int value;
};

/* stat_fd: /proc/PID/stat, opened while the process lived (-1: none); pidfd: -1 for none. To be
 * asked as soon as the pidfd polls readable: a zombie tells everything, and only until its
 * parent reaps it. */
struct vz_exitinfo vz_exitinfo_get(int stat_fd, int pidfd);
/* Does this kernel show how a zombie ended (since Linux 5.17)? Tried on a child. */
bool vz_exitinfo_is_available(void);
/* From a wait(2) status of a PID 1. */
struct vz_exitinfo vz_exitinfo_decode(int status);
/* "rebooted", "halted", "exited with code 3", "was killed by signal 9"... */
const char *vz_exitinfo_text(const struct vz_exitinfo *x, char *buf, size_t size);

/* ---- the watcher: reads the status of many processes the moment they end ---- */

struct vz_exitwatch;
struct vz_exitwatch_event {
	int pidfd;
	struct vz_exitinfo info;
};

/* One thread that does nothing else, so that no slow disk or terminal of the caller lets a busy
 * init of the host reap the zombie first. */
int vz_exitwatch_open(struct vz_exitwatch **ret);
/* An fd to poll for vz_exitwatch_next(); stays the watcher's. */
int vz_exitwatch_fd(const struct vz_exitwatch *w);
/* Both fds stay the caller's and open until the event came. */
int vz_exitwatch_add(struct vz_exitwatch *w, int pidfd, int stat_fd);
/* 1 and *ret; 0 when there is nothing now; -errno. */
int vz_exitwatch_next(struct vz_exitwatch *w, struct vz_exitwatch_event *ret);
void vz_exitwatch_close(struct vz_exitwatch *w);

#endif
