// SPDX-License-Identifier: GPL-2.0-or-later
/* The context of each thread, and lines for its sink; see context.h. */
#include "base/context.h"
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static _Thread_local struct vz_context *current;

struct vz_context *vz_context_use(struct vz_context *c)
{
	struct vz_context *former = current;

	current = c;
	return former;
}

struct vz_context *vz_context(void)
{
	return current;
}

int vz_cancel_open(struct vz_context *c)
{
	c->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return c->cancel_fd < 0 ? -errno : 0;
}

void vz_cancel(struct vz_context *c)
{
	const uint64_t one = 1;
	int err = errno;

	c->cancelled = 1;
	if (c->cancel_fd >= 0)
		(void)!write(c->cancel_fd, &one, sizeof(one));
	errno = err;
}

bool vz_cancelled(void)
{
	return current && current->cancelled;
}

void vz_cancel_undoing(bool on)
{
	if (current)
		current->undoing = on;
}

bool vz_cancel_is_undoing(void)
{
	return current && current->undoing;
}

int vz_cancel_fd(void)
{
	return current ? current->cancel_fd : -1;
}

void vz_unwritten(int err)
{
	if (current && !current->unwritten && err != EPIPE)
		current->unwritten = err;
}

static void put_line(enum vz_line kind, const char *fmt, va_list ap)
{
	autostr text = { 0 };

	if (!current || !current->sink)
		return;
	vz_str_addv(&text, fmt, ap);
	current->sink(current->sink_arg, kind, text.s ? text.s : "");
}

void vz_result(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line(VZ_LINE_RESULT, fmt, ap);
	va_end(ap);
}

void vz_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line(VZ_LINE_NOTE, fmt, ap);
	va_end(ap);
}
