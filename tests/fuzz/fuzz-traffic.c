// SPDX-License-Identifier: GPL-2.0-or-later
/* The file of a VPS's traffic, which comes from another host, and that of network classes. */
#include "base/own.h"
#include "base/str.h"
#include "guard/classes.h"
#include "guard/meter.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *one = malloc(size + 1), *two = malloc(size + 1);
	struct vz_traffic_file f, again;
	autoclasses c = { 0 };

	if (!one || !two)
		return 0;
	memcpy(one, data, size);
	memcpy(two, data, size);
	one[size] = two[size] = 0;
	if (!vz_traffic_parse(one, &f)) {
		autostr text = { 0 };

		vz_traffic_print(&f, &text);
		if (!text.failed && vz_traffic_parse(text.s, &again) < 0)
			abort();
	}
	if (vz_classes_parse(two, &c, NULL) >= 0)
		for (size_t i = 1; i < c.n; i++)
			if (memcmp(&c.keys[i - 1], &c.keys[i], sizeof(*c.keys)) >= 0)
				abort();
	return 0;
}
