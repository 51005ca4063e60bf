// SPDX-License-Identifier: GPL-2.0-or-later
/* Strings; see str.h. Pure code, no system calls. */
#include "base/str.h"
#include "base/own.h"

#include <stdio.h>

static bool str_room(struct vz_str *b, size_t more)
{
	size_t want = b->len + more + 1, cap = b->cap ? b->cap : 64;
	char *s;

	if (b->failed)
		return false;
	if (want <= b->cap)
		return true;
	while (cap < want)
		cap *= 2;
	s = realloc(b->s, cap);
	if (!s) {
		b->failed = true;
		return false;
	}
	b->s = s;
	b->cap = cap;
	return true;
}

void vz_str_addn(struct vz_str *b, const char *s, size_t n)
{
	if (!str_room(b, n))
		return;
	memcpy(b->s + b->len, s, n);
	b->len += n;
	b->s[b->len] = 0;
}

void vz_str_add(struct vz_str *b, const char *s)
{
	vz_str_addn(b, s, strlen(s));
}

void vz_str_addf(struct vz_str *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vz_str_addv(b, fmt, ap);
	va_end(ap);
}

void vz_str_addv(struct vz_str *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || !str_room(b, (size_t)n))
		return;
	(void)vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void vz_str_free(struct vz_str *b)
{
	free(b->s);
	*b = (struct vz_str){ 0 };
}

char *vz_str_take(struct vz_str *b)
{
	char *s = NULL;

	vz_str_addn(b, "", 0);
	if (!b->failed)
		s = TAKE_PTR(b->s);
	vz_str_free(b);
	return s;
}

char *vz_fmt(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : s;
}

bool vz_str_prefix(const char *s, const char *prefix, const char **ret_rest)
{
	size_t n = strlen(prefix);

	if (strncmp(s, prefix, n))
		return false;
	if (ret_rest)
		*ret_rest = s + n;
	return true;
}

bool vz_str_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), k = strlen(suffix);

	return n >= k && !strcmp(s + n - k, suffix);
}

char *vz_str_word(const char **p, const char *seps)
{
	const char *s = *p + strspn(*p, seps);
	size_t n = strcspn(s, seps);

	*p = s + n;
	return n ? strndup(s, n) : NULL;
}

bool vz_str_has_word(const char *list, char sep, const char *word)
{
	size_t n = strlen(word);

	for (; list; list = strchr(list, sep), list = list ? list + 1 : NULL)
		if (!strncmp(list, word, n) && (!list[n] || list[n] == sep))
			return true;
	return false;
}

bool vz_str_has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 32 || *s == 127)
			return true;
	return false;
}

bool vz_str_is_component(const char *s)
{
	return *s && strcmp(s, ".") && strcmp(s, "..") && !strchr(s, '/');
}

uint64_t vz_str_hash(const void *data, size_t n, uint64_t seed)
{
	const unsigned char *p = data;
	uint64_t h = seed ? seed : 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}
