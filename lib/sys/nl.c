// SPDX-License-Identifier: GPL-2.0-or-later
/* Netlink over libmnl; see nl.h, netlink(7) and rtnetlink(7). What the messages mean is not known
 * here. */
#include "sys/nl.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define LOOPBACK_INDEX 1 /* the first device of every network namespace */
/* a device with all the alternative names that a guest can give it is 64 KiB and some */
#define ANSWER_SIZE 98304
#define BATCH_MAX (1u << 21)
#define HELD_MAX (16u << 20) /* of a dump, 11000 devices; what is longer is handed on as it comes */
#define TRIES 50
#define PAUSE_NS 2000000

static int open_socket(int bus)
{
	struct sockaddr_nl zero = { .nl_family = AF_NETLINK };
	autoclose int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, bus);
	int on = 1;

	if (fd < 0 || bind(fd, (struct sockaddr *)&zero, sizeof(zero)) < 0)
		return -errno;
	/* of the kernel only: or root of a guest's network namespace could send answers of his own */
	if (connect(fd, (struct sockaddr *)&zero, sizeof(zero)) < 0)
		return -errno;
	/* the kernel's sentence, and no copy of our own request, in an answer; both are optional */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return TAKE_FD(fd);
}

static int open_socket_there(void *bus)
{
	return open_socket(*(int *)bus);
}

int vz_nl_open(int bus, int netns_fd, struct vz_err *e)
{
	int fd = netns_fd < 0 ? open_socket(bus) : vz_netns_call(netns_fd, open_socket_there, &bus);

	return fd < 0 ? vz_fail(e, VZ_SYSTEM, -fd, "cannot open a netlink socket") : fd;
}

void vz_nl_init(struct vz_nl *m, uint16_t type, uint16_t flags)
{
	m->err = 0;
	mnl_nlmsg_put_header(m->buf);
	m->h.nlmsg_type = type;
	m->h.nlmsg_flags = flags | NLM_F_REQUEST | NLM_F_ACK;
}

void vz_nl_put_hdr(struct vz_nl *m, const void *hdr, size_t size)
{
	if (m->h.nlmsg_len + NLMSG_ALIGN(size) > sizeof(m->buf))
		m->err = -EMSGSIZE;
	else
		memcpy(mnl_nlmsg_put_extra_header(&m->h, size), hdr, size);
}

void vz_nl_put(struct vz_nl *m, uint16_t attr, const void *data, size_t size)
{
	if (size > UINT16_MAX - MNL_ATTR_HDRLEN ||
	    !mnl_attr_put_check(&m->h, sizeof(m->buf), attr, size, data))
		m->err = -EMSGSIZE;
}

void vz_nl_put_str(struct vz_nl *m, uint16_t attr, const char *s)
{
	vz_nl_put(m, attr, s, strlen(s) + 1);
}

void vz_nl_put_u8(struct vz_nl *m, uint16_t attr, uint8_t v)
{
	vz_nl_put(m, attr, &v, sizeof(v));
}

void vz_nl_put_u16(struct vz_nl *m, uint16_t attr, uint16_t v)
{
	vz_nl_put(m, attr, &v, sizeof(v));
}

void vz_nl_put_u32(struct vz_nl *m, uint16_t attr, uint32_t v)
{
	vz_nl_put(m, attr, &v, sizeof(v));
}

void vz_nl_put_u64(struct vz_nl *m, uint16_t attr, uint64_t v)
{
	vz_nl_put(m, attr, &v, sizeof(v));
}

/* A nest that does not fit must still be a nest, or its block would be left out unnoticed: it
 * then begins at the header of the message, which is refused at the end anyway. */
struct nlattr *vz_nl_nest_open(struct vz_nl *m, uint16_t attr)
{
	struct nlattr *nest = mnl_attr_nest_start_check(&m->h, sizeof(m->buf), attr);

	if (nest)
		return nest;
	m->err = -EMSGSIZE;
	return (struct nlattr *)(void *)m->buf;
}

void vz_nl_nest_close(struct vz_nl *m, struct nlattr *nest)
{
	if ((char *)nest != m->buf)
		mnl_attr_nest_end(&m->h, nest);
}

/* ---- answers ---- */

/* The kernel's sentence in an error message, or "". */
static const char *ext_ack(const struct nlmsghdr *h)
{
	const struct nlattr *tb[NLMSGERR_ATTR_MSG + 1];
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(h);
	size_t skip = sizeof(*err);

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return "";
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += mnl_nlmsg_get_payload_len(&err->msg);
	vz_nl_attrs(h, skip, tb, NLMSGERR_ATTR_MSG);
	return vz_nl_str(tb[NLMSGERR_ATTR_MSG]);
}

struct answer {
	uint32_t seq;
	uint32_t begin; /* of a transaction: a refusal of its first mark is a refusal of all */
	const struct vz_nl_reader *reader; /* NULL: only the acknowledgement matters */
	bool done;
	bool holds;          /* a dump: nobody hears of it before it is complete, */
	struct vz_str held;  /* messages, each at its alignment */
	bool interrupted;    /* what it goes through was changed meanwhile */
	char said[160]; /* the kernel's own words about a failure */
};

static int hand_on(struct answer *a)
{
	const char *at = a->held.s, *end = at + a->held.len;
	int r = 0;

	while (r >= 0 && at < end) {
		const struct nlmsghdr *h = (const void *)at;

		at += NLMSG_ALIGN(h->nlmsg_len);
		r = a->reader->each(h, a->reader->arg);
	}
	a->held.len = 0;
	a->holds = false;
	return r < 0 ? r : 0;
}

static int take_object(const struct nlmsghdr *h, struct answer *a)
{
	static const char pad[NLMSG_ALIGNTO];
	int r = 0;

	if (a->holds && a->held.len + h->nlmsg_len > HELD_MAX)
		r = hand_on(a);
	if (r < 0 || !a->holds)
		return r < 0 ? r : a->reader->each(h, a->reader->arg);
	vz_str_addn(&a->held, (const char *)h, h->nlmsg_len);
	vz_str_addn(&a->held, pad, NLMSG_ALIGN(h->nlmsg_len) - h->nlmsg_len);
	return a->held.failed ? -ENOMEM : 0;
}

static int take_message(const struct nlmsghdr *h, struct answer *a)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(h);

	if (h->nlmsg_seq != a->seq && !(a->begin && h->nlmsg_seq == a->begin))
		return 0; /* the rest of an answer that was given up */
	/* of a dump in several parts the last one does not know of the others */
	a->interrupted |= (h->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
	switch (h->nlmsg_type) {
	case NLMSG_DONE:
		a->done = true;
		return 0;
	case NLMSG_ERROR:
		if (mnl_nlmsg_get_payload_len(h) < sizeof(*err))
			return -EBADMSG;
		a->done = true;
		snprintf(a->said, sizeof(a->said), "%s", err->error ? ext_ack(h) : "");
		return err->error;
	case NLMSG_NOOP:
		return 0;
	}
	return a->reader ? take_object(h, a) : 0;
}

/* A datagram of the kernel's, or -errno. What somebody else sent before the socket was connected, as root
 * of a guest's network namespace can, is passed over. */
static ssize_t from_kernel(int sock, void *buf, size_t size)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(sock, buf, size, MSG_TRUNC, (struct sockaddr *)&from, &len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n >= 0 && len == sizeof(from) && !from.nl_pid)
			return n;
	}
}

static int receive_answers(int sock, struct answer *a)
{
	char buf[ANSWER_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));

	while (!a->done) {
		ssize_t n = from_kernel(sock, buf, sizeof(buf));
		int left = (int)n;
		int r;

		if (n < 0)
			return (int)n;
		if ((size_t)n > sizeof(buf))
			return -EMSGSIZE;
		for (const struct nlmsghdr *h = (void *)buf; mnl_nlmsg_ok(h, left);
		     h = mnl_nlmsg_next(h, &left)) {
			r = take_message(h, a);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int send_all(int sock, const void *buf, size_t len)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t n;

	do
		n = sendto(sock, buf, len, 0, (struct sockaddr *)&kernel, sizeof(kernel));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* Numbers of requests, never twice in a process, so that the rest of an answer given up on is not
 * taken for the next one. */
static uint32_t next_seq(void)
{
	static uint32_t seq;

	return ++seq;
}

static int fail_v(struct vz_err *e, int r, const char *said, const char *fmt, va_list ap)
{
	char what[200];

	vsnprintf(what, sizeof(what), fmt, ap);
	if (*said)
		return vz_fail(e, VZ_SYSTEM, -r, "%s: %s", what, said);
	return vz_fail(e, VZ_SYSTEM, -r, "%s", what);
}

static int transact(int sock, struct vz_nl *m, struct answer *a)
{
	int r;

	if (m->err < 0)
		return m->err;
	a->seq = m->h.nlmsg_seq = next_seq();
	r = send_all(sock, m->buf, m->h.nlmsg_len);
	return r < 0 ? r : receive_answers(sock, a);
}

int vz_nl_call(int sock, struct vz_nl *m, struct vz_err *e, const char *fmt, ...)
{
	struct answer a = { 0 };
	int r = transact(sock, m, &a);
	va_list ap;

	if (r >= 0)
		return 0;
	va_start(ap, fmt);
	r = fail_v(e, r, a.said, fmt, ap);
	va_end(ap);
	return r;
}

/* Any device or address that comes or goes in between interrupts one, and of a VPS that has just ended they go at some moment. */
static int read_dump(int sock, struct vz_nl *m, struct answer *a)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	int r = -EAGAIN;

	m->h.nlmsg_flags &= (uint16_t)~NLM_F_ACK; /* it ends by itself */
	a->holds = true;
	for (int i = 0; i < TRIES && r == -EAGAIN && a->holds; i++) {
		if (i)
			(void)nanosleep(&pause, NULL);
		a->held.len = 0;
		a->done = a->interrupted = false;
		r = transact(sock, m, a);
		if (r >= 0 && a->interrupted)
			r = -EAGAIN;
	}
	return r < 0 ? r : hand_on(a);
}

int vz_nl_read(int sock, struct vz_nl *m, const struct vz_nl_reader *reader, struct vz_err *e,
	       const char *fmt, ...)
{
	struct answer a = { .reader = reader };
	va_list ap;
	int r;

	/* a single object is followed by the acknowledgement */
	r = (m->h.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP ? read_dump(sock, m, &a) : transact(sock, m, &a);
	vz_str_free(&a.held);
	if (r >= 0)
		return 0;
	va_start(ap, fmt);
	r = fail_v(e, r, a.said, fmt, ap);
	va_end(ap);
	return r;
}

void vz_nl_attrs(const struct nlmsghdr *h, size_t skip, const struct nlattr **tb, uint16_t max)
{
	const struct nlattr *a;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	if (mnl_nlmsg_get_payload_len(h) < skip)
		return;
	mnl_attr_for_each(a, h, skip)
		if (mnl_attr_get_type(a) <= max)
			tb[mnl_attr_get_type(a)] = a;
}

uint32_t vz_nl_u32(const struct nlattr *a)
{
	return a && mnl_attr_validate(a, MNL_TYPE_U32) >= 0 ? mnl_attr_get_u32(a) : 0;
}

const char *vz_nl_str(const struct nlattr *a)
{
	return a && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0 ? mnl_attr_get_str(a) : "";
}

void vz_nl_nested(const struct nlattr *nest, const struct nlattr **tb, uint16_t max)
{
	const struct nlattr *a;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	mnl_attr_for_each_nested(a, nest)
		if (mnl_attr_get_type(a) <= max)
			tb[mnl_attr_get_type(a)] = a;
}

/* ---- transactions ---- */

static void batch_bytes(struct vz_nl_batch *b, const void *data, size_t n)
{
	if (b->err >= 0 && b->len + n > b->cap) {
		size_t cap = b->cap ? 2 * b->cap : 8192;
		char *buf;

		while (cap < b->len + n)
			cap *= 2;
		buf = cap <= BATCH_MAX ? realloc(b->buf, cap) : NULL;
		if (!buf) {
			b->err = cap <= BATCH_MAX ? -ENOMEM : -EMSGSIZE;
			return;
		}
		b->buf = buf;
		b->cap = cap;
	}
	if (b->err < 0)
		return;
	memcpy(b->buf + b->len, data, n);
	b->len += n;
}

static void batch_mark(struct vz_nl_batch *b, uint16_t type)
{
	struct nfgenmsg nf = { .nfgen_family = AF_UNSPEC, .res_id = htons(NFNL_SUBSYS_NFTABLES) };
	struct nlmsghdr h = { .nlmsg_len = NLMSG_LENGTH(sizeof(nf)),
			      .nlmsg_type = type,
			      .nlmsg_flags = NLM_F_REQUEST };

	batch_bytes(b, &h, sizeof(h));
	batch_bytes(b, &nf, sizeof(nf));
}

void vz_nl_batch_add(struct vz_nl_batch *b, const struct vz_nl *m)
{
	if (m->err < 0 && b->err >= 0)
		b->err = m->err;
	if (!b->n)
		batch_mark(b, NFNL_MSG_BATCH_BEGIN);
	batch_bytes(b, m->buf, m->h.nlmsg_len);
	b->n++;
}

/* Every message but the marks asks for an acknowledgement; they come in order, and the first
 * refusal is the one to report (the kernel takes the whole transaction back). */
int vz_nl_batch_commit(int sock, struct vz_nl_batch *b, struct vz_err *e, const char *what)
{
	struct answer a = { 0 };
	uint32_t seq, n;
	int r, left;

	if (!b->n && b->err >= 0)
		return 0;
	batch_mark(b, NFNL_MSG_BATCH_END);
	if (b->err < 0)
		return vz_fail(e, VZ_SYSTEM, -b->err, "%s", what);
	left = (int)b->len;
	for (struct nlmsghdr *h = (void *)b->buf; mnl_nlmsg_ok(h, left);
	     h = mnl_nlmsg_next(h, &left))
		h->nlmsg_seq = next_seq();
	seq = ((struct nlmsghdr *)(void *)b->buf)->nlmsg_seq;
	r = send_all(sock, b->buf, b->len);
	for (n = 1; r >= 0 && n <= b->n; n++) {
		a = (struct answer){ .seq = seq + n, .begin = seq };
		r = receive_answers(sock, &a);
	}
	if (r >= 0)
		return 0;
	if (*a.said)
		return vz_fail(e, VZ_SYSTEM, -r, "%s: %s", what, a.said);
	return vz_fail(e, VZ_SYSTEM, -r, "%s", what);
}

void vz_nl_batch_free(struct vz_nl_batch *b)
{
	free(b->buf);
	*b = (struct vz_nl_batch){ 0 };
}

int vz_nl_loopback_up(struct vz_err *e)
{
	struct ifinfomsg ifi = { .ifi_index = LOOPBACK_INDEX,
				 .ifi_flags = IFF_UP,
				 .ifi_change = IFF_UP };
	autoclose int sock = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, e);
	struct vz_nl m;

	if (sock < 0)
		return sock;
	vz_nl_init(&m, RTM_NEWLINK, 0);
	vz_nl_put_hdr(&m, &ifi, sizeof(ifi));
	return vz_nl_call(sock, &m, e, "cannot bring the loopback device up");
}
