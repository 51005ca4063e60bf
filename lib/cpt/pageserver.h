/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRIU as a page server: it takes the memory that a dump elsewhere sends through a socket, and writes it as images into
 * one directory. Of a chain of pre-dumps each has a directory of its own in that of the dump; what is written
 * again is taken out of the older one, so all of them together are as large as the memory.
 */
#ifndef VZ_CPT_PAGESERVER_H
#define VZ_CPT_PAGESERVER_H

#include "base/err.h"
#include "cpt/criu.h"

struct vz_pageserver_spec {
	unsigned ctid;
	const struct vz_criu *criu;
	int dir;             /* of the images */
	const char *parent;  /* the directory before, as seen from that one: "p2", "../p1"; NULL: there is none */
	int sock;            /* its other end is the dump's */
};

/* Starts it; *ret_pidfd is the caller's to wait for and to give up (sys/wait.h). It ends with its parent, at the end of
 * the dump with 0, and when the socket is closed before that. Descriptors stay the caller's. */
int vz_pageserver_start(const struct vz_pageserver_spec *s, int *ret_pidfd, struct vz_err *e);
/* The sentence of the log of one that has ended by itself with another status than 0: VZ_CHKPNT. 0: there is none. */
int vz_pageserver_error(unsigned ctid, struct vz_err *e);
/* That sentence is this one, of whoever has ended its stream. */
void vz_pageserver_say(unsigned ctid, const char *why);
/* Its log goes. */
void vz_pageserver_forget(unsigned ctid);

#endif
