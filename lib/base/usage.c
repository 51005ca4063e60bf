// SPDX-License-Identifier: GPL-2.0-or-later
/* See usage.h. */
#include "base/usage.h"
#include "base/near.h"
#include "base/own.h"
#include "base/str.h"

#include <getopt.h>

const char *vz_option_near(const char *typed, const struct option *options)
{
	autofree char *name = NULL;
	struct vz_near near = { 0 };

	if (strncmp(typed, "--", 2))
		return NULL;
	name = strndup(typed + 2, strcspn(typed + 2, "="));
	near.word = name ? name : "";
	for (; options->name; options++)
		vz_near_try(&near, options->name);
	/* a known one lacks its value, or has one too many */
	return vz_str_eq(near.best, name) ? NULL : near.best;
}

bool vz_is_help(const char *arg)
{
	return vz_str_eq(arg, "-h") || vz_str_eq(arg, "--help");
}
