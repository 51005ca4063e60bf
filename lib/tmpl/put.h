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
 *
 * What is put has a bound: that of the VPS, and a part of the file system that always stays free.
 */
#ifndef VZ_TMPL_PUT_H
#define VZ_TMPL_PUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/err.h"
#include "sys/idshift.h"

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

/* How a tree is put. */
struct vz_put_how {
	uint64_t bytes, entries; /* DISKSPACE and DISKINODES of the VPS; 0: none set */
	bool clean; /* a template is made: nothing of the machine it comes from is kept */
};

struct vz_put {
	struct vz_put_how how;
	uint64_t bytes;         /* on disk, about */
	uint64_t look_bytes, look_entries; /* where the room left is looked at again */
	int root;               /* the caller's directory fd, never closed here */
	int dirfd;              /* the parent used last: archives are sorted by directory */
	char *dir;
	struct vz_put_fix *fixes, **fixes_end;
	size_t fix_bytes;
	uint64_t entries, devices_skipped, sockets_skipped;
	bool knows_ids;
	struct vz_idshift ids; /* from those of a host to those of the inside */
};

/* how: NULL for no bound but the file system's. */
void vz_put_begin(struct vz_put *p, int root, const struct vz_put_how *how);
void vz_put_free(struct vz_put *p);

/* What happens to an entry that may belong to one machine only. */
enum vz_put_fate {
	VZ_PUT_KEEP,
	VZ_PUT_EMPTY,     /* the file without its content */
	VZ_PUT_LEAVE_OUT, /* a directory: it may still be made by what lies below */
};
/* By the normalized path, the type and the size. The rows are in personal.c. */
enum vz_put_fate vz_put_personal(const char *path, mode_t mode, int64_t size, bool clean);
/* The same for a raw path of this tree; what no rule lets pass is kept, to be refused later. */
enum vz_put_fate vz_put_fate(const struct vz_put *p, const char *path, mode_t mode, int64_t size);

/* To be called before `bytes` more are written: VZ_FS_NO_DISK_SPACE (46) beyond the bound. */
int vz_put_charge(struct vz_put *p, uint64_t bytes, struct vz_err *e);

/* To be called for each entry, the top or what comes first before all others, when `m` is read. A tree
 * that was taken out of VE_ROOT has owners of its VPS's host ids: where the first one's are such,
 * they all become those of the inside, and one that is of no such range is refused (47). */
int vz_put_owner(struct vz_put *p, const char *path, struct vz_put_meta *m, struct vz_err *e);

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
