// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table: one row per parameter. Options, files, checks, columns, manuals and completion are
 * loops over it. New keys are written to a file in this order, which is that of INTERFACE 3.3
 * with the beancounters first; what vz.conf alone has comes last. What a parameter does is the
 * row of its .apply bit in lib/apply/effects.c, or stands where its field is read.
 */
#include "param/types-internal.h"

#include "base/own.h"

/* clang-format off */

/* A row of counters.def: what its holder says of the option. */
#define COUNTER(place, KEY, name, letter, unit, title, holder, reading, words, ...)              \
	{                                                                                        \
		.key = #KEY, .opt = #name, .short_opt = letter, .arg = "B[:L]",                  \
		.type = &vz_type_##unit, .at = AT(name),                                         \
		.where = IN_FILE | IN_SET | IN_HOST | COUNTED | WHERE_##holder,                  \
		.apply = APPLY_##holder, .why = WHY_##holder, .text = words, __VA_ARGS__                              \
	},
#define WHERE_NOTHING(reason) UNENFORCED
#define APPLY_NOTHING(reason) 0
#define WHY_NOTHING(reason) reason
#define WHY_DEVPTS NULL
#define WHY_SOCKETS NULL
#define WHY_USERNS NULL
#define WHY_LIMIT(bit, field) NULL
#define WHY_STRICT(bit, field) NULL
#define WHERE_DEVPTS LIVE
#define APPLY_DEVPTS APPLY_UBC
#define WHERE_SOCKETS LIVE
#define APPLY_SOCKETS APPLY_UBC
#define WHERE_USERNS LIVE
#define APPLY_USERNS APPLY_UBC
#define WHERE_LIMIT(bit, field) LIVE
#define APPLY_LIMIT(bit, field) APPLY_UBC
#define WHERE_STRICT(bit, field) LIVE
#define APPLY_STRICT(bit, field) APPLY_UBC

#define CONFIG (IN_SET | NO_RESTART)

#define MODULES \
	"ip_tables|iptable_filter|iptable_mangle|ipt_limit|ipt_multiport|ipt_tos|ipt_TOS|" \
	"ipt_REJECT|ipt_TCPMSS|ipt_tcpmss|ipt_ttl|ipt_LOG|ipt_length|ip_conntrack|"        \
	"ip_conntrack_ftp|ip_conntrack_irc|ipt_conntrack|ipt_state|ipt_helper|"            \
	"iptable_nat|ip_nat_ftp|ip_nat_irc|ipt_REDIRECT|xt_mac|ipt_recent|ipt_owner"

#define CAPABILITIES \
	"CHOWN|DAC_OVERRIDE|DAC_READ_SEARCH|FOWNER|FSETID|FS_MASK|KILL|SETGID|SETUID|"    \
	"SETPCAP|LINUX_IMMUTABLE|NET_BIND_SERVICE|NET_BROADCAST|NET_ADMIN|NET_RAW|"        \
	"IPC_LOCK|IPC_OWNER|SYS_MODULE|SYS_RAWIO|SYS_CHROOT|SYS_PTRACE|SYS_PACCT|"         \
	"SYS_ADMIN|SYS_BOOT|SYS_NICE|SYS_RESOURCE|SYS_TTY_CONFIG|SYS_TIME|MKNOD|LEASE|"    \
	"AUDIT_WRITE|VE_ADMIN|SETFCAP"

const struct vz_param vz_params[] = {
#include "param/counters.def"
	{
		.opt = "ram", .arg = "BYTES",
		.type = &vz_type_memory, .at = AT(physpages),
		.where = IN_SET | IN_HOST | LIVE, .apply = APPLY_UBC,
		.text = "RAM in bytes, rounded up to pages; written as PHYSPAGES. A running container "
			"gives back what it can; less than that is refused, and nothing in it is killed.",
	},
	{
		.opt = "swap", .arg = "BYTES",
		.type = &vz_type_memory, .at = AT(swappages),
		.where = IN_SET | IN_HOST | LIVE, .apply = APPLY_UBC,
		.text = "Swap in bytes, rounded up to pages; written as SWAPPAGES.",
	},
	{
		.key = "LOCKDIR",
		.type = &vz_type_path, .at = AT(lockdir),
		.where = IN_FILE | IN_GLOBAL,
		.text = "Directory of lock files.",
	},
	{
		.key = "DUMPDIR",
		.type = &vz_type_path, .at = AT(dumpdir),
		.where = IN_FILE | IN_GLOBAL,
		.text = "Directory of memory images of suspended containers.",
	},
	{
		.key = "LOGGING",
		.type = &vz_type_yesno, .at = AT(logging), .dflt = "yes",
		.where = IN_FILE | IN_GLOBAL | UNENFORCED,
		.text = "Accepted for old files; only an absent LOGFILE turns logging off.",
	},
	{
		.key = "LOG_LEVEL",
		.type = &vz_type_u64, .at = AT(log_level), .max = 100, .dflt = "0",
		.where = IN_FILE | IN_GLOBAL,
		.text = "Messages up to this level go into the log file.",
	},
	{
		.key = "LOGFILE",
		.type = &vz_type_path, .at = AT(logfile),
		.where = IN_FILE | IN_GLOBAL,
		.text = "Log file; without it nothing is logged. It is never waited for: lines that it does not take, as a "
			"FIFO that nobody reads, are lost, and a warning says so.",
	},
	{
		.key = "VERBOSE",
		.type = &vz_type_u64, .at = AT(verbose), .max = 100, .dflt = "0",
		.where = IN_FILE | IN_GLOBAL,
		.text = "Messages up to this level are printed; --verbose overrides it.",
	},
	{
		.key = "IPTABLES", .opt = "iptables", .arg = "NAME",
		.type = &vz_type_modules, .at = AT(iptables),
		.words = MODULES,
		.where = IN_FILE | IN_SET | REPLACES, .restart = "set iptables/netfilter",
		.text = "Old list of packet filter modules; NETFILTER took its place. Without "
			"that, the list stands for a level: one with a module of address "
			"translation for full, one with connection tracking for stateful, any "
			"other for stateless.",
	},
	{
		.key = "NETFILTER", .opt = "netfilter", .arg = "MODE",
		.type = &vz_type_word, .at = AT(netfilter),
		.words = "disabled|stateless|stateful|full",
		.dflt = "stateless",
		.where = IN_FILE | IN_SET, .restart = "set iptables/netfilter",
		.col = { "netfilter", "NETFILTER", -9 },
		.text = "How much of the packet filter the container may use: none; filters and "
			"mangling without connection tracking; connection tracking but no "
			"address translation; or all. The socket options of the old iptables "
			"(iptables-legacy, ebtables-legacy) need full.",
	},
	{
		.key = "NUMCONNTRACK", .opt = "numconntrack", .arg = "N",
		.type = &vz_type_u64_last, .at = AT(numconntrack), .max = UINT32_MAX, .dflt = "0",
		.where = IN_FILE | IN_SET | LIVE, .apply = APPLY_CONNTRACK,
		.text = "Entries of connection tracking in the container's network namespace; "
			"packets that would make more are dropped. 0 is no limit but "
			"net.netfilter.nf_conntrack_max of the host, which each namespace may "
			"reach. Namespaces that the container makes itself count apart. Needs "
			"Linux 6.4.",
	},
	{ /* a Debian with a session of a user has 60, 6 deep; 20,000 took 215 MB of the host */
		.key = "NUMCGROUPS", .opt = "numcgroups", .arg = "N",
		.type = &vz_type_items, .at = AT(numcgroups), .dflt = "1024",
		.where = IN_FILE | IN_SET | LIVE, .apply = APPLY_UBC,
		.text = "Control groups that the container may make: about one for each service "
			"and session of a systemd, and as many again for each container inside. "
			"Each takes 10 to 20 kB of the host's memory that no limit of RAM "
			"counts.",
	},
	{
		.key = "CGROUPDEPTH", .opt = "cgroupdepth", .arg = "N",
		.type = &vz_type_items, .at = AT(cgroupdepth), .dflt = "32",
		.where = IN_FILE | IN_SET | LIVE, .apply = APPLY_UBC,
		.text = "How deep control groups may be nested in the container; a systemd needs "
			"6, and 8 more for each container in a container.",
	},
	{
		.key = "CAPABILITY", .opt = "capability", .arg = "NAME:on|off",
		.type = &vz_type_capability, .at = AT(capability),
		.words = CAPABILITIES,
		.where = IN_FILE | IN_SET, .restart = "set capability",
		.col = { "capability", "CAPABILITY", -15 },
		.text = "Capabilities of root in the container, beside or against the default "
			"set, as NAME:on or NAME:off without CAP_.",
	},
	{
		.key = "IP_ADDRESS", .opt = "ipadd", .opt_del = "ipdel", .arg = "ADDR[/MASK]",
		.type = &vz_type_ips, .at = AT(ip_address),
		.where = IN_FILE | IN_CREATE | IN_SET | LIVE | NOT_SAMPLE, .apply = APPLY_NET,
		.text = "Addresses of the container on its device venet0, routed by the host. A "
			"prefix length is for the scripts of the distribution only.",
	},
	{
		.key = "NETDEV", .opt = "netdev_add", .opt_del = "netdev_del", .arg = "DEVICE",
		.type = &vz_type_netdevs, .at = AT(netdev),
		.where = IN_FILE | IN_SET | LIVE, .apply = APPLY_NETDEV,
		.text = "Network devices that the container gets for itself and the host has back "
			"when it stops: a name; or macvlan@PARENT[:MODE], ipvlan@PARENT[:MODE] or "
			"vlan@PARENT:ID, made on a device that stays on the host, with ,NAME for "
			"its name inside.",
	},
	{
		.key = "HOSTNAME", .opt = "hostname", .arg = "NAME",
		.type = &vz_type_hostname, .at = AT(hostname),
		.where = IN_FILE | IN_CREATE | IN_SET | LIVE | NOT_SAMPLE,
		.apply = APPLY_HOSTNAME, .col = { "hostname", "HOSTNAME", -32 },
		.text = "Host name of the container.",
	},
	{
		.key = "DESCRIPTION", .opt = "description", .arg = "TEXT",
		.type = &vz_type_text, .at = AT(description),
		.where = IN_FILE | IN_CREATE | CONFIG | NOT_SAMPLE,
		.col = { "description", "DESCRIPTION", -32 },
		.text = "Free text about the container, one line.",
	},
	{
		.key = "NAMESERVER", .opt = "nameserver", .arg = "ADDR",
		.type = &vz_type_nameservers, .at = AT(nameserver),
		.where = IN_FILE | IN_SET | REPLACES | LIVE,
		.apply = APPLY_DNS, .col = { "nameserver", "NAMESERVER", -15 },
		.text = "Addresses of DNS servers, or inherit for those of the host.",
	},
	{
		.key = "IPV6",
		.type = &vz_type_yesno, .at = AT(ipv6), .dflt = "yes",
		.where = IN_FILE | IN_GLOBAL,
		.text = "Whether containers get IPv6 addresses.",
	},
	{
		.key = "SEARCHDOMAIN", .opt = "searchdomain", .arg = "DOMAIN",
		.type = &vz_type_domains, .at = AT(searchdomain),
		.where = IN_FILE | IN_SET | REPLACES | LIVE,
		.apply = APPLY_DNS, .col = { "searchdomain", "SEARCHDOMAIN", -15 },
		.text = "Domains in which DNS names are looked up.",
	},
	{
		.key = "DEVICES", .opt = "devices", .arg = "b|c:MAJ:MIN|all:PERM",
		.type = &vz_type_devices, .at = AT(devices),
		.where = IN_FILE | IN_SET | LIVE, .apply = APPLY_DEVICES,
		.text = "Devices the container may use, by number: b or c, major, minor or all, "
			"and r, w, q or none.",
	},
	{
		.key = "DEVNODES", .opt = "devnodes", .arg = "NAME:PERM",
		.type = &vz_type_devnodes, .at = AT(devnodes),
		.where = IN_FILE | IN_SET | LIVE, .apply = APPLY_DEVICES,
		.text = "Devices the container may use, by name below /dev, and r, w, q or none. "
			"The node appears in the container's /dev, or goes, at once.",
	},
	{
		.key = "PCI", .opt = "pci_add", .opt_del = "pci_del", .arg = "[DDDD:]BB:SS.F",
		.type = &vz_type_pci, .at = AT(pci),
		.where = IN_FILE | IN_SET | LIVE, .apply = APPLY_DEVICES,
		.text = "PCI devices of the host that the container may use: it gets the device "
			"nodes they have, such as /dev/dri/card0 or /dev/nvme0n1, and the right "
			"to use them.",
	},
	{
		.key = "VE_ROOT", .opt = "root", .arg = "PATH",
		.type = &vz_type_path, .at = AT(ve_root),
		.where = IN_FILE | IN_CREATE | CONFIG | NOT_SAMPLE,
		.col = { "root", "ROOT", -32 },
		.text = "Where the container is mounted; $VEID stands for its id.",
	},
	{
		.key = "VE_PRIVATE", .opt = "private", .arg = "PATH",
		.type = &vz_type_path, .at = AT(ve_private),
		.where = IN_FILE | IN_CREATE | CONFIG | NOT_SAMPLE,
		.col = { "private", "PRIVATE", -32 },
		.text = "Where the files of the container are; $VEID stands for its id.",
	},
	{
		.key = "TEMPLATE",
		.type = &vz_type_path, .at = AT(template),
		.where = IN_FILE | IN_GLOBAL,
		.text = "Directory of templates; their tarballs are in cache/ below it.",
	},
	{
		.key = "MOUNT_OPTS", .opt = "mount_opts", .arg = "OPT,OPT",
		.type = &vz_type_text, .at = AT(mount_opts),
		.where = IN_FILE | IN_SET, .restart = "change mount options",
		.col = { "mount_opts", "MOUNT_OPTS", -16 },
		.text = "Mount options of a ploop image. Kept and shown, not used by the other "
			"layouts.",
	},
	{
		.key = "VE_LAYOUT", .opt = "layout", .arg = "LAYOUT",
		.type = &vz_type_layout, .at = AT(ve_layout), .words = "simfs|overlay|ploop",
		.where = IN_FILE | IN_CREATE | NOT_SAMPLE, .col = { "layout", "LAYOUT", -6 },
		.text = "How files are kept: simfs, a directory of its own; overlay, a writable "
			"layer over a base that containers of one template share; ploop, an "
			"image.",
	},
	{
		.key = "OSTEMPLATE", .opt = "ostemplate", .arg = "NAME",
		.type = &vz_type_template, .at = AT(ostemplate),
		.where = IN_FILE | IN_CREATE | CONFIG | NEEDS_SAVE | NOT_SAMPLE,
		.col = { "ostemplate", "OSTEMPLATE", -32 },
		.text = "Template the container is made from, a name without .tar.",
	},
	{
		.key = "DEF_OSTEMPLATE",
		.type = &vz_type_template, .at = AT(def_ostemplate),
		.where = IN_FILE | IN_GLOBAL,
		.text = "Template for create when none is given.",
	},
	{
		.key = "CPUUNITS", .opt = "cpuunits", .arg = "N",
		.type = &vz_type_u64, .at = AT(cpuunits), .min = 8, .max = 500000, .dflt = "1000",
		.where = IN_FILE | IN_SET | IN_HOST | LIVE, .apply = APPLY_CPU,
		.col = { "cpuunits", "CPUUNI", 7 },
		.text = "Share of CPU time relative to the other containers. Only the ratio "
			"between two containers matters. A kernel with cgroup v2 alone holds 10 to 100000, one with v1 up "
			"to 256000; set warns of a share outside, and vzlist shows the one that holds.",
	},
	{
		.key = "CPUUWEIGHT", .opt = "cpuweight", .arg = "N",
		.type = &vz_type_u64, .at = AT(cpuweight), .min = 1, .max = 62500,
		.where = IN_FILE | IN_SET | LIVE, .apply = APPLY_CPU,
		.text = "Share of CPU time in the old scheduler's words: 500000 divided by "
			"CPUUNITS. CPUUNITS wins.",
	},
	{
		.key = "CPULIMIT", .opt = "cpulimit", .arg = "N[%]",
		.type = &vz_type_cpulimit, .at = AT(cpulimit), .max = INT32_MAX, .dflt = "0",
		.where = IN_FILE | IN_SET | LIVE, .apply = APPLY_CPU,
		.col = { "cpulimit", "CPULIM", 7 },
		.text = "CPU time the container may use at most, in percent of one CPU; 0 is no "
			"limit. N% is a share of the whole host.",
	},
	{
		.key = "CPUBURST", .opt = "cpuburst", .arg = "N[%]",
		.type = &vz_type_cpulimit, .at = AT(cpuburst), .max = INT32_MAX, .dflt = "0",
		.where = IN_FILE | IN_SET | LIVE, .apply = APPLY_CPU,
		.col = { "cpuburst", "CPUBURST", 8 },
		.text = "CPU time beyond CPULIMIT that the container may use in a tenth of a second, in percent of one CPU, "
			"once it has used so much less before; in the long run CPULIMIT holds. At most CPULIMIT; 0 is none. "
			"Needs Linux 5.14.",
	},
	{
		.key = "CPUS", .opt = "cpus", .arg = "N",
		.type = &vz_type_u64, .at = AT(cpus), .max = 65535,
		.where = IN_FILE | IN_SET | LIVE, .apply = APPLY_CPU,
		.col = { "cpus", "CPUS", 5 },
		.text = "Number of CPUs of the container; 0 is no limit, and more than the host has are all that it has. "
			"It is held on so many of those of CPUMASK, on which the fewest other containers are held, and may "
			"use their time at most. sched_getaffinity(2) and nproc(1) tell that number inside; /proc/cpuinfo, "
			"/proc/stat and /sys tell of the host. The choice is made at a start, at a resume, and when set "
			"changes it.",
	},
	{
		.key = "CPUMASK", .opt = "cpumask", .arg = "LIST|auto|all",
		.type = &vz_type_cpulist, .at = AT(cpumask), .words = "all|auto",
		.where = IN_FILE | IN_SET | LIVE, .apply = APPLY_CPU,
		.col = { "cpumask", "CPUMASK", -15 },
		.text = "CPUs of the host on which the container runs, such as 0-3,6; auto takes "
			"those of NODEMASK. With CPUS, those of which it gets so many.",
	},
	{
		.key = "NODEMASK", .opt = "nodemask", .arg = "LIST|all",
		.type = &vz_type_cpulist, .at = AT(nodemask), .words = "all",
		.where = IN_FILE | IN_SET | LIVE, .apply = APPLY_CPU,
		.col = { "nodemask", "NODEMASK", -15 },
		.text = "NUMA nodes from which the container gets memory.",
	},
	{
		.key = "ONBOOT", .opt = "onboot", .arg = "yes|no",
		.type = &vz_type_yesno, .at = AT(onboot),
		.where = IN_FILE | CONFIG, .col = { "onboot", "ONBOOT", 6 },
		.text = "Start the container when the host boots. Not set: start it if it ran "
			"when the host stopped.",
	},
	{
		.key = "CONFIGFILE",
		.type = &vz_type_component, .at = AT(configfile),
		.where = IN_FILE | IN_GLOBAL,
		.text = "Sample configuration for create when none is given.",
	},
	{
		.key = "ORIGIN_SAMPLE",
		.type = &vz_type_component, .at = AT(origin_sample),
		.where = IN_FILE | NOT_SAMPLE, .col = { "origin_sample", "ORIGIN_SAMPLE", -32 },
		.text = "Sample from which the configuration was made.",
	},
	{
		.key = "DISABLED", .opt = "disabled", .arg = "yes|no",
		.type = &vz_type_yesno, .at = AT(disabled), .dflt = "no",
		.where = IN_FILE | CONFIG, .col = { "disabled", "DISABL", 6 },
		.text = "Refuse to start the container, except with --force.",
	},
	{
		.key = "LOCAL_UID", .opt = "local_uid", .arg = "UID",
		.type = &vz_type_u64, .at = AT(local_uid), .max = UINT32_MAX - 65536,
		.where = IN_FILE | IN_CREATE | NOT_SAMPLE,
		.text = "First host user id of the container; it takes 65536. 0 means no user "
			"namespace: root inside is root of the host.",
	},
	{
		.key = "LOCAL_GID", .opt = "local_gid", .arg = "GID",
		.type = &vz_type_u64, .at = AT(local_gid), .max = UINT32_MAX - 65536,
		.where = IN_FILE | IN_CREATE | NOT_SAMPLE,
		.text = "First host group id of the container, as LOCAL_UID.",
	},
	{
		.key = "DISK_QUOTA", .opt = "diskquota", .arg = "yes|no",
		.type = &vz_type_yesno, .at = AT(disk_quota), .dflt = "yes",
		.where = IN_FILE | IN_SET, .restart = "switch DISK_QUOTA on or off",
		.text = "Whether disk limits are in force. Kept and shown, not enforced in this "
			"version.",
	},
	{
		.key = "DISKSPACE", .opt = "diskspace", .arg = "S[:H]",
		.type = &vz_type_diskspace, .at = AT(diskspace),
		.where = IN_FILE | IN_CREATE | IN_SET | UNENFORCED,
		.text = "Disk space, soft and hard limit in KiB.",
	},
	{
		.key = "DISKINODES", .opt = "diskinodes", .arg = "S[:H]",
		.type = &vz_type_diskinodes, .at = AT(diskinodes),
		.where = IN_FILE | IN_CREATE | IN_SET | UNENFORCED,
		.text = "Number of files, soft and hard limit.",
	},
	{
		.key = "QUOTATIME", .opt = "quotatime", .arg = "SECONDS",
		.type = &vz_type_u64, .at = AT(quotatime), .max = INT32_MAX, .dflt = "0",
		.where = IN_FILE | IN_SET | UNENFORCED,
		.text = "Seconds for which the soft disk limit may be exceeded.",
	},
	{
		.key = "QUOTAUGIDLIMIT", .opt = "quotaugidlimit", .arg = "N",
		.type = &vz_type_u64, .at = AT(quotaugidlimit), .max = INT32_MAX, .dflt = "0",
		.where = IN_FILE | IN_SET | UNENFORCED,
		.text = "Number of users and groups with a disk quota inside; 0 is none.",
	},
	{
		.key = "MEMINFO", .opt = "meminfo", .arg = "none|pages:N|privvmpages:N",
		.type = &vz_type_meminfo, .at = AT(meminfo),
		.where = IN_FILE | IN_SET | UNENFORCED,
		.text = "What /proc/meminfo shows inside.",
	},
	{
		.key = "NETIF", .opt = "netif_add", .opt_del = "netif_del",
		.arg = "IFNAME[,MAC[,HOST_IFNAME[,HOST_MAC[,BRIDGE]]]]",
		.type = &vz_type_netif, .at = AT(netif),
		.where = IN_FILE | IN_SET | LIVE | NOT_SAMPLE, .apply = APPLY_VETH,
		.text = "Virtual Ethernet devices of the container: name, hardware address "
			"inside, name and hardware address on the host, bridge. What is left out "
			"is made up and saved.",
	},
	{
		.key = "VEID",
		.type = &vz_type_u64, .at = AT(veid), .max = INT32_MAX,
		.where = IN_FILE | NOT_SAMPLE,
		.text = "Id of the container, for the reader only.",
	},
	{
		.key = "NAME", .opt = "name", .arg = "NAME",
		.type = &vz_type_name, .at = AT(name),
		.where = IN_FILE | IN_CREATE | CONFIG | NEEDS_SAVE | NOT_SAMPLE,
		.unsaved = VZ_SET_NAME_ERROR, .col = { "name", "NAME", -32 },
		.text = "Name under which commands know the container; letters, digits, blank "
			"and -+_. may be in it.",
	},
	{
		.key = "FEATURES", .opt = "features", .arg = "NAME:on|off",
		.type = &vz_type_features, .at = AT(features),
		.words = "sysfs|nfs|nfsd|sit|ipip|ppp|ipgre|bridge|tun|fuse|wireguard|nesting|"
			 "landlock|privileged",
		.where = IN_FILE | IN_SET, .restart = "set features",
		.col = { "features", "FEATURES", -15 },
		.text = "Switches beyond the rest; all but sysfs are off. tun, ppp and fuse give "
			"/dev/net/tun, /dev/ppp and /dev/fuse; sit, ipip, ipgre, wireguard, "
			"bridge and ppp allow network devices of that kind; nfs and nfsd need "
			"privileged. nesting allows nested namespaces inside, so that podman and docker "
			"run, and bridge, fuse and tun unless they are off (such a container cannot "
			"be checkpointed); landlock lets programs confine themselves by Landlock, which a "
			"checkpoint would lose, so it is refused then; privileged runs "
			"it without a user namespace, so that root inside is root of the host.",
	},
	{
		.key = "IOPRIO", .opt = "ioprio", .arg = "N",
		.type = &vz_type_u64_last, .at = AT(ioprio), .max = 7, .dflt = "4",
		.where = IN_FILE | IN_SET | IN_HOST | LIVE, .apply = APPLY_IO,
		.col = { "ioprio", "IOP", 3 },
		.text = "Priority of disk access, 7 is the highest.",
	},
	{
		.key = "IOLIMIT", .opt = "iolimit", .arg = "MB/S",
		.type = &vz_type_iolimit, .at = AT(iolimit), .max = INT32_MAX, .dflt = "0",
		.where = IN_FILE | IN_SET | IN_HOST | LIVE, .apply = APPLY_IO,
		.col = { "iolimit", "IOLIMIT", 10 },
		.text = "Disk throughput; 0 is no limit. A bare number is megabytes per second "
			"on the command line and bytes per second in the file.",
	},
	{
		.key = "IOPSLIMIT", .opt = "iopslimit", .arg = "N",
		.type = &vz_type_u64_last, .at = AT(iopslimit), .max = INT32_MAX, .dflt = "0",
		.where = IN_FILE | IN_SET | IN_HOST | LIVE, .apply = APPLY_IO,
		.col = { "iopslimit", "IOPS", 4 },
		.text = "Disk operations per second; 0 is no limit.",
	},
	{
		.key = "RATE", .opt = "rate", .arg = "IN[:OUT]",
		.type = &vz_type_rate, .at = AT(rate), .dflt = "0",
		.where = IN_FILE | IN_CREATE | IN_SET | LIVE, .apply = APPLY_RATE,
		.text = "Network throughput to the container, on each of its devices, and from "
			"it, on all together; one value is for both. Bits per second of Ethernet "
			"frames, with the decimal suffixes k, m, g; 0 or unlimited is no limit. The "
			"form DEV:CLASS:KBITS of Virtuozzo limits what the container sends, on every "
			"device and of every class above 0.",
	},
	{
		.key = "BOOTORDER", .opt = "bootorder", .arg = "N",
		.type = &vz_type_u64, .at = AT(bootorder), .max = INT32_MAX,
		.where = IN_FILE | CONFIG, .col = { "bootorder", "BOOTORDER", 10 },
		.text = "Containers with a higher number start earlier when the host boots.",
	},
	{
		.key = "START_TIMEOUT", .opt = "start-timeout", .arg = "SECONDS",
		.type = &vz_type_u64, .at = AT(start_timeout), .max = INT32_MAX, .dflt = "300",
		.where = IN_FILE | CONFIG | NEEDS_SAVE,
		.text = "Seconds that start --wait waits at most until the container is up; 0 means "
			"300.",
	},
	{
		.key = "STOP_TIMEOUT", .opt = "stop-timeout", .arg = "SECONDS",
		.type = &vz_type_u64, .at = AT(stop_timeout), .max = INT32_MAX, .dflt = "120",
		.where = IN_FILE | CONFIG | NEEDS_SAVE,
		.text = "Seconds the container has to shut down before it is killed; 0 means "
			"120.",
	},
	{
		.key = "VM_OVERCOMMIT", .opt = "vm_overcommit", .arg = "RATIO",
		.type = &vz_type_ratio, .at = AT(vm_overcommit), .dflt = "0",
		.where = IN_FILE | IN_SET | UNENFORCED, .col = { "vm_overcommit", "VM_OVC", 6 },
		.text = "Ratio of allocatable memory to RAM and swap; 0 is none.",
	},
	{
		.key = "VE_ID_RANGE",
		.type = &vz_type_idrange, .at = AT(id_range), .dflt = "1879048192-2147352575",
		.where = IN_FILE | IN_GLOBAL,
		.text = "Host ids that containers may use, first-last; every container with a "
			"user namespace takes 65536 of them for itself.",
	},
	{
		.key = "VIRTUOZZO",
		.type = &vz_type_text, .at = AT(virtuozzo), .dflt = "yes",
		.where = IN_FILE | IN_GLOBAL,
		.text = "The service does nothing unless this is yes.",
	},
	{
		.key = "VE0CPUUNITS",
		.type = &vz_type_u64, .at = AT(ve0cpuunits), .min = 8, .max = 500000,
		.dflt = "1000",
		.where = IN_FILE | IN_GLOBAL,
		.text = "Share of CPU time of the host itself.",
	},
	{
		.key = "VE_STOP_MODE",
		.type = &vz_type_word, .at = AT(ve_stop_mode), .words = "suspend|stop",
		.dflt = "suspend",
		.where = IN_FILE | IN_GLOBAL,
		.text = "What the service does with running containers when it stops.",
	},
	{
		.key = "VE_PARALLEL",
		.type = &vz_type_u64, .at = AT(ve_parallel), .min = 1, .max = 4096,
		.where = IN_FILE | IN_GLOBAL,
		.text = "How many containers the service starts or stops at once; not set: four "
			"for each CPU.",
	},
	{
		.key = "VE_ROUTE_SRC_DEV",
		.type = &vz_type_text, .at = AT(ve_route_src_dev),
		.where = IN_FILE | IN_GLOBAL,
		.text = "Device whose address is the source of the routes to containers; without "
			"it the kernel chooses. The kernel drops the routes when this address goes.",
	},
	{
		.key = "NEIGHBOUR_DEVS",
		.type = &vz_type_text, .at = AT(neighbour_devs), .dflt = "all",
		.where = IN_FILE | IN_GLOBAL,
		.text = "Devices of the host on which addresses of containers are answered for and "
			"announced: all that are up and have an address; detect, those with an "
			"address in the same subnet; or list: and names.",
	},
	{
		.key = "DCACHE",
		.type = &vz_type_bytes, .at = AT(dcachesize),
		.where = IN_FILE | RETIRED,
		.text = "Old name of DCACHESIZE.",
	},
	{
		.key = "IPTENTRIES",
		.type = &vz_type_items, .at = AT(numiptent),
		.where = IN_FILE | RETIRED,
		.text = "Old name of NUMIPTENT.",
	},
	{
		.key = "VETH",
		.type = &vz_type_retired,
		.where = IN_FILE | RETIRED,
		.text = "Old list of veth devices; NETIF took its place. Accepted and left in "
			"the file, unused.",
	},
	{
		.key = "CONFIG_CUSTOMIZED",
		.type = &vz_type_retired,
		.where = IN_FILE | RETIRED,
		.text = "Mark of old configuration tools. Accepted and left in the file, unused.",
	},
	{
		.key = "VZFASTBOOT",
		.type = &vz_type_retired,
		.where = IN_FILE | RETIRED,
		.text = "Order of quota checks at boot of the old service. Accepted and left in "
			"the file, unused.",
	},
	{
		.key = "VZWDOG",
		.type = &vz_type_retired,
		.where = IN_FILE | RETIRED,
		.text = "Old watchdog module. Accepted and left in the file, unused.",
	},
	{
		.key = "MODULES_DISABLED",
		.type = &vz_type_retired,
		.where = IN_FILE | RETIRED,
		.text = "Whether the old service loaded kernel modules. Accepted and left in the "
			"file, unused.",
	},
	{
		.key = "IPTABLES_MODULES",
		.type = &vz_type_retired,
		.where = IN_FILE | RETIRED,
		.text = "Modules the old service loaded. Accepted and left in the file, unused.",
	},
	{
		.key = "IP6TABLES",
		.type = &vz_type_retired,
		.where = IN_FILE | RETIRED,
		.text = "IPv6 modules the old service loaded. Accepted and left in the file, "
			"unused.",
	},
	{
		.key = "SKIP_SYSCTL_SETUP",
		.type = &vz_type_retired,
		.where = IN_FILE | RETIRED,
		.text = "Whether the old service changed /etc/sysctl.conf. Accepted and left in "
			"the file, unused.",
	},
	{
		.key = "SKIP_ARPDETECT",
		.type = &vz_type_yesno, .at = AT(skip_arpdetect), .dflt = "no",
		.where = IN_FILE | IN_GLOBAL,
		.text = "Whether addresses are taken without looking for a second owner on the "
			"wire.",
	},
	{
		.key = "ERROR_ON_ARPFAIL",
		.type = &vz_type_yesno, .at = AT(error_on_arpfail), .dflt = "no",
		.where = IN_FILE | IN_GLOBAL,
		.text = "Whether a second owner of an address on the wire is an error; then start "
			"and set wait a second for one. Otherwise it is a warning.",
	},
	{
		.key = "FORCE_ROUTE",
		.type = &vz_type_yesno, .at = AT(force_route), .dflt = "no",
		.where = IN_FILE | IN_GLOBAL,
		.text = "Whether an address takes the place of a route that the host has to it "
			"already, unless that is another container's.",
	},
	{
		.key = "VENET_DIRECT",
		.type = &vz_type_word, .at = AT(venet_direct), .dflt = "auto",
		.words = "auto|yes|no",
		.where = IN_FILE | IN_GLOBAL,
		.text = "Whether traffic between the venet addresses of containers of this host "
			"goes straight from one to the other, which is faster, or is forwarded by "
			"the host. The host's routes decide in any case who gets it, it is guarded "
			"and counted, and a rate is kept. With auto it goes straight as long as "
			"the host has no rule that would look at it: none of nftables or iptables "
			"for packets on their way through, no connection tracking, no IPsec "
			"policy, no routing rule; that is asked for each packet, and takes Linux "
			"6.2. With yes it goes straight past those rules, between containers "
			"that were both started so. With no the host always forwards it. What "
			"went straight keeps its TTL and is not seen by a capture, a chain or a "
			"queueing discipline on the receiver's device of the host.",
	},
};

/* clang-format on */

const size_t vz_nparams = ARRAY_LEN(vz_params);
