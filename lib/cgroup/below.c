// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The groups that a guest made below its own, saved and made again. As packed data a group is
 *
 *	enabled controllers, type, files (1, name, how it differs, value), 0, groups (1, name, mode, owner), 0
 *
 * where a group's own part follows its name. Only v2: that is what a guest sees.
 *
 * May be hostile: names, depth and number of the groups; therefore all is done from directory fds with
 * O_NOFOLLOW, and what exceeds the bounds is refused. What is read back can come from another host.
 */
#include "cgroup/cgroup-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "base/pack.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/idmap.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/fsuid.h>
#include <sys/stat.h>

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define DEPTH_MAX 64u
#define GROUPS_MAX 4096u
#define VALUE_MAX 4096u
#define CONTROL "cgroup.subtree_control"
#define TYPE "cgroup.type"

/* What is no setting: state, actions, what one line above has already, what is saved apart. */
static bool is_setting(const char *file)
{
	static const char *const none[] = {
		CONTROL, TYPE, "cgroup.procs", "cgroup.threads", "cgroup.freeze", "cgroup.kill",
		"cpu.weight.nice", "memory.reclaim",
	};

	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		if (!strcmp(file, none[i]))
			return false;
	/* to write into the others of this name waits for pressure; to write into a peak resets it */
	return (!vz_str_suffix(file, ".pressure") || !strcmp(file, "cgroup.pressure")) &&
	       !vz_str_suffix(file, ".peak");
}

/* ---- save ---- */

struct save {
	struct vz_pack *out;
	struct vz_err *e;
	uid_t uid;
	gid_t gid;
	unsigned depth, n;
};

static int too_many(struct save *s)
{
	return vz_fail(s->e, VZ_CHKPNT, 0, "the container has more than %u control groups, or %u levels of them: "
		       "remove what is not needed inside", GROUPS_MAX, DEPTH_MAX);
}

static uint32_t offset(uint32_t id, uint32_t first)
{
	return id - first < VZ_IDS_PER_VPS ? id - first : 0;
}

static void save_owner(struct save *s, const struct stat *st)
{
	vz_pack_num(s->out, st->st_mode & 07777);
	vz_pack_num(s->out, offset(st->st_uid, s->uid));
	vz_pack_num(s->out, offset(st->st_gid, s->gid));
}

/* The kernel makes files of a group its maker's, with a mode of its own choice: only what differs from
 * that, or holds a setting, is of interest. Of the topmost group only what is the guest's. */
static int save_file(struct save *s, int dir, const char *name)
{
	char value[VALUE_MAX];
	bool owned, setting;
	struct stat st;
	ssize_t n = 0;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0; /* the group went away, or the file with its controller */
	owned = st.st_uid == s->uid && st.st_gid == s->gid;
	if (!s->depth && !owned)
		return 0;
	setting = (st.st_mode & 0600) == 0600 && is_setting(name);
	if (setting)
		n = vz_file_read_buf(dir, name, value, sizeof(value));
	if (n == (ssize_t)sizeof(value) - 1)
		return vz_fail(s->e, VZ_CHKPNT, 0, "a value of %s in the container is too long", name);
	if (n < 0 || (owned && !setting))
		return 0;
	vz_pack_num(s->out, 1);
	vz_pack_text(s->out, name);
	save_owner(s, &st);
	vz_pack_num(s->out, setting);
	vz_pack_bytes(s->out, value, (size_t)n);
	return 0;
}

static int save_group(struct save *s, int dir);

static int save_child(struct save *s, int dir, const char *name)
{
	autoclose int fd = openat(dir, name, DIR_FLAGS);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return errno == ENOENT ? 0 : vz_fail(s->e, VZ_CHKPNT, errno, "cannot read a control group of the container");
	if (++s->n > GROUPS_MAX || s->depth >= DEPTH_MAX)
		return too_many(s);
	vz_pack_num(s->out, 1);
	vz_pack_text(s->out, name);
	save_owner(s, &st);
	s->depth++;
	r = save_group(s, TAKE_FD(fd));
	s->depth--;
	return r;
}

/* dirs: the second turn. */
static int save_entries(struct save *s, DIR *d, bool dirs)
{
	struct dirent *de;
	int r = 0;

	rewinddir(d);
	while (!r && (de = vz_dir_next(d))) {
		struct stat st;
		bool is_dir = de->d_type == DT_DIR;

		if (de->d_type == DT_UNKNOWN)
			is_dir = !fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
		if (is_dir == dirs)
			r = dirs ? save_child(s, dirfd(d), de->d_name) : save_file(s, dirfd(d), de->d_name);
	}
	if (!r && errno)
		r = vz_fail(s->e, VZ_CHKPNT, errno, "cannot read a control group of the container");
	vz_pack_num(s->out, 0);
	return r;
}

/* Takes the fd. */
static int save_group(struct save *s, int dir)
{
	autoclosedir DIR *d = NULL;
	char control[256] = "", type[32] = "", frozen[8] = "";
	int r = vz_dir_stream(dir, &d);

	if (r < 0)
		return vz_fail(s->e, VZ_CHKPNT, -r, "cannot read a control group of the container");
	(void)vz_file_read_buf(dir, CONTROL, control, sizeof(control));
	(void)vz_file_read_buf(dir, TYPE, type, sizeof(type)); /* the topmost of all has none */
	if (s->depth && vz_file_read_buf(dir, "cgroup.freeze", frozen, sizeof(frozen)) > 0 && *frozen == '1') {
		vz_fail(s->e, VZ_CHKPNT, 0, "the container itself has frozen a control group (a paused container, a frozen "
			"unit): let it go on inside first");
		return -EBUSY;
	}
	vz_pack_bytes(s->out, control, strlen(control));
	vz_pack_num(s->out, !strcmp(type, "threaded"));
	r = save_entries(s, d, false);
	return r < 0 ? r : save_entries(s, d, true);
}

int vz_cg_below_save(const struct vz_cg *cg, struct vz_pack *out, struct vz_err *e)
{
	struct save s = { .out = out, .e = e };
	int dir = cg_dir(cg, CG_V2), own = dir < 0 ? dir : openat(dir, ".", DIR_FLAGS), r;
	struct stat st;

	if (own < 0 || fstat(own, &st) < 0)
		return vz_fail(e, VZ_CHKPNT, dir < 0 ? -dir : errno, "cannot open group %s", cg->path);
	s.uid = st.st_uid;
	s.gid = st.st_gid;
	/* before anything is read: the VPS stands still */
	if (cg_get_key(cg, CG_V2, "cgroup.stat", "nr_descendants") != VZ_UNLIMITED &&
	    cg_get_key(cg, CG_V2, "cgroup.stat", "nr_descendants") > GROUPS_MAX) {
		close(own);
		return too_many(&s);
	}
	r = save_group(&s, own);
	if (!r && out->err == -E2BIG)
		return too_many(&s);
	return !r && out->err ? vz_oom(e) : r;
}

/* Takes the fd. */
static void thaw(int dir, unsigned depth, unsigned *n)
{
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	char frozen[8];

	if (vz_dir_stream(dir, &d) < 0)
		return;
	if (depth && vz_file_read_buf(dirfd(d), "cgroup.freeze", frozen, sizeof(frozen)) > 0 && *frozen == '1')
		(void)vz_file_write(dirfd(d), "cgroup.freeze", "0");
	while (depth < DEPTH_MAX && *n < GROUPS_MAX && (de = vz_dir_next(d)))
		if (de->d_type == DT_DIR) {
			++*n;
			thaw(openat(dirfd(d), de->d_name, DIR_FLAGS), depth + 1, n);
		}
}

void vz_cg_below_thaw(const struct vz_cg *cg)
{
	int dir = cg_dir(cg, CG_V2);
	unsigned n = 0;

	if (dir >= 0)
		thaw(openat(dir, ".", DIR_FLAGS), 0, &n);
}

/* ---- make and enable ---- */

struct load {
	struct vz_packed *in;
	struct vz_err *e;
	struct vz_cg_refused *refused; /* of the turn VALUES */
	enum { GROUPS, CONTROLLERS, VALUES } turn;
	uid_t uid;                     /* first host ids now */
	gid_t gid;
	unsigned depth;
	char value[VALUE_MAX + 1];
};

struct owner {
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

static int nobody_saved_it(struct load *l)
{
	vz_fail(l->e, VZ_RESTORE, 0, "what the dump has of control groups was not written by vzctl");
	return -EBADMSG;
}

static struct owner take_owner(struct load *l)
{
	struct owner o;

	o.mode = (mode_t)vz_packed_num(l->in, 07777);
	o.uid = (uid_t)vz_packed_num(l->in, VZ_IDS_PER_VPS - 1) + l->uid;
	o.gid = (gid_t)vz_packed_num(l->in, VZ_IDS_PER_VPS - 1) + l->gid;
	return o;
}

/* A file that its maker does not own, or whose mode was changed. Not there yet, or not on this kernel: fine. */
static int put_owner(struct load *l, int dir, const char *name, const struct owner *o)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if ((st.st_uid != o->uid || st.st_gid != o->gid) &&
	    fchownat(dir, name, o->uid, o->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return vz_fail(l->e, VZ_RESTORE, errno, "cannot give %s of a group to %u", name, o->uid);
	if ((st.st_mode & 07777) != o->mode && fchmodat(dir, name, o->mode, 0) < 0)
		return vz_fail(l->e, VZ_RESTORE, errno, "cannot change the mode of %s of a group", name);
	return 0;
}

/* Many files take one line at a time; a limit of a disk that is not there is refused as it was a bad one. */
static void put_value(struct load *l, int dir, const char *name)
{
	char now[VALUE_MAX], *p = l->value, *line;
	ssize_t n = vz_file_read_buf(dir, name, now, sizeof(now));
	int r;

	if (n < 0 || !strcmp(now, l->value))
		return;
	do {
		line = strsep(&p, "\n");
		r = vz_file_write(dir, name, line);
		if (r < 0) {
			l->refused->n++;
			l->refused->why = -r;
			snprintf(l->refused->file, sizeof(l->refused->file), "%s", name);
		}
	} while (p);
}

/* "memory pids" becomes "+memory +pids" of what there is here and not enabled yet. */
static int put_controllers(struct load *l, int dir, const char *want)
{
	char can[256], have[256];
	autostr text = { 0 };
	int r = 0;

	if (vz_file_read_buf(dir, "cgroup.controllers", can, sizeof(can)) < 0 ||
	    vz_file_read_buf(dir, CONTROL, have, sizeof(have)) < 0)
		return 0;
	for (;;) {
		autofree char *word = vz_str_word(&want, " ");

		if (!word)
			break;
		if (vz_str_has_word(can, ' ', word) && !vz_str_has_word(have, ' ', word))
			vz_str_addf(&text, "%s+%s", text.len ? " " : "", word);
	}
	if (text.failed)
		return vz_oom(l->e);
	r = text.len ? vz_file_write(dir, CONTROL, text.s) : 0;
	return r < 0 ? vz_fail(l->e, VZ_RESTORE, -r, "cannot write \"%s\" to " CONTROL " of a group of the container",
			       text.s) : 0;
}

static int load_file(struct load *l, int dir)
{
	char name[NAME_MAX + 1];
	struct owner o;
	bool setting;
	const char *v;
	size_t n;
	int r;

	vz_packed_text(l->in, name, sizeof(name));
	o = take_owner(l);
	setting = vz_packed_num(l->in, 1);
	v = vz_packed_bytes(l->in, VALUE_MAX, &n);
	if (l->in->bad || memchr(v, 0, n) || !vz_str_is_component(name) || (setting && !is_setting(name)))
		return nobody_saved_it(l);
	/* of the topmost group the owners are the host's work */
	r = l->turn != CONTROLLERS && l->depth ? put_owner(l, dir, name, &o) : 0;
	if (!r && setting && l->turn == VALUES) {
		memcpy(l->value, v, n);
		l->value[n] = 0;
		put_value(l, dir, name);
	}
	return r;
}

/* As root inside, so that all files of the group are his. He could make none in one that is a user's already, so that
 * it becomes is for later, and what an attempt that failed has left is his again. */
static int make_child(struct load *l, int dir, const char *name)
{
	uid_t uid = (uid_t)setfsuid(l->uid);
	gid_t gid = (gid_t)setfsgid(l->gid);
	int r = mkdirat(dir, name, 0755) < 0 ? -errno : 0;

	setfsgid(gid);
	setfsuid(uid);
	if (r == -EEXIST)
		return put_owner(l, dir, name, &(struct owner){ 0755, l->uid, l->gid });
	return r < 0 ? vz_fail(l->e, VZ_RESTORE, -r, "cannot make a control group of the container") : 0;
}

static int load_group(struct load *l, int dir);

static int load_child(struct load *l, int dir)
{
	autoclose int fd = -EBADF;
	char name[NAME_MAX + 1];
	struct owner o;
	int r = 0;

	vz_packed_text(l->in, name, sizeof(name));
	o = take_owner(l);
	if (l->in->bad || !vz_str_is_component(name) || strchr(name, '\n') || l->depth >= DEPTH_MAX)
		return nobody_saved_it(l);
	if (l->turn == GROUPS)
		r = make_child(l, dir, name);
	if (r < 0)
		return r;
	fd = openat(dir, name, DIR_FLAGS);
	if (fd < 0)
		return vz_fail(l->e, VZ_RESTORE, errno, "cannot open a control group of the container");
	l->depth++;
	r = load_group(l, fd);
	l->depth--;
	return !r && l->turn == GROUPS ? put_owner(l, dir, name, &o) : r;
}

static int load_group(struct load *l, int dir)
{
	char control[256];
	size_t n;
	const char *v = vz_packed_bytes(l->in, sizeof(control) - 1, &n);
	bool threaded = vz_packed_num(l->in, 1);
	int r = 0;

	if (l->in->bad || memchr(v, 0, n))
		return nobody_saved_it(l);
	memcpy(control, v, n);
	control[n] = 0;
	if (l->turn == GROUPS && threaded && (r = vz_file_write(dir, TYPE, "threaded")) < 0)
		return vz_fail(l->e, VZ_RESTORE, -r, "cannot make a control group of the container threaded");
	if (l->turn == CONTROLLERS)
		r = put_controllers(l, dir, control);
	while (!r && vz_packed_num(l->in, 1))
		r = load_file(l, dir);
	while (!r && vz_packed_num(l->in, 1))
		r = load_child(l, dir);
	return !r && l->in->bad ? nobody_saved_it(l) : r;
}

static int load(struct load *l, struct vz_cg *cg, struct vz_packed in)
{
	int dir = cg_dir(cg, CG_V2), r;
	struct stat st;

	if (dir < 0 || fstat(dir, &st) < 0)
		return vz_fail(l->e, VZ_RESTORE, dir < 0 ? -dir : errno, "cannot open group %s", cg->path);
	l->uid = st.st_uid;
	l->gid = st.st_gid;
	l->in = &in;
	r = load_group(l, dir);
	return !r && in.left ? nobody_saved_it(l) : r;
}

int vz_cg_below_make(struct vz_cg *cg, struct vz_packed in, struct vz_err *e)
{
	struct load l = { .e = e, .turn = GROUPS };

	return load(&l, cg, in);
}

int vz_cg_below_enable(struct vz_cg *cg, struct vz_packed in, struct vz_cg_refused *ret_refused,
		       struct vz_err *e)
{
	struct load l = { .e = e, .turn = CONTROLLERS, .refused = ret_refused };
	int r;

	*ret_refused = (struct vz_cg_refused){ 0 };
	r = load(&l, cg, in);
	if (r < 0)
		return r;
	l.turn = VALUES;
	return load(&l, cg, in);
}
