// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kinds of limits, written once: what a line of v1.c or v2.c names when the kernel's file differs
 * and the way of writing it does not.
 */
#include "cgroup/cgroup-internal.h"
#include "cgroup/unit.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"

#include <fcntl.h>
#include <time.h>

uint64_t cg_minus(uint64_t sum, uint64_t part)
{
	if (sum == VZ_UNLIMITED || part == VZ_UNLIMITED)
		return VZ_UNLIMITED;
	return sum > part ? sum - part : 0;
}

uint64_t cg_value(const struct cg_place *p, const struct vz_cg_limits *l)
{
	return *(const uint64_t *)(const void *)((const char *)l + p->line->at);
}

void cg_value_is(const struct cg_place *p, struct vz_cg_limits *ret, uint64_t v)
{
	*(uint64_t *)(void *)((char *)ret + p->line->at) = v;
}

int cg_put_number(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l,
		  struct vz_err *e)
{
	uint64_t v = cg_value(p, l);

	if (p->line->none && v >= VZ_UNLIMITED)
		return cg_set(cg, p->h, p->line->file, p->line->none, e);
	return cg_set_u64(cg, p->h, p->line->file, p->line->to ? p->line->to(v) : v, e);
}

bool cg_now_number(const struct vz_cg *cg, const struct cg_place *p,
		   const struct vz_cg_limits *want, struct vz_cg_limits *ret)
{
	uint64_t raw = cg_get(cg, p->h, p->line->file), v = raw, asked = cg_value(p, want);

	if (raw == VZ_UNLIMITED && !(p->line->none && cg_has(cg, p->h, p->line->file)))
		return false;
	if (p->line->from && raw != VZ_UNLIMITED)
		v = want->has & p->bit && raw == p->line->to(asked) ? asked : p->line->from(raw);
	cg_value_is(p, ret, v);
	return true;
}

int cg_put_share(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l, struct vz_err *e)
{
	const struct cg_share s = { p->h, p->line->file, p->line->second, p->line->to(cg_value(p, l)) };
	int r = cg_put_number(cg, p, l, e);

	return r < 0 || !cg->systemd ? r : cg_scope_share(cg, &s, e);
}

/* What was only rounded is as it was asked for; what the kernel's range cut is not. */
uint64_t cg_share_held(const struct cg_place *p, uint64_t asked)
{
	uint64_t held = p->line->from(p->line->to(asked)), off = held > asked ? held - asked : asked - held;

	return off * 20 <= asked ? asked : held;
}

bool cg_now_share(const struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *want,
		  struct vz_cg_limits *ret)
{
	if (!cg_now_number(cg, p, want, ret))
		return false;
	cg_value_is(p, ret, cg_share_held(p, cg_value(p, ret)));
	return true;
}

static uint64_t burst_now(const struct vz_cg *cg, const struct cg_place *p)
{
	uint64_t v = cg_get(cg, p->h, p->line->second);

	return v == VZ_UNLIMITED ? 0 : v;
}

int cg_no_burst(struct vz_cg *cg, const struct cg_place *p, struct vz_err *e)
{
	return burst_now(cg, p) ? cg_set_u64(cg, p->h, p->line->second, 0, e) : 0;
}

int cg_put_burst(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l, struct vz_err *e)
{
	uint64_t burst = l->cpu_burst < l->cpu_percent ? l->cpu_burst : l->cpu_percent;

	if (!burst)
		return 0;
	if (!cg_has(cg, p->h, p->line->second))
		return cg_missing(p->line->second, e); /* drop when the minimum is 5.14 */
	return cg_set_u64(cg, p->h, p->line->second, cg_percent_to_quota(burst), e);
}

bool cg_now_quota(const struct vz_cg *cg, const struct cg_place *p,
		  const struct vz_cg_limits *want, struct vz_cg_limits *ret)
{
	/* v1 says -1 for none, which is no number to cg_get(), v2 "max" */
	uint64_t quota = cg_get(cg, p->h, p->line->file);

	if (!cg_has(cg, p->h, p->line->file))
		return false;
	ret->cpu_percent = quota == VZ_UNLIMITED ? 0 : quota * 100 / CG_PERIOD_USEC;
	if (want->cpu_percent && quota == cg_percent_to_quota(want->cpu_percent))
		ret->cpu_percent = want->cpu_percent;
	ret->cpu_burst = burst_now(cg, p) * 100 / CG_PERIOD_USEC;
	return true;
}

uint64_t cg_of_disks(const struct vz_cg *cg, const struct cg_place *p, const char *key)
{
	int dir = cg_dir(cg, p->h);
	char buf[4096], *line = buf, *at, *word;
	uint64_t v = 0;

	if (dir < 0 || vz_file_read_buf(dir, p->line->file, buf, sizeof(buf)) < 0)
		return 0;
	line[strcspn(line, "\n")] = 0;
	at = strstr(line, key);
	if (!at)
		return 0;
	at += strlen(key);
	word = strsep(&at, " ");
	return vz_num_u64(word, UINT64_MAX, &v) < 0 ? 0 : v;
}

/* ---- huge pages: a limit for each size, in files like hugetlb.2MB.max ---- */

#define HUGEPAGES "/sys/kernel/mm/hugepages"

struct sizes {
	struct vz_cg *cg; /* to write */
	const struct vz_cg *from; /* to read */
	const struct cg_place *p;
	const struct vz_cg_limits *want;
	uint64_t v;
	unsigned n; /* sizes met */
	bool other; /* one has another limit than it was given */
	struct vz_cg_count *count;
	struct vz_err *e;
};
typedef int each_size(struct sizes *s, const char *size, uint64_t bytes);

/* "hugepages-2048kB" is what the files call "2MB". Calls fn for each size that the host has. */
static int sizes_each(const struct vz_cg *cg, each_size *fn, struct sizes *s)
{
	int fd = cg->fake ? openat(cg->fds->base, "hugepages", O_RDONLY | O_DIRECTORY | O_CLOEXEC) :
			    open(HUGEPAGES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autoclosedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	int r = 0;

	if (!d && fd >= 0)
		close(fd);
	while (d && !r && (de = vz_dir_next(d))) {
		char digits[24], size[32];
		const char *rest;
		uint64_t kib;

		if (!vz_str_prefix(de->d_name, "hugepages-", &rest) || strlen(rest) >= sizeof(digits))
			continue;
		snprintf(digits, sizeof(digits), "%.*s", (int)strspn(rest, "0123456789"), rest);
		if (vz_num_u64(digits, UINT64_MAX / 1024, &kib) < 0 || !kib)
			continue;
		snprintf(size, sizeof(size), "%llu%s",
			 (unsigned long long)(kib >> 20 ? kib >> 20 : kib >> 10 ? kib >> 10 : kib),
			 kib >> 20 ? "GB" : kib >> 10 ? "MB" : "KB");
		s->n++;
		r = fn(s, size, kib * 1024);
	}
	return d && !r ? -errno : r;
}

/* The file of one size, in buf: what v2 calls "max" and v1 "limit_in_bytes". */
static const char *size_file(const struct sizes *s, const char *size, const char *v2, const char *v1,
			     char buf[64])
{
	snprintf(buf, 64, "%s.%s.%s", s->p->line->file, size, s->p->h == CG_V2 ? v2 : v1);
	return buf;
}

static int size_write(struct sizes *s, const char *file)
{
	if (s->v >= VZ_UNLIMITED)
		return cg_set(s->cg, s->p->h, file, s->p->line->none, s->e);
	return cg_set_u64(s->cg, s->p->h, file, s->v, s->e);
}

/*
 * What is in use, and what is reserved (since Linux 5.7): without the second limit mmap(2) promises
 * pages that the first one then refuses by SIGBUS, and what is promised is taken from all others.
 */
static int size_put(struct sizes *s, const char *size, uint64_t bytes)
{
	char used[64], reserved[64];
	int r;

	(void)bytes;
	size_file(s, size, "max", "limit_in_bytes", used);
	size_file(s, size, "rsvd.max", "rsvd.limit_in_bytes", reserved);
	if (s->v >= VZ_UNLIMITED && !cg_has(s->cg, s->p->h, used))
		return 0; /* no limit, and none to take away */
	r = s->cg->ops->want(s->cg, s->p, used, s->e);
	if (r < 0)
		return r;
	if (!cg_has(s->cg, s->p->h, used))
		return vz_fail(s->e, cg_exit_of(used), 0, "%s is not held: the kernel has no controller %s",
			       s->p->option, s->p->line->file), -EOPNOTSUPP;
	r = size_write(s, used);
	return r || !cg_has(s->cg, s->p->h, reserved) ? r : size_write(s, reserved);
}

int cg_put_sizes(struct vz_cg *cg, const struct cg_place *p, const struct vz_cg_limits *l,
		 struct vz_err *e)
{
	struct sizes s = { .cg = cg, .p = p, .v = cg_value(p, l), .e = e };
	int r = sizes_each(cg, size_put, &s);

	if (r || s.n || s.v >= VZ_UNLIMITED)
		return r;
	(void)vz_fail(e, VZ_SETUBC, 0, "%s is not held: no size of huge pages is in " HUGEPAGES, p->option);
	return -EOPNOTSUPP;
}

/* The kernel cuts a limit to whole pages: 16M of 1 GB pages is none. */
static int size_now(struct sizes *s, const char *size, uint64_t bytes)
{
	uint64_t none = VZ_UNLIMITED - VZ_UNLIMITED % bytes, asked = cg_value(s->p, s->want), now;
	char file[64];

	now = cg_get(s->from, s->p->h, size_file(s, size, "max", "limit_in_bytes", file));
	if (now >= none)
		now = VZ_UNLIMITED;
	s->other = s->other || now != (asked == VZ_UNLIMITED ? asked : asked - asked % bytes);
	s->v = now > s->v ? now : s->v;
	return 0;
}

/* When not all are as they were asked for, the largest is the answer. A group for which the
 * controller was never enabled has no limit. */
bool cg_now_sizes(const struct vz_cg *cg, const struct cg_place *p,
		  const struct vz_cg_limits *want, struct vz_cg_limits *ret)
{
	struct sizes s = { .from = cg, .p = p, .want = want };

	(void)sizes_each(cg, size_now, &s);
	cg_value_is(p, ret, !s.n ? VZ_UNLIMITED : s.other ? s.v : cg_value(p, want));
	return true;
}

static uint64_t size_sum(uint64_t a, uint64_t b)
{
	return a == VZ_UNLIMITED ? b : b == VZ_UNLIMITED ? a : a + b;
}

static int size_count(struct sizes *s, const char *size, uint64_t bytes)
{
	struct vz_cg_count *c = s->count;
	char file[64];

	(void)bytes;
	size_file(s, size, "current", "usage_in_bytes", file);
	c->held = size_sum(c->held, cg_get(s->from, s->p->h, file));
	if (s->p->h == CG_V2) {
		size_file(s, size, "events", "", file);
		c->failcnt = size_sum(c->failcnt, cg_get_key(s->from, s->p->h, file, "max"));
		return 0;
	}
	size_file(s, size, "", "failcnt", file);
	c->failcnt = size_sum(c->failcnt, cg_get(s->from, s->p->h, file));
	size_file(s, size, "", "rsvd.failcnt", file);
	c->failcnt = size_sum(c->failcnt, cg_get(s->from, s->p->h, file));
	return 0;
}

/* The most of several sizes at one moment is kept by no kernel. */
void cg_count_sizes(const struct vz_cg *cg, const struct cg_place *p, struct vz_cg_count *ret)
{
	struct sizes s = { .from = cg, .p = p, .count = ret };

	(void)sizes_each(cg, size_count, &s);
}

static int size_least(struct sizes *s, const char *size, uint64_t bytes)
{
	(void)size;
	s->v = s->v && s->v < bytes ? s->v : bytes;
	return 0;
}

uint64_t vz_cg_huge_page(void)
{
	const struct vz_cg here = { 0 };
	struct sizes s = { 0 };

	(void)sizes_each(&here, size_least, &s);
	return s.v;
}

void cg_amount_pause(void)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000000L };

	nanosleep(&pause, NULL);
}
