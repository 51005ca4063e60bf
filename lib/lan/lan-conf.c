// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The definition of a guest LAN: its file, its members, its pool of addresses. The file is written
 * by the tools alone and always as a whole; an administrator may edit it, so a value that makes no
 * sense is a failure and never a guess. Devices are not known here.
 */
#include "lan/lan.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/wait.h"

#include <ctype.h>
#include <fcntl.h>

#define FILE_MAX ((size_t)4 << 20)
#define PEERS_MAX 256u
#define VNI_MAX ((1u << 24) - 1)
#define CTID_MAX 2147483644u
#define LOCK_TIMEOUT_S 60 /* who holds it waits for no guest */

bool vz_lan_name_ok(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) &&
		    name[i] != '-')
			return false;
	return n && n <= VZ_LAN_NAME_MAX && name[0] != '-' && name[n - 1] != '-';
}

const char *vz_lan_dev(const char *prefix, const char *name, char buf[static IFNAMSIZ])
{
	snprintf(buf, IFNAMSIZ, "%.3s%.*s", prefix, (int)VZ_LAN_NAME_MAX, name);
	return buf;
}

const char *vz_lan_bridge(const char *name, char buf[static IFNAMSIZ])
{
	return vz_lan_dev(VZ_LAN_PREFIX, name, buf);
}

const char *vz_lan_of_bridge(const char *bridge)
{
	const char *name;

	return vz_str_prefix(bridge, VZ_LAN_PREFIX, &name) && vz_lan_name_ok(name) ? name : NULL;
}

/* ---- values ---- */

static int bad(const char *what, const char *value, struct vz_err *e)
{
	return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Bad %s: %s", what, value);
}

static int take_subnet(struct vz_ip *ret, int family, const char *value, struct vz_err *e)
{
	const char *what = family == AF_INET ? "subnet" : "IPv6 subnet";
	struct vz_ip ip;
	unsigned bits;

	if (!*value) {
		*ret = (struct vz_ip){ 0 };
		return 0;
	}
	if (vz_ip_parse(value, &ip) < 0 || ip.family != family || !ip.masked)
		return bad(what, value, e);
	bits = vz_ip_bits(&ip);
	if (ip.prefix < (family == AF_INET ? 8u : 32u) || ip.prefix > bits - 2)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "Bad %s: %s: the length of the prefix must be %u to %u", what, value,
			       family == AF_INET ? 8 : 32, bits - 2);
	for (unsigned i = ip.prefix; i < bits; i++)
		if (ip.bytes[i / 8] & (0x80 >> i % 8))
			return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
				       "Bad %s: %s: it has bits set behind the prefix", what, value);
	*ret = ip;
	return 0;
}

static int take_yes_no(bool *ret, const char *what, const char *value, struct vz_err *e)
{
	if (strcmp(value, "yes") && strcmp(value, "no"))
		return bad(what, value, e);
	*ret = !strcmp(value, "yes");
	return 0;
}

static int take_peers(struct vz_lan *lan, const char *value, struct vz_err *e)
{
	for (const char *p = value;;) {
		autofree char *word = vz_str_word(&p, " \t");
		struct vz_ip ip, *more;

		if (!word)
			return 0;
		if (vz_ip_parse(word, &ip) < 0 || ip.masked)
			return bad("peer", word, e);
		if (lan->npeers == PEERS_MAX)
			return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "More than %u peers",
				       PEERS_MAX);
		more = realloc(lan->peer, (lan->npeers + 1) * sizeof(*more));
		if (!more)
			return vz_oom(e);
		lan->peer = more;
		more[lan->npeers++] = ip;
	}
}

static int take_address(struct vz_ip *ret, const char *value, struct vz_err *e)
{
	struct vz_ip ip = { 0 };

	if (*value && (vz_ip_parse(value, &ip) < 0 || ip.masked))
		return bad("address", value, e);
	*ret = ip;
	return 0;
}

static int take_dev(char ret[static IFNAMSIZ], const char *value, struct vz_err *e)
{
	if (strlen(value) >= IFNAMSIZ || strpbrk(value, "/: \t"))
		return bad("device", value, e);
	snprintf(ret, IFNAMSIZ, "%s", value);
	return 0;
}

/* "101,eth1,00:18:51:01:02:03,10.1.0.2,fd00::2": the last three in any order, or missing. */
static int take_member(struct vz_lan *lan, const char *word, struct vz_err *e)
{
	struct vz_lan_member m = { 0 };
	unsigned n = 0;
	int r = 0;

	for (const char *p = word; r >= 0; n++) {
		autofree char *field = vz_str_word(&p, ",");
		struct vz_ip ip;

		if (!field)
			break;
		if (n == 0) {
			r = vz_num_u32(field, CTID_MAX, &m.ctid);
		} else if (n == 1) {
			r = *field ? take_dev(m.ifname, field, NULL) : -EINVAL;
		} else if (strlen(field) == sizeof(m.mac) - 1 && field[2] == ':' &&
			   field[5] == ':' && field[8] == ':') {
			memcpy(m.mac, field, sizeof(m.mac));
		} else {
			r = vz_ip_parse(field, &ip);
			if (r >= 0 && ip.masked)
				r = -EINVAL;
			if (r >= 0)
				*(ip.family == AF_INET ? &m.ip : &m.ip6) = ip;
		}
	}
	if (r < 0 || n < 2 || !m.ctid)
		return bad("member", word, e);
	r = vz_lan_put(lan, &m);
	return r < 0 ? vz_oom(e) : 0;
}

static int take_members(struct vz_lan *lan, const char *value, struct vz_err *e)
{
	int r = 0;

	for (const char *p = value; r >= 0;) {
		autofree char *word = vz_str_word(&p, " \t");

		if (!word)
			break;
		r = take_member(lan, word, e);
	}
	return r;
}

/* clang-format off */
enum key { SUBNET, SUBNET6, NAT, DHCP, VXLAN, PEERS, LOCAL, DEV, MEMBERS, NKEYS };
static const char *const key_name[NKEYS] = {
	[SUBNET] = "SUBNET", [SUBNET6] = "SUBNET6", [NAT] = "NAT", [DHCP] = "DHCP",
	[VXLAN] = "VXLAN", [PEERS] = "PEERS", [LOCAL] = "LOCAL", [DEV] = "DEV",
	[MEMBERS] = "MEMBERS",
};
/* clang-format on */

int vz_lan_set(struct vz_lan *lan, const char *key, const char *value, struct vz_err *e)
{
	unsigned k = 0;

	while (k < NKEYS && strcmp(key, key_name[k]))
		k++;
	switch ((enum key)k) {
	case SUBNET:
		return take_subnet(&lan->subnet, AF_INET, value, e);
	case SUBNET6:
		return take_subnet(&lan->subnet6, AF_INET6, value, e);
	case NAT:
		return take_yes_no(&lan->nat, "value of NAT", value, e);
	case DHCP:
		return take_yes_no(&lan->dhcp, "value of DHCP", value, e);
	case VXLAN:
		if (*value && (vz_num_u32(value, VNI_MAX, &lan->vni) < 0 || !lan->vni))
			return bad("VXLAN number", value, e);
		return 0;
	case PEERS:
		return take_peers(lan, value, e);
	case LOCAL:
		return take_address(&lan->local, value, e);
	case DEV:
		return take_dev(lan->dev, value, e);
	case MEMBERS:
		return take_members(lan, value, e);
	case NKEYS:
		break;
	}
	return -ENOENT;
}

int vz_lan_check(const struct vz_lan *lan, struct vz_err *e)
{
	int family = lan->npeers ? lan->peer[0].family : lan->local.family;

	if (!lan->vni && (lan->npeers || lan->local.family || *lan->dev))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "Peers, a local address and a device need --vxlan");
	if (lan->dhcp && !lan->subnet.family)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "DHCP needs an IPv4 subnet");
	if (lan->nat && !lan->subnet.family && !lan->subnet6.family)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "NAT needs a subnet");
	for (size_t i = 0; i < lan->npeers; i++)
		if (lan->peer[i].family != family)
			return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
				       "Peers must all be IPv4 or all IPv6 addresses");
	if (lan->local.family && lan->local.family != family)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       "The local address and the peers must be of one family");
	return 0;
}

/* ---- the file ---- */

/* One line, changed in place: KEY="value". */
static int take_line(struct vz_lan *lan, char *line, struct vz_err *e)
{
	char *value = strchr(line, '='), *end;
	int r;

	if (!*line || *line == '#')
		return 0;
	if (!value)
		return vz_fail(e, VZ_INVALID_CONFIG, 0, "no '=' in \"%.40s\"", line);
	*value++ = 0;
	if (*value == '"') {
		end = strrchr(++value, '"');
		if (!end)
			return vz_fail(e, VZ_INVALID_CONFIG, 0, "unmatched quotes at %.40s", line);
		*end = 0;
	}
	r = vz_lan_set(lan, line, value, e);
	if (r == -ENOENT)
		return 0; /* of a later version */
	if (r < 0 && e)
		e->exit = VZ_INVALID_CONFIG;
	return r;
}

int vz_lan_parse(const char *text, struct vz_lan *ret, struct vz_err *e)
{
	int r = 0;

	for (const char *p = text; r >= 0;) {
		autofree char *line = vz_str_word(&p, "\n");

		if (!line)
			break;
		if (vz_str_has_control(line))
			return vz_fail(e, VZ_INVALID_CONFIG, 0, "a control character");
		r = take_line(ret, line, e);
	}
	return r < 0 ? r : vz_lan_check(ret, e);
}

static char *path_of(const char *name)
{
	return vz_fmt(VZ_LAN_DIR "/%s.conf", name);
}

int vz_lan_load(const char *name, struct vz_lan *ret, struct vz_err *e)
{
	autofree char *path = path_of(name), *text = NULL;
	ssize_t n;
	int r;

	if (!path)
		return vz_oom(e);
	n = vz_lan_name_ok(name) ? vz_file_read(AT_FDCWD, path, FILE_MAX, &text) : -ENOENT;
	if (n == -ENOENT)
		return vz_fail(e, VZ_NO_LAN, 0, "There is no guest LAN %s on this host", name),
		       -ENOENT;
	if (n < 0)
		return vz_fail(e, VZ_SYSTEM, (int)-n, "Unable to read %s", path);
	*ret = (struct vz_lan){ 0 };
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	r = vz_lan_parse(text, ret, e);
	if (r < 0) {
		vz_lan_free(ret);
		return vz_within(e, r, "%s", path);
	}
	return 0;
}

static void put_ip(struct vz_str *s, const char *key, const struct vz_ip *ip, bool mask)
{
	char text[VZ_IP_TEXT];

	if (!ip->family)
		return;
	vz_str_addf(s, "%s=\"%s", key, vz_ip_text(ip, text));
	if (mask)
		vz_str_addf(s, "/%u", ip->prefix);
	vz_str_add(s, "\"\n");
}

static void put_members(struct vz_str *s, const struct vz_lan *lan)
{
	char text[VZ_IP_TEXT];

	vz_str_addf(s, "%s=\"", key_name[MEMBERS]);
	for (size_t i = 0; i < lan->nmembers; i++) {
		const struct vz_lan_member *m = &lan->member[i];

		vz_str_addf(s, "%s%u,%s", i ? " " : "", m->ctid, m->ifname);
		if (*m->mac)
			vz_str_addf(s, ",%s", m->mac);
		if (m->ip.family)
			vz_str_addf(s, ",%s", vz_ip_text(&m->ip, text));
		if (m->ip6.family)
			vz_str_addf(s, ",%s", vz_ip_text(&m->ip6, text));
	}
	vz_str_add(s, "\"\n");
}

int vz_lan_save(const struct vz_lan *lan, struct vz_err *e)
{
	autofree char *path = path_of(lan->name), *out = NULL;
	autostr s = { 0 };
	char text[VZ_IP_TEXT];
	int r;

	put_ip(&s, key_name[SUBNET], &lan->subnet, true);
	put_ip(&s, key_name[SUBNET6], &lan->subnet6, true);
	vz_str_addf(&s, "%s=\"%s\"\n", key_name[NAT], lan->nat ? "yes" : "no");
	vz_str_addf(&s, "%s=\"%s\"\n", key_name[DHCP], lan->dhcp ? "yes" : "no");
	if (lan->vni) {
		vz_str_addf(&s, "%s=\"%u\"\n%s=\"", key_name[VXLAN], lan->vni, key_name[PEERS]);
		for (size_t i = 0; i < lan->npeers; i++)
			vz_str_addf(&s, "%s%s", i ? " " : "", vz_ip_text(&lan->peer[i], text));
		vz_str_add(&s, "\"\n");
		put_ip(&s, key_name[LOCAL], &lan->local, false);
		vz_str_addf(&s, "%s=\"%s\"\n", key_name[DEV], lan->dev);
	}
	put_members(&s, lan);
	out = vz_str_take(&s);
	if (!path || !out)
		return vz_oom(e);
	r = vz_mkdir_p(VZ_LAN_DIR, 0755);
	if (r >= 0)
		r = vz_file_replace(path, out, strlen(out), 0644, true);
	return r < 0 ? vz_fail(e, VZ_CONFIG_SAVE_ERROR, -r, "Unable to save %s", path) : 0;
}

int vz_lan_remove(const char *name, struct vz_err *e)
{
	autofree char *path = path_of(name);

	if (!path)
		return vz_oom(e);
	if (unlink(path) < 0 && errno != ENOENT)
		return vz_fail(e, VZ_SYSTEM, errno, "Unable to remove %s", path);
	return 0;
}

void vz_lan_free(struct vz_lan *lan)
{
	free(lan->peer);
	free(lan->member);
	*lan = (struct vz_lan){ 0 };
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int vz_lan_names(char ***ret, size_t *ret_n, struct vz_err *e)
{
	autoclosedir DIR *d = opendir(VZ_LAN_DIR);
	char **names = NULL, **more;
	size_t n = 0;

	if (!d && errno != ENOENT)
		return vz_fail(e, VZ_SYSTEM, errno, "Unable to open directory %s", VZ_LAN_DIR);
	for (struct dirent *de; d && (de = readdir(d));) {
		size_t len = strlen(de->d_name);
		autofree char *name = NULL;

		if (!vz_str_suffix(de->d_name, ".conf"))
			continue;
		name = vz_fmt("%.*s", (int)(len - strlen(".conf")), de->d_name);
		if (name && !vz_lan_name_ok(name))
			continue;
		more = name ? realloc(names, (n + 1) * sizeof(*names)) : NULL;
		if (!more) {
			vz_lan_names_free(names, n);
			return vz_oom(e);
		}
		names = more;
		names[n++] = TAKE_PTR(name);
	}
	if (n)
		qsort(names, n, sizeof(*names), by_name);
	*ret = names;
	*ret_n = n;
	return 0;
}

void vz_lan_names_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

int vz_lan_lock(const char *name, struct vz_err *e)
{
	autofree char *path = vz_fmt(VZ_LAN_RUNDIR "/%s.lck", name);
	int r = path ? vz_mkdir_p(VZ_LAN_RUNDIR, 0755) : -ENOMEM;

	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "Unable to make %s", VZ_LAN_RUNDIR);
	r = vz_wait_lock(path, vz_end_in(LOCK_TIMEOUT_S));
	return r < 0 ? vz_wait_lock_fail(e, r, path) : r;
}

/* ---- members and the pool ---- */

struct vz_lan_member *vz_lan_find(const struct vz_lan *lan, unsigned ctid)
{
	for (size_t i = 0; i < lan->nmembers; i++)
		if (lan->member[i].ctid == ctid)
			return &lan->member[i];
	return NULL;
}

int vz_lan_put(struct vz_lan *lan, const struct vz_lan_member *m)
{
	struct vz_lan_member *old = vz_lan_find(lan, m->ctid), *more, new = *m;
	size_t i = lan->nmembers;

	new.ip.prefix = lan->subnet.prefix;
	new.ip6.prefix = lan->subnet6.prefix;
	if (old) {
		*old = new;
		return 0;
	}
	more = realloc(lan->member, (i + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	lan->member = more;
	for (; i && more[i - 1].ctid > m->ctid; i--)
		more[i] = more[i - 1];
	more[i] = new;
	lan->nmembers++;
	return 0;
}

void vz_lan_drop(struct vz_lan *lan, unsigned ctid)
{
	struct vz_lan_member *m = vz_lan_find(lan, ctid);

	if (!m)
		return;
	lan->nmembers--;
	memmove(m, m + 1, (size_t)(lan->member + lan->nmembers - m) * sizeof(*m));
}

/* subnet + n, n up to 2^32. */
static struct vz_ip nth(const struct vz_ip *subnet, uint32_t n)
{
	struct vz_ip ip = *subnet;
	uint64_t carry = n;

	for (size_t i = ip.family ? vz_ip_size(&ip) : 0; i-- && carry;) {
		carry += ip.bytes[i];
		ip.bytes[i] = (uint8_t)carry;
		carry >>= 8;
	}
	return ip;
}

struct vz_ip vz_lan_gateway(const struct vz_ip *subnet)
{
	return nth(subnet, 1);
}

struct vz_ip vz_lan_server(const struct vz_ip *subnet)
{
	return nth(subnet, 2);
}

static const struct vz_lan_member *holder(const struct vz_lan *lan, const struct vz_ip *ip)
{
	for (size_t i = 0; i < lan->nmembers; i++)
		if (vz_ip_same(&lan->member[i].ip, ip) || vz_ip_same(&lan->member[i].ip6, ip))
			return &lan->member[i];
	return NULL;
}

static bool is_reserved(const struct vz_lan *lan, const struct vz_ip *subnet,
			const struct vz_ip *ip)
{
	struct vz_ip net = nth(subnet, 0), gateway = nth(subnet, 1), server = nth(subnet, 2);
	struct vz_ip last = net; /* the broadcast address, which IPv6 has not got */

	if (ip->family == AF_INET)
		last = nth(subnet, (uint32_t)((1ull << (32 - subnet->prefix)) - 1));
	return vz_ip_same(ip, &net) || vz_ip_same(ip, &gateway) || vz_ip_same(ip, &last) ||
	       (lan->dhcp && vz_ip_same(ip, &server));
}

int vz_lan_may_have(const struct vz_lan *lan, unsigned ctid, const struct vz_ip *ip,
		    struct vz_err *e)
{
	const struct vz_ip *subnet = ip->family == AF_INET ? &lan->subnet : &lan->subnet6;
	const struct vz_lan_member *m = holder(lan, ip);
	char text[VZ_IP_TEXT];

	vz_ip_text(ip, text);
	if (!subnet->family || !vz_ip_in(ip, subnet))
		return vz_fail(e, VZ_BADIP, 0, "%s is not an address of guest LAN %s", text,
			       lan->name);
	if (is_reserved(lan, subnet, ip))
		return vz_fail(e, VZ_BADIP, 0, "%s is reserved in guest LAN %s", text, lan->name);
	if (m && m->ctid != ctid)
		return vz_fail(e, VZ_IP_INUSE, 0, "%s is used by container %u in guest LAN %s",
			       text, m->ctid, lan->name);
	return 0;
}

int vz_lan_pick(const struct vz_lan *lan, const struct vz_ip *subnet, struct vz_ip *ret,
		struct vz_err *e)
{
	unsigned host_bits = vz_ip_bits(subnet) - subnet->prefix;
	uint64_t end = host_bits < 32 ? 1ull << host_bits : UINT32_MAX;

	/* among so many at most that number can be taken */
	for (uint64_t i = 2; i < end && i < lan->nmembers + 4; i++) {
		struct vz_ip ip = nth(subnet, (uint32_t)i);

		if (is_reserved(lan, subnet, &ip) || holder(lan, &ip))
			continue;
		*ret = ip;
		return 0;
	}
	return vz_fail(e, VZ_RESOURCE, 0, "No address is left in guest LAN %s", lan->name);
}

bool vz_lan_overlap(const struct vz_ip *a, const struct vz_ip *b)
{
	return a->family && (a->prefix < b->prefix ? vz_ip_in(b, a) : vz_ip_in(a, b));
}
