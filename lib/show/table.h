/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of text in columns, for every program that lists something. Cells are joined by one blank
 * and a line ends at its last visible character. Widths are characters, not bytes, so that names in
 * any language stand in their column. Knows no VPS and opens nothing: text goes into a string.
 */
#ifndef VZ_SHOW_TABLE_H
#define VZ_SHOW_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/str.h"

/* Begins as { .out = &string }; the string stays the caller's. */
struct vz_table {
	struct vz_str *out;
	bool keep_blanks; /* lines end where their last column does */
	bool in_line;
};

/* One cell of a column of `width` characters; negative: left-justified. A longer text pushes the rest
 * of the line to the right, or loses its end when `cut`. The text must be clean already, see
 * vz_utf8_clean(). */
void vz_table_cell(struct vz_table *t, const char *text, int width, bool cut);
/* The same of a printf-made text, never cut. */
void vz_table_cellf(struct vz_table *t, int width, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void vz_table_end_line(struct vz_table *t);

/* Writes what a writer of this room has made to a stream of the caller's, and empties the string.
 * -ENOMEM, and nothing is written, when the string is not whole; -errno when the stream
 * does not take it. Both are the end's to tell (vz_unwritten()). */
int vz_show_put(struct vz_str *text, FILE *to);

#endif
