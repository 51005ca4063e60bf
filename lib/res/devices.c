// SPDX-License-Identifier: GPL-2.0-or-later
/* Which devices a VPS may use: the default table, what FEATURES give, then DEVICES, the nodes of PCI
 * devices and DEVNODES in their order. */
#include "res/res-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/ct.h"
#include "sys/call.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

/* clang-format off */
/* INTERFACE 6, plus random, urandom and tty. Not 5:1: the VPS's console is a pty, and 5:1 opened
 * in a privileged VPS is the host's. */
static const struct vz_cg_dev defaults[] = {
	{ .type = 'c', .all_majors = true, .all_minors = true, .m = true },
	{ .type = 'b', .all_majors = true, .all_minors = true, .m = true },
	{ .type = 'c', .major = 1, .minor = 3, .r = true, .w = true, .m = true }, /* null */
	{ .type = 'c', .major = 1, .minor = 5, .r = true, .w = true, .m = true }, /* zero */
	{ .type = 'c', .major = 1, .minor = 7, .r = true, .w = true, .m = true }, /* full */
	{ .type = 'c', .major = 1, .minor = 8, .r = true, .w = true, .m = true }, /* random */
	{ .type = 'c', .major = 1, .minor = 9, .r = true, .w = true, .m = true }, /* urandom */
	{ .type = 'c', .major = 5, .minor = 0, .r = true, .w = true, .m = true }, /* tty */
	{ .type = 'c', .major = 5, .minor = 2, .r = true, .w = true, .m = true }, /* ptmx */
	{ .type = 'c', .major = 136, .all_minors = true, .r = true, .w = true, .m = true }, /* pts */
};
/* clang-format on */

/* A later word about a device replaces the earlier one, also a default. */
static void put_device(struct vz_cg_dev *list, size_t *n, const struct vz_cg_dev *d)
{
	size_t i = 0;

	while (i < *n && !(list[i].type == d->type && list[i].major == d->major &&
			   !list[i].all_majors && list[i].all_minors == d->all_minors &&
			   list[i].minor == d->minor))
		i++;
	list[i] = *d;
	*n += i == *n;
}

static void put_given(struct vz_cg_dev *list, size_t *n, const struct vz_devperm *p)
{
	const struct vz_cg_dev d = { .type = p->type, .major = p->major, .minor = p->minor,
				     .all_minors = p->all_minors, .r = p->perm.r, .w = p->perm.w,
				     .m = p->perm.r || p->perm.w };

	put_device(list, n, &d);
}

/* The node is looked up on the host, beneath /dev. */
static int put_node(struct vz_cg_dev *list, size_t *n, const struct vz_nodeperm *node,
		    struct vz_err *e)
{
	autoclose int dev = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int fd = vz_openat2(dev, node->name, O_PATH, 0, RESOLVE_BENEATH);
	struct vz_cg_dev d;
	struct stat st;

	if (fd < 0 && vz_perm_is_none(&node->perm))
		return 0; /* gone from the host as well */
	if (fd < 0 || fstat(fd, &st) < 0)
		return vz_fail(e, VZ_SET_DEVICES, 0, "Incorrect name or no such device /dev/%s",
			       node->name);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return vz_fail(e, VZ_SET_DEVICES, 0,
			       "The /dev/%s is not block or character device", node->name);
	d = (struct vz_cg_dev){ .type = S_ISBLK(st.st_mode) ? 'b' : 'c',
				.major = major(st.st_rdev), .minor = minor(st.st_rdev),
				.r = node->perm.r, .w = node->perm.w,
				.m = node->perm.r || node->perm.w };
	put_device(list, n, &d);
	return 0;
}

static void put_features(struct vz_cg_dev *list, size_t *n, uint32_t features)
{
	for (size_t i = 0; i < VZ_FEATURE_NODES; i++) {
		const struct vz_feature_node *f = &vz_feature_nodes[i];
		struct vz_cg_dev d = { .type = 'c', .major = f->major, .minor = f->minor,
				       .r = true, .w = true, .m = true };

		if (features & f->bit)
			put_device(list, n, &d);
	}
}

int vz_res_devices(const struct vz_conf *conf, struct vz_cg_dev **ret, size_t *ret_n,
		   struct vz_err *e)
{
	autofree struct vz_cg_dev *list = NULL;
	autodevperms given = { 0 };
	autonodeperms nodes = { 0 };
	size_t n = ARRAY_LEN(defaults), kept = 0;
	int r = vz_res_devnodes(conf, &nodes, e);

	if (r >= 0)
		r = vz_devperms_of(&conf->devices, &given, e);
	if (r < 0)
		return r;
	list = calloc(n + VZ_FEATURE_NODES + given.n + nodes.n, sizeof(*list));
	if (!list)
		return vz_fail(e, VZ_RESOURCE, ENOMEM, "list of devices");
	memcpy(list, defaults, sizeof(defaults));
	put_features(list, &n, vz_ct_conf_features(conf));
	for (size_t i = 0; i < given.n; i++)
		put_given(list, &n, &given.v[i]);
	for (size_t i = 0; !r && i < nodes.n; i++)
		r = put_node(list, &n, &nodes.v[i], e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		if (list[i].r || list[i].w || list[i].m) /* not "none" */
			list[kept++] = list[i];
	*ret = TAKE_PTR(list);
	*ret_n = kept;
	return 0;
}

int vz_res_apply_devices(struct vz_cg *cg, const struct vz_conf *conf, struct vz_err *e)
{
	autofree struct vz_cg_dev *list = NULL;
	size_t n;
	int r = vz_res_devices(conf, &list, &n, e);

	return r < 0 ? r : vz_cg_devices(cg, list, n, e);
}
