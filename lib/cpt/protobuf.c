// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages of Protocol Buffers in images of CRIU; see protobuf.h. */
#include "cpt/protobuf.h"
#include "base/own.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define IMAGE_MAX (1u << 30)

enum { FIXED64 = 1, FIXED32 = 5 };

static uint64_t take_varint(struct vz_pb *in)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		unsigned char c;

		if (!in->n)
			break;
		c = *in->p++;
		in->n--;
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return v;
	}
	in->bad = true;
	return 0;
}

static struct vz_pb part(struct vz_pb *in, uint64_t n)
{
	struct vz_pb p = { in->p, (size_t)n, false };

	if (in->bad || n > in->n) {
		in->bad = true;
		return (struct vz_pb){ .bad = true };
	}
	in->p += n;
	in->n -= (size_t)n;
	return p;
}

bool vz_pb_take_field(struct vz_pb *in, struct vz_pb_field *ret)
{
	struct vz_pb_field f = { .all = *in };

	if (!in->n || in->bad)
		return false;
	f.key = take_varint(in);
	switch (f.key & 7) {
	case VZ_PB_NUMBER:
		f.number = take_varint(in);
		break;
	case VZ_PB_BYTES:
		f.bytes = part(in, take_varint(in));
		break;
	case FIXED64:
	case FIXED32:
		part(in, (f.key & 7) == FIXED64 ? 8 : 4);
		break;
	default:
		in->bad = true;
	}
	f.all.n -= in->n;
	*ret = f;
	return !in->bad;
}

bool vz_pb_take_entry(struct vz_pb *in, struct vz_pb *ret)
{
	uint32_t n;

	if (!in->n || in->n < sizeof(n)) {
		in->bad |= in->n > 0;
		return false;
	}
	memcpy(&n, in->p, sizeof(n));
	part(in, sizeof(n));
	*ret = part(in, n);
	return !in->bad;
}

void vz_pb_put_number(struct vz_str *out, uint64_t v)
{
	do {
		char c = (char)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));

		vz_str_addn(out, &c, 1);
	} while (v >>= 7);
}

void vz_pb_put_number_field(struct vz_str *out, unsigned number, uint64_t v)
{
	vz_pb_put_number(out, (uint64_t)number << 3 | VZ_PB_NUMBER);
	vz_pb_put_number(out, v);
}

void vz_pb_put_bytes(struct vz_str *out, unsigned number, const char *bytes, size_t n)
{
	vz_pb_put_number(out, (uint64_t)number << 3 | VZ_PB_BYTES);
	vz_pb_put_number(out, n);
	vz_str_addn(out, bytes, n);
}

void vz_pb_put_entry(struct vz_str *out, const struct vz_str *entry)
{
	uint32_t n = (uint32_t)entry->len;

	vz_str_addn(out, (const char *)&n, sizeof(n));
	vz_str_addn(out, entry->s, entry->len);
}

bool vz_pb_copy_with(struct vz_pb in, uint64_t number, uint64_t value, struct vz_str *out)
{
	struct vz_pb_field f;
	bool has = false;

	while (vz_pb_take_field(&in, &f)) {
		if (f.key != (number << 3 | VZ_PB_NUMBER)) {
			vz_str_addn(out, (const char *)f.all.p, f.all.n);
			continue;
		}
		vz_pb_put_number(out, f.key);
		vz_pb_put_number(out, value);
		has = true;
	}
	return has && !in.bad && !out->failed;
}

struct vz_pb_field vz_pb_field_of(struct vz_pb in, uint64_t key)
{
	struct vz_pb_field f, found = { 0 };

	while (vz_pb_take_field(&in, &f))
		if (f.key == key)
			found = f;
	return found;
}

uint64_t vz_pb_number_of(struct vz_pb in, uint64_t number)
{
	return vz_pb_field_of(in, number << 3 | VZ_PB_NUMBER).number;
}

/* ---- images ---- */

int vz_pb_strange(const struct vz_pb_image *i, struct vz_err *e)
{
	return vz_fail(e, i->code, EBADMSG, "cannot understand %s of CRIU", i->name);
}

int vz_pb_read(const struct vz_pb_image *i, char **ret_text, struct vz_pb *ret, struct vz_err *e)
{
	ssize_t n = vz_file_read(i->dir, i->name, IMAGE_MAX, ret_text);

	if (n < 0)
		return vz_fail(e, i->code, (int)-n, "cannot read %s of CRIU", i->name);
	if ((size_t)n < VZ_PB_HEAD)
		return vz_pb_strange(i, e);
	*ret = (struct vz_pb){ (const unsigned char *)*ret_text + VZ_PB_HEAD, (size_t)n - VZ_PB_HEAD, false };
	return 0;
}

int vz_pb_write(const struct vz_pb_image *i, int flags, const struct vz_str *data, struct vz_err *e)
{
	autoclose int fd = openat(i->dir, i->name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | flags);
	size_t done = 0;

	while (fd >= 0 && done < data->len) {
		ssize_t n = write(fd, data->s + done, data->len - done);

		if (n < 0)
			break;
		done += (size_t)n;
	}
	return done < data->len ? vz_fail(e, i->code, errno, "cannot write %s of CRIU", i->name) : 0;
}
