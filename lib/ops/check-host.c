// SPDX-License-Identifier: GPL-2.0-or-later
/* check: configuration, directories, programs and services of this host. */
#include "ops/check-internal.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/console.h"
#include "ct/ct.h"
#include "sys/exitinfo.h"
#include "sys/fdpass.h"
#include "sys/file.h"
#include "sys/idmap.h"
#include "sys/proc.h"
#include "sys/spawn.h"
#include "tmpl/tmpl.h"

#include <fcntl.h>

#define SUBID_MAX (1u << 20)
#define ANSWER_MS 2000

enum vz_check_verdict check_proc(struct check *c)
{
	return vz_proc_is_mounted() ? VZ_CHECK_OK :
				      check_say(c, VZ_CHECK_MISSING, "proc is not mounted on /proc");
}

/* The directory itself, or the nearest above that exists: may files be made in it? */
static int can_write(const char *path)
{
	autofree char *p = vz_path_nearest(path);

	if (!p)
		return -ENOMEM;
	return access(p, W_OK | X_OK) < 0 ? -errno : 0;
}

enum vz_check_verdict check_writable(struct check *c)
{
	const char *const dirs[] = { VZ_RUNDIR, VZ_STATEDIR, VZ_CT_CONF_DIR, VZ_CT_NAMES_DIR,
				     c->conf->lockdir.set ? c->conf->lockdir.v : VZ_RUNDIR };

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		int r = can_write(dirs[i]);

		if (r < 0)
			return check_call(c, r, dirs[i]);
	}
	return VZ_CHECK_OK;
}

/* ---- configuration files ---- */

/* The first complaint of level 0 and their number; a room of the reader's has no argument for it. */
static struct {
	unsigned n;
	char first[VZ_CHECK_FOUND / 2];
} complaints;

static void complain(int level, const char *line)
{
	if (level > 0) /* keys that we do not know: kept, and somebody else's */
		return;
	if (!complaints.n++)
		snprintf(complaints.first, sizeof(complaints.first), "%s", line);
}

static enum vz_check_verdict complained(struct check *c, const char *where)
{
	if (!complaints.n)
		return VZ_CHECK_OK;
	if (complaints.n == 1)
		return check_say(c, VZ_CHECK_DEGRADED, "%s", complaints.first);
	return check_say(c, VZ_CHECK_DEGRADED, "%s (and %u more in %s)", complaints.first,
			 complaints.n - 1, where);
}

enum vz_check_verdict check_vz_conf(struct check *c)
{
	struct vz_host host = { 0 };
	struct vz_err e = { 0 };

	if (vz_host_load(&host, complain, &e) < 0) {
		if (access(VZ_HOST_CONF, F_OK) < 0 && errno == ENOENT)
			c->remedy = "install it; the package has one";
		return check_say(c, VZ_CHECK_MISSING, "%s", e.msg);
	}
	if (!complaints.n && !check_has_places(&host.conf)) {
		c->remedy = "set it, or install the package's vz.conf";
		return check_say(c, VZ_CHECK_DEGRADED, "VE_PRIVATE or TEMPLATE names no directory");
	}
	return complained(c, VZ_HOST_CONF);
}

enum vz_check_verdict check_ct_confs(struct check *c)
{
	autofree unsigned *ids = NULL;
	struct vz_host host = { 0 };
	struct vz_err e = { 0 };
	size_t n = 0;
	int r = vz_ct_list(&ids, &n, &e);

	(void)vz_host_load(&host, NULL, NULL);
	for (size_t i = 0; i < n && r >= 0; i++) {
		struct vz_ct ct = { 0 };

		r = vz_ct_load(&host, ids[i], &ct, complain, &e);
		vz_ct_free(&ct);
	}
	return r < 0 ? check_say(c, VZ_CHECK_MISSING, "%s", e.msg) : complained(c, VZ_CT_CONF_DIR);
}

enum vz_check_verdict check_template(struct check *c)
{
	const struct vz_conf *v = c->conf;
	struct vz_tmpl t = { 0 };
	struct vz_err e = { 0 };

	if (!v->def_ostemplate.set || !*v->def_ostemplate.v)
		return VZ_CHECK_OK; /* each create names one */
	if (vz_tmpl_find(v->template.v, v->def_ostemplate.v, &t, &e) < 0)
		return check_say(c, VZ_CHECK_DEGRADED, "%s", e.msg);
	vz_tmpl_free(&t);
	return VZ_CHECK_OK;
}

/* ---- host ids ---- */

struct ids {
	uint32_t first, last;
	const char *file;
	char taker[64]; /* whose line of the file is in the way */
};

/* "NAME:FIRST:COUNT", subuid(5); anything else is not ours to judge. */
static void look_at_line(struct ids *ids, const char *line)
{
	const char *a = strchr(line, ':'), *b = a ? strchr(a + 1, ':') : NULL;
	autofree char *first = b ? strndup(a + 1, (size_t)(b - a - 1)) : NULL;
	uint32_t from, count;

	if (!first || vz_num_u32(first, UINT32_MAX, &from) < 0 || vz_num_u32(b + 1, UINT32_MAX, &count) < 0)
		return;
	if (count && from <= ids->last && (uint64_t)from + count > ids->first)
		snprintf(ids->taker, sizeof(ids->taker), "%.*s", (int)(a - line), line);
}

static bool is_taken(struct ids *ids)
{
	autofree char *text = NULL;
	char *p, *line;

	if (vz_file_read(AT_FDCWD, ids->file, SUBID_MAX, &text) < 0)
		return false;
	for (p = text; !*ids->taker && (line = strsep(&p, "\n"));)
		look_at_line(ids, line);
	return *ids->taker;
}

enum vz_check_verdict check_ids(struct check *c)
{
	static const char *const files[] = { "/etc/subuid", "/etc/subgid" };
	struct ids ids = { 0 };
	uint32_t slots;

	if (vz_ids_range(c->conf, &ids.first, &slots) < 0)
		return check_say(c, VZ_CHECK_MISSING, "VE_ID_RANGE=%s is no range of ids",
				 c->conf->id_range.set ? c->conf->id_range.v : "");
	ids.last = ids.first + slots * VZ_IDS_PER_VPS - 1;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		ids.file = files[i];
		if (is_taken(&ids))
			return check_say(c, VZ_CHECK_DEGRADED, "%s gives %s ids of containers (%u to %u)",
					 ids.file, ids.taker, ids.first, ids.last);
	}
	return check_say(c, VZ_CHECK_OK, "room for %u containers", slots);
}

/* ---- programs and services ---- */

enum vz_check_verdict check_command(struct check *c)
{
	return vz_spawn_finds(c->what) ? VZ_CHECK_OK :
					 check_say(c, VZ_CHECK_MISSING, "there is no program %s", c->what);
}

enum vz_check_verdict check_eventd(struct check *c)
{
	autoclose int sock = vz_unix_connect(VZ_EVENTD_SOCKET, ANSWER_MS);

	if (sock < 0)
		return check_say(c, VZ_CHECK_MISSING, "vzeventd does not run");
	if (!vz_exitinfo_is_available())
		return check_say(c, VZ_CHECK_DEGRADED, "the kernel does not tell a reboot from a halt");
	return VZ_CHECK_OK;
}

enum vz_check_verdict check_lsm(struct check *c)
{
	char list[256] = "", mode[8] = "";

	(void)vz_file_read_buf(AT_FDCWD, "/sys/kernel/security/lsm", list, sizeof(list));
	if (vz_file_read_buf(AT_FDCWD, "/sys/fs/selinux/enforce", mode, sizeof(mode)) > 0 && *mode == '1')
		return check_say(c, VZ_CHECK_DEGRADED, "SELinux is enforcing; containers run with the "
				 "context of who starts them (%s)", list);
	return check_say(c, VZ_CHECK_OK, "%s", list);
}
