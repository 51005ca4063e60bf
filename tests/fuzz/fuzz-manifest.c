// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The manifest of a dump with any bytes. A checksum, which a fuzzer never finds, is made right first in one
 * of two inputs. What is accepted is written again to the same facts and files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/str.h"
#include "cpt/manifest.h"
#include "sys/checksum.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void text(const char *s, size_t n)
{
	automanifest a = { 0 }, b = { 0 };
	autostr first = { 0 }, second = { 0 };
	struct vz_err e = { 0 };

	if (vz_manifest_read(s, n, &a, &e) < 0) {
		must(e.msg[0]);
		return;
	}
	for (size_t i = 0; i < a.n; i++)
		must(vz_manifest_find(&a, a.v[i].name) == &a.v[i]);
	must(!vz_manifest_write(&a, &first));
	must(!vz_manifest_read(first.s, first.len, &b, &e));
	must(!vz_manifest_write(&b, &second) && !strcmp(first.s, second.s) && a.n == b.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autostr s = { 0 };

	if (!size)
		return 0;
	if (data[size - 1] & 1) { /* a text without its last line, then */
		vz_str_addn(&s, (const char *)data, size - 1);
		vz_str_addf(&s, "end %016llx\n", (unsigned long long)vz_checksum(data, size - 1));
		data = (const uint8_t *)s.s;
		size = s.len;
	}
	text((const char *)data, size);
	return 0;
}
