// SPDX-License-Identifier: GPL-2.0-or-later
/* What a command of ours says of a guest's making: escaped and cut, whatever its chunks are. */
#include "base/own.h"
#include "sys/call.h"
#include "sys/relay.h"
#include "sys/wait.h"
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
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

int main(void)
{
	cut();
	return done();
}
