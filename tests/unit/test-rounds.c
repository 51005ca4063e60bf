// SPDX-License-Identifier: GPL-2.0-or-later
/* When the rounds of memory end: by size, by time, by no gain, by number. */
#include "move/rounds.h"
#include "unit.h"

#define MB (1u << 20)

static bool after(const uint64_t *bytes, size_t n, int64_t ms)
{
	struct vz_rounds r = { 0 };

	for (size_t i = 0; i < n; i++)
		vz_rounds_add(&r, bytes[i], ms);
	return vz_rounds_go_on(&r);
}
#define AFTER(ms, ...) after((const uint64_t[]){ __VA_ARGS__ }, sizeof((const uint64_t[]){ __VA_ARGS__ }) / 8, ms)

int main(void)
{
	/* the first tells nothing but how fast the wire is */
	CHECK(AFTER(3000, 1024 * MB));
	CHECK(!AFTER(300, 5 * MB));
	CHECK(AFTER(9000, 5 * MB));
	CHECK(!AFTER(9000, MB));
	/* 16 MB in a second are nothing, and in ten they would be ten of silence */
	CHECK(!AFTER(900, 1024 * MB, 16 * MB));
	CHECK(AFTER(1100, 1024 * MB, 16 * MB));
	CHECK(AFTER(900, 1024 * MB, 17 * MB));
	/* who writes faster than the wire carries ends them */
	CHECK(AFTER(3000, 1000 * MB, 750 * MB));
	CHECK(!AFTER(3000, 1000 * MB, 751 * MB));
	CHECK(!AFTER(12300, 20 * MB, 18 * MB));
	CHECK(!AFTER(3000, 1000 * MB, 1200 * MB));
	/* and so does one who is to the end a little slower */
	CHECK(AFTER(3000, 1000 * MB, 700 * MB, 500 * MB, 350 * MB, 240 * MB));
	CHECK(!AFTER(3000, 1000 * MB, 700 * MB, 500 * MB, 350 * MB, 240 * MB, 160 * MB));
	return done();
}
