// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loading one row of the table of BPF objects; see bpf-load.h. One process at a time, on one bpf file
 * system, and nothing is seen half done.
 */
#include "helpers/bpf-load.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/bpf.h"
#include "sys/file.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define LOCK_FILE VZ_RUNDIR "/.bpf.lock"

static char last_words[160];

/* Warnings and errors of libbpf; the first line is the nearest to the cause. */
static int remember_words(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level == LIBBPF_WARN && !*last_words)
		vsnprintf(last_words, sizeof(last_words), fmt, ap);
	return 0;
}

static int fail_row(const struct vz_bpf_row *row, struct vz_err *e, int r, const char *what)
{
	bool detail;

	last_words[strcspn(last_words, "\n")] = 0;
	detail = row->detail && *last_words;
	return vz_fail(e, VZ_SYSTEM, -r, "%s%s%s%s", what, detail ? " (" : "",
		       detail ? last_words : "", detail ? ")" : "");
}

static int mount_bpf(struct vz_err *e)
{
	struct statfs fs;

	if (vz_mkdir_p(VZ_BPF_DIR, 0700) < 0 || statfs(VZ_BPF_DIR, &fs) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make %s", VZ_BPF_DIR);
	if ((unsigned long)fs.f_type == BPF_FS_MAGIC)
		return 0;
	if (mount("bpf", VZ_BPF_DIR, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot mount a bpf file system on %s",
			       VZ_BPF_DIR);
	return 0;
}

/* Waits for whoever loads at this moment, and mounts VZ_BPF_DIR if need be; the lock's fd is the
 * caller's, and closing it lets the next one in. */
static int wait_turn(struct vz_err *e)
{
	autoclose int lock = -EBADF;
	int r = vz_mkdir_p(VZ_RUNDIR, 0755);

	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot make %s", VZ_RUNDIR);
	lock = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot lock %s", LOCK_FILE);
	r = mount_bpf(e);
	return r < 0 ? r : TAKE_FD(lock);
}

/* An empty directory to pin in; what one that was killed left there is gone. */
static int make_half(const char *half, struct vz_err *e)
{
	int r = vz_remove_tree(AT_FDCWD, half);

	if (r >= 0 && mkdir(half, 0700) < 0)
		r = -errno;
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot make %s", half) : 0;
}

static void drop_object(struct bpf_object **o)
{
	bpf_object__close(*o);
}

/* libbpf takes a map from its pin when there is one that fits, and else makes and pins it. */
static int place_maps(const struct vz_bpf_row *row, struct bpf_object *o, struct vz_err *e)
{
	struct bpf_map *map;
	int r;

	if (mkdir(row->maps_dir, 0700) < 0 && errno != EEXIST)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make %s", row->maps_dir);
	bpf_object__for_each_map(map, o) {
		autofree char *path = vz_fmt("%s/%s", row->maps_dir, bpf_map__name(map));

		r = path ? bpf_map__set_pin_path(map, path) : -ENOMEM;
		if (r < 0)
			return fail_row(row, e, r, "cannot place a map");
	}
	return 0;
}

static int pin_map(const struct vz_bpf_row *row, struct bpf_object *o, struct vz_err *e)
{
	struct bpf_map *map = bpf_object__find_map_by_name(o, row->map);
	autofree char *path = vz_fmt("%s/%s", row->half, row->map);
	int r = !path ? -ENOMEM : map ? bpf_map__pin(map, path) : -ENOENT;

	return r < 0 ? fail_row(row, e, r, row->cannot_pin_map) : 0;
}

/* A link dies with its last descriptor, and its pin is one. */
static int attach_program(struct bpf_program *prog, const char *path)
{
	struct bpf_link *link = bpf_program__attach(prog);
	int r = link ? bpf_link__pin(link, path) : -errno;

	if (link)
		bpf_link__destroy(link);
	return r;
}

static int pin_program(const struct vz_bpf_row *row, struct bpf_program *prog, struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/%s", row->half, bpf_program__name(prog));
	int r;

	if (!path)
		return vz_oom(e);
	if (!row->attach) {
		r = bpf_program__pin(prog, path);
		return r < 0 ? fail_row(row, e, r, row->cannot_pin) : 0;
	}
	r = attach_program(prog, path);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot attach %s", bpf_program__name(prog)) : 0;
}

static int pin_object(const struct vz_bpf_row *row, struct bpf_object *o, struct vz_err *e)
{
	struct bpf_program *prog;
	int r = make_half(row->half, e);

	if (r >= 0 && row->map)
		r = pin_map(row, o, e);
	if (r < 0)
		return r;
	bpf_object__for_each_program(prog, o) {
		r = pin_program(row, prog, e);
		if (r < 0)
			return r;
	}
	/* whoever finds `dir` finds all of it */
	if (rename(row->half, row->dir) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make %s", row->dir);
	return 0;
}

static int load_build(const struct vz_bpf_row *row, const struct vz_bpf_build *b, struct vz_err *e)
{
	__attribute__((cleanup(drop_object))) struct bpf_object *o = NULL;
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = row->name);
	int r;

	*last_words = 0;
	o = bpf_object__open_mem(b->begin, (size_t)(b->end - b->begin), &opts);
	if (!o)
		return fail_row(row, e, -errno, row->cannot_read);
	r = row->maps_dir ? place_maps(row, o, e) : 0;
	if (r < 0)
		return r;
	r = b->prepare ? b->prepare(o) : 0;
	if (r >= 0)
		r = bpf_object__load(o);
	if (r < 0)
		return fail_row(row, e, r, row->cannot_load);
	r = row->fill ? row->fill(o, e) : 0;
	if (r >= 0)
		r = pin_object(row, o, e);
	if (r < 0) /* a link that is pinned there is in force */
		(void)vz_remove_tree(AT_FDCWD, row->half);
	return r;
}

int vz_bpf_load(const struct vz_bpf_row *row, struct vz_err *e)
{
	autoclose int lock = wait_turn(e);
	int r = -ENOENT;

	if (lock < 0)
		return lock;
	if (!access(row->dir, F_OK))
		return 0;
	libbpf_set_print(remember_words);
	for (size_t i = 0; r < 0 && i < ARRAY_LEN(row->builds) && row->builds[i].begin; i++)
		r = load_build(row, &row->builds[i], e);
	if (r < 0 && row->refused)
		(void)vz_file_replace(row->refused, e->msg, strlen(e->msg), 0600, false);
	return r;
}
