/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of a guest LAN with any bytes, and a legacy packet filter's table with any bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lan/lan.h"
#include "net/foreign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void file(const uint8_t *data, size_t size)
{
	struct vz_lan lan = { .name = "fuzz" };
	char *text = strndup((const char *)data, size);
	struct vz_ip ip;

	if (vz_lan_parse(text, &lan, NULL) == 0 && lan.subnet.family &&
	    vz_lan_pick(&lan, &lan.subnet, &ip, NULL) == 0 &&
	    vz_lan_may_have(&lan, 1, &ip, NULL) < 0)
		abort();
	for (size_t i = 1; i < lan.nmembers; i++)
		if (lan.member[i - 1].ctid >= lan.member[i].ctid)
			abort();
	vz_lan_free(&lan);
	free(text);
}

static void table(const uint8_t *data, size_t size)
{
	struct vz_foreign_blob b = { .family = data[0] & 1 ? AF_INET : AF_INET6,
				     .forward = data[1], .input = data[2] };
	struct vz_foreign f = { 0 };
	void *copy = malloc(size);

	memcpy(copy, data, size); /* exactly as long, so that a look behind its end is seen */
	b.entries = copy;
	b.size = size;
	vz_foreign_legacy_parse(&b, &f);
	free(copy);
	if (f.n > VZ_FOREIGN_DROPS)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	file(data, size);
	if (size > 3)
		table(data, size);
	return 0;
}
