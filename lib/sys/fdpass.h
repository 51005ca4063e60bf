/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Local sockets that keep message borders (SOCK_SEQPACKET) and carry descriptors (unix(7)). */
#ifndef VZ_SYS_FDPASS_H
#define VZ_SYS_FDPASS_H

#include <stdbool.h>
#include <sys/types.h>

/* One message, with fd unless it is negative. Never raises SIGPIPE; -EAGAIN on a full
 * non-blocking socket. */
int vz_fd_send(int sock, const void *msg, size_t n, int fd);
/* One message of at most n bytes, its length; 0 at the end of file; -EMSGSIZE when it was longer.
 * ret_fd (may be NULL) gets the one descriptor that came, close-on-exec and the caller's, or
 * -EBADF; more than one are closed. */
ssize_t vz_fd_recv(int sock, void *msg, size_t n, int *ret_fd);

/* Listens at path with mode 0600, replacing what is there in one rename: nobody ever finds a
 * name without a listener. Non-blocking; caller closes. */
int vz_unix_listen(const char *path);
/* Connects; send and receive then take timeout_ms at most (0: no limit). Caller closes. */
int vz_unix_connect(const char *path, int timeout_ms);
/* Accepts one caller who must be root of the host (SO_PEERCRED); others: -EACCES. The new fd is
 * non-blocking. */
int vz_unix_accept_root(int listener);

#endif
