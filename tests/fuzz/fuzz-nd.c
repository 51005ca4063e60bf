// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames of neighbour discovery as they come off a wire. The checksum, which a fuzzer hardly finds,
 * is made right first in one of two inputs. */
#include "net/nd.h"

#include <netinet/icmp6.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fix_checksum(uint8_t *f, size_t size)
{
	size_t n = (size_t)f[18] << 8 | f[19];
	uint32_t sum = (uint32_t)n + IPPROTO_ICMPV6;

	if (n > size - 54)
		return;
	f[56] = f[57] = 0;
	for (size_t i = 22; i < 54 + n; i++)
		sum += (uint32_t)f[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	f[56] = (uint8_t)(~sum >> 8);
	f[57] = (uint8_t)~sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *f = size ? malloc(size) : NULL;
	struct vz_nd d;

	if (!f)
		return 0;
	memcpy(f, data, size);
	if (size >= 78 && data[0] & 1)
		fix_checksum(f, size);
	if (!vz_nd_parse(f, size, &d)) {
		if (d.target.s6_addr[0] == 0xff || f[21] != 255)
			abort();
		if (d.type != ND_NEIGHBOR_SOLICIT && d.type != ND_NEIGHBOR_ADVERT)
			abort();
		(void)vz_nd_claims(&d, &d.target);
	}
	free(f);
	return 0;
}
