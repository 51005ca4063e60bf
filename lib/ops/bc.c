// SPDX-License-Identifier: GPL-2.0-or-later
/* The beancounters as rows and as the legacy kernel's text; see bc.h. */
#include "ops/bc.h"
#include "base/num.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define FILE_MAX (16u << 20)
#define UNLIMITED_32 2147483647u /* what kernels of 32 bits wrote */

/* Rows of the legacy kernel's file (INTERFACE 5.3), which is not the order of the columns. */
static const char *const order[] = {
	"kmemsize", "lockedpages", "privvmpages", "shmpages", "dummy", "numproc", "physpages",
	"vmguarpages", "oomguarpages", "numtcpsock", "numflock", "numpty", "numsiginfo", "tcpsndbuf",
	"tcprcvbuf", "othersockbuf", "dgramrcvbuf", "numothersock", "dcachesize", "numfile", "dummy",
	"dummy", "dummy", "numiptent", "swappages",
};

static bool is_dummy(const char *name)
{
	return !strcmp(name, "dummy");
}

/* Where a counter's use and limit are. */
static const struct place {
	const char *name;
	size_t use;  /* in struct vz_counts */
	size_t pair; /* in struct vz_conf */
} places[] = {
#define COUNTER(place, KEY, word, ...) \
	{ #word, offsetof(struct vz_counts, word), offsetof(struct vz_conf, word) },
#include "param/counters.def"
};

static const struct place *find_place(const char *name)
{
	const struct place *p = places;

	while (strcmp(p->name, name) != 0)
		p++; /* tests/unit/test-vzubc.c has seen all */
	return p;
}

void vz_bcs_free(struct vz_bcs *b)
{
	free(b->v);
	*b = (struct vz_bcs){ 0 };
}

static struct vz_bc_row row_of(const char *name, const struct vz_list_item *it)
{
	const struct place *at = find_place(name);
	const struct vz_ppair *p = (const void *)((const char *)it->conf + at->pair);
	struct vz_bc_row row = { .use = *(const struct vz_counted *)(const void *)((const char *)&it->counts + at->use),
				 .barrier = p->set ? p->bar : VZ_UNLIMITED,
				 .limit = p->set ? p->lim : VZ_UNLIMITED };

	snprintf(row.name, sizeof(row.name), "%s", name);
	return row;
}

void vz_bc_of(const struct vz_list_item *item, struct vz_bc *ret)
{
	*ret = (struct vz_bc){ .id = item->id };
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (!is_dummy(order[i]))
			ret->rows[ret->n++] = row_of(order[i], item);
}

void vz_bc_of_host(struct vz_bc *ret)
{
	static const struct vz_conf nothing;
	struct vz_list_item host = { .conf = &nothing };

	vz_counts_none(&host.counts);
	vz_bc_of(&host, ret);
}

int vz_bc_read(const struct vz_host *host, struct vz_bcs *ret, struct vz_err *e)
{
	struct vz_list_query q = { .running = true, .need = VZ_LIST_COUNTS };
	autolist l = { 0 };
	autobcs b = { 0 };
	int r = vz_op_list(host, &q, &l, e);

	if (r < 0)
		return r;
	b.v = calloc(l.n + 1, sizeof(*b.v));
	if (!b.v)
		return vz_oom(e);
	for (; b.n < l.n; b.n++)
		vz_bc_of(&l.items[b.n], &b.v[b.n]);
	vz_bc_of_host(&b.v[b.n++]);
	*ret = b;
	b = (struct vz_bcs){ 0 };
	return 0;
}

/* ---- the text, written ---- */

static uint64_t as_number(uint64_t n)
{
	return n == VZ_UNCOUNTED ? 0 : n;
}

static void print_row(const char *whose, const struct vz_bc_row *row, struct vz_str *out)
{
	static const struct vz_bc_row unlimited = { .use = { VZ_UNCOUNTED, VZ_UNCOUNTED, VZ_UNCOUNTED },
						    .barrier = VZ_UNLIMITED, .limit = VZ_UNLIMITED };
	const struct vz_bc_row *r = row->use.held == VZ_UNCOUNTED ? &unlimited : row;

	vz_str_addf(out, "%s %-12s %20llu %20llu %20llu %20llu %20llu\n", whose, row->name,
		    (unsigned long long)as_number(r->use.held),
		    (unsigned long long)as_number(r->use.maxheld), (unsigned long long)r->barrier,
		    (unsigned long long)r->limit, (unsigned long long)as_number(r->use.failcnt));
}

static void print_dummy(const char *whose, struct vz_str *out)
{
	vz_str_addf(out, "%s %-12s %20u %20u %20u %20u %20u\n", whose, "dummy", 0u, 0u, 0u, 0u, 0u);
}

static const struct vz_bc_row *find_row(const struct vz_bc *b, const char *name)
{
	for (size_t i = 0; i < b->n; i++)
		if (!strcmp(b->rows[i].name, name))
			return &b->rows[i];
	return NULL;
}

static bool is_in_form(const char *name, enum vz_bc_form form)
{
	return form == VZ_BC_BEANCOUNTERS ? strcmp(name, "swappages") != 0 : !is_dummy(name);
}

static void print_one(const struct vz_bc *b, enum vz_bc_form form, struct vz_str *out)
{
	char whose[16] = "           ";

	if (form != VZ_BC_ROWS_ONLY)
		snprintf(whose, sizeof(whose), "%10u:", b->id);
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		const struct vz_bc_row *row = find_row(b, order[i]);

		if (!is_in_form(order[i], form))
			continue;
		if (row)
			print_row(whose, row, out);
		else
			print_dummy(whose, out);
		snprintf(whose, sizeof(whose), "%11s", "");
	}
}

void vz_bc_print(const struct vz_bcs *b, enum vz_bc_form form, struct vz_str *out)
{
	if (form != VZ_BC_ROWS_ONLY)
		vz_str_addf(out, "Version: 2.5\n%10s  %-12s %20s %20s %20s %20s %20s\n", "uid", "resource", "held",
			    "maxheld", "barrier", "limit", "failcnt");
	for (size_t i = 0; i < b->n; i++)
		print_one(&b->v[i], form, out);
}

/* ---- the text, read ---- */

struct reader {
	struct vz_bcs *to;
	size_t room;
	bool is_one; /* it has a version */
};

static struct vz_bc *add_bc(struct reader *in, unsigned id, bool unnamed)
{
	if (in->to->n == in->room) {
		struct vz_bc *more = realloc(in->to->v, (in->room * 2 + 8) * sizeof(*more));

		if (!more)
			return NULL;
		in->to->v = more;
		in->room = in->room * 2 + 8;
	}
	in->to->v[in->to->n] = (struct vz_bc){ .id = id, .unnamed = unnamed };
	return &in->to->v[in->to->n++];
}

static bool is_name(const char *word)
{
	size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyz");

	return n && !word[n] && n < VZ_BC_NAME;
}

static uint64_t limit_of(uint64_t n)
{
	return n == UNLIMITED_32 || n > VZ_UNLIMITED ? VZ_UNLIMITED : n;
}

/* "NAME HELD MAXHELD BARRIER LIMIT FAILCNT" */
static int parse_row(struct reader *in, char *const *word, size_t n)
{
	struct vz_bc *b = in->to->n ? &in->to->v[in->to->n - 1] : NULL;
	struct vz_bc_row row;
	uint64_t v[5];

	if (n != 6 || !is_name(word[0]) || is_dummy(word[0]))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		if (vz_num_u64(word[1 + i], UINT64_MAX, &v[i]) < 0)
			return 0;
	if (!b)
		b = add_bc(in, 0, true);
	if (!b)
		return -ENOMEM;
	row = (struct vz_bc_row){ .use = { v[0], v[1], v[4] }, .barrier = limit_of(v[2]), .limit = limit_of(v[3]) };
	snprintf(row.name, sizeof(row.name), "%s", word[0]);
	if (b->n < VZ_BC_ROWS)
		b->rows[b->n++] = row;
	return 0;
}

static int parse_text_line(struct reader *in, char *line, struct vz_err *e)
{
	char *words[8] = { NULL }, *word;
	size_t n = 0, first = 0;
	uint32_t id;

	while ((word = strsep(&line, " \t")))
		if (*word && n < ARRAY_LEN(words))
			words[n++] = word;
	if (!n)
		return 0;
	in->is_one = in->is_one || !strcmp(words[0], "Version:");
	if (!strcmp(words[0], "Version:"))
		return n == 2 && !strcmp(words[1], "2.5") ? 0 :
		       vz_fail(e, VZ_SYSTEM, 0, "unknown version: %.40s", n > 1 ? words[1] : "");
	if (words[0][strlen(words[0]) - 1] == ':') {
		words[0][strlen(words[0]) - 1] = 0;
		if (vz_num_u32(words[0], VZ_CTID_MAX, &id) < 0)
			return 0;
		if (!add_bc(in, id, false))
			return vz_oom(e);
		first = 1;
	}
	return parse_row(in, words + first, n - first) < 0 ? vz_oom(e) : 0;
}

/* To the end of file: a file of proc has no size. */
static int read_whole(const char *file, struct vz_str *text, struct vz_err *e)
{
	bool is_stdin = !strcmp(file, "-");
	autoclose int own = is_stdin ? -EBADF : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int fd = is_stdin ? STDIN_FILENO : own;
	char buf[16384];
	ssize_t n;

	if (fd < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot open %s", file);
	while ((n = read(fd, buf, sizeof(buf))) > 0 && text->len < FILE_MAX)
		vz_str_addn(text, buf, (size_t)n);
	if (n < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot read %s", file);
	if (n > 0)
		return vz_fail(e, VZ_SYSTEM, EFBIG, "cannot read %s", file);
	return text->failed ? vz_oom(e) : 0;
}

int vz_bc_load(const char *file, struct vz_bcs *ret, struct vz_err *e)
{
	autostr text = { 0 };
	autobcs b = { 0 };
	struct reader in = { .to = &b };
	char *line, *rest;
	int r = read_whole(file, &text, e);

	rest = text.s;
	while (r >= 0 && (line = strsep(&rest, "\n")))
		r = parse_text_line(&in, line, e);
	/* the output of a command that failed, perhaps: nobody shall take it for a host where all is well */
	if (r >= 0 && !in.is_one && !b.n)
		r = vz_fail(e, VZ_SYSTEM, 0, "no beancounters in %s", strcmp(file, "-") ? file : "standard input");
	if (r < 0)
		return r;
	*ret = b;
	b = (struct vz_bcs){ 0 };
	return 0;
}
