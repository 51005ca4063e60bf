/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting for what a guest decides. Every such wait has an end, and vz_cancel() (base/context.h), which
 * SIGINT, SIGTERM and SIGHUP are for vzctl, ends it at once. A process is waited for by its pidfd only,
 * and given up when it does not end: one that a guest traces is never reaped by its parent, so
 * waitpid(2) would not return.
 */
#ifndef VZ_SYS_WAIT_H
#define VZ_SYS_WAIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/context.h"

struct vz_err; /* base/err.h */

#define VZ_NO_END INT64_MAX /* in place of a deadline */

/* Milliseconds of vz_now_ms() at which so many seconds are over. */
int64_t vz_end_in(int seconds);

/* Until fd has one of these events of poll(2), or an error: 0. -ETIMEDOUT, -ECANCELED. */
int vz_wait_fd(int fd, short events, int64_t end);
/* flock(2) LOCK_EX with an end, of a file that is made if need be and that nobody but root can open: a
 * directory, or a file that others may read, could be locked by any user of the host. The fd that
 * holds it, the caller's, or -errno as above. */
int vz_wait_lock(const char *path, int64_t end);
/* The same of one byte of the file, whose number is `at` (fcntl(2), F_OFD_SETLK): many locks in one file. */
int vz_wait_lock_at(const char *path, uint32_t at, int64_t end);
/* Fills *e for a failure r of that, VZ_SYSTEM, and returns r. */
int vz_wait_lock_fail(struct vz_err *e, int r, const char *path);
/* Until our child has ended, and reaps it; *ret_status is what waitpid(2) would give. -ETIMEDOUT,
 * -ECANCELED: it is still there, and the caller's to give up. */
int vz_wait_child(int pidfd, int64_t end, int *ret_status);
/* Has our child ended, and otherwise than with 0? It is still to be waited for. */
bool vz_has_failed(int pidfd);
/* Reaps children of ours that have ended: a program inside can leave its children to whoever started it
 * (CLONE_PARENT of clone(2)), and their pid namespace stays until we have reaped them. Sets *its, with the
 * status as above, when the one of pidfd (-1 none) is among them. The init of a namespace is left alone. To
 * be called only while nobody else waits for a child but by its pidfd.
 *
 * May be hostile: they can be left faster than they are reaped. So it is some at a call, and true when
 * there may be more: the caller looks at its deadline and comes again without waiting. */
bool vz_reap_some(int pidfd, bool *its, int *ret_status);
/* As vz_wait_fd(pidfd, POLLIN, end) for the init of a VPS, with vz_reap_some() meanwhile. */
int vz_wait_init(int pidfd, int64_t end);
/* As vz_wait_child() for a program of the host's, which may hang in a dead file system. On failure it was
 * ended, by SIGTERM and a second later as vz_give_up() does it. `deaf`: vz_cancelled() before it was started. What
 * is started after the signal tidies up, and is run to its end; asked later, a program that the signal met
 * in its first moments would be taken for one. */
int vz_wait_program(int pidfd, int64_t end, bool deaf, int *ret_status);
/* In a fresh child that goes on whatever its parent does: it has nothing of the parent's caller any more, who
 * may wait for the end of a pipe. 0 to 2 become /dev/null, what is open from `first` on is closed; the log
 * is, too, and what is below `first` is left alone. */
void vz_let_go(unsigned first);
/* Kills our child and reaps it if it ends within a second; else it is reaped by a later wait here, as
 * soon as it can be. */
void vz_give_up(int pidfd);

#endif
