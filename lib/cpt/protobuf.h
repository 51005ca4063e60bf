/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRIU's images as bytes: two numbers and then, of each entry, its length and a message of Protocol Buffers: fields, each a
 * key (its number and kind) and a value.
 *
 * May be hostile: what the guest named is in them, and they may come from another host; therefore all is looked at
 * within the length of what holds it, and what is not understood has `bad` set.
 */
#ifndef VZ_CPT_PROTOBUF_H
#define VZ_CPT_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define VZ_PB_HEAD (2 * sizeof(uint32_t))

/* Kinds of fields; a key is NUMBER << 3 | KIND. */
enum { VZ_PB_NUMBER = 0, VZ_PB_BYTES = 2 };

/* What is left to be read. */
struct vz_pb {
	const unsigned char *p;
	size_t n;
	bool bad;
};

struct vz_pb_field {
	uint64_t key, number;    /* its number, if it is one */
	struct vz_pb all, bytes; /* all of it; its content, if it has one */
};

/* The next one; false at the end, and for what is none. */
bool vz_pb_take_field(struct vz_pb *in, struct vz_pb_field *ret);
bool vz_pb_take_entry(struct vz_pb *in, struct vz_pb *ret);
/* The last field with this key; 0s: there is none. */
struct vz_pb_field vz_pb_field_of(struct vz_pb in, uint64_t key);
/* The value of the last field of this number. */
uint64_t vz_pb_number_of(struct vz_pb in, uint64_t number);

void vz_pb_put_number(struct vz_str *out, uint64_t v);
/* Whole fields: a number, and bytes with their length. */
void vz_pb_put_number_field(struct vz_str *out, unsigned number, uint64_t v);
void vz_pb_put_bytes(struct vz_str *out, unsigned number, const char *bytes, size_t n);
void vz_pb_put_entry(struct vz_str *out, const struct vz_str *entry);
/* The message with another value in the fields of that number; true if it has one. */
bool vz_pb_copy_with(struct vz_pb in, uint64_t number, uint64_t value, struct vz_str *out);

/* One in a directory; `code`: of a failure. */
struct vz_pb_image {
	int dir;
	const char *name;
	enum vz_exit code;
};

/* A whole image, behind its two numbers; *ret lies in *ret_text, which the caller frees. */
int vz_pb_read(const struct vz_pb_image *i, char **ret_text, struct vz_pb *ret, struct vz_err *e);
/* Into one that is there: O_TRUNC or O_APPEND. */
int vz_pb_write(const struct vz_pb_image *i, int flags, const struct vz_str *data, struct vz_err *e);
/* -EBADMSG with a sentence. */
int vz_pb_strange(const struct vz_pb_image *i, struct vz_err *e);

#endif
