// SPDX-License-Identifier: GPL-2.0-or-later
/* The numbers of the last look, for what changed since; see bc.h. */
#include "base/num.h"
#include "base/own.h"
#include "ops/bc.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const words[] = { [VZ_BC_FAILCNT] = "failcnt", [VZ_BC_HELD] = "held" };

int vz_bc_store_open(const char *dir, struct vz_err *e)
{
	autoclose int fd = -EBADF;
	struct stat st;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make the directory %s", dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot open the directory %s", dir);
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return vz_fail(e, VZ_SYSTEM, 0, "the directory %s is not yours alone: name another with -rd", dir);
	return TAKE_FD(fd);
}

static char *store_name(const struct vz_bc_key *k)
{
	return vz_fmt("ubc.%u.%s.%s", k->id, k->name, words[k->what]);
}

int vz_bc_store_get(int store, const struct vz_bc_key *key, uint64_t *ret)
{
	autofree char *file = store_name(key);
	char text[32];
	ssize_t n = file ? vz_file_read_buf(store, file, text, sizeof(text)) : -ENOMEM;

	return n < 0 ? (int)n : vz_num_u64(text, UINT64_MAX, ret);
}

int vz_bc_store_put(int store, const struct vz_bc_key *key, uint64_t n, struct vz_err *e)
{
	autofree char *file = store_name(key);
	autofree char *text = vz_fmt("%llu\n", (unsigned long long)n);
	autoclose int fd = -EBADF;
	int r;

	if (!file || !text)
		return vz_oom(e);
	fd = openat(store, file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : vz_write_all(fd, text, strlen(text));
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot write %s", file) : 0;
}

int vz_bc_store_clear(int store, enum vz_bc_stored what, struct vz_err *e)
{
	autofree char *suffix = vz_fmt(".%s", words[what]);
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	int fd = openat(store, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = vz_dir_stream(fd < 0 ? -errno : fd, &d);

	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot read what is kept");
	while (suffix && (de = vz_dir_next(d)))
		if (vz_str_prefix(de->d_name, "ubc.", NULL) && vz_str_suffix(de->d_name, suffix))
			(void)unlinkat(store, de->d_name, 0);
	return suffix ? 0 : vz_oom(e);
}
