// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The device nodes of a PCI device: whatever below its directory in sysfs has a "dev", which is all
 * that a stock kernel can give of it to a user namespace. Its registers and its interrupts are not
 * given, and a network card has no nodes: NETDEV moves it.
 */
#include "res/res-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/call.h"
#include "sys/file.h"

#include <ctype.h>
#include <fcntl.h>

#define PCI_DIR "/sys/bus/pci/devices"
#define DEPTH_MAX 12
#define UEVENT_MAX 4096

struct search {
	const struct vz_perm *perm;
	struct vz_nodeperms *ret;
	int found; /* or -errno */
};

/* "0000:00:1f.2": a device of its own behind a bridge. */
static bool is_pci_id(const char *s)
{
	return strlen(s) == strlen("0000:00:00.0") && s[4] == ':' && s[7] == ':' && s[10] == '.' &&
	       isxdigit((unsigned char)s[0]);
}

static int add_node(struct search *s, int dir)
{
	autofree char *uevent = NULL;
	const char *name = NULL;
	char *p, *line;

	if (vz_file_read(dir, "uevent", UEVENT_MAX, &uevent) < 0)
		return 0;
	for (p = uevent; !name && (line = strsep(&p, "\n"));)
		if (!vz_str_prefix(line, "DEVNAME=", &name))
			name = NULL;
	if (!name)
		return 0;
	if (vz_nodeperms_put(s->ret, name, s->perm) == -ENOMEM)
		return -ENOMEM;
	s->found++;
	return 0;
}

static int search(struct search *s, int fd, int depth)
{
	autoclose int own = fd;
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	int r = faccessat(own, "dev", F_OK, 0) ? 0 : add_node(s, own);

	if (r < 0 || depth >= DEPTH_MAX)
		return r;
	d = fdopendir(own);
	if (!d)
		return -errno;
	own = -EBADF; /* is the stream's now */
	while (r >= 0 && (de = readdir(d))) {
		int sub;

		if (de->d_type != DT_DIR || *de->d_name == '.' || is_pci_id(de->d_name))
			continue;
		sub = openat(dirfd(d), de->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub >= 0) /* else it has gone meanwhile */
			r = search(s, sub, depth + 1);
	}
	return r;
}

int vz_res_pci_devnodes(const char *id, const struct vz_perm *perm, struct vz_nodeperms *ret,
			struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/%s", PCI_DIR, id);
	struct search s = { .perm = perm, .ret = ret };
	int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1, r;

	if (fd < 0)
		return vz_fail(e, VZ_SET_DEVICES, 0, "There is no PCI device %s on this host", id);
	r = search(&s, fd, 0);
	return r < 0 ? vz_fail(e, VZ_SET_DEVICES, -r, "cannot look at PCI device %s", id) : s.found;
}

int vz_res_devnodes(const struct vz_conf *conf, struct vz_nodeperms *ret, struct vz_err *e)
{
	static const struct vz_perm rw = { .r = true, .w = true };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < conf->pci.n; i++)
		r = vz_res_pci_devnodes(conf->pci.v[i], &rw, ret, e);
	return r < 0 ? r : vz_nodeperms_of(&conf->devnodes, ret, e);
}
