/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb "console": the user's terminal looks at a VPS's console, which vzeventd keeps. */
#ifndef VZ_OPS_CONSOLE_VIEW_H
#define VZ_OPS_CONSOLE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ct/ct.h"

/* argv: what follows the id on the command line, nothing or a terminal's name. Attaches until
 * the user detaches, the VPS ends or a signal comes. */
int vz_op_console(struct vz_ct *ct, int argc, char **argv, struct vz_err *e);

/* What was typed, on its way to the VPS: finds the keys that detach, "ESC ." right after Enter
 * (INTERFACE 1.6) and Ctrl-] anywhere. */
struct vz_keys {
	bool in_line; /* something was typed since the last Enter; false at the start */
	bool esc;     /* ESC held back until the next key tells what it was */
};
/* out: at least n + 1 bytes; returns how many are for the VPS. *ret_detach: leave after them. */
size_t vz_keys_filter(struct vz_keys *k, const uint8_t *in, size_t n, uint8_t *out,
		      bool *ret_detach);

#endif
