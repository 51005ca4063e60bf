// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * check: the table, and a process for each row, with a deadline. What is tried is in check-*.c.
 */
#include "ops/check-internal.h"
#include "apply/network.h"
#include "base/escape.h"
#include "base/fault.h"
#include "base/own.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "cpt/criu.h"
#include "cpt/facts.h"
#include "ct/ct.h"
#include "ct/once.h"
#include "fs/layout.h"
#include "ops/check-ceilings.h"
#include "ops/plan.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/wait.h"

#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define DEADLINE_MS 10000
#define REAP_MS 1000
#define NAP_MS 5

enum flags {
	NEEDED = 1 << 0, /* by every container */
	APART = 1 << 1,  /* in mount and network namespaces of its own, VZ_RUNDIR and VZ_STATEDIR empty */
	PLACED = 1 << 2, /* about directories that vz.conf names; without it nothing is known of them */
};

struct row {
	const char *name;
	unsigned flags;
	check_probe *probe;
	const char *use, *remedy;
	const char *what;
	unsigned bit;
};

/* clang-format off */
#define ROW(name_, flags_, probe_, use_, remedy_, ...)                                             \
	{ .name = (name_), .flags = (flags_), .probe = (probe_), .use = (use_),                     \
	  .remedy = (remedy_), ##__VA_ARGS__ }
static const struct row rows[] = {
	ROW("kernel", 0, check_kernel,
	  "everything; what an older kernel lacks is said below", "Linux 5.12 or newer"),
	ROW("user-namespaces", NEEDED, check_userns, "every container that is not privileged",
	  "set user.max_user_namespaces above 0, use a kernel with CONFIG_USER_NS"),
	ROW("namespaces", NEEDED, check_namespaces, "every container",
	  "set user.max_{pid,net,mnt,uts,ipc,cgroup}_namespaces above 0"),
	ROW("clone3", NEEDED, check_clone, "limits in force from the first instruction",
	  "Linux 5.7 or newer; if this is itself a container, one that lets clone3(2) through"),
	ROW("pidfd", NEEDED, check_pidfd, "signals that never reach another process", "Linux 5.4 or newer"),
	ROW("close-range", NEEDED, check_close_range, "descriptors of the host kept out", "Linux 5.9 or newer"),
	ROW("openat2", NEEDED, check_openat2, "paths of a guest that never lead out", "Linux 5.6 or newer"),
	ROW("mount-api", NEEDED, check_mount_api, "the tree of every container", "Linux 5.12 or newer"),
	ROW("seccomp", NEEDED, check_seccomp, "system calls kept from containers", "a kernel with CONFIG_SECCOMP_FILTER"),
	ROW("time-namespaces", 0, check_timens, "an uptime of the container's own",
	  "Linux 5.6 or newer with CONFIG_TIME_NS"),
	ROW("nested-user-namespaces", 0, check_nested, "FEATURES nesting:on: containers, browsers and services of a guest that make user namespaces",
	    "set kernel.apparmor_restrict_unprivileged_userns=0 and kernel.unprivileged_userns_clone=1"),
	ROW("landlock", 0, check_landlock, "templates unpacked in one directory by a confined process",
	  "Linux 5.19 or newer with landlock in the kernel's lsm= list"),

	{ 0 }, /* here stand the rows of layouts, lib/fs/layout.h */
	ROW("private-mode", PLACED, check_modes, "set-uid programs of containers kept from users of this host",
	  "give containers a directory of their own in VE_PRIVATE, of root and mode 0700"),
	ROW("space", PLACED, check_space, "new containers, and files in those there are", "make room, or a larger file system"),

	ROW("cgroup", NEEDED, check_cgroup, "every container", "mount cgroup2 on /sys/fs/cgroup"),
	ROW("cgroup-devices", NEEDED, check_devices, "device nodes kept from containers",
	  "a kernel with CONFIG_CGROUP_BPF, or the v1 controller devices"),
	ROW("cgroup-freezer", 0, check_freezer, "stopping all processes of a container at once", "Linux 5.2 or newer"),
	ROW("cgroup-memory", 0, check_limit, "PHYSPAGES and SWAPPAGES (--ram, --swap)",
	  "add cgroup_enable=memory swapaccount=1 to the kernel's command line", .bit = VZ_CG_MEMORY),
	ROW("cgroup-cpuunits", 0, check_limit, "CPUUNITS", "a kernel with CONFIG_FAIR_GROUP_SCHED", .bit = VZ_CG_CPUUNITS),
	ROW("cgroup-cpulimit", 0, check_limit, "CPULIMIT and CPUS", "a kernel with CONFIG_CFS_BANDWIDTH", .bit = VZ_CG_CPULIMIT),
	ROW("cgroup-cpuburst", 0, check_burst, "CPUBURST", "Linux 5.14 or newer"),
	ROW("cgroup-cpuset", 0, check_limit, "CPUMASK, NODEMASK, and CPUS as the container sees it", "a kernel with CONFIG_CPUSETS", .bit = VZ_CG_CPUS),
	ROW("cgroup-pids", 0, check_limit, "NUMPROC", "a kernel with CONFIG_CGROUP_PIDS", .bit = VZ_CG_PIDS),
	ROW("cgroup-iolimit", 0, check_limit, "IOLIMIT", "a kernel with CONFIG_BLK_DEV_THROTTLING", .bit = VZ_CG_IOLIMIT),
	ROW("cgroup-iopslimit", 0, check_limit, "IOPSLIMIT", "a kernel with CONFIG_BLK_DEV_THROTTLING", .bit = VZ_CG_IOPS),
	ROW("cgroup-ioprio", 0, check_limit, "IOPRIO", "a kernel with the scheduler bfq, or io.cost", .bit = VZ_CG_IOPRIO),
	ROW("cgroup-hugetlb", 0, check_can, "HUGETLB (--hugetlb)", "a kernel with CONFIG_CGROUP_HUGETLB", .bit = VZ_CG_HUGETLB),

	ROW("ceiling-pids", 0, check_ceiling, "many containers at once", VZ_DO_RAISE, .what = "kernel.pid_max"),
	ROW("ceiling-threads", 0, check_ceiling, "many containers at once", VZ_DO_RAISE, .what = "kernel.threads-max"),
	ROW("ceiling-files", 0, check_ceiling, "many containers at once", VZ_DO_RAISE, .what = "fs.file-max"),
	ROW("ceiling-terminals", 0, check_ceiling, "enter, and sessions in containers", VZ_DO_RAISE, .what = "kernel.pty.max"),
	ROW("ceiling-aio", 0, check_ceiling, "databases in containers", VZ_DO_RAISE, .what = "fs.aio-max-nr"),
	ROW("ceiling-memory-groups", 0, check_ceiling, "many containers at once",
	    VZ_DO_FEWER_GROUPS, .what = "memory control groups"),
	ROW("ceiling-inotify", 0, check_ceiling, "systemd in containers", VZ_DO_RAISE, .what = "fs.inotify.max_user_instances"),
	ROW("ceiling-watches", 0, check_ceiling, "programs in containers that watch directories", VZ_DO_RAISE, .what = "fs.inotify.max_user_watches"),
	ROW("ceiling-mounts", 0, check_ceiling, "systemd in containers", VZ_DO_RAISE, .what = "fs.mount-max"),

	ROW("venet", APART, check_venet, "addresses of containers (--ipadd), guarded by BPF programs",
	    "a kernel with CONFIG_VETH, CONFIG_NET_CLS_BPF, CONFIG_NET_SCH_INGRESS and its BTF"),
	ROW("rate", APART, check_rate, "RATE (--rate)", "a kernel with CONFIG_NET_SCH_TBF, CONFIG_IFB, CONFIG_NET_ACT_MIRRED"),
	ROW("bridge", APART, check_link, "guest LANs of vznet, FEATURES bridge:on", "a kernel with CONFIG_BRIDGE", .what = "bridge"),
	ROW("vxlan", APART, check_link, "guest LANs over several hosts (vznet --vxlan)", "a kernel with CONFIG_VXLAN", .what = "vxlan"),
	ROW("vlan", APART, check_link, "VLAN devices given to containers (--netdev_add)", "a kernel with CONFIG_VLAN_8021Q", .what = "vlan"),
	ROW("macvlan", APART, check_link, "macvlan devices given to containers", "a kernel with CONFIG_MACVLAN", .what = "macvlan"),
	ROW("ipvlan", APART, check_link, "ipvlan devices given to containers", "a kernel with CONFIG_IPVLAN", .what = "ipvlan"),
	ROW("wireguard", APART, check_link, "FEATURES wireguard:on", "a kernel with CONFIG_WIREGUARD", .what = "wireguard"),
	ROW("tun", APART, check_tun, "VPNs in containers (DEVNODES net/tun:rw)", "a kernel with CONFIG_TUN; modprobe tun"),
	ROW("nftables", APART, check_nft, "guest LANs of vznet, packet filters in containers",
	    "a kernel with CONFIG_NF_TABLES, CONFIG_NFT_CT and CONFIG_NFT_MASQ"),
	ROW("policy-programs", APART, check_policy, "levels of NETFILTER between disabled and full, FEATURES that are kinds of network devices",
	    "Linux 5.17 or newer with CONFIG_DEBUG_INFO_BTF, and bpf in the kernel's lsm= list"),
	ROW("conntrack-limit", APART, check_conntrack, "NUMCONNTRACK (--numconntrack)", "Linux 6.4 or newer with CONFIG_NF_CONNTRACK"),
	ROW("socket-count", APART, check_sockets, "NUMTCPSOCK (--numtcpsock), and how many TCP sockets a container has",
	    "Linux 5.18 or newer with CONFIG_CGROUP_BPF and CONFIG_DEBUG_INFO_BTF"),
	ROW("ipv6-forwarding", 0, check_forward6, "IPv6 addresses of containers", VZ_DO_FORWARD6),
	ROW("uplinks", 0, check_uplinks, "containers that others reach by their addresses", "correct NEIGHBOUR_DEVS and VE_ROUTE_SRC_DEV in vz.conf, bring the device up"),

	ROW("checkpoint", 0, check_criu, "suspend, resume and migration of running containers", "bring CRIU with tools/get-criu"),
	ROW("pre-copy", 0, check_copy, "migration that moves most memory before the container stands still",
	    "a kernel with CONFIG_MEM_SOFT_DIRTY", .what = "tracking of written memory", .bit = VZ_CRIU_TRACK),
	ROW("post-copy", 0, check_copy, "migration that moves memory after the container runs there",
	    "a kernel with CONFIG_USERFAULTFD, and vm.unprivileged_userfaultfd=1", .what = "userfaultfd", .bit = VZ_CRIU_LAZY),

	ROW("proc", NEEDED, check_proc, "every command", "mount -t proc proc /proc"),
	ROW("directories", NEEDED, check_writable, "state, locks and configuration of containers", "mount the file system read-write"),
	ROW("vz.conf", NEEDED, check_vz_conf, "every command", "correct the line, or take the value out"),
	ROW("configurations", 0, check_ct_confs, "the containers that they are of", "correct the line, or take the value out"),
	ROW("template", PLACED, check_template, "create without --ostemplate", "make one with vztmpl, or change DEF_OSTEMPLATE in vz.conf"),
	ROW("host-ids", 0, check_ids, "containers that share no host id with anybody", "give the user other ids, or containers another VE_ID_RANGE in vz.conf"),
	ROW("vzeventd", 0, check_eventd, "containers that come back when they reboot, and consoles", "start the service vzeventd"),
	ROW("security-modules", 0, check_lsm, "nothing; it is good to know", "run containers on a host where SELinux is permissive, or write a policy"),
	ROW("modprobe", 0, check_command, "modules of FEATURES, loaded at a start", "install kmod", .what = "modprobe"),
	ROW("dnsmasq", 0, check_command, "DHCP and names in guest LANs (vznet --dhcp)", "install dnsmasq-base", .what = "dnsmasq"),
};
/* clang-format on */
#define TABLE_MAX (ARRAY_LEN(rows) + VZ_LAYOUT_COUNT)

/* All rows, the layouts' at their place; returns their number. */
static size_t whole_table(struct row ret[TABLE_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].name) {
			ret[n++] = rows[i];
			continue;
		}
		for (size_t k = 0; k < VZ_LAYOUT_COUNT; k++) {
			const struct vz_layout *l = vz_layouts[k];

			if (!l->refusal)
				ret[n++] = (struct row)ROW(l->need.name, PLACED, check_layout, l->need.use,
							   l->need.remedy, .what = l->name);
		}
	}
	return n;
}

const char *vz_check_word(enum vz_check_verdict v)
{
	switch (v) {
	case VZ_CHECK_OK:
		return "ok";
	case VZ_CHECK_DEGRADED:
		return "degraded";
	case VZ_CHECK_MISSING:
		break;
	}
	return "missing";
}

/* ---- the row's process ---- */

struct answer {
	enum vz_check_verdict verdict;
	char found[VZ_CHECK_FOUND];
	const char *remedy; /* of its process, which has run no other program: the same text is here */
};

/* An empty directory at path; where there is none, the one above it is covered too. */
static int cover(const char *path)
{
	autofree char *at = strdup(path);

	if (!at)
		return -ENOMEM;
	if (access(path, F_OK) < 0)
		*strrchr(at, '/') = 0;
	if (mount("vz-check", at, "tmpfs", 0, "mode=0755") < 0)
		return -errno;
	return vz_mkdir_p(path, 0700);
}

/* What is made now goes with the process; nothing that runs on this host is seen. */
static int go_apart(void)
{
	int r;

	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	r = cover(VZ_RUNDIR);
	return r < 0 ? r : cover(VZ_STATEDIR);
}

static void run_row(const struct row *row, const struct vz_conf *conf, int to)
{
	struct check c = { .conf = conf, .what = row->what, .bit = row->bit };
	struct answer a = { .verdict = VZ_CHECK_MISSING };
	struct vz_err e = { 0 };
	int r;

	/* one that hangs in the kernel outlives us, and must not keep who reads what we print */
	if (dup2(to, 3) < 0)
		_exit(1);
	vz_let_go(4);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)setpgid(0, 0);
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	r = vz_fault("check", &e);
	if (r >= 0)
		r = vz_fault(row->name, &e);
	if (r >= 0 && row->flags & APART)
		r = go_apart();
	if (r < 0)
		(void)check_say(&c, VZ_CHECK_MISSING, "%s", *e.msg ? e.msg : strerror(-r));
	else
		a.verdict = row->probe(&c);
	memcpy(a.found, c.found, sizeof(a.found));
	a.remedy = c.remedy;
	_exit(write(3, &a, sizeof(a)) != sizeof(a));
}

/* ---- the parent ---- */

/* waitpid(2)'s status; -ETIMEDOUT: it hangs in the kernel, and stays a zombie until we end. Not by a
 * pidfd, since a kernel without them is told too. */
static int reap(pid_t pid)
{
	int64_t end = vz_now_ms() + REAP_MS;
	int st;

	for (;;) {
		pid_t r = waitpid(pid, &st, WNOHANG);

		if (r == pid)
			return st;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (!vz_poll_ms(end))
			return -ETIMEDOUT;
		(void)poll(NULL, 0, NAP_MS);
	}
}

/* The answer, or why there is none. Whoever the row's process has started goes with it. -ECANCELED: the
 * user has had enough. */
static int await(pid_t pid, int from, struct answer *ret)
{
	int r = vz_wait_fd(from, POLLIN, vz_now_ms() + DEADLINE_MS), st;
	bool answered = !r && read(from, ret, sizeof(*ret)) == sizeof(*ret);

	(void)kill(-pid, SIGKILL);
	(void)kill(pid, SIGKILL);
	st = reap(pid);
	if (answered) {
		/* words of configuration files are in it; it is put into JSON as it is */
		ret->found[sizeof(ret->found) - 1] = 0;
		vz_escape_plain(ret->found);
		return 0;
	}
	check_cgroup_clean(pid);
	if (r == -ECANCELED)
		return r;
	ret->verdict = VZ_CHECK_MISSING;
	if (r < 0)
		snprintf(ret->found, sizeof(ret->found), "no answer in %d seconds", DEADLINE_MS / 1000);
	else if (st >= 0 && WIFSIGNALED(st))
		snprintf(ret->found, sizeof(ret->found), "the probe was killed by signal %d", WTERMSIG(st));
	else
		snprintf(ret->found, sizeof(ret->found), "the probe gave no answer");
	return 0;
}

/* Not tried yet. */
static struct vz_check describe(const struct row *row)
{
	return (struct vz_check){ .name = row->name,
				  .needed = row->flags & NEEDED,
				  .use = row->use,
				  .remedy = row->remedy };
}

static int try_row(const struct row *row, const struct vz_conf *conf, struct vz_check *ret)
{
	autoclose int from = -EBADF, to = -EBADF;
	struct answer a = { 0 };
	int fds[2], r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	from = fds[0];
	to = fds[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		run_row(row, conf, to);
	close(TAKE_FD(to));
	r = await(pid, from, &a);
	if (r < 0)
		return r;
	*ret = describe(row);
	ret->verdict = a.verdict;
	if (a.remedy)
		ret->remedy = a.remedy;
	memcpy(ret->found, a.found, sizeof(ret->found));
	return 0;
}

int vz_op_check(vz_check_each *each, void *arg, struct vz_err *e)
{
	struct vz_host host = { 0 };
	struct row table[TABLE_MAX];
	size_t n = whole_table(table);
	autostr lacks = { 0 };
	int r = 0;

	/* a broken or absent vz.conf is a row's to tell */
	(void)vz_host_load(&host, NULL, NULL);
	for (size_t i = 0; r >= 0 && i < n; i++) {
		struct vz_check row;

		if (table[i].flags & PLACED && !check_has_places(&host.conf))
			continue;
		r = try_row(&table[i], &host.conf, &row);
		if (r < 0)
			break;
		each(&row, arg);
		if (row.needed && row.verdict == VZ_CHECK_MISSING)
			vz_str_addf(&lacks, "%s%s", lacks.len ? ", " : "", row.name);
	}
	vz_host_free(&host);
	if (r == -ECANCELED)
		return vz_fail(e, VZ_SYSTEM, 0, "Interrupted by a signal");
	if (r < 0)
		return vz_fail(e, VZ_RESOURCE, -r, "cannot try what this host can do");
	return lacks.len ? vz_fail(e, VZ_UNSUITABLE, 0, "This host lacks what every container needs: %s",
				   lacks.s) : 0;
}

void vz_check_rows(vz_check_each *each, void *arg)
{
	struct row table[TABLE_MAX];
	size_t n = whole_table(table);

	for (size_t i = 0; i < n; i++) {
		struct vz_check row = describe(&table[i]);

		each(&row, arg);
	}
}

void vz_check_said(void (*fn)(const char *text, void *arg), void *arg)
{
	vz_said_each(fn, arg);
}

int vz_op_host_facts(struct vz_str *out, struct vz_err *e)
{
	struct vz_host host;
	int r = vz_host_load(&host, NULL, e);

	if (r < 0)
		return r;
	r = vz_cpt_host_facts(&host, out, e);
	vz_host_free(&host);
	return r;
}
