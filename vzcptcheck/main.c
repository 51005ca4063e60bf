// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vzcptcheck: what a checkpoint needs of this host, as old scripts ask for it (INTERFACE 10.8c). What the host is asked is
 * ops/cptcheck.h; people ask vzctl check-migrate.
 */
#include "base/context.h"
#include "base/num.h"
#include "base/process.h"
#include "base/str.h"
#include "base/usage.h"
#include "ops/cptcheck.h"

#include <stdio.h>

enum answer { FINE, FAILED, NOT_SUPPORTED };

static const char usage[] = "Usage: vzcptcheck version [VERSION] | caps [[CTID] CAPS]\n";

static enum answer fail_with(enum answer a, const struct vz_err *e)
{
	fprintf(stderr, "%s\n", e->msg);
	return a;
}

static enum answer bad(const char *what, const char *word)
{
	fprintf(stderr, "Bad %s: %s\n", what, word);
	return FAILED;
}

static enum answer tell_version(const char *word)
{
	struct vz_err e = { 0 };
	uint32_t wanted;
	unsigned version;

	if (word && vz_num_u32(word, UINT32_MAX, &wanted) < 0)
		return bad("version", word);
	if (word)
		return vz_op_cpt_accepts(wanted, &e) < 0 ? fail_with(NOT_SUPPORTED, &e) : FINE;
	if (vz_op_cpt_version(&version, &e) < 0)
		return fail_with(FAILED, &e);
	printf("%u\n", version);
	return FINE;
}

static enum answer tell_caps(const char *word)
{
	struct vz_err e = { 0 };
	const char *digits = word;
	uint64_t wanted, caps;

	if (word)
		(void)vz_str_prefix(word, "0x", &digits);
	if (word && vz_num_base(digits, 16, UINT64_MAX, &wanted) < 0)
		return bad("capabilities", word);
	if (vz_op_cpt_caps(&caps, &e) < 0)
		return fail_with(FAILED, &e);
	if (word)
		return wanted & ~caps ? NOT_SUPPORTED : FINE;
	printf("0x%llx\n", (unsigned long long)caps);
	return FINE;
}

static enum answer vzcptcheck(int argc, char **argv)
{
	const char *last = argc > 2 ? argv[argc - 1] : NULL;

	if (argc == 2 && vz_is_help(argv[1])) {
		fputs(usage, stdout);
		return FINE;
	}
	if (argc >= 2 && argc <= 3 && !strcmp(argv[1], "version"))
		return tell_version(last);
	/* a CTID stood there for kernels that masked features of each; here all see the CPU's own */
	if (argc >= 2 && argc <= 4 && !strcmp(argv[1], "caps"))
		return tell_caps(last);
	fputs(usage, stderr);
	return FAILED;
}

int main(int argc, char **argv)
{
	struct vz_context context;

	vz_process_stdio();
	vz_process_context(&context, "vzcptcheck");
	return vz_process_end(vzcptcheck(argc, argv), FAILED);
}
