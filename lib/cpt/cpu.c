// SPDX-License-Identifier: GPL-2.0-or-later
/* Features of a processor; see cpu.h. */
#include "cpt/cpu.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"

#include <fcntl.h>

#define CPUINFO_MAX (16u << 20) /* bytes; a host of a thousand processors */

/* Instructions and registers that need no right of the kernel's: families by the beginning of their words,
 * and words. Everything else of cpuinfo (virtualization, power, timers, mitigations) a program of a VPS
 * cannot use. Names of both x86 and ARM. */
/* clang-format off */
static const char *const families[] = {
	"3dnow", "aes", "amx", "avx", "bmi", "clflush", "enqcmd", "f16c", "fma", "gfni", "movdir",
	"pclmulqdq", "sha", "sse", "ssse3", "sve", "vaes", "vpclmulqdq", "xgetbv",
};
static const char *const words[] = {
	/* x86 */
	"abm", "adx", "apx", "cldemote", "clwb", "clzero", "cmov", "cx16", "cx8", "fpu", "fsgsbase", "fxsr",
	"hle", "kl", "lahf_lm", "lm", "lwp", "misalignsse", "mmx", "mmxext", "monitorx", "movbe", "mwaitx", "ospke",
	"pku", "pni", "popcnt", "prefetchwt1", "ptwrite", "rdpid", "rdpru", "rdrand", "rdseed", "rdtscp", "rtm",
	"sep", "serialize", "syscall", "tbm", "tsc", "tsxldtrk", "user_shstk", "waitpkg", "xop", "xsave",
	"xsavec", "xsaveopt",
	/* ARM */
	"asimd", "asimddp", "asimdfhm", "asimdhp", "asimdrdm", "atomics", "bf16", "bti", "crc32", "dcpodp",
	"dcpop", "dgh", "fcma", "flagm", "flagm2", "fp", "fphp", "frint", "i8mm", "ilrcpc", "jscvt", "lrcpc",
	"mops", "mte", "paca", "pacg", "pmull", "rng", "sb", "ssbs", "uscat",
};
/* clang-format on */

static bool can_be_used(const char *flag)
{
	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		if (vz_str_prefix(flag, families[i], NULL))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcmp(flag, words[i]))
			return true;
	return false;
}

int vz_cpu_flags(char **ret)
{
	autofree char *text = NULL;
	ssize_t n = vz_file_read(AT_FDCWD, "/proc/cpuinfo", CPUINFO_MAX, &text);
	char *p = text, *line;

	while (n >= 0 && (line = strsep(&p, "\n")))
		if (vz_str_prefix(line, "flags\t", NULL) || vz_str_prefix(line, "Features\t", NULL)) {
			line += strcspn(line, ":");
			line += strspn(line, ": ");
			return (*ret = strdup(line)) ? 0 : -ENOMEM;
		}
	return n < 0 ? (int)n : -ENOENT;
}

char *vz_cpu_missing(const char *had, const char *have)
{
	autostr out = { 0 };

	for (;;) {
		autofree char *word = vz_str_word(&had, " ");

		if (!word)
			return vz_str_take(&out);
		if (can_be_used(word) && !vz_str_has_word(have, ' ', word))
			vz_str_addf(&out, "%s%s", out.len ? " " : "", word);
	}
}
