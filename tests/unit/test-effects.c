// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of what parameters do is whole: no parameter has an effect that a start, a restore or a set forgets. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "apply/effects.h"
#include "apply/modules.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "distro/dist-run.h"
#include "sys/file.h"
#include "unit.h"

static const struct vz_effect *row_of(unsigned bit, size_t *ret_n)
{
	const struct vz_effect *found = NULL;

	*ret_n = 0;
	for (const struct vz_effect *row = vz_effects; row->bit; row++)
		if (row->bit & bit) {
			found = row;
			++*ret_n;
		}
	return found;
}

static unsigned phases_of(const struct vz_effect *row)
{
	unsigned due = 0;

	for (int phase = 0; phase < VZ_START_PHASES; phase++)
		due |= row->start[phase] ? 1u << phase : 0;
	due |= row->limits ? 1u << VZ_START_GROUP : 0;
	return due | (row->distro ? 1u << VZ_START_DISTRO : 0);
}

/* What a row leaves out at a restore has its reason, and nothing else has one. */
static int check_restore(const struct vz_effect *row)
{
	const unsigned phases = phases_of(row);
	struct vz_cg_limits l = { 0 };
	int bad = 0;

	if (phases & ~row->restore && !row->not_restored)
		bad += printf("effect %#x: lost at a restore, and no reason why\n", row->bit);
	if (!(phases & ~row->restore) && row->not_restored)
		bad += printf("effect %#x: a reason for what is not so\n", row->bit);
	if (row->restore & ~phases)
		bad += printf("effect %#x: restored in a phase in which it does nothing\n", row->bit);
	if (row->limits)
		row->limits(&(struct vz_conf){ .numproc = { .set = true }, .physpages = { .set = true },
					       .cpuunits = { .set = true }, .cpulimit = { .set = true } }, &l);
	if (row->late & ~l.has)
		bad += printf("effect %#x: comes late with a limit that it has not\n", row->bit);
	return bad;
}

static int check_row(const struct vz_effect *row)
{
	const unsigned phases = phases_of(row);
	int bad = 0;

	if (row->bit & (row->bit - 1))
		bad += printf("effect %#x: more than one bit\n", row->bit);
	if (!phases)
		bad += printf("effect %#x: lost at every start\n", row->bit);
	if (!row->live && !row->distro)
		bad += printf("effect %#x: set on a running VPS does nothing\n", row->bit);
	if (row->bare & ~phases)
		bad += printf("effect %#x: bare in a phase in which it does nothing\n", row->bit);
	if (!row->what == !row->to_do)
		bad += printf("effect %#x: not one sentence for a stopped VPS\n", row->bit);
	if (row->partly && !(phases & 1u << VZ_START_GROUP))
		bad += printf("effect %#x: held partly, by no group\n", row->bit);
	if (row->limits && !row->live)
		bad += printf("effect %#x: a limit only at a start\n", row->bit);
	return bad;
}

static void rows(void)
{
	unsigned seen = 0;

	for (const struct vz_effect *row = vz_effects; row->bit; row++) {
		CHECK_INT(check_row(row) + check_restore(row), 0);
		CHECK_INT(seen & row->bit, 0);
		seen |= row->bit;
	}
	for (size_t i = 0; i < vz_nparams; i++) {
		const struct vz_param *p = &vz_params[i];

		for (unsigned bit = 1; bit && p->apply; bit <<= 1) {
			size_t n;

			if (!(p->apply & bit))
				continue;
			if (!row_of(bit, &n) || n != 1)
				printf("%s: its effect has %zu rows\n", p->key ? p->key : p->opt, n);
			CHECK_INT(n, 1);
			seen &= ~bit;
		}
	}
	CHECK_INT(seen, 0); /* a row of no parameter */
}

static void derived(void)
{
	const struct vz_conf c = { .ip_address = { .set = true }, .netdev = { .set = true } };
	const struct vz_conf h = { .hostname = { .set = true }, .kmemsize = { .set = true } };
	const struct vz_conf none = { 0 };

	CHECK_INT(vz_effects_of(&none), 0);
	CHECK_INT(vz_effects_of(&c), APPLY_NET | APPLY_NETDEV);
	CHECK_INT(vz_effects_distro(vz_effects, vz_effects_of(&c)), VZ_DIST_IP);
	CHECK_INT(vz_effects_distro(vz_effects, APPLY_NETDEV | APPLY_CPU), 0);
	CHECK_INT(vz_effects_distro(vz_effects, vz_effects_of(&h)), VZ_DIST_HOSTNAME);
	CHECK_INT(vz_effects_distro(vz_effects, ~0u), VZ_DIST_ALL);
}

static void put(const char *top, const char *file, const char *text)
{
	autofree char *path = vz_fmt("%s/%s", top, file), *dir = strdup(path);

	*strrchr(dir, '/') = 0;
	CHECK(vz_mkdir_p(dir, 0755) >= 0);
	CHECK(vz_file_replace(path, text, strlen(text), 0644, false) >= 0);
}

static const char *get(const char *top, const char *file)
{
	static char buf[64];
	autofree char *path = vz_fmt("%s/%s", top, file);
	ssize_t r = vz_file_read_buf(AT_FDCWD, path, buf, sizeof(buf));

	return r < 0 ? "(no file)" : buf;
}

/* What a phase of a restore does and leaves to the image; a directory stands for the control groups. */
static void restored(void)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	char top[] = "/tmp/vz-effects-XXXXXX";
	char name[] = "a.example";
	struct vz_ct ct = { .id = 101, .conf.numproc = { .set = true, .lim = 55 },
			    .conf.hostname = { .set = true, .v = name } };
	struct vz_spec spec = { 0 };
	struct vz_starting s = { .ct = &ct, .spec = &spec, .restore = true };
	struct vz_err e = { 0 };

	CHECK(mkdtemp(top));
	put(top, "unified/vz/101/cgroup.max.descendants", "max");
	put(top, "unified/vz/101/cgroup.max.depth", "max");
	put(top, "pids/vz/101/pids.max", "");
	put(top, "devices/vz/101/devices.deny", "");
	put(top, "devices/vz/101/devices.allow", "");
	put(top, "devices/vz/101/devices.list", "a *:* rwm\n");
	CHECK_INT(vz_cg_open(101, top, &cg, &e), 0);
	s.cg = cg;
	CHECK_INT(vz_effects_start(&s, VZ_START_GROUP, &e), 0);
	CHECK_STR(get(top, "pids/vz/101/pids.max"), "");
	CHECK(strcmp(get(top, "unified/vz/101/cgroup.max.depth"), "max"));
	CHECK_STR(get(top, "devices/vz/101/devices.deny"), "a");
	CHECK_INT(vz_effects_start(&s, VZ_START_ALONE, &e), 0);
	CHECK_STR(get(top, "pids/vz/101/pids.max"), "55");
	CHECK_INT(vz_effects_start(&s, VZ_START_DISTRO, &e), 0);
	s.restore = false;
	put(top, "pids/vz/101/pids.max", "");
	CHECK_INT(vz_effects_start(&s, VZ_START_ALONE, &e), 0);
	CHECK_STR(get(top, "pids/vz/101/pids.max"), "");
	CHECK_INT(vz_effects_start(&s, VZ_START_GROUP, &e), 0);
	CHECK_STR(get(top, "pids/vz/101/pids.max"), "55");
	CHECK(vz_remove_tree(AT_FDCWD, top) >= 0);
}

/* A node of DEVNODES has its module, whatever of it is given. */
static void modules(void)
{
	static const struct {
		const char *devnodes, *features;
		bool tun;
	} tries[] = {
		{ "net/tun:rw", "", true },   { "net/tun:r", "", true },	 { "net/tun:qwr", "", true },
		{ "net/tun:none", "", false }, { "net/tunnel:rw", "", false }, { "", "tun:on", true },
		{ "net/tun:none", "tun:on", true }, { "", "", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		autoconf c = { 0 };

		CHECK_INT(vz_conf_set(&c, vz_param_by_key("DEVNODES"), tries[i].devnodes, false, NULL), 0);
		CHECK_INT(vz_conf_set(&c, vz_param_by_key("FEATURES"), tries[i].features, false, NULL), 0);
		CHECK_INT(!!(vz_features_with_modules(&c) & VZ_FEAT_TUN), tries[i].tun);
	}
}

int main(void)
{
	rows();
	derived();
	restored();
	modules();
	return done();
}
