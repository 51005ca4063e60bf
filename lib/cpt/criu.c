// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CRIU, the program: where it is, and what is remembered of its trial.
 */
#include "cpt/criu-internal.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/proc.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#define OWN_DIR VZ_LIBEXECDIR "/criu"
#define FOUND_DIR VZ_RUNDIR "/criu"
#define FOUND_MAX 1024
#define VERSION_FMT "%u.%u.%u"
#define VERSION_ARGS(v) (v) / 10000, (v) / 100 % 100, (v) % 100
#define REMEDY "install one with tools/get-criu, or the package criu"

/* In the order in which they are asked. The name is that of what is remembered. */
enum place { PLACE_HOST, PLACE_OWN, PLACES };
static const char *const place_names[PLACES] = { "host", "own" };

static int put(char *to, size_t size, const char *text)
{
	return (size_t)snprintf(to, size, "%s", text) < size ? 0 : -ENAMETOOLONG;
}

/* 0, or -ENOENT when there is none. */
static int look(enum place p, struct vz_criu *ret)
{
	struct vz_criu c = { .path = OWN_DIR "/sbin/criu" };
	autofree char *host = p == PLACE_HOST ? vz_spawn_path("criu") : NULL;

	if (p == PLACE_HOST && (!host || put(c.path, sizeof(c.path), host) < 0))
		return -ENOENT;
	if (access(c.path, X_OK) < 0)
		return -ENOENT;
	snprintf(c.kerndat, sizeof(c.kerndat), FOUND_DIR "/%s.kdat", place_names[p]);
	if (p == PLACE_OWN && !access(OWN_DIR "/lib/loader", X_OK)) {
		(void)put(c.loader, sizeof(c.loader), OWN_DIR "/lib/loader");
		(void)put(c.libraries, sizeof(c.libraries), OWN_DIR "/lib");
	}
	*ret = c;
	return 0;
}

/* ---- what is remembered ---- */

/* All on which the result of a trial depends, in one line. */
static char *situation(const struct vz_criu *c)
{
	char boot[40] = "";
	struct utsname u;
	struct stat st;

	if (vz_proc_boot_id(boot, sizeof(boot)) < 0 || uname(&u) < 0 || stat(c->path, &st) < 0)
		return NULL;
	return vz_fmt("%s %s %s %s %lld.%09ld %lld", boot, u.release, u.version, c->path,
		      (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (long long)st.st_size);
}

static int recall(const char *file, const char *key, struct vz_criu *c)
{
	autofree char *text = NULL;
	const char *rest;
	char more;

	if (vz_file_read(AT_FDCWD, file, FOUND_MAX, &text) < 0 || !vz_str_prefix(text, key, &rest))
		return -ENOENT;
	return sscanf(rest, "\n%u %u\n%c", &c->version, &c->features, &more) == 2 ? 0 : -ENOENT;
}

/* What was found and cannot be kept is found again. */
static void remember(const char *file, const char *key, const struct vz_criu *c)
{
	autofree char *text = vz_fmt("%s\n%u %u\n", key, c->version, c->features);
	int r = text ? vz_file_replace(file, text, strlen(text), 0600, false) : -ENOMEM;

	if (r < 0)
		vz_log(1, "Warning: cannot write %s, ignoring: %s", file, strerror(-r));
}

/* -ENOENT: nothing is there. */
static int try_place(enum place p, struct vz_criu *ret, struct vz_err *e)
{
	autofree char *file = vz_fmt(FOUND_DIR "/%s", place_names[p]);
	autofree char *key = NULL;
	struct vz_criu c;
	int r = look(p, &c);

	if (r < 0)
		return r;
	key = situation(&c);
	if (!file || !key)
		return vz_oom(e);
	if (recall(file, key, &c) >= 0) {
		*ret = c;
		return 0;
	}
	r = vz_mkdir_p(FOUND_DIR, 0700);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot make %s", FOUND_DIR);
	r = vz_criu_trial(&c, e);
	if (r < 0)
		return r;
	remember(file, key, &c);
	*ret = c;
	return 0;
}

/* ---- the interface ---- */

static int no_criu(unsigned version, const struct vz_criu *best, struct vz_err *e)
{
	if (best)
		vz_fail(e, VZ_RESTORE, 0,
			"the dump was made by CRIU " VERSION_FMT ", and here is only " VERSION_FMT
			"; bring that one or a newer with tools/get-criu",
			VERSION_ARGS(version), VERSION_ARGS(best->version));
	else
		vz_fail(e, VZ_CHKPNT, 0, "CRIU is not installed: " REMEDY);
	return -ENOENT;
}

/* Is *c better than *best, NULL for none, for an image of this version? The same one is; else the older of those
 * that are not older than the image; for a new image the first one. */
static bool is_better(const struct vz_criu *c, const struct vz_criu *best, unsigned version)
{
	if (!best)
		return true;
	if (!version || best->version == version)
		return false;
	return c->version >= version && (best->version < version || c->version < best->version);
}

static int pass(struct vz_err *e, const struct vz_err *why, int r)
{
	if (e)
		*e = *why;
	return r;
}

int vz_criu_find(unsigned version, struct vz_criu *ret, struct vz_err *e)
{
	struct vz_criu found[PLACES], *best = NULL;
	struct vz_err why = { 0 };

	for (int p = 0; p < PLACES; p++) {
		struct vz_err w = { 0 };
		int r = try_place(p, &found[p], &w);

		if (r < 0 && *w.msg)
			why = w;
		if (r == -ECANCELED)
			return pass(e, &why, r);
		if (r >= 0 && is_better(&found[p], best, version))
			best = &found[p];
		if (best && !version)
			break;
	}
	if (!best && *why.msg)
		return pass(e, &why, -EOPNOTSUPP);
	if (!best || best->version < version)
		return no_criu(version, best, e);
	*ret = *best;
	return 0;
}
