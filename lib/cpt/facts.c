// SPDX-License-Identifier: GPL-2.0-or-later
/* Facts of this host, gathered; see facts.h. */
#include "cpt/facts.h"
#include "cpt/ramdir.h"
#include "base/ip.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "cpt/cpu.h"
#include "cpt/criu.h"
#include "cpt/disk.h"
#include "fs/area.h"
#include "sys/file.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/utsname.h>

#define DISK_MS 2000 /* a large area is not looked at to its end, and then it is known to take so much at least */

/* Those that decide about a restore, and whose values two hosts rarely share. */
static const char *const sysctls[] = {
	"vm.unprivileged_userfaultfd", "fs.pipe-max-size", "fs.inotify.max_user_instances", "fs.inotify.max_user_watches",
};

static void put_sysctls(struct vz_str *out)
{
	for (size_t i = 0; i < ARRAY_LEN(sysctls); i++) {
		autofree char *path = vz_fmt("/proc/sys/%s", sysctls[i]);
		uint64_t v;

		for (char *p = path; p && (p = strchr(p, '.'));)
			*p = '/';
		if (path && vz_file_number(path, UINT64_MAX, &v) >= 0)
			vz_str_addf(out, "sysctl.%s=%llu\n", sysctls[i], (unsigned long long)v);
	}
}

static void put_machine(struct vz_str *out)
{
	autofree char *flags = NULL;
	struct utsname u;

	if (uname(&u) == 0)
		vz_str_addf(out, "kernel=%s\nmachine=%s\n", u.release, u.machine);
	if (vz_cpu_flags(&flags) >= 0)
		vz_str_addf(out, "cpu=%s\n", flags);
}

static void put_criu(struct vz_str *out)
{
	struct vz_err e = { 0 };
	struct vz_criu c;

	if (vz_criu_find(0, &c, &e) < 0) {
		vz_str_addf(out, "criu.why=%s\n", e.msg);
		return;
	}
	vz_str_addf(out, "criu=%u\ncriu.lazy=%s\ncriu.track=%s\n", c.version, c.features & VZ_CRIU_LAZY ? "yes" : "no",
		    c.features & VZ_CRIU_TRACK ? "yes" : "no");
}

static void put_free(struct vz_str *out, const char *key, const char *path)
{
	uint64_t room;

	if (vz_disk_room(path, &room))
		vz_str_addf(out, "%s=%llu\n", key, (unsigned long long)room);
}

static void put_places(const struct vz_conf *c, struct vz_str *out)
{
	autofree char *areas = vz_area_parent(c);

	put_free(out, "disk.free", areas);
	put_free(out, "dump.free", c->dumpdir.set ? c->dumpdir.v : NULL);
	if (!areas || !c->template.set)
		return;
	vz_str_add(out, "layouts=");
	for (size_t i = 0; i < VZ_LAYOUT_COUNT; i++) {
		const struct vz_layout *l = vz_layouts[i];

		if (!l->refusal && l->probe(c->template.v, areas, NULL) > VZ_LAYOUT_CANNOT)
			vz_str_addf(out, "%s%s", out->s[out->len - 1] == '=' ? "" : " ", l->name);
	}
	vz_str_add(out, "\n");
}

static void put_memory(struct vz_str *out)
{
	uint64_t ram = vz_ram_available();
	int fd;

	if (ram)
		vz_str_addf(out, "ram.free=%llu\n", (unsigned long long)ram);
	fd = inotify_init1(IN_CLOEXEC);
	vz_str_addf(out, "inotify=%s\n", fd >= 0 ? "yes" : "no");
	if (fd >= 0)
		close(fd);
}

static void put_ips(const struct vz_host *h, unsigned id, struct vz_ips *all)
{
	struct vz_ct ct;
	autoips own = { 0 };

	if (vz_ct_load(h, id, &ct, NULL, NULL) < 0)
		return;
	if (vz_plist_ips(&ct.own.ip_address, &own) >= 0)
		for (size_t i = 0; i < own.n; i++)
			(void)vz_ips_add(all, &own.v[i]);
	vz_ct_free(&ct);
}

static void put_numbers(struct vz_str *out, const char *key, const unsigned *v, size_t n)
{
	vz_str_addf(out, "%s=", key);
	for (size_t i = 0; i < n; i++)
		vz_str_addf(out, "%s%u", i ? " " : "", v[i]);
	vz_str_add(out, "\n");
}

static int put_vpses(const struct vz_host *h, struct vz_str *out, struct vz_err *e)
{
	autofree unsigned *ids = NULL, *firsts = NULL;
	autoips ips = { 0 };
	size_t n, firsts_n;
	char text[VZ_IP_TEXT];
	int r = vz_ct_list(&ids, &n, e);

	if (r < 0)
		return r;
	put_numbers(out, "ctids", ids, n);
	if (vz_ids_in_use(h, &firsts, &firsts_n) >= 0)
		put_numbers(out, "ids", firsts, firsts_n);
	for (size_t i = 0; i < n; i++)
		put_ips(h, ids[i], &ips);
	vz_str_add(out, "ips=");
	for (size_t i = 0; i < ips.n; i++)
		vz_str_addf(out, "%s%s", i ? " " : "", vz_ip_text(&ips.v[i], text));
	vz_str_add(out, "\n");
	return 0;
}

int vz_cpt_host_facts(const struct vz_host *h, struct vz_str *out, struct vz_err *e)
{
	int r;

	vz_str_add(out, "facts=1\n");
	put_machine(out);
	put_criu(out);
	put_places(&h->conf, out);
	put_memory(out);
	put_sysctls(out);
	r = put_vpses(h, out, e);
	return r < 0 ? r : out->failed ? vz_oom(e) : 0;
}

/* What is in a dump, and in RAM when it goes on: files that the kernel has cached are in neither. */
static uint64_t memory_of(const struct vz_cg *cg)
{
	struct vz_cg_usage u;
	struct vz_cg_kinds k;

	if (vz_cg_read(cg, &u, NULL) < 0)
		return 0;
	vz_cg_read_kinds(cg, &k);
	if (k.anon != VZ_UNLIMITED && k.shmem != VZ_UNLIMITED)
		u.ram = k.anon + k.shmem;
	return (u.ram != VZ_UNLIMITED ? u.ram : 0) + (u.swap != VZ_UNLIMITED ? u.swap : 0);
}

int vz_cpt_need_of(const struct vz_ct *ct, const struct vz_state *state, struct vz_cpt_need *ret, struct vz_err *e)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	struct vz_cpt_need n = { .ctid = ct->id, .stopped = !state };

	n.layout = ct->conf.ve_layout.set ? ct->conf.ve_layout.v : vz_layout_plain->name;
	if (vz_plist_ips(&ct->own.ip_address, &n.ips) < 0) {
		vz_cpt_need_free(&n);
		return vz_oom(e);
	}
	if (state && vz_cg_open(ct->id, NULL, &cg, NULL) >= 0)
		n.ram = memory_of(cg);
	if (ct->private)
		n.disk = vz_disk_used(ct->private, DISK_MS);
	*ret = n;
	return 0;
}

void vz_cpt_need_free(struct vz_cpt_need *n)
{
	vz_ips_free(&n->ips);
}
