/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verbs, as the administrator knows them. Each prints its progress through base/log.h exactly
 * as docs/INTERFACE.md says and returns 0 or -errno with exit code and last sentence in *e. Unless a
 * comment says otherwise the front-end holds the VPS's lock and has
 * healed what a killed command left.
 */
#ifndef VZ_OPS_OPS_H
#define VZ_OPS_OPS_H

#include <stdbool.h>

#include "ct/ct.h"

/* create.c, destroy.c, mount.c */
int vz_op_create(struct vz_ct *ct, const struct vz_given *g, struct vz_err *e);
int vz_op_destroy(struct vz_ct *ct, struct vz_err *e);
int vz_op_mount(struct vz_ct *ct, struct vz_err *e);
int vz_op_umount(struct vz_ct *ct, struct vz_err *e);

/* start.c, stop.c, restart.c */
struct vz_start_opts {
	bool force, wait, skip_remount, skip_setup;
};
struct vz_stop_opts {
	bool fast, skip_umount;
};
int vz_op_start(struct vz_ct *ct, const struct vz_start_opts *o, struct vz_err *e);
int vz_op_stop(struct vz_ct *ct, const struct vz_stop_opts *o, struct vz_err *e);
int vz_op_restart(struct vz_ct *ct, const struct vz_start_opts *so, const struct vz_stop_opts *po,
		  struct vz_err *e);

/* suspend.c, resume.c. The phase: all of it, or one after the other by several commands. */
enum vz_suspend_phase { VZ_SUSPEND_ALL, VZ_SUSPEND_FREEZE, VZ_SUSPEND_DUMP, VZ_SUSPEND_UNDUMP, VZ_SUSPEND_RESUME, VZ_SUSPEND_KILL };
struct vz_image; /* cpt/image.h */
/* Memory that goes to a page server of another host, not into the dump. */
struct vz_suspend_away {
	int sock;           /* to the page server; the caller's */
	const char *parent; /* directory of the last pre-dump (cpt/predump.h); NULL: there was none */
	/* All has come: names in the dump what is there (vz_image_put_away()). */
	int (*came)(void *arg, struct vz_image *im, struct vz_err *e);
	void *arg;
	/* Its memory waits here instead, and is asked for at `sock` from vz_suspended_serve() on, by a restore that is
	 * vz_resume_opts.lazy; so many bytes are in the dump all the same. */
	bool lazy;
	uint64_t here;
	uint64_t per_s;     /* bytes that go there a second at most; 0: as many as it can take */
};
struct vz_suspend_opts {
	enum vz_suspend_phase phase;
	const char *dumpfile; /* NULL: Dump.CTID in DUMPDIR */
	bool elsewhere;       /* it is to go on on other disks, with the same files */
	/* NULL, or called when all its processes are stopped, before CRIU looks at them: from now on its files change only
	 * by what vz_suspended_has_links() says. What could not be dumped goes on and is tried again: then again. */
	int (*stopped)(void *arg, struct vz_err *e);
	void *arg;
	const struct vz_suspend_away *away; /* of a held one; NULL: its memory is in the dump. Then it is tried once */
	bool again;           /* the one before has failed with -EAGAIN */
};
struct vz_resume_opts {
	enum vz_suspend_phase phase;
	const char *dumpfile;
	bool skip_arpdetect, skip_remount;
	bool keep; /* the dump stays */
	bool lazy; /* its memory comes later (cpt/lazypages.h): the daemon is there */
	/* NULL, or called when all of it is there, frozen, and before it runs. */
	int (*ready)(void *arg, struct vz_err *e);
	int (*turn)(void *arg); /* NULL, or as of struct vz_stage (cpt/stage.h) */
	void *arg;
};
int vz_op_suspend(struct vz_ct *ct, const struct vz_suspend_opts *o, struct vz_err *e);
int vz_op_resume(struct vz_ct *ct, const struct vz_resume_opts *o, struct vz_err *e);
/* The same dump of a running VPS, which stays beside it, frozen and cut off from the network, until it is let go or
 * ended. The dump is not safe over a power cut, and is gone with the handle. A command that is killed meanwhile leaves a
 * VPS that healing lets go, but for one that was given to another host, vz_ct_is_given_away(). */
struct vz_suspended;
/* -EAGAIN: one that is tried again may be well; all memory must be sent anew then. */
int vz_op_suspend_hold(struct vz_ct *ct, const struct vz_suspend_opts *o, struct vz_suspended **ret, struct vz_err *e);
/* Has CRIU given a temporary name to files that have none any more and others know? It lies in their directory. */
bool vz_suspended_has_links(const struct vz_suspended *s);
/* The directory of the dump, for this process; stays the handle's. */
const char *vz_suspended_dump(const struct vz_suspended *s);
/* Of a lazy one, when nothing but its memory is needed of it any more: CRIU gives that, and gives names of files back. It stays
 * frozen, whatever becomes of CRIU. */
int vz_suspended_serve(struct vz_suspended *s, struct vz_err *e);
/* Each frees the handle. It goes on; it stays frozen, as if the command had been killed; nothing is left but its files. */
void vz_suspended_let_go(struct vz_suspended *s);
void vz_suspended_leave(struct vz_suspended *s);
int vz_suspended_end(struct vz_suspended *s, struct vz_err *e);
/* The last one of a VPS whose handle is gone, or which such an end has left half-way. Nothing there is success. */
int vz_op_suspend_end(struct vz_ct *ct, struct vz_err *e);

/* plan-table.c: the names of the steps of a verb's plan, in order; -ENOENT for a verb without one. `which` is the VPS, by id
 * or name: a start of a suspended one is a resume. */
int vz_op_each_step(const char *verb, const char *which, void (*say)(const char *step));

/* heal.c: an unfinished start or stop of a killed command is taken back. ended_too: so is what a
 * VPS that ended by itself left (mounts, groups, state); a verb that does not need that leaves it
 * to vzeventd, which starts again what rebooted. Cheap when there is nothing to do. */
void vz_op_heal(struct vz_ct *ct, bool ended_too);

/* exec.c: no lock. *ret_code: what the program should exit with when 0 is returned. */
enum vz_exec_kind { VZ_EXEC, VZ_EXEC2, VZ_EXEC3 };
int vz_op_exec(struct vz_ct *ct, enum vz_exec_kind kind, char **argv, int *ret_code,
	       struct vz_err *e);
int vz_op_enter(struct vz_ct *ct, char **argv, int *ret_code, struct vz_err *e);
int vz_op_runscript(struct vz_ct *ct, const char *path, int *ret_code, struct vz_err *e);
struct vz_script; /* launch/inside.h */
/* Feeds the text to a shell inside; *ret_code as vz_inside_run() has it. */
int vz_op_run_inside(struct vz_ct *ct, const struct vz_script *script, int *ret_code,
		     struct vz_err *e);
/* The same; of a stopped VPS in an environment of its own, without script->env. */
int vz_op_run_anyway(struct vz_ct *ct, const struct vz_script *script, int *ret_code,
		     struct vz_err *e);

/* hide.c: nobody inside can open the program's own file when it enters ct (sys/exe.h; ct NULL: any
 * VPS). argv: all of it; as a rule does nothing, else the program begins anew. */
int vz_op_hide_program(const struct vz_ct *ct, char *const argv[], struct vz_err *e);

/* status.c: the state line is the result; no lock, always 0. verbose: and why one that ended by itself
 * did, and what is the case with the VPS's network, in lines "word: value". */
int vz_op_status(struct vz_ct *ct, bool verbose);

/* setlive.c */
int vz_op_set(struct vz_ct *ct, struct vz_given *g, struct vz_err *e);

#endif
