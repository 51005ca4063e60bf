// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses as values, and the netlink builder: what it makes, what it refuses, and what the
 * kernel answers to a question that needs no right. */
#include "base/ip.h"
#include "base/own.h"
#include "sys/netns.h"
#include "sys/nl.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void addresses(void)
{
	static const char *const bad[] = { "", "1.2.3", "1.2.3.4/33", "1.2.3.4/255.0.255.0", "::1/129",
					   "1.2.3.4/", "1.2.3.4 ", ":::", "1.2.3.4/-1", "::1/255.0.0.0" };
	char text[VZ_IP_TEXT];
	struct vz_ip ip, net;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(vz_ip_parse(bad[i], &ip), -EINVAL);
	CHECK_INT(vz_ip_parse("10.1.2.3/255.255.240.0", &ip), 0);
	CHECK_INT(ip.prefix, 20);
	CHECK(ip.masked);
	CHECK_INT(vz_ip_parse("2001:0db8:0::5", &ip), 0);
	CHECK_STR(vz_ip_text(&ip, text), "2001:db8::5");
	CHECK(!ip.masked && ip.prefix == 128);
	CHECK_INT(vz_ip_parse("2001:db8::/31", &net), 0);
	CHECK(vz_ip_in(&ip, &net));
	CHECK_INT(vz_ip_parse("2001:dba::/31", &net), 0);
	CHECK(!vz_ip_in(&ip, &net));
	CHECK_INT(vz_ip_parse("0.0.0.0/0", &net), 0);
	CHECK(!vz_ip_in(&ip, &net));
}

static void nests(void)
{
	const struct nlattr *tb[IFLA_MAX + 1], *in[IFLA_INFO_MAX + 1];
	struct ifinfomsg ifi = { 0 };
	struct vz_nl m;

	vz_nl_init(&m, RTM_NEWLINK, NLM_F_CREATE);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	VZ_NL_NEST(&m, IFLA_LINKINFO) {
		vz_nl_put_str(&m, IFLA_INFO_KIND, "veth");
		VZ_NL_NEST(&m, IFLA_INFO_DATA)
			vz_nl_put_u32(&m, 1, 7);
	}
	vz_nl_put_str(&m, IFLA_IFNAME, "x");
	CHECK_INT(m.err, 0);
	vz_nl_attrs(&m.h, sizeof(ifi), tb, IFLA_MAX);
	CHECK_STR(mnl_attr_get_str(tb[IFLA_IFNAME]), "x");
	vz_nl_nested(tb[IFLA_LINKINFO], in, IFLA_INFO_MAX);
	CHECK_STR(mnl_attr_get_str(in[IFLA_INFO_KIND]), "veth");
	vz_nl_nested(in[IFLA_INFO_DATA], in, 1);
	CHECK_INT(mnl_attr_get_u32(in[1]), 7);
	CHECK_INT(vz_nl_u32(in[1]), 7);
	CHECK_STR(vz_nl_str(tb[IFLA_IFNAME]), "x");
	/* missing, and of another size or without an end */
	CHECK_INT(vz_nl_u32(NULL), 0);
	CHECK_STR(vz_nl_str(NULL), "");
	CHECK_INT(vz_nl_u32(tb[IFLA_IFNAME]), 0);
	vz_nl_init(&m, RTM_NEWLINK, 0);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	vz_nl_put(&m, IFLA_IFNAME, "xyz", 3);
	vz_nl_attrs(&m.h, sizeof(ifi), tb, IFLA_MAX);
	CHECK_STR(vz_nl_str(tb[IFLA_IFNAME]), "");
}

static void too_much(void)
{
	static char big[4000];
	struct vz_err e = { 0 };
	struct vz_nl m;
	int rounds = 0;

	vz_nl_init(&m, RTM_NEWLINK, 0);
	for (int i = 0; i < 6; i++)
		VZ_NL_NEST(&m, 3) {
			rounds++;
			vz_nl_put(&m, 1, big, sizeof(big));
		}
	CHECK_INT(rounds, 6); /* a nest that does not fit is still walked */
	CHECK_INT(m.err, -EMSGSIZE);
	CHECK_INT(vz_nl_call(-1, &m, &e, "cannot say %s", "so much"), -EMSGSIZE);
	CHECK_STR(e.msg, "cannot say so much: Message too long");
}

static int name(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *tb[IFLA_MAX + 1];

	vz_nl_attrs(h, sizeof(struct ifinfomsg), tb, IFLA_MAX);
	if (tb[IFLA_IFNAME] && !strcmp(mnl_attr_get_str(tb[IFLA_IFNAME]), "lo"))
		++*(int *)arg;
	return 0;
}

static void kernel(void)
{
	struct ifinfomsg ifi = { 0 };
	struct vz_err e = { 0 };
	struct vz_nl m;
	int los = 0;
	autoclose int s = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, &e);
	const struct vz_nl_reader reader = { name, &los };

	CHECK(s >= 0);
	vz_nl_init(&m, RTM_GETLINK, NLM_F_DUMP);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	CHECK_INT(vz_nl_read(s, &m, &reader, &e, "cannot list devices"), 0);
	CHECK_INT(los, 1);
	vz_nl_init(&m, RTM_GETLINK, 0);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	vz_nl_put_str(&m, IFLA_IFNAME, "lo");
	CHECK_INT(vz_nl_read(s, &m, &reader, &e, "cannot find lo"), 0);
	CHECK_INT(los, 2);
	vz_nl_init(&m, RTM_GETLINK, 0);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	vz_nl_put_str(&m, IFLA_IFNAME, "a-name-that-is-too-long");
	CHECK(vz_nl_read(s, &m, &reader, &e, "cannot find it") < 0);
	CHECK(strstr(e.msg, "cannot find it: Attribute failed policy validation: "));
}

/* ---- a dump that is interrupted ---- */

static int interrupt;  /* so many answers more: their first message says so */
static int answers;    /* datagrams that came */

/* Before that of libc. */
ssize_t recvfrom(int fd, void *buf, size_t n, int flags, struct sockaddr *from, socklen_t *len)
{
	ssize_t k = syscall(SYS_recvfrom, fd, buf, n, flags, from, len);
	struct nlmsghdr *h = buf;

	answers++;
	/* the kernel says it in any message, and in the last one only if that comes late enough */
	if (k >= (ssize_t)sizeof(*h) && interrupt > 0 && h->nlmsg_type != NLMSG_DONE && interrupt--)
		h->nlmsg_flags |= NLM_F_DUMP_INTR;
	return k;
}

static int list_devices(int s, int *los, struct vz_err *e)
{
	const struct vz_nl_reader reader = { name, los };
	struct ifinfomsg ifi = { 0 };
	struct vz_nl m;

	vz_nl_init(&m, RTM_GETLINK, NLM_F_DUMP);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	return vz_nl_read(s, &m, &reader, e, "cannot list devices");
}

/* It is asked for again, and who reads sees each device once. */
static void interrupted(void)
{
	struct vz_err e = { 0 };
	autoclose int s = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, &e);
	int los = 0, once;

	CHECK(s >= 0);
	answers = 0;
	CHECK_INT(list_devices(s, &los, &e), 0);
	once = answers;
	CHECK_INT(los, 1);
	interrupt = 2;
	CHECK_INT(list_devices(s, &los, &e), 0);
	CHECK_INT(los, 2);
	CHECK_INT(interrupt, 0);
	CHECK(answers >= 3 * once);
	interrupt = 100000; /* without an end */
	CHECK_INT(list_devices(s, &los, &e), -EAGAIN);
	CHECK_INT(los, 2);
	interrupt = 0;
	CHECK_INT(list_devices(s, &los, &e), 0);
	CHECK_INT(los, 3);
}

/* Who has the rights over a network namespace, as root of a guest has over his, answers in the
 * kernel's stead. */
static void forged(void)
{
	struct nlmsghdr h = { .nlmsg_len = sizeof(h), .nlmsg_type = NLMSG_DONE };
	struct sockaddr_nl to;
	socklen_t len = sizeof(to);
	struct vz_err e = { 0 };
	autoclose int s = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, &e);
	autoclose int other = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t n;

	CHECK(s >= 0 && other >= 0 && !getsockname(s, (struct sockaddr *)&to, &len));
	n = sendto(other, &h, sizeof(h), 0, (struct sockaddr *)&to, sizeof(to));
	CHECK(n < 0 && (errno == ECONNREFUSED || (errno == EPERM && geteuid() != 0)));
}

static int put_last(int sock, const struct sockaddr_nl *to, uint32_t seq)
{
	struct {
		struct nlmsghdr h;
		struct nlmsgerr err;
	} m = { .h = { .nlmsg_len = sizeof(m), .nlmsg_type = NLMSG_ERROR, .nlmsg_seq = seq },
		.err = { .error = -EPERM } };

	return sendto(sock, &m, sizeof(m), 0, (const struct sockaddr *)to, sizeof(*to)) < 0 ? -errno : 0;
}

/* And does so between bind(2) and connect(2), before the kernel would refuse it, with the numbers that
 * the next requests will have. */
static void forged_early(void)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK }, kernel = to;
	struct ifinfomsg ifi = { 0 };
	socklen_t len = sizeof(to);
	struct vz_err e = { 0 };
	struct vz_nl m;
	int los = 0, r = 0;
	autoclose int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	autoclose int other = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	const struct vz_nl_reader reader = { name, &los };

	CHECK(s >= 0 && other >= 0 && !bind(s, (struct sockaddr *)&to, sizeof(to)) &&
	      !getsockname(s, (struct sockaddr *)&to, &len));
	for (uint32_t seq = 0; seq < 100 && !r; seq++)
		r = put_last(other, &to, seq);
	CHECK(!r || (r == -EPERM && geteuid() != 0));
	CHECK(!connect(s, (struct sockaddr *)&kernel, sizeof(kernel)));
	vz_nl_init(&m, RTM_GETLINK, 0);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	vz_nl_put_str(&m, IFLA_IFNAME, "lo");
	CHECK_INT(vz_nl_read(s, &m, &reader, &e, "cannot find lo"), 0);
	CHECK_INT(los, 1);
}

static uint64_t inode_of(int fd)
{
	struct stat st;

	return fd >= 0 && !fstat(fd, &st) ? st.st_ino : 0;
}

/* A socket of another namespace is made there, and nobody has moved. */
static void elsewhere(void)
{
	autoclose int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), ns = -EBADF;
	autoclose int sock = -EBADF, theirs = -EBADF, file = -EBADF, now = -EBADF;
	struct vz_err e = { 0 };

	if (geteuid())
		return;
	ns = vz_netns_new(&e);
	if (ns < 0)
		return; /* none can be made here */
	sock = vz_nl_open(NETLINK_ROUTE, ns, &e);
	theirs = sock < 0 ? -EBADF : ioctl(sock, SIOCGSKNS);
	CHECK(inode_of(ns) && inode_of(ns) != inode_of(home));
	CHECK(inode_of(theirs) == inode_of(ns));
	file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	CHECK(vz_nl_open(NETLINK_ROUTE, file, &e) < 0); /* no namespace at all */
	now = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	CHECK(inode_of(now) == inode_of(home));
}

int main(void)
{
	addresses();
	nests();
	too_much();
	kernel();
	interrupted();
	forged();
	forged_early();
	elsewhere();
	return done();
}
