// SPDX-License-Identifier: GPL-2.0-or-later
/* create and set: options come from the parameter table. */
#include "vzctl/vzctl.h"

int parse_create(struct command *c, struct vz_err *e)
{
	return vz_given_parse(c->argc, c->argv, IN_CREATE, &c->given, e);
}

int parse_set(struct command *c, struct vz_err *e)
{
	return vz_given_parse(c->argc, c->argv, IN_SET, &c->given, e);
}

int run_create(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	return finish(vz_op_create(ct, &c->given, e), e);
}

int run_set(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	return finish(vz_op_set(ct, &c->given, e), e);
}
