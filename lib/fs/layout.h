/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layouts: the ways to keep the files of a VPS. Each is one constant, vz_layout_NAME, in a file
 * lib/fs/NAME.c; area.c and the verbs go through it and know none by its name.
 *
 * A new layout gives: what it is called; a row of `vzctl check` and the probe behind it; how an area is
 * made, recognized, checked and mounted; and, if its mount can outlive the command that unmounts it,
 * how it is found again. What no layout has needed yet (growing, usage, snapshots, quota) becomes a
 * member with the first one that has it.
 */
#ifndef VZ_FS_LAYOUT_H
#define VZ_FS_LAYOUT_H

#include <stdbool.h>

#include "base/err.h"

struct vz_area;

/* The table. "vzctl check" lists what they need in this order. */
#define VZ_LAYOUTS(X) X(overlay) X(simfs) X(ploop)

/* What a host makes of a layout. */
enum vz_layout_can {
	VZ_LAYOUT_CANNOT,
	VZ_LAYOUT_WITH_LESS, /* areas can be had, with a drawback */
	VZ_LAYOUT_CAN,
};

/* Functions return 0 or more, or -errno with *e filled, if nothing else is said. A member that may be NULL says
 * what that means. */
struct vz_layout {
	const char *name; /* as in VE_LAYOUT */

	/* Not 0: the layout is known and not supported, which has this exit code. Then what follows looks_like() is
	 * missing, and nobody may ask for it. */
	enum vz_exit refusal;
	/* Does the directory look like an area of this layout? For lists, of areas that legacy tools have left: the
	 * guest may have made it look so. NULL: it says nothing. */
	bool (*looks_like)(int private);

	/* ---- the host ---- */

	/* The row of `vzctl check`: its name, what needs it, what to do about it. */
	struct {
		const char *name, *use, *remedy;
	} need;
	/* Can there be bases in template_dir and areas in private_parent? Tried for real, leaving nothing. An enum
	 * vz_layout_can, and *e says what is missing unless it is VZ_LAYOUT_CAN; -errno when it could not be
	 * told within 10 seconds. */
	int (*probe)(const char *template_dir, const char *private_parent, struct vz_err *e);

	/* ---- an area that is made ---- */

	/* Fills the empty directory `dir`, root's and 0700, that becomes VE_PRIVATE. With base(): of an area that
	 * stands on the base `base_id`. Without: so that a template can be unpacked into `dir`. */
	int (*create)(const struct vz_area *a, const char *base_id, int dir, struct vz_err *e);
	/* The last touch to `dir`, before it gets its name; -errno. NULL: none. */
	int (*commit)(int dir);
	/* Is there a program that could be the init of a new area? Before anything of it has run. */
	bool (*has_init)(const struct vz_area *a);

	/* ---- an area that is there ---- */

	/* VE_PRIVATE is the guest's own root directory, not one of the host's with the guest's in it. */
	bool private_is_root;
	/* The id of the base the area stands on, which the caller frees; NULL with errno when there is none. NULL:
	 * areas stand on no base, each has all of its template. */
	char *(*base)(const struct vz_area *a);
	/* Does a mark that no guest can write say that VE_PRIVATE, open as `private`, is of this layout? */
	bool (*is_marked)(int private);
	/* Is all there that a mount needs? Nothing is changed. NULL: mount() finds out. */
	int (*check)(const struct vz_area *a, struct vz_err *e);
	/* A detached mount of the area: nodev, private. */
	int (*mount)(const struct vz_area *a, struct vz_err *e);

	/* ---- a mount that outlives its VE_ROOT while somebody uses it; all NULL: the next one does not care ---- */

	/* VE_ROOT will be detached under its users: keeps the mount within reach of the next mount(). */
	void (*hold)(const struct vz_area *a);
	/* Gives up what is kept when nobody uses it any more. A look-up when nothing is kept. */
	void (*let_go)(unsigned id);
	/* Gives it up in any case, and all that is known of mounts of this VPS. */
	void (*forget)(unsigned id);
};

#define VZ_LAYOUT_PLUS_ONE(name) +1
enum { VZ_LAYOUT_COUNT = VZ_LAYOUTS(VZ_LAYOUT_PLUS_ONE) };
extern const struct vz_layout *const vz_layouts[VZ_LAYOUT_COUNT];

/* What a new VPS gets when nobody says anything. */
extern const struct vz_layout *const vz_layout_default;
/* What it gets where that cannot be had; so every host can have it. A configuration without VE_LAYOUT means it. */
extern const struct vz_layout *const vz_layout_plain;

/* VZ_UNK_MOUNT_TYPE (53) when there is none of that name. */
int vz_layout_find(const char *name, const struct vz_layout **ret, struct vz_err *e);
/* Its refusal when it is not supported. */
int vz_layout_usable(const struct vz_layout *l, struct vz_err *e);
/* The layout of an area whose configuration does not name it, for a list: nothing may depend on it. NULL: there is
 * no such directory. */
const struct vz_layout *vz_layout_guess(const char *private);

#endif
