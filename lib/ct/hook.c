// SPDX-License-Identifier: GPL-2.0-or-later
/* Action scripts on the host (INTERFACE 4.1): a clean environment, never the guest's directory. */
#include "ct/ct.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/spawn.h"

#define HOOK_ENV_MAX 32

int vz_hook_run(const struct vz_ct *ct, const char *path, char *const *env, const char *what,
		struct vz_err *e)
{
	autofree char *veid = NULL, *conf = NULL;
	char *argv[] = { (char *)(uintptr_t)path, NULL }, *all[HOOK_ENV_MAX + 3];
	struct vz_spawn s = VZ_SPAWN_INIT;
	size_t n = 0;
	int r;

	if (access(path, F_OK) < 0)
		return 0;
	veid = vz_fmt("VEID=%u", ct->id);
	conf = vz_fmt("VE_CONFFILE=%s", ct->conf_path);
	if (!veid || !conf)
		return vz_oom(e);
	all[n++] = veid;
	all[n++] = conf;
	for (; env && *env && n < HOOK_ENV_MAX + 2; env++)
		all[n++] = *env;
	all[n] = NULL;
	s.argv = argv;
	s.env = all;
	r = vz_spawn_run(&s);
	if (r)
		return vz_fail(e, VZ_ACTIONSCRIPT_ERROR, r < 0 ? -r : 0,
			       "Error executing %s script %s", what, path);
	return 0;
}
