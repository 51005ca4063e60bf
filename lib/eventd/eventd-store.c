// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's side of the fd store: every console's master is there too, under "console-N". If
 * the store dies it is started again and filled from here; if we die, the next vzeventd takes
 * the masters from it. A guest notices neither.
 */
#include "eventd/eventd-internal.h"
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/fdpass.h"
#include "sys/fdstore.h"
#include "sys/spawn.h"

#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

#define ANSWER_MS 2000
#define STORE_SECONDS 10
#define PREFIX "console-"

static void name_of(unsigned id, char name[VZ_FDSTORE_NAME])
{
	snprintf(name, VZ_FDSTORE_NAME, PREFIX "%u", id);
}

static void disconnect(struct vz_eventd *d)
{
	if (d->store.fd >= 0)
		close(TAKE_FD(d->store.fd));
}

static void refill(struct vz_eventd *d);

static void store_ready(struct vz_eventd *d, struct vz_source *s, uint32_t events)
{
	(void)s;
	(void)events;
	disconnect(d);
	if (!d->consoles)
		return;
	vz_log(0, "vzfdstore is gone, starting it again");
	refill(d);
}

static int connect_store(struct vz_eventd *d, bool start)
{
	char *argv[] = { (char *)(uintptr_t)(VZ_LIBEXECDIR "/vzfdstore"), NULL };
	struct vz_spawn s = VZ_SPAWN_INIT;
	int fd;

	if (d->store.fd >= 0)
		return 0;
	fd = vz_unix_connect(VZ_FDSTORE_SOCKET, ANSWER_MS);
	if (fd < 0 && start) {
		s.argv = argv;
		s.seconds = STORE_SECONDS;
		if (vz_spawn_run(&s)) /* returns once it listens */
			return -ECHILD;
		fd = vz_unix_connect(VZ_FDSTORE_SOCKET, ANSWER_MS);
	}
	if (fd < 0)
		return fd;
	d->store = (struct vz_source){ fd, store_ready };
	d->store_count++;
	return vz_eventd_add(d, &d->store, EPOLLRDHUP);
}

/* The socket of a store that is just dying, or ending because it was idle, may take a connection
 * for a moment more. */
static bool is_passing(int r)
{
	return r == -EPIPE || r == -ECONNRESET || r == -ECONNREFUSED || r == -ENOENT;
}

static int put(struct vz_eventd *d, const struct vz_console *c)
{
	char name[VZ_FDSTORE_NAME];
	int r = -EPIPE;

	name_of(c->id, name);
	for (int tries = 0; tries < 50 && is_passing(r); tries++) {
		if (tries)
			(void)poll(NULL, 0, 10);
		r = connect_store(d, true);
		if (!r)
			r = vz_fdstore_put(d->store.fd, name, c->src.fd);
		if (r < 0)
			disconnect(d);
	}
	return r;
}

/* All consoles into one and the same store: from the start again if it dies meanwhile. */
static void refill(struct vz_eventd *d)
{
	unsigned count;
	int r = 0;

	do {
		count = d->store_count;
		for (const struct vz_console *c = d->consoles; c && r >= 0; c = c->next)
			r = put(d, c);
	} while (r >= 0 && count != d->store_count);
	if (r < 0)
		vz_log(-1, "cannot refill vzfdstore: %s; consoles will not outlive vzeventd",
		       strerror(-r));
}

void vz_store_put(struct vz_eventd *d, const struct vz_console *c)
{
	unsigned count = d->store_count;
	int r = put(d, c);

	if (r < 0)
		vz_log(-1, "vzfdstore cannot keep the console of CT %u: %s", c->id, strerror(-r));
	else if (count != d->store_count)
		refill(d);
}

void vz_store_drop(struct vz_eventd *d, unsigned id)
{
	char name[VZ_FDSTORE_NAME];

	name_of(id, name);
	if (connect_store(d, false) == 0 && vz_fdstore_drop(d->store.fd, name) < 0)
		disconnect(d);
	/* alone and empty, it ends by itself after a while */
	if (!d->consoles)
		disconnect(d);
}

void vz_store_adopt(struct vz_eventd *d, vz_store_take *take)
{
	char name[VZ_FDSTORE_NAME] = "";

	if (connect_store(d, false) < 0)
		return;
	while (vz_fdstore_next(d->store.fd, name, name) == 0) {
		const char *number;
		uint32_t id;
		int fd, r;

		if (!vz_str_prefix(name, PREFIX, &number) ||
		    vz_num_u32(number, VZ_CTID_MAX, &id) < 0)
			continue;
		fd = vz_fdstore_get(d->store.fd, name);
		r = fd < 0 ? fd : take(d, id, fd);
		if (r < 0)
			vz_log(-1, "cannot take back the console of CT %u: %s", id, strerror(-r));
	}
	if (!d->consoles)
		disconnect(d);
}
