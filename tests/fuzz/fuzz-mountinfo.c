// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of mountinfo: a mount point or a source may hold any byte. */
#include "base/own.h"
#include "sys/mnt.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = malloc(size + 1);
	char *p = text, *line;
	size_t n = 0;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	while ((line = strsep(&p, "\n"))) {
		struct vz_mountinfo m;

		if (!vz_mountinfo_parse(line, &m))
			n += strlen(m.root) + strlen(m.target) + strlen(m.fstype) + strlen(m.source);
	}
	if (n > size)
		abort();
	return 0;
}
