// SPDX-License-Identifier: GPL-2.0-or-later
/* The forms of the files in /proc/vz and of bc/ID/ioacct; see nodeproc.h. */
#include "base/num.h"
#include "ops/nodeproc.h"

#include <unistd.h>

#define CLASS_OF_VPS 2 /* in veinfo; the host has 0 */

static unsigned long long as_number(uint64_t n)
{
	return n == VZ_UNCOUNTED || n == VZ_UNLIMITED ? 0 : n;
}

static bool is_v6(const char *ip)
{
	return strchr(ip, ':') != NULL;
}

/* The last address first: readers turn them round. */
static void veinfo_line(const struct vz_list_item *it, struct vz_str *to)
{
	vz_str_addf(to, "%10u %5u %5llu", it->id, CLASS_OF_VPS, as_number(it->counts.numproc.held));
	for (size_t i = it->ip.n; i-- > 0;)
		vz_str_addf(to, is_v6(it->ip.v[i]) ? " %39s" : " %15s", it->ip.v[i]);
	vz_str_addn(to, "\n", 1);
}

void vz_nodeproc_veinfo(const struct vz_list *l, uint64_t host_tasks, struct vz_str *to)
{
	for (size_t i = 0; i < l->n; i++)
		veinfo_line(&l->items[i], to);
	vz_str_addf(to, "%10u %5u %5llu\n", 0u, 0u, (unsigned long long)host_tasks);
}

void vz_nodeproc_veip(const struct vz_list *l, struct vz_str *to)
{
	vz_str_add(to, "Version: 2.5\n");
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->items[i].ip.n; k++)
			vz_str_addf(to, "%39s %10u\n", l->items[i].ip.v[k], l->items[i].id);
}

void vz_nodeproc_vestat_head(struct vz_str *to)
{
	static const char *const columns[] = { "VEID",	 "user",   "nice", "system", "uptime", "idle",
					       "strv", "uptime", "used", "maxlat", "totlat", "numsched" };
	const int width = 12 * 21 - 1;

	vz_str_addf(to, "%-*s\n", width, "Version: 2.2");
	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		vz_str_addf(to, i ? " %20s" : "%20s", columns[i]);
	vz_str_addn(to, "\n", 1);
}

/* Jiffies are those of user space (sysconf(3), _SC_CLK_TCK), cycles are nanoseconds. */
void vz_nodeproc_vestat_line(unsigned id, uint64_t uptime_ms, const struct vz_cg_usage *u, struct vz_str *to)
{
	unsigned long long hz = (unsigned long long)sysconf(_SC_CLK_TCK);
	const unsigned long long rest[] = {
		as_number(u->cpu_user_usec) * hz / 1000000,
		0, /* nice is among user */
		as_number(u->cpu_system_usec) * hz / 1000000,
		uptime_ms * hz / 1000,
		0, 0,
		uptime_ms * 1000000,
		as_number(u->cpu_usec) * 1000,
		0, 0, 0,
	};

	vz_str_addf(to, "%20u", id);
	for (size_t i = 0; i < sizeof(rest) / sizeof(*rest); i++)
		vz_str_addf(to, " %20llu", rest[i]);
	vz_str_addn(to, "\n", 1);
}

void vz_nodeproc_ioacct(uint64_t read, uint64_t written, struct vz_str *to)
{
	static const char *const uncounted[] = { "dirty",	      "cancel",		   "missed",
						 "syncs_total",	      "fsyncs_total",	   "fdatasyncs_total",
						 "range_syncs_total", "syncs_active",	   "fsyncs_active",
						 "fdatasyncs_active", "range_syncs_active", "io_pbs" };

	vz_str_addf(to, "\t%-20s %21llu\n\t%-20s %21llu\n", "read", as_number(read), "write", as_number(written));
	for (size_t i = 0; i < sizeof(uncounted) / sizeof(*uncounted); i++)
		vz_str_addf(to, "\t%-20s %21u\n", uncounted[i], 0u);
}
