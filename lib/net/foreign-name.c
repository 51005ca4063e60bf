// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose a chain is, by its name and its table's; see foreign.h. */
#include "net/foreign.h"
#include "base/own.h"
#include "base/str.h"

/* clang-format off */
static const struct {
	const char *table, *chain; /* how the name of the table, of the chain begins; NULL: any */
	enum vz_foreign_tool tool;
} marks[] = {
	{ NULL, "DOCKER-", VZ_FOREIGN_DOCKER },
	{ "docker-", NULL, VZ_FOREIGN_DOCKER },
	{ "firewalld", NULL, VZ_FOREIGN_FIREWALLD },
	{ NULL, "FWDI_", VZ_FOREIGN_FIREWALLD }, /* its iptables back-end */
	{ NULL, "ufw-", VZ_FOREIGN_UFW },
	{ NULL, "ufw6-", VZ_FOREIGN_UFW },
	{ NULL, "LIBVIRT_", VZ_FOREIGN_LIBVIRT },
	{ "libvirt_network", NULL, VZ_FOREIGN_LIBVIRT },
};
/* clang-format on */

void vz_foreign_name(struct vz_foreign *f, const char *table, const char *chain)
{
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if ((!marks[i].table || vz_str_prefix(table, marks[i].table, NULL)) &&
		    (!marks[i].chain || vz_str_prefix(chain, marks[i].chain, NULL)))
			f->tools |= 1u << marks[i].tool;
}
