// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that follows; see postcopy.h. */
#include "move/postcopy.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "cgroup/cgroup.h"
#include "cpt/facts.h"
#include "cpt/lazypages.h"
#include "move/leave-internal.h"
#include "sys/caps.h"
#include "sys/clock.h"
#include "sys/file.h"

#include <inttypes.h>
#include <sys/socket.h>
#include <time.h>

#define LEAST (64u << 20)   /* bytes of memory: less is copied as soon as it is shared out (docs/MIGRATION.md) */
#define NOTHING_S 60        /* so long may nothing come */
#define SLOWEST (64u << 10) /* bytes a second, of all: a host that was taken over says that it comes, and nothing does */

static bool is_value(const char *facts, const char *key, const char *value)
{
	autofree char *v = vz_cpt_fact(facts, key);

	return v && !strcmp(v, value);
}

/* CRIU keeps all memory in pipes, and looks for a page in one that is as large as the largest of them. */
static bool has_pipes(void)
{
	uint64_t most;

	return vz_cap_is_effective("sys_resource") || vz_file_number("/proc/sys/fs/pipe-max-size", UINT64_MAX, &most) < 0 ||
	       most >= VZ_LAZYPAGES_PIPE;
}

/* What of it can follow, and what cannot: memory that processes share, or a tmpfs has, is in the dump. */
static void look_at_memory(struct vz_leaving *m)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	struct vz_cg_kinds k;

	m->follows = m->ram;
	m->shared = 0;
	if (vz_cg_open(m->ct->id, NULL, &cg, NULL) < 0)
		return;
	vz_cg_read_kinds(cg, &k);
	if (k.anon != VZ_UNLIMITED)
		m->follows = k.anon;
	if (k.shmem != VZ_UNLIMITED)
		m->shared = k.shmem;
}

void vz_postcopy_why_not(struct vz_leaving *m, const char *there, struct vz_str *out)
{
	look_at_memory(m);
	if (!has_pipes())
		vz_str_addf(out, "fs.pipe-max-size is too small here, and root has no CAP_SYS_RESOURCE: sysctl -w fs.pipe-max-size=%u",
			    VZ_LAZYPAGES_PIPE);
	else if (!is_value(there, "criu.lazy", "yes"))
		vz_str_addf(out, "the kernel of %s has no userfaultfd", m->o->host);
	else if (!is_value(there, "sysctl.vm.unprivileged_userfaultfd", "1"))
		vz_str_addf(out, "vm.unprivileged_userfaultfd is 0 on %s", m->o->host);
	else if (m->follows < LEAST)
		vz_str_addf(out, "%" PRIu64 " MiB of memory are as soon copied", m->follows >> 20);
	else if (m->shared > m->follows)
		vz_str_addf(out, "%" PRIu64 " of %" PRIu64 " MiB of memory are shared", m->shared >> 20,
			    (m->follows + m->shared) >> 20);
}

int vz_postcopy_open(struct vz_leaving *m, struct vz_err *e)
{
	int r;

	vz_remote_close(&m->pages);
	r = vz_remote_branch(&m->pages, &m->remote, e);
	return r < 0 ? r : vz_remote_ask(&m->pages, NULL, e, "lazy %u %s", m->record.there, m->record.token);
}

int vz_postcopy_serve(struct vz_leaving *m, struct vz_err *e)
{
	int r;

	m->record.frozen = m->frozen_at;
	r = vz_moving_write(m->ct->id, &m->record, e);
	if (r >= 0)
		r = vz_fault("serve", e);
	if (r >= 0)
		r = vz_suspended_serve(m->held, e);
	if (r < 0)
		m->record.frozen = 0; /* it has never run there */
	return r;
}

/* CRIU has the socket, too. */
void vz_postcopy_stop(struct vz_leaving *m)
{
	if (m->memory != VZ_MEMORY_POST)
		return;
	if (m->pages.talk.in >= 0)
		(void)shutdown(m->pages.talk.in, SHUT_RDWR);
	vz_remote_close(&m->pages);
}

uint64_t vz_postcopy_bytes(struct vz_leaving *m)
{
	look_at_memory(m);
	return m->follows;
}

int vz_postcopy_follow(struct vz_leaving *m, struct vz_err *e)
{
	int64_t end = vz_now_ms() + (int64_t)(NOTHING_S + m->follows / SLOWEST) * 1000;

	vz_log(0, "Memory follows");
	do {
		autofree char *facts = NULL, *comes = NULL;
		int r = vz_remote_ask(&m->remote, &facts, e, "whole %d", NOTHING_S);

		comes = r < 0 ? NULL : vz_remote_fact(facts, "comes");
		if (!comes)
			return r;
	} while (vz_now_ms() < end);
	return vz_fail(e, AS(REMOTE), 0, "Not all of the memory has come to %s: it takes too long", m->o->host);
}

void vz_postcopy_went_back(struct vz_leaving *m)
{
	time_t at = (time_t)m->record.frozen;
	struct tm tm;
	char text[32] = "";

	if (!at || !localtime_r(&at, &tm))
		return;
	(void)strftime(text, sizeof(text), "%H:%M:%S", &tm);
	vz_log(-1, "Warning: CT %u went back to %s, when it was frozen: what it did on %s since then is lost, and who was connected "
		   "to it may have seen it", m->ct->id, text, m->record.host);
	m->record.frozen = 0;
}
