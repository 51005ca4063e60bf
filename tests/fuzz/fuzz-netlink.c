/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netlink messages of a VPS, at every level: the walk stays inside of them and ends, and what a
 * higher level of NETFILTER refuses is not allowed by a stricter one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/netlink-walk-test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *copy = malloc(size ? size : 1);
	int last = 0;

	memcpy(copy, data, size);
	for (uint32_t level = VZ_NETFILTER_FULL; level <= VZ_NETFILTER_STATELESS; level++) {
		int r = walk_message(copy, size, NETLINK_NETFILTER,
				     level << VZ_FEAT_NETFILTER_SHIFT);

		if (last && !r)
			abort();
		last = r;
	}
	walk_message(copy, size, NETLINK_ROUTE, 0);
	free(copy);
	return 0;
}
