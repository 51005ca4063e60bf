/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What arpsend and ndsend share: exit codes, and sending one advertisement. */
#ifndef VZ_NETTOOLS_H
#define VZ_NETTOOLS_H

#include <netinet/in.h>

enum {
	TOOL_OK = 0,
	TOOL_USAGE = 1,
	TOOL_SYSTEM = 2,
	TOOL_ANSWERED = 3, /* somebody has the address */
	TOOL_SILENCE = 4,  /* nobody answered a request */
	TOOL_BAD_ADDRESS = 255,
};

/* Says why on stderr, in the name of the program; returns TOOL_SYSTEM. */
int tool_failed(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Announces an IPv6 address (text) on a device. Returns an exit code. */
int tool_announce6(const char *address, const char *device);

#endif
