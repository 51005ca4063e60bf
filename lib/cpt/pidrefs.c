// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inode numbers of pidfds in memory; see pidrefs.h. As packed data one is
 *
 *	1, process (inside), descriptor, inode, address of the three
 *
 * and 0 after the last.
 */
#include "cpt/pidrefs.h"
#include "base/log.h"
#include "base/own.h"
#include "base/pack.h"
#include "base/str.h"
#include "cpt/procs.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#define FILE_NAME "pidrefs"
#define PACKED_MAX (4u << 20)
#define PACKED_REF (5 * sizeof(uint64_t))
#define PIDFDS_MAX 4096u
#define MAPS_MAX (16u << 20)
#define MEMORY_MAX (64u << 20) /* of a process: all that such a program has, many times over */
#define ALL_MEMORY_MAX (2ull << 30)
#define CHUNK (1u << 20)
#define SAVE_S 2 /* for all of it: everybody stands still */
#define LOAD_S 15 /* as long as a verdict has: it stands still, and of memory that follows each page may be a way over a wire and back */
#define PIDFS_MAGIC 0x50494446 /* without it (Linux 6.8) all have one inode */

struct ref { /* as it lies in memory */
	int32_t pid, fd;
	uint64_t inode;
};

/* ---- save ---- */

struct save {
	struct vz_pack out;
	int64_t end;
	uint64_t left; /* of memory */
	bool cut;      /* there is more than is looked at */
	pid_t pid;     /* of the process at hand */
	unsigned inner;
	struct ref *refs; /* those that it may have, by inode and descriptor */
	size_t n;
	char *chunk;
};

/* The number inside of the process that a pidfd is of; 0: it has ended. */
static int process_of(pid_t pid, int number)
{
	char path[sizeof("/proc//fdinfo/") + 20], text[512];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, number);
	if (vz_file_read_buf(AT_FDCWD, path, text, sizeof(text)) < 0 || !(at = strstr(text, "\nNSpid:")))
		return 0;
	text[at + 1 - text + (long)strcspn(at + 1, "\n")] = 0;
	at = strrchr(at, '\t');
	return at ? (int)strtol(at, NULL, 10) : 0;
}

/* 0: it has none of its own. */
static uint64_t inode_of(pid_t pid, int number)
{
	char path[sizeof("/proc//fd/") + 20];
	struct statfs fs;
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, number);
	return statfs(path, &fs) < 0 || fs.f_type != PIDFS_MAGIC || stat(path, &st) < 0 ? 0 : st.st_ino;
}

static bool is_pidfd(const char *link)
{
	return !strcmp(link, "anon_inode:[pidfd]") || vz_str_prefix(link, "pidfd:", NULL);
}

static int note_pidfd(int number, const char *link, void *arg)
{
	struct save *s = arg;
	struct ref r = { .fd = number };

	if (!is_pidfd(link))
		return 0;
	if (s->n == PIDFDS_MAX) {
		s->cut = true;
		return 0;
	}
	r.pid = process_of(s->pid, number);
	r.inode = r.pid > 0 ? inode_of(s->pid, number) : 0;
	if (!r.inode)
		return 0;
	s->refs[s->n++] = r;
	return 0;
}

static int by_inode(const void *a, const void *b)
{
	const struct ref *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return x->fd < y->fd ? -1 : x->fd > y->fd;
}

/* Most bytes are no inode by far. */
static bool is_one(const struct save *s, const struct ref *r)
{
	const struct ref *found;

	if (r->inode < s->refs[0].inode || r->inode > s->refs[s->n - 1].inode)
		return false;
	found = bsearch(r, s->refs, s->n, sizeof(*r), by_inode);
	return found && found->pid == r->pid;
}

static void look_at_bytes(struct save *s, const char *bytes, size_t n, uint64_t address)
{
	struct ref r;

	for (size_t i = 0; i + sizeof(r) <= n; i += sizeof(uint64_t)) {
		memcpy(&r, bytes + i, sizeof(r));
		if (!is_one(s, &r))
			continue;
		if (s->out.buf.len + PACKED_REF + sizeof(uint64_t) > PACKED_MAX) {
			s->cut = true;
			return;
		}
		vz_pack_num(&s->out, 1);
		vz_pack_num(&s->out, s->inner);
		vz_pack_num(&s->out, (uint64_t)r.fd);
		vz_pack_num(&s->out, r.inode);
		vz_pack_num(&s->out, address + i);
	}
}

/* One may lie across the end of a chunk. */
static void look_at_range(struct save *s, int mem, uint64_t from, uint64_t to)
{
	while (from + sizeof(struct ref) <= to && !s->cut) {
		size_t want = to - from < CHUNK ? to - from : CHUNK;
		ssize_t n;

		if (vz_now_ms() > s->end || s->left < want) {
			s->cut = true;
			return;
		}
		s->left -= want;
		n = pread(mem, s->chunk, want, (off_t)from);
		if (n < (ssize_t)sizeof(struct ref))
			return;
		look_at_bytes(s, s->chunk, (size_t)n, from);
		from += (size_t)n - sizeof(uint64_t);
	}
}

/* Private memory that can be written and is of no file. */
static bool is_own_memory(const char *line, uint64_t *ret_from, uint64_t *ret_to)
{
	unsigned long long from, to, inode;
	char mode[5], name[8] = "";

	if (sscanf(line, "%llx-%llx %4s %*s %*s %llu %7s", &from, &to, mode, &inode, name) < 4)
		return false;
	*ret_from = from;
	*ret_to = to;
	return !inode && mode[0] == 'r' && mode[1] == 'w' && mode[3] == 'p' &&
	       (!*name || !strcmp(name, "[heap]") || !strncmp(name, "[anon:", 6));
}

static void look_at_memory(struct save *s)
{
	char path[sizeof("/proc//maps") + 10];
	autofree char *maps = NULL;
	autoclose int mem = -EBADF;
	char *p, *line;
	uint64_t from, to, left = MEMORY_MAX;

	snprintf(path, sizeof(path), "/proc/%d/maps", s->pid);
	if (vz_file_read(AT_FDCWD, path, MAPS_MAX, &maps) < 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/mem", s->pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	p = maps;
	while (mem >= 0 && left && !s->cut && (line = strsep(&p, "\n"))) {
		if (!is_own_memory(line, &from, &to))
			continue;
		to = to - from > left ? from + left : to;
		left -= to - from;
		look_at_range(s, mem, from, to);
	}
}

static int save_process(pid_t pid, void *arg)
{
	struct save *s = arg;
	int r;

	s->cut |= vz_now_ms() > s->end;
	if (s->cut)
		return 0;
	s->pid = pid;
	s->n = 0;
	r = cpt_fds_each(pid, s->end, note_pidfd, s);
	s->cut |= r == -ETIMEDOUT;
	if (r < 0)
		return s->cut ? 0 : r;
	s->inner = s->n ? cpt_inner_pid(pid) : 0;
	if (!s->inner)
		return 0;
	qsort(s->refs, s->n, sizeof(*s->refs), by_inode);
	look_at_memory(s);
	return s->out.err;
}

int vz_pidrefs_save(const struct vz_cg *cg, struct vz_image *im, struct vz_err *e)
{
	autofree struct ref *refs = calloc(PIDFDS_MAX, sizeof(*refs));
	autofree char *chunk = malloc(CHUNK);
	struct save s = {
		.out.max = PACKED_MAX, .end = vz_end_in(SAVE_S), .left = ALL_MEMORY_MAX, .refs = refs, .chunk = chunk,
	};
	int r;

	s.out.err = refs && chunk ? vz_cg_each(cg, save_process, &s) : -ENOMEM;
	r = vz_image_put_packed(im, FILE_NAME, &s.out, "the numbers of pidfds in the container", e);
	if (r >= 0 && s.cut)
		vz_log(-1, "Warning: the container has too much to look through for numbers of pidfds; what was not found "
			   "will not be right after a restore, ignoring");
	return r;
}

/* ---- load ---- */

struct load {
	struct cpt_procs procs;
	unsigned inner; /* of the process at hand */
	pid_t pid;
	int mem;
};

static void go_to(struct load *l, unsigned inner)
{
	char path[sizeof("/proc//mem") + 10];

	if (l->inner == inner)
		return;
	vz_closep(&l->mem);
	l->inner = inner;
	l->pid = cpt_procs_find(&l->procs, inner);
	snprintf(path, sizeof(path), "/proc/%d/mem", l->pid);
	l->mem = l->pid ? open(path, O_RDWR | O_CLOEXEC) : -EBADF;
}

/* Memory that is to follow (lazypages.h) is waited for; by way of /proc/PID/mem there would be none. */
static bool read_ref(const struct load *l, uint64_t address, struct ref *ret)
{
	const struct iovec to = { .iov_base = ret, .iov_len = sizeof(*ret) };
	const struct iovec from = { .iov_base = (void *)(uintptr_t)address, .iov_len = sizeof(*ret) };

	return process_vm_readv(l->pid, &to, 1, &from, 1, 0) == sizeof(*ret);
}

static int load_one(struct load *l, int number, uint64_t inode, uint64_t address)
{
	off_t at = (off_t)(address + offsetof(struct ref, inode));
	char path[sizeof("/proc//fd/") + 20];
	struct ref now;
	struct stat st;

	if (l->mem < 0 || !read_ref(l, address, &now) || now.fd != number || now.inode != inode)
		return 0;
	/* a kernel that has no numbers of their own tells those programs the same for all */
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", l->pid, number);
	if (stat(path, &st) < 0)
		return 0;
	now.inode = st.st_ino;
	return pwrite(l->mem, &now.inode, sizeof(now.inode), at) == sizeof(now.inode) ? 0 : -errno;
}

static int load_all(struct load *l, struct vz_packed *in)
{
	int r = 0;

	while (r >= 0 && vz_packed_num(in, 1)) {
		unsigned inner = (unsigned)vz_packed_num(in, INT32_MAX);
		int number = (int)vz_packed_num(in, INT32_MAX);
		uint64_t inode = vz_packed_num(in, UINT64_MAX), address = vz_packed_num(in, INT64_MAX - sizeof(struct ref));

		if (in->bad)
			break;
		go_to(l, inner);
		r = load_one(l, number, inode, address);
	}
	return r;
}

/* In a child, for memory that follows comes over a wire, which may die. */
static int load_in_time(struct load *l, struct vz_packed *in)
{
	autoclose int pidfd = -EBADF;
	pid_t pid = vz_clone3(0, &pidfd, -1);
	int status = 0, r = pid;

	if (!pid) {
		r = load_all(l, in);
		_exit(r < 0 ? -r : in->bad || in->left ? EBADMSG : 0);
	}
	if (r >= 0)
		r = vz_wait_child(pidfd, vz_end_in(LOAD_S), &status);
	if (r < 0 && pid > 0)
		vz_give_up(pidfd);
	if (r < 0)
		return r;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

int vz_pidrefs_load(const struct vz_cg *cg, const struct vz_image *im, struct vz_err *e)
{
	autofree char *data = NULL;
	struct load l = { .mem = -EBADF };
	struct vz_packed in = { 0 };
	int r = vz_image_read_packed(im, FILE_NAME, &data, &in, e);

	if (r <= 0)
		return r;
	r = cpt_procs_read(cg, &l.procs);
	if (r >= 0)
		r = load_in_time(&l, &in);
	cpt_procs_free(&l.procs);
	if (r == -ETIMEDOUT) { /* a guest decides how many there are: that must be no way to refuse */
		vz_log(-1, "Warning: the container has too many numbers of pidfds to set all of them in %d seconds; those that are "
			   "left are not right, ignoring", LOAD_S);
		return 0;
	}
	if (r == -EBADMSG)
		return vz_fail(e, VZ_RESTORE, 0, "what the dump has of pidfds was not written by vzctl");
	return r < 0 ? vz_fail(e, VZ_RESTORE, -r, "cannot write the numbers of pidfds in the container") : 0;
}
