// SPDX-License-Identifier: GPL-2.0-or-later
/* suspend, resume: their options. */
#include "vzctl/vzctl.h"

#include <getopt.h>
#include <string.h>

#include "base/log.h"
#include "base/num.h"
#include "base/own.h"

enum { DUMPFILE = LONG_OPTION, PHASE, CONTEXT, CPU_FLAGS, SKIP_ARPDETECT, SKIP_REMOUNT, SKIP_FSCK, KEEP };

/* Of the two tables, the words are one. */
#define COMMON                                             \
	{ "dumpfile", required_argument, NULL, DUMPFILE }, \
	{ "resume", no_argument, NULL, PHASE },            \
	{ "kill", no_argument, NULL, PHASE },              \
	{ "context", required_argument, NULL, CONTEXT },   \
	{ "flags", required_argument, NULL, CPU_FLAGS },   \
	{ "skip_arpdetect", no_argument, NULL, SKIP_ARPDETECT }

static const struct option suspend_options[] = {
	COMMON,
	{ "suspend", no_argument, NULL, PHASE },
	{ "dump", no_argument, NULL, PHASE },
	{ 0 },
};

static const struct option resume_options[] = {
	COMMON,
	{ "undump", no_argument, NULL, PHASE },
	{ "skip-remount", no_argument, NULL, SKIP_REMOUNT },
	{ "skip-fsck", no_argument, NULL, SKIP_FSCK },
	{ "keep", no_argument, NULL, KEEP },
	{ 0 },
};

static const struct {
	const char *option;
	enum vz_suspend_phase phase;
} phases[] = {
	{ "suspend", VZ_SUSPEND_FREEZE }, { "dump", VZ_SUSPEND_DUMP }, { "undump", VZ_SUSPEND_UNDUMP },
	{ "resume", VZ_SUSPEND_RESUME },   { "kill", VZ_SUSPEND_KILL },
};

/* What both have, in the end. */
struct given_cpt {
	enum vz_suspend_phase phase;
	const char *dumpfile;
	bool skip_arpdetect, skip_remount, keep;
};

static int keep_phase(struct given_cpt *g, const char *name, struct vz_err *e)
{
	if (g->phase != VZ_SUSPEND_ALL)
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Invalid syntax: only one sub command may be used");
	for (size_t i = 0; i < ARRAY_LEN(phases); i++)
		if (!strcmp(phases[i].option, name))
			g->phase = phases[i].phase;
	return 0;
}

/* Numbers of the legacy kernel: a context is the container itself here, and a dump tells what CPU it needs. */
static int check_number(int o, struct vz_err *e)
{
	bool octal = optarg[0] == '0' && optarg[1], hex = octal && optarg[1] == 'x';
	uint64_t v;
	int r;

	if (o == CONTEXT)
		r = vz_num_base(optarg, 16, UINT32_MAX, &v);
	else
		r = octal ? vz_num_base(optarg + (hex ? 2 : 1), hex ? 16 : 8, UINT32_MAX, &v) :
			    vz_num_u64(optarg, UINT32_MAX, &v);
	if (r < 0)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Bad parameter for --%s: %s",
			       o == CONTEXT ? "context" : "flags", optarg);
	if (o == CPU_FLAGS)
		vz_log(-1, "Warning: --flags has no effect: a dump says itself what it needs of a CPU");
	return 0;
}

static int keep_option(struct given_cpt *g, int o, const char *name, struct vz_err *e)
{
	switch (o) {
	case DUMPFILE:
		g->dumpfile = optarg;
		return 0;
	case PHASE:
		return keep_phase(g, name, e);
	case CONTEXT:
	case CPU_FLAGS:
		return check_number(o, e);
	case SKIP_ARPDETECT:
		g->skip_arpdetect = true;
		return 0;
	case SKIP_REMOUNT:
		g->skip_remount = true;
		return 0;
	case KEEP:
		g->keep = true;
	}
	return 0;
}

static int parse_phases(struct command *c, const struct option *options, struct given_cpt *g, struct vz_err *e)
{
	char name[] = "vzctl", *ctid = c->argv[0];
	int o, at = 0, r = 0;

	c->argv[0] = name; /* getopt's messages begin with it */
	optind = opterr = 0;
	while (r >= 0 && (o = getopt_long(c->argc, c->argv, "", options, &at)) != -1)
		r = o == '?' ? unknown_option(c->argv[optind - 1], options, e) :
			       keep_option(g, o, options[at].name, e);
	c->argv[0] = ctid;
	if (r >= 0 && optind < c->argc)
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Invalid extra arguments: %s", c->argv[optind]);
	if (r >= 0 && !g->dumpfile && (g->phase == VZ_SUSPEND_DUMP || g->phase == VZ_SUSPEND_UNDUMP))
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Error: dumpfile is not specified");
	return r;
}

int parse_suspend(struct command *c, struct vz_err *e)
{
	struct given_cpt g = { 0 };
	int r = parse_phases(c, suspend_options, &g, e);

	c->suspend = (struct vz_suspend_opts){ .phase = g.phase, .dumpfile = g.dumpfile };
	return r;
}

int parse_resume(struct command *c, struct vz_err *e)
{
	struct given_cpt g = { 0 };
	int r = parse_phases(c, resume_options, &g, e);

	c->resume = (struct vz_resume_opts){ .phase = g.phase,
					     .dumpfile = g.dumpfile,
					     .skip_arpdetect = g.skip_arpdetect,
					     .skip_remount = g.skip_remount,
					     .keep = g.keep };
	return r;
}

int run_suspend(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	return finish(vz_op_suspend(ct, &c->suspend, e), e);
}

int run_resume(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	return finish(vz_op_resume(ct, &c->resume, e), e);
}
