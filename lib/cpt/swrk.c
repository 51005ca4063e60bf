// SPDX-License-Identifier: GPL-2.0-or-later
/* CRIU's messages; see swrk.h. */
#include "cpt/swrk.h"
#include "base/own.h"
#include "cpt/protobuf.h"
#include "cpt/verdict.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "sys/wait.h"

#include <poll.h>

/* criu_req, criu_opts, criu_resp, criu_notify, inherit_fd of rpc.proto */
enum { REQ_TYPE = 1, REQ_OPTS = 2, REQ_NOTIFY_SUCCESS = 3 };
enum { DUMP = 1, RESTORE = 2, PRE_DUMP = 4, NOTIFY = 6 };
enum {
	OPT_IMAGES_DIR_FD = 1,
	OPT_PID = 2,
	OPT_LEAVE_RUNNING = 3,
	OPT_EXT_UNIX_SK = 4,
	OPT_TCP_ESTABLISHED = 5,
	OPT_FILE_LOCKS = 8,
	OPT_LOG_LEVEL = 9,
	OPT_LOG_FILE = 10,
	OPT_PAGE_SERVER = 11,
	OPT_NOTIFY_SCRIPTS = 12,
	OPT_ROOT = 13,
	OPT_PARENT_IMAGES = 14,
	OPT_TRACK_MEMORY = 15,
	OPT_WORK_DIR_FD = 17,
	OPT_LINK_REMAP = 18,
	OPT_FORCE_IRMAP = 21,
	OPT_INHERIT_FD = 27,
	OPT_CGROUPS_MODE = 34,
	OPT_GHOST_LIMIT = 35,
	OPT_EXTERNAL = 37,
	OPT_DUMP_CONTROLLER = 43,
	OPT_TIMEOUT = 45,
	OPT_LAZY_PAGES = 48,
	OPT_CONFIG_FILE = 51,
	OPT_NETWORK_LOCK = 64,
};
enum { CGROUPS_SOFT = 3, LOCK_NFTABLES = 2, LOG_WITH_TIME = 3 };
enum { INHERIT_KEY = 1, INHERIT_FD = 2 };
enum { PAGE_SERVER_FD = 4 };
enum { RESP_TYPE = 1, RESP_SUCCESS = 2, RESP_RESTORE = 4, RESP_NOTIFY = 5 };
enum { NOTIFY_SCRIPT = 1, NOTIFY_PID = 2, RESTORE_PID = 1 };
enum { VARINT = 0, BYTES = 2 };

#define TIMEOUT_S 120 /* CRIU's own, for the seizing of processes; ours end it before */
#define MESSAGE_MAX 65536

void vz_swrk_job_free(struct vz_swrk_job *j)
{
	vz_str_free(&j->external);
	vz_str_free(&j->controllers);
}

/* ---- writing ---- */

static void put_text(struct vz_str *m, unsigned field, const char *s)
{
	vz_pb_put_bytes(m, field, s, strlen(s));
}

static void put_console(struct vz_str *m, const struct vz_swrk_job *j)
{
	autostr fd = { 0 }, key = { 0 };

	vz_str_addf(&key, "tty[%s]", j->tty);
	vz_pb_put_bytes(&fd, INHERIT_KEY, key.s, key.len);
	vz_pb_put_number_field(&fd, INHERIT_FD, (uint64_t)j->tty_fd);
	vz_pb_put_bytes(m, OPT_INHERIT_FD, fd.s, fd.len);
	m->failed |= fd.failed | key.failed;
}

static void put_lines(struct vz_str *m, unsigned field, const struct vz_str *lines)
{
	const char *line = lines->s;

	for (size_t n; line && *line; line += n + 1) {
		n = strcspn(line, "\n");
		vz_pb_put_bytes(m, field, line, n);
	}
	m->failed |= lines->failed;
}

static void put_memory(struct vz_str *m, const struct vz_swrk_job *j)
{
	autostr server = { 0 };

	if (j->lazy) {
		/* what has served all its pages would be killed, and a connection that ends early is taken for that */
		vz_pb_put_number_field(m, OPT_LEAVE_RUNNING, true);
		put_text(m, OPT_CONFIG_FILE, j->lazy);
		return;
	}
	if (j->track)
		vz_pb_put_number_field(m, OPT_TRACK_MEMORY, true);
	if (j->parent)
		put_text(m, OPT_PARENT_IMAGES, j->parent);
	if (!j->pages)
		return;
	vz_pb_put_number_field(&server, PAGE_SERVER_FD, (uint64_t)j->pages);
	vz_pb_put_bytes(m, OPT_PAGE_SERVER, server.s, server.len);
	m->failed |= server.failed;
}

static void put_options(struct vz_str *m, const struct vz_swrk_job *j)
{
	vz_pb_put_number_field(m, OPT_IMAGES_DIR_FD, (uint64_t)j->images);
	vz_pb_put_number_field(m, OPT_WORK_DIR_FD, (uint64_t)j->work);
	put_text(m, OPT_LOG_FILE, j->log);
	vz_pb_put_number_field(m, OPT_LOG_LEVEL, LOG_WITH_TIME);
	vz_pb_put_number_field(m, OPT_NOTIFY_SCRIPTS, true);
	vz_pb_put_number_field(m, OPT_EXT_UNIX_SK, true);
	vz_pb_put_number_field(m, OPT_TCP_ESTABLISHED, true);
	vz_pb_put_number_field(m, OPT_FILE_LOCKS, true);
	vz_pb_put_number_field(m, OPT_CGROUPS_MODE, CGROUPS_SOFT);
	vz_pb_put_number_field(m, OPT_GHOST_LIMIT, VZ_CPT_GHOST_MAX);
	vz_pb_put_number_field(m, OPT_NETWORK_LOCK, LOCK_NFTABLES);
	vz_pb_put_number_field(m, OPT_TIMEOUT, TIMEOUT_S);
	/* a removed name of a file that has others gets a temporary one, which the restore removes */
	vz_pb_put_number_field(m, OPT_LINK_REMAP, true);
	if (!j->restore)
		vz_pb_put_number_field(m, OPT_PID, (uint64_t)j->pid);
	if (!j->restore)
		put_memory(m, j);
	if (j->lazy)
		vz_pb_put_number_field(m, OPT_LAZY_PAGES, true);
	if (j->by_path)
		vz_pb_put_number_field(m, OPT_FORCE_IRMAP, true);
	if (j->root)
		put_text(m, OPT_ROOT, j->root);
	put_lines(m, OPT_EXTERNAL, &j->external);
	put_lines(m, OPT_DUMP_CONTROLLER, &j->controllers);
	if (j->restore && *j->tty)
		put_console(m, j);
}

int vz_swrk_ask(int sock, const struct vz_swrk_job *j, struct vz_err *e)
{
	autostr m = { 0 }, options = { 0 };
	int r;

	vz_pb_put_number_field(&m, REQ_TYPE, j->restore ? RESTORE : j->pre_dump ? PRE_DUMP : DUMP);
	put_options(&options, j);
	vz_pb_put_bytes(&m, REQ_OPTS, options.s, options.len);
	if (m.failed || options.failed)
		return vz_oom(e);
	r = vz_fd_send(sock, m.s, m.len, -1);
	return r < 0 ? vz_fail(e, j->restore ? VZ_RESTORE : VZ_CHKPNT, -r, "cannot talk to criu") : 0;
}

int vz_swrk_answer(int sock, bool good)
{
	autostr m = { 0 };

	vz_pb_put_number_field(&m, REQ_TYPE, NOTIFY);
	vz_pb_put_number_field(&m, REQ_NOTIFY_SUCCESS, good);
	return m.failed ? -ENOMEM : vz_fd_send(sock, m.s, m.len, -1);
}

/* ---- reading ---- */

struct bytes {
	const unsigned char *p, *end;
};

/* One field of a message. */
struct field {
	unsigned number;
	uint64_t v;         /* a number */
	struct bytes inner; /* text, or a message */
};

static bool take_varint(struct bytes *b, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned shift = 0; b->p < b->end && shift < 64; shift += 7) {
		unsigned char c = *b->p++;

		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

/* False at the end, and for what is no message. */
static bool take_field(struct bytes *b, struct field *ret)
{
	uint64_t tag, n;

	*ret = (struct field){ 0 };
	if (!take_varint(b, &tag) || !take_varint(b, &n))
		return false;
	ret->number = (unsigned)(tag >> 3);
	ret->v = n;
	if ((tag & 7) == VARINT)
		return true;
	if ((tag & 7) != BYTES || n > (uint64_t)(b->end - b->p))
		return false;
	ret->inner = (struct bytes){ b->p, b->p + n };
	b->p += n;
	return true;
}

static pid_t pid_of(uint64_t v)
{
	return v && v <= INT32_MAX ? (pid_t)v : 0;
}

static void read_notify(struct bytes b, struct vz_swrk_word *w)
{
	struct field f;

	while (take_field(&b, &f))
		if (f.number == NOTIFY_SCRIPT)
			snprintf(w->phase, sizeof(w->phase), "%.*s",
				 (int)(f.inner.end - f.inner.p), (const char *)f.inner.p);
		else if (f.number == NOTIFY_PID)
			w->pid = pid_of(f.v);
}

static void read_word(struct bytes b, struct vz_swrk_word *w)
{
	struct field f, in;

	while (take_field(&b, &f))
		if (f.number == RESP_SUCCESS)
			w->good = f.v;
		else if (f.number == RESP_NOTIFY)
			read_notify(f.inner, w);
		else if (f.number == RESP_RESTORE)
			while (take_field(&f.inner, &in))
				w->pid = in.number == RESTORE_PID ? pid_of(in.v) : w->pid;
}

static int wait_deaf(int sock, int64_t end)
{
	struct pollfd f = { .fd = sock, .events = POLLIN };
	int n;

	do
		n = poll(&f, 1, vz_poll_ms(end));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n ? 0 : -ETIMEDOUT;
}

int vz_swrk_hear(int sock, int64_t end, bool deaf, struct vz_swrk_word *ret)
{
	autofree unsigned char *buf = malloc(MESSAGE_MAX);
	int fd = -EBADF, r;
	ssize_t n;

	if (!buf)
		return -ENOMEM;
	r = deaf ? wait_deaf(sock, end) : vz_wait_fd(sock, POLLIN, end);
	if (r < 0)
		return r;
	n = vz_fd_recv(sock, buf, MESSAGE_MAX, &fd);
	vz_closep(&fd);
	if (n <= 0)
		return -ECHILD;
	*ret = (struct vz_swrk_word){ 0 };
	read_word((struct bytes){ buf, buf + n }, ret);
	return 0;
}
