// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The holder of descriptors; see fdstore.h. It knows nothing of what it holds, with one
 * exception: a terminal that nobody reads blocks its writer as soon as a few pages are full, and
 * those writers are guests. While no client is connected it therefore empties the terminals now
 * and then. A client that is only killed and started again misses nothing by that.
 */
#include "sys/clock.h"
#include "sys/fdstore.h"
#include "base/own.h"
#include "sys/fdpass.h"

#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#define CLIENTS 16
#define DRAIN_EVERY_MS 100

enum op { OP_PUT = 1, OP_GET, OP_DROP, OP_NEXT };

struct request {
	uint32_t op;
	char name[VZ_FDSTORE_NAME];
};
struct answer {
	int32_t result;
	char name[VZ_FDSTORE_NAME];
};

/* Sends a request, with *fd unless that is negative; *fd is then what came with the answer. */
static int call(int sock, enum op op, const char *name, int *fd, struct answer *a)
{
	struct request q = { .op = op };
	ssize_t n;
	int r;

	if (strlen(name) >= sizeof(q.name))
		return -ENAMETOOLONG;
	memcpy(q.name, name, strlen(name));
	r = vz_fd_send(sock, &q, sizeof(q), *fd);
	*fd = -EBADF;
	if (r < 0)
		return r;
	n = vz_fd_recv(sock, a, sizeof(*a), fd);
	if (n < 0)
		return (int)n;
	return n == sizeof(*a) ? a->result : -EPIPE;
}

static int call_plain(int sock, enum op op, const char *name, struct answer *a)
{
	int fd = -EBADF, r = call(sock, op, name, &fd, a);

	vz_closep(&fd);
	return r;
}

int vz_fdstore_put(int sock, const char *name, int fd)
{
	struct answer a;

	return call(sock, OP_PUT, name, &fd, &a);
}

int vz_fdstore_get(int sock, const char *name)
{
	autoclose int fd = -EBADF;
	struct answer a;
	int r = call(sock, OP_GET, name, &fd, &a);

	if (r < 0)
		return r;
	return fd < 0 ? -EPROTO : TAKE_FD(fd);
}

int vz_fdstore_drop(int sock, const char *name)
{
	struct answer a;

	return call_plain(sock, OP_DROP, name, &a);
}

int vz_fdstore_next(int sock, const char *name, char ret[VZ_FDSTORE_NAME])
{
	struct answer a;
	int r = call_plain(sock, OP_NEXT, name, &a);

	if (r < 0)
		return r;
	a.name[sizeof(a.name) - 1] = 0;
	memcpy(ret, a.name, sizeof(a.name));
	return 0;
}

/* ---- server ---- */

struct entry {
	char name[VZ_FDSTORE_NAME];
	int fd;
};
struct store {
	struct entry *all;
	size_t n, cap;
	int clients[CLIENTS];
	size_t nclients;
	int64_t alone_since; /* when the last client went */
};

static struct entry *store_find(struct store *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->all[i].name, name))
			return &s->all[i];
	return NULL;
}

static int store_put(struct store *s, const char *name, int *fd)
{
	struct entry *e = store_find(s, name);

	if (*fd < 0 || !*name)
		return -EINVAL;
	if (!e && s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 64;
		struct entry *more = reallocarray(s->all, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		s->all = more;
		s->cap = cap;
	}
	if (e) {
		close(e->fd);
	} else {
		e = &s->all[s->n++];
		memcpy(e->name, name, sizeof(e->name));
	}
	e->fd = TAKE_FD(*fd);
	return 0;
}

static void store_drop(struct store *s, const char *name)
{
	struct entry *e = store_find(s, name);

	if (!e)
		return;
	close(e->fd);
	*e = s->all[--s->n];
}

static const struct entry *store_next(const struct store *s, const char *name)
{
	const struct entry *best = NULL;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->all[i].name, name) > 0 &&
		    (!best || strcmp(s->all[i].name, best->name) < 0))
			best = &s->all[i];
	return best;
}

/* One request of a client; false when the client is gone or talks nonsense. */
static bool serve_client(struct store *s, int sock)
{
	autoclose int fd = -EBADF;
	struct answer a = { 0 };
	const struct entry *e = NULL;
	struct request q;
	ssize_t n = vz_fd_recv(sock, &q, sizeof(q), &fd);

	if (n == -EAGAIN)
		return true;
	if (n != sizeof(q) || !memchr(q.name, 0, sizeof(q.name)))
		return false;
	switch (q.op) {
	case OP_PUT:
		a.result = store_put(s, q.name, &fd);
		break;
	case OP_GET:
		e = store_find(s, q.name);
		a.result = e ? 0 : -ENOENT;
		break;
	case OP_DROP:
		store_drop(s, q.name);
		break;
	case OP_NEXT:
		e = store_next(s, q.name);
		if (e)
			memcpy(a.name, e->name, sizeof(a.name));
		a.result = e ? 0 : -ENOENT;
		break;
	default:
		return false;
	}
	return vz_fd_send(sock, &a, sizeof(a), q.op == OP_GET && e ? e->fd : -1) == 0;
}

static void accept_one(struct store *s, int listener)
{
	int fd = vz_unix_accept_root(listener);

	if (fd < 0)
		return;
	if (s->nclients == CLIENTS)
		close(fd);
	else
		s->clients[s->nclients++] = fd;
}

static void drain(const struct store *s)
{
	char sink[4096];

	for (size_t i = 0; i < s->n; i++) {
		struct pollfd p = { .fd = s->all[i].fd, .events = POLLIN };

		if (!isatty(p.fd))
			continue;
		/* bounded: one guest that never stops writing must not keep us here */
		for (int k = 0; k < 16 && poll(&p, 1, 0) == 1 && (p.revents & POLLIN); k++)
			if (read(p.fd, sink, sizeof(sink)) <= 0)
				break;
	}
}

/* What is to be done by the clock, and how long poll may then wait; false: time to go. */
static bool by_clock(struct store *s, const struct vz_fdstore_opts *o, int *ret_wait)
{
	int64_t alone = vz_now_ms() - s->alone_since;

	if (s->nclients) {
		*ret_wait = -1;
	} else if (!s->n) {
		*ret_wait = (int)(o->idle_ms - alone);
		return alone < o->idle_ms;
	} else if (alone < o->drain_ms) {
		*ret_wait = (int)(o->drain_ms - alone);
	} else {
		drain(s);
		*ret_wait = DRAIN_EVERY_MS;
	}
	return true;
}

static void serve_all(struct store *s, int listener, const struct vz_fdstore_opts *o)
{
	struct pollfd p[CLIENTS + 1];
	int wait;

	while (by_clock(s, o, &wait)) {
		size_t n = s->nclients;

		p[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
		for (size_t i = 0; i < n; i++)
			p[i + 1] = (struct pollfd){ .fd = s->clients[i], .events = POLLIN };
		if (poll(p, n + 1, wait) < 0)
			continue;
		/* from the end: the last one takes the place of one that goes */
		for (size_t i = n; i-- > 0;) {
			if (!p[i + 1].revents || serve_client(s, s->clients[i]))
				continue;
			close(s->clients[i]);
			s->clients[i] = s->clients[--s->nclients];
			s->alone_since = vz_now_ms();
		}
		if (p[0].revents)
			accept_one(s, listener);
	}
}

int vz_fdstore_serve(const struct vz_fdstore_opts *o, int (*ready)(void))
{
	autoclose int other = vz_unix_connect(o->socket, 0), listener = -EBADF;
	struct store s = { .alone_since = vz_now_ms() };
	struct rlimit lim;
	int r;

	if (other >= 0)
		return -EADDRINUSE;
	listener = vz_unix_listen(o->socket);
	if (listener < 0)
		return listener;
	if (!getrlimit(RLIMIT_NOFILE, &lim)) {
		lim.rlim_cur = lim.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &lim);
	}
	r = ready ? ready() : 0;
	if (r)
		return r < 0 ? r : 0;
	serve_all(&s, listener, o);
	(void)unlink(o->socket);
	for (size_t i = 0; i < s.n; i++)
		close(s.all[i].fd);
	free(s.all);
	return 0;
}
