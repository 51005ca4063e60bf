// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The DHCP and name server of a guest LAN: dnsmasq(8), a program that others keep well, in a network
 * namespace of its own that is one more member of the LAN. It sees nothing of the host's network,
 * runs as nobody, and hands out exactly the addresses of the LAN's file. IPv6 addresses are not
 * handed out; they are set by the host, like all addresses of members that do not ask.
 *
 * Below VZ_LAN_RUNDIR: NAME.pid (written by dnsmasq), NAME.dhcp and NAME.hosts (what it reads).
 */
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "lan/lan-member.h"
#include "net/addr.h"
#include "net/link.h"
#include "net/resolv.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/netns.h"
#include "sys/nl.h"
#include "sys/proc.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <poll.h>

#define END_PREFIX "vd-" /* of the server's device on the bridge */
#define INSIDE "lan0"
#define LOOPBACK 1
#define PROGRAM "dnsmasq"
#define END_WAIT_MS 3000
#define ARGS_MAX 64

static char *run_path(const char *name, const char *suffix)
{
	return vz_fmt(VZ_LAN_RUNDIR "/%s.%s", name, suffix);
}

/* The pid of the LAN's server, or 0: a number that another program has by now is not believed. */
static pid_t server_pid(const char *name)
{
	autofree char *path = run_path(name, "pid"), *hosts = run_path(name, "dhcp");
	char text[16], cmd[4096];
	uint32_t pid;

	if (!path || !hosts || vz_file_read_buf(AT_FDCWD, path, text, sizeof(text)) < 0 ||
	    vz_num_u32(text, INT32_MAX, &pid) < 0 || !pid || !vz_proc_alive((pid_t)pid, 0))
		return 0;
	vz_proc_cmdline((pid_t)pid, cmd, sizeof(cmd));
	return strstr(cmd, PROGRAM) && strstr(cmd, hosts) ? (pid_t)pid : 0;
}

static int write_file(const char *name, const char *suffix, struct vz_str *text, struct vz_err *e)
{
	autofree char *path = run_path(name, suffix), *out = vz_str_take(text);
	int r = path && out ? vz_file_replace(path, out, strlen(out), 0644, false) : -ENOMEM;

	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot write %s", path ? path : suffix) : 0;
}

static int write_files(const struct vz_lan *lan, struct vz_err *e)
{
	autostr dhcp = { 0 }, hosts = { 0 };
	char text[VZ_IP_TEXT];
	int r;

	for (size_t i = 0; i < lan->nmembers; i++) {
		const struct vz_lan_member *m = &lan->member[i];

		if (*m->mac && m->ip.family)
			vz_str_addf(&dhcp, "%s,%s,ct%u\n", m->mac, vz_ip_text(&m->ip, text), m->ctid);
	}
	vz_lan_hosts(&hosts, lan);
	r = write_file(lan->name, "dhcp", &dhcp, e);
	return r < 0 ? r : write_file(lan->name, "hosts", &hosts, e);
}

/* ---- its network ---- */

static int set_inside(int netns, const struct vz_lan *lan, struct vz_err *e)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, netns, e);
	struct vz_ip ip = vz_lan_server(&lan->subnet), gw = vz_lan_gateway(&lan->subnet);
	struct vz_link_change up = { .up = true };
	struct vz_link link;
	int r = rtnl < 0 ? rtnl : vz_link_set(rtnl, LOOPBACK, &up, e);

	if (r < 0)
		return r;
	r = vz_link_find(rtnl, INSIDE, &link, e);
	if (r < 0)
		return r;
	r = vz_addr_add(rtnl, link.index, &ip, e);
	if (r < 0)
		return r;
	r = vz_link_set(rtnl, link.index, &up, e);
	if (r < 0 || !lan->nat)
		return r;
	return vz_route_replace(rtnl, &(struct vz_route){ .to = { .family = AF_INET },
							  .dev = link.index, .via = &gw }, e);
}

static int make_network(const struct vz_lan *lan, struct vz_err *e)
{
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, e), netns = -EBADF;
	char bridge[IFNAMSIZ], end[IFNAMSIZ];
	struct vz_link br, link;
	int r;

	if (rtnl < 0)
		return rtnl;
	vz_lan_dev(END_PREFIX, lan->name, end);
	/* of a server that died; gone at once, while its namespace takes its time */
	r = vz_link_delete_name(rtnl, end, e);
	if (r < 0)
		return r;
	r = vz_link_find(rtnl, vz_lan_bridge(lan->name, bridge), &br, e);
	if (r < 0)
		return r;
	netns = vz_netns_new(e);
	if (netns < 0)
		return netns;
	r = vz_link_pair(rtnl, &(struct vz_link_pair){ .host = end, .inside = INSIDE,
						       .netns = netns, .mtu = br.mtu }, e);
	if (r < 0)
		return r;
	r = vz_link_find(rtnl, end, &link, e);
	if (r < 0)
		return r;
	r = vz_link_set(rtnl, link.index,
			&(struct vz_link_change){ .up = true, .no_ipv6_auto = true,
						  .master = br.index }, e);
	if (r < 0)
		return r;
	r = set_inside(netns, lan, e);
	return r < 0 ? r : TAKE_FD(netns);
}

/* ---- the program ---- */

struct args {
	char *v[ARGS_MAX];
	size_t n;
	bool failed;
};

static void add(struct args *a, char *arg)
{
	if (!arg || a->n == ARGS_MAX - 1)
		a->failed = true;
	else
		a->v[a->n++] = TAKE_PTR(arg);
	free(arg);
}

static void args_free(struct args *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i]);
}
#define autoargs __attribute__((cleanup(args_free))) struct args

/* The host's own name servers, as far as they can be reached from a LAN. */
static void add_servers(struct args *a)
{
	autofree char *servers = NULL, *search = NULL;

	if (vz_resolv_host(&servers, &search) < 0)
		return;
	for (const char *p = servers;;) {
		autofree char *word = vz_str_word(&p, " ");

		if (!word || a->n > ARGS_MAX / 2)
			return;
		add(a, vz_fmt("--server=%s", word));
	}
}

static void build_args(const struct vz_lan *lan, struct args *a)
{
	struct vz_ip gw = vz_lan_gateway(&lan->subnet), server = vz_lan_server(&lan->subnet);
	char text[VZ_IP_TEXT];

	add(a, vz_fmt(PROGRAM));
	add(a, vz_fmt("--conf-file=/dev/null"));
	add(a, vz_fmt("--pid-file=" VZ_LAN_RUNDIR "/%s.pid", lan->name));
	add(a, vz_fmt("--user=nobody"));
	add(a, vz_fmt("--interface=" INSIDE));
	add(a, vz_fmt("--except-interface=lo"));
	add(a, vz_fmt("--bind-interfaces"));
	add(a, vz_fmt("--no-hosts"));
	add(a, vz_fmt("--no-resolv"));
	add(a, vz_fmt("--addn-hosts=" VZ_LAN_RUNDIR "/%s.hosts", lan->name));
	add(a, vz_fmt("--domain=%s.vz", lan->name));
	add(a, vz_fmt("--local=/%s.vz/", lan->name));
	add(a, vz_fmt("--dhcp-range=%s,static,%u.%u.%u.%u,12h", vz_ip_text(&server, text),
		      (~0u << (32 - lan->subnet.prefix)) >> 24 & 255,
		      (~0u << (32 - lan->subnet.prefix)) >> 16 & 255,
		      (~0u << (32 - lan->subnet.prefix)) >> 8 & 255,
		      (~0u << (32 - lan->subnet.prefix)) & 255));
	add(a, vz_fmt("--dhcp-hostsfile=" VZ_LAN_RUNDIR "/%s.dhcp", lan->name));
	add(a, vz_fmt("--dhcp-authoritative"));
	add(a, vz_fmt("--leasefile-ro"));
	add(a, lan->nat ? vz_fmt("--dhcp-option=3,%s", vz_ip_text(&gw, text)) :
			  vz_fmt("--dhcp-option=3"));
	if (lan->nat)
		add_servers(a);
}

static int start(const struct vz_lan *lan, struct vz_err *e)
{
	autoclose int netns = make_network(lan, e), null = -EBADF;
	struct vz_spawn s = VZ_SPAWN_INIT;
	autoargs a = { 0 };
	int r;

	if (netns < 0)
		return netns;
	build_args(lan, &a);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (a.failed || null < 0)
		return vz_oom(e);
	s.argv = a.v;
	s.seconds = VZ_SPAWN_SECONDS;
	s.out = null;
	r = vz_netns_run(netns, &s); /* ends when the server has bound its ports and gone behind */
	if (r == -ENOENT)
		return vz_fail(e, VZ_BAD_KERNEL, 0,
			       "DHCP in guest LAN %s needs the program " PROGRAM " (package "
			       "dnsmasq-base)", lan->name);
	if (r)
		return vz_fail(e, VZ_SYSTEM, r < 0 ? -r : 0,
			       "Unable to start " PROGRAM " for guest LAN %s", lan->name);
	return 0;
}

int vz_lan_dhcp_up(const struct vz_lan *lan, struct vz_err *e)
{
	pid_t pid;
	int r;

	if (!lan->dhcp)
		return 0;
	r = write_files(lan, e);
	if (r < 0)
		return r;
	pid = server_pid(lan->name);
	if (pid) {
		(void)kill(pid, SIGHUP); /* reads its files again */
		return 0;
	}
	r = start(lan, e);
	if (r < 0)
		vz_lan_dhcp_down(lan->name);
	return r;
}

void vz_lan_dhcp_down(const char *name)
{
	static const char *const files[] = { "pid", "dhcp", "hosts" };
	autoclose int rtnl = vz_nl_open(NETLINK_ROUTE, VZ_NL_HERE, NULL);
	pid_t pid = server_pid(name);
	char end[IFNAMSIZ];

	if (pid) {
		autoclose int fd = vz_pidfd_open(pid);
		struct pollfd f = { .fd = fd, .events = POLLIN };

		if (fd >= 0 && server_pid(name) == pid && vz_pidfd_signal(fd, SIGTERM) >= 0)
			(void)poll(&f, 1, END_WAIT_MS);
	}
	vz_lan_dev(END_PREFIX, name, end);
	if (rtnl >= 0)
		(void)vz_link_delete_name(rtnl, end, NULL);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		autofree char *path = run_path(name, files[i]);

		if (path)
			(void)unlink(path);
	}
}
