// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sockets of IPv4 that are bound to an address which their network namespace has no more: CRIU binds each again, also
 * those with IP_FREEBIND. Those of IPv6 it binds in any case. Whether the kernel would bind one is tried.
 */
#include "cpt/verdict-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/netns.h"
#include "sys/nl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Without a process. */
#define NO_STATES (1u << TCP_TIME_WAIT | 1u << 12 /* TCP_NEW_SYN_RECV */)

struct addresses {
	struct cpt_look *l;
	struct in_addr *v; /* each once */
	size_t n;
	struct cpt_seen known, gone;
};

/* 0 is no number of a set. */
static uint64_t key_of(struct in_addr at)
{
	return at.s_addr | 1ull << 32;
}

/* In the namespace. */
static int try_all(void *arg)
{
	struct addresses *a = arg;

	for (size_t i = 0; i < a->n; i++) {
		struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = a->v[i] };
		autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 && errno == EADDRNOTAVAIL)
			(void)cpt_seen_new(&a->gone, key_of(a->v[i]));
	}
	return 0;
}

static struct in_addr address_of(const struct nlmsghdr *h)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);

	return (struct in_addr){ m->id.idiag_src[0] };
}

static int note_address(const struct nlmsghdr *h, void *arg)
{
	struct addresses *a = arg;
	const struct in_addr at = address_of(h);
	struct in_addr *more = at.s_addr && cpt_seen_new(&a->known, key_of(at)) ?
				       cpt_more(a->l, &a->v, &a->n, sizeof(*more)) : NULL;

	if (more)
		*more = at;
	return 0;
}

static int look_at_bound(const struct nlmsghdr *h, void *arg)
{
	struct addresses *a = arg;
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);
	const struct in_addr at = address_of(h);
	const struct cpt_who *who = m->id.idiag_sport && cpt_seen_has(&a->gone, key_of(at)) ?
					    cpt_socket_holder(a->l, m->idiag_inode) : NULL;
	char text[INET_ADDRSTRLEN];

	if (who)
		cpt_say(a->l, CPT_ADDRESS, who, "%s port %u", inet_ntop(AF_INET, &at, text, sizeof(text)),
			ntohs(m->id.idiag_sport));
	return 0;
}

static int each_socket(int diag, vz_nl_each *each, struct addresses *a)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE };
	const struct vz_nl_reader reader = { each, a };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(protocols); i++) {
		const struct inet_diag_req_v2 all = { .sdiag_family = AF_INET, .sdiag_protocol = protocols[i],
						      .idiag_states = ~NO_STATES };
		struct vz_nl m;

		vz_nl_init(&m, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
		vz_nl_put_hdr(&m, &all, sizeof(all));
		r = vz_nl_read(diag, &m, &reader, NULL, "sockets");
		if (r == -ENOENT) /* the kernel has no such protocol */
			r = 0;
	}
	return r;
}

static void look_at_namespace(struct cpt_look *l, int netns)
{
	struct addresses a = { .l = l };
	autoclose int diag = vz_nl_open(NETLINK_SOCK_DIAG, netns, NULL);
	int r = diag < 0 ? diag : each_socket(diag, note_address, &a);

	if (r >= 0)
		r = vz_netns_call(netns, try_all, &a);
	if (r >= 0 && a.gone.n)
		r = each_socket(diag, look_at_bound, &a);
	if (r < 0)
		cpt_say(l, CPT_UNKNOWN, NULL, "addresses of its sockets: %s", strerror(-r));
	free(a.v);
	free(a.known.slot);
	free(a.gone.slot);
}

void cpt_address_judge(struct cpt_look *l)
{
	for (size_t i = 0; i < l->nets_n; i++)
		look_at_namespace(l, l->nets[i].fd);
}
