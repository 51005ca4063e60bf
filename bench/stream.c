/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream of memory as vzmigrate sends one:
 *
 *	stream send heap|zero|random MB bare|plain|behind|always COMMAND...   COMMAND: ssh to a "stream take"
 *	stream take bare|plain|behind|always MB
 *
 * `bare`: without the pump. `send` prints milliseconds until all has arrived there, and the bytes that went into
 * COMMAND. Heap: entries, keys and values as Redis would have them. What is sent is 64 MiB of it, again and again.
 */
#include "base/own.h"
#include "move/frame.h"
#include "move/pump.h"
#include "sys/clock.h"
#include "sys/file.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define AREA (64u << 20)
#define PIECE (1u << 20)
#define KEY_BASE 0x7f3a5c000000ull

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t chance(void)
{
	static uint64_t x = 88172645463325252ull;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

static size_t entry(char *at, unsigned n)
{
	static const char *const words[] = { "session", "token", "cart", "price", "visitor", "address", "order", "status",
					     "active", "pending", "closed", "account", "locale", "currency", "shipping",
					     "basket" };
	uint64_t head[4] = { KEY_BASE + n * 208ull, KEY_BASE + n * 208ull + 48, KEY_BASE + chance() % AREA / 16 * 16, 0 };
	int k;

	memcpy(at, head, sizeof(head));
	k = snprintf(at + 32, 400, "%c%c%cuser:%u:%s%c%c%c{\"id\":%u,\"%s\":\"%s\",\"mail\":\"%s%u@example.org\",\"at\":%u,"
		     "\"token\":\"%016llx%08llx\"}", 1, 2, 3, n, words[chance() % 16], 1, 2, 3, n, words[chance() % 16],
		     words[chance() % 16], words[chance() % 16], (unsigned)(chance() % 10000),
		     (unsigned)(1700000000 + chance() % 10000000), (unsigned long long)chance(),
		     (unsigned long long)chance() >> 32);
	return (32 + (size_t)k + 16) & ~(size_t)15;
}

static char *make_area(const char *kind)
{
	char *area = calloc(1, AREA + 1024);

	if (!area)
		die("calloc");
	for (size_t i = 0, n = 0; i < AREA && !strcmp(kind, "heap"); n++)
		i += entry(area + i, (unsigned)n);
	for (size_t i = 0; i < AREA && !strcmp(kind, "random"); i += 8) {
		uint64_t v = chance();

		memcpy(area + i, &v, sizeof(v));
	}
	return area;
}

static pid_t run(char *const argv[], int *ret)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		die("socketpair");
	pid = fork();
	if (!pid) {
		dup2(pair[1], 0);
		dup2(pair[1], 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(pair[1]);
	*ret = pair[0];
	return pid;
}

static enum vz_squeeze way(const char *word)
{
	return !strcmp(word, "behind") ? VZ_SQUEEZE_BEHIND : !strcmp(word, "always") ? VZ_SQUEEZE_ALWAYS : VZ_SQUEEZE_NEVER;
}

static void hear(int fd)
{
	char c;

	if (read(fd, &c, 1) != 1)
		die("no answer");
}

static int send_it(char **argv)
{
	char *area = make_area(argv[0]);
	uint64_t left = strtoull(argv[1], NULL, 10) << 20, all = left;
	bool bare = !strcmp(argv[2], "bare");
	struct vz_pump p = VZ_PUMP_INIT;
	struct vz_pump_count c = { 0 };
	struct vz_pump_spec spec = { .squeeze = way(argv[2]) };
	pid_t pid = run(argv + 3, &spec.wire);
	int64_t begin;
	int fd;

	hear(spec.wire);
	if (!bare && vz_pump_begin(&p, &spec) < 0)
		die("vz_pump_begin");
	fd = bare ? spec.wire : p.sock;
	begin = vz_now_ms();
	for (size_t at = 0; left; left -= PIECE, at = (at + PIECE) % AREA)
		if (vz_write_all(fd, area + at, PIECE) < 0)
			die("write");
	hear(fd);
	printf("%lld ", (long long)(vz_now_ms() - begin));
	vz_pump_end(&p, &c);
	printf("%llu\n", (unsigned long long)(bare ? all : c.sent));
	close(spec.wire);
	waitpid(pid, NULL, 0);
	free(area);
	return 0;
}

static int take_it(const char *how, uint64_t left)
{
	bool in_frames = way(how) != VZ_SQUEEZE_NEVER;
	struct vz_unpacker u;
	static char buf[1 << 18];
	char *at = buf;

	if (vz_unpacker_open(&u) < 0 || write(1, "+", 1) != 1)
		die("take");
	while (left) {
		size_t room = in_frames ? vz_frame_room(&u, &at) : sizeof(buf);
		ssize_t n = read(0, at, room);
		int r;

		if (n <= 0)
			die("cut short");
		r = in_frames ? vz_frame_took(&u, (size_t)n) : 1;
		if (r < 0)
			die("no frame");
		left -= !r ? 0 : in_frames ? u.n : (size_t)n;
	}
	vz_unpacker_close(&u);
	return write(1, "+", 1) != 1;
}

int main(int argc, char **argv)
{
	if (argc >= 6 && !strcmp(argv[1], "send"))
		return send_it(argv + 2);
	if (argc == 4 && !strcmp(argv[1], "take"))
		return take_it(argv[2], strtoull(argv[3], NULL, 10) << 20);
	fprintf(stderr, "see bench/stream.c\n");
	return 1;
}
