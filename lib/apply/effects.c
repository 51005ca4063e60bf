// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of what parameters do, and its loops; see effects.h. What a row calls is done elsewhere. */
#include "apply/effects.h"
#include "apply/conntrack-limit.h"
#include "apply/devnodes.h"
#include "apply/hostname.h"
#include "apply/nics.h"
#include "apply/signals.h"
#include "apply/terminals.h"
#include "base/log.h"
#include "base/own.h"
#include "ct/once.h"
#include "distro/dist-run.h"
#include "fs/dev.h"
#include "guard/rate.h"
#include "res/res.h"

/* ---- the group ---- */

/* The rest of an effect, after a part that this kernel may not have held: r, or why the rest failed. */
static int and_rest(int r, int rest, const struct vz_err *why, struct vz_err *e)
{
	if (rest >= 0)
		return r;
	if (e)
		*e = *why;
	return rest;
}

static int live_limits(const struct vz_setting *s, struct vz_err *e)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	struct vz_cg_limits l = { 0 };
	int r = vz_cg_open(s->ct->id, NULL, &cg, e);

	s->row->limits(s->conf, &l);
	return r < 0 ? r : vz_res_apply(cg, &l, e);
}

/* Counters that other parts of the kernel than the group hold. */
static int start_counters(const struct vz_starting *s, struct vz_err *e)
{
	(void)e;
	s->spec->terminals = vz_terminals(&s->ct->conf);
	s->spec->signals = vz_signals(&s->ct->conf);
	return 0;
}

static int start_sockets(const struct vz_starting *s, struct vz_err *e)
{
	return vz_res_sockets(s->cg, &s->ct->conf, VZ_SOCKETS_BEGIN | (s->restore ? 0 : VZ_SOCKETS_BOUND), e);
}

/* CRIU has made them all, and had some of its own beside. */
static int bound_sockets(const struct vz_starting *s, struct vz_err *e)
{
	return s->ct->conf.numtcpsock.set ? vz_res_sockets(s->cg, &s->ct->conf, VZ_SOCKETS_BOUND, e) : 0;
}

/* Who asks now for what the host cannot hold is refused; what only the file says is skipped, as at a start. */
static int live_group(const struct vz_setting *s, struct vz_err *e)
{
	int r = vz_res_counters_held(&s->g->add, e);

	return r < 0 ? r : live_limits(s, e);
}

static int live_terminals(const struct vz_setting *s, struct vz_err *e)
{
	return vz_terminals_set(s->ct, s->conf, e);
}

static int live_signals(const struct vz_setting *s, struct vz_err *e)
{
	return vz_signals_set(s->ct, &s->g->add, e);
}

static int live_sockets(const struct vz_setting *s, struct vz_err *e)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	int r = s->g->add.numtcpsock.set || s->g->reset_ub ? vz_cg_open(s->ct->id, NULL, &cg, e) : 0;

	return r < 0 || !cg ? r : vz_res_sockets(cg, s->conf, VZ_SOCKETS_BOUND, e);
}

/* Each part that this kernel cannot hold is told, the last one by the caller; the others are in force. */
static int live_counters(const struct vz_setting *s, struct vz_err *e)
{
	static int (*const parts[])(const struct vz_setting *s, struct vz_err *e) = {
		live_group, live_terminals, live_signals, live_sockets,
	};

	int lacking = 0;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct vz_err why = { 0 };
		int r = parts[i](s, &why);

		if (r >= 0)
			continue;
		if (lacking)
			vz_log(-1, "Warning: %s, skipping", e->msg);
		*e = why;
		if (r != -EOPNOTSUPP)
			return r;
		lacking = r;
	}
	return lacking;
}

/* The kernel only says that the argument is invalid, here and at a start. */
static int live_cpu(const struct vz_setting *s, struct vz_err *e)
{
	int r = vz_res_cpu_possible(&s->g->add, e);

	return r < 0 ? r : live_limits(s, e);
}

static int start_masks(const struct vz_starting *s, struct vz_err *e)
{
	return vz_res_masks_possible(&s->ct->conf, e);
}

static void say_cpuunits(const struct vz_conf *c)
{
	vz_log(0, "Setting CPU units: %llu",
	       (unsigned long long)(c->cpuunits.set ? c->cpuunits.v : vz_param_default("CPUUNITS")));
}

static void announce_cpu(const struct vz_conf *c)
{
	if (c->cpuunits.set)
		say_cpuunits(c);
	if (c->cpulimit.set)
		vz_log(0, "Setting CPU limit: %llu", (unsigned long long)c->cpulimit.v);
	if (c->cpuburst.set)
		vz_log(0, "Setting CPU burst: %llu", (unsigned long long)c->cpuburst.v);
	if (c->cpus.set)
		vz_log(0, "Setting CPUs: %llu", (unsigned long long)c->cpus.v);
}

static void say_limit(const char *what, const struct vz_pu64 *v, const char *unit)
{
	if (v->set)
		vz_log(0, "Setting %s: %llu%s%s", what, (unsigned long long)v->v,
		       v->v ? " " : " (unlimited)", v->v ? unit : "");
}

static void announce_io(const struct vz_conf *c)
{
	say_limit("iolimit", &c->iolimit, "bytes/sec");
	say_limit("iopslimit", &c->iopslimit, "iops");
}

static void say_no_io(const struct vz_conf *c)
{
	vz_log(0, "Warning: %s not supported by the kernel, skipping",
	       c->iolimit.set ? "iolimit" : c->iopslimit.set ? "iopslimit" : "ioprio");
}

/* ---- devices ---- */

static int start_pci_scripts(const struct vz_starting *s, struct vz_err *e)
{
	return vz_pci_scripts(s->ct, &s->ct->conf.pci, NULL, true, e);
}

static int start_device_list(const struct vz_starting *s, struct vz_err *e)
{
	return vz_res_apply_devices(s->cg, &s->ct->conf, e);
}

static int start_devnodes(const struct vz_starting *s, struct vz_err *e)
{
	struct vz_spec *spec = s->spec;
	autonodeperms nodes = { 0 };
	int r = vz_res_devnodes(&s->ct->conf, &nodes, e);

	if (r < 0)
		return r;
	r = spec->dev = vz_dev_make(&(struct vz_dev_spec){ .uid = spec->uid,
							   .gid = spec->gid,
							   .features = spec->features,
							   .devnodes = &nodes,
							   .console = spec->console >= 0 },
				    e);
	return r < 0 ? r : 0;
}

static int live_nodes(const struct vz_setting *s, struct vz_err *e)
{
	const struct vz_plist *had = &s->ct->conf.pci, *now = &s->conf->pci;
	int r = vz_devnodes_set(s->ct, s->conf, e);

	if (r >= 0)
		r = vz_pci_scripts(s->ct, had, now, false, e);
	return r < 0 ? r : vz_pci_scripts(s->ct, now, had, true, e);
}

static int live_devices(const struct vz_setting *s, struct vz_err *e)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	struct vz_err why = { 0 };
	int r = vz_cg_open(s->ct->id, NULL, &cg, e);

	if (r >= 0)
		r = vz_res_apply_devices(cg, s->conf, e);
	if (r < 0 && r != -EOPNOTSUPP)
		return r;
	return and_rest(r, live_nodes(s, &why), &why, e);
}

static void announce_devices(const struct vz_conf *c)
{
	if (c->devices.set || c->devnodes.set)
		vz_log(0, "Setting devices");
	if (c->pci.set)
		vz_log(0, "Setting PCI devices");
}

/* ---- the network ---- */

static int start_probe(const struct vz_starting *s, struct vz_err *e)
{
	return vz_network_probe(s->net, s->ct, e);
}

static int start_venet(const struct vz_starting *s, struct vz_err *e)
{
	return vz_network_make_venet(s->net, s->ct, e);
}

static int start_addresses(const struct vz_starting *s, struct vz_err *e)
{
	return vz_network_up_venet(s->net, s->ct, e);
}

static int live_addresses(const struct vz_setting *s, struct vz_err *e)
{
	return vz_network_set_addresses(s->ct, s->g, s->conf, e);
}

static int start_netdevs(const struct vz_starting *s, struct vz_err *e)
{
	return vz_nics_start_netdevs(&(struct vz_nics_at){ s->ct, s->net->rtnl, s->net->netns }, e);
}

static int live_netdevs(const struct vz_setting *s, struct vz_err *e)
{
	return vz_network_set_netdevs(s->ct, s->g, e);
}

static int start_veths(const struct vz_starting *s, struct vz_err *e)
{
	return vz_nics_make_veths(&(struct vz_nics_at){ s->ct, s->net->rtnl, s->net->netns }, e);
}

static int start_veth_ports(const struct vz_starting *s, struct vz_err *e)
{
	return vz_nics_up_veths(&(struct vz_nics_at){ s->ct, s->net->rtnl, s->net->netns }, e);
}

static int live_veths(const struct vz_setting *s, struct vz_err *e)
{
	return vz_network_set_veths(s->ct, s->g, s->conf, e);
}

static const char *veths_to_do(const struct vz_given *g)
{
	return g->add.netif.n || g->ifname.n ? "create veth" : "remove veth";
}

static int start_hostname(const struct vz_starting *s, struct vz_err *e)
{
	const struct vz_pstr *name = &s->ct->conf.hostname;

	(void)e;
	if (name->set && *name->v)
		s->spec->hostname = name->v;
	return 0;
}

static int live_hostname(const struct vz_setting *s, struct vz_err *e)
{
	return vz_hostname_set(s->ct, s->conf->hostname.v, e);
}

static int start_rate(const struct vz_starting *s, struct vz_err *e)
{
	return vz_rate_start(s->ct->id, &s->ct->conf, e);
}

static int live_rate(const struct vz_setting *s, struct vz_err *e)
{
	return vz_rate_set(s->ct->id, s->conf, e);
}

static void announce_rate(const struct vz_conf *c)
{
	vz_log(0, "Setting rate: in %llu out %llu bits/sec", (unsigned long long)c->rate.bar,
	       (unsigned long long)c->rate.lim);
}

static int start_conntrack(const struct vz_starting *s, struct vz_err *e)
{
	return vz_tracking_apply(s->ct, &s->ct->conf, s->state, e);
}

static int live_conntrack(const struct vz_setting *s, struct vz_err *e)
{
	return vz_tracking_set(s->ct, s->conf, e);
}

static void announce_conntrack(const struct vz_conf *c)
{
	say_limit("numconntrack", &c->numconntrack, "entries");
}

/* ---- the table ---- */

#define IN(phase) (1u << VZ_START_##phase)
#define FILES_INSIDE "files inside are in the image"

/* clang-format off */
const struct vz_effect vz_effects[] = {
	{
		.bit = APPLY_UBC, .what = "UBC", .refuses = COUNTED,
		.limits = vz_res_counters,
		.start = {
			[VZ_START_GROUP] = start_sockets,
			[VZ_START_SPEC] = start_counters,
			[VZ_START_ALONE] = bound_sockets,
		},
		.bare = IN(GROUP) | IN(SPEC) | IN(ALONE),
		/* CRIU has processes of its own in the group */
		.restore = IN(GROUP) | IN(ALONE), .late = VZ_CG_PIDS | VZ_CG_MEMORY,
		.not_restored = "devpts is in the image",
		.possible = vz_res_counters_possible, .warn = vz_res_counters_warn,
		.live = live_counters, .partly = true,
		.said_done = "UB limits were set successfully",
	},
	{
		.bit = APPLY_NET, .what = "network",
		.start = {
			[VZ_START_PROBE] = start_probe,
			[VZ_START_DEVICES] = start_venet,
			[VZ_START_NET] = start_addresses,
		},
		.restore = IN(PROBE) | IN(DEVICES) | IN(NET), .not_restored = FILES_INSIDE,
		.live = live_addresses, .distro = VZ_DIST_IP,
	},
	{
		.bit = APPLY_NETDEV, .what = "network",
		.start = { [VZ_START_DEVICES] = start_netdevs },
		.restore = IN(DEVICES),
		.live = live_netdevs,
	},
	{ /* after venet: a gateway that a device is given goes before venet's default route */
		.bit = APPLY_VETH, .to_do = veths_to_do, .refused_last = true,
		.start = { [VZ_START_DEVICES] = start_veths, [VZ_START_NET] = start_veth_ports },
		.restore = IN(DEVICES) | IN(NET), .not_restored = FILES_INSIDE,
		.live = live_veths, .distro = VZ_DIST_IP,
	},
	{
		.bit = APPLY_DNS, .what = "network",
		.not_restored = FILES_INSIDE,
		.distro = VZ_DIST_DNS,
	},
	{
		.bit = APPLY_CPU, .what = "CPU",
		.limits = vz_res_cpu,
		.start = { [VZ_START_CHECK] = start_masks }, .say_start = say_cpuunits,
		/* CRIU makes the processes in their group, and the VPS stands still meanwhile */
		.restore = IN(CHECK) | IN(GROUP), .late = VZ_CG_CPUUNITS | VZ_CG_CPULIMIT,
		.possible = vz_res_cpu_possible, .warn = vz_res_cpu_warn,
		.live = live_cpu, .partly = true, .announce = announce_cpu,
	},
	{
		.bit = APPLY_DEVICES, .what = "devices",
		.start = {
			[VZ_START_GROUP] = start_device_list,
			[VZ_START_ACTIONS] = start_pci_scripts,
			[VZ_START_SPEC] = start_devnodes,
		},
		.bare = IN(GROUP) | IN(ACTIONS) | IN(SPEC),
		.restore = IN(GROUP) | IN(ACTIONS) | IN(SPEC), /* /dev is handed to CRIU */
		.possible = vz_res_devices_possible,
		.live = live_devices, .partly = true, .announce = announce_devices,
	},
	{
		.bit = APPLY_IO, .what = "I/O",
		.limits = vz_res_io,
		.restore = IN(GROUP),
		.live = live_limits, .partly = true, .announce = announce_io, .say_lacking = say_no_io,
	},
	{
		.bit = APPLY_HOSTNAME, .what = "network",
		.start = { [VZ_START_SPEC] = start_hostname },
		.not_restored = "the name is in the image; " FILES_INSIDE,
		.live = live_hostname, .distro = VZ_DIST_HOSTNAME,
	},
	{ /* once all devices are there */
		.bit = APPLY_RATE, .what = "network",
		.start = { [VZ_START_NET] = start_rate },
		.restore = IN(NET),
		.live = live_rate, .announce = announce_rate,
	},
	{
		.bit = APPLY_CONNTRACK, .what = "network",
		.start = { [VZ_START_INSIDE] = start_conntrack }, .bare = IN(INSIDE),
		.restore = IN(INSIDE),
		.live = live_conntrack, .announce = announce_conntrack,
	},
	{ 0 },
};
/* clang-format on */

/* ---- loops ---- */

static bool is_due(const struct vz_effect *row, const struct vz_starting *s, enum vz_start_phase phase)
{
	return (!s->bare || row->bare & 1u << phase) && (!s->restore || row->restore & 1u << phase);
}

/* Where no such group is wanted at a restore, CRIU makes that of the image, with what it held then. */
#define MADE_BY_CRIU (unsigned)(VZ_CG_CPUS | VZ_CG_MEMS)

#define HURRY_UNITS 500000 /* CPUUNITS at most */

/* All at once: in what order limits are set is lib/cgroup's knowledge. */
static int put_limits(const struct vz_starting *s, enum vz_start_phase phase, struct vz_err *e)
{
	struct vz_cg_limits l = { 0 };
	unsigned late = 0;

	for (const struct vz_effect *row = vz_effects; row->bit; row++) {
		if (!row->limits || !is_due(row, s, VZ_START_GROUP))
			continue;
		row->limits(&s->ct->conf, &l);
		late |= s->restore ? row->late : 0;
	}
	if (s->restore && phase == VZ_START_GROUP && l.has & VZ_CG_CPUUNITS) {
		late &= ~(unsigned)VZ_CG_CPUUNITS;
		l.cpuunits = l.cpuunits < HURRY_UNITS ? HURRY_UNITS : l.cpuunits;
	}
	if (phase == VZ_START_ALONE) /* "all" where nothing is asked for: something may have been then */
		l.has = s->restore ? (l.has & late) | MADE_BY_CRIU : 0;
	else
		l.has &= ~late;
	return vz_res_apply(s->cg, &l, e);
}

static int tell_distro(const struct vz_starting *s, struct vz_err *e)
{
	struct vz_dist_change c = { .ve_state = "starting", .conf = &s->ct->conf };

	for (const struct vz_effect *row = vz_effects; row->bit; row++)
		if (is_due(row, s, VZ_START_DISTRO))
			c.what |= row->distro;
	return c.what ? vz_dist_apply(s->ct, s->state, &c, e) : 0;
}

/* What this kernel cannot hold on the group is no reason to stay down: all the others are in force. */
static int skip_lacking(int r, enum vz_start_phase phase, const struct vz_err *e)
{
	if (r != -EOPNOTSUPP || (phase != VZ_START_GROUP && phase != VZ_START_ALONE))
		return r;
	vz_say_once(-1, "Warning: %s, skipping", e->msg);
	return 0;
}

int vz_effects_start(const struct vz_starting *s, enum vz_start_phase phase, struct vz_err *e)
{
	int r = 0;

	if (phase == VZ_START_GROUP || phase == VZ_START_ALONE)
		r = skip_lacking(put_limits(s, phase, e), phase, e);
	else if (phase == VZ_START_DISTRO)
		r = tell_distro(s, e);
	for (const struct vz_effect *row = vz_effects; r >= 0 && row->bit; row++)
		if (row->start[phase] && is_due(row, s, phase))
			r = skip_lacking(row->start[phase](s, e), phase, e);
	return r;
}

void vz_effects_say_start(const struct vz_starting *s)
{
	for (const struct vz_effect *row = vz_effects; row->bit; row++)
		if (row->say_start && is_due(row, s, VZ_START_GROUP))
			row->say_start(&s->ct->conf);
}

unsigned vz_effects_of(const struct vz_conf *conf)
{
	unsigned bits = 0;

	for (size_t i = 0; i < vz_nparams; i++)
		if (vz_param_is_set(&vz_params[i], conf))
			bits |= vz_params[i].apply;
	return bits;
}

unsigned vz_effects_distro(const struct vz_effect *table, unsigned bits)
{
	unsigned what = 0;

	for (const struct vz_effect *row = table; row->bit; row++)
		if (row->bit & bits)
			what |= row->distro;
	return what;
}
