// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mounts as CRIU restores them: a file system of a kind it knows is mounted anew, a bind mount needs the mount of its
 * file system's root somewhere inside, a mount that receives needs whom it receives from. proc_pid_mountinfo(5).
 */
#include "cpt/verdict-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/mnt.h"

#define TEXT_MAX (64u << 20)

/* What CRIU mounts anew and fills; devpts, mqueue and the like with what it finds. ramfs: systemd's credentials,
 * which we carry (creds.h). */
static const char *const known[] = {
	"proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup", "cgroup2", "securityfs", "debugfs", "tracefs", "pstore",
	"fusectl", "binfmt_misc", "ramfs", "autofs",
};

struct table {
	char *text;
	struct vz_mountinfo *m;
	size_t n;
};

static bool is_known(const char *fstype)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (!strcmp(known[i], fstype))
			return true;
	return false;
}

static int read_table(int dir, struct table *ret)
{
	autofree char *text = NULL;
	size_t lines = 1, n = 0;
	struct vz_mountinfo *m;
	char *p, *line;
	ssize_t r = vz_file_read(dir, "mountinfo", TEXT_MAX, &text);

	if (r < 0)
		return (int)r;
	for (p = text; *p; p++)
		lines += *p == '\n';
	m = calloc(lines, sizeof(*m));
	if (!m)
		return -ENOMEM;
	for (p = text; (line = strsep(&p, "\n"));)
		n += !vz_mountinfo_parse(line, &m[n]);
	*ret = (struct table){ .text = TAKE_PTR(text), .m = m, .n = n };
	return 0;
}

static const struct vz_mountinfo *root_of(const struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->m[i].target, "/"))
			return &t->m[i];
	return NULL;
}

static void look_at_mount(struct cpt_look *l, const struct cpt_task *t, const struct vz_mountinfo *m)
{
	if (!is_known(m->fstype))
		cpt_say(l, CPT_MOUNT, t, "%s on %s", m->fstype, m->target);
}

void cpt_mounts_look(struct cpt_look *l, const struct cpt_task *t)
{
	struct table own = { 0 };
	const struct vz_mountinfo *root;
	int r;

	if (!cpt_seen_new(&l->mounts, t->ns[CPT_NS_MNT]))
		return;
	r = read_table(t->dir, &own);
	if (r == -ENOENT || r == -ESRCH || r == -EINVAL) /* it has ended */
		return;
	if (r < 0) {
		cpt_say(l, CPT_UNKNOWN, t, "its mounts: %s", strerror(-r));
		return;
	}
	root = root_of(&own);
	if (root && !l->root_dev)
		l->root_dev = root->dev;
	for (size_t i = 0; i < own.n; i++)
		if (own.m[i].dev != l->root_dev)
			look_at_mount(l, t, &own.m[i]);
	free(own.text);
	free(own.m);
}
