// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The filter tables of iptables-legacy, read by getsockopt(2) as iptables(8) does: one block of
 * entries, in which a user's chain begins with a target ERROR that carries its name, and the
 * policy of a base chain is an entry at a known offset.
 */
#include "net/foreign.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"

#include <netinet/in.h> /* before the kernel's own */
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <sys/socket.h>

#define TABLE "filter"
#define BLOB_MAX ((size_t)16 << 20)

/* Where struct ipt_entry and struct ip6t_entry differ. */
static const struct layout {
	size_t entry, target_at, next_at; /* size; offsets of target_offset and next_offset */
} layout4 = { sizeof(struct ipt_entry), offsetof(struct ipt_entry, target_offset),
	      offsetof(struct ipt_entry, next_offset) },
  layout6 = { sizeof(struct ip6t_entry), offsetof(struct ip6t_entry, target_offset),
	      offsetof(struct ip6t_entry, next_offset) };

static void add_drop(struct vz_foreign *f, int family, bool forward)
{
	struct vz_foreign_drop *d = &f->drop[f->n];

	if (f->n == VZ_FOREIGN_DROPS)
		return;
	*d = (struct vz_foreign_drop){ .family = family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6,
				       .legacy = true, .forward = forward, .table = TABLE };
	snprintf(d->chain, sizeof(d->chain), "%s", forward ? "FORWARD" : "INPUT");
	f->n++;
}

static void look_at_entry(const struct vz_foreign_blob *b, size_t at, size_t target, size_t end,
			  struct vz_foreign *f)
{
	const char *bytes = b->entries;
	struct xt_standard_target std;
	struct xt_error_target err;

	if (end - target >= sizeof(err)) {
		memcpy(&err, bytes + target, sizeof(err));
		if (!strncmp(err.target.u.user.name, XT_ERROR_TARGET, XT_EXTENSION_MAXNAMELEN)) {
			err.errorname[sizeof(err.errorname) - 1] = 0;
			vz_foreign_name(f, TABLE, err.errorname);
			return;
		}
	}
	if ((at != b->forward && at != b->input) || end - target < sizeof(std))
		return;
	memcpy(&std, bytes + target, sizeof(std));
	if (!*std.target.u.user.name && std.verdict == -NF_DROP - 1)
		add_drop(f, b->family, at == b->forward);
}

void vz_foreign_legacy_parse(const struct vz_foreign_blob *b, struct vz_foreign *f)
{
	const struct layout *l = b->family == AF_INET ? &layout4 : &layout6;
	const char *bytes = b->entries;

	for (size_t at = 0; at <= b->size && b->size - at >= l->entry;) {
		uint16_t target, next;

		memcpy(&target, bytes + at + l->target_at, sizeof(target));
		memcpy(&next, bytes + at + l->next_at, sizeof(next));
		if (next < l->entry || next > b->size - at || target < l->entry || target > next)
			return;
		look_at_entry(b, at, at + target, at + next, f);
		at += next;
	}
}

/* Does a line of /proc/net/ip_tables_names say that the table is in use? Asking the socket for a
 * table that is not would load it. */
static bool is_in_use(int family)
{
	char text[256] = "";
	const char *p = text;

	if (vz_file_read_buf(AT_FDCWD, family == AF_INET ? "/proc/net/ip_tables_names" :
							   "/proc/net/ip6_tables_names",
			     text, sizeof(text)) < 0)
		return false;
	for (;;) {
		autofree char *word = vz_str_word(&p, "\n");

		if (!word || !strcmp(word, TABLE))
			return word != NULL;
	}
}

/* ip6t_getinfo, ip6t_get_entries and their options are those of IPv4 under other names. */
void vz_foreign_legacy(int family, struct vz_foreign *f)
{
	int level = family == AF_INET ? SOL_IP : SOL_IPV6;
	struct ipt_getinfo info = { .name = TABLE };
	autofree struct ipt_get_entries *all = NULL;
	socklen_t len = sizeof(info);
	autoclose int fd = -EBADF;

	if (!is_in_use(family))
		return;
	fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0 || getsockopt(fd, level, IPT_SO_GET_INFO, &info, &len) < 0 ||
	    info.size > BLOB_MAX)
		return;
	len = (socklen_t)(sizeof(*all) + info.size);
	all = calloc(1, len);
	if (!all)
		return;
	snprintf(all->name, sizeof(all->name), "%s", TABLE);
	all->size = info.size;
	if (getsockopt(fd, level, IPT_SO_GET_ENTRIES, all, &len) < 0)
		return;
	vz_foreign_legacy_parse(&(struct vz_foreign_blob){ .entries = all->entrytable,
							   .size = info.size,
							   .forward = info.underflow[NF_INET_FORWARD],
							   .input = info.underflow[NF_INET_LOCAL_IN],
							   .family = family }, f);
}
