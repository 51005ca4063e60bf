/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of vzubc: which rows are shown, and how their numbers are written. Knows no command line. */
#ifndef VZ_VZUBC_UBCTABLE_H
#define VZ_VZUBC_UBCTABLE_H

#include "base/err.h"
#include "base/str.h"
#include "ops/bc.h"

#define VU_WHOLE 1000000u /* of a share */

struct vu_report {
	bool quiet, verbose, color;
	bool relative, incremental; /* with `store` */
	uint32_t held_share, maxheld_share; /* of the barrier, in millionths: from here on a row is of interest */
	int store;                  /* vz_bc_store_open() */
	bool any;                   /* a table was written */
};

/* "0.5", or more than 1 in percent: "50". -EINVAL */
int vu_share(const char *text, uint32_t *ret);
/* A number of this counter in five characters, and how many percent of another it is; each ends up in buf. */
#define VU_TEXT 16
const char *vu_number(const char *counter, uint64_t n, char buf[VU_TEXT]);
const char *vu_percent(uint64_t n, uint64_t of, char buf[VU_TEXT]);

/* Adds the table of one VPS, or nothing where no row is to be shown. */
int vu_add(struct vu_report *r, const struct vz_bc *b, struct vz_str *out, struct vz_err *e);
/* The line below the last table. */
void vu_end(const struct vu_report *r, struct vz_str *out);

#endif
