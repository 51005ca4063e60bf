// SPDX-License-Identifier: GPL-2.0-or-later
/* What a command of ours says of a guest's making: escaped and cut, whatever its chunks are. */
#include "base/own.h"
#include "sys/call.h"
#include "sys/pty.h"
#include "sys/relay.h"
#include "sys/wait.h"
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK 4000 /* as much as is read at once */

/* The child: packets, so that each is read as it was written. */
_Noreturn static void say(int to, size_t before)
{
	char plain[CHUNK], control[CHUNK];

	memset(plain, 'x', sizeof(plain));
	memset(control, 1, sizeof(control));
	for (size_t n; before; before -= n) {
		n = before < CHUNK ? before : CHUNK;
		if (write(to, plain, n) != (ssize_t)n)
			_exit(1);
	}
	_exit(write(to, control, sizeof(control)) != sizeof(control));
}

/* How many bytes are shown when `before` plain ones come before a chunk of control characters. */
static size_t shown(size_t before, char end[64])
{
	struct vz_relay r = VZ_RELAY_INIT;
	autoclose int out = memfd_create("shown", MFD_CLOEXEC), pidfd = -EBADF;
	int sock[2], status = -1;
	struct stat st = { 0 };
	pid_t pid;

	CHECK(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock));
	pid = vz_clone3(0, &pidfd, -1);
	if (!pid)
		say(sock[1], before);
	close(sock[1]);
	r.pidfd = pidfd;
	r.end = vz_end_in(30);
	r.ours = true;
	r.err[0] = sock[0];
	r.err[1] = out;
	CHECK_INT(vz_relay_run(&r, &status), 0);
	CHECK_INT(status, 0);
	CHECK(!fstat(out, &st));
	memset(end, 0, 64);
	if (st.st_size > 63)
		CHECK_INT(pread(out, end, 63, st.st_size - 63), 63);
	return (size_t)st.st_size;
}

static void cut(void)
{
	const size_t sentence = strlen("\n(what else the container says is left out)\n");
	char end[64];

	CHECK_INT(shown(VZ_RELAY_SAY - CHUNK, end), VZ_RELAY_SAY - CHUNK + 4 * CHUNK);
	CHECK(!strstr(end, "left out"));
	/* at every place where the bound may fall in the last chunk: the most is escaped at the end of it */
	for (size_t room = CHUNK - 20; room < CHUNK; room++) {
		CHECK_INT(shown(VZ_RELAY_SAY - room, end), VZ_RELAY_SAY - room + 4 * room + sentence);
		CHECK(strstr(end, "\\x01\n(what else the container says is left out)\n"));
	}
}

/* The other side of a terminal: its controlling terminal, and 0 and 1. */
static void take_terminal(int slave, int master)
{
	close(master);
	signal(SIGHUP, SIG_DFL); /* nohup(1) and background runs leave it ignored */
	setsid();
	if (ioctl(slave, TIOCSCTTY, 0) < 0 || dup2(slave, 0) < 0 || dup2(slave, 1) < 0)
		_exit(20);
	close(slave);
}

static void keys(int when)
{
	struct termios t;

	if (tcgetattr(0, &t) < 0)
		_exit(21);
	cfmakeraw(&t);
	if (tcsetattr(0, when, &t) < 0)
		_exit(22);
}

/* A shell that switches to reading keys only after the first ^D came, which is lost. */
_Noreturn static void late_shell(void)
{
	struct pollfd f = { .fd = 0, .events = POLLIN };
	char line[16];

	if (read(0, line, sizeof(line)) != 3 || poll(&f, 1, -1) != 1)
		_exit(23);
	keys(TCSAFLUSH);
	if (read(0, line, 1) != 1 || line[0] != 4)
		_exit(24);
	_exit(write(1, "bye", 3) != 3);
}

/* One that takes keys, none of which ends it. */
_Noreturn static void deaf_shell(void)
{
	char c;

	keys(TCSANOW);
	if (write(1, "bye", 3) != 3)
		_exit(25);
	while (read(0, &c, 1) >= 0)
		;
	_exit(26);
}

/* One that is at work for longer than it may read keys, reads lines then, and takes the first end of them. */
_Noreturn static void busy_shell(void)
{
	char line[16];

	(void)sleep(6);
	while (read(0, line, sizeof(line)) > 0)
		;
	_exit(write(1, "bye", 3) != 3);
}

/* What becomes of such a shell when its user says "id" and no more; what it said last must be there. */
static int status_at_end(void (*shell)(void))
{
	struct vz_relay r = VZ_RELAY_INIT;
	autoclose int out = memfd_create("shown", MFD_CLOEXEC), pidfd = -EBADF;
	int in[2], master = -1, slave = -1, status = -1;
	char text[64] = "";
	pid_t pid;

	CHECK(!pipe2(in, O_CLOEXEC));
	CHECK_INT(write(in[1], "id\n", 3), 3);
	close(in[1]); /* the child must not have it */
	CHECK_INT(vz_pty_open(getuid(), 80, 24, &master, &slave), 0);
	pid = vz_clone3(0, &pidfd, -1);
	if (!pid) {
		take_terminal(slave, master);
		shell();
	}
	close(slave);
	r.pidfd = pidfd;
	r.end = vz_end_in(30);
	r.in[0] = in[0];
	r.in[1] = fcntl(master, F_DUPFD_CLOEXEC, 3);
	r.in_eof = 4;
	r.out[0] = master;
	r.out[1] = out;
	CHECK_INT(vz_relay_run(&r, &status), 0);
	CHECK(pread(out, text, sizeof(text) - 1, 0) > 0);
	CHECK(strstr(text, "bye"));
	close(in[0]);
	return status;
}

static void end_of_input(void)
{
	int status;

	if (access("/dev/ptmx", R_OK | W_OK) < 0)
		return; /* a build without terminals */
	CHECK_INT(status_at_end(late_shell), 0);
	CHECK_INT(status_at_end(busy_shell), 0);
	status = status_at_end(deaf_shell);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP);
}

int main(void)
{
	cut();
	end_of_input();
	return done();
}
