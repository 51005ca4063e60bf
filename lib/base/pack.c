// SPDX-License-Identifier: GPL-2.0-or-later
/* Packed numbers and strings; see pack.h. */
#include "base/pack.h"

#include <endian.h>
#include <errno.h>

static void add_bytes(struct vz_pack *p, const void *data, size_t n)
{
	if (p->err)
		return;
	if (n > p->max - p->buf.len)
		p->err = -E2BIG;
	else
		vz_str_addn(&p->buf, data, n);
	if (p->buf.failed)
		p->err = -ENOMEM;
}

void vz_pack_num(struct vz_pack *p, uint64_t v)
{
	v = htole64(v);
	add_bytes(p, &v, sizeof(v));
}

void vz_pack_bytes(struct vz_pack *p, const void *data, size_t n)
{
	vz_pack_num(p, n);
	add_bytes(p, data, n);
}

void vz_pack_text(struct vz_pack *p, const char *s)
{
	vz_pack_bytes(p, s, strlen(s));
}

void vz_pack_free(struct vz_pack *p)
{
	vz_str_free(&p->buf);
}

static bool is_there(struct vz_packed *p, size_t n)
{
	if (n > p->left)
		p->bad = true;
	return !p->bad;
}

uint64_t vz_packed_num(struct vz_packed *p, uint64_t max)
{
	uint64_t v;

	if (!is_there(p, sizeof(v)))
		return 0;
	memcpy(&v, p->p, sizeof(v));
	p->p += sizeof(v);
	p->left -= sizeof(v);
	v = le64toh(v);
	if (v > max)
		p->bad = true;
	return p->bad ? 0 : v;
}

const char *vz_packed_bytes(struct vz_packed *p, size_t max, size_t *ret_n)
{
	size_t n = (size_t)vz_packed_num(p, max);
	const char *at = p->p;

	if (!is_there(p, n)) {
		*ret_n = 0;
		return "";
	}
	p->p += n;
	p->left -= n;
	*ret_n = n;
	return at;
}

void vz_packed_text(struct vz_packed *p, char *buf, size_t size)
{
	size_t n;
	const char *s = vz_packed_bytes(p, size - 1, &n);

	if (!n || memchr(s, 0, n))
		p->bad = true;
	if (p->bad)
		n = 0;
	memcpy(buf, s, n);
	buf[n] = 0;
}
