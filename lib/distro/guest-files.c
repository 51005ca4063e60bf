// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The state of the files that our distribution scripts decide by and write, as one number: what
 * the guest's own packages changed there is seen by it without a shell.
 *
 * May be hostile: all of it. Therefore nothing is opened but directories and regular files, none
 * through a link of the last component or in another mount than the root's, without waiting, and all
 * of it is bounded; the caller is root inside and no more. What is read makes a number and nothing else.
 */
#include "distro/dist.h"
#include "base/own.h"
#include "sys/call.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX (64u << 10)
#define ENTRIES_MAX 4000
#define DEPTH 2 /* of directories: /etc/systemd/system/x.wants */

static const char *const files[] = {
	/* names and name servers */
	"/etc/hostname", "/etc/HOSTNAME", "/etc/hosts", "/etc/resolv.conf", "/etc/resolvconf.conf",
	"/etc/resolvconf/resolv.conf.d", "/etc/systemd/resolved.conf.d", "/etc/conf.d/hostname",
	"/etc/sysconfig/network", "/etc/config",
	/* addresses */
	"/etc/network/interfaces", "/etc/systemd/network", "/etc/netplan",
	"/etc/NetworkManager/conf.d", "/etc/NetworkManager/system-connections",
	"/etc/sysconfig/network-scripts", "/etc/netctl", "/etc/conf.d/net",
	/* which service has them */
	"/etc/systemd/system", "/etc/runlevels", "/etc/rcS.d", "/etc/rc2.d", "/etc/rc3.d",
	"/usr/sbin/ifup", "/sbin/ifup", "/usr/sbin/netplan", "/usr/bin/netctl", "/etc/init.d/net.lo",
};

struct walk {
	char buf[FILE_MAX];
	unsigned entries; /* seen so far */
};

static uint64_t hash_file(struct walk *w, int fd, uint64_t h)
{
	size_t n = 0;
	ssize_t k;

	while (n < sizeof(w->buf) && (k = read(fd, w->buf + n, sizeof(w->buf) - n)) > 0)
		n += (size_t)k;
	return vz_str_hash(w->buf, n, h);
}

static uint64_t hash_at(struct walk *w, int at, const char *name, unsigned depth);

/* In whatever order the file system gives them. Takes the descriptor. */
static uint64_t hash_dir(struct walk *w, int fd, unsigned depth)
{
	autoclosedir DIR *d = fdopendir(fd);
	uint64_t sum = 0;

	if (!d)
		close(fd);
	for (struct dirent *de; d && (de = readdir(d)) && w->entries < ENTRIES_MAX;)
		if (strcmp(de->d_name, ".") && strcmp(de->d_name, ".."))
			sum += hash_at(w, dirfd(d), de->d_name, depth + 1);
	return sum;
}

/* Nothing that is mounted in the tree: a file of proc or sysfs that looks like any other may be eaten by
 * being read, or tell what is the host's. */
static int open_at(int at, const char *name, int flags)
{
	return vz_openat2(at, name, flags | O_NOFOLLOW, 0,
			  RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
}

static uint64_t hash_at(struct walk *w, int at, const char *name, unsigned depth)
{
	uint64_t h = vz_str_hash(name, strlen(name), 0);
	autoclose int seen = open_at(at, name, O_PATH), fd = -EBADF;
	char to[512];
	struct stat st;
	ssize_t n;

	w->entries++;
	if (seen < 0 || fstat(seen, &st) < 0)
		return 0;
	h = vz_str_hash(&st.st_mode, sizeof(st.st_mode), h);
	if (S_ISLNK(st.st_mode)) {
		n = readlinkat(seen, "", to, sizeof(to));
		return n < 0 ? h : vz_str_hash(to, (size_t)n, h);
	}
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return h;
	/* what it is now may be something else; so O_NONBLOCK, and a second look */
	fd = open_at(at, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return h;
	if (S_ISREG(st.st_mode))
		return hash_file(w, fd, h);
	if (!S_ISDIR(st.st_mode) || depth >= DEPTH)
		return h;
	return h + hash_dir(w, TAKE_FD(fd), depth);
}

uint64_t vz_dist_files_hash(void)
{
	autofree struct walk *w = calloc(1, sizeof(*w));
	uint64_t sum = 0;

	for (size_t i = 0; w && i < ARRAY_LEN(files); i++)
		sum += hash_at(w, AT_FDCWD, files[i], 0);
	if (!w || w->entries >= ENTRIES_MAX)
		return VZ_DIST_FILES_UNKNOWN;
	return sum == VZ_DIST_FILES_UNKNOWN ? ~sum : sum; /* a tree without any of them is known too */
}
