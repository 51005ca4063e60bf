/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which name servers the host asks, as far as others can ask them too. */
#ifndef VZ_NET_RESOLV_H
#define VZ_NET_RESOLV_H

/* Servers and search domains of a resolv.conf(5), joined by blanks, the caller's to free. Servers
 * that nobody can reach from inside (loopback, link-local) are left out. -ENOMEM. */
int vz_resolv_parse(const char *text, char **ret_servers, char **ret_search);

/* Those of this host; where its file names only a resolver of the host's own (systemd-resolved), those that this one asks. Joined by
 * blanks, "" for none, the caller's to free. -ENOMEM. */
int vz_resolv_host(char **ret_servers, char **ret_search);

#endif
