/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two halves of vznet share. */
#ifndef VZNET_VZNET_H
#define VZNET_VZNET_H

#include "ops/lan-verbs.h"

struct show_opts {
	const struct vz_host *host;
	bool no_header, json;
	const char *fields; /* NULL: the default ones */
};
/* Both print to stdout. -EINVAL (VZ_INVALID_PARAMETER_SYNTAX) for an unknown field. */
int show_list(const struct show_opts *o, struct vz_err *e);
int show_one(const struct vz_host *host, const char *name, struct vz_err *e);

#endif
