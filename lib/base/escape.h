/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8, and making bytes that others wrote fit for a terminal or a log. */
#ifndef VZ_BASE_ESCAPE_H
#define VZ_BASE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* A stream that may be cut anywhere; begins as { 0 }. */
struct vz_escape {
	unsigned char part[5]; /* the beginning of a sequence, terminated */
	size_t n;
};
#define VZ_ESCAPE_ROOM(n) (4 * ((n) + 4))
/* Printable UTF-8, newlines and tabs of in[0..n) go to `out` as they are, every other byte as \xHH.
 * Returns how many bytes were put there, VZ_ESCAPE_ROOM(n) at most. What ends in the middle of a
 * sequence is kept for the next call; n = 0 puts it out. */
size_t vz_escape(struct vz_escape *x, const char *in, size_t n, char *out);
/* In place, of a whole text that is one line: every byte that is neither printable nor part of a
 * printable character becomes a question mark. */
void vz_escape_plain(char *text);
/* Length of the valid UTF-8 sequence (RFC 3629) that a text begins with; 0 when there is none, or no byte. */
size_t vz_utf8_len(const char *text);
/* Adds the text to *out with `bad` in place of every byte that is not UTF-8, and of every control
 * character. */
void vz_utf8_clean(const char *text, const char *bad, struct vz_str *out);

#endif
