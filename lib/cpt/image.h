/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A dump on disk: a directory with CRIU's images in criu/, files of our own beside them, and the file
 * "manifest", written last, with facts about the dump and with length and checksum of every other file.
 *
 *	begin() ... put(), criu in criu/, the savers ... seal() commit()	or abort()
 *	open() ... facts(), read(), criu in criu/ ... close(), remove()
 *
 * Begun under a temporary name beside its own, it has that only when it is whole; an older dump of
 * that name is kept until then. So at every instant there is one whole dump or none.
 *
 * Errors of begin() to abort() are VZ_CHKPNT, of open() and what follows VZ_RESTORE.
 */
#ifndef VZ_CPT_IMAGE_H
#define VZ_CPT_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/pack.h"
#include "ct/ct.h"

/* The newest format that is written; every older one is read. What a saver writes belongs to it: who changes that
 * adds a reader (manifest.c) and asks facts->format when he reads. */
#define VZ_IMAGE_FORMAT 3

/* Names of files in a dump. */
#define VZ_IMAGE_CRIU "criu"     /* the directory of CRIU's images */
#define VZ_IMAGE_CONFIG "config" /* the bytes of N.conf at the dump */
#define VZ_IMAGE_RULES "nftables" /* the packet filter (nfrules.h); who knows nothing of it would resume without one */

/* What a dump tells of itself. Strings are allocated; vz_image_facts_free(). */
struct vz_image_facts {
	unsigned format;       /* of the manifest */
	unsigned ctid;
	char *name, *uuid;     /* NULL: it has none */
	char *layout;          /* word of VE_LAYOUT */
	uint32_t criu;         /* version, 40201 is 4.2.1 */
	char *kernel;          /* release of the source's kernel */
	char *arch;            /* machine of uname(2) */
	char *cpu;             /* flags of its CPU, as in /proc/cpuinfo */
	uint64_t when;         /* seconds since the epoch */
	char *tty;             /* console: RDEV:DEV in hex, the key of CRIU's tty[]; NULL: it has none */
	char *netdevs;         /* names inside of its external network devices, with blanks between */
	struct vz_state state; /* as it was: ids, features, capabilities, boot, started_at */
};
void vz_image_facts_free(struct vz_image_facts *f);
#define autoimagefacts __attribute__((cleanup(vz_image_facts_free))) struct vz_image_facts
/* All that is known of a running VPS and its host: everything but layout, criu, tty and netdevs, which
 * the caller adds. */
int vz_image_facts_of(const struct vz_ct *ct, const struct vz_state *st, struct vz_image_facts *ret,
		      struct vz_err *e);
/* Can this host go on with it: its machine, and no CPU feature missing that a program may use? */
int vz_image_fits(const struct vz_image_facts *f, struct vz_err *e);

struct vz_image; /* opaque */

/* ---- making one ---- */

/* An empty dump, to be `path` (vz_ct_dump_path(), or the user's), with an empty criu/. What a begun
 * one of that name left behind is removed: the caller holds the VPS's lock. Refused: a path where
 * something lies that is no dump, and a directory in which another user could replace it. */
int vz_image_begin(const char *path, struct vz_image **ret, struct vz_err *e);
/* The directory criu/ as an fd that stays the image's. */
int vz_image_criu_dir(const struct vz_image *im);
/* A file of our own with this content. */
int vz_image_put(struct vz_image *im, const char *name, const void *data, size_t n,
		 struct vz_err *e);
/* The same of packed things, of which each has a 1 before it and the last a 0 behind it; "cannot save WHAT" where p->err is
 * set, by the caller too. *p is freed in any case. */
int vz_image_put_packed(struct vz_image *im, const char *name, struct vz_pack *p, const char *what, struct vz_err *e);
/* A file of our own with the content of one of the host's. */
int vz_image_put_file(struct vz_image *im, const char *name, const char *path, struct vz_err *e);
/* A file that is in the dump where it is going to, and not here: memory that was sent there. It counts by its length
 * alone: what carries it tells of damage, and who restores from it has just written it. */
int vz_image_put_away(struct vz_image *im, const char *name, uint64_t size, struct vz_err *e);
/* Checks that what no restore can do without is there, takes the checksums, writes the manifest. All that
 * lies in the dump is part of it from then on: criu gets a directory of its own for its logs
 * (--work-dir), at the restore too.
 * sync: all of it, with its directories, is on the disk then; without, the caller can make it again,
 * as a migration can.
 *
 * May be called while the VPS is stopped: 1 GB costs 0.12 s beside the writing. */
int vz_image_seal(struct vz_image *im, const struct vz_image_facts *f, bool sync, struct vz_err *e);
/* A sealed one gets its own name; an older dump there is removed after that. *im is closed in any case;
 * on failure what was there is as it was, and the new one is removed. */
int vz_image_commit(struct vz_image **im, struct vz_err *e);
/* Closes and removes one that was begun; accepts NULL. */
void vz_image_abort(struct vz_image **im);

/* ---- using one ---- */

/* Opens a committed dump. Everything is looked at before any of it is used: that it is root's alone, the
 * manifest, the version, every file's kind, length and checksum, and that there is nothing else.
 * -ENOENT: nothing is there. Else one sentence: no dump, truncated, damaged, of a newer version...
 *
 * May be hostile: it may come from another host; therefore no link is followed, nothing but plain files and
 * directories is accepted, and all numbers have bounds. What the savers and criu read is not judged here. */
int vz_image_open(const char *path, struct vz_image **ret, struct vz_err *e);
/* Does a dump of ours lie there, be it damaged, newer, or the rest of one? Another tool's is none. */
bool vz_image_is_ours(const char *path);
/* Of an opened one; stays the image's. */
const struct vz_image_facts *vz_image_facts(const struct vz_image *im);
/* Whether a file of our own is in it: an older version may not have written it. */
bool vz_image_has(const struct vz_image *im, const char *name);
/* Length of all its files; of memory that was sent in rounds it counts what was sent again. */
uint64_t vz_image_bytes(const struct vz_image *im);
/* A whole file of our own in fresh memory, terminated; the caller frees it. */
int vz_image_read(const struct vz_image *im, const char *name, char **ret, size_t *ret_n,
		  struct vz_err *e);
/* The same to be unpacked, from *ret_data, which the caller frees: 1. 0: an older version has not written it. */
int vz_image_read_packed(const struct vz_image *im, const char *name, char **ret_data, struct vz_packed *ret, struct vz_err *e);
/* Leaves it where it is; accepts NULL. Of one that was begun: vz_image_abort(). */
void vz_image_close(struct vz_image *im);
static inline void vz_image_closep(struct vz_image **im)
{
	vz_image_close(*im);
}
#define autoimage __attribute__((cleanup(vz_image_closep))) struct vz_image

/* Of a dump that has come from another host, and of which nothing is used yet: it is of VPS `id` now, whose group is called
 * `group` here (vz_cg_path()). A failure may leave it damaged. Nothing there is success. */
struct vz_image_adoption {
	unsigned from, id;
	const char *group;
	uint32_t uid, gid; /* its first host ids here; 0: those it had */
};
int vz_image_adopt(const char *path, const struct vz_image_adoption *a, struct vz_err *e);

/* Takes the dump away from its name, to where a begun one would be; give_back undoes it, vz_image_remove() removes it
 * for good. On the disk before it returns: what the host forgets at a power failure is not the move. Nothing there is
 * success. */
int vz_image_take(const char *path, struct vz_err *e);
int vz_image_give_back(const char *path, struct vz_err *e);
/* Removes what a begun one of that name left, that was killed or whose host went down. Nothing there is
 * success. */
int vz_image_sweep(const char *path, struct vz_err *e);
/* Removes the dump at path and what a begun one of that name left; only what is a dump or was to be one.
 * Nothing there is success. Never crosses a mount: a killed criu leaves some of the host's groups. */
int vz_image_remove(const char *path, struct vz_err *e);

#endif
