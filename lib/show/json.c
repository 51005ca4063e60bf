// SPDX-License-Identifier: GPL-2.0-or-later
/* JSON (RFC 8259); see json.h. */
#include "show/json.h"
#include "base/escape.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD, for bytes that are not UTF-8 */

static void put_char(struct vz_str *out, unsigned char c)
{
	static const char named[][2] = { { '\b', 'b' }, { '\f', 'f' }, { '\n', 'n' }, { '\r', 'r' },
					 { '\t', 't' }, { '"', '"' },  { '\\', '\\' } };

	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++)
		if (c == named[i][0]) {
			vz_str_addn(out, (const char[]){ '\\', named[i][1] }, 2);
			return;
		}
	vz_str_addf(out, "\\u%04x", c);
}

/* How many bytes a text begins with that stand in a string as they are. */
static size_t unescaped(const char *s)
{
	size_t n = 0, len;

	for (;; n += len) {
		unsigned char c = (unsigned char)s[n];

		len = c < 0x80 ? c >= ' ' && c != '"' && c != '\\' : vz_utf8_len(s + n);
		if (!len)
			return n;
	}
}

static void put_string(struct vz_str *out, const char *s)
{
	vz_str_addn(out, "\"", 1);
	for (;;) {
		size_t n = unescaped(s);

		vz_str_addn(out, s, n);
		s += n;
		if (!*s)
			break;
		if ((unsigned char)*s < 0x80)
			put_char(out, (unsigned char)*s);
		else
			vz_str_add(out, REPLACEMENT);
		s++;
	}
	vz_str_addn(out, "\"", 1);
}

/* The innermost; one that is too deep shares the last place, and the text is void then. */
static struct vz_json_level *innermost(struct vz_json *j)
{
	return &j->level[(j->depth < VZ_JSON_DEPTH ? j->depth : VZ_JSON_DEPTH) - 1];
}

static void begin_line(struct vz_json *j, unsigned depth)
{
	static const char line[] = "\n                ";
	_Static_assert(sizeof(line) == 1 + 2 * VZ_JSON_DEPTH + 1, "two blanks for each level");

	vz_str_addn(j->out, line, 1 + 2 * (depth < VZ_JSON_DEPTH ? depth : VZ_JSON_DEPTH));
}

/* What stands before a member of the innermost array or object. */
static void begin_member(struct vz_json *j)
{
	struct vz_json_level *l = innermost(j);

	if (l->any)
		vz_str_add(j->out, ",");
	if (l->layout == VZ_JSON_LINES)
		begin_line(j, j->depth);
	else if (l->any || l->layout == VZ_JSON_SPACED)
		vz_str_add(j->out, " ");
	l->any = true;
}

static void begin_value(struct vz_json *j)
{
	if (j->depth && !j->has_key)
		begin_member(j);
	j->has_key = false;
}

static void begin_level(struct vz_json *j, const char brackets[static 2], enum vz_json_layout layout)
{
	begin_value(j);
	vz_str_addn(j->out, brackets, 1);
	j->out->failed |= ++j->depth > VZ_JSON_DEPTH;
	*innermost(j) = (struct vz_json_level){ .layout = layout, .end = brackets[1] };
}

void vz_json_array(struct vz_json *j, enum vz_json_layout layout)
{
	begin_level(j, "[]", layout);
}

void vz_json_object(struct vz_json *j, enum vz_json_layout layout)
{
	begin_level(j, "{}", layout);
}

void vz_json_end(struct vz_json *j)
{
	const struct vz_json_level *l = innermost(j);

	j->depth--;
	if (l->layout == VZ_JSON_LINES)
		begin_line(j, j->depth);
	else if (l->layout == VZ_JSON_SPACED)
		vz_str_add(j->out, " ");
	vz_str_addn(j->out, &l->end, 1);
	if (!j->depth)
		vz_str_add(j->out, "\n");
}

void vz_json_key(struct vz_json *j, const char *key)
{
	begin_member(j);
	put_string(j->out, key);
	vz_str_add(j->out, ": ");
	j->has_key = true;
}

void vz_json_text(struct vz_json *j, const char *text)
{
	if (!text) {
		vz_json_literal(j, "null");
		return;
	}
	begin_value(j);
	put_string(j->out, text);
}

void vz_json_member(struct vz_json *j, const char *key, const char *text)
{
	vz_json_key(j, key);
	vz_json_text(j, text);
}

void vz_json_number(struct vz_json *j, uint64_t n)
{
	begin_value(j);
	vz_str_addf(j->out, "%llu", (unsigned long long)n);
}

void vz_json_bool(struct vz_json *j, bool yes)
{
	vz_json_literal(j, yes ? "true" : "false");
}

void vz_json_literal(struct vz_json *j, const char *word)
{
	begin_value(j);
	vz_str_add(j->out, word);
}
