/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a host program with an argv array and a clean environment, in "/"; never a shell. */
#ifndef VZ_SYS_SPAWN_H
#define VZ_SYS_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

struct vz_spawn {
	char *const *argv; /* argv[0] is searched in the default PATH when it has no '/' */
	char *const *env;  /* "K=V" in addition to PATH, HOME=/ and TERM=linux; may be NULL */
	int in, out, err;  /* fds for 0, 1, 2; -1: /dev/null for 0, inherited for 1 and 2 */
	int keep;          /* one further fd the child keeps as number 3; -1 none */
	int death_signal;  /* sent to the child when the caller dies; 0 none */
	int seconds;       /* that it may take; 0: as long as it likes, for an operator's own */
	bool urgent;       /* as its caller is (sys/urgent.h) */
	bool apart;        /* in a session of its own: a signal of the terminal is the caller's alone */
};
#define VZ_SPAWN_INIT { .in = -1, .out = -1, .err = -1, .keep = -1 }
#define VZ_SPAWN_SECONDS 60 /* more than enough for a loader, a daemon that goes behind, modprobe(8) */

/* Is there such a program (a name without '/') where argv[0] is searched? */
bool vz_spawn_finds(const char *program);
/* Its file; the caller frees. NULL: there is none. */
char *vz_spawn_path(const char *program);
/* In a fresh child: every signal at its default, none blocked. */
void vz_reset_signals(void);
/* Starts it; *ret_pid is the caller's to wait for. An exec that fails is reported here, with the
 * errno of exec. All other fds are closed in the child; signals are reset. */
int vz_spawn_start(const struct vz_spawn *s, pid_t *ret_pid);
/* Waits, by vz_wait_program(): exit code 0..255, or 128 + signal; -errno. -ETIME: it took longer than so
 * many seconds (0: no end), -ECANCELED: the user wants us to end. It was ended then. */
int vz_spawn_wait(pid_t pid, int seconds, bool deaf);
/* Both, with the seconds of *s. */
int vz_spawn_run(const struct vz_spawn *s);

#endif
