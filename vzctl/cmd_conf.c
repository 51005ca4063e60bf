// SPDX-License-Identifier: GPL-2.0-or-later
/* create and set: options come from the parameter table. */
#include "vzctl/vzctl.h"

static struct vz_given given;

int parse_create(int argc, char **argv, struct vz_err *e)
{
	return vz_given_parse(argc, argv, IN_CREATE, &given, e);
}

int parse_set(int argc, char **argv, struct vz_err *e)
{
	return vz_given_parse(argc, argv, IN_SET, &given, e);
}

int run_create(struct vz_ct *ct, int argc, char **argv, struct vz_err *e)
{
	int r = vz_op_create(ct, &given, e);

	(void)argc;
	(void)argv;
	vz_given_free(&given);
	return finish(r, e);
}

int ask_set(struct vz_err *e)
{
	return ask_passwords(&given.userpasswd, e);
}

int run_set(struct vz_ct *ct, int argc, char **argv, struct vz_err *e)
{
	int r = vz_op_set(ct, &given, e);

	(void)argc;
	(void)argv;
	vz_given_free(&given);
	return finish(r, e);
}
