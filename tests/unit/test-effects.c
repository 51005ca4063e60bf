// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of what parameters do is whole: no parameter has an effect that a start or a set forgets. */
#include <string.h>

#include "apply/effects.h"
#include "base/num.h"
#include "distro/dist-run.h"
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

static int check_row(const struct vz_effect *row)
{
	const unsigned phases = phases_of(row);
	int bad = 0;

	if (row->bit & (row->bit - 1))
		bad += printf("effect %#x: more than one bit\n", row->bit);
	if (!phases && !row->not_at_start)
		bad += printf("effect %#x: lost at every start, and no reason why\n", row->bit);
	if (phases && row->not_at_start)
		bad += printf("effect %#x: a reason for what is not so\n", row->bit);
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
		CHECK_INT(check_row(row), 0);
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

int main(void)
{
	rows();
	derived();
	return done();
}
