/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Consoles as a client sees them: what is said over the socket of vzeventd, which keeps them, and
 * how a launch gets one. A connection is SOCK_SEQPACKET; its first message says what it is for.
 */
#ifndef VZ_CT_CONSOLE_H
#define VZ_CT_CONSOLE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define VZ_EVENTD_SOCKET VZ_RUNDIR "/vzeventd.sock"
#define VZ_CONSOLE_CHUNK 4096 /* longest run of bytes in one message */

enum vz_console_op {
	VZ_CONSOLE_MAKE = 1, /* ctid, owner: an answer with the slave fd */
	VZ_CONSOLE_ATTACH,   /* ctid, cols, rows: an answer, then output until the end */
	VZ_CONSOLE_INPUT,    /* bytes follow in the same message */
	VZ_CONSOLE_SIZE,     /* cols, rows */
};

struct vz_console_msg {
	uint32_t op; /* enum vz_console_op */
	uint32_t ctid, owner;
	uint16_t cols, rows; /* 0: unknown */
};
struct vz_console_answer {
	int32_t result;   /* 0 or -errno */
	uint32_t backlog; /* ATTACH: so many bytes of former output follow */
};

/* A pty for VPS ctid from vzeventd: *ret_slave_fd is to be bound over its /dev/console; it belongs
 * to `owner`. -ENOENT or -ECONNREFUSED, and *e untouched, when no daemon runs: a VPS then has no
 * console. Caller closes. */
int vz_console_request(unsigned ctid, uid_t owner, int *ret_slave_fd, struct vz_err *e);
/* Connects to ctid's console; *ret_sock then sends output and takes INPUT and SIZE messages.
 * *ret_backlog: bytes of former output that come first. Not an error of *e, as above: -ENOENT and
 * -ECONNREFUSED. -ENODEV with *e: this VPS has no console. */
int vz_console_attach(const struct vz_console_msg *m, int *ret_sock, uint32_t *ret_backlog,
		      struct vz_err *e);

#endif
