// SPDX-License-Identifier: GPL-2.0-or-later
/* The protocol of /dev/fuse for a tree of made texts; see fuse.h. What comes from there is the kernel's word. */
#include "sys/fuse.h"
#include "base/own.h"
#include "sys/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/uio.h>
#include <unistd.h>

#define REQUEST_MAX (FUSE_MIN_READ_BUFFER + 4096)
#define OPEN_MAX 1024 /* files and directories that are open at a time */

struct server {
	int fd;
	const struct vz_fuse_tree *tree;
	struct vz_str open[OPEN_MAX]; /* by handle; free ones have no text */
	bool used[OPEN_MAX];
};

struct vz_fuse_dir {
	struct vz_str *out; /* struct fuse_dirent, one behind the other */
};

struct request {
	const struct fuse_in_header *h;
	const void *arg; /* what follows it */
};

/* ---- answers ---- */

static void answer(struct server *s, const struct request *q, const void *data, size_t n)
{
	struct fuse_out_header h = { .len = (uint32_t)(sizeof(h) + n), .unique = q->h->unique };
	struct iovec v[] = { { &h, sizeof(h) }, { (void *)(uintptr_t)data, n } };

	/* whoever asked may have been killed: ENOENT */
	if (writev(s->fd, v, n ? 2 : 1) < 0)
		return;
}

static void refuse_request(struct server *s, const struct request *q, int r)
{
	struct fuse_out_header h = { .len = sizeof(h), .error = r, .unique = q->h->unique };

	if (write(s->fd, &h, sizeof(h)) < 0)
		return;
}

static struct fuse_attr attr_of(uint64_t node, mode_t mode)
{
	return (struct fuse_attr){ .ino = node, .mode = mode, .nlink = 1, .blksize = 4096 };
}

/* ---- requests ---- */

static void do_init(struct server *s, const struct request *q)
{
	const struct fuse_init_in *in = q->arg;
	const struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION,
					   .max_readahead = in->max_readahead, .max_background = 16,
					   .congestion_threshold = 12, .max_write = 4096 };

	answer(s, q, &out, sizeof(out));
}

static void do_find(struct server *s, const struct request *q)
{
	struct fuse_entry_out out = { 0 };
	mode_t mode = 0;
	uint64_t node;
	int r = s->tree->find(s->tree->arg, q->h->nodeid, q->arg, &node);

	if (r >= 0)
		mode = s->tree->mode(s->tree->arg, node);
	if (r < 0 || !mode) {
		refuse_request(s, q, r < 0 ? r : -ENOENT);
		return;
	}
	out.nodeid = node;
	out.attr = attr_of(node, mode);
	answer(s, q, &out, sizeof(out));
}

static void do_getattr(struct server *s, const struct request *q)
{
	mode_t mode = s->tree->mode(s->tree->arg, q->h->nodeid);
	struct fuse_attr_out out = { .attr = attr_of(q->h->nodeid, mode) };

	if (mode)
		answer(s, q, &out, sizeof(out));
	else
		refuse_request(s, q, -ENOENT);
}

static void do_readlink(struct server *s, const struct request *q)
{
	autostr text = { 0 };
	int r = s->tree->text(s->tree->arg, q->h->nodeid, &text);

	if (r < 0 || text.failed)
		refuse_request(s, q, r < 0 ? r : -ENOMEM);
	else
		answer(s, q, text.s, text.len);
}

static void do_open(struct server *s, const struct request *q)
{
	struct fuse_open_out out = { .open_flags = FOPEN_DIRECT_IO };
	bool dir = q->h->opcode == FUSE_OPENDIR;
	struct vz_str text = { 0 };
	int r = -ENFILE;

	while (out.fh < OPEN_MAX && s->used[out.fh])
		out.fh++;
	if (out.fh < OPEN_MAX)
		r = dir ? s->tree->list(s->tree->arg, q->h->nodeid, &(struct vz_fuse_dir){ &text }) :
			  s->tree->text(s->tree->arg, q->h->nodeid, &text);
	if (r >= 0 && text.failed)
		r = -ENOMEM;
	if (r < 0) {
		vz_str_free(&text);
		refuse_request(s, q, r);
		return;
	}
	s->open[out.fh] = text;
	s->used[out.fh] = true;
	if (dir)
		out.open_flags = 0;
	answer(s, q, &out, sizeof(out));
}

/* As many whole entries as fit; `off` is the end of one. */
static size_t whole_entries(const struct vz_str *dir, size_t off, size_t room)
{
	size_t n = 0;

	while (off + n < dir->len) {
		const struct fuse_dirent *d = (const void *)(dir->s + off + n);

		if (n + FUSE_DIRENT_SIZE(d) > room)
			break;
		n += FUSE_DIRENT_SIZE(d);
	}
	return n;
}

static void do_read(struct server *s, const struct request *q)
{
	const struct fuse_read_in *in = q->arg;
	const struct vz_str *text = in->fh < OPEN_MAX && s->used[in->fh] ? &s->open[in->fh] : NULL;
	size_t n;

	if (!text) {
		refuse_request(s, q, -EBADF);
		return;
	}
	n = in->offset < text->len ? text->len - (size_t)in->offset : 0;
	if (q->h->opcode == FUSE_READDIR)
		n = n ? whole_entries(text, (size_t)in->offset, in->size) : 0;
	else if (n > in->size)
		n = in->size;
	answer(s, q, n ? text->s + in->offset : NULL, n);
}

static void do_release(struct server *s, const struct request *q)
{
	const struct fuse_release_in *in = q->arg;

	if (in->fh < OPEN_MAX && s->used[in->fh]) {
		vz_str_free(&s->open[in->fh]);
		s->open[in->fh] = (struct vz_str){ 0 };
		s->used[in->fh] = false;
	}
	answer(s, q, NULL, 0);
}

static void do_statfs(struct server *s, const struct request *q)
{
	const struct fuse_statfs_out out = { .st = { .bsize = 4096, .frsize = 4096, .namelen = 255 } };

	answer(s, q, &out, sizeof(out));
}

static void nothing_to_answer(struct server *s, const struct request *q)
{
	(void)s;
	(void)q;
}

static void handle(struct server *s, const struct request *q)
{
	static const struct {
		uint32_t opcode;
		void (*does)(struct server *s, const struct request *q);
	} ways[] = {
		{ FUSE_INIT, do_init },		{ FUSE_LOOKUP, do_find },
		{ FUSE_GETATTR, do_getattr },	{ FUSE_READLINK, do_readlink },
		{ FUSE_OPEN, do_open },		{ FUSE_OPENDIR, do_open },
		{ FUSE_READ, do_read },		{ FUSE_READDIR, do_read },
		{ FUSE_RELEASE, do_release },	{ FUSE_RELEASEDIR, do_release },
		{ FUSE_STATFS, do_statfs },	{ FUSE_FORGET, nothing_to_answer },
		{ FUSE_BATCH_FORGET, nothing_to_answer }, { FUSE_INTERRUPT, nothing_to_answer },
	};

	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		if (ways[i].opcode == q->h->opcode) {
			ways[i].does(s, q);
			return;
		}
	refuse_request(s, q, -ENOSYS);
}

/* ---- the interface ---- */

void vz_fuse_dir_add(struct vz_fuse_dir *to, const char *name, uint64_t node, mode_t mode)
{
	static const char zeros[FUSE_DIRENT_ALIGN(1)];
	size_t n = strlen(name), size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + n);
	struct fuse_dirent d = { .ino = node, .off = to->out->len + size, .namelen = (uint32_t)n,
				 .type = mode >> 12 };

	vz_str_addn(to->out, (const char *)&d, FUSE_NAME_OFFSET);
	vz_str_addn(to->out, name, n);
	vz_str_addn(to->out, zeros, size - FUSE_NAME_OFFSET - n);
}

int vz_fuse_open(struct vz_err *e)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? vz_fail(e, VZ_SYSTEM, errno, "cannot open /dev/fuse (is the kernel module fuse loaded?)") : fd;
}

int vz_fuse_mount(int fd, const char *dir, struct vz_err *e)
{
	char options[128];

	snprintf(options, sizeof(options), "fd=%d,rootmode=40555,user_id=0,group_id=0,allow_other,default_permissions",
		 fd);
	if (mount("vznode-proc", dir, "fuse", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot mount on %s", dir);
	return 0;
}

/* 0: the next one. 1: nothing is mounted any more. */
static int serve_one(struct server *s, char *buf)
{
	struct request q = { .h = (const void *)buf, .arg = buf + sizeof(struct fuse_in_header) };
	ssize_t n;
	int r = vz_wait_fd(s->fd, POLLIN, VZ_NO_END);

	if (r < 0)
		return r;
	n = read(s->fd, buf, REQUEST_MAX - 1);
	if (n < 0)
		return errno == ENODEV ? 1 : errno == EINTR || errno == EAGAIN || errno == ENOENT ? 0 : -errno;
	buf[n] = 0;
	if ((size_t)n >= sizeof(*q.h))
		handle(s, &q);
	return 0;
}

int vz_fuse_serve(int fd, const struct vz_fuse_tree *tree)
{
	autofree struct server *s = calloc(1, sizeof(*s));
	autofree char *buf = malloc(REQUEST_MAX);
	int r = s && buf ? 0 : -ENOMEM;

	if (!r) {
		s->fd = fd;
		s->tree = tree;
	}
	while (!r)
		r = serve_one(s, buf);
	for (size_t i = 0; s && i < OPEN_MAX; i++)
		vz_str_free(&s->open[i]);
	return r < 0 ? r : 0;
}
