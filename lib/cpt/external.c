// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names for CRIU; see external.h.
 *
 * May be hostile: the mount table of the VPS; therefore it is only read, a mount is taken for the host's when
 * the guest has no other way to it, and a path that would be two words is refused.
 */
#include "cpt/external.h"
#include "base/num.h"
#include "base/own.h"
#include "net/link.h"
#include "nic/venet.h"
#include "nic/veth.h"
#include "sys/file.h"
#include "sys/mnt.h"
#include "sys/nl.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

#define CGROUPS_MAX (64u << 10)
#define PTS_MAJOR 136u /* UNIX98_PTY_SLAVE_MAJOR, and seven more (devpts) */

/* Of a file system that the guest cannot see as a whole: the host put a part of it here. */
static bool is_hosts(const struct vz_mounts *t, const struct vz_mountinfo *m)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].dev == m->dev && !strcmp(t->v[i].root, "/"))
			return false;
	return true;
}

static int add_word(struct vz_swrk_job *job, const char *kind, const char *key, const char *value)
{
	if (strchr(key, '\n') || strchr(key, ']'))
		return -EINVAL;
	vz_str_addf(&job->external, "%s[%s]:%s\n", kind, key, value);
	return job->external.failed ? -ENOMEM : 0;
}

/* By the number of the terminal: who asked for its node would look a path up in the guest's tree. */
static int add_console(struct vz_swrk_job *job, const struct vz_mountinfo *m)
{
	uint64_t n;
	int r = add_word(job, "mnt", m->target, "console");

	if (r < 0 || vz_num_u64(m->root + 1, 1u << 20, &n) < 0)
		return r < 0 ? r : -EINVAL;
	snprintf(job->tty, sizeof(job->tty), "%llx:%llx",
		 (unsigned long long)makedev(PTS_MAJOR + (unsigned)(n >> 8), (unsigned)(n & 0xff)),
		 (unsigned long long)m->dev);
	vz_str_addf(&job->external, "tty[%s]\n", job->tty);
	return 0;
}

static int add_mount(struct vz_swrk_job *job, const struct vz_mounts *t, const struct vz_mountinfo *m)
{
	bool file = !strcmp(m->root, "/file"), dir = !strcmp(m->root, "/dir");

	if ((file || dir) && !strcmp(m->fstype, "tmpfs") && is_hosts(t, m))
		return add_word(job, "mnt", m->target, file ? "mask/file" : "mask/dir");
	if (!strcmp(m->target, "/dev/console") && !strcmp(m->fstype, "devpts") && is_hosts(t, m))
		return add_console(job, m);
	return 0;
}

/* The hierarchies in which the VPS has a group. In others it is in the root: CRIU would read the groups of all other
 * VPSes and services there, once for each process. */
static int add_controllers(struct vz_swrk_job *job, pid_t init)
{
	char path[sizeof("/proc//cgroup") + 10];
	autofree char *text = NULL;
	char *p, *line;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", init);
	n = vz_file_read(AT_FDCWD, path, CGROUPS_MAX, &text);
	if (n < 0)
		return (int)n;
	for (p = text; (line = strsep(&p, "\n"));) {
		char *name = strchr(line, ':'), *group = name ? strchr(name + 1, ':') : NULL;

		if (group && strcmp(group, ":/") != 0)
			vz_str_addf(&job->controllers, "%.*s\n", (int)(group - name - 1), name + 1);
	}
	return 0;
}

int vz_external_dump(const struct vz_state *st, const struct vz_creds *creds, struct vz_swrk_job *job,
		     struct vz_err *e)
{
	char path[sizeof("/proc//mountinfo") + 10];
	automounts t = { 0 };
	int r;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", st->init);
	r = vz_mounts_read(AT_FDCWD, path, &t);
	if (r >= 0)
		r = add_word(job, "mnt", "/dev", "dev");
	for (size_t i = 0; i < t.n && r >= 0; i++)
		r = add_mount(job, &t, &t.v[i]);
	for (size_t i = 0; i < creds->n && r >= 0; i++) {
		char name[16];

		snprintf(name, sizeof(name), "cred%u", creds->v[i].key);
		r = add_word(job, "mnt", creds->v[i].path, name);
	}
	if (r >= 0)
		r = add_controllers(job, st->init);
	return r < 0 ? vz_fail(e, VZ_CHKPNT, -r, "cannot name the container's mounts and groups to criu") : 0;
}

/* ---- network devices ---- */

/* The guest's root may have renamed its end: it is found as the other end of the host's. */
static void add_device(struct vz_str *s, int rtnl, int inside, const char *host, const char *made)
{
	struct vz_link out, in;

	if (vz_link_find(rtnl, host, &out, NULL) < 0 || vz_link_get(inside, out.lower, &in, NULL) < 0 ||
	    in.lower != out.index)
		return;
	vz_str_addf(s, "%s%s%s%s", s->len ? " " : "", in.name, strcmp(in.name, made) ? "=" : "",
		    strcmp(in.name, made) ? made : "");
}

char *vz_external_devices(const struct vz_ct *ct, int rtnl, int netns)
{
	autoclose int inside = vz_nl_open(NETLINK_ROUTE, netns, NULL);
	autonetifs l = { 0 };
	char name[IFNAMSIZ];
	autostr s = { 0 };

	if (inside < 0 || vz_veth_record_read(ct->id, &l) < 0)
		return NULL;
	vz_venet_host_name(ct->id, name);
	add_device(&s, rtnl, inside, name, VZ_VENET_INSIDE);
	for (size_t i = 0; i < l.n; i++)
		add_device(&s, rtnl, inside, l.v[i].v[VZ_NETIF_HOST_IFNAME], l.v[i].v[VZ_NETIF_IFNAME]);
	return vz_str_take(&s);
}

/* ---- restore ---- */

static int add_waiting(struct vz_swrk_job *job, const char *stage, const char *name)
{
	autofree char *at = vz_fmt("%s/%s", stage, name);

	return at ? add_word(job, "mnt", name, at) : -ENOMEM;
}

static int add_netdevs(struct vz_swrk_job *job, const char *words)
{
	char *word;
	int r = 0;

	while (words && r >= 0 && (word = vz_str_word(&words, " "))) {
		char *made = strchr(word, '=');

		if (made)
			*made++ = 0;
		r = add_word(job, "netdev", word, made ? made : word);
		free(word);
	}
	return r;
}

int vz_external_restore(const char *stage, const char *netdevs, unsigned creds, struct vz_swrk_job *job,
			struct vz_err *e)
{
	static const char *const names[] = { "dev", "mask/file", "mask/dir", "console" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(names) && r >= 0; i++)
		if (i < ARRAY_LEN(names) - 1 || *job->tty)
			r = add_waiting(job, stage, names[i]);
	for (unsigned i = 1; i <= creds && r >= 0; i++) {
		char name[16];

		snprintf(name, sizeof(name), "cred%u", i);
		r = add_waiting(job, stage, name);
	}
	if (r >= 0)
		r = add_netdevs(job, netdevs);
	return r < 0 ? vz_fail(e, VZ_RESTORE, -r, "cannot name what is the host's to criu") : 0;
}
