// SPDX-License-Identifier: GPL-2.0-or-later
/* Can a VPS come to this host? Nothing is changed. */
#include "base/ip.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/disk.h"
#include "fs/layout.h"
#include "move/arrive-internal.h"
#include "move/migrate.h"
#include "move/moving.h"
#include "sys/file.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>

#define AS(code) ((enum vz_exit)VZ_MIGRATE_##code)
#define ENVIRON_MAX (1u << 20)

/* The address from which ssh(1) has started that process; the caller frees. NULL: none has. */
static char *source_of(pid_t pid)
{
	autofree char *path = vz_fmt("/proc/%d/environ", (int)pid), *text = NULL;
	ssize_t n = path ? vz_file_read(AT_FDCWD, path, ENVIRON_MAX, &text) : -ENOMEM;
	const char *value;

	for (ssize_t i = 0; i < n; i += (ssize_t)strlen(text + i) + 1)
		if (vz_str_prefix(text + i, "SSH_CONNECTION=", &value))
			return strndup(value, strspn(value, "0123456789abcdef.:"));
	return NULL;
}

/* A source that is gone without a word is waited for. */
static int say_locked(const struct vz_arrival *a, pid_t holder, struct vz_err *e)
{
	struct vz_moving m;
	autofree char *from = vz_moving_read(a->id, &m) ? source_of(holder) : NULL;

	if (!from || !*from)
		return vz_fail(e, AS(LOCKED), 0, "CT %u is locked on destination node by PID %d", a->id, (int)holder);
	return vz_fail(e, AS(LOCKED), 0, "CT %u is locked on destination node by a migration from %s that has not ended; if the other "
		       "end of it is gone it ends by itself: try again in %d seconds", a->id, from, a->talk.silence_s);
}

static int check_free(struct vz_arrival *a, struct vz_err *e)
{
	autofree char *conf = vz_ct_conf_path(a->id);
	struct vz_state st;
	pid_t holder;

	if (!conf)
		return vz_oom(e);
	if (!access(conf, F_OK) || vz_moving_has(a->id, VZ_MOVING_LEFT) || vz_state_read(a->id, &st) > 0)
		return vz_fail(e, AS(EXISTS), 0, "CT %u already exists on destination node", a->id);
	if (!access(a->private, F_OK))
		return vz_fail(e, AS(EXISTS), 0, "%s already exists on destination node: remove it there if it is a copy that "
			       "-r no has left", a->private);
	holder = vz_ct_lock_holder(&a->session.host, a->id);
	return holder > 0 ? say_locked(a, holder, e) : 0;
}

static int check_name(struct vz_arrival *a, struct vz_err *e)
{
	bool by_name;
	unsigned other;

	if (a->own.name.set && *a->own.name.v && !vz_ct_resolve(a->own.name.v, &other, &by_name, NULL) && by_name &&
	    other != a->id)
		return vz_fail(e, AS(CONFIG), 0, "The name %s belongs to CT %u on destination node", a->own.name.v,
			       other);
	return 0;
}

static int check_layout(struct vz_arrival *a, struct vz_err *e)
{
	const struct vz_layout *l = vz_layout_plain;
	autofree char *parent = strdup(a->private);
	struct vz_err why = { 0 };
	int r = a->own.ve_layout.set ? vz_layout_find(a->own.ve_layout.v, &l, &why) : 0;

	if (!parent)
		return vz_oom(e);
	*strrchr(parent, '/') = 0;
	if (r >= 0)
		r = vz_layout_usable(l, &why);
	if (r >= 0)
		r = l->probe(a->template, parent, &why);
	if (r > 0)
		return 0;
	return vz_fail(e, AS(LAYOUT), 0, "Layout %s on destination node: %s", l->name, why.msg);
}

/* Those of the VPSes that run: others may be a copy that is kept. */
static int check_ips(struct vz_arrival *a, struct vz_err *e)
{
	autofree unsigned *ids = NULL;
	autoips mine = { 0 };
	size_t n = 0;
	int r = vz_plist_ips(&a->own.ip_address, &mine);

	if (r < 0)
		return vz_oom(e);
	r = mine.n ? vz_ct_list(&ids, &n, e) : 0;
	for (size_t i = 0; r >= 0 && i < n; i++) {
		struct vz_ct other = { 0 };
		struct vz_state st;
		autoips its = { 0 };

		if (vz_state_read(ids[i], &st) <= 0 || vz_ct_load(&a->session.host, ids[i], &other, NULL, NULL) < 0)
			continue;
		(void)vz_plist_ips(&other.own.ip_address, &its);
		vz_ct_free(&other);
		for (size_t k = 0; k < mine.n; k++) {
			char text[VZ_IP_TEXT];

			if (vz_ips_has(&its, &mine.v[k]))
				return vz_fail(e, AS(IP), 0, "IP address %s is in use by CT %u on destination node",
					       vz_ip_text(&mine.v[k], text), ids[i]);
		}
	}
	return r;
}

static bool has_ipv6(const struct vz_arrival *a)
{
	autoips ips = { 0 };

	(void)vz_plist_ips(&a->own.ip_address, &ips);
	for (size_t i = 0; i < ips.n; i++)
		if (ips.v[i].family == AF_INET6)
			return true;
	return false;
}

int vz_arrive_check(struct vz_arrival *a, unsigned ignore, struct vz_err *e)
{
	struct vz_err why = { 0 };
	int r = check_free(a, e);

	if (r >= 0)
		r = check_name(a, e);
	if (r >= 0)
		r = check_layout(a, e);
	if (r >= 0)
		r = check_ips(a, e);
	if (r < 0)
		return r;
	if (has_ipv6(a) && access("/proc/net/if_inet6", F_OK) < 0)
		r = vz_fail(&why, AS(REMOTE), 0, "IPv6 is not there on destination node");
	if (r < 0 && ignore & VZ_MIGRATE_NO_IPV6) {
		vz_log(-1, "%s", why.msg);
		vz_log(-1, VZ_MIGRATE_IGNORING);
		return 0;
	}
	return r < 0 ? (*e = why, r) : 0;
}

static bool is_one_disk(const char *a, const char *b)
{
	autofree char *of_a = a ? vz_path_nearest(a) : NULL, *of_b = b ? vz_path_nearest(b) : NULL;
	struct stat st_a, st_b;

	return of_a && of_b && !stat(of_a, &st_a) && !stat(of_b, &st_b) && st_a.st_dev == st_b.st_dev;
}

void vz_arrive_tell_places(struct vz_arrival *a)
{
	autofree char *before = vz_fmt("%s.arriving", a->private);
	uint64_t room;

	(void)vz_talk_say(&a->talk, "+private=%s", a->private);
	(void)vz_talk_say(&a->talk, "+dumpdir=%s", a->dumpdir);
	if (before && vz_disk_room(a->private, &room))
		(void)vz_talk_say(&a->talk, "+room=%llu", (unsigned long long)(room + vz_disk_used(before, VZ_MIGRATE_COUNT_MS)));
	if (vz_disk_room(a->dumpdir, &room))
		(void)vz_talk_say(&a->talk, "+dumproom=%llu", (unsigned long long)room);
	if (is_one_disk(a->private, a->dumpdir))
		(void)vz_talk_say(&a->talk, "+onedisk=yes");
}

int vz_arrive_left(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	uint64_t room;

	(void)args;
	if (!a->prepared || !vz_disk_room(a->private, &room))
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	(void)vz_talk_say(&a->talk, "+left=%llu", (unsigned long long)room);
	return 0;
}
