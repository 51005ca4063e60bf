// SPDX-License-Identifier: GPL-2.0-or-later
/* A stream put into frames on its way to a connection; see pump.h. */
#include "move/pump.h"
#include "base/own.h"
#include "move/frame.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/proc.h"
#include "sys/spawn.h"
#include "sys/wait.h"

#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* Of a socket that is writable less than a quarter is taken, as the kernel counts (twice what is asked for): beyond
 * half a megabyte the connection is behind, and what lies there lasts longer than a frame takes. */
#define BUFFER (1 << 20)
#define CHUNK ((size_t)1 << 16)
#define SKIPS_MAX 63
#define LEAST ((size_t)4 << 10) /* of a frame: its head is 8 bytes */

bool vz_pump_is_behind(int fd)
{
	struct pollfd f = { .fd = fd, .events = POLLOUT };

	return !poll(&f, 1, 0);
}

void vz_pump_widen(int fd)
{
	static const int size = BUFFER;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
}

struct pumping {
	struct vz_packer packer;
	struct vz_progress *progress;
	struct vz_pump_count *count;
	int near, wire;
	enum vz_squeeze squeeze;
	bool ended;         /* nothing more comes from the program */
	unsigned skip, skips; /* frames that go out as they are, and of how many: the last one was packed too slowly */
	struct vz_throttle throttle;
	int64_t not_before; /* a frame that is made goes out, ms */
	size_t most;        /* bytes of a frame: a slow one is not silent for long */
	size_t have;        /* bytes that wait for a frame */
	const char *out;    /* of a frame that is under way, */
	size_t left;        /* so many bytes */
	char *back;
	size_t from, n;     /* the same of the other way: back[from] to back[n] */
};

/* ---- the child ---- */

/* Numbers stay: `progress` and who tells of it know theirs. */
static int close_others(const int *keep, size_t n)
{
	unsigned from = 3;
	int r = 0;

	while (r >= 0) {
		unsigned next = ~0u;

		for (size_t i = 0; i < n; i++)
			if (keep[i] >= (int)from && (unsigned)keep[i] < next)
				next = (unsigned)keep[i];
		if (next != from)
			r = vz_close_range(from, next == ~0u ? next : next - 1, 0);
		if (next == ~0u)
			break;
		from = next + 1;
	}
	return r;
}

/* Takes what is there, and does not wait. -errno. */
static int gather(struct pumping *p)
{
	while (p->have < p->most) {
		ssize_t n = recv(p->near, p->packer.in + p->have, p->most - p->have, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		p->ended = !n;
		if (!n)
			break;
		p->have += (size_t)n;
	}
	return 0;
}


static bool is_idle(int wire)
{
	int n = 0;

	return ioctl(wire, SIOCOUTQ, &n) == 0 && (size_t)n < VZ_FRAME_MAX / 4;
}

/* While a frame is packed a connection that is behind has enough to do, or it is too fast for that. */
static size_t pack(struct pumping *p, bool behind)
{
	bool skip = behind && p->skip;
	size_t n = vz_frame_make(&p->packer, p->have, p->squeeze == VZ_SQUEEZE_ALWAYS || (behind && !skip), &p->out);

	p->skip -= skip;
	if (behind && !skip && n < p->have) {
		p->skips = !is_idle(p->wire) ? 0 : p->skips < SKIPS_MAX ? p->skips * 2 + 1 : SKIPS_MAX;
		p->skip = p->skips;
	}
	return n;
}

/* A frame of what has come, if there is nothing to wait for. */
static int make_frame(struct pumping *p)
{
	bool behind;
	int r = p->left || p->ended ? 0 : gather(p);

	if (r < 0 || p->left || !p->have)
		return r;
	behind = vz_pump_is_behind(p->wire);
	if (behind && p->have < p->most && !p->ended)
		return 0;
	if (p->squeeze == VZ_SQUEEZE_NEVER)
		p->out = p->packer.in, p->left = p->have;
	else
		p->left = pack(p, behind);
	p->not_before = vz_now_ms();
	p->not_before += vz_throttle_ms(&p->throttle, p->left, p->not_before);
	p->count->bytes += p->have;
	p->count->sent += p->left;
	p->have = 0;
	return 0;
}

static int send_some(struct pumping *p)
{
	ssize_t n = p->left && vz_now_ms() >= p->not_before ? send(p->wire, p->out, p->left, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	p->out += n;
	p->left -= (size_t)n;
	if (n > 0 && p->progress)
		vz_progress_at(p->progress, p->count->bytes, p->progress->total);
	return 0;
}

/* 0 at its end. */
static int bring_back(struct pumping *p)
{
	ssize_t n;

	if (p->from == p->n) {
		n = recv(p->wire, p->back, CHUNK, MSG_DONTWAIT);
		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EINTR) ? 1 : (int)n;
		p->from = 0;
		p->n = (size_t)n;
	}
	n = send(p->near, p->back + p->from, p->n - p->from, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return -errno;
	p->from += n > 0 ? (size_t)n : 0;
	return 1;
}

static void wait_some(const struct pumping *p)
{
	bool back = p->from < p->n, more = !p->left && !p->ended && p->have < p->most;
	int64_t wait = p->left ? p->not_before - vz_now_ms() : 0;
	bool out = wait <= 0 && (p->left || p->have);
	struct pollfd f[] = {
		{ .fd = p->near, .events = (short)((more ? POLLIN : 0) | (back ? POLLOUT : 0)) },
		{ .fd = p->wire, .events = (short)((out ? POLLOUT : 0) | (back ? 0 : POLLIN)) },
	};

	if (!f[0].events)
		f[0].fd = -1; /* its end, which we know, would not let us wait */
	(void)poll(f, ARRAY_LEN(f), wait > 0 ? (int)wait : -1);
}

static void pump(struct pumping *p)
{
	bool told_end = false;

	for (;;) {
		if (make_frame(p) < 0 || send_some(p) < 0 || bring_back(p) <= 0)
			return;
		if (p->ended && !p->left && !p->have && !told_end)
			told_end = shutdown(p->wire, SHUT_WR) == 0;
		wait_some(p);
	}
}

/* No more than a quarter of a second takes. */
static size_t most_in_frame(uint64_t per_s)
{
	if (!per_s || per_s / 4 >= VZ_FRAME_MAX)
		return VZ_FRAME_MAX;
	return per_s / 4 < LEAST ? LEAST : (size_t)(per_s / 4);
}

static _Noreturn void be_pump(const struct vz_pump_spec *s, int near, struct vz_pump_count *count, pid_t parent)
{
	const int keep[] = { near, s->wire, s->progress ? s->progress->fd : -1 };
	struct pumping p = { .near = near, .wire = s->wire, .squeeze = s->squeeze,
			     .progress = s->progress, .count = count, .back = malloc(CHUNK),
			     .throttle = { .per_s = s->per_s }, .most = most_in_frame(s->per_s) };

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	vz_reset_signals();
	if (getppid() != parent || close_others(keep, ARRAY_LEN(keep)) < 0 || !p.back || vz_packer_open(&p.packer) < 0)
		_exit(1);
	pump(&p);
	_exit(0);
}

/* ---- who has it ---- */

static struct vz_pump_count *make_count(void)
{
	void *p = mmap(NULL, sizeof(struct vz_pump_count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int vz_pump_begin(struct vz_pump *p, const struct vz_pump_spec *s)
{
	struct vz_pump_count *count = make_count();
	autoclose int near = -EBADF;
	pid_t parent = getpid(), pid;
	int pair[2], r;

	*p = (struct vz_pump)VZ_PUMP_INIT;
	if (!count)
		return -ENOMEM;
	p->count = count;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return r = -errno, vz_pump_end(p, NULL), r;
	p->sock = pair[0];
	near = pair[1];
	vz_pump_widen(p->sock);
	vz_pump_widen(s->wire);
	pid = fork();
	if (!pid)
		be_pump(s, near, count, parent);
	r = p->pidfd = pid < 0 ? -errno : vz_pidfd_open(pid);
	if (r < 0 && pid > 0)
		kill(pid, SIGKILL);
	if (r < 0)
		vz_pump_end(p, NULL);
	return r < 0 ? r : 0;
}

void vz_pump_end(struct vz_pump *p, struct vz_pump_count *ret)
{
	vz_closep(&p->sock);
	if (p->pidfd >= 0)
		vz_give_up(p->pidfd);
	vz_closep(&p->pidfd);
	if (ret)
		*ret = p->count ? *p->count : (struct vz_pump_count){ 0 };
	if (p->count)
		(void)munmap(p->count, sizeof(*p->count));
	p->count = NULL;
}
