// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A stream in frames with any bytes: what is taken has bounds, whatever pieces it comes in. What the same bytes become when
 * they are packed comes out as they were.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "move/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* 1: a frame; 0: the bytes are used up. */
static int feed(struct vz_unpacker *u, const uint8_t **data, size_t *size, size_t step)
{
	while (*size) {
		char *at;
		size_t room = vz_frame_room(u, &at), now = room < step ? room : step;
		int r;

		must(room && room <= VZ_FRAME_HEAD + VZ_FRAME_MAX);
		now = now < *size ? now : *size;
		memcpy(at, *data, now);
		*data += now;
		*size -= now;
		r = vz_frame_took(u, now);
		if (r)
			return r;
	}
	return 0;
}

static void any(struct vz_unpacker *u, const uint8_t *data, size_t size, size_t step)
{
	volatile char sum = 0;

	while (feed(u, &data, &size, step) > 0) {
		must(u->n && u->n <= VZ_FRAME_MAX);
		for (size_t i = 0; i < u->n; i++)
			sum ^= u->bytes[i];
	}
}

static void there_and_back(const uint8_t *data, size_t size, bool squeeze)
{
	struct vz_unpacker u;
	struct vz_packer p;
	const char *frame;
	const uint8_t *at;
	size_t n;

	if (size > VZ_FRAME_MAX || vz_packer_open(&p) < 0 || vz_unpacker_open(&u) < 0)
		return;
	memcpy(p.in, data, size);
	n = vz_frame_make(&p, size, squeeze, &frame);
	at = (const uint8_t *)frame;
	must(n <= VZ_FRAME_HEAD + size && feed(&u, &at, &n, VZ_FRAME_MAX) == 1 && !n);
	must(u.n == size && !memcmp(u.bytes, data, size) && vz_frame_is_between(&u));
	vz_packer_close(&p);
	vz_unpacker_close(&u);
}

/* The first byte says in which pieces, and whether to pack. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vz_unpacker u;

	if (size < 2 || vz_unpacker_open(&u) < 0)
		return 0;
	any(&u, data + 1, size - 1, (size_t)(data[0] & 63) + 1);
	vz_unpacker_close(&u);
	there_and_back(data + 1, size - 1, data[0] & 64);
	return 0;
}
