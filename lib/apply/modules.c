// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * FEATURES on the host's side: kernel modules, which a VPS cannot load, and what no kernel gives to
 * a user namespace. What a feature turns on inside is read from its bit elsewhere (ct/features.h).
 */
#include "apply/modules.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/once.h"
#include "param/nodeperm.h"
#include "sys/file.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <sys/utsname.h>

#define BUILTIN_MAX (1u << 20)

static const struct {
	uint32_t bit;
	const char *modules[2];
} table[] = {
	{ VZ_FEAT_TUN, { "tun" } },
	{ VZ_FEAT_FUSE, { "fuse" } },
	{ VZ_FEAT_PPP, { "ppp_generic" } },
	{ VZ_FEAT_WIREGUARD, { "wireguard" } },
	{ VZ_FEAT_BRIDGE, { "veth", "bridge" } },
	{ VZ_FEAT_SIT, { "sit" } },
	{ VZ_FEAT_IPIP, { "ipip", "ip6_tunnel" } },
	{ VZ_FEAT_IPGRE, { "ip_gre", "ip6_gre" } },
	{ VZ_FEAT_NFS, { "nfs" } },
	{ VZ_FEAT_NFSD, { "nfsd" } },
	{ VZ_FEAT_CT_LIMIT, { "nf_conntrack" } }, /* its types must be known */
};

void vz_features_warn(const struct vz_ct *ct)
{
	uint32_t f = vz_ct_features(ct);

	if (f & (VZ_FEAT_NFS | VZ_FEAT_NFSD) && !(f & VZ_FEAT_PRIVILEGED))
		vz_say_once(-1, "Warning: feature %s is not given: the kernel has %s for privileged "
			   "containers only; mount it on the host and bind it below %s in %u.mount",
		       f & VZ_FEAT_NFS ? "nfs" : "nfsd", f & VZ_FEAT_NFS ? "NFS" : "its server",
		       ct->root ? ct->root : "VE_ROOT", ct->id);
}

/* "/lib/modules/RELEASE/modules.builtin" has a line ".../NAME.ko". */
static bool is_built_in(const char *builtin, const char *name)
{
	autofree char *end = vz_fmt("/%s.ko\n", name);

	return end && strstr(builtin, end);
}

static bool is_loaded(const char *name)
{
	autofree char *path = vz_fmt("/sys/module/%s", name);

	return path && access(path, F_OK) == 0;
}

static void load(const char *name)
{
	char *argv[] = { (char *)(uintptr_t)"modprobe", (char *)(uintptr_t)"-q",
			 (char *)(uintptr_t)name, NULL };
	struct vz_spawn s = VZ_SPAWN_INIT;

	vz_log(0, "Preloading kernel module: %s", name);
	s.argv = argv;
	s.seconds = VZ_SPAWN_SECONDS;
	if (vz_spawn_run(&s))
		vz_say_once(-1, "Warning: cannot load kernel module %s", name);
}

uint32_t vz_features_with_modules(const struct vz_conf *c)
{
	uint32_t f = vz_ct_conf_features(c);
	const struct vz_nodeperm *tun = NULL;
	autonodeperms l = { 0 };

	if (vz_nodeperms_of(&c->devnodes, &l, NULL) >= 0) /* else the step that gives the nodes says why */
		tun = vz_nodeperms_find(&l, "net/tun");
	return tun && !vz_perm_is_none(&tun->perm) ? f | VZ_FEAT_TUN : f;
}

void vz_features_modules(const struct vz_ct *ct)
{
	uint32_t f = vz_features_with_modules(&ct->conf);
	autofree char *path = NULL, *builtin = NULL;
	struct utsname u;

	/* without /proc/modules the kernel has none at all */
	if (access("/proc/modules", F_OK) || uname(&u) < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		for (size_t j = 0; f & table[i].bit && j < ARRAY_LEN(table[i].modules); j++) {
			const char *name = table[i].modules[j];

			if (!name || is_loaded(name))
				continue;
			if (!builtin) {
				path = vz_fmt("/lib/modules/%s/modules.builtin", u.release);
				if (!path || vz_file_read(AT_FDCWD, path, BUILTIN_MAX, &builtin) < 0)
					builtin = strdup("");
			}
			if (builtin && !is_built_in(builtin, name))
				load(name);
		}
}
