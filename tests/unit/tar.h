/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes tar archives into memory, honest and hostile ones, for tests. */
#ifndef VZ_TESTS_TAR_H
#define VZ_TESTS_TAR_H

#include "base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

struct entry {
	const char *name;
	char type; /* '0' file, '1' hard link, '2' symlink, '3' char, '5' dir, '6' fifo */
	const char *link;
	const char *data;
	unsigned mode;
	uint64_t size;  /* when the header must lie; else 0 */
	unsigned major, minor;
};

static inline void tar_pad(struct vz_str *t, size_t n)
{
	static const char zero[512];

	if (n % 512)
		vz_str_addn(t, zero, 512 - n % 512);
}

static inline void tar_header(struct vz_str *t, const struct entry *en, uint64_t size)
{
	char h[512] = { 0 };
	unsigned sum = 0;

	memcpy(h, en->name, strnlen(en->name, 100));
	snprintf(h + 100, 8, "%07o", (en->mode ? en->mode : en->type == '5' ? 0755u : 0644u) & 07777u);
	snprintf(h + 108, 8, "%07o", (unsigned)geteuid() & 07777777u);
	snprintf(h + 116, 8, "%07o", (unsigned)getegid() & 07777777u);
	if (size >> 33) { /* base 256 */
		h[124] = (char)0x80;
		for (int i = 0; i < 8; i++)
			h[135 - i] = (char)(size >> (8 * i));
	} else {
		snprintf(h + 124, 12, "%011llo", (unsigned long long)size);
	}
	snprintf(h + 136, 12, "%011o", 1000000000u);
	h[156] = en->type;
	if (en->link)
		memcpy(h + 157, en->link, strnlen(en->link, 100));
	memcpy(h + 257, "ustar\00000", 8);
	snprintf(h + 329, 8, "%07o", en->major & 07777777u);
	snprintf(h + 337, 8, "%07o", en->minor & 07777777u);
	memset(h + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 7, "%06o", sum & 0777777u);
	vz_str_addn(t, h, sizeof(h));
}

static inline void tar_blob(struct vz_str *t, const struct entry *en, const void *data, size_t n)
{
	tar_header(t, en, en->size ? en->size : n);
	vz_str_addn(t, data, n);
	tar_pad(t, n);
}

/* A name too long for the header, by GNU's 'L' record before it. */
static inline void tar_add(struct vz_str *t, const struct entry *en)
{
	struct entry l = { .name = "././@LongLink", .type = 'L' };

	if (strlen(en->name) > 100)
		tar_blob(t, &l, en->name, strlen(en->name) + 1);
	tar_blob(t, en, en->data ? en->data : "", en->data ? strlen(en->data) : 0);
}

/* One pax record "LEN KEY=VALUE\n" of the header that tar_pax() writes. */
static inline void pax_record(struct vz_str *p, const char *key, const void *value, size_t n)
{
	size_t rest = strlen(key) + n + 3, len = rest + 1;

	while (len != rest + (size_t)snprintf(NULL, 0, "%zu", len))
		len++;
	vz_str_addf(p, "%zu %s=", len, key);
	vz_str_addn(p, value, n);
	vz_str_add(p, "\n");
}

static inline void tar_pax(struct vz_str *t, struct vz_str *p)
{
	struct entry x = { .name = "PaxHeader", .type = 'x' };

	tar_blob(t, &x, p->s, p->len);
	vz_str_free(p);
}

static inline void tar_end(struct vz_str *t)
{
	static const char zero[1024];

	vz_str_addn(t, zero, sizeof(zero));
}

/* gzip without compressing: "stored" blocks of deflate (RFC 1951, RFC 1952). */
static inline void gzip_stored(struct vz_str *out, const struct vz_str *in)
{
	static const char head[10] = { 0x1f, (char)0x8b, 8 };
	uint32_t crc = ~0u, size = (uint32_t)in->len;
	char tail[8];

	vz_str_addn(out, head, sizeof(head));
	for (size_t at = 0; at < in->len; at += 60000) {
		size_t n = in->len - at < 60000 ? in->len - at : 60000;
		char b[5] = { at + n == in->len, (char)n, (char)(n >> 8), (char)~n,
			      (char)(~n >> 8) };

		vz_str_addn(out, b, sizeof(b));
		vz_str_addn(out, in->s + at, n);
	}
	for (size_t i = 0; i < in->len; i++) {
		crc ^= (unsigned char)in->s[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	crc = ~crc;
	for (int i = 0; i < 4; i++) {
		tail[i] = (char)(crc >> (8 * i));
		tail[4 + i] = (char)(size >> (8 * i));
	}
	vz_str_addn(out, tail, sizeof(tail));
}

#endif
