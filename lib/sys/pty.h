/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pseudo terminals, and raw mode of the user's own terminal. */
#ifndef VZ_SYS_PTY_H
#define VZ_SYS_PTY_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

/* A new pty of the host: *ret_master non-blocking, *ret_slave owned by owner with mode 0620, both
 * close-on-exec and the caller's. No path is looked up for the slave (TIOCGPTPEER). */
int vz_pty_open(uid_t owner, unsigned cols, unsigned rows, int *ret_master, int *ret_slave);
/* One more slave fd of this master; does not become a controlling terminal. Caller closes. */
int vz_pty_peer(int master);
int vz_pty_set_size(int fd, unsigned cols, unsigned rows);
/* Size of a terminal; -ENOTTY when fd is none. */
int vz_pty_get_size(int fd, unsigned *ret_cols, unsigned *ret_rows);

/* Raw mode; the former settings go to *ret_saved for vz_tty_restore(). */
int vz_tty_raw(int fd, struct termios *ret_saved);
void vz_tty_restore(int fd, const struct termios *saved);

/* Who reads at the terminal of a master. May be hostile: the guest sets all of it; therefore it is good for
 * no more than how long its own user waits. */
struct vz_pty_reader {
	bool keys;   /* each key is given as it is typed, else lines with ^D for an end */
	bool leads;  /* it is the leader of the session, the shell, or nobody is */
	pid_t group; /* the foreground process group */
};
void vz_pty_reader(int master, struct vz_pty_reader *ret);

#endif
