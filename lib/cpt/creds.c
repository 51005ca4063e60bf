// SPDX-License-Identifier: GPL-2.0-or-later
/* ramfs mounts of a VPS; see creds.h. systemd.exec(5), credentials. */
#include "cpt/creds.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/filetree.h"
#include "cpt/frozen.h"
#include "sys/call.h"
#include "sys/mnt.h"

#include <sys/stat.h>

#define FILE_NAME "creds"
/* systemd allows one unit 1 MiB (CREDENTIALS_TOTAL_SIZE_MAX); a large VPS has some dozens of units with any. */
#define MOUNTS_MAX 1024u
#define ENTRIES_MAX 4096u
#define BYTES_MAX (16u << 20)
#define PACKED_MAX (64u << 20)

void vz_creds_free(struct vz_creds *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i].path);
	free(c->v);
	*c = (struct vz_creds){ 0 };
}

/* ---- which there are ---- */

static bool is_ramfs(const struct vz_mountinfo *m)
{
	return !strcmp(m->fstype, "ramfs");
}

/* The first mount of the same directory. */
static const struct vz_mountinfo *first_of(const struct vz_mounts *t, const struct vz_mountinfo *m)
{
	for (size_t i = 0; i < t->n; i++)
		if (is_ramfs(&t->v[i]) && t->v[i].dev == m->dev && !strcmp(t->v[i].root, m->root))
			return &t->v[i];
	return m;
}

static int add_mount(struct vz_creds *c, const struct vz_mounts *t, const struct vz_mountinfo *m, struct vz_err *e)
{
	const struct vz_mountinfo *first = first_of(t, m);
	struct vz_cred *new;

	if (c->n == MOUNTS_MAX)
		return vz_fail(e, VZ_CHKPNT, 0, "the container has more than %u mounts of ramfs: unmount some inside",
			       MOUNTS_MAX);
	new = reallocarray(c->v, c->n + 1, sizeof(*new));
	if (!new)
		return vz_oom(e);
	c->v = new;
	new += c->n;
	new->path = strdup(m->target);
	if (!new->path)
		return vz_oom(e);
	new->key = 0;
	for (size_t i = 0; first != m && i < c->n; i++)
		if (!strcmp(c->v[i].path, first->target))
			new->key = c->v[i].key;
	if (!new->key)
		new->key = ++c->keys;
	c->n++;
	return 0;
}

static int find_mounts(const struct vz_mounts *t, struct vz_creds *ret, struct vz_err *e)
{
	autocreds c = { 0 };
	int r = 0;

	for (size_t i = 0; !r && i < t->n; i++)
		if (is_ramfs(&t->v[i]))
			r = add_mount(&c, t, &t->v[i], e);
	if (r < 0)
		return r;
	*ret = c;
	c = (struct vz_creds){ 0 };
	return 0;
}

int vz_creds_find(const struct vz_state *st, struct vz_creds *ret, struct vz_err *e)
{
	autofrozen f = { .root = -EBADF };
	int r = vz_frozen_open(st, &f, e);

	return r < 0 ? r : find_mounts(&f.mounts, ret, e);
}

/* ---- save ---- */

/* Everything of the mount that is not in its directory. */
static uint64_t attributes(const struct vz_mountinfo *m)
{
	static const struct { const char *word; uint64_t bit; } all[] = {
		{ "ro", MOUNT_ATTR_RDONLY }, { "nosuid", MOUNT_ATTR_NOSUID },
		{ "nodev", MOUNT_ATTR_NODEV }, { "noexec", MOUNT_ATTR_NOEXEC },
	};
	uint64_t bits = 0;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (vz_str_has_word(m->options, ',', all[i].word))
			bits |= all[i].bit;
	if (vz_str_has_word(m->super, ',', "ro"))
		bits |= MOUNT_ATTR_RDONLY;
	return bits;
}

static int save_one(const struct vz_frozen *f, const struct vz_mountinfo *m, const struct vz_state *st,
		    struct vz_pack *p, struct vz_err *e)
{
	const struct vz_filetree_save how = { .entries = ENTRIES_MAX, .bytes = BYTES_MAX, .uid = st->uid,
					      .gid = st->gid, .what = "a ramfs of the container" };
	autoclose int dir = vz_frozen_mount(f, m);

	if (dir < 0)
		return vz_fail(e, VZ_CHKPNT, dir == -EXDEV || dir == -EPERM ? 0 : -dir,
			       "the ramfs on %s cannot be reached", m->target);
	vz_pack_num(p, attributes(m));
	return vz_filetree_save(dir, &how, p, e);
}

static bool is_same(const struct vz_creds *a, const struct vz_creds *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (a->v[i].key != b->v[i].key || strcmp(a->v[i].path, b->v[i].path))
			return false;
	return a->n == b->n;
}

static const struct vz_mountinfo *mount_of(const struct vz_frozen *f, const char *path)
{
	for (size_t i = 0; i < f->mounts.n; i++)
		if (is_ramfs(&f->mounts.v[i]) && !strcmp(f->mounts.v[i].target, path))
			return &f->mounts.v[i];
	return NULL;
}

int vz_creds_save(const struct vz_state *st, const struct vz_creds *c, struct vz_image *im, struct vz_err *e)
{
	autopack p = { .max = PACKED_MAX };
	autofrozen f = { .root = -EBADF };
	autocreds now = { 0 };
	unsigned key = 0;
	int r = vz_frozen_open(st, &f, e);

	if (!r)
		r = find_mounts(&f.mounts, &now, e);
	if (r < 0)
		return r;
	if (!is_same(c, &now)) {
		vz_fail(e, VZ_CHKPNT, 0, "the container mounted or unmounted a ramfs meanwhile: try again");
		return -EAGAIN;
	}
	vz_pack_num(&p, c->keys);
	/* keys ascend in the order of the list */
	for (size_t i = 0; !r && i < c->n; i++)
		if (c->v[i].key > key) {
			key = c->v[i].key;
			r = save_one(&f, mount_of(&f, c->v[i].path), st, &p, e);
		}
	return r < 0 ? r : vz_image_put(im, FILE_NAME, p.buf.s, p.buf.len, e);
}

/* ---- load ---- */

static int load_one(int dirfd, const char *name, const struct vz_filetree_load *how, struct vz_packed *in,
		    struct vz_err *e)
{
	const uint64_t known = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	static const char *const options[] = { "source=ramfs", "mode=700", NULL };
	uint64_t attr = vz_packed_num(in, known);
	autoclose int fs = -EBADF, at = -EBADF;
	int r;

	if (in->bad)
		return vz_fail(e, VZ_RESTORE, 0, "what the dump has of %s was not written by vzctl", how->what);
	fs = vz_mount_new("ramfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (fs < 0)
		return vz_fail(e, VZ_RESTORE, -fs, "cannot mount a ramfs");
	r = vz_filetree_load(fs, how, in, e);
	if (r < 0)
		return r;
	r = vz_mount_setattr(fs, "", AT_EMPTY_PATH, attr, known & ~attr, 0, -EBADF);
	if (!r && mkdirat(dirfd, name, 0700) < 0)
		r = -errno;
	at = r < 0 ? r : openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (!r)
		r = at < 0 ? -errno : vz_move_mount(fs, at, "");
	return r < 0 ? vz_fail(e, VZ_RESTORE, -r, "cannot attach a ramfs") : 0;
}

int vz_creds_load(int dirfd, const struct vz_image *im, uint32_t uid, uint32_t gid, struct vz_err *e)
{
	const struct vz_state *st = &vz_image_facts(im)->state;
	const struct vz_filetree_load how = { .from_uid = st->uid, .from_gid = st->gid, .uid = uid, .gid = gid,
					      .what = "a ramfs of the container" };
	autofree char *data = NULL;
	struct vz_packed in;
	uint64_t keys;
	size_t n;
	int r = vz_image_read(im, FILE_NAME, &data, &n, e);

	if (r < 0)
		return r;
	in = (struct vz_packed){ .p = data, .left = n };
	keys = vz_packed_num(&in, MOUNTS_MAX);
	for (unsigned i = 1; !r && i <= keys; i++) {
		char name[sizeof("cred") + 10];

		snprintf(name, sizeof(name), "cred%u", i);
		r = load_one(dirfd, name, &how, &in, e);
	}
	if (!r && (in.bad || in.left))
		r = vz_fail(e, VZ_RESTORE, 0, "what the dump has of ramfs mounts was not written by vzctl");
	return r < 0 ? r : (int)keys;
}
