/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads an object of BPF programs and maps into the kernel and pins it. What there is to load is a
 * table (bpf-objects.c): a further object is a further row, and how it is loaded is the same.
 */
#ifndef VZ_BPF_LOAD_H
#define VZ_BPF_LOAD_H

#include "base/err.h"

#include <stdbool.h>

struct bpf_object;

/* One build of an object, as bytes of this program. */
struct vz_bpf_build {
	const char *begin, *end;
	/* What the object needs before it is loaded, or NULL. -errno: not on this kernel. */
	int (*prepare)(struct bpf_object *o);
};

struct vz_bpf_row {
	const char *program;  /* the name under which this program is started for it, */
	const char *argument; /* and its argument, or NULL */
	const char *usage;    /* without an argument: the command line, and what it is */
	const char *name;     /* the object's, in the kernel */
	struct vz_bpf_build builds[3]; /* the first that the kernel takes; a NULL ends them */

	/* Where it is pinned: programs, or their links, in `dir`, under their names. `half` is that
	 * directory until all is in it. */
	const char *dir, *half;
	const char *maps_dir; /* all maps are there, and are taken from there; or NULL */
	const char *map;      /* the one map in `dir`, or NULL */

	bool attach; /* else somebody else attaches the programs */
	/* Called when it is loaded and not attached yet, or NULL. */
	int (*fill)(struct bpf_object *o, struct vz_err *e);

	/* What a failure says; with `detail` the first words of libbpf behind it. `refused`: a file
	 * that keeps the sentence, so that not every start asks again; or NULL. */
	const char *cannot_read, *cannot_load, *cannot_pin, *cannot_pin_map;
	bool detail;
	const char *refused;
};

/* What is asked for; NULL: there is no such row. */
const struct vz_bpf_row *vz_bpf_row(const char *program, const char *argument);

/* Waits for whoever loads at this moment. 0 too when it was loaded before. */
int vz_bpf_load(const struct vz_bpf_row *row, struct vz_err *e);

#endif
