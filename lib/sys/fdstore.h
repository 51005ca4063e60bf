/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process that keeps descriptors under names, so that who uses them may die and come back. Both
 * sides of its little protocol: one request, one answer, over a SOCK_SEQPACKET socket.
 */
#ifndef VZ_SYS_FDSTORE_H
#define VZ_SYS_FDSTORE_H

#define VZ_FDSTORE_NAME 64 /* longest name, with its NUL */

/* ---- client: sock is from vz_unix_connect() ---- */

/* Stores a copy of fd; a stored one of this name is replaced. */
int vz_fdstore_put(int sock, const char *name, int fd);
/* A copy of the stored fd, the caller's; -ENOENT. */
int vz_fdstore_get(int sock, const char *name);
/* Forgets it; a missing name is fine. */
int vz_fdstore_drop(int sock, const char *name);
/* The smallest stored name behind `name` ("" for the first) into ret; -ENOENT at the end. So a
 * list of any length needs no message of any length. */
int vz_fdstore_next(int sock, const char *name, char ret[VZ_FDSTORE_NAME]);

/* ---- the server ---- */

struct vz_fdstore_opts {
	const char *socket;
	int idle_ms;  /* ends when it was empty and alone for so long */
	int drain_ms; /* alone for so long: what terminals send is thrown away, see fdstore.c */
};

/* Serves until idle. `ready` (may be NULL) is called once, when clients can connect; it may fork
 * and return 1 in the process that shall not serve. -EADDRINUSE: another one serves here. */
int vz_fdstore_serve(const struct vz_fdstore_opts *o, int (*ready)(void));

#endif
