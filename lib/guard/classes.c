// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of network classes; see classes.h. */
#include "guard/classes.h"
#include "base/ip.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/ct.h"
#include "guard/guard-internal.h"
#include "sys/bpf.h"
#include "sys/file.h"

#include <fcntl.h>
#include <linux/bpf.h>

#define CLASSES_FILE VZ_CT_CONF_DIR "/networks_classes"
#define FILE_SIZE_MAX (8u << 20)
#define FAMILY_BITS 8

struct entry {
	struct vz_class_key key;
	uint32_t class;
	size_t line;
};

void vz_classes_free(struct vz_classes *c)
{
	free(c->keys);
	free(c->values);
	*c = (struct vz_classes){ 0 };
}

static void make_key(const struct vz_ip *net, struct vz_class_key *ret)
{
	*ret = (struct vz_class_key){ .prefix = FAMILY_BITS + net->prefix,
				      .family = net->family == AF_INET ? 4 : 6 };
	memcpy(ret->addr, net->bytes, net->prefix / 8);
	if (net->prefix % 8)
		ret->addr[net->prefix / 8] = net->bytes[net->prefix / 8] &
					     (uint8_t)(0xff00 >> net->prefix % 8);
}

/* 1: *ret is filled. 0: nothing on this line. */
static int parse_line(const char *line, struct entry *ret)
{
	autofree char *class = vz_str_word(&line, " \t\r");
	autofree char *net = vz_str_word(&line, " \t\r");
	autofree char *more = vz_str_word(&line, " \t\r");
	struct vz_ip ip;
	uint64_t v;

	if (!class)
		return 0;
	if (!net || more || vz_num_u64(class, VZ_CLASSES - 1, &v) < 0 || vz_ip_parse(net, &ip) < 0)
		return -EINVAL;
	make_key(&ip, &ret->key);
	ret->class = (uint32_t)v;
	return 1;
}

static int cmp_keys(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct vz_class_key));
}

static int cmp_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int r = cmp_keys(&x->key, &y->key);

	return r ? r : (x->line > y->line) - (x->line < y->line);
}

/* Sorted entries into the two arrays the kernel wants. */
static int split(const struct entry *v, size_t n, struct vz_classes *ret)
{
	struct vz_classes c = { calloc(n + 1, sizeof(*c.keys)), calloc(n + 1, sizeof(*c.values)), 0 };

	if (!c.keys || !c.values) {
		vz_classes_free(&c);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n && !cmp_keys(&v[i].key, &v[i + 1].key))
			continue;
		c.keys[c.n] = v[i].key;
		c.values[c.n++] = v[i].class;
	}
	*ret = c;
	return 0;
}

int vz_classes_parse(char *text, struct vz_classes *ret, struct vz_err *e)
{
	autofree struct entry *v = NULL;
	size_t n = 0, cap = 0, number = 0;
	int bad = 0, r;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		struct entry found = { .line = ++number };

		line[strcspn(line, "#")] = 0;
		r = parse_line(line, &found);
		if (r < 0 && !bad++)
			(void)vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
				      "line %zu is not \"CLASS NETWORK/LENGTH\"", number);
		if (r <= 0)
			continue;
		if (n == VZ_GUARD_MAX_CLASSES)
			return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, E2BIG, "more than %d networks",
				       VZ_GUARD_MAX_CLASSES);
		if (n == cap) {
			struct entry *more = realloc(v, (cap = cap ? 2 * cap : 64) * sizeof(*v));

			if (!more)
				return vz_oom(e);
			v = more;
		}
		v[n++] = found;
	}
	if (n)
		qsort(v, n, sizeof(*v), cmp_entries);
	r = split(v, n, ret);
	return r < 0 ? vz_oom(e) : bad;
}

/* New networks come before old ones go, so that none is without its class in between. */
static int replace(int map, const struct vz_classes *c)
{
	autofree struct vz_class_key *old = calloc(VZ_GUARD_MAX_CLASSES, sizeof(*old));
	size_t n = 0;
	int r = 0;

	if (!old)
		return -ENOMEM;
	while (n < VZ_GUARD_MAX_CLASSES && !vz_bpf_next(map, n ? &old[n - 1] : NULL, &old[n]))
		n++;
	for (size_t i = 0; i < c->n && r >= 0; i++)
		r = vz_bpf_update(map, &c->keys[i], &c->values[i], BPF_ANY);
	for (size_t i = 0; i < n && r >= 0; i++)
		if (!c->n || !bsearch(&old[i], c->keys, c->n, sizeof(*c->keys), cmp_keys))
			(void)vz_bpf_delete(map, &old[i]);
	return r;
}

/* strict: a bad line leaves the table as it is. */
static int fill_classes(int map, bool strict, struct vz_err *e)
{
	autofree char *text = NULL;
	autoclasses c = { 0 };
	ssize_t n;
	int r;

	n = vz_file_read(AT_FDCWD, CLASSES_FILE, FILE_SIZE_MAX, &text);
	if (n < 0 && n != -ENOENT)
		return vz_fail(e, VZ_SYSTEM, (int)-n, "cannot read %s", CLASSES_FILE);
	r = n < 0 ? 0 : vz_classes_parse(text, &c, e);
	if (r > 0 && strict)
		r = -EINVAL;
	if (r < 0)
		return vz_within(e, r, "%s", CLASSES_FILE);
	r = replace(map, &c);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot fill the table of network classes") : 0;
}

int vz_classes_reload(struct vz_err *e)
{
	bool loaded = false;
	autoclose int map = vz_guard_map_or_load(VZ_MAP_CLASSES, &loaded, e);

	if (map < 0)
		return map;
	if (loaded)
		(void)fill_classes(map, false, NULL);
	return fill_classes(map, true, e);
}

void vz_classes_first(void)
{
	autoclose int map = vz_guard_map(VZ_MAP_CLASSES, NULL);

	if (map >= 0)
		(void)fill_classes(map, false, NULL);
}
