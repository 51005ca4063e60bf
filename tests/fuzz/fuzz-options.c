// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A command line of create or set: lines are words. Whatever it says, it is taken or refused with
 * a sentence, and what is taken can be resolved against a configuration.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "param/param.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char have[] = "IP_ADDRESS=\"10.0.0.1\"\nFEATURES=\"nfs:on\"\n"
				   "DEVICES=\"c:10:229:rw\"\nNETIF=\"ifname=eth0,bridge=b\"\n";
	char *text = malloc(size + 1), *argv[64] = { NULL }, *s;
	autoconf conf = { 0 }, out = { 0 };
	struct vz_given g = { 0 };
	struct vz_err e = { 0 };
	int argc = 0;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = 0;
	for (s = text; argc < 63 && s; argc++)
		argv[argc] = strsep(&s, "\n");
	if (vz_given_parse(argc, argv, size % 2 ? IN_SET : IN_CREATE, &g, &e) < 0) {
		if (!e.msg[0] || !e.exit)
			abort();
	} else if (vz_conf_parse(have, "have", &conf, NULL) || vz_given_resolve(&g, &conf, &out)) {
		abort();
	}
	vz_given_free(&g);
	free(text);
	return 0;
}
