// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What belongs to one machine and does not travel in a template; see put.h. Two VPSes with one host
 * key are one VPS to whoever logs in. Each gets its own at its first start: what the distribution's
 * services do not make by themselves, etc/dists/scripts/vz-first.sh makes inside.
 *
 * May be hostile: the path. Therefore it is only compared; it is never looked up.
 */
#include "tmpl/put.h"
#include "base/own.h"

#include <fnmatch.h>
#include <sys/stat.h>

/* Text of machine-id(5) that asks for the first boot; everything longer is an id. */
#define UNINITIALIZED_MAX ((int64_t)sizeof("uninitialized\n") - 1)

static const struct row {
	const char *pattern; /* fnmatch(3) without flags: a star passes slashes */
	enum vz_put_fate fate;
	bool always; /* also where a VPS is made; the rest only where a template is made */
	bool any;    /* whatever has the name, not files alone */
	int64_t kept; /* what is no longer than this stays as it is: it identifies nobody */
} rows[] = {
	/* clang-format off */
	{ "etc/machine-id",                           VZ_PUT_EMPTY,     true,  false, UNINITIALIZED_MAX },
	{ "var/lib/dbus/machine-id",                  VZ_PUT_LEAVE_OUT, true,  false, 0 },
	{ "etc/ssh/ssh_host_*",                       VZ_PUT_LEAVE_OUT, true,  false, 0 },
	{ "etc/dropbear/dropbear_*_host_key",         VZ_PUT_LEAVE_OUT, true,  false, 0 },
	{ "etc/ssl/private/ssl-cert-snakeoil.key",    VZ_PUT_LEAVE_OUT, true,  false, 0 },
	{ "etc/ssl/certs/ssl-cert-snakeoil.pem",      VZ_PUT_LEAVE_OUT, true,  false, 0 },
	{ "var/lib/systemd/random-seed",              VZ_PUT_LEAVE_OUT, true,  false, 0 },
	{ "var/lib/systemd/credential.secret",        VZ_PUT_LEAVE_OUT, true,  false, 0 },
	{ "var/lib/urandom/random-seed",              VZ_PUT_LEAVE_OUT, true,  false, 0 },
	{ "var/lib/misc/random-seed",                 VZ_PUT_LEAVE_OUT, true,  false, 0 },
	{ "var/lib/random-seed",                      VZ_PUT_LEAVE_OUT, true,  false, 0 },
	{ "var/lib/seedrng/*",                        VZ_PUT_LEAVE_OUT, true,  false, 0 },
	{ "var/lib/NetworkManager/secret_key",        VZ_PUT_LEAVE_OUT, true,  false, 0 },

	{ "etc/hostname",                             VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "etc/HOSTNAME",                             VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "etc/resolv.conf",                          VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "etc/hostid",                               VZ_PUT_LEAVE_OUT, false, false, 0 },
	/* earlier passwords */
	{ "etc/passwd-",                              VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "etc/shadow-",                              VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "etc/group-",                               VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "etc/gshadow-",                             VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "etc/subuid-",                              VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "etc/subgid-",                              VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "etc/security/opasswd",                     VZ_PUT_EMPTY,     false, false, 0 },
	{ "var/backups/*",                            VZ_PUT_LEAVE_OUT, false, false, 0 },
	/* network of the machine it was made on */
	{ "etc/udev/rules.d/*persistent-net*.rules",  VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "etc/udev/rules.d/*persistent-cd*.rules",   VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/lib/dhcp*",                            VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/lib/dhclient/*",                       VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/lib/NetworkManager/*",                 VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/lib/cloud/instance*",                  VZ_PUT_LEAVE_OUT, false, true, 0 },
	{ "var/lib/cloud/data/*",                     VZ_PUT_LEAVE_OUT, false, true, 0 },
	/* logs: the file stays, for the owner it has, unless it was rotated away */
	{ "var/log/journal/*",                        VZ_PUT_LEAVE_OUT, false, true, 0 },
	{ "var/log/*.[0-9]",                          VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/log/*.[gx]z",                          VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/log/*.bz2",                            VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/log/*.zst",                            VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/log/*.old",                            VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/log/*",                                VZ_PUT_EMPTY,     false, false, 0 },
	{ "var/lib/logrotate/status",                 VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/lib/logrotate.status",                 VZ_PUT_LEAVE_OUT, false, false, 0 },
	/* what can be fetched again */
	{ "var/lib/apt/lists/*",                      VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/cache/apt/*",                          VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/cache/debconf/*-old",                  VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/lib/dpkg/*-old",                       VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/cache/dnf/*",                          VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/cache/yum/*",                          VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/cache/zypp/*",                         VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/cache/apk/*",                          VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/cache/pacman/pkg/*",                   VZ_PUT_LEAVE_OUT, false, false, 0 },
	/* of whoever made it */
	{ "root/.*_history",                          VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "root/.viminfo",                            VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "root/.lesshst",                            VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "root/.wget-hsts",                          VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "root/.ssh/known_hosts*",                   VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "root/.ssh/id_*",                           VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "home/*/.*_history",                        VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "home/*/.viminfo",                          VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "home/*/.lesshst",                          VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "home/*/.wget-hsts",                        VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "home/*/.ssh/known_hosts*",                 VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "home/*/.ssh/id_*",                         VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "tmp/*",                                    VZ_PUT_LEAVE_OUT, false, true, 0 },
	{ "var/tmp/*",                                VZ_PUT_LEAVE_OUT, false, true, 0 },
	{ "run/*",                                    VZ_PUT_LEAVE_OUT, false, false, 0 },
	{ "var/run/*",                                VZ_PUT_LEAVE_OUT, false, false, 0 },
	/* clang-format on */
};

enum vz_put_fate vz_put_personal(const char *path, mode_t mode, int64_t size, bool clean)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];

		if ((!clean && !r->always) || (!r->any && !S_ISREG(mode)) ||
		    fnmatch(r->pattern, path, 0))
			continue;
		return r->kept && size <= r->kept ? VZ_PUT_KEEP : r->fate;
	}
	return VZ_PUT_KEEP;
}
