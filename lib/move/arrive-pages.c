// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that comes: a second connection of the same migration, which after one request carries the stream of a dump into
 * a page server here (cpt/pageserver.h). Its process ends with that stream, and when the migration that it belongs to
 * has no record any more: of a wire that is cut silently it would never see the end.
 */
#include "base/fault.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/image.h"
#include "cpt/manifest.h"
#include "cpt/pageserver.h"
#include "move/arrive-internal.h"
#include "move/migrate.h"
#include "move/moving.h"
#include "sys/file.h"
#include "sys/wait.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define AS(code) ((enum vz_exit)VZ_MIGRATE_##code)
#define CHUNK (1u << 18)
#define END_S 5        /* until one whose stream has ended ends */
#define LOOK_MS 1000 /* whether the record is still there */

char *vz_arrive_dump_dir(const struct vz_arrival *a)
{
	if (a->ram >= 0)
		return vz_fmt("/proc/self/fd/%d/Dump.%u", a->ram, a->id);
	return vz_fmt("%s/Dump.%u.arriving", a->dumpdir, a->id);
}

void vz_arrive_tell_place(struct vz_arrival *a)
{
	if (a->ram >= 0)
		(void)vz_talk_say(&a->talk, "+dump=/proc/%d/fd/%d/Dump.%u", (int)getpid(), a->ram, a->id);
	else
		(void)vz_talk_say(&a->talk, "+dump=%s/Dump.%u.arriving", a->dumpdir, a->id);
}

static bool is_wanted(const struct vz_arrival *a)
{
	struct vz_moving m;

	return vz_moving_read(a->id, &m) && !strcmp(m.token, a->token) && !strcmp(m.stage, VZ_MOVING_ARRIVES);
}

/* A directory for the images, with nothing in it but those of rounds: of what is tried again the first is dropped. */
static int make_dir(const char *top, const char *name, struct vz_err *e)
{
	autofree char *criu = vz_fmt("%s/" VZ_IMAGE_CRIU, top), *path = vz_fmt("%s/%s", top, name);
	int fd = -EBADF;

	if (!criu || !path)
		return vz_oom(e);
	if (vz_mkdir_p(top, 0700) >= 0 && vz_mkdir_p(criu, 0711) >= 0 && vz_mkdir_p(path, 0711) >= 0)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* whatever the umask: root inside opens the directory of a round for reading, by descriptor; from outside `top` is shut */
	if (fd >= 0 && fchmod(fd, strcmp(name, VZ_IMAGE_CRIU) ? 0755 : 0711) < 0)
		vz_closep(&fd);
	return fd < 0 ? vz_fail(e, AS(COPY), errno, "cannot make %s on destination node", path) : fd;
}

/* "p2", or "../p1" of one that is itself a round. */
static bool is_round_before(const char *s)
{
	(void)vz_str_prefix(s, "../", &s);
	return *s == 'p' && s[1] && !s[1 + strspn(s + 1, "0123456789")];
}

/* ---- the stream ---- */

struct relay {
	const struct vz_arrival *a;
	int server, pidfd; /* the page server: socket, process */
	char *buf;
	struct vz_unpacker unpacker;
	bool damaged;
};

/* 0 at the end. */
static ssize_t pass(int from, int to, char *buf)
{
	ssize_t n;

	do
		n = read(from, buf, CHUNK);
	while (n < 0 && errno == EINTR);
	return n > 0 && vz_write_all(to, buf, (size_t)n) < 0 ? -EPIPE : n;
}

/* The same of a stream in frames; how much was read is of no interest. */
static ssize_t pass_frames(struct relay *y)
{
	char *at;
	size_t room = vz_frame_room(&y->unpacker, &at);
	ssize_t n;
	int r;

	do
		n = read(y->a->talk.in, at, room);
	while (n < 0 && errno == EINTR);
	if (n <= 0) /* within a frame, too: the page server sees that something is missing */
		return n;
	r = vz_frame_took(&y->unpacker, (size_t)n);
	y->damaged = r < 0;
	if (r > 0 && vz_write_all(y->server, y->unpacker.bytes, y->unpacker.n) < 0)
		return -EPIPE;
	return r < 0 ? r : n;
}

static ssize_t pass_on(struct relay *y)
{
	return y->a->in_frames ? pass_frames(y) : pass(y->a->talk.in, y->server, y->buf);
}

/* Until the page server has ended; what it said last is passed on. */
static void run_relay(struct relay *y)
{
	struct pollfd f[] = { { .fd = y->a->talk.in, .events = POLLIN },
			      { .fd = y->server, .events = POLLIN },
			      { .fd = y->pidfd, .events = POLLIN } };

	for (;;) {
		int n = poll(f, ARRAY_LEN(f), LOOK_MS);

		if (n < 0 && errno != EINTR)
			return;
		if (n <= 0 && !is_wanted(y->a))
			return;
		if (n <= 0)
			continue;
		if (f[0].revents && pass_on(y) <= 0) {
			(void)shutdown(y->server, SHUT_WR);
			f[0].fd = -1;
		}
		if (f[1].revents && pass(y->server, y->a->talk.out, y->buf) <= 0)
			f[1].fd = -1;
		if (f[2].revents && f[1].fd < 0)
			return;
	}
}

static int serve(struct vz_arrival *a, const struct vz_pageserver_spec *spec, int sock, struct vz_err *e)
{
	autofree char *buf = malloc(CHUNK);
	autoclose int pidfd = -EBADF;
	struct relay y = { .a = a, .server = sock, .pidfd = -EBADF, .buf = buf };
	int status = -1, r = buf && vz_unpacker_open(&y.unpacker) >= 0 ? 0 : vz_oom(e);

	if (r >= 0)
		r = vz_pageserver_start(spec, &pidfd, e);
	if (r < 0)
		return vz_unpacker_close(&y.unpacker), r;
	close(spec->sock);
	y.pidfd = pidfd;
	a->is_stream = true; /* nothing but the page server's bytes goes out from here on: no sign of life either */
	a->talk.beat = NULL;
	vz_beat_end(&a->beat);
	r = vz_talk_say(&a->talk, "ok");
	if (r >= 0)
		run_relay(&y);
	if (vz_wait_child(pidfd, vz_end_in(END_S), &status) < 0)
		vz_give_up(pidfd);
	vz_unpacker_close(&y.unpacker);
	if (y.damaged && is_wanted(a))
		vz_pageserver_say(a->id, VZ_ARRIVE_DAMAGED);
	else if (!status || !is_wanted(a)) /* else its main connection asks why */
		vz_pageserver_forget(a->id);
	return 0;
}

/* "CTID TOKEN NAME PARENT PLACE", as the first request of its connection; PARENT "-": there is none. The place is what prepare
 * has told: the dump may lie in memory that the process of the first connection has */
int vz_arrive_pages(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	autofree char *name = vz_str_word(&args, " "), *parent = vz_str_word(&args, " ");
	struct vz_pageserver_spec spec = { .ctid = a->id };
	struct vz_criu criu;
	autoclose int dir = -EBADF;
	int pair[2], r = vz_fault("arrive-pages", e);

	vz_fault_kill("kill:", "arrive-pages");
	if (r < 0)
		return r;
	args += *args == ' ';
	if (!name || !parent || *args != '/' || !vz_manifest_is_name(name) || !is_wanted(a))
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	if (strcmp(parent, "-") && !is_round_before(parent))
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	r = vz_criu_find(0, &criu, e);
	if (r >= 0)
		r = dir = make_dir(args, name, e);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return vz_fail(e, AS(REMOTE), errno, "cannot make a socket");
	spec.criu = &criu;
	spec.dir = dir;
	spec.parent = strcmp(parent, "-") ? parent : NULL;
	spec.sock = pair[1];
	r = serve(a, &spec, pair[0], e);
	close(pair[0]);
	vz_fault_kill("kill+:", "arrive-pages");
	return r;
}

/* ---- what has come ---- */

static int tell_dir(struct vz_arrival *a, const char *top, const char *name, struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/%s", top, name);
	autoclosedir DIR *d = path ? opendir(path) : NULL;
	struct dirent *de;
	struct stat st;

	if (!d)
		return vz_fail(e, AS(COPY), errno, "cannot read the dump on destination node");
	while ((de = vz_dir_next(d)))
		if (fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
			(void)vz_talk_say(&a->talk, "+%s/%s %llu %llu", name, de->d_name,
					  (unsigned long long)st.st_size, (unsigned long long)st.st_blocks * 512);
	return errno ? vz_fail(e, AS(COPY), errno, "cannot read the dump on destination node") : 0;
}

/* "NAME": its files, each "DIRECTORY/NAME LENGTH BYTES-ON-DISK" */
int vz_arrive_came(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	autofree char *name = vz_str_word(&args, " "), *top = vz_arrive_dump_dir(a);

	if (!a->prepared || !name || !top || !vz_manifest_is_name(name))
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	return tell_dir(a, top, name, e);
}

/* Why a stream has ended before its dump. */
int vz_arrive_why(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	struct vz_err why = { 0 };

	(void)args;
	if (!a->prepared)
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	if (vz_pageserver_error(a->id, &why))
		(void)vz_talk_say(&a->talk, "+why=%s", why.msg);
	return 0;
}

int vz_arrive_drop(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	autofree char *top = vz_arrive_dump_dir(a);
	int r;

	(void)args;
	if (!a->prepared || !top)
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	r = vz_remove_tree(AT_FDCWD, top);
	return r < 0 && r != -ENOENT ? vz_fail(e, AS(COPY), -r, "cannot remove %s on destination node", top) : 0;
}
