/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command or a script inside a running VPS, until it has ended. It gets pipes or a terminal of
 * the VPS, never a descriptor of ours: what is left running inside holds nothing of the host, and no
 * terminal of ours can be typed into.
 */
#ifndef VZ_LAUNCH_INSIDE_H
#define VZ_LAUNCH_INSIDE_H

#include "launch/launch.h"
#include "sys/relay.h"

struct vz_script {
	const char *text;
	char *const *env; /* "K=V" in addition to HOME, TERM and PATH; may be NULL */
	int timeout_s;    /* 0: none */
	bool posix;       /* sh will do, which is often the faster one; else bash is tried first */
	bool exclusive;   /* not beside another of the VPS with this mark; timeout_s holds for the wait too */
	bool users;       /* given by the user for this once: what it says is passed on as it is */
};
#define VZ_SCRIPT_MAX (16u << 20) /* of a file with one */

/* What a code is that no exit code can be: killed by a signal, VZ_SIGNALLED + N. */
#define VZ_SIGNALLED 256

#define VZ_WORD(s) ((char[]){ s })
/* bash, or sh where there is none, by the arguments of each. */
#define VZ_SHELLS(bash, sh) { { "/bin/bash", bash }, { "/bin/sh", sh }, { 0 } }
#define VZ_INSIDE_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Feeds the text to a shell (bash or sh) in the namespaces of st->init, which need not have become a
 * program of the VPS yet. *ret_code: the shell's exit code, or VZ_SIGNALLED + N. */
int vz_inside_run(struct vz_ct *ct, const struct vz_state *st, const struct vz_script *script,
		  int *ret_code, struct vz_err *e);
/* Runs CONF/N.start or N.stop inside, if there is one: its text is fed to a shell. 79 when it
 * fails. */
int vz_inside_script(struct vz_ct *ct, const struct vz_state *st, const char *which,
		     struct vz_err *e);

/* What to run: the commands, the environment, and stdin when it is not the caller's (-1). ours: not
 * the user's command, see sys/relay.h. */
struct vz_inside_cmd {
	const struct vz_cmd *cmds;
	char *const *env;
	int stdin_fd, timeout_s;
	bool ours;
};
int vz_inside_command(struct vz_ct *ct, const struct vz_state *st, const struct vz_inside_cmd *what,
		      int *ret_code, struct vz_err *e);

/* ---- its parts, for enter and for a VPS that is only made for the command ---- */

/* Everything one run inside needs; the pipes are [0] read, [1] write. */
struct vz_inside {
	struct vz_join join;
	struct vz_cg *cg;
	struct vz_relay relay;
	int pipe[3][2];
};
#define VZ_INSIDE_INIT \
	{ .relay = VZ_RELAY_INIT, .pipe = { { -1, -1 }, { -1, -1 }, { -1, -1 } } }
/* The group and the filter of the VPS; to be closed also after a failure. */
int vz_inside_open(struct vz_inside *in, const struct vz_ct *ct, const struct vz_state *st,
		   struct vz_err *e);
void vz_inside_close(struct vz_inside *in);

struct vz_inside_owner {
	uint32_t uid, gid;
};
/* Pipes for 0, 1 and 2; ours are the far ends. They belong to the VPS's root, who could not open
 * /dev/stdout otherwise. stdin_fd >= 0 is handed on instead of a pipe. */
int vz_inside_pipes(struct vz_inside *in, int stdin_fd, struct vz_inside_owner root,
		    struct vz_err *e);
/* Closes the child's ends, copies until it ended. Output of the user's command that could not be written is
 * a failure, whatever the command made of it. */
int vz_inside_relay(struct vz_inside *in, int pidfd, int *ret_code, struct vz_err *e);
/* Why a wait for the command ended without its end: r, with a sentence. */
int vz_inside_not_ended(int r, struct vz_err *e);

#endif
