// SPDX-License-Identifier: GPL-2.0-or-later
/* The text of a manifest; see manifest.h. */
#include "cpt/manifest.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/checksum.h"

#include <ctype.h>

/* ---- facts as lines ---- */

enum kind { F_U32, F_U64, F_PID, F_TEXT, F_MAYBE /* a text, or NULL: no line */, F_BOOT };

struct fact {
	const char *key;
	size_t at;
	enum kind kind;
};
#define FACT(field) offsetof(struct vz_image_facts, field)

/* clang-format off */
static const struct fact facts_1[] = {
	{ "ctid",             FACT(ctid),             F_U32 },
	{ "name",             FACT(name),             F_MAYBE },
	{ "uuid",             FACT(uuid),             F_MAYBE },
	{ "layout",           FACT(layout),           F_TEXT },
	{ "criu",             FACT(criu),             F_U32 },
	{ "kernel",           FACT(kernel),           F_TEXT },
	{ "arch",             FACT(arch),             F_TEXT },
	{ "cpu",              FACT(cpu),              F_TEXT },
	{ "when",             FACT(when),             F_U64 },
	{ "tty",              FACT(tty),              F_MAYBE },
	{ "netdevs",          FACT(netdevs),          F_MAYBE },
	{ "state.init",       FACT(state.init),       F_PID },
	{ "state.start_time", FACT(state.start_time), F_U64 },
	{ "state.boot_id",    FACT(state.boot_id),    F_BOOT },
	{ "state.started_at", FACT(state.started_at), F_U64 },
	{ "state.uid",        FACT(state.uid),        F_U32 },
	{ "state.gid",        FACT(state.gid),        F_U32 },
	{ "state.features",   FACT(state.features),   F_U32 },
	{ "state.caps",       FACT(state.caps),       F_U64 },
	{ "state.dev",        FACT(state.dev),        F_U64 },
};

/* Every format that was ever written, by its number; each stays for ever. */
static const struct reader {
	unsigned format;
	const struct fact *facts;
	size_t n;
} readers[] = {
	{ 1, facts_1, ARRAY_LEN(facts_1) },
	{ 2, facts_1, ARRAY_LEN(facts_1) }, /* files without a checksum */
	{ 3, facts_1, ARRAY_LEN(facts_1) }, /* the packet filter in a file of its own */
};
/* clang-format on */
#define NEWEST (&readers[ARRAY_LEN(readers) - 1])

static bool is_text(const struct fact *f)
{
	return f->kind == F_TEXT || f->kind == F_MAYBE;
}

void vz_image_facts_free(struct vz_image_facts *f)
{
	for (size_t i = 0; i < NEWEST->n; i++)
		if (is_text(&NEWEST->facts[i]))
			free(*(char **)((char *)f + NEWEST->facts[i].at));
	memset(f, 0, sizeof(*f));
}

/* A line's border and a terminal's: all but printable ASCII is \xHH. */
static void add_text(struct vz_str *out, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < ' ' || c > '~' || c == '\\')
			vz_str_addf(out, "\\x%02x", c);
		else
			vz_str_addn(out, s, 1);
	}
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -EINVAL;
}

/* In place. -EINVAL for what add_text() does not write. */
static int read_text(char *s)
{
	char *to = s;

	for (; *s; s++) {
		int v;

		if (*s != '\\') {
			if (*s < ' ' || *s > '~')
				return -EINVAL;
			*to++ = *s;
			continue;
		}
		if (s[1] != 'x' || hex(s[2]) < 0 || hex(s[3]) < 0)
			return -EINVAL;
		v = hex(s[2]) << 4 | hex(s[3]);
		if (!v || (v >= ' ' && v <= '~' && v != '\\'))
			return -EINVAL;
		*to++ = (char)v;
		s += 3;
	}
	*to = 0;
	return 0;
}

static void write_fact(const struct fact *f, const struct vz_image_facts *facts, struct vz_str *out)
{
	const void *at = (const char *)facts + f->at;
	const char *text = is_text(f) ? *(char *const *)at : f->kind == F_BOOT ? at : NULL;
	uint64_t v = 0;

	if (f->kind == F_MAYBE && !text)
		return;
	vz_str_addf(out, "%s=", f->key);
	if (f->kind == F_U64)
		memcpy(&v, at, sizeof(v));
	else if (f->kind == F_U32)
		v = *(const uint32_t *)at;
	else if (f->kind == F_PID)
		v = (uint64_t)*(const pid_t *)at;
	if (is_text(f) || f->kind == F_BOOT)
		add_text(out, text ? text : "");
	else
		vz_str_addf(out, "%llu", (unsigned long long)v);
	vz_str_add(out, "\n");
}

static int read_fact(const struct fact *f, char *value, struct vz_image_facts *facts)
{
	void *at = (char *)facts + f->at;
	uint64_t max = f->kind == F_U64 ? UINT64_MAX : f->kind == F_PID ? INT32_MAX : UINT32_MAX, v;

	if (is_text(f) || f->kind == F_BOOT) {
		if (read_text(value) < 0)
			return -EINVAL;
		if (is_text(f))
			return (*(char **)at = strdup(value)) ? 0 : -ENOMEM;
		if (strlen(value) >= sizeof(facts->state.boot_id))
			return -EINVAL;
		memcpy(at, value, strlen(value) + 1);
		return 0;
	}
	if (vz_num_u64(value, max, &v) < 0)
		return -EINVAL;
	if (f->kind == F_U64)
		memcpy(at, &v, sizeof(v));
	else if (f->kind == F_PID)
		*(pid_t *)at = (pid_t)v;
	else
		*(uint32_t *)at = (uint32_t)v;
	return 0;
}

/* ---- files ---- */

void vz_manifest_free(struct vz_manifest *m)
{
	vz_image_facts_free(&m->facts);
	for (size_t i = 0; i < m->n; i++)
		free(m->v[i].name);
	free(m->v);
	*m = (struct vz_manifest){ 0 };
}

bool vz_manifest_is_name(const char *name)
{
	bool begins = true;

	if (strlen(name) > 255)
		return false;
	for (; *name; name++) {
		if (begins && (*name == '.' || *name == '/'))
			return false;
		begins = *name == '/';
		if (!begins && !isalnum((unsigned char)*name) && !strchr("._-", *name))
			return false;
	}
	return !begins;
}

int vz_manifest_add(struct vz_manifest *m, const char *name, uint64_t size, uint64_t sum)
{
	if (m->n == m->cap) {
		size_t cap = m->cap ? m->cap * 2 : 64;
		struct vz_manifest_file *v = reallocarray(m->v, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		m->v = v;
		m->cap = cap;
	}
	m->v[m->n] = (struct vz_manifest_file){ strdup(name), size, sum, false };
	if (!m->v[m->n].name)
		return -ENOMEM;
	m->n++;
	return 0;
}

int vz_manifest_add_unsummed(struct vz_manifest *m, const char *name, uint64_t size)
{
	int r = vz_manifest_add(m, name, size, 0);

	if (r >= 0)
		m->v[m->n - 1].unsummed = true;
	return r;
}

static int by_name(const void *a, const void *b)
{
	const struct vz_manifest_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void vz_manifest_sort(struct vz_manifest *m)
{
	qsort(m->v, m->n, sizeof(*m->v), by_name);
}

const struct vz_manifest_file *vz_manifest_find(const struct vz_manifest *m, const char *name)
{
	struct vz_manifest_file key = { .name = (char *)name };

	return m->n ? bsearch(&key, m->v, m->n, sizeof(*m->v), by_name) : NULL;
}

/* Older programs read what has checksums only, and nothing that they would leave out to the harm of the VPS. */
static unsigned format_for(const struct vz_manifest *m)
{
	if (vz_manifest_find(m, VZ_IMAGE_RULES))
		return 3;
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].unsummed)
			return 2;
	return 1;
}

static void add_file(const struct vz_manifest_file *f, struct vz_str *out)
{
	vz_str_addf(out, "file %llu ", (unsigned long long)f->size);
	if (f->unsummed)
		vz_str_addf(out, "- %s\n", f->name);
	else
		vz_str_addf(out, "%016llx %s\n", (unsigned long long)f->sum, f->name);
}

int vz_manifest_write(const struct vz_manifest *m, struct vz_str *out)
{
	size_t begin = out->len;

	vz_str_addf(out, VZ_MANIFEST_MAGIC "%u\n", format_for(m));
	for (size_t i = 0; i < NEWEST->n; i++)
		write_fact(&NEWEST->facts[i], &m->facts, out);
	for (size_t i = 0; i < m->n; i++)
		add_file(&m->v[i], out);
	if (!out->failed)
		vz_str_addf(out, "end %016llx\n",
			    (unsigned long long)vz_checksum(out->s + begin, out->len - begin));
	return out->failed ? -ENOMEM : 0;
}

/* ---- reading ---- */

#define END_LINE (sizeof("end 0123456789abcdef\n") - 1)

static int sum_of(const char *text, uint64_t *ret)
{
	return strlen(text) == 16 ? vz_num_base(text, 16, UINT64_MAX, ret) : -EINVAL;
}

/* SIZE CHECKSUM NAME; names ascend. */
static int read_file(const struct reader *rd, char *line, struct vz_manifest *m)
{
	char *size = strsep(&line, " "), *sum = strsep(&line, " ");
	bool unsummed = rd->format >= 2 && sum && !strcmp(sum, "-");
	uint64_t n, s;

	if (!sum || !line || vz_num_u64(size, INT64_MAX, &n) < 0 || (!unsummed && sum_of(sum, &s) < 0) ||
	    !vz_manifest_is_name(line) || (m->n && strcmp(m->v[m->n - 1].name, line) >= 0))
		return -EINVAL;
	return unsummed ? vz_manifest_add_unsummed(m, line, n) : vz_manifest_add(m, line, n, s);
}

/* KEY=VALUE lines, then file lines; p is one string. */
static int read_lines(const struct reader *rd, char *p, struct vz_manifest *m)
{
	uint32_t seen = 0;
	char *line, *rest;
	int r = 0;

	while (!r && (line = strsep(&p, "\n")) && *line) {
		size_t i = 0;

		if (!strncmp(line, "file ", 5)) {
			r = read_file(rd, line + 5, m);
			continue;
		}
		rest = line;
		line = strsep(&rest, "=");
		while (i < rd->n && strcmp(line, rd->facts[i].key))
			i++;
		if (!rest || m->n || i == rd->n || seen & 1u << i)
			return -EINVAL;
		seen |= 1u << i;
		r = read_fact(&rd->facts[i], rest, &m->facts);
	}
	for (size_t i = 0; !r && i < rd->n; i++)
		if (!(seen & 1u << i) && rd->facts[i].kind != F_MAYBE)
			r = -EINVAL;
	return r ? r : p && *p ? -EINVAL : 0;
}

static const struct reader *reader_of(uint32_t format)
{
	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		if (readers[i].format == format)
			return &readers[i];
	return NULL;
}

/* The number behind the magic; 0: this is no manifest. */
static uint32_t format_of(const char *text)
{
	const char *rest;
	char digits[12];
	uint32_t v;
	size_t n;

	if (!vz_str_prefix(text, VZ_MANIFEST_MAGIC, &rest))
		return 0;
	n = strcspn(rest, "\n");
	if (n >= sizeof(digits) || !rest[n])
		return 0;
	memcpy(digits, rest, n);
	digits[n] = 0;
	return vz_num_u32(digits, UINT32_MAX, &v) < 0 ? 0 : v;
}

static int is_whole(const char *text, size_t n)
{
	char sum[17];
	uint64_t v;

	if (n <= END_LINE || strncmp(text + n - END_LINE, "end ", 4) || text[n - 1] != '\n' ||
	    text[n - END_LINE - 1] != '\n')
		return -ENODATA;
	memcpy(sum, text + n - 17, 16);
	sum[16] = 0;
	return sum_of(sum, &v) < 0 || v != vz_checksum(text, n - END_LINE) ? -EUCLEAN : 0;
}

int vz_manifest_read(const char *text, size_t n, struct vz_manifest *ret, struct vz_err *e)
{
	autofree char *copy = NULL;
	automanifest m = { 0 };
	const struct reader *rd;
	uint32_t format;
	int r;

	if (n < END_LINE || memchr(text, 0, n))
		return vz_fail(e, VZ_RESTORE, 0, "it is no dump of a container");
	copy = strndup(text, n);
	if (!copy)
		return vz_oom(e);
	format = format_of(copy);
	if (!format)
		return vz_fail(e, VZ_RESTORE, 0, "it is no dump of a container");
	rd = reader_of(format);
	if (!rd)
		return vz_fail(e, VZ_RESTORE, 0, "its format is %u, made by a newer vzctl; this one reads up to %u",
			       format, NEWEST->format);
	r = is_whole(copy, n);
	if (r < 0)
		return vz_fail(e, VZ_RESTORE, 0, r == -ENODATA ? "its manifest is cut short" :
								 "its manifest is damaged");
	copy[n - END_LINE] = 0;
	r = read_lines(rd, strchr(copy, '\n') + 1, &m);
	if (r == -ENOMEM)
		return vz_oom(e);
	if (r < 0)
		return vz_fail(e, VZ_RESTORE, 0, "its manifest was not written by vzctl");
	m.facts.format = format;
	*ret = m;
	m = (struct vz_manifest){ 0 };
	return 0;
}
