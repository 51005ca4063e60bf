// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KEY="value" files, by the grammar of INTERFACE 3.1: read into a configuration, and changed in
 * place so that every line nobody asked to change stays as it is, byte for byte. The same files
 * are sourced by sh in action scripts; what is written here reads alike in both.
 */
#include "base/own.h"
#include "base/str.h"
#include "param/types-internal.h"
#include "sys/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#define FILE_MAX ((size_t)1 << 20)
#define KEY_MAX 512
#define BLANKS " \t\r\v\f"

/* One line taken apart; key and value point into the copy `buf`, which the caller frees. */
struct line {
	char *buf;
	char *key, *value;
	const char *wrong; /* why it cannot be parsed; key is then NULL */
};

/* n bytes without the newline. A comment or an empty line has neither key nor wrong. */
static int split(const char *s, size_t n, struct line *ret)
{
	struct line l = { .buf = malloc(n + 1) };
	char *w = l.buf, *p, *eq, *end;

	if (!l.buf)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\\' && ++i == n)
			break;
		*w++ = s[i];
	}
	while (w > l.buf && strchr(BLANKS, w[-1]))
		w--;
	*w = 0;
	p = l.buf + strspn(l.buf, BLANKS);
	*ret = l;
	if (!*p || *p == '#')
		return 0;
	eq = strchr(p, '=');
	if (!eq) {
		ret->wrong = "'=' not found";
		return 0;
	}
	if (eq - p >= KEY_MAX) {
		ret->wrong = "too long value";
		return 0;
	}
	*eq = 0;
	ret->value = eq + 1;
	if (*ret->value == '"') {
		end = strrchr(++ret->value, '"');
		if (!end) {
			ret->wrong = "unmatched quotes";
			return 0;
		}
		*end = 0;
	}
	ret->key = p;
	return 0;
}

/* A warning repeats bytes of the file; on a terminal control characters would act. */
static void complain(vz_conf_warn *warn, int level, char *line)
{
	if (!line || !warn)
		return;
	for (char *s = line; *s; s++)
		if ((unsigned char)*s < 32 || *s == 127)
			*s = '?';
	warn(level, line);
}

/* One key of a file. Only running out of memory is a failure. */
static int take(struct vz_conf *c, const struct line *l, const char *where, vz_conf_warn *warn)
{
	const struct vz_param *p = vz_param_by_key(l->key);
	autofree char *msg = NULL;
	struct vz_err why = { 0 };
	int r;

	if (!p) {
		msg = vz_fmt("Warning at %s: unknown parameter %s (\"%s\"), ignored", where, l->key,
			     l->value);
		complain(warn, 1, msg);
		return 0;
	}
	if (!p->type->list && !*l->value)
		return 0; /* KEY="" says nothing about a scalar */
	if (vz_param_is_set(p, c) && !p->type->list && !p->type->last_wins) {
		msg = vz_fmt("Warning at %s: duplicate for %s (\"%s\"), ignored", where, l->key,
			     l->value);
		complain(warn, 0, msg);
		return 0;
	}
	r = vz_conf_put(c, p, l->value, false, &why);
	if (r == -ENOMEM)
		return r;
	if (r == VZ_TAKEN_PARTLY && !p->type->list)
		msg = vz_fmt("Warning at %s: too large value for %s (\"%s\"), truncated", where,
			     l->key, l->value);
	else if (r == VZ_TAKEN_PARTLY)
		msg = vz_fmt("Warning at %s: invalid word in %s (\"%s\"), skipped%s%s", where,
			     l->key, l->value, why.msg[0] ? ": " : "", why.msg);
	else if (r < 0)
		msg = vz_fmt("Warning at %s: invalid value for %s (\"%s\"), skipped%s%s", where,
			     l->key, l->value, why.msg[0] ? ": " : "", why.msg);
	complain(warn, 0, msg);
	return 0;
}

int vz_conf_parse(const char *text, const char *name, struct vz_conf *ret, vz_conf_warn *warn)
{
	unsigned number = 0;

	for (const char *s = text; *s;) {
		size_t n = strcspn(s, "\n");
		autofree char *where = vz_fmt("%s:%u", name, ++number);
		autofree char *buf = NULL;
		struct line l;
		int r = where ? split(s, n, &l) : -ENOMEM;

		if (r < 0)
			return r;
		buf = l.buf;
		if (l.wrong) {
			autofree char *msg = vz_fmt("Warning: can't parse %s (%s), skipping", where,
						    l.wrong);

			complain(warn, 0, msg);
		} else if (l.key) {
			r = take(ret, &l, where, warn);
			if (r < 0)
				return r;
		}
		s += n + (s[n] == '\n');
	}
	return 0;
}

int vz_conf_lines(const char *text, int (*fn)(void *ctx, const char *key, const char *value),
		  void *ctx)
{
	for (const char *s = text; *s;) {
		size_t n = strcspn(s, "\n");
		autofree char *buf = NULL;
		struct line l = { 0 };
		int r = split(s, n, &l);

		buf = l.buf;
		if (!r && l.key)
			r = fn(ctx, l.key, l.value);
		if (r)
			return r;
		s += n + (s[n] == '\n');
	}
	return 0;
}

int vz_conf_load(const char *path, struct vz_conf *ret, vz_conf_warn *warn, struct vz_err *e)
{
	autofree char *text = NULL;
	ssize_t n = vz_file_read(AT_FDCWD, path, FILE_MAX, &text);
	int r;

	if (n < 0)
		return vz_fail(e, VZ_SYSTEM, (int)-n, "Unable to open %s", path);
	if (strlen(text) != (size_t)n) {
		autofree char *msg = vz_fmt("Warning: %s holds a zero byte, the rest is skipped",
					    path);

		complain(warn, 0, msg);
	}
	r = vz_conf_parse(text, path, ret, warn);
	return r < 0 ? vz_fail(e, VZ_RESOURCE, -r, "Unable to read %s", path) : 0;
}

/* ---- saving ---- */

/* The whole line of a key. Quotes, backslashes, backticks and dollars are escaped: our reader
 * drops every backslash, and sh must not run what is data. Paths hold no dollar but $VEID's. */
static int add_line(struct vz_str *out, const struct vz_param *p, const struct vz_conf *c,
		    struct vz_err *e)
{
	autofree char *text = vz_conf_text(c, p);
	const char *special = p->type == &vz_type_path ? "" : "\"\\`$";

	if (!text)
		return vz_oom(e);
	if (vz_str_has_control(text))
		return vz_fail(e, VZ_CONFIG_SAVE_ERROR, 0,
			       "The value of %s holds a control character", p->key);
	vz_str_addf(out, "%s=\"", p->key);
	for (const char *s = text; *s; s++) {
		if (strchr(special, *s))
			vz_str_add(out, "\\");
		vz_str_addn(out, s, 1);
	}
	vz_str_add(out, "\"");
	return 0;
}

/* The row whose new value takes the place of this line, or NULL. */
static const struct vz_param *line_row(const struct line *l, const struct vz_conf *changed)
{
	const struct vz_param *p = l->key ? vz_param_by_key(l->key) : NULL;

	p = p ? vz_param_saved_as(p) : NULL;
	return p && vz_param_is_set(p, changed) ? p : NULL;
}

/* The new content. `done` has one flag per row. */
static int rewrite(const char *old, const struct vz_conf *changed, bool *done,
		   struct vz_str *out, struct vz_err *e)
{
	for (const char *s = old; *s;) {
		size_t n = strcspn(s, "\n"), whole = n + (s[n] == '\n');
		autofree char *buf = NULL;
		const struct vz_param *p;
		struct line l;
		int r = split(s, n, &l);

		if (r < 0)
			return vz_oom(e);
		buf = l.buf;
		p = line_row(&l, changed);
		if (!p) {
			vz_str_addn(out, s, whole);
		} else if (!done[p - vz_params]) {
			done[p - vz_params] = true;
			r = add_line(out, p, changed, e);
			if (r < 0)
				return r;
			vz_str_addn(out, s + n, whole - n);
		}
		s += whole;
	}
	for (size_t i = 0; i < vz_nparams; i++) {
		const struct vz_param *p = &vz_params[i];
		int r;

		if (!p->key || done[i] || vz_param_saved_as(p) != p || !vz_param_is_set(p, changed))
			continue;
		if (out->len && out->s[out->len - 1] != '\n')
			vz_str_add(out, "\n");
		r = add_line(out, p, changed, e);
		if (r < 0)
			return r;
		vz_str_add(out, "\n");
	}
	return 0;
}

int vz_conf_save(const char *path, const struct vz_conf *changed, bool *ret_changed,
		 struct vz_err *e)
{
	autofree char *real = realpath(path, NULL), *old = NULL, *text = NULL;
	autofree bool *done = calloc(vz_nparams, sizeof(*done));
	autostr out = { 0 };
	struct stat st = { .st_mode = 0644 };
	ssize_t n = 0;
	size_t len;
	int r;

	if (!real && (errno != ENOENT || !lstat(path, &st)))
		return vz_fail(e, VZ_CONFIG_SAVE_ERROR, errno ? errno : ENOENT,
			       "Unable to save %s", path);
	if (real && stat(real, &st) < 0)
		return vz_fail(e, VZ_CONFIG_SAVE_ERROR, errno, "Unable to save %s", path);
	if (real)
		n = vz_file_read(AT_FDCWD, real, FILE_MAX, &old);
	if (n < 0)
		return vz_fail(e, VZ_CONFIG_SAVE_ERROR, (int)-n, "Unable to read %s", path);
	if (old && strlen(old) != (size_t)n)
		return vz_fail(e, VZ_CONFIG_SAVE_ERROR, 0, "%s holds a zero byte", path);
	if (!done)
		return vz_oom(e);
	r = rewrite(old ? old : "", changed, done, &out, e);
	if (r < 0)
		return r;
	len = out.len;
	text = vz_str_take(&out);
	if (!text)
		return vz_oom(e);
	if (ret_changed)
		*ret_changed = !old || strcmp(old, text);
	if (old && !strcmp(old, text))
		return 0;
	r = vz_file_replace(real ? real : path, text, len, st.st_mode & 0777, true);
	return r < 0 ? vz_fail(e, VZ_CONFIG_SAVE_ERROR, -r, "Unable to save %s", path) : 0;
}
