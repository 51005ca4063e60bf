// SPDX-License-Identifier: GPL-2.0-or-later
/* ARP frames as they come off a wire: what is taken apart is put together to the same bytes. */
#include "net/arp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t frame[VZ_ARP_FRAME];
	struct vz_arp a, b;

	if (vz_arp_parse(data, size, &a) < 0)
		return 0;
	vz_arp_put(frame, &a);
	if (memcmp(frame, data, size < 42 ? size : 42) || vz_arp_parse(frame, sizeof(frame), &b) < 0 ||
	    memcmp(&a, &b, sizeof(a)))
		abort();
	(void)vz_arp_claims(&a, a.target);
	return 0;
}
