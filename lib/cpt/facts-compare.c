// SPDX-License-Identifier: GPL-2.0-or-later
/* Two hosts beside each other: a row for each thing that may stand between them; see facts.h. */
#include "base/escape.h"
#include "base/ip.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/cpu.h"
#include "cpt/facts.h"

#include <stdarg.h>
#include <stdio.h>

struct comparison {
	const struct vz_cpt_need *need;
	const char *here, *there; /* the facts */
	char object[240];
};

char *vz_cpt_fact(const char *facts, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = facts; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (!strncmp(p, key, n) && p[n] == '=')
			return strndup(p + n + 1, strcspn(p + n + 1, "\n"));
	}
	return NULL;
}

static bool found(struct comparison *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool found(struct comparison *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(c->object, sizeof(c->object), fmt, ap);
	va_end(ap);
	vz_escape_plain(c->object);
	return true;
}

static uint64_t number_of(const char *facts, const char *key, uint64_t otherwise)
{
	autofree char *text = vz_cpt_fact(facts, key);
	uint64_t v;

	return text && vz_num_u64(text, UINT64_MAX, &v) >= 0 ? v : otherwise;
}

/* Is the word in the list of a key? */
static bool lists(const char *facts, const char *key, const char *word)
{
	autofree char *text = vz_cpt_fact(facts, key);

	return text && vz_str_has_word(text, ' ', word);
}

/* ---- a function for each row: true, and c->object, when it stands between ---- */

static bool look_machine(struct comparison *c)
{
	autofree char *here = vz_cpt_fact(c->here, "machine"), *there = vz_cpt_fact(c->there, "machine");

	return (!here || !there || strcmp(here, there)) &&
	       found(c, "%s, not %s", there ? there : "unknown", here ? here : "unknown");
}

static bool look_cpu(struct comparison *c)
{
	autofree char *here = vz_cpt_fact(c->here, "cpu"), *there = vz_cpt_fact(c->there, "cpu");
	autofree char *missing = vz_cpu_missing(here ? here : "", there ? there : "");

	return (!missing || *missing) && found(c, "its CPU lacks %s", missing ? missing : "what cannot be told");
}

static bool look_criu(struct comparison *c)
{
	autofree char *why = vz_cpt_fact(c->there, "criu.why");

	return !number_of(c->there, "criu", 0) && found(c, "%s", why && *why ? why : "there is no CRIU");
}

static bool look_criu_older(struct comparison *c)
{
	uint64_t here = number_of(c->here, "criu", 0), there = number_of(c->there, "criu", 0);

	return here && there && there < here && found(c, "CRIU %llu.%llu.%llu, older than %llu.%llu.%llu here",
		(unsigned long long)there / 10000, (unsigned long long)there / 100 % 100, (unsigned long long)there % 100,
		(unsigned long long)here / 10000, (unsigned long long)here / 100 % 100, (unsigned long long)here % 100);
}

static bool look_kernel(struct comparison *c)
{
	autofree char *here = vz_cpt_fact(c->here, "kernel"), *there = vz_cpt_fact(c->there, "kernel");
	unsigned a[2] = { 0 }, b[2] = { 0 };

	if (!here || !there || sscanf(here, "%u.%u", &a[0], &a[1]) != 2 || sscanf(there, "%u.%u", &b[0], &b[1]) != 2)
		return false;
	return (b[0] < a[0] || (b[0] == a[0] && b[1] < a[1])) && found(c, "Linux %s, older than %s here", there, here);
}

static bool look_layout(struct comparison *c)
{
	return c->need->layout && !lists(c->there, "layouts", c->need->layout) &&
	       found(c, "layout %s cannot be had there", c->need->layout);
}

static bool look_room(struct comparison *c, const char *key, uint64_t need, const char *what)
{
	uint64_t have = number_of(c->there, key, UINT64_MAX);

	return have < need && found(c, "%llu MiB of %s are free, %llu are needed", (unsigned long long)have >> 20, what,
				    (unsigned long long)(need >> 20) + 1);
}

static bool look_ram(struct comparison *c)
{
	return look_room(c, "ram.free", c->need->ram, "memory");
}

static bool look_disk(struct comparison *c)
{
	return look_room(c, "disk.free", c->need->disk, "disk");
}

/* All of its memory lies there for a moment. */
static bool look_dump(struct comparison *c)
{
	return look_room(c, "dump.free", c->need->ram, "disk for the dump");
}

static bool look_number(struct comparison *c, const char *key, unsigned number, const char *what)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	return number && lists(c->there, key, text) && found(c, "%s %u is in use there", what, number);
}

static bool look_ctid(struct comparison *c)
{
	return look_number(c, "ctids", c->need->ctid, "CT");
}

static bool look_ips(struct comparison *c)
{
	for (size_t i = 0; i < c->need->ips.n; i++) {
		char text[VZ_IP_TEXT];

		if (lists(c->there, "ips", vz_ip_text(&c->need->ips.v[i], text)))
			return found(c, "%s is in use there", text);
	}
	return false;
}

static bool look_inotify(struct comparison *c)
{
	autofree char *there = vz_cpt_fact(c->there, "inotify");

	return there && !strcmp(there, "no") && found(c, "root can make no inotify instance, which CRIU needs");
}

static bool look_lower(struct comparison *c, const char *key)
{
	uint64_t here = number_of(c->here, key, 0), there = number_of(c->there, key, UINT64_MAX);

	return there < here && found(c, "%s is %llu, %llu here", key + sizeof("sysctl.") - 1, (unsigned long long)there,
				     (unsigned long long)here);
}

static bool look_instances(struct comparison *c)
{
	return look_lower(c, "sysctl.fs.inotify.max_user_instances");
}

static bool look_watches(struct comparison *c)
{
	return look_lower(c, "sysctl.fs.inotify.max_user_watches");
}

static bool look_pipes(struct comparison *c)
{
	return look_lower(c, "sysctl.fs.pipe-max-size");
}

static bool look_userfault(struct comparison *c)
{
	return look_lower(c, "sysctl.vm.unprivileged_userfaultfd");
}

/* clang-format off */
static const struct row {
	const char *key;
	enum vz_cpt_weight weight;
	bool restore; /* of no account for a VPS that does not run */
	bool (*look)(struct comparison *c);
	const char *remedy;
} rows[] = {
	{ "machine", VZ_CPT_REFUSES, false, look_machine, "choose a host of the same architecture" },
	{ "cpu", VZ_CPT_REFUSES, true, look_cpu, "choose a host whose CPU has them, or stop the container and move it then" },
	{ "criu", VZ_CPT_REFUSES, true, look_criu, "tools/get-criu on that host" },
	{ "criu", VZ_CPT_REFUSES, true, look_criu_older, "tools/get-criu on that host, so that both have the same" },
	{ "kernel", VZ_CPT_WARNS, true, look_kernel, "move to a host with the same kernel or a newer one" },
	{ "layouts", VZ_CPT_REFUSES, false, look_layout, "vzctl check on that host tells what the layout needs" },
	{ "ram.free", VZ_CPT_REFUSES, true, look_ram, "choose a host with more, or move others away" },
	{ "disk.free", VZ_CPT_REFUSES, false, look_disk, "make room there" },
	{ "dump.free", VZ_CPT_REFUSES, true, look_dump, "make room there, or set DUMPDIR in its vz.conf" },
	{ "ctids", VZ_CPT_REFUSES, false, look_ctid, "choose another id for it there" },
	{ "ips", VZ_CPT_REFUSES, false, look_ips, "take the address from the one there, or from this one" },
	{ "inotify", VZ_CPT_REFUSES, true, look_inotify, "raise fs.inotify.max_user_instances there" },
	{ "sysctl.fs.inotify.max_user_instances", VZ_CPT_WARNS, true, look_instances, "set it to the same there" },
	{ "sysctl.fs.inotify.max_user_watches", VZ_CPT_WARNS, true, look_watches, "set it to the same there" },
	{ "sysctl.fs.pipe-max-size", VZ_CPT_WARNS, true, look_pipes, "set it to the same there" },
	{ "sysctl.vm.unprivileged_userfaultfd", VZ_CPT_WARNS, true, look_userfault, "set it to the same there" },
};
/* clang-format on */

int vz_cpt_facts_compare(const struct vz_cpt_need *need, const char *here, const char *there,
			 vz_cpt_gap_each *each, void *arg)
{
	struct comparison c = { .need = need, .here = here, .there = there };
	int refusing = 0;

	if (number_of(there, "facts", 0) != 1 || strlen(there) > VZ_CPT_FACTS_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct vz_cpt_gap gap = { rows[i].key, rows[i].weight, c.object, rows[i].remedy };

		if ((rows[i].restore && need->stopped) || !rows[i].look(&c))
			continue;
		each(&gap, arg);
		refusing += rows[i].weight == VZ_CPT_REFUSES;
	}
	return refusing;
}
