/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts files beneath one directory fd and nowhere else: what unpacking an archive and copying a
 * directory template have in common. Paths, types, owners and sizes may come from a hostile
 * archive; who reads them from where is not known here.
 *
 * The rules: a path may begin with "./", may not be absolute and has no ".." component; no symbolic
 * link is ever followed, neither in a path nor at its end; an entry replaces an earlier one of the
 * same name, but a directory is never replaced. Modes and times of directories are set by
 * vz_put_end(), so that filling them does not undo it.
 */
#ifndef VZ_TMPL_PUT_H
#define VZ_TMPL_PUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/err.h"

struct vz_xattrs {
	struct vz_xattr {
		char *name;
		void *value;
		size_t size;
	} *v;
	size_t n;
};
/* Only these travel: user.*, security.capability and POSIX ACLs. trusted.* and *.overlay.* would
 * speak to the kernel about our own mounts. */
bool vz_xattr_travels(const char *name);
/* Copies the value; one that does not travel is left out. -ENOMEM. */
int vz_xattrs_add(struct vz_xattrs *x, const char *name, const void *value, size_t size);
void vz_xattrs_free(struct vz_xattrs *x);
#define autoxattrs __attribute__((cleanup(vz_xattrs_free))) struct vz_xattrs

struct vz_put_meta {
	mode_t mode; /* with the type */
	uid_t uid;
	gid_t gid;
	dev_t rdev;
	struct timespec times[2]; /* access, modification: as for futimens(3) */
	struct vz_xattrs xattrs;  /* of files and directories */
};

struct vz_put {
	int root;               /* the caller's directory fd, never closed here */
	int dirfd;              /* the parent used last: archives are sorted by directory */
	char *dir;
	struct vz_put_fix *fixes, **fixes_end;
	size_t fix_bytes;
	uint64_t entries, devices_skipped, sockets_skipped;
};

void vz_put_begin(struct vz_put *p, int root);
void vz_put_free(struct vz_put *p);

/* All of these: VZ_FS_BAD_TMPL (47) for what the rules refuse, VZ_FS_NO_DISK_SPACE (46), and
 * VZ_FS_NEW_VE_PRVT (48) when the kernel says no for another reason. */
int vz_put_dir(struct vz_put *p, const char *path, const struct vz_put_meta *m, struct vz_err *e);
/* A fresh empty file to write into; the caller closes it after vz_put_file_end(). */
int vz_put_file(struct vz_put *p, const char *path, int *ret_fd, struct vz_err *e);
/* Owner, mode, attributes, times, in the order that lets capabilities and setuid bits live. */
int vz_put_file_end(int fd, const char *path, const struct vz_put_meta *m, struct vz_err *e);
/* A second name for what was put at `target` before. */
int vz_put_hardlink(struct vz_put *p, const char *path, const char *target, struct vz_err *e);
int vz_put_symlink(struct vz_put *p, const char *path, const char *text,
		   const struct vz_put_meta *m, struct vz_err *e);
/* Fifos and device nodes. A device node the kernel forbids is counted and left out, and so is
 * every socket: a VPS gets its own /dev. */
int vz_put_node(struct vz_put *p, const char *path, const struct vz_put_meta *m, struct vz_err *e);
/* Gives directories their modes and times. */
int vz_put_end(struct vz_put *p, struct vz_err *e);

/* "what: NAME" as a failure, with the code that fits errnum; for callers that write the data. */
int vz_put_fail(struct vz_err *e, int errnum, const char *path, const char *what);

#endif
