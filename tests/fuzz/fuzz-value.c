// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One value: the first byte chooses the row and the unit (command line or file), the rest is the
 * text. What is accepted must print to something that is accepted again and prints the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "param/param.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autoconf a = { 0 }, b = { 0 };
	const struct vz_param *p;
	char *text, *one, *two;

	if (size < 2)
		return 0;
	p = &vz_params[data[0] % vz_nparams];
	text = malloc(size - 1);
	if (!text)
		abort();
	memcpy(text, data + 2, size - 2);
	text[size - 2] = 0;
	if (vz_conf_set(&a, p, text, data[1] & 1, NULL) >= 0 && vz_param_is_set(p, &a)) {
		one = vz_conf_text(&a, p);
		/* the view --ram prints pages, which PHYSPAGES reads */
		if (p->key && one) {
			if (vz_conf_set(&b, p, one, false, NULL) != 0)
				abort();
			two = vz_conf_text(&b, p);
			if (!two || strcmp(one, two))
				abort();
			free(two);
		}
		free(one);
	}
	free(text);
	return 0;
}
