// SPDX-License-Identifier: GPL-2.0-or-later
/* A stream in frames, and the pump that makes them. */
#include "base/own.h"
#include "move/frame.h"
#include "move/pump.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "unit.h"

#include <endian.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <zstd.h>

static void fill(char *p, size_t n, const char *kind)
{
	uint32_t x = 2463534242u;

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		p[i] = *kind == 'z' ? 0 : *kind == 'r' ? (char)(x >> 8) : (char)('a' + i % 26 + (i % 97 ? 0 : x % 7));
	}
}

/* Fed so many bytes at a time; what comes of a frame, or -EPROTO. */
static int feed(struct vz_unpacker *u, const char *frame, size_t n, size_t step)
{
	int r = 0;

	while (n && !r) {
		char *at;
		size_t room = vz_frame_room(u, &at), now = room < step ? room : step;

		now = now < n ? now : n;
		memcpy(at, frame, now);
		frame += now;
		n -= now;
		r = vz_frame_took(u, now);
	}
	return n ? -EMSGSIZE : r;
}

static size_t round_trip(struct vz_packer *p, struct vz_unpacker *u, const char *kind, size_t n, bool squeeze)
{
	autofree char *was = malloc(n);
	const char *frame;
	size_t k;

	fill(was, n, kind);
	memcpy(p->in, was, n);
	k = vz_frame_make(p, n, squeeze, &frame);
	CHECK_INT(feed(u, frame, k, n % 2 ? 1 : k), 1);
	CHECK(u->n == n && !memcmp(u->bytes, was, n));
	CHECK(vz_frame_is_between(u));
	return k - VZ_FRAME_HEAD;
}

static void round_trips(void)
{
	struct vz_packer p;
	struct vz_unpacker u;
	size_t tried = 0;

	CHECK_INT(vz_packer_open(&p), 0);
	CHECK_INT(vz_unpacker_open(&u), 0);
	CHECK_INT(round_trip(&p, &u, "zero", VZ_FRAME_MAX, false), 0);
	CHECK_INT(round_trip(&p, &u, "zero", 1, true), 0);
	CHECK_INT(round_trip(&p, &u, "text", VZ_FRAME_MAX, false), VZ_FRAME_MAX);
	CHECK(round_trip(&p, &u, "text", VZ_FRAME_MAX, true) < VZ_FRAME_MAX / 10);
	CHECK(round_trip(&p, &u, "text", 40001, true) < 4000);
	CHECK_INT(round_trip(&p, &u, "text", 1, true), 1);
	CHECK_INT(round_trip(&p, &u, "random", 4097, true), 4097);
	/* it is tried seldom where nothing comes of it, and again once something does */
	for (int i = 0; i < 300; i++)
		CHECK_INT(round_trip(&p, &u, "random", 4096, true), 4096);
	CHECK_INT(p.passes, 64);
	for (int i = 0; i < 65 && !tried; i++)
		tried = round_trip(&p, &u, "text", 4096, true) < 4096;
	CHECK(tried);
	CHECK(round_trip(&p, &u, "text", 4096, true) < 4096);
	vz_packer_close(&p);
	vz_unpacker_close(&u);
}

/* Of a frame of pages of which most are zero: nobody has to ask. */
static void mostly_zero(void)
{
	struct vz_packer p;
	const char *frame;

	CHECK_INT(vz_packer_open(&p), 0);
	fill(p.in, VZ_FRAME_MAX, "zero");
	fill(p.in, 4096, "random");
	CHECK(vz_frame_make(&p, VZ_FRAME_MAX, false, &frame) < 6000);
	fill(p.in, VZ_FRAME_MAX / 2, "random");
	CHECK_INT(vz_frame_make(&p, VZ_FRAME_MAX, false, &frame), VZ_FRAME_HEAD + VZ_FRAME_MAX);
	vz_packer_close(&p);
}

static int damaged(uint32_t n, uint32_t sent, const void *bytes, size_t k)
{
	const uint32_t head[2] = { htole32(n), htole32(sent) };
	autofree char *frame = calloc(1, sizeof(head) + k + 1);
	struct vz_unpacker u;
	int r;

	memcpy(frame, head, sizeof(head));
	memcpy(frame + sizeof(head), bytes, k);
	CHECK_INT(vz_unpacker_open(&u), 0);
	r = feed(&u, frame, sizeof(head) + k, 3);
	vz_unpacker_close(&u);
	return r;
}

static void no_frames(void)
{
	char text[1000], small[1000];
	size_t k;

	fill(text, sizeof(text), "text");
	k = ZSTD_compress(small, sizeof(small), text, sizeof(text), 1);
	CHECK_INT(damaged(sizeof(text), (uint32_t)k, small, k), 1);
	CHECK_INT(damaged(sizeof(text) + 1, (uint32_t)k, small, k), -EPROTO); /* less comes of it than it says */
	CHECK_INT(damaged(sizeof(text) - 1, (uint32_t)k, small, k), -EPROTO); /* more */
	CHECK_INT(damaged(sizeof(text), (uint32_t)k - 1, small, k - 1), -EPROTO);
	CHECK_INT(damaged(sizeof(text), 999, text, 999), -EPROTO); /* it is none of zstd's */
	CHECK_INT(damaged(0, 0, "", 0), -EPROTO);
	CHECK_INT(damaged(VZ_FRAME_MAX, 0, "", 0), 1);
	CHECK_INT(damaged(VZ_FRAME_MAX + 1, 0, "", 0), -EPROTO);
	CHECK_INT(damaged(UINT32_MAX, 0, "", 0), -EPROTO);
	CHECK_INT(damaged(10, 11, "", 0), -EPROTO);
	CHECK_INT(damaged(10, UINT32_MAX, "", 0), -EPROTO);
}

/* ---- the pump ---- */

struct rig {
	struct vz_pump pump;
	int far, wire;
	struct vz_unpacker u;
	char *was, *came; /* what is sent, and what has come */
	size_t n, at, got; /* bytes of it, sent and come */
	size_t frames, raw;
};

#define RIG_MAX (16u << 20)

static void rig_open_at(struct rig *g, enum vz_squeeze squeeze, uint64_t per_s)
{
	struct vz_pump_spec s = { .squeeze = squeeze, .per_s = per_s };
	int pair[2];

	*g = (struct rig){ .was = malloc(RIG_MAX), .came = malloc(RIG_MAX) };
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	CHECK_INT(vz_unpacker_open(&g->u), 0);
	fill(g->was, RIG_MAX, "text");
	g->far = pair[0];
	g->wire = s.wire = pair[1];
	CHECK_INT(vz_pump_begin(&g->pump, &s), 0);
}

static void rig_open(struct rig *g, enum vz_squeeze squeeze)
{
	rig_open_at(g, squeeze, 0);
}

static void rig_close(struct rig *g)
{
	vz_pump_end(&g->pump, NULL);
	vz_unpacker_close(&g->u);
	close(g->far);
	close(g->wire);
	free(g->was);
	free(g->came);
}

static bool is_there(int fd)
{
	struct pollfd f = { .fd = fd, .events = POLLIN };

	return poll(&f, 1, 10000) == 1;
}

/* Sends until nothing more is taken for a moment. */
static size_t rig_fill(struct rig *g, size_t n)
{
	size_t was = g->at;

	CHECK(fcntl(g->pump.sock, F_SETFL, O_NONBLOCK) == 0);
	while (g->at < n) {
		struct pollfd f = { .fd = g->pump.sock, .events = POLLOUT };
		ssize_t k = write(g->pump.sock, g->was + g->at, n - g->at);

		g->at += k > 0 ? (size_t)k : 0;
		if (k < 0 && poll(&f, 1, 300) == 0)
			break;
	}
	return g->at - was;
}

static void rig_take(struct rig *g, size_t n)
{
	while (g->got < n && is_there(g->far)) {
		char *at;
		size_t room = vz_frame_room(&g->u, &at);
		ssize_t k = read(g->far, at, room);
		int r = k > 0 ? vz_frame_took(&g->u, (size_t)k) : -EPIPE;

		CHECK(r >= 0);
		if (r < 0)
			return;
		if (!r)
			continue;
		memcpy(g->came + g->got, g->u.bytes, g->u.n);
		g->got += g->u.n;
		g->frames++;
		g->raw += g->u.bytes != g->u.raw;
	}
	CHECK_INT(g->got, n);
	CHECK(g->got <= g->at && !memcmp(g->was, g->came, g->got));
}

/* Nobody waits for more, and what waits for the connection is made smaller. */
static void behind(void)
{
	struct rig g;
	char back[5] = "";
	size_t n;

	rig_open(&g, VZ_SQUEEZE_BEHIND);
	CHECK_INT(rig_fill(&g, 100), 100);
	rig_take(&g, 100);
	CHECK_INT(g.frames, 1);
	CHECK_INT(g.raw, 1);
	CHECK(write(g.far, "back", 4) == 4 && is_there(g.pump.sock) && read(g.pump.sock, back, 4) == 4);
	CHECK_STR(back, "back");
	n = rig_fill(&g, RIG_MAX);
	CHECK(n > 4u << 20); /* far more than the sockets hold */
	g.raw = g.frames = 0;
	rig_take(&g, g.at);
	CHECK(g.raw >= 1 && g.raw * 4 < g.frames);
	CHECK_INT(g.pump.count->bytes, g.got);
	CHECK(g.pump.count->sent < g.got / 2);
	/* idle again */
	g.at = g.got;
	CHECK(g.at == RIG_MAX || rig_fill(&g, g.at + 10) == 10);
	rig_take(&g, g.at);
	close(g.far); /* its end is told */
	g.far = -1;
	CHECK(is_there(g.pump.sock) && read(g.pump.sock, back, 1) <= 0);
	rig_close(&g);
}

static void always_and_never(void)
{
	struct rig g;

	rig_open(&g, VZ_SQUEEZE_ALWAYS);
	CHECK_INT(rig_fill(&g, 1000), 1000);
	rig_take(&g, 1000);
	CHECK(g.frames >= 1);
	CHECK_INT(g.raw, 0);
	rig_close(&g);
	rig_open(&g, VZ_SQUEEZE_NEVER);
	CHECK_INT(rig_fill(&g, 1000), 1000);
	CHECK(is_there(g.far) && recv(g.far, g.came, 1000, MSG_WAITALL) == 1000);
	CHECK(!memcmp(g.was, g.came, 1000));
	/* the end is passed on, and the other way stays */
	CHECK(shutdown(g.pump.sock, SHUT_WR) == 0);
	CHECK(is_there(g.far) && !read(g.far, g.came, 1));
	CHECK(write(g.far, "x", 1) == 1 && is_there(g.pump.sock) && read(g.pump.sock, g.came, 1) == 1);
	rig_close(&g);
}

/* Not faster than it may be, and not much slower; what comes back is not held up. */
static void at_a_rate(void)
{
	const size_t n = 512u << 10;
	int64_t begin = vz_now_ms(), took;
	struct rig g;
	char back;

	rig_open_at(&g, VZ_SQUEEZE_NEVER, 1u << 20);
	CHECK_INT(rig_fill(&g, n), n);
	CHECK(write(g.far, "x", 1) == 1 && is_there(g.pump.sock) && read(g.pump.sock, &back, 1) == 1);
	CHECK(vz_now_ms() - begin < 400);
	CHECK(is_there(g.far) && recv(g.far, g.came, n, MSG_WAITALL) == (ssize_t)n);
	took = vz_now_ms() - begin;
	CHECK(!memcmp(g.was, g.came, n));
	CHECK(took >= 240 && took < 5000); /* the last quarter of a second goes out as one */
	rig_close(&g);
	rig_open_at(&g, VZ_SQUEEZE_ALWAYS, 100); /* a frame of 4 KiB goes out at once */
	CHECK_INT(rig_fill(&g, 4096), 4096);
	rig_take(&g, 4096);
	rig_close(&g);
}

static void never_begun(void)
{
	struct vz_pump p = VZ_PUMP_INIT;
	struct vz_pump_count c = { 1, 1 };

	vz_pump_end(&p, &c);
	CHECK_INT(c.bytes, 0);
}

int main(void)
{
	round_trips();
	mostly_zero();
	no_frames();
	behind();
	always_and_never();
	at_a_rate();
	never_begun();
	return done();
}
