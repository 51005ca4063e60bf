// SPDX-License-Identifier: GPL-2.0-or-later
/* Rtnetlink over libmnl; see nl.h and rtnetlink(7). */
#include "sys/nl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#define LOOPBACK_INDEX 1 /* the first device of every network namespace */

static int call(struct nlmsghdr *msg, const char *what, struct vz_err *e)
{
	char answer[1024];
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int r = -1;
	ssize_t n;

	if (s && mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) >= 0 &&
	    mnl_socket_sendto(s, msg, msg->nlmsg_len) >= 0) {
		n = mnl_socket_recvfrom(s, answer, sizeof(answer));
		if (n >= 0)
			r = mnl_cb_run(answer, (size_t)n, msg->nlmsg_seq,
				       mnl_socket_get_portid(s), NULL, NULL);
	}
	r = r < 0 ? -errno : 0;
	if (s)
		mnl_socket_close(s);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "%s", what) : 0;
}

int vz_nl_loopback_up(struct vz_err *e)
{
	char buf[256];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	msg->nlmsg_type = RTM_NEWLINK;
	msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	msg->nlmsg_seq = 1;
	ifi = mnl_nlmsg_put_extra_header(msg, sizeof(*ifi));
	ifi->ifi_index = LOOPBACK_INDEX;
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	return call(msg, "cannot bring the loopback device up", e);
}
