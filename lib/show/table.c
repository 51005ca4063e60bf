// SPDX-License-Identifier: GPL-2.0-or-later
/* Columns of text; see table.h. */
#include "show/table.h"
#include "base/context.h"

#include <errno.h>
#include <stdarg.h>

static int count_characters(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static void pad(struct vz_str *out, int n)
{
	while (n-- > 0)
		vz_str_addn(out, " ", 1);
}

void vz_table_cell(struct vz_table *t, const char *text, int width, bool cut)
{
	int want = width < 0 ? -width : width, have = count_characters(text);
	size_t len = strlen(text);

	for (; cut && have > want; have--) {
		do
			len--;
		while ((text[len] & 0xc0) == 0x80);
	}
	if (t->in_line)
		vz_str_addn(t->out, " ", 1);
	t->in_line = true;
	if (width > 0)
		pad(t->out, want - have);
	vz_str_addn(t->out, text, len);
	if (width < 0)
		pad(t->out, want - have);
}

void vz_table_cellf(struct vz_table *t, int width, const char *fmt, ...)
{
	autostr text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	vz_str_addv(&text, fmt, ap);
	va_end(ap);
	vz_table_cell(t, text.s ? text.s : "", width, false);
	t->out->failed |= text.failed;
}

void vz_table_end_line(struct vz_table *t)
{
	struct vz_str *out = t->out;

	while (!t->keep_blanks && out->len && out->s[out->len - 1] == ' ')
		out->s[--out->len] = 0;
	vz_str_add(out, "\n");
	t->in_line = false;
}

int vz_show_put(struct vz_str *text, FILE *to)
{
	int r = 0;

	if (text->failed)
		r = -ENOMEM;
	else if (text->len && (fwrite(text->s, 1, text->len, to) != text->len || fflush(to)))
		r = -errno;
	if (r < 0) {
		vz_unwritten(-r);
		clearerr(to);
	}
	vz_str_free(text);
	return r;
}
