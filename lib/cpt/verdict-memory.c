// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory by /proc/PID/maps. */
#include "cpt/verdict-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MAX (256u << 20)
/* CRIU keeps all private memory of a process in one piece before it takes its place: 40 TiB were restored, 48 not. */
#define PRIVATE_MAX (32ull << 40)
#define LOCKED_MANY (8ull << 30)

struct area {
	uint64_t from, to, offset, dev, inode;
	char access[5];  /* "r-xp" */
	char range[48];  /* as its link is called in map_files */
	const char *path;
};

/* One attachment of a segment: CRIU attaches it as a whole. */
struct attached {
	uint64_t inode, from, to, offset;
};

static bool parse_area(char *line, struct area *ret)
{
	unsigned long long from, to, offset, inode;
	unsigned major, minor;
	char access[5];
	int at = 0;

	if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu %n", &from, &to, access, &offset, &major, &minor, &inode, &at) != 7 ||
	    !at)
		return false;
	*ret = (struct area){ from, to, offset, (uint64_t)major << 32 | minor, inode, .path = line + at };
	memcpy(ret->access, access, sizeof(access));
	snprintf(ret->range, sizeof(ret->range), "map_files/%llx-%llx", from, to);
	return true;
}

static void end_attached(struct cpt_look *l, const struct cpt_task *t, struct attached *a)
{
	for (size_t i = 0; a->inode != UINT64_MAX && i < l->shm_n; i++)
		if (l->shm[i].id == a->inode && (a->offset || a->to - a->from != l->shm[i].size))
			cpt_say(l, CPT_SHM, &t->who, "segment %llu", (unsigned long long)a->inode);
	*a = (struct attached){ .inode = UINT64_MAX };
}

static void look_at_segment(struct cpt_look *l, const struct cpt_task *t, const struct area *a, struct attached *s)
{
	if (s->inode == a->inode && s->to == a->from && a->offset == s->offset + (s->to - s->from)) {
		s->to = a->to;
		return;
	}
	end_attached(l, t, s);
	*s = (struct attached){ a->inode, a->from, a->to, a->offset };
}

/* Each file once in each mount namespace: many have the same libraries. */
static bool is_new(struct cpt_look *l, const struct cpt_task *t, const struct area *a)
{
	const uint64_t key[] = { a->dev, a->inode, t->ns[CPT_NS_MNT] };

	return cpt_seen_new(&l->mapped, vz_str_hash(key, sizeof(key), 0));
}

/* A device, a file that is deleted, or one whose mount is gone or covered. */
static void look_at_mapped(struct cpt_look *l, const struct cpt_task *t, const struct area *a)
{
	char link[PATH_MAX]; /* as it is: maps writes a line's end otherwise */
	ssize_t n = readlinkat(t->dir, a->range, link, sizeof(link) - 1);
	struct statx x;

	link[n < 0 ? 0 : n] = 0;
	if (statx(t->dir, a->range, AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, CPT_STATX, &x) < 0)
		return;
	if (S_ISREG(x.stx_mode) && !cpt_is_kernels(l, link, &x))
		cpt_deleted_look(l, t, a->range, link, &x);
	/* a deleted one without a mount can be of the kernel's own */
	if (S_ISREG(x.stx_mode) && x.stx_nlink)
		cpt_file_note(l, t, a->range, link, &x);
	if (S_ISCHR(x.stx_mode) && (x.stx_rdev_major != 1 || x.stx_rdev_minor != 5))
		cpt_say(l, CPT_DEVICE, &t->who, "%s (%u:%u), mapped", a->path, x.stx_rdev_major, x.stx_rdev_minor);
}

static void look_at_area(struct cpt_look *l, const struct cpt_task *t, const struct area *a, struct attached *s)
{
	if (vz_str_prefix(a->path, "/SYSV", NULL)) {
		look_at_segment(l, t, a, s);
		return;
	}
	end_attached(l, t, s);
	if (vz_str_prefix(a->path, "/secretmem", NULL))
		cpt_say(l, CPT_SECRET, &t->who, "mapped");
	else if (vz_str_prefix(a->path, "anon_inode:[io_uring]", NULL))
		cpt_say(l, CPT_IO_URING, &t->who, "mapped");
	else if (vz_str_prefix(a->path, "anon_inode:bpf", NULL))
		cpt_say(l, CPT_BPF, &t->who, "%s, mapped", a->path);
	else if (vz_str_prefix(a->path, "anon_inode:", NULL) || vz_str_prefix(a->path, "/dmabuf:", NULL))
		cpt_say(l, CPT_KERNEL_OBJECT, &t->who, "%s, mapped", a->path);
	else if (!strcmp(a->path, "[vdso]") && strcmp(a->access, "r-xp"))
		cpt_say(l, CPT_VDSO, &t->who, "%s", a->access);
	else if (!strcmp(a->path, "[uprobes]"))
		cpt_say(l, CPT_UPROBES, &t->who, "uprobes");
	else if (vz_str_prefix(a->path, "/dev/", NULL) || vz_str_suffix(a->path, CPT_GONE) ||
		 (*a->path == '/' && is_new(l, t, a)))
		look_at_mapped(l, t, a);
}

/* Memory that is locked page by page, as it is used: smaps alone tells, and counts all pages for it. */
static void look_at_pages_locked(struct cpt_look *l, const struct cpt_task *t)
{
	autofclose FILE *f = NULL;
	autofree char *line = NULL;
	size_t size = 0;
	int fd;

	if (!t->locked || l->criu)
		return;
	if (t->locked > LOCKED_MANY) {
		cpt_say(l, CPT_NOT_KEPT, &t->who, "MLOCK_ONFAULT, if it has locked memory so");
		return;
	}
	fd = vz_openat2(t->dir, "smaps", O_RDONLY, 0, 0);
	f = fd < 0 ? NULL : fdopen(fd, "r");
	while (f && getline(&line, &size, f) > 0)
		if (vz_str_prefix(line, "VmFlags:", NULL) && strstr(line, " lf ")) {
			cpt_say(l, CPT_NOT_KEPT, &t->who, "MLOCK_ONFAULT: all of that memory will be locked");
			return;
		}
}

/* May be hostile: names of files, which cannot hold a line's end there; as many areas as the kernel lets it have. */
void cpt_memory_look(struct cpt_look *l, const struct cpt_task *t)
{
	struct attached s = { .inode = UINT64_MAX };
	autofree char *text = NULL;
	uint64_t private = 0;
	char *p, *line;
	ssize_t r = vz_file_read(t->dir, "maps", TEXT_MAX, &text);

	if (r < 0) {
		cpt_unseen(l, t, (int)r, "its memory");
		return;
	}
	for (p = text; (line = strsep(&p, "\n"));) {
		struct area a;

		if (!parse_area(line, &a))
			continue;
		look_at_area(l, t, &a, &s);
		private += a.access[3] == 'p' ? a.to - a.from : 0;
	}
	if (private > PRIVATE_MAX)
		cpt_say(l, CPT_ADDRESS_SPACE, &t->who, "%llu GiB", (unsigned long long)private >> 30);
	end_attached(l, t, &s);
	look_at_pages_locked(l, t);
}
