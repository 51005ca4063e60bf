/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VPS as an object: id, name, paths, configuration layers, lock, state. Knows
 * what a VPS is, not what any of its parameters do.
 */
#ifndef VZ_CT_CT_H
#define VZ_CT_CT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "ct/features.h"
#include "param/param.h"

#define VZ_CTID_MAX 2147483644u

/* What /run/vz/N says of a running VPS: written last, removed first. */
struct vz_state {
	pid_t init;          /* host pid of the VPS's PID 1 */
	uint64_t start_time; /* field 22 of /proc/PID/stat: with the pid it names the process */
	char boot_id[40];    /* of the host: a state of another boot is void */
	uint64_t started_at; /* seconds since the epoch */
	uint32_t uid, gid;   /* first host id of the map; 0: no user namespace */
	uint32_t features;   /* VZ_FEAT_* in force, the level of NETFILTER with them */
	uint64_t caps;       /* capability bounding set in force */
	uint64_t dev;        /* device number of the file system on its /dev, 0 not known */
};

struct vz_host {
	struct vz_conf conf; /* vz.conf */
};

struct vz_ct {
	const struct vz_host *host;
	unsigned id;
	char *conf_path;     /* vz_ct_conf_path() */
	bool has_conf;
	struct vz_conf own;  /* N.conf alone */
	struct vz_conf conf; /* vz.conf with N.conf over it */
	char *root, *private; /* VE_ROOT, VE_PRIVATE expanded; NULL when unset */
	char *lock_path; /* not NULL: we hold the lock */
};

/* ---- ct.c ---- */
/* Reads vz.conf. VZ_NOCONFIG (10) when it cannot be read. */
int vz_host_load(struct vz_host *ret, vz_conf_warn *warn, struct vz_err *e);
void vz_host_free(struct vz_host *h);

/* ready.c: can this host tell of VPSes, and, if something is to change, is it one where that is
 * possible? VZ_UNSUITABLE with what is missing and the remedy. */
int vz_host_ready(bool changes, struct vz_err *e);

/* Where things are that more than one room speaks of. */
#define VZ_HOST_CONF VZ_CONFDIR "/vz.conf"
#define VZ_CT_NAMES_DIR VZ_CONFDIR "/names"
#define VZ_CT_CONF_DIR VZ_CONFDIR "/conf" /* of the configurations, and what lies beside them */
#define VZ_CT_CONF_FILE VZ_CT_CONF_DIR "/%u.conf"
#define VZ_SCRIPTS_DIR VZ_LIBEXECDIR "/scripts"
/* VZ_CT_CONF_FILE of this id, the caller's to free; NULL: out of memory. */
char *vz_ct_conf_path(unsigned id);

/* "42" or a name (INTERFACE 3.6) -> id. VZ_INVALID_PARAMETER_VALUE "Bad CT ID X". */
int vz_ct_resolve(const char *text, unsigned *ret_id, bool *ret_by_name, struct vz_err *e);
/* Fills *ret; a missing configuration file is not an error (has_conf = false). */
int vz_ct_load(const struct vz_host *h, unsigned id, struct vz_ct *ret, vz_conf_warn *warn,
	       struct vz_err *e);
void vz_ct_free(struct vz_ct *ct);
/* The name under which the VPS is known (NAME= with a matching symlink), or NULL. */
const char *vz_ct_name(const struct vz_ct *ct);
/* The default dump file, the caller's to free; NULL: DUMPDIR is not set, or out of memory. */
char *vz_ct_dump_path(const struct vz_ct *ct);
/* Does it exist? */
bool vz_ct_has_dump(const struct vz_ct *ct);
/* What the name of its configuration ends with while the VPS belongs to neither host (move/moving.h). */
#define VZ_CT_GIVEN_AWAY ".migrating"
/* Where a VPS that is on the move has a record (move/moving.h). */
#define VZ_CT_MOVE_DIR VZ_STATEDIR "/move"
/* Is it so? What of it is still here is frozen, and may run on the other one: nothing may let it go on. */
bool vz_ct_is_given_away(const struct vz_ct *ct);
bool vz_ct_id_is_given_away(unsigned id);
/* Of one that was loaded without a configuration: the one under that name, its paths with it. has_conf stays. */
int vz_ct_load_given_away(struct vz_ct *ct, struct vz_err *e);

/* ---- features.c ---- */
/* FEATURES and NETFILTER (or IPTABLES; without both: stateless) as VZ_FEAT_* (features.h). */
uint32_t vz_ct_conf_features(const struct vz_conf *c);
uint32_t vz_ct_features(const struct vz_ct *ct); /* those of ct->conf */
/* The character devices that features give: permission and node. */
struct vz_feature_node {
	uint32_t bit;
	const char *name; /* below /dev */
	uint32_t major, minor;
};
#define VZ_FEATURE_NODES 3
extern const struct vz_feature_node vz_feature_nodes[VZ_FEATURE_NODES];

/* ---- state.c ---- */
/* 1 and *ret: a live init of this boot. 0: not running (stale files count as not running).
 * A zombie init is dead. Where the file is lost and the VPS lives, *ret is made from its
 * processes, with dev not known. */
int vz_state_read(unsigned id, struct vz_state *ret);
/* The same for an init that may be dead by now; 0 when nothing of this boot is written. */
int vz_state_last(unsigned id, struct vz_state *ret);
/* Replaces the file as a whole: whoever reads it sees the old state or the new one. */
int vz_state_write(unsigned id, const struct vz_state *s, struct vz_err *e);
void vz_state_remove(unsigned id);
bool vz_state_file_exists(unsigned id); /* live or stale */
/* Is the file there and does it name this init? */
bool vz_state_is_written(unsigned id, const struct vz_state *s);
/* pidfd of a live init, checked against start time and boot id; -errno. Caller closes. */
int vz_state_pidfd(const struct vz_state *s);

/* ---- lost.c ---- */
/* Ids that have a state file or a group, sorted; caller frees *ret. */
int vz_state_list(unsigned **ret, size_t *ret_n);

/* ---- enum.c ---- */
/* Ids of all N.conf files, sorted ascending (0.conf left out); caller frees *ret. */
int vz_ct_list(unsigned **ret, size_t *ret_n, struct vz_err *e);
/* Numeric names (with this suffix, "" for none) of a directory, sorted; caller frees *ret. A
 * directory that does not exist is an empty one. */
int vz_ids_in_dir(const char *dir, const char *suffix, unsigned **ret, size_t *ret_n);
/* VE_ROOT is a mount point (INTERFACE 3.5, "mounted" test). */
bool vz_ct_is_mounted(const struct vz_ct *ct);

/* ---- lock.c ---- */
/* LOCKDIR/N.lck by the protocol of INTERFACE 1.3, plus start time against pid reuse. Busy:
 * VZ_LOCKED (9). `notice` gets lines such as "Removing stale lock file F". */
int vz_ct_lock(struct vz_ct *ct, const char *status, vz_conf_warn *notice, struct vz_err *e);
void vz_ct_unlock(struct vz_ct *ct);
/* Ends who holds the lock if that is a vzctl, proven by its start time and boot, at work on a verb
 * that yields: by SIGTERM, after 15 seconds by SIGKILL. 0: the lock can be taken, if nobody is
 * faster. Busy as above: another verb, or another program's lock. */
int vz_ct_lock_break(const struct vz_ct *ct, bool (*yields)(const char *verb),
		     vz_conf_warn *notice, struct vz_err *e);
/* The live holder of VPS `id`'s lock, or 0. */
pid_t vz_ct_lock_holder(const struct vz_host *h, unsigned id);

/* ---- journal.c ---- */
#define VZ_JOURNAL_START "start"
#define VZ_JOURNAL_STOP "stop"
#define VZ_JOURNAL_MOUNT "mount"
#define VZ_JOURNAL_UMOUNT "umount"
#define VZ_JOURNAL_CREATE "create"       /* POST_CREATE: healing must not run action scripts either */
#define VZ_JOURNAL_RUNSCRIPT "runscript" /* the same */
#define VZ_JOURNAL_RUNSCRIPT_MOUNTED "runscript-mounted" /* nor unmount what was mounted before */
/* With a blank and the path of the dump behind it: */
#define VZ_JOURNAL_SUSPEND "suspend"     /* no dump yet: the VPS is to go on, and a dump to go */
#define VZ_JOURNAL_SUSPENDED "suspended" /* the dump is whole: nothing of the VPS is to go on */
#define VZ_JOURNAL_RESUME "resume"       /* once the state is written the VPS is to go on, and the dump to go */

/* "An operation that changes things is under way": written before the first side effect of these
 * verbs, removed at their end. One that nobody is at work on means that the operation was killed and
 * the next command must heal. One that another living process began stays that one's: 1. */
int vz_journal_begin(unsigned id, const char *verb, struct vz_err *e);
void vz_journal_end(unsigned id);
/* The verb of an unfinished operation, or NULL; caller frees. */
char *vz_journal_read(unsigned id);
/* Does the process live that began it? A script that it runs may call commands with --skiplock. */
bool vz_journal_is_at_work(unsigned id);
/* As the user knows it, "vzctl VERB" or "vzmigrate", or NULL: none is, or memory has run out. The caller frees it. */
char *vz_journal_command_at_work(unsigned id);
/* Is `line`, as read, of this verb? *ret_path: what stands behind it, "" for nothing. */
bool vz_journal_is(const char *line, const char *verb, const char **ret_path);

/* ---- names.c ---- */
/* Makes the link of a name, beside those that the VPS has: which one counts is NAME in its file. "" has none. */
int vz_name_assign(struct vz_ct *ct, const char *name, struct vz_err *e);
/* Removes the VPS's links but this one; NULL or "": all. */
void vz_name_keep(unsigned id, const char *keep);

/* ---- hook.c ---- */
/* Runs an action script on the host if it exists: clean environment (HOME, TERM, PATH, VEID,
 * VE_CONFFILE and `env`), stdin /dev/null. Failure: VZ_ACTIONSCRIPT_ERROR (79). */
int vz_hook_run(const struct vz_ct *ct, const char *path, char *const *env, const char *what,
		struct vz_err *e);

/* ---- ids.c ---- */
/* VE_ID_RANGE: the first id, and for how many VPSes there is room. -EINVAL for what is no range. */
int vz_ids_range(const struct vz_conf *c, uint32_t *first, uint32_t *slots);
/* Claims 65536 host ids that no other VPS has, out of VE_ID_RANGE; the claim is a link in
 * VZ_STATEDIR/ids made atomically, so two creates never get the same. */
int vz_ids_claim(const struct vz_ct *ct, uint32_t *ret_first, struct vz_err *e);
/* Is [first, first+65536) ours? Claims it when nobody has it; -EEXIST when another VPS has. */
int vz_ids_verify(const struct vz_ct *ct, uint32_t first, struct vz_err *e);
void vz_ids_release(unsigned id);
/* First ids that are claimed, sorted; caller frees *ret. */
int vz_ids_list(unsigned **ret, size_t *ret_n);
/* Of these, those that nobody may take over. */
int vz_ids_in_use(const struct vz_host *h, unsigned **ret, size_t *ret_n);

#endif
