// SPDX-License-Identifier: GPL-2.0-or-later
/* Events of a VPS in sentences: what was hit, how far it was used, who paid for it, and what helps. */
#include "base/num.h"
#include "ct/why.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define MIB ((uint64_t)1 << 20)

static void put_size(struct vz_str *out, uint64_t bytes)
{
	if (bytes >= 10 * MIB || bytes % MIB == 0)
		vz_str_addf(out, "%" PRIu64 " MiB", (bytes + MIB / 2) / MIB);
	else
		vz_str_addf(out, "%" PRIu64 " KiB", bytes / 1024);
}

/* "256 MiB of 256 MiB in use, " as far as it is known. */
static void put_use(const struct vz_why_event *ev, struct vz_str *out)
{
	if (ev->held == VZ_UNLIMITED || ev->limit == VZ_UNLIMITED)
		return;
	put_size(out, ev->held);
	vz_str_add(out, " of ");
	put_size(out, ev->limit);
	vz_str_add(out, " in use, ");
}

static void put_killed(const struct vz_why_event *ev, struct vz_str *out)
{
	if (!ev->pid)
		vz_str_addf(out, "%" PRIu64 " process%s killed", ev->count, ev->count == 1 ? " was" : "es were");
	else if (ev->count == 1)
		vz_str_addf(out, "%s (pid %d of the host) was killed", ev->text, ev->pid);
	else
		vz_str_addf(out, "%" PRIu64 " processes were killed, %s (pid %d of the host) among them", ev->count,
			    ev->text, ev->pid);
}

static void say_memory(const struct vz_why_event *ev, struct vz_str *out)
{
	vz_str_add(out, "memory: ");
	put_use(ev, out);
	put_killed(ev, out);
	vz_str_add(out, ev->limit == VZ_UNLIMITED ? "; the container has no limit: the host's memory, or a limit that it "
						    "set inside, was used up" : "; give it more with --ram");
}

static void say_below(const struct vz_why_event *ev, struct vz_str *out)
{
	vz_str_add(out, "memory: a limit that was set inside the container was met, ");
	put_killed(ev, out);
	vz_str_add(out, "; raise that limit inside");
}

static void say_host(const struct vz_why_event *ev, struct vz_str *out)
{
	vz_str_add(out, "memory: the host's was used up, ");
	put_killed(ev, out);
	vz_str_add(out, "; limit containers with --ram");
}

static void say_swap(const struct vz_why_event *ev, struct vz_str *out)
{
	vz_str_add(out, "swap: ");
	put_use(ev, out);
	vz_str_addf(out, "%" PRIu64 " times there was none left; give it more with --swap, or memory with --ram", ev->count);
}

static void say_tasks(const struct vz_why_event *ev, struct vz_str *out)
{
	vz_str_addf(out, "numproc: %" PRIu64 " fork%s refused", ev->count, ev->count == 1 ? " was" : "s were");
	if (ev->limit != VZ_UNLIMITED)
		vz_str_addf(out, ", limit %" PRIu64, ev->limit);
	vz_str_add(out, "; look for what forks, or give it more with --numproc");
}

static void say_end(const struct vz_why_event *ev, struct vz_str *out)
{
	vz_str_addf(out, "end: %s", ev->text);
}

static void say_other(const struct vz_why_event *ev, struct vz_str *out)
{
	vz_str_addf(out, "%s: ", ev->kind);
	put_use(ev, out);
	vz_str_addf(out, "%" PRIu64 " request%s refused; give it more with --%s", ev->count,
		    ev->count == 1 ? " was" : "s were", ev->kind);
}

void vz_why_sentence(const struct vz_why_event *ev, struct vz_str *out)
{
	static const struct {
		const char *kind;
		void (*say)(const struct vz_why_event *ev, struct vz_str *out);
	} rows[] = {
		{ VZ_WHY_MEMORY, say_memory }, { VZ_WHY_BELOW, say_below }, { VZ_WHY_HOST, say_host },
		{ VZ_WHY_SWAP, say_swap },     { VZ_WHY_TASKS, say_tasks }, { VZ_WHY_END, say_end },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(rows[i].kind, ev->kind)) {
			rows[i].say(ev, out);
			return;
		}
	say_other(ev, out);
}

static void put_time(int64_t at, struct vz_str *out)
{
	time_t t = (time_t)at;
	char text[32] = "?";
	struct tm tm;

	if (localtime_r(&t, &tm))
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	vz_str_add(out, text);
}

void vz_why_time(const struct vz_why_event *ev, struct vz_str *out)
{
	if (!ev->to) {
		vz_str_add(out, "at a time that nobody saw");
		return;
	}
	if (ev->from && ev->from != ev->to) {
		put_time(ev->from, out);
		vz_str_add(out, " to ");
	} else if (!ev->from) {
		vz_str_add(out, "before ");
	}
	put_time(ev->to, out);
}
