// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules that need more than one parameter, and paths with the id of the VPS in them. */
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "param/param.h"
#include "param/ranges.h"

/* In percent of one CPU; 0: there is no limit. */
static uint64_t bandwidth(const struct vz_conf *given, const struct vz_conf *have)
{
	uint64_t limit = given->cpulimit.set ? given->cpulimit.v : have->cpulimit.v;
	uint64_t cpus = (given->cpus.set ? given->cpus.v : have->cpus.v) * 100;

	return !cpus || (limit && limit < cpus) ? limit : cpus;
}

int vz_conf_check(const struct vz_conf *given, const struct vz_conf *have, struct vz_err *e)
{
	/* physpages with a limit is what makes a configuration "vswap": INTERFACE 5.2 */
	bool ram = given->physpages.set && given->physpages.lim != VZ_UNLIMITED;

	if (given->nodemask.set && !given->cpumask.set && !have->cpumask.set)
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "--nodemask requires --cpumask");
	if (given->cpumask.set && !strcmp(given->cpumask.v, "auto") && !given->nodemask.set &&
	    !have->nodemask.set)
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0,
			       "--cpumask auto requires --nodemask");
	/* the kernel takes no more; a limit that is set lower later takes the burst with it */
	if (given->cpuburst.v && !bandwidth(given, have))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "--cpuburst needs --cpulimit or --cpus: without a limit there is nothing beyond it");
	if (given->cpuburst.v && given->cpuburst.v > bandwidth(given, have))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "Bad parameter for --cpuburst: %llu (at most %llu, by --cpulimit or --cpus)",
			       (unsigned long long)given->cpuburst.v, (unsigned long long)bandwidth(given, have));
	if (ram && !given->swappages.set && !have->swappages.set)
		return vz_fail(e, VZ_NOTENOUGHUBCPARAMS, 0,
			       "Error: required UB parameter (swap) not set");
	if (given->swappages.set && !given->physpages.set && !have->physpages.set)
		return vz_fail(e, VZ_NOTENOUGHUBCPARAMS, 0,
			       "Error: required UB parameter (ram) not set");
	return 0;
}

int vz_conf_id_range(const struct vz_conf *c, struct vz_range *ret)
{
	const char *text = c->id_range.set ? c->id_range.v : vz_param_by_key("VE_ID_RANGE")->dflt;

	return vz_range_parse(text, VZ_ID_MAX, ret);
}

char *vz_conf_expand(const char *path, unsigned ctid)
{
	const char *plain = strstr(path, "$VEID"), *braced = strstr(path, "${VEID}"), *at = plain;
	autofree char *all = NULL;
	size_t n;

	if (!at || (braced && braced < at))
		at = braced;
	if (at)
		all = vz_fmt("%.*s%u%s", (int)(at - path), path, ctid,
			     at + (at == braced ? strlen("${VEID}") : strlen("$VEID")));
	else
		all = strdup(path);
	if (!all)
		return NULL;
	for (n = strlen(all); n > 1 && all[n - 1] == '/'; n--)
		all[n - 1] = 0;
	return TAKE_PTR(all);
}
