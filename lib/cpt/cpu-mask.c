// SPDX-License-Identifier: GPL-2.0-or-later
/* CPU features as a number, for vzcptcheck; see cpu.h. */
#include "base/own.h"
#include "cpt/cpu.h"

#include <string.h>

/* clang-format off */
/* A bit for each, from the lowest; the order is for ever. */
static const char *const bits[] = {
	"cmov", "fxsr", "sse", "sse2", "mmx", "3dnow", "3dnowext", "sep", "lm", "syscall", "pni", "ssse3", "sse4_1", "sse4_2",
	"sse4a", "pclmulqdq", "aes", "xsave", "avx", "f16c", "fma", "fma4", "xop", "tbm", "movbe", "popcnt", "abm", "cx16",
	"rdrand", "rdseed", "adx", "bmi1", "bmi2", "avx2", "rtm", "hle", "sha_ni", "vaes", "gfni", "vpclmulqdq", "avx512f",
	"avx512dq", "avx512cd", "avx512bw", "avx512vl", "avx512vbmi", "avx512_vbmi2", "avx512_vnni", "avx512_bitalg",
	"avx512_fp16", "avx512_bf16", "amx_tile", "amx_int8", "amx_bf16", "clwb", "clflushopt", "movdiri", "movdir64b",
	"serialize", "waitpkg", "pku", "user_shstk", "fsgsbase", "xsavec",
};
/* clang-format on */

uint64_t vz_cpu_mask(const char *flags)
{
	autofree char *copy = strdup(flags);
	char *p = copy, *word;
	uint64_t mask = 0;

	while (p && (word = strsep(&p, " ")))
		for (size_t i = 0; i < ARRAY_LEN(bits); i++)
			if (!strcmp(bits[i], word))
				mask |= 1ull << i;
	return mask;
}
