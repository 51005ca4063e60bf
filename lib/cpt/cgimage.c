// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See cgimage.h. One entry:
 *
 *	set	of groups that some process is in: of each hierarchy its path, and how much of that is the VPS's own group
 *	controller	of a hierarchy: trees of groups, by their whole path at the top, by one name below
 *
 * May be hostile: names of groups are the guest's, and the image may come from another host; therefore only what stands
 * before its own groups is changed, and what is not understood ends the restore.
 */
#include "cpt/cgimage.h"
#include "base/own.h"
#include "cgroup/cgroup.h"
#include "cpt/protobuf.h"
#include "sys/idmap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Of CRIU's images/cgroup.proto. */
enum { SETS = 1, CONTROLLERS = 2 };
enum { SET_MEMBERS = 2, CONTROLLER_DIRS = 2 };
enum { MEMBER_PATH = 2, MEMBER_PREFIX = 3 };
enum { DIR_NAME = 1, DIR_CHILDREN = 2, DIR_PERMS = 4, PERMS_UID = 2, PERMS_GID = 3 };
#define KEY(number) ((uint64_t)(number) << 3 | VZ_PB_BYTES)
#define NUMBER_KEY(number) ((uint64_t)(number) << 3 | VZ_PB_NUMBER)
#define DEPTH_MAX 64 /* as many as are saved of the guest's own (cgroup/below.c) */

struct renaming {
	const struct vz_cgimage_change *c;
	unsigned depth;
	bool found, changed;
};

typedef bool copy_fn(struct renaming *n, struct vz_pb in, struct vz_str *out);

static void put_message(struct vz_str *out, uint64_t key, const struct vz_str *text)
{
	vz_pb_put_bytes(out, (unsigned)(key >> 3), text->s, text->len);
	out->failed |= text->failed;
}

static struct vz_pb of(const struct vz_str *s)
{
	return (struct vz_pb){ (const unsigned char *)s->s, s->len, s->failed };
}

/* The message, with what `copy` makes of its fields with this key. */
static bool copy_each(struct renaming *n, struct vz_pb in, uint64_t key, copy_fn *copy, struct vz_str *out)
{
	struct vz_pb_field f;

	while (vz_pb_take_field(&in, &f)) {
		autostr inner = { 0 };

		if (f.key != key) {
			vz_str_addn(out, (const char *)f.all.p, f.all.n);
			continue;
		}
		if (!copy(n, f.bytes, &inner))
			return false;
		put_message(out, key, &inner);
	}
	return !in.bad && !out->failed;
}

/* The name of a group, of which the first bytes are the VPS's own. */
static void put_renamed(struct renaming *n, struct vz_pb name, size_t own, struct vz_str *out)
{
	const char *text = (const char *)name.p;
	size_t old = vz_cg_path_of(text, own, n->c->from);

	n->found = true;
	n->changed |= old != strlen(n->c->path) || memcmp(text + own - old, n->c->path, old) != 0;
	vz_str_addn(out, text, own - old);
	vz_str_add(out, n->c->path);
	vz_str_addn(out, text + own, name.n - own);
}

static bool copy_member(struct renaming *n, struct vz_pb in, struct vz_str *out)
{
	struct vz_pb path = vz_pb_field_of(in, KEY(MEMBER_PATH)).bytes;
	uint64_t own = vz_pb_number_of(in, MEMBER_PREFIX);
	autostr name = { 0 };
	struct vz_pb_field f;
	bool ours = own && own <= path.n && vz_cg_path_of((const char *)path.p, own, n->c->from);

	if (ours)
		put_renamed(n, path, own, &name);
	while (vz_pb_take_field(&in, &f)) {
		if (ours && f.key == KEY(MEMBER_PATH)) {
			put_message(out, f.key, &name);
		} else if (ours && f.key == NUMBER_KEY(MEMBER_PREFIX)) {
			vz_pb_put_number(out, f.key);
			vz_pb_put_number(out, own + name.len - path.n);
		} else {
			vz_str_addn(out, (const char *)f.all.p, f.all.n);
		}
	}
	return !in.bad && !out->failed;
}

static bool copy_name(struct renaming *n, struct vz_pb in, struct vz_str *out)
{
	for (size_t i = 0; i <= in.n; i++)
		if ((i == in.n || in.p[i] == '/') && vz_cg_path_of((const char *)in.p, i, n->c->from)) {
			put_renamed(n, in, i, out);
			return !out->failed;
		}
	vz_str_addn(out, (const char *)in.p, in.n);
	return !out->failed;
}

static uint64_t id_now(struct renaming *n, uint64_t id, uint32_t was, uint32_t is)
{
	if (id < was || id - was >= VZ_IDS_PER_VPS)
		return id;
	n->changed |= was != is;
	return id - was + is;
}

static bool copy_perms(struct renaming *n, struct vz_pb in, struct vz_str *out)
{
	const struct vz_idimage *was = &n->c->was, *is = &n->c->is;
	struct vz_pb_field f;

	while (vz_pb_take_field(&in, &f)) {
		vz_pb_put_number(out, f.key);
		if (f.key == NUMBER_KEY(PERMS_UID))
			vz_pb_put_number(out, id_now(n, f.number, was->uid, is->uid));
		else if (f.key == NUMBER_KEY(PERMS_GID))
			vz_pb_put_number(out, id_now(n, f.number, was->gid, is->gid));
		else if ((f.key & 7) == VZ_PB_NUMBER)
			vz_pb_put_number(out, f.number);
		else
			return false;
	}
	return !in.bad && !out->failed;
}

static bool copy_dir(struct renaming *n, struct vz_pb in, struct vz_str *out)
{
	autostr named = { 0 }, owned = { 0 };
	bool good = n->depth++ < DEPTH_MAX;

	if (good && n->depth == 1)
		good = copy_each(n, in, KEY(DIR_NAME), copy_name, &named);
	else if (good)
		vz_str_addn(&named, (const char *)in.p, in.n);
	good = good && copy_each(n, of(&named), KEY(DIR_PERMS), copy_perms, &owned) &&
	       copy_each(n, of(&owned), KEY(DIR_CHILDREN), copy_dir, out);
	n->depth--;
	return good;
}

static bool copy_set(struct renaming *n, struct vz_pb in, struct vz_str *out)
{
	return copy_each(n, in, KEY(SET_MEMBERS), copy_member, out);
}

static bool copy_controller(struct renaming *n, struct vz_pb in, struct vz_str *out)
{
	return copy_each(n, in, KEY(CONTROLLER_DIRS), copy_dir, out);
}

static bool copy_all(struct renaming *n, struct vz_pb in, struct vz_str *out)
{
	autostr half = { 0 };

	return copy_each(n, in, KEY(SETS), copy_set, &half) &&
	       copy_each(n, of(&half), KEY(CONTROLLERS), copy_controller, out);
}

int vz_cgimage_change(int criu, const struct vz_cgimage_change *c, struct vz_err *e)
{
	const struct vz_pb_image i = { criu, VZ_CGIMAGE_NAME, VZ_RESTORE };
	struct renaming n = { .c = c };
	autofree char *text = NULL;
	autostr image = { 0 }, entry = { 0 };
	struct vz_pb in, all;
	int r = vz_pb_read(&i, &text, &in, e);

	if (r < 0)
		return r;
	if (!vz_pb_take_entry(&in, &all) || in.n || !copy_all(&n, all, &entry))
		return vz_pb_strange(&i, e);
	if (!n.found)
		return vz_fail(e, VZ_RESTORE, 0, "the processes in the dump were in no control group of container %u", c->from);
	if (!n.changed)
		return 0;
	vz_str_addn(&image, text, VZ_PB_HEAD);
	vz_pb_put_entry(&image, &entry);
	if (image.failed)
		return vz_oom(e);
	r = vz_pb_write(&i, O_TRUNC, &image, e);
	return r < 0 ? r : 1;
}
