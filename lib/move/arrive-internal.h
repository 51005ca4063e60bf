/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What serving and checking share. */
#ifndef VZ_MOVE_ARRIVE_INTERNAL_H
#define VZ_MOVE_ARRIVE_INTERNAL_H

#include "cpt/lazypages.h"
#include "ct/ct.h"
#include "move/beat.h"
#include "move/frame.h"
#include "move/talk.h"
#include "ops/session.h"

#define VZ_ARRIVE_DAMAGED "What comes of the memory is damaged: these are no frames"

struct vz_arrival {
	struct vz_talk talk;
	struct vz_beat beat;  /* from hello on */
	struct vz_session session; /* the host */
	bool has_host;
	unsigned id;
	char token[40];
	char *conf;          /* the bytes of its N.conf */
	size_t nconf;
	struct vz_conf own;  /* the same, read, with what is wanted */
	struct vz_conf wanted; /* that is to be otherwise here (renew.h) */
	unsigned from;       /* its id there */
	uint32_t uid;        /* its first host id, where it gets others here; 0: it does not */
	char *private, *root, *template, *dumpdir; /* here */
	struct vz_ct lock;   /* holds the lock once it is prepared */
	bool prepared, accepted, keep;
	bool online;
	bool urgent;         /* it stands still there */
	int nice, ssh_nice;  /* what this process and its sshd had before */
	int ram;             /* the directory in memory for its dump; -EBADF: it comes into DUMPDIR */
	int64_t since;       /* vz_arrive_flush(), */
	bool has_since;      /* once it was told */
	bool is_astray;      /* bytes follow that were not taken: a file of the VPS's, which is no request */
	bool in_frames;      /* what the source sends of a dump comes so (frame.h) */
	struct vz_unpacker unpacker; /* for files of a dump, once there was one */
	struct vz_lazypages lazy; /* arrive-lazy.c: the daemon, */
	bool ended, all_came;     /* and that it has, and with success, */
	int64_t came;             /* when memory came the last time, ms, */
	int relay, peer;          /* who brings it what it asks for, and the end of the socket on that side, */
	int guard, guard_pipe;    /* and who ends the container when we die */
	bool follows;        /* it runs here, and its memory is not all here */
	uint64_t to_follow;  /* bytes of that */
	bool is_stream;      /* its connection has carried memory, and is of no more use */
};

/* Can it be here? Changes nothing. Codes are those of vzmigrate. `ignore`: VZ_MIGRATE_NO_*. */
int vz_arrive_check(struct vz_arrival *a, unsigned ignore, struct vz_err *e);
/* Where its files and its dump come, and the room for the files: what is free, and what was copied before (--keep-dst). */
void vz_arrive_tell_places(struct vz_arrival *a);
/* While files come: tells how much room is left for them. */
int vz_arrive_left(struct vz_arrival *a, const char *args, struct vz_err *e);

/* arrive-dump.c: takes a file of the dump. */
int vz_arrive_dump(struct vz_arrival *a, const char *args, struct vz_err *e);
/* arrive-pages.c: memory comes on this connection. Fails before the first byte of it, or is told of nothing. */
int vz_arrive_pages(struct vz_arrival *a, const char *args, struct vz_err *e);
/* Tells what has come so. */
int vz_arrive_came(struct vz_arrival *a, const char *args, struct vz_err *e);
int vz_arrive_why(struct vz_arrival *a, const char *args, struct vz_err *e);
/* What has come of the dump goes. */
int vz_arrive_drop(struct vz_arrival *a, const char *args, struct vz_err *e);
/* Tells where memory is to come, as another process here sees it. */
void vz_arrive_tell_place(struct vz_arrival *a);
/* Where the dump grows; the caller frees. */
char *vz_arrive_dump_dir(const struct vz_arrival *a);

/* arrive-accept.c. Writes its stage (moving.h) down. */
int vz_arrive_stage(struct vz_arrival *a, const char *name, struct vz_err *e);
/* The directory above where files grow; the caller frees. */
char *vz_arrive_top(const struct vz_arrival *a);
/* It gets its names, and is what `mode` says: "start", "mount", "resume" or "none". `how`: "keep", the dump
 * stays; "lazy", memory follows, and it has not come in until it is whole; NULL. */
int vz_arrive_come_in(struct vz_arrival *a, const char *mode, const char *how, struct vz_err *e);
/* It ends, and its names are taken away. VZ_MIGRATE_DOUBT: it cannot be ended, and nothing else was done. */
int vz_arrive_take_back(struct vz_arrival *a, struct vz_err *e);
/* arrive-lazy.c: memory follows on this connection, as of vz_arrive_pages(). */
int vz_arrive_lazy(struct vz_arrival *a, const char *args, struct vz_err *e);
/* In the process that takes the container in: who puts memory in place, for the images of this dump, before the restore. */
int vz_arrive_lazy_begin(struct vz_arrival *a, const char *dump, struct vz_err *e);
/* After the restore, while all is frozen; of struct vz_resume_opts. */
int vz_arrive_lazy_hold(void *arrival, struct vz_err *e);
/* Meanwhile: -EOWNERDEAD, the daemon has ended before its time. */
int vz_arrive_lazy_lives(void *arrival);
/* From then on, until the next request comes. -ETIMEDOUT: the source is silent. */
int vz_arrive_lazy_tend(struct vz_arrival *a);
/* "SECONDS", the longest in which nothing comes: until all has come; 1: some has, and it is to be asked again. */
int vz_arrive_lazy_wait(struct vz_arrival *a, const char *args, struct vz_err *e);
/* All of it goes; before that, when not all memory has come, the processes of the container. */
int vz_arrive_lazy_end(struct vz_arrival *a, bool whole, struct vz_err *e);

/* arrive-adopt.c: the dump in this directory is of the VPS as it is called here from now on. Nothing there is success. */
int vz_arrive_adopt(struct vz_arrival *a, const char *dump, struct vz_err *e);

/* arrive-flush.c: where files grow; the caller frees. One directory deeper than what goes in the end: an rsync that is late makes the last
 * directory of its path again, and no more than that. */
char *vz_arrive_dir(const struct vz_arrival *a);
/* What has come is on the disk; with "SECONDS", of a first copy that another one follows: files that were
 * written since then have no time any more by which that one would take them for the same. */
int vz_arrive_flush(struct vz_arrival *a, const char *args, struct vz_err *e);
/* Once more, of a copy that is kept after a failure; as far as it can. */
void vz_arrive_doubt(struct vz_arrival *a);

#endif
