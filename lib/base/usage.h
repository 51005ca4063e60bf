/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command lines of all programs have in common. Prints nothing. */
#ifndef VZ_BASE_USAGE_H
#define VZ_BASE_USAGE_H

#include <stdbool.h>

struct option;

/* The name in options (getopt_long(3)) that was meant by `typed`, "--NAME" or "--NAME=VALUE", which is
 * none of them; or NULL. */
const char *vz_option_near(const char *typed, const struct option *options);

/* "-h" or "--help", for programs without options of their own. */
bool vz_is_help(const char *arg);

#endif
