// SPDX-License-Identifier: GPL-2.0-or-later
/* See userlimits.h. As packed data a limit is 1, name, value, with those alone that are set. */
#include "cpt/userlimits.h"
#include "base/log.h"
#include "base/own.h"
#include "base/pack.h"
#include "base/str.h"
#include "launch/launch.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FILE_NAME "userlimits"
#define TREE "/proc/sys/user"
#define LIMITS_MAX 64u
#define NAME_SIZE 64

/* In memory that the joined process has too. */
struct limits {
	unsigned n, refused;
	struct limit {
		char name[NAME_SIZE];
		uint64_t value;
	} v[LIMITS_MAX];
};

/* Which namespace the directory is of tells who opens it. */
static int read_limits(void *arg)
{
	struct limits *l = arg;
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	int r = vz_dir_stream(open(TREE, O_RDONLY | O_DIRECTORY | O_CLOEXEC), &d);

	while (r >= 0 && (de = vz_dir_next(d))) {
		char text[32];
		struct limit *one = &l->v[l->n];

		if (vz_file_read_buf(dirfd(d), de->d_name, text, sizeof(text)) <= 0 || strtoull(text, NULL, 10) >= INT_MAX)
			continue;
		if (l->n == LIMITS_MAX || strlen(de->d_name) >= NAME_SIZE)
			return -E2BIG;
		snprintf(one->name, sizeof(one->name), "%s", de->d_name);
		one->value = strtoull(text, NULL, 10);
		l->n++;
	}
	return r < 0 ? r : -errno;
}

static int write_limits(void *arg)
{
	struct limits *l = arg;

	for (unsigned i = 0; i < l->n; i++) {
		char path[sizeof(TREE) + NAME_SIZE], text[32];

		snprintf(path, sizeof(path), TREE "/%s", l->v[i].name);
		snprintf(text, sizeof(text), "%llu", (unsigned long long)l->v[i].value);
		l->refused += vz_file_write(AT_FDCWD, path, text) < 0;
	}
	return 0;
}

static struct limits *share_limits(void)
{
	struct limits *l = mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return l == MAP_FAILED ? NULL : l;
}

int vz_userlimits_save(const struct vz_state *st, struct vz_image *im, struct vz_err *e)
{
	struct limits *l = share_limits();
	struct vz_pack out = { .max = sizeof(*l) * 2 };

	out.err = !l ? -ENOMEM : st->uid ? vz_join_call(st, CLONE_NEWUSER, read_limits, l) : 0;
	for (unsigned i = 0; out.err >= 0 && i < l->n; i++) {
		vz_pack_num(&out, 1);
		vz_pack_text(&out, l->v[i].name);
		vz_pack_num(&out, l->v[i].value);
	}
	if (l)
		(void)munmap(l, sizeof(*l));
	return vz_image_put_packed(im, FILE_NAME, &out, "the limits of the container's users", e);
}

static bool take_limits(struct vz_packed *in, struct limits *l)
{
	while (vz_packed_num(in, 1)) {
		struct limit *one = &l->v[l->n];

		if (l->n == LIMITS_MAX)
			return false;
		vz_packed_text(in, one->name, sizeof(one->name));
		one->value = vz_packed_num(in, INT_MAX);
		if (in->bad || !vz_str_is_component(one->name))
			return false;
		l->n++;
	}
	return !in->bad && !in->left;
}

int vz_userlimits_load(const struct vz_state *st, const struct vz_image *im, struct vz_err *e)
{
	autofree char *data = NULL;
	struct vz_packed in = { 0 };
	int r = vz_image_read_packed(im, FILE_NAME, &data, &in, e);
	struct limits *l = r > 0 ? share_limits() : NULL;

	if (r > 0 && !l)
		return vz_oom(e);
	if (r > 0)
		r = !take_limits(&in, l) ? -EBADMSG : l->n && st->uid ? vz_join_call(st, CLONE_NEWUSER, write_limits, l) : 0;
	if (l && l->refused)
		vz_log(-1, "Warning: this kernel does not take %u limits of the container's users (sysctl user), ignoring", l->refused);
	if (l)
		(void)munmap(l, sizeof(*l));
	if (r == -EBADMSG)
		return vz_fail(e, VZ_RESTORE, 0, "what the dump has of limits of users was not written by vzctl");
	return r < 0 ? vz_fail(e, VZ_RESTORE, -r, "cannot set the limits of the container's users") : 0;
}
