// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a guest finds in its /run: its boot id, and what only a systemd guest needs. The tmpfs is
 * ours and fresh; systemd keeps a /run that is mounted already, so none of the guest's own files
 * are touched.
 *
 * May be hostile: the tree behind the root. Nothing of it is opened; a file of the guest decides
 * only what this guest is told.
 */
#include "launch/launch-internal.h"
#include "base/own.h"
#include "sys/call.h"
#include "sys/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_FILE "/run/host/boot-id"
#define PROPAGATE "/run/systemd/propagate"
#define ALL_SLAVES "/run/host/propagate"

#define NO_PRESSURE "[Manager]\nDefaultMemoryPressureWatch=off\n"
#define NO_USERNS \
	"# The host lets this container make no user namespaces, so systemd could not start a unit\n" \
	"# that asks for one. What changes that: vzctl set CTID --features nesting:on --save\n" \
	"[Service]\nPrivateUsers=no\n"

enum when {
	ALWAYS,
	KNOWS_PRESSURE, /* systemd >= 254, earlier ones warn of an unknown key */
	NO_NESTING,
};

static const struct {
	const char *path;
	const char *text; /* NULL: a link to /dev/null, which masks a unit; "": a directory */
	enum when when;
} entries[] = {
	{ "/run/lock", "", ALWAYS },
	{ "/run/systemd", "", ALWAYS },
	{ "/run/systemd/system.conf.d", "", ALWAYS },
	{ "/run/systemd/user.conf.d", "", ALWAYS },
	{ "/run/systemd/system", "", ALWAYS },
	/* PSI triggers do not survive a checkpoint */
	{ "/run/systemd/system.conf.d/10-vz.conf", NO_PRESSURE, KNOWS_PRESSURE },
	{ "/run/systemd/user.conf.d/10-vz.conf", NO_PRESSURE, KNOWS_PRESSURE },
	/* the kernel's debug tree and its modules are the host's */
	{ "/run/systemd/system/sys-kernel-debug.mount", NULL, ALWAYS },
	{ "/run/systemd/system/systemd-modules-load.service", NULL, ALWAYS },
	/* below the units' own settings, above what their packages say */
	{ "/run/systemd/system/service.d", "", NO_NESTING },
	{ "/run/systemd/system/service.d/10-vz.conf", NO_USERNS, NO_NESTING },
};

/* One that came with the same release as the key. */
static bool knows_pressure(void)
{
	struct stat st;

	return !lstat("/usr/lib/systemd/system/soft-reboot.target", &st) ||
	       !lstat("/lib/systemd/system/soft-reboot.target", &st);
}

static bool is_systemd_guest(void)
{
	struct stat st;

	return !lstat("/usr/lib/systemd/systemd", &st) || !lstat("/lib/systemd/systemd", &st);
}

static bool applies(enum when when, uint32_t features)
{
	switch (when) {
	case ALWAYS:
		return true;
	case KNOWS_PRESSURE:
		return knows_pressure();
	case NO_NESTING:
		return !(features & VZ_FEAT_NESTING);
	}
	return false;
}

static int put_entry(const char *path, const char *text)
{
	autoclose int fd = -EBADF;

	if (!text)
		return symlink("/dev/null", path) < 0 ? -errno : 0;
	if (!*text)
		return mkdir(path, 0755) < 0 ? -errno : 0;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return -errno;
	return 0;
}

/* Read-only; propagation: MS_SLAVE, or 0 for that of the source. */
static int bind_over(const char *from, const char *to, unsigned long propagation)
{
	autoclose int tree = vz_open_tree(AT_FDCWD, from, OPEN_TREE_CLONE);
	int r = tree;

	if (r >= 0)
		r = vz_mount_setattr(tree, "", AT_EMPTY_PATH,
				     MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					     MOUNT_ATTR_NOEXEC, 0, 0, -1);
	if (r >= 0)
		r = vz_move_mount(tree, AT_FDCWD, to);
	/* only now: what is put on a shared mount becomes shared */
	return r < 0 ? r : vz_mount_setattr(tree, "", AT_EMPTY_PATH, 0, 0, propagation, -1);
}

/* The kernel has one boot id for all. A guest's clocks begin at its own start, so journals that
 * sort by boot id and clock would mix its boots. The source stays in its /run, where a checkpoint
 * finds it. */
static int put_boot_id(void)
{
	char id[40], line[sizeof(id) + 1];
	int r = (int)vz_file_read_buf(AT_FDCWD, "/proc/sys/kernel/random/uuid", id, sizeof(id));

	if (r < 0)
		return r;
	snprintf(line, sizeof(line), "%s\n", id);
	if (mkdir("/run/host", 0755) < 0)
		return -errno;
	r = put_entry(BOOT_ID_FILE, line);
	return r < 0 ? r : bind_over(BOOT_ID_FILE, BOOT_ID, 0);
}

/* systemd gives each service with mounts of its own a slave of a directory in PROPAGATE, through which
 * `systemctl bind` reaches it. Slaves of one mount with roots of which none holds the others are
 * dumped by CRIU (4.2) and not restored: what a mount is a slave of can be copied to mounts of parts of
 * it alone (MOVE_MOUNT_SET_GROUP). So there is a slave that holds them all. Below /run/host, which
 * systemd leaves mounted. */
static int hold_slaves(void)
{
	/* the mode is systemd's own */
	if (mkdir(PROPAGATE, 0600) < 0 || mkdir(ALL_SLAVES, 0600) < 0)
		return -errno;
	return bind_over(PROPAGATE, ALL_SLAVES, MS_SLAVE);
}

int vz_rundir_fill(uint32_t features, struct vz_err *e)
{
	int r = put_boot_id();

	if (r < 0)
		return vz_fail(e, VZ_ENVCREATE, -r, "cannot mount " BOOT_ID);
	for (size_t i = 0; is_systemd_guest() && i < ARRAY_LEN(entries); i++) {
		if (!applies(entries[i].when, features))
			continue;
		r = put_entry(entries[i].path, entries[i].text);
		if (r < 0)
			return vz_fail(e, VZ_ENVCREATE, -r, "cannot make %s", entries[i].path);
	}
	r = is_systemd_guest() ? hold_slaves() : 0;
	return r < 0 ? vz_fail(e, VZ_ENVCREATE, -r, "cannot mount " ALL_SLAVES) : 0;
}
