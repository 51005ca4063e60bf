/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What start, runscript and the passwords share: a VPS's environment from configuration. */
#ifndef VZ_OPS_ENV_H
#define VZ_OPS_ENV_H

#include "apply/effects.h"
#include "cgroup/cgroup.h"
#include "launch/launch.h"
#include "ops/ops.h"

struct vz_env {
	struct vz_ct *ct;
	struct vz_cg *cg;
	struct vz_spec spec;
	struct vz_launch launch;
	bool bare;     /* start --skip_ve_setup: of the configuration only what guards the host */
	bool restore;  /* what is in the image is not made a second time */
	char name[16]; /* host name of a VPS that has none configured */
};

/* Host ids and features of the VPS; claims ids and records them in N.conf when it has none. */
int vz_env_ids(struct vz_ct *ct, uint32_t *ret_uid, uint32_t *ret_gid, struct vz_err *e);
/* Without a group, for what mounts only; nothing of it is to be closed. */
struct vz_env vz_env_of(struct vz_ct *ct);
/* Opens the VPS's group too (no side effects). */
int vz_env_open(struct vz_env *env, struct vz_ct *ct, struct vz_err *e);
/* A warning, for one that is about to run without ids of its own. */
void vz_env_say_privileged(const struct vz_env *env);
/* The group, empty and without limits; what a crash left there is killed. */
int vz_env_cgroup(struct vz_env *env, struct vz_err *e);
/* The kernel's programs know the group before it has a process, and nothing of a VPS that was. */
int vz_env_policy(struct vz_env *env, struct vz_err *e);
/* Loads what the first start of a boot loads, for a VPS that will have no time for it. A failure is that start's to tell. */
void vz_env_host_ready(void);
/* The limits and devices of the group; at a restore but for those that follow in VZ_START_ALONE. */
int vz_env_limits(struct vz_env *env, struct vz_err *e);
/* What parameters come into force with; a plan adds what it has beside. */
struct vz_starting vz_env_starting(struct vz_env *env);
/* Fills env->spec from the configuration: root, /dev, capabilities, filter. */
int vz_env_spec(struct vz_env *env, bool console, struct vz_err *e);
/* Is this init (host pid) a systemd? May be hostile: the name of its program, which the guest chooses; therefore it
 * is a hint, and tells only how that init is spoken to, never for how long. */
bool vz_env_is_systemd(pid_t init);
/* When a time of the configuration is over that begins now; unset and 0 mean the default of `key`. */
int64_t vz_env_end(const struct vz_pu64 *seconds, const char *key);
/* The kernel's programs forget the VPS, after what runs in its group was killed; before the group goes. */
void vz_env_policy_gone(struct vz_env *env);
/* Kills what runs in the group and removes it. */
void vz_env_cgroup_gone(struct vz_env *env);
void vz_env_close(struct vz_env *env);

#endif
