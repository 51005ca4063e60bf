// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of columns and how one is found. The order of the rows is that of -L and of JSON
 * (INTERFACE 2); the names are for ever. Nothing here knows how a value is shown.
 */
#include "vzlist/values.h"
#include "base/own.h"

#include <ctype.h>

static const struct vl_part ubc_parts[] = {
	[VL_HELD] = { "", "held" },
	[VL_MAXHELD] = { ".m", "maxheld" },
	[VL_BARRIER] = { ".b", "barrier" },
	[VL_LIMIT] = { ".l", "limit" },
	[VL_FAILCNT] = { ".f", "failcnt" },
	{ NULL, NULL },
};

static const struct vl_part disk_parts[] = {
	[VL_USED] = { "", "usage" },
	[VL_SOFT] = { ".s", "softlimit" },
	[VL_HARD] = { ".h", "hardlimit" },
	{ NULL, NULL },
};

/* Of the counters that have a column; the first one follows the status. */
enum {
	FIRST_COUNTER = 16,
#define COUNTER(...) +1
#define UNLISTED(...)
	NCOUNTERS = 0
#include "param/counters.def"
};

/* clang-format off */
#define PLAIN(f, g, ...) { .field = f, .get = g, __VA_ARGS__ }
/* A row of counters.def, at its own place; the others stand in their order around these. */
#define COUNTER(at, KEY, name, letter, unit, heading, holder, reading, ...) \
	[FIRST_COUNTER + (at)] = \
	{ .key = #KEY, .field = #name, .title = heading, .width = 10, .get = vl_get_ubc, \
	  .parts = ubc_parts, SHOWN_##reading(name) },
#define UNLISTED(...)
#define SHOWN_UNREAD(name)
#define SHOWN_USAGE(...) .need = VZ_LIST_USAGE, LIVE_COUNT
#define SHOWN_KINDS(...) .need = VZ_LIST_KINDS, LIVE_COUNT
#define SHOWN_LINE(bit) .need = VZ_LIST_LINES, LIVE_COUNT
#define SHOWN_BESIDE(...) .need = VZ_LIST_BESIDE, LIVE_COUNT
#define LIVE_COUNT(name) .live = offsetof(struct vz_list_item, counts.name)
#define DISK(k, f, t) \
	{ .key = k, .field = f, .title = t, .width = 10, .get = vl_get_disk, .parts = disk_parts, \
	  .flags = VL_NULL_PARTS }
#define TRAFFIC(f, t, m, txt) \
	{ .field = f, .title = t, .width = 14, .get = vl_get_traffic, .need = VZ_LIST_TRAFFIC, \
	  .live = offsetof(struct vz_list_item, traffic.m), .text = txt }
#define LIVE(f, g, ...) PLAIN(f, g, .need = VZ_LIST_USAGE, __VA_ARGS__)

const struct vl_row vl_rows[] = {
	{ .field = "ctid", .title = "CTID", .width = 10, .get = vl_get_id,
	  .text = "The id of the container." },
	{ .field = "veid", .title = "CTID", .width = 10, .get = vl_get_id,
	  .text = "The same as ctid, for old scripts." },
	{ .field = "vpsid", .title = "CTID", .width = 10, .get = vl_get_id,
	  .text = "The same as ctid, for old scripts." },
	PLAIN("private", vl_get_private),
	PLAIN("root", vl_get_root),
	PLAIN("mount_opts", vl_get_str),
	PLAIN("origin_sample", vl_get_str, .flags = VL_HEAD_RIGHT),
	PLAIN("hostname", vl_get_str),
	PLAIN("name", vl_get_name, .need = VZ_LIST_NAME),
	{ .field = "smart_name", .title = "SMARTNAME", .width = 10, .get = vl_get_smart_name,
	  .need = VZ_LIST_NAME,
	  .text = "The name of the container, or its id when it has none." },
	PLAIN("description", vl_get_str),
	PLAIN("ostemplate", vl_get_str),
	PLAIN("ip", vl_get_ip, .title = "IP_ADDR", .width = -15, .key = "IP_ADDRESS",
	      .need = VZ_LIST_IP),
	PLAIN("nameserver", vl_get_words),
	PLAIN("searchdomain", vl_get_words),
	{ .field = "status", .title = "STATUS", .width = -9, .get = vl_get_status,
	  .need = VZ_LIST_STATUS,
	  .text = "One of running, stopped, mounted, suspended." },
#include "param/counters.def"
	[FIRST_COUNTER + NCOUNTERS] =
	DISK("DISKSPACE", "diskspace", "DSPACE"),
	DISK("DISKINODES", "diskinodes", "DINODES"),
	{ .field = "laverage", .title = "LAVERAGE", .width = 14, .get = vl_get_laverage,
	  .text = "Load average; mainline kernels keep none for a container." },
	{ .field = "uptime", .title = "UPTIME", .width = 15, .get = vl_get_uptime,
	  .flags = VL_SORT_DOWN, .json_none = "0.000",
	  .text = "For how long the container runs; seconds in JSON." },
	LIVE("cpulimit", vl_get_cpu),
	LIVE("cpuunits", vl_get_cpu),
	LIVE("cpus", vl_get_limit, .json_none = "0"),
	LIVE("ioprio", vl_get_u64, .json_none = "0"),
	LIVE("iolimit", vl_get_limit, .json_none = "0"),
	LIVE("iopslimit", vl_get_limit, .json_none = "0"),
	PLAIN("onboot", vl_get_onoff, .flags = VL_NO_SORT),
	PLAIN("bootorder", vl_get_u64, .flags = VL_TIES_DOWN),
	/* a character wider than it was, for "overlay" */
	PLAIN("layout", vl_get_layout, .width = -7, .need = VZ_LIST_LAYOUT),
	PLAIN("features", vl_get_switches, .flags = VL_NO_SORT),
	{ .field = "vswap", .title = "VSWAP", .width = 5, .get = vl_get_vswap, .flags = VL_NO_SORT,
	  .need = VZ_LIST_USAGE, .text = "Whether memory is limited the VSwap way: physpages has a limit." },
	PLAIN("disabled", vl_get_disabled, .flags = VL_NO_SORT),
	PLAIN("vm_overcommit", vl_get_ratio, .json_none = "0"),
	PLAIN("netfilter", vl_get_str, .flags = VL_NO_SORT, .none = "(null)"),
	PLAIN("capability", vl_get_switches, .flags = VL_NO_SORT),
	{ .field = "uid", .title = "UID", .width = 10, .get = vl_get_uid,
	  .text = "The first of the host's user ids that belong to the container; 0 for none." },
	{ .field = "init", .title = "INIT", .width = 10, .get = vl_get_init,
	  .text = "The pid, on the host, of the container's first process." },
	{ .field = "configured_ip", .title = "CONF_IP_ADDR", .width = -15, .key = "IP_ADDRESS", .get = vl_get_words,
	  .text = "The addresses of venet0 that are saved, with their masks, also while it runs with others." },
	{ .field = "migratable", .title = "MIGRATABLE", .width = -10, .get = vl_get_migratable,
	  .flags = VL_NO_SORT | VL_DEAR, .need = VZ_LIST_MIGRATABLE,
	  .text = "Whether a running container can be checkpointed; why not is told by vzctl check-migrate. It looks at "
		  "all processes inside, so it is there only when asked for." },
	TRAFFIC("traf_in", "TRAF_IN", in, "Bytes of IP packets that came to the container."),
	TRAFFIC("traf_out", "TRAF_OUT", out, "Bytes of IP packets that the container sent."),
	TRAFFIC("traf_local_in", "TRAF_L_IN", local_in,
		"Those that came from networks which have a class above 1."),
	TRAFFIC("traf_local_out", "TRAF_L_OUT", local_out,
		"Those that went to networks which have a class above 1."),
	TRAFFIC("traf_foreign_in", "TRAF_F_IN", foreign_in, "Those that came from class 1."),
	TRAFFIC("traf_foreign_out", "TRAF_F_OUT", foreign_out, "Those that went to class 1."),
	LIVE("cpuburst", vl_get_limit, .json_none = "0"),
	PLAIN("cpumask", vl_get_str, .need = VZ_LIST_LINES, .flags = VL_NO_SORT),
	PLAIN("nodemask", vl_get_str, .need = VZ_LIST_LINES, .flags = VL_NO_SORT),
};
/* clang-format on */
const size_t vl_nrows = ARRAY_LEN(vl_rows);

unsigned vl_nparts(const struct vl_row *row)
{
	unsigned n = 0;

	while (row->parts && row->parts[n].suffix)
		n++;
	return n ? n : 1;
}

static const char *suffix(const struct vl_column *c)
{
	return c->row->parts ? c->row->parts[c->part].suffix : "";
}

struct vl_column vl_column_of(const struct vl_row *row, unsigned part)
{
	struct vl_column c = { .row = row, .part = part };

	if (row->key)
		c.param = vz_param_by_key(row->key);
	for (size_t i = 0; !row->title && i < vz_nparams && !c.param; i++)
		if (vz_str_eq(vz_params[i].col.field, row->field))
			c.param = &vz_params[i];
	return c;
}

bool vl_find(const char *name, struct vl_column *ret)
{
	for (size_t i = 0; i < vl_nrows; i++) {
		struct vl_column c = { .row = &vl_rows[i] };
		const char *rest;

		if (!vz_str_prefix(name, c.row->field, &rest))
			continue;
		for (; c.part < vl_nparts(c.row); c.part++)
			if (!strcmp(suffix(&c), rest)) {
				*ret = vl_column_of(c.row, c.part);
				return true;
			}
	}
	return false;
}

void vl_name(const struct vl_column *c, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s", c->row->field, suffix(c));
}

void vl_title(const struct vl_column *c, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s", c->row->title ? c->row->title : c->param->col.title, suffix(c));
	for (; *buf; buf++)
		*buf = (char)toupper((unsigned char)*buf);
}

int vl_width(const struct vl_column *c)
{
	return c->row->width ? c->row->width : c->param->col.width;
}

void vl_value(const struct vl_column *c, const struct vz_list_item *it, struct vl_value *ret)
{
	*ret = (struct vl_value){ 0 };
	c->row->get(c, it, ret);
}
