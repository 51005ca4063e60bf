// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Descriptor passing, the fd store, and what it is for: a terminal whose reader is killed and
 * comes back, and whose store is killed, loses nothing and is never hung up.
 */
#include "base/own.h"
#include "base/str.h"
#include "sys/fdpass.h"
#include "sys/fdstore.h"
#include "sys/pty.h"
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char dir[] = "/tmp/vz-fdstore-XXXXXX", path[64];

static int ready_fd;

static int say_ready(void)
{
	return write(ready_fd, "", 1) == 1 ? 0 : -EIO;
}

static pid_t serve(int idle_ms, int drain_ms)
{
	struct vz_fdstore_opts o = { path, idle_ms, drain_ms };
	int p[2];
	char byte;
	pid_t pid;

	CHECK(pipe2(p, O_CLOEXEC) == 0);
	pid = fork();
	if (!pid) {
		ready_fd = p[1];
		_exit(vz_fdstore_serve(&o, say_ready) < 0);
	}
	close(p[1]);
	CHECK_INT(read(p[0], &byte, 1), 1);
	close(p[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void passing(void)
{
	int sv[2], got = 5, p[2];
	char buf[8];
	struct stat a, b;

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) == 0);
	CHECK(pipe2(p, O_CLOEXEC) == 0);
	CHECK_INT(vz_fd_send(sv[0], "abc", 3, p[0]), 0);
	CHECK_INT(vz_fd_recv(sv[1], buf, sizeof(buf), &got), 3);
	CHECK(got >= 0 && got != p[0]);
	CHECK(!fstat(got, &a) && !fstat(p[0], &b) && a.st_ino == b.st_ino);
	CHECK_INT(fcntl(got, F_GETFD), FD_CLOEXEC);
	close(got);
	CHECK_INT(vz_fd_send(sv[0], "abc", 3, -1), 0);
	CHECK_INT(vz_fd_recv(sv[1], buf, sizeof(buf), &got), 3);
	CHECK(got < 0);
	/* a longer message than there is room for, and an fd nobody wants */
	CHECK_INT(vz_fd_send(sv[0], "0123456789", 10, p[0]), 0);
	CHECK_INT(vz_fd_recv(sv[1], buf, sizeof(buf), NULL), -EMSGSIZE);
	close(p[0]);
	CHECK(write(p[1], "x", 1) < 0 && errno == EPIPE); /* it was closed */
	close(sv[0]);
	CHECK_INT(vz_fd_recv(sv[1], buf, sizeof(buf), NULL), 0);
	CHECK_INT(vz_fd_send(sv[1], "x", 1, -1), -EPIPE);
	close(sv[1]);
	close(p[1]);
}

static void names(void)
{
	pid_t pid = serve(60000, 60000);
	autoclose int sock = vz_unix_connect(path, 2000);
	char name[VZ_FDSTORE_NAME] = "", in[VZ_FDSTORE_NAME];
	struct vz_fdstore_opts again = { path, 1, 1 };
	int p[2], fd, n = 0;
	struct stat st;

	CHECK(sock >= 0);
	CHECK(!stat(path, &st) && (st.st_mode & 0777) == 0600);
	CHECK_INT(vz_fdstore_serve(&again, NULL), -EADDRINUSE);
	CHECK(pipe2(p, O_CLOEXEC) == 0);
	CHECK_INT(vz_fdstore_next(sock, "", name), -ENOENT);
	CHECK_INT(vz_fdstore_get(sock, "nobody"), -ENOENT);
	CHECK_INT(vz_fdstore_drop(sock, "nobody"), 0);
	CHECK_INT(vz_fdstore_put(sock, "", p[1]), -EINVAL);
	for (int i = 0; i < 200; i++) {
		snprintf(in, sizeof(in), "n%d", i);
		CHECK_INT(vz_fdstore_put(sock, in, p[1]), 0);
		CHECK_INT(vz_fdstore_put(sock, in, p[1]), 0); /* replaces */
	}
	CHECK_INT(vz_fdstore_drop(sock, "n77"), 0);
	while (vz_fdstore_next(sock, name, name) == 0)
		n++;
	CHECK_INT(n, 199);
	fd = vz_fdstore_get(sock, "n0");
	CHECK(fd >= 0);
	CHECK_INT(write(fd, "hello", 5), 5);
	CHECK_INT(read(p[0], in, sizeof(in)), 5);
	close(fd);
	close(p[0]);
	close(p[1]);
	end(pid);
	CHECK_INT(vz_fdstore_get(sock, "n0"), -EPIPE);
	CHECK(vz_unix_connect(path, 2000) == -ECONNREFUSED);
}

/* A client that talks nonsense is sent away, the others stay. */
static void nonsense(void)
{
	pid_t pid = serve(60000, 60000);
	autoclose int bad = vz_unix_connect(path, 2000), good = vz_unix_connect(path, 2000);
	char buf[256], name[VZ_FDSTORE_NAME];

	memset(buf, 'x', sizeof(buf));
	CHECK_INT(vz_fd_send(bad, buf, 68, -1), 0);
	CHECK_INT(vz_fd_recv(bad, buf, sizeof(buf), NULL), 0);
	CHECK_INT(vz_fdstore_next(good, "", name), -ENOENT);
	end(pid);
}

static void idle(void)
{
	pid_t pid = serve(50, 60000);
	autoclose int sock = vz_unix_connect(path, 2000);
	int status;

	CHECK(sock >= 0);
	CHECK_INT(vz_fdstore_put(sock, "a", 0), 0);
	close(TAKE_FD(sock));
	CHECK_INT(waitpid(pid, &status, WNOHANG), 0); /* it holds something */
	sock = vz_unix_connect(path, 2000);
	CHECK_INT(vz_fdstore_drop(sock, "a"), 0);
	close(TAKE_FD(sock));
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	CHECK(access(path, F_OK) < 0);
}

/* A guest that writes numbered lines to its terminal until told to stop; exits 0 when no write
 * ever failed and no SIGHUP came. */
static pid_t writer(int slave, int stop)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (unsigned i = 0;; i++) {
		struct pollfd p = { .fd = stop, .events = POLLIN };
		char line[16];
		int n = snprintf(line, sizeof(line), "%08u\n", i);

		if (poll(&p, 1, 0))
			_exit(0);
		if (write(slave, line, (size_t)n) != n)
			_exit(1);
	}
}

/* Reads until `bytes` came; checks that the numbers follow each other without a gap. */
static void read_lines(int master, size_t bytes, unsigned *seen, size_t *col)
{
	char buf[1000];

	while (bytes) {
		struct pollfd p = { .fd = master, .events = POLLIN };
		ssize_t n;

		CHECK_INT(poll(&p, 1, 10000), 1);
		CHECK_INT(p.revents & (POLLHUP | POLLERR), 0);
		n = read(master, buf, bytes < sizeof(buf) ? bytes : sizeof(buf));
		if (n <= 0) {
			CHECK(n > 0);
			return;
		}
		bytes -= (size_t)n;
		for (ssize_t i = 0; i < n; i++) {
			char want[16];

			snprintf(want, sizeof(want), "%08u\r\n", *seen);
			if (buf[i] != want[*col]) {
				CHECK(buf[i] == want[*col]);
				return;
			}
			if (++*col == 10) {
				*col = 0;
				(*seen)++;
			}
		}
	}
}

static void terminal(void)
{
	pid_t store = serve(60000, 60000), guest;
	int sock = vz_unix_connect(path, 2000), master, slave, stop[2], status;
	unsigned seen = 0, cols, rows;
	size_t col = 0;
	struct stat st;

	CHECK_INT(vz_pty_open(getuid(), 80, 25, &master, &slave), 0);
	CHECK(!fstat(slave, &st) && (st.st_mode & 07777) == 0620 && st.st_uid == getuid());
	CHECK_INT(vz_pty_get_size(slave, &cols, &rows), 0);
	CHECK_INT(cols, 80);
	CHECK_INT(rows, 25);
	CHECK(pipe2(stop, O_CLOEXEC) == 0);
	guest = writer(slave, stop[0]);
	close(slave);
	CHECK_INT(vz_fdstore_put(sock, "console-1", master), 0);
	for (int round = 0; round < 6; round++) {
		read_lines(master, 30000, &seen, &col);
		if (round % 2) { /* the reader dies and comes back */
			close(master);
			close(sock);
			sock = vz_unix_connect(path, 2000);
			master = vz_fdstore_get(sock, "console-1");
			CHECK(master >= 0);
		} else { /* the store dies and is filled again */
			end(store);
			close(sock);
			store = serve(60000, 60000);
			sock = vz_unix_connect(path, 2000);
			CHECK_INT(vz_fdstore_put(sock, "console-1", master), 0);
		}
	}
	CHECK_INT(write(stop[1], "", 1), 1);
	CHECK(seen > 10000);
	for (;;) { /* until the guest, which may wait for room, has gone */
		struct pollfd p = { .fd = master, .events = POLLIN };
		char buf[4096];

		if (poll(&p, 1, 10000) != 1 || read(master, buf, sizeof(buf)) <= 0)
			break;
	}
	CHECK_INT(waitpid(guest, &status, 0), guest);
	CHECK_INT(status, 0);
	close(master);
	close(sock);
	end(store);
}

/* Nobody reads for long: the store keeps the guest from waiting for ever. */
static void drained(void)
{
	pid_t store = serve(60000, 1), guest;
	int sock = vz_unix_connect(path, 2000), master, slave, status, stop[2];

	CHECK_INT(vz_pty_open(getuid(), 80, 25, &master, &slave), 0);
	CHECK_INT(vz_fdstore_put(sock, "console-1", master), 0);
	close(master);
	close(sock);
	CHECK(pipe2(stop, O_CLOEXEC) == 0);
	guest = fork();
	if (!guest) {
		char line[100];

		memset(line, 'x', sizeof(line));
		for (int i = 0; i < 3000; i++) /* far more than a pty holds */
			if (write(slave, line, sizeof(line)) != sizeof(line))
				_exit(1);
		_exit(0);
	}
	close(slave);
	CHECK_INT(waitpid(guest, &status, 0), guest);
	CHECK_INT(status, 0);
	end(store);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(dir))
		return 99;
	snprintf(path, sizeof(path), "%s/sock", dir);
	passing();
	names();
	nonsense();
	idle();
	terminal();
	drained();
	unlink(path);
	CHECK_INT(rmdir(dir), 0);
	return done();
}
