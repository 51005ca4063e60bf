// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames of a stream; see frame.h. */
#include "move/frame.h"
#include "base/own.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define LEVEL 1     /* bench/RESULTS.md */
#define PASSES_MAX 64
#define LEAST 256   /* bytes: of fewer nothing comes */
#define LOOK_FIRST 64 /* bytes: almost all frames that are not zero are not zero there */
#define LOOK_EACH 512

static void put_head(char *at, size_t n, size_t sent)
{
	const uint32_t head[2] = { htole32((uint32_t)n), htole32((uint32_t)sent) };

	memcpy(at, head, sizeof(head));
}

static bool is_zero(const char *p, size_t n)
{
	size_t first = n < LOOK_FIRST ? n : LOOK_FIRST;

	for (size_t i = 0; i < first; i++)
		if (p[i])
			return false;
	return !memcmp(p, p + first, n - first);
}

/* By samples: so many zeros are faster to pack than to send on any wire. */
static bool is_mostly_zero(const char *p, size_t n)
{
	size_t zeros = 0, all = 0;
	uint64_t v;

	for (size_t i = 0; i + sizeof(v) <= n; i += LOOK_EACH, all++) {
		memcpy(&v, p + i, sizeof(v));
		zeros += !v;
	}
	return zeros > all / 4 * 3;
}

int vz_packer_open(struct vz_packer *p)
{
	*p = (struct vz_packer){ .mem = malloc(VZ_FRAME_HEAD + VZ_FRAME_MAX), .zstd = ZSTD_createCCtx(),
				 .packed = malloc(VZ_FRAME_HEAD + ZSTD_compressBound(VZ_FRAME_MAX)) };
	if (!p->mem || !p->packed || !p->zstd) {
		vz_packer_close(p);
		return -ENOMEM;
	}
	p->in = p->mem + VZ_FRAME_HEAD;
	return 0;
}

void vz_packer_close(struct vz_packer *p)
{
	ZSTD_freeCCtx(p->zstd);
	free(p->mem);
	free(p->packed);
	*p = (struct vz_packer){ 0 };
}

/* 0: not worth it. Where nothing comes of it one frame of many is tried, and more of them once something does. */
static size_t squeeze_it(struct vz_packer *p, size_t n)
{
	size_t k;

	if (n < LEAST)
		return 0;
	if (p->pass) {
		p->pass--;
		return 0;
	}
	k = ZSTD_compressCCtx(p->zstd, p->packed + VZ_FRAME_HEAD, ZSTD_compressBound(VZ_FRAME_MAX), p->in, n, LEVEL);
	if (!ZSTD_isError(k) && k < n - n / 8) {
		p->passes = 0;
		return k;
	}
	p->passes = p->passes ? p->passes * 2 : 1;
	p->passes = p->passes < PASSES_MAX ? p->passes : PASSES_MAX;
	p->pass = p->passes;
	return 0;
}

size_t vz_frame_make(struct vz_packer *p, size_t n, bool squeeze, const char **ret)
{
	size_t k;

	*ret = p->mem;
	if (is_zero(p->in, n)) {
		put_head(p->mem, n, 0);
		return VZ_FRAME_HEAD;
	}
	k = squeeze || is_mostly_zero(p->in, n) ? squeeze_it(p, n) : 0;
	if (!k) {
		put_head(p->mem, n, n);
		return VZ_FRAME_HEAD + n;
	}
	put_head(p->packed, n, k);
	*ret = p->packed;
	return VZ_FRAME_HEAD + k;
}

int vz_unpacker_open(struct vz_unpacker *u)
{
	*u = (struct vz_unpacker){ .mem = malloc(VZ_FRAME_HEAD + VZ_FRAME_MAX), .raw = malloc(VZ_FRAME_MAX),
				   .zstd = ZSTD_createDCtx(), .need = VZ_FRAME_HEAD };
	if (u->mem && u->raw && u->zstd)
		return 0;
	vz_unpacker_close(u);
	return -ENOMEM;
}

void vz_unpacker_close(struct vz_unpacker *u)
{
	ZSTD_freeDCtx(u->zstd);
	free(u->mem);
	free(u->raw);
	*u = (struct vz_unpacker){ 0 };
}

size_t vz_frame_room(struct vz_unpacker *u, char **ret)
{
	*ret = u->mem + u->have;
	return u->need - u->have;
}

static int open_up(struct vz_unpacker *u, size_t sent)
{
	const char *bytes = u->mem + VZ_FRAME_HEAD;

	if (sent == u->n) {
		u->bytes = bytes;
		return 1;
	}
	if (!sent)
		memset(u->raw, 0, u->n);
	else if (ZSTD_decompressDCtx(u->zstd, u->raw, u->n, bytes, sent) != u->n) /* an error is no such length */
		return -EPROTO;
	u->bytes = u->raw;
	return 1;
}

int vz_frame_took(struct vz_unpacker *u, size_t n)
{
	uint32_t head[2];
	size_t sent;

	u->have += n;
	if (u->have < u->need)
		return 0;
	memcpy(head, u->mem, sizeof(head));
	u->n = le32toh(head[0]);
	sent = le32toh(head[1]);
	if (!u->n || u->n > VZ_FRAME_MAX || sent > u->n)
		return -EPROTO;
	u->need = VZ_FRAME_HEAD + sent;
	if (u->have < u->need)
		return 0;
	u->have = 0;
	u->need = VZ_FRAME_HEAD;
	return open_up(u, sent);
}

bool vz_frame_is_between(const struct vz_unpacker *u)
{
	return !u->have;
}
