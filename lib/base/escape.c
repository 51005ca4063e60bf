// SPDX-License-Identifier: GPL-2.0-or-later
/* UTF-8 and escaping; see escape.h. May be hostile: every byte; therefore what is not known to be
 * harmless is shown as a number. */
#include "base/escape.h"

#include <stdio.h>
#include <string.h>

size_t vz_utf8_len(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	/* per lead byte: sequence length, and the range its second byte must be in */
	static const struct {
		unsigned char from, to, len, min, max;
	} leads[] = {
		{ 0x01, 0x7f, 1, 0, 0 },       { 0xc2, 0xdf, 2, 0x80, 0xbf },
		{ 0xe0, 0xe0, 3, 0xa0, 0xbf }, { 0xe1, 0xec, 3, 0x80, 0xbf },
		{ 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
		{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf },
		{ 0xf4, 0xf4, 4, 0x80, 0x8f },
	};

	for (size_t i = 0; i < sizeof(leads) / sizeof(*leads); i++) {
		if (*s < leads[i].from || *s > leads[i].to)
			continue;
		if (leads[i].len > 1 && (s[1] < leads[i].min || s[1] > leads[i].max))
			return 0;
		for (size_t k = 2; k < leads[i].len; k++)
			if (s[k] < 0x80 || s[k] > 0xbf)
				return 0;
		return leads[i].len;
	}
	return 0;
}

/* Is this sequence a control character: C0, delete, or C1 (which some terminals obey)? */
static bool utf8_is_control(const unsigned char *s, size_t len)
{
	return (len == 1 && (*s < 0x20 || *s == 0x7f)) || (len == 2 && *s == 0xc2 && s[1] < 0xa0);
}

/* Could more bytes make a sequence of this? */
static bool is_begun(const unsigned char *s, size_t n)
{
	size_t want = *s >= 0xf0 ? 4 : *s >= 0xe0 ? 3 : 2;

	if (*s < 0xc2 || *s > 0xf4 || n >= want)
		return false;
	for (size_t i = 1; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return false;
	return true;
}

static size_t put_number(unsigned char byte, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const char text[] = { '\\', 'x', digits[byte >> 4], digits[byte & 15] };

	memcpy(out, text, sizeof(text));
	return sizeof(text);
}

static bool is_shown(const unsigned char *s, size_t len)
{
	return *s == '\n' || *s == '\t' || !utf8_is_control(s, len);
}

/* Puts out what x->part begins with, or keeps it when it may go on. */
static size_t put_parsed(struct vz_escape *x, bool last, char *out)
{
	size_t used = 0;

	while (x->n) {
		size_t len = vz_utf8_len((const char *)x->part);
		size_t take = len ? len : 1;

		if (!len && !last && is_begun(x->part, x->n))
			break;
		if (len && is_shown(x->part, len)) {
			memcpy(out + used, x->part, len);
			used += len;
		} else {
			for (size_t i = 0; i < take; i++)
				used += put_number(x->part[i], out + used);
		}
		memmove(x->part, x->part + take, x->n - take + 1);
		x->n -= take;
	}
	return used;
}

size_t vz_escape(struct vz_escape *x, const char *in, size_t n, char *out)
{
	size_t used = n ? 0 : put_parsed(x, true, out);

	for (size_t i = 0; i < n; i++) {
		x->part[x->n++] = (unsigned char)in[i];
		x->part[x->n] = 0;
		used += put_parsed(x, false, out + used);
	}
	return used;
}

void vz_escape_plain(char *text)
{
	for (unsigned char *s = (unsigned char *)text; *s;) {
		size_t len = vz_utf8_len((const char *)s);

		if (!len || utf8_is_control(s, len))
			*s++ = '?';
		else
			s += len;
	}
}

void vz_utf8_clean(const char *text, const char *bad, struct vz_str *out)
{
	const char *s = text, *kept = text;

	while (*s) {
		size_t len = vz_utf8_len(s);
		bool keeps = len && !utf8_is_control((const unsigned char *)s, len);

		if (!keeps) {
			vz_str_addn(out, kept, (size_t)(s - kept));
			vz_str_add(out, bad);
		}
		s += len ? len : 1;
		if (!keeps)
			kept = s;
	}
	vz_str_addn(out, kept, (size_t)(s - kept));
}
