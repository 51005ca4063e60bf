// SPDX-License-Identifier: GPL-2.0-or-later
/* See idimage.h. One entry: extents of user ids and of group ids, each with the first inside, the first of the host and how many. */
#include "cpt/idimage.h"
#include "base/own.h"
#include "cpt/protobuf.h"
#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of CRIU's images/userns.proto. */
enum { UIDS = 1, GIDS = 2, EXTENT_HOST = 2 };
#define KEY(number) ((uint64_t)(number) << 3 | VZ_PB_BYTES)
#define PREFIX "userns-"

struct image {
	char name[32];
	struct vz_pb_image file;
	char *text;
	struct vz_pb map;
};

/* 0: there is none. */
static int find_image(int criu, struct image *i, struct vz_err *e)
{
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	int n = 0, r;

	i->file = (struct vz_pb_image){ criu, i->name, VZ_RESTORE };
	r = vz_dir_stream(openat(criu, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), &d);
	while (!r && (de = vz_dir_next(d)))
		if (!strncmp(de->d_name, PREFIX, strlen(PREFIX)) && strlen(de->d_name) < sizeof(i->name)) {
			snprintf(i->name, sizeof(i->name), "%.31s", de->d_name);
			n++;
		}
	if (!r && errno)
		r = -errno;
	if (r < 0)
		return vz_fail(e, VZ_RESTORE, -r, "cannot read the images of CRIU");
	return n > 1 ? vz_pb_strange(&i->file, e) : n;
}

static int read_image(int criu, struct image *i, struct vz_err *e)
{
	struct vz_pb in;
	int r = find_image(criu, i, e);

	if (r <= 0)
		return r;
	r = vz_pb_read(&i->file, &i->text, &in, e);
	if (r < 0)
		return r;
	return vz_pb_take_entry(&in, &i->map) && !in.n ? 1 : vz_pb_strange(&i->file, e);
}

/* The VPS has one extent of each kind, from 0 inside on. */
static bool extent_of(struct vz_pb map, uint64_t key, uint32_t *ret)
{
	struct vz_pb_field f;
	unsigned n = 0;

	while (vz_pb_take_field(&map, &f))
		if (f.key == key) {
			uint64_t host = vz_pb_number_of(f.bytes, EXTENT_HOST);

			*ret = (uint32_t)host;
			n += host <= UINT32_MAX ? 1 : 2;
		}
	return n == 1 && !map.bad;
}

int vz_idimage_get(int criu, struct vz_idimage *ret, struct vz_err *e)
{
	struct image i = { 0 };
	int r = read_image(criu, &i, e);

	*ret = (struct vz_idimage){ 0 };
	if (r > 0)
		r = extent_of(i.map, KEY(UIDS), &ret->uid) && extent_of(i.map, KEY(GIDS), &ret->gid) ?
			    0 : vz_pb_strange(&i.file, e);
	free(i.text);
	return r;
}

static bool copy_map(struct vz_pb map, const struct vz_idimage *to, struct vz_str *out)
{
	struct vz_pb_field f;

	while (vz_pb_take_field(&map, &f)) {
		autostr extent = { 0 };

		if (!vz_pb_copy_with(f.bytes, EXTENT_HOST, f.key == KEY(UIDS) ? to->uid : to->gid, &extent))
			return false;
		vz_pb_put_number(out, f.key);
		vz_pb_put_number(out, extent.len);
		vz_str_addn(out, extent.s, extent.len);
	}
	return !map.bad && !out->failed;
}

static int change(const struct image *i, const struct vz_idimage *to, struct vz_err *e)
{
	autostr image = { 0 }, entry = { 0 };
	int r;

	if (!copy_map(i->map, to, &entry))
		return vz_pb_strange(&i->file, e);
	vz_str_addn(&image, i->text, VZ_PB_HEAD);
	vz_pb_put_entry(&image, &entry);
	if (image.failed)
		return vz_oom(e);
	r = vz_pb_write(&i->file, O_TRUNC, &image, e);
	return r < 0 ? r : 1;
}

int vz_idimage_set(int criu, const struct vz_idimage *to, char ret_name[static 32], struct vz_err *e)
{
	struct vz_idimage now;
	struct image i = { 0 };
	int r = vz_idimage_get(criu, &now, e);

	if (r < 0 || (now.uid == to->uid && now.gid == to->gid))
		return r;
	r = read_image(criu, &i, e);
	if (r > 0)
		r = change(&i, to, e);
	else if (!r)
		r = vz_fail(e, VZ_RESTORE, 0, "the processes in the dump were in no user namespace");
	memcpy(ret_name, i.name, sizeof(i.name));
	free(i.text);
	return r;
}
