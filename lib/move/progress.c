// SPDX-License-Identifier: GPL-2.0-or-later
/* How far a copy is, and how fast it may be; see progress.h. */
#include "move/progress.h"
#include "sys/clock.h"

#include <string.h>

#define TELL_MS 200

static void tell_now(struct vz_progress *p, int64_t now)
{
	p->told = now;
	p->tell(p->arg, p);
}

void vz_progress_begin(struct vz_progress *p, const char *what, uint64_t total)
{
	if (!p || !p->tell)
		return;
	p->what = what;
	p->done = 0;
	p->total = total;
	p->began = p->told = vz_now_ms();
	p->ended = false;
}

void vz_progress_at(struct vz_progress *p, uint64_t done, uint64_t total)
{
	int64_t now = vz_now_ms();

	if (!p || !p->tell || !p->what)
		return;
	p->done = done;
	p->total = total;
	if (now - p->told >= TELL_MS)
		tell_now(p, now);
}

void vz_progress_end(struct vz_progress *p)
{
	if (!p || !p->tell || !p->what)
		return;
	p->total = p->done; /* what was thought to be more was not, or does not come */
	p->ended = true;
	tell_now(p, vz_now_ms());
	p->what = NULL;
}

uint64_t vz_progress_rate(const struct vz_progress *p, int64_t now)
{
	int64_t ms = now - p->began;

	return ms <= 0 ? 0 : p->done / (uint64_t)ms * 1000 + p->done % (uint64_t)ms * 1000 / (uint64_t)ms;
}

int64_t vz_progress_left_s(const struct vz_progress *p, int64_t now)
{
	uint64_t rate = vz_progress_rate(p, now);

	if (p->ended)
		return 0;
	if (!p->total || !rate || p->done > p->total)
		return VZ_PROGRESS_UNKNOWN;
	return (int64_t)((p->total - p->done + rate - 1) / rate);
}

static bool take_digits(const char **at, uint64_t *ret)
{
	const char *p = *at + strspn(*at, " ");
	uint64_t v = 0;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (v > (UINT64_MAX - 9) / 10)
			return false;
		v = v * 10 + (uint64_t)(*p - '0');
	}
	*at = p;
	*ret = v;
	return true;
}

bool vz_progress_of_rsync(const char *line, uint64_t *ret_done, unsigned *ret_percent)
{
	uint64_t done, percent;

	if (!take_digits(&line, &done) || *line != ' ' || !take_digits(&line, &percent))
		return false;
	if (*line != '%' || percent > 100 || !strstr(line, "B/s"))
		return false;
	*ret_done = done;
	*ret_percent = (unsigned)percent;
	return true;
}

int64_t vz_throttle_ms(struct vz_throttle *t, uint64_t n, int64_t now)
{
	int64_t due, late;

	if (!t->per_s)
		return 0;
	if (!t->began)
		t->began = now;
	due = t->began + (int64_t)(t->sent / t->per_s * 1000 + t->sent % t->per_s * 1000 / t->per_s);
	late = now - due;
	if (late > 1000) { /* it was idle, or the wire is slower */
		t->began = now;
		t->sent = 0;
	}
	t->sent += n;
	return late < 0 ? -late : 0;
}
