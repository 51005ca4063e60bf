// SPDX-License-Identifier: GPL-2.0-or-later
/* What this host has: memory, threads, and the sum of its CPUs. Reads the kernel's files, computes nothing else. */
#include "calc/calc.h"
#include "base/own.h"
#include "sys/file.h"

#include <ctype.h>
#include <fcntl.h>
#include <strings.h>

#define FILE_MAX (16u << 20) /* cpuinfo has a kB and more for each CPU */

/* The line "WORD : VALUE" that begins at s: where VALUE begins, or NULL. */
static const char *after_colon(const char *s, const char *word)
{
	size_t n = strlen(word);

	if (strncasecmp(s, word, n))
		return NULL;
	s += n + strspn(s + n, " \t");
	return *s == ':' ? s + 1 + strspn(s + 1, " \t") : NULL;
}

static const char *next_line(const char *s)
{
	s = strchr(s, '\n');
	return s ? s + 1 : NULL;
}

static uint64_t digits(const char **s)
{
	uint64_t v = 0;

	for (; isdigit((unsigned char)**s) && v < VZ_UNLIMITED / 16; (*s)++)
		v = v * 10 + (uint64_t)(**s - '0');
	return v;
}

/* "4800.07" in hundredths. */
static uint64_t hundredths(const char *s)
{
	uint64_t v = digits(&s) * 100;

	if (*s++ != '.' || !isdigit((unsigned char)*s))
		return v;
	v += (uint64_t)(*s - '0') * 10;
	return isdigit((unsigned char)s[1]) ? v + (uint64_t)(s[1] - '0') : v;
}

static void take_memory(const char *line, struct vz_node *n)
{
	const struct {
		const char *word;
		uint64_t *to;
	} words[] = { { "MemTotal", &n->ram }, { "SwapTotal", &n->swap }, { "LowTotal", &n->low } };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const char *v = after_colon(line, words[i].word);

		if (v)
			*words[i].to = digits(&v) << 10;
	}
}

static void take_power(const char *line, struct vz_node *n)
{
	const char *v = after_colon(line, "bogomips");

	n->power += v ? hundredths(v) * 25 : 0;
}

typedef void line_taker(const char *line, struct vz_node *n);

static int each_line(const char *proc, const char *file, line_taker *take, struct vz_node *n,
		     struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/%s", proc, file);
	autofree char *text = NULL;
	ssize_t r;

	if (!path)
		return vz_oom(e);
	r = vz_file_read(AT_FDCWD, path, FILE_MAX, &text);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, (int)-r, "Unable to read %s", path);
	for (const char *s = text; s && *s; s = next_line(s))
		take(s, n);
	return 0;
}

int vz_node_read(const char *proc, struct vz_node *ret, struct vz_err *e)
{
	struct vz_node n = { 0 };
	autofree char *threads = vz_fmt("%s/sys/kernel/threads-max", proc);
	int r;

	if (!threads)
		return vz_oom(e);
	r = each_line(proc, "meminfo", take_memory, &n, e);
	if (r >= 0)
		r = each_line(proc, "cpuinfo", take_power, &n, e);
	if (r < 0)
		return r;
	r = vz_file_number(threads, UINT32_MAX, &n.threads);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "Unable to read %s", threads);
	if (!n.ram)
		return vz_fail(e, VZ_SYSTEM, 0, "%s/meminfo tells no memory", proc);
	n.low = n.low ? n.low : n.ram;
	*ret = n;
	return 0;
}
