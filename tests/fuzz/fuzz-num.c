/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers as users and kernel files write them: what is accepted must read back as it was. */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = strndup((const char *)data, size), back[32];
	const char *digits = s + strspn(s, "0");
	uint64_t n;

	if (vz_num_u64(s, UINT64_MAX, &n) == 0) {
		snprintf(back, sizeof(back), "%" PRIu64, n);
		if (strcmp(back, *digits || !*s ? digits : "0"))
			abort();
	}
	if (vz_num_base(s, 8, 07777, &n) == 0 && n > 07777)
		abort();
	free(s);
	return 0;
}
