/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The beancounters of running VPSes as the legacy kernel had them: named rows of five numbers, in its order, and the
 * text of its file user_beancounters (INTERFACE 5.3), read and written.
 */
#ifndef VZ_OPS_BC_H
#define VZ_OPS_BC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "ops/list.h"

#define VZ_BC_ROWS 21 /* those that are counted, and swappages behind them */
#define VZ_BC_NAME 16

struct vz_bc_row {
	char name[VZ_BC_NAME];
	struct vz_counted use;   /* VZ_UNCOUNTED where nothing tells */
	uint64_t barrier, limit; /* VZ_UNLIMITED: none */
};

struct vz_bc {
	unsigned id;  /* 0: the host, of which nothing is counted or limited */
	bool unnamed; /* read from a text that does not tell whose it is */
	size_t n;
	struct vz_bc_row rows[VZ_BC_ROWS];
};

struct vz_bcs {
	struct vz_bc *v;
	size_t n;
};
void vz_bcs_free(struct vz_bcs *b);
#define autobcs __attribute__((cleanup(vz_bcs_free))) struct vz_bcs

/* Of an item that was listed with VZ_LIST_COUNTS. */
void vz_bc_of(const struct vz_list_item *item, struct vz_bc *ret);
void vz_bc_of_host(struct vz_bc *ret);
/* Of all that run, by id, and behind them of the host. The caller frees with vz_bcs_free(). */
int vz_bc_read(const struct vz_host *host, struct vz_bcs *ret, struct vz_err *e);
/* The same out of a file that the legacy kernel, or vz_bc_print(), wrote; "-" is stdin. May be hostile: the file, which
 * may be anybody's; therefore names are words of letters, and what is no row is left out. VZ_SYSTEM: it cannot be read, or
 * is of another version, "unknown version: X", or there is none in it. */
int vz_bc_load(const char *file, struct vz_bcs *ret, struct vz_err *e);

enum vz_bc_form {
	VZ_BC_BEANCOUNTERS, /* user_beancounters: 24 rows, with dummies and without swappages */
	VZ_BC_RESOURCES,    /* bc/resources: the same head, no dummies, and swappages */
	VZ_BC_ROWS_ONLY,    /* bc/ID/resources: neither head nor id */
};
/*
 * What the legacy kernel's file has for these. Its readers know numbers only and compare them, so no row says what is not
 * so: one whose use is not counted is one without a limit, of which nothing is held and nothing was refused; where only
 * refusals are not counted, there are none.
 */
void vz_bc_print(const struct vz_bcs *b, enum vz_bc_form form, struct vz_str *out);

/* bc-store.c: what numbers were at the last look, in files DIR/ubc.ID.NAME.WHAT. */
enum vz_bc_stored {
	VZ_BC_FAILCNT,
	VZ_BC_HELD,
};
/* Opens the directory, which is made where it is not there. Not one that another user could have made or can write to: its
 * usual place is one where everybody may. */
int vz_bc_store_open(const char *dir, struct vz_err *e);
struct vz_bc_key {
	unsigned id;
	const char *name; /* of the row */
	enum vz_bc_stored what;
};
/* -ENOENT: none is kept. */
int vz_bc_store_get(int store, const struct vz_bc_key *key, uint64_t *ret);
int vz_bc_store_put(int store, const struct vz_bc_key *key, uint64_t n, struct vz_err *e);
/* Removes all of that kind. */
int vz_bc_store_clear(int store, enum vz_bc_stored what, struct vz_err *e);

#endif
