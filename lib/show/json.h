/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON, written from the first byte to the last; for every program that lists something. Strings are
 * escaped and become valid UTF-8 here, whatever they hold. How members are laid out is said for each
 * array and object: scripts that read lines have seen these forms for years.
 *
 * May be hostile: every string that is given to vz_json_text() or vz_json_key().
 */
#ifndef VZ_SHOW_JSON_H
#define VZ_SHOW_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum vz_json_layout {
	VZ_JSON_TIGHT,  /* [a, b] */
	VZ_JSON_SPACED, /* [ a, b ] */
	VZ_JSON_LINES,  /* each member on a line of its own, by two blanks for each level */
};

#define VZ_JSON_DEPTH 8

/* Begins as { .out = &string }; the string stays the caller's. Deeper than VZ_JSON_DEPTH makes the
 * string failed. */
struct vz_json {
	struct vz_str *out;
	unsigned depth;
	bool has_key; /* the next value belongs to it */
	struct vz_json_level {
		enum vz_json_layout layout;
		char end;
		bool any;
	} level[VZ_JSON_DEPTH];
};

/* Values: of the whole text, the next member of an array, or of the object's key given before. */
void vz_json_array(struct vz_json *j, enum vz_json_layout layout);
void vz_json_object(struct vz_json *j, enum vz_json_layout layout);
/* Ends the innermost of them; a newline follows the outermost. */
void vz_json_end(struct vz_json *j);
void vz_json_key(struct vz_json *j, const char *key);
void vz_json_text(struct vz_json *j, const char *text); /* NULL: null */
/* A key and its text. */
void vz_json_member(struct vz_json *j, const char *key, const char *text);
void vz_json_number(struct vz_json *j, uint64_t n);
void vz_json_bool(struct vz_json *j, bool yes);
/* A number that is text already, null and the like: put as it is. */
void vz_json_literal(struct vz_json *j, const char *word);

#endif
