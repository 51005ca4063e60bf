// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Traffic over the lives of a VPS; see meter.h.
 *
 * The kernel's counters of a VPS only grow, from 0, and have a random epoch. The file has the total
 * up to some moment, and beside it what the kernel said at that moment ("seen") with its epoch. So
 * what is new is always kernel - seen when the epochs are the same, and all of kernel when not (the
 * host was booted, the entry was dropped, the VPS was on another host). The file is replaced by
 * rename, hence total and seen belong together, and no order of being killed counts anything twice
 * or not at all.
 */
#include "guard/meter.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "ct/ct.h"
#include "guard/guard-internal.h"
#include "sys/bpf.h"
#include "sys/file.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/file.h>

#define TRAFFIC_DIR VZ_STATEDIR "/traffic"
#define FILE_SIZE_MAX 65536
#define COUNTS (VZ_CLASSES * VZ_FAMILIES * VZ_DIRECTIONS)

static const char *const families[] = { [VZ_V4] = "v4", [VZ_V6] = "v6" };

static char *path_of(unsigned ctid)
{
	return vz_fmt(TRAFFIC_DIR "/%u", ctid);
}

/* ---- the file ---- */

/* " CLASS FAMILY IN_BYTES IN_PACKETS OUT_BYTES OUT_PACKETS" */
static int parse_counts(const char *rest, struct vz_counters *into)
{
	uint64_t v[6] = { 0 };
	struct vz_count *c;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		autofree char *word = vz_str_word(&rest, " ");

		if (!word)
			return -EINVAL;
		if (i == 1 && !strcmp(word, families[VZ_V6]))
			v[i] = VZ_V6;
		else if (i == 1 && !strcmp(word, families[VZ_V4]))
			v[i] = VZ_V4;
		else if (i == 1 || vz_num_u64(word, i ? UINT64_MAX : VZ_CLASSES - 1, &v[i]) < 0)
			return -EINVAL;
	}
	c = into->traffic[v[0]][v[1]];
	c[VZ_IN] = (struct vz_count){ v[2], v[3] };
	c[VZ_OUT] = (struct vz_count){ v[4], v[5] };
	return 0;
}

static int parse_line(const char *line, struct vz_traffic_file *f)
{
	const char *rest;

	if (vz_str_prefix(line, "total ", &rest))
		return parse_counts(rest, &f->total);
	if (vz_str_prefix(line, "seen ", &rest))
		return parse_counts(rest, &f->seen);
	if (vz_str_prefix(line, "epoch ", &rest))
		return vz_num_base(rest, 16, UINT64_MAX, (uint64_t *)&f->seen.epoch);
	return -EINVAL;
}

int vz_traffic_parse(char *text, struct vz_traffic_file *ret)
{
	struct vz_traffic_file f = { 0 };
	char *line;
	int r;

	while ((line = strsep(&text, "\n"))) {
		r = *line ? parse_line(line, &f) : 0;
		if (r < 0)
			return r;
	}
	*ret = f;
	return 0;
}

static void print_counts(struct vz_str *out, const char *what, const struct vz_counters *from)
{
	for (int class = 0; class < VZ_CLASSES; class++)
		for (int family = 0; family < VZ_FAMILIES; family++) {
			const struct vz_count *c = from->traffic[class][family];

			if (!c[VZ_IN].packets && !c[VZ_OUT].packets)
				continue;
			vz_str_addf(out, "%s %d %s %llu %llu %llu %llu\n", what, class,
				    families[family], c[VZ_IN].bytes, c[VZ_IN].packets,
				    c[VZ_OUT].bytes, c[VZ_OUT].packets);
		}
}

void vz_traffic_print(const struct vz_traffic_file *f, struct vz_str *out)
{
	print_counts(out, "total", &f->total);
	vz_str_addf(out, "epoch %llx\n", f->seen.epoch);
	print_counts(out, "seen", &f->seen);
}

static int read_file(unsigned ctid, struct vz_traffic_file *ret, struct vz_err *e)
{
	autofree char *path = path_of(ctid), *text = NULL;
	ssize_t n = path ? vz_file_read(AT_FDCWD, path, FILE_SIZE_MAX, &text) : -ENOMEM;
	int r = (int)n;

	*ret = (struct vz_traffic_file){ 0 };
	if (n == -ENOENT)
		return 0;
	if (n >= 0)
		r = vz_traffic_parse(text, ret);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot read the traffic of CT %u", ctid) : 0;
}

static int write_file(unsigned ctid, const struct vz_traffic_file *f, struct vz_err *e)
{
	autofree char *path = path_of(ctid);
	autostr text = { 0 };
	int r;

	vz_traffic_print(f, &text);
	r = !path || text.failed ? -ENOMEM : vz_file_replace(path, text.s, text.len, 0600, false);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot save the traffic of CT %u", ctid) : 0;
}

/* ---- the kernel ---- */

/* All zero when it counts nothing for the VPS. */
static int read_kernel(unsigned ctid, struct vz_counters *ret, struct vz_err *e)
{
	autoclose int map = vz_guard_map(VZ_MAP_COUNTERS, e);
	uint32_t key = ctid;
	int r;

	*ret = (struct vz_counters){ 0 };
	if (map < 0)
		return map == -ENOENT ? 0 : map;
	r = vz_bpf_lookup(map, &key, ret);
	return r < 0 && r != -ENOENT ?
		       vz_fail(e, VZ_SYSTEM, -r, "cannot read the traffic of CT %u", ctid) : 0;
}

static void drop_kernel(unsigned ctid)
{
	autoclose int map = vz_guard_map(VZ_MAP_COUNTERS, NULL);
	uint32_t key = ctid;

	if (map >= 0)
		(void)vz_bpf_delete(map, &key);
}

/* total += kernel - seen, seen = kernel. */
static void add_new(struct vz_traffic_file *f, const struct vz_counters *kernel)
{
	struct vz_count *total = &f->total.traffic[0][0][0];
	const struct vz_count *now = &kernel->traffic[0][0][0], *then = &f->seen.traffic[0][0][0];

	if (!kernel->epoch)
		return;
	if (kernel->epoch != f->seen.epoch)
		f->seen = (struct vz_counters){ 0 };
	for (size_t i = 0; i < COUNTS; i++) {
		total[i].bytes += now[i].bytes - then[i].bytes;
		total[i].packets += now[i].packets - then[i].packets;
	}
	f->seen = *kernel;
}

/* ---- the interface ---- */

static int read_both(unsigned ctid, struct vz_traffic_file *ret, struct vz_err *e)
{
	struct vz_counters kernel;
	int r = read_kernel(ctid, &kernel, e);

	if (r >= 0)
		r = read_file(ctid, ret, e);
	if (r >= 0)
		add_new(ret, &kernel);
	return r;
}

/* Held while the file is read, changed and written. */
static int lock(struct vz_err *e)
{
	autoclose int fd = -EBADF;
	int r = vz_mkdir_p(TRAFFIC_DIR, 0700);

	if (r >= 0) {
		fd = open(TRAFFIC_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = fd < 0 || flock(fd, LOCK_EX) < 0 ? -errno : 0;
	}
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot lock " TRAFFIC_DIR) : TAKE_FD(fd);
}

int vz_meter_read(unsigned ctid, struct vz_counters *ret, struct vz_err *e)
{
	struct vz_traffic_file f;
	int r = read_both(ctid, &f, e);

	if (r < 0)
		return r;
	*ret = f.total;
	memcpy(ret->drops, f.seen.drops, sizeof(ret->drops));
	return 0;
}

int vz_meter_fold(unsigned ctid, bool last, struct vz_err *e)
{
	struct vz_traffic_file f;
	struct vz_counters kernel;
	autoclose int held = -EBADF;
	int r = read_kernel(ctid, &kernel, e);

	if (r < 0 || !kernel.epoch)
		return r; /* the usual case of a VPS without network */
	held = lock(e);
	if (held < 0)
		return held;
	r = read_both(ctid, &f, e);
	if (r >= 0)
		r = write_file(ctid, &f, e);
	if (r >= 0 && last)
		drop_kernel(ctid);
	return r;
}

int vz_meter_reset(unsigned ctid, struct vz_err *e)
{
	struct vz_traffic_file f;
	autoclose int held = lock(e);
	int r = held < 0 ? held : read_both(ctid, &f, e);

	if (r < 0)
		return r;
	memset(f.total.traffic, 0, sizeof(f.total.traffic));
	return write_file(ctid, &f, e);
}

void vz_meter_forget(unsigned ctid)
{
	autofree char *path = path_of(ctid);

	drop_kernel(ctid);
	if (path)
		(void)unlink(path);
}

/* Ids in the kernel, behind the n that are in *ids. */
static int add_kernel_ids(unsigned **ids, size_t *n, struct vz_err *e)
{
	autofree uint32_t *keys = calloc(VZ_GUARD_MAX_DEVS, sizeof(*keys));
	autoclose int map = vz_guard_map(VZ_MAP_COUNTERS, e);
	uint32_t key = 0, *last = NULL;
	size_t more = 0;
	unsigned *all;

	if (map < 0)
		return map == -ENOENT ? 0 : map;
	if (!keys)
		return vz_oom(e);
	for (; more < VZ_GUARD_MAX_DEVS && !vz_bpf_next(map, last, &keys[more]); more++) {
		key = keys[more];
		last = &key;
	}
	all = realloc(*ids, (*n + more + 1) * sizeof(*all));
	if (!all)
		return vz_oom(e);
	for (size_t i = 0; i < more; i++)
		all[*n + i] = keys[i];
	*n += more;
	*ids = all;
	return 0;
}

int vz_meter_ids(unsigned **ret, size_t *ret_n, struct vz_err *e)
{
	autofree unsigned *ids = NULL;
	size_t n = 0, k = 0;
	int r = vz_ids_in_dir(TRAFFIC_DIR, "", &ids, &n);

	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot read " TRAFFIC_DIR);
	r = add_kernel_ids(&ids, &n, e);
	if (r < 0)
		return r;
	if (n)
		qsort(ids, n, sizeof(*ids), vz_num_compare);
	for (size_t i = 0; i < n; i++)
		if (!k || ids[k - 1] != ids[i])
			ids[k++] = ids[i];
	*ret = TAKE_PTR(ids);
	*ret_n = k;
	return 0;
}

const char *vz_guard_drop_name(enum vz_drop reason)
{
	static const char *const names[VZ_DROPS] = {
		[VZ_DROP_MALFORMED] = "malformed",
		[VZ_DROP_VLAN] = "vlan",
		[VZ_DROP_ETHERTYPE] = "ethertype",
		[VZ_DROP_MAC] = "mac",
		[VZ_DROP_BPDU] = "bpdu",
		[VZ_DROP_SOURCE4] = "source-v4",
		[VZ_DROP_SOURCE6] = "source-v6",
		[VZ_DROP_LINK_LOCAL] = "link-local",
		[VZ_DROP_ARP_MAC] = "arp-mac",
		[VZ_DROP_ARP_IP] = "arp-ip",
		[VZ_DROP_ND_MAC] = "nd-mac",
		[VZ_DROP_ND_IP] = "nd-ip",
		[VZ_DROP_DHCP_SERVER] = "dhcp-server",
		[VZ_DROP_ROUTER] = "router",
		[VZ_DROP_ICMP6] = "icmp6",
		[VZ_DROP_HEADERS] = "headers",
	};

	return names[reason];
}
