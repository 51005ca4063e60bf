// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Documents from the table: option lines of --help, pieces of manual pages in roff, words for
 * completion. Prose around them is written by hand elsewhere.
 */
#include "base/err.h"
#include "base/own.h"
#include "base/str.h"
#include "param/types-internal.h"

/* ---- --help ---- */

void vz_emit_usage(FILE *out, enum vz_where verb)
{
	for (size_t i = 0; i < vz_nextras; i++)
		if (vz_extras[i].where & verb)
			fprintf(out, "   --%s%s%s\n", vz_extras[i].opt, vz_extras[i].arg ? " " : "",
				vz_extras[i].arg ? vz_extras[i].arg : "");
	for (size_t i = 0; i < vz_nparams; i++) {
		const struct vz_param *p = &vz_params[i];

		if (!p->opt || !(p->where & verb))
			continue;
		fputs("   ", out);
		if (p->short_opt)
			fprintf(out, "-%c, ", p->short_opt);
		fprintf(out, "--%s %s\n", p->opt, p->arg);
		if (vz_opt_del(p, verb))
			fprintf(out, "   --%s %s|all\n", p->opt_del, p->arg);
	}
}

/* ---- roff ---- */

void vz_emit_roff(FILE *out, const char *s)
{
	if (*s == '.' || *s == '\'')
		fputs("\\&", out);
	for (; *s; s++)
		if (*s == '\\')
			fputs("\\e", out);
		else if (*s == '-')
			fputs("\\-", out);
		else
			fputc(*s, out);
}

void vz_emit_text(FILE *out, const struct vz_param *p)
{
	vz_emit_roff(out, p->text);
	if (!(p->where & UNENFORCED) || !p->opt)
		return;
	if (p->why) {
		fputc(' ', out);
		vz_emit_roff(out, p->why);
	}
	fputs(p->where & COUNTED ? " The value is kept and shown, not enforced." :
				   " Kept and shown, not enforced in this version.", out);
}

static void roff_words(FILE *out, const char *words)
{
	for (const char *w = words; *w; w += strspn(w, "|")) {
		size_t n = strcspn(w, "|");

		fprintf(out, "%s%.*s", w == words ? "" : ", ", (int)n, w);
		w += n;
	}
}

/* What every row says beside its own sentences; `set`: also what matters to that verb alone. */
static void roff_facts(FILE *out, const struct vz_param *p, bool set)
{
	if (p->words) {
		fputs("\nWords: ", out);
		roff_words(out, p->words);
		fputc('.', out);
	}
	if (p->min || (p->max && p->max < INT32_MAX))
		fprintf(out, "\nFrom %llu to %llu.", (unsigned long long)p->min,
			(unsigned long long)p->max);
	if (p->dflt) {
		fputs("\nDefault: ", out);
		vz_emit_roff(out, p->dflt);
		fputc('.', out);
	}
	if (set && p->where & LIVE)
		fputs("\nTakes effect at once on a running container.", out);
	if (set && p->where & NEEDS_SAVE)
		fputs("\nNeeds \\fB\\-\\-save\\fR.", out);
	fputc('\n', out);
}

static void roff_option(FILE *out, const char *opt, const char *arg)
{
	fputs("\\fB\\-\\-", out);
	vz_emit_roff(out, opt);
	fputs("\\fR", out);
	if (arg) {
		fputs(" \\fI", out);
		vz_emit_roff(out, arg);
		fputs("\\fR", out);
	}
}

static void man_options(FILE *out, unsigned verb)
{
	for (size_t i = 0; i < vz_nextras; i++) {
		const struct vz_extra *x = &vz_extras[i];

		if (!(x->where & verb))
			continue;
		fputs(".TP\n", out);
		roff_option(out, x->opt, x->arg);
		fputc('\n', out);
		vz_emit_roff(out, x->text);
		fputc('\n', out);
	}
	for (size_t i = 0; i < vz_nparams; i++) {
		const struct vz_param *p = &vz_params[i];

		if (!p->opt || !(p->where & verb))
			continue;
		fputs(".TP\n", out);
		if (p->short_opt)
			fprintf(out, "\\fB\\-%c\\fR, ", p->short_opt);
		roff_option(out, p->opt, p->arg);
		if (vz_opt_del(p, verb)) {
			fputs(", ", out);
			roff_option(out, p->opt_del, p->arg);
			fputs("|\\fIall\\fR", out);
		}
		fputc('\n', out);
		vz_emit_text(out, p);
		roff_facts(out, p, verb == IN_SET);
	}
}

static void man_keys(FILE *out, bool global)
{
	for (size_t i = 0; i < vz_nparams; i++) {
		const struct vz_param *p = &vz_params[i];

		if (!p->key || !!(p->where & IN_GLOBAL) != global)
			continue;
		fprintf(out, ".TP\n\\fB%s\\fR=\"\\fI", p->key);
		vz_emit_roff(out, p->type->name);
		fputs("\\fR\"\n", out);
		vz_emit_text(out, p);
		roff_facts(out, p, false);
	}
}

static void man_columns(FILE *out)
{
	for (size_t i = 0; i < vz_nparams; i++) {
		const struct vz_param *p = &vz_params[i];

		if (!p->col.field)
			continue;
		fprintf(out, ".TP\n\\fB%s\\fR (%s)\n", p->col.field, p->col.title);
		vz_emit_text(out, p);
		fputc('\n', out);
	}
}

static void man_exits(FILE *out)
{
	for (int i = 0; i < 256; i++)
		if (vz_exit_text(i))
			fprintf(out, ".TP\n\\fB%d\\fR\n%s\n", i, vz_exit_text(i));
}

void vz_emit_man(FILE *out, const char *section)
{
	if (!strcmp(section, "options-set"))
		man_options(out, IN_SET);
	else if (!strcmp(section, "options-create"))
		man_options(out, IN_CREATE);
	else if (!strcmp(section, "ctid.conf"))
		man_keys(out, false);
	else if (!strcmp(section, "vz.conf"))
		man_keys(out, true);
	else if (!strcmp(section, "columns"))
		man_columns(out);
	else if (!strcmp(section, "exit-status"))
		man_exits(out);
}

/* ---- completion ---- */

void vz_emit_words(FILE *out, const char *what)
{
	unsigned verb = !strcmp(what, "set") ? IN_SET : !strcmp(what, "create") ? IN_CREATE : 0;

	for (size_t i = 0; i < vz_nextras; i++)
		if (vz_extras[i].where & verb)
			fprintf(out, "--%s\n", vz_extras[i].opt);
	for (size_t i = 0; i < vz_nparams; i++) {
		if (!(vz_params[i].where & verb) || !vz_params[i].opt)
			continue;
		fprintf(out, "--%s\n", vz_params[i].opt);
		if (vz_opt_del(&vz_params[i], verb))
			fprintf(out, "--%s\n", vz_params[i].opt_del);
	}
}

/* "a|b" as lines; switches: each with ":on" and ":off". */
static void put_words(FILE *out, const char *words, bool switches)
{
	for (const char *w = words; *w; w += strspn(w, "|")) {
		int n = (int)strcspn(w, "|");

		if (switches)
			fprintf(out, "%.*s:on\n%.*s:off\n", n, w, n, w);
		else
			fprintf(out, "%.*s\n", n, w);
		w += n;
	}
}

static void put_values(FILE *out, const struct vz_param *p)
{
	const char *words = p->words ? p->words : p->type->offers;

	put_words(out, words ? words : "@free", p->type->on_off);
}

void vz_emit_values(FILE *out, const char *what, const char *option)
{
	unsigned verb = !strcmp(what, "set") ? IN_SET : !strcmp(what, "create") ? IN_CREATE : 0;

	if (!vz_str_prefix(option, "--", &option))
		return;
	for (size_t i = 0; i < vz_nextras; i++) {
		const struct vz_extra *x = &vz_extras[i];

		if (!(x->where & verb) || !x->arg || strcmp(x->opt, option))
			continue;
		put_words(out, x->words ? x->words : x->kind == X_SAMPLE ? "@samples" : "@free", false);
	}
	for (size_t i = 0; i < vz_nparams; i++) {
		const struct vz_param *p = &vz_params[i];

		if (p->where & verb && (vz_str_eq(p->opt, option) || vz_str_eq(vz_opt_del(p, verb), option)))
			put_values(out, p);
	}
}
