/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ramfs mounts in a VPS: credentials of systemd units. CRIU does not keep their content, so each is handed
 * to it from outside:
 *
 *	dump:     --external mnt[PATH]:cred1
 *	restore:  --external mnt[cred1]:STAGE/cred1
 */
#ifndef VZ_CPT_CREDS_H
#define VZ_CPT_CREDS_H

#include "cpt/image.h"

struct vz_cred {
	char *path;    /* mount point inside */
	unsigned key;  /* the number behind "cred"; mounts of the same directory share it */
};
struct vz_creds { /* begins as { 0 } */
	struct vz_cred *v;
	size_t n;
	unsigned keys; /* 1 to this */
};
void vz_creds_free(struct vz_creds *c);
#define autocreds __attribute__((cleanup(vz_creds_free))) struct vz_creds

/* The ramfs mounts that the VPS's init sees, for the command line of a dump. */
int vz_creds_find(const struct vz_state *st, struct vz_creds *ret, struct vz_err *e);
/* Saves their content while the VPS is stopped. -EAGAIN: they are not those of `c` any more, so the dump
 * is void; it may be tried again.
 *
 * May be hostile: content, names and number; therefore all is done by fds, nothing waits, and what exceeds
 * the bounds is an error. */
int vz_creds_save(const struct vz_state *st, const struct vz_creds *c, struct vz_image *im,
		  struct vz_err *e);
/* Makes cred1 ... below the directory dirfd, each a ramfs of its own with its content, in the caller's
 * mount namespace. uid, gid: first host ids of the VPS now. Returns how many there are. */
int vz_creds_load(int dirfd, const struct vz_image *im, uint32_t uid, uint32_t gid, struct vz_err *e);

#endif
