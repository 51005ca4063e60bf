/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings: a growing buffer, formatted allocation, splitting and small predicates. */
#ifndef VZ_BASE_STR_H
#define VZ_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A growing, always terminated string; { 0 } is empty. Out of memory is sticky: `failed` is set
 * and vz_str_take() returns NULL, so builders need no check one by one. */
struct vz_str {
	char *s;
	size_t len, cap;
	bool failed;
};

void vz_str_addn(struct vz_str *b, const char *s, size_t n);
void vz_str_add(struct vz_str *b, const char *s);
void vz_str_addf(struct vz_str *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void vz_str_addv(struct vz_str *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void vz_str_free(struct vz_str *b);
/* The text, to be freed by the caller ("" when nothing was added); NULL when memory ran out. */
char *vz_str_take(struct vz_str *b);
#define autostr __attribute__((cleanup(vz_str_free))) struct vz_str

/* printf into fresh memory; NULL when memory ran out. The caller frees. */
char *vz_fmt(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* True when s begins with prefix; *ret_rest (may be NULL) then points behind it. */
bool vz_str_prefix(const char *s, const char *prefix, const char **ret_rest);
bool vz_str_suffix(const char *s, const char *suffix);

/* Copies up to the next byte of `seps` (runs of separators count once, leading ones are skipped)
 * into fresh memory and moves *p behind it. NULL at the end. The caller frees. */
char *vz_str_word(const char **p, const char *seps);

/* True when the word stands in the list, whose words have a `sep` between them. */
bool vz_str_has_word(const char *list, char sep, const char *word);

/* True when s holds a control character (below 32, or 127). */
bool vz_str_has_control(const char *s);

/* True when s may be one component of a path: not empty, ".", ".." and without '/'. */
bool vz_str_is_component(const char *s);

/* FNV-1a, for names and cache keys; not for security. */
uint64_t vz_str_hash(const void *data, size_t n, uint64_t seed);

static inline bool vz_str_eq(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

#endif
