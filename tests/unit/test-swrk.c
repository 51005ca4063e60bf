// SPDX-License-Identifier: GPL-2.0-or-later
/* What is said to CRIU, and what is understood of it, byte by byte. */
#include "cpt/stage.h"
#include "cpt/swrk.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "sys/wait.h"
#include "unit.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static int ours, theirs;

static void has(const char *buf, ssize_t n, const char *what, size_t len)
{
	CHECK(memmem(buf, (size_t)n, what, len));
}

static void asks(void)
{
	struct vz_swrk_job j = { .restore = true, .images = 5, .work = 6, .log = "l", .root = "/r", .tty = "8800:1a",
				 .tty_fd = 4 };
	char buf[4096];
	ssize_t n;

	vz_str_add(&j.external, "mnt[dev]:/s/dev\nnetdev[venet0]:venet0\n");
	CHECK_INT(vz_swrk_ask(ours, &j, NULL), 0);
	n = vz_fd_recv(theirs, buf, sizeof(buf), NULL);
	CHECK(n > 10 && !memcmp(buf, "\x08\x02\x12", 3)); /* RESTORE, options follow */
	has(buf, n, "\x08\x05", 2);
	has(buf, n, "\x6a\x02/r", 4);
	has(buf, n, "\xaa\x02\x0fmnt[dev]:/s/dev", 18);
	has(buf, n, "\xaa\x02\x15netdev[venet0]:venet0", 24);
	has(buf, n, "\xda\x01\x10\x0a\x0ctty[8800:1a]\x10\x04", 19);
	vz_swrk_job_free(&j);
	j = (struct vz_swrk_job){ .pid = 300, .images = 5, .work = 6, .log = "l" };
	vz_str_add(&j.controllers, "cpu,cpuacct\n\n");
	CHECK_INT(vz_swrk_ask(ours, &j, NULL), 0);
	n = vz_fd_recv(theirs, buf, sizeof(buf), NULL);
	CHECK(n > 10 && !memcmp(buf, "\x08\x01\x12", 3));
	has(buf, n, "\x10\xac\x02", 3);
	has(buf, n, "\xda\x02\x0b" "cpu,cpuacct\xda\x02\x00", 17);
	vz_swrk_job_free(&j);
	CHECK(!memmem(buf, (size_t)n, "\x5a\x02\x20", 3));
	j = (struct vz_swrk_job){ .pid = 300, .pre_dump = true, .track = true, .parent = "../1", .pages = 7, .images = 5,
				  .work = 6, .log = "l" };
	CHECK_INT(vz_swrk_ask(ours, &j, NULL), 0);
	n = vz_fd_recv(theirs, buf, sizeof(buf), NULL);
	CHECK(n > 10 && !memcmp(buf, "\x08\x04\x12", 3));
	has(buf, n, "\x78\x01", 2);
	has(buf, n, "\x72\x04../1", 6);
	has(buf, n, "\x5a\x02\x20\x07", 4); /* the page server's socket */
	vz_swrk_job_free(&j);
	CHECK_INT(vz_swrk_answer(ours, true), 0);
	CHECK_INT(vz_fd_recv(theirs, buf, sizeof(buf), NULL), 4);
	CHECK(!memcmp(buf, "\x08\x06\x18\x01", 4));
}

static struct vz_swrk_word heard(const char *bytes, size_t n)
{
	struct vz_swrk_word w = { 0 };

	CHECK_INT(vz_fd_send(theirs, bytes, n, -1), 0);
	CHECK_INT(vz_swrk_hear(ours, vz_end_in(5), false, &w), 0);
	return w;
}

static void hears(void)
{
	static const char hook[] = "\x08\x06\x10\x01\x2a\x0d\x0a\x09post-dump\x10\x7b";
	struct vz_swrk_word w = heard(hook, sizeof(hook) - 1);

	CHECK_STR(w.phase, "post-dump");
	CHECK_INT(w.pid, 123);
	w = heard("\x08\x02\x10\x01\x22\x02\x08\x07", 8);
	CHECK_STR(w.phase, "");
	CHECK(w.good);
	CHECK_INT(w.pid, 7);
	/* cut anywhere, and what says that it is longer than it is */
	for (size_t n = 1; n < sizeof(hook) - 1; n++)
		(void)heard(hook, n);
	w = heard("\x2a\xff\xff\xff\xff\x7f", 6);
	CHECK_STR(w.phase, "");
	CHECK(!w.good);
	w = heard("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
	CHECK(!w.good);
	w = heard("\x10\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x22\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 26);
	CHECK_INT(w.pid, 0);
}

static int third_is_dead(void *turns)
{
	return ++*(int *)turns < 3 ? 0 : -EOWNERDEAD;
}

/* CRIU says nothing for as long as it is asked to be waited for, and what it waits for is gone. */
static void waits_in_vain(void)
{
	int turns = 0;
	struct vz_stage st = VZ_STAGE_INIT;
	struct vz_err e = { 0 };
	int64_t began = vz_now_ms();

	st.restore = true;
	st.sock = ours;
	st.turn = third_is_dead;
	st.turn_arg = &turns;
	CHECK(vz_stage_until(&st, "pre-resume", 20, &e) < 0);
	CHECK_STR(e.msg, "what CRIU waits for has ended");
	CHECK_INT(turns, 3);
	CHECK(vz_now_ms() - began < 10000);
}

static void ends(void)
{
	struct vz_swrk_word w;

	CHECK_INT(vz_swrk_hear(ours, vz_end_in(0), true, &w), -ETIMEDOUT);
	close(theirs);
	CHECK_INT(vz_swrk_hear(ours, vz_end_in(5), true, &w), -ECHILD);
}

int main(void)
{
	int pair[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	ours = pair[0];
	theirs = pair[1];
	asks();
	hears();
	waits_in_vain();
	ends();
	return done();
}
