// SPDX-License-Identifier: GPL-2.0-or-later
/* Why a VPS ended; see fate.h. */
#include "ct/fate.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"

#include <fcntl.h>
#include <sys/stat.h>

#define LINES 5
#define LINE_MAX_LEN 160
#define TAIL 4096u          /* of a log, in which the last lines are looked for */

bool vz_fate_oom(const struct vz_cg *cg, char *buf, size_t size)
{
	struct vz_cg_usage u;

	if (vz_cg_read(cg, &u, NULL) < 0 || !u.oom_kills || u.oom_kills == VZ_UNLIMITED)
		return false;
	if (u.ram_max == VZ_UNLIMITED)
		snprintf(buf, size, "the host's memory was used up, and the kernel killed %llu of the "
			 "container's processes; limit containers with --ram",
			 (unsigned long long)u.oom_kills);
	else
		snprintf(buf, size, "its memory (%llu KiB) was used up, and the kernel killed %llu of its "
			 "processes; give it more with --ram", (unsigned long long)u.ram_max / 1024,
			 (unsigned long long)u.oom_kills);
	return true;
}

uint64_t vz_fate_killed(const struct vz_cg *cg)
{
	struct vz_cg_usage u;

	return vz_cg_read(cg, &u, NULL) < 0 || u.oom_kills == VZ_UNLIMITED ? 0 : u.oom_kills;
}

/* ---- the console ---- */

static int open_log(unsigned id, off_t *ret_size)
{
	autofree char *path = vz_fmt(VZ_CONSOLE_LOGS "/" VZ_CONSOLE_LOG, id);
	autoclose int fd = path ? open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -EBADF;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -ENOENT;
	*ret_size = st.st_size;
	return TAKE_FD(fd);
}

off_t vz_fate_mark(unsigned id)
{
	off_t size = 0;
	autoclose int fd = open_log(id, &size);

	return fd < 0 ? 0 : size;
}

/* Where the last LINES lines begin that are not empty. */
static const char *last_lines(const char *text, const char *end)
{
	const char *p = end;

	for (int seen = 0; p > text; p--) {
		bool ends = p[-1] == '\n' && p < end && *p != '\n' && *p != '\r';

		if (ends && ++seen == LINES)
			break;
	}
	return p;
}

void vz_fate_lines(const char *text, size_t n)
{
	const char *end = text + n, *p = last_lines(text, end), *eol;

	for (; p < end; p = eol + 1) {
		char out[VZ_ESCAPE_ROOM(LINE_MAX_LEN) + 1];
		struct vz_escape x = { 0 };
		size_t len, k;

		eol = memchr(p, '\n', (size_t)(end - p));
		eol = eol ? eol : end;
		len = (size_t)(eol - p);
		while (len && (p[len - 1] == '\r' || p[len - 1] == ' '))
			len--;
		if (!len)
			continue;
		k = vz_escape(&x, p, len > LINE_MAX_LEN ? LINE_MAX_LEN : len, out);
		k += vz_escape(&x, NULL, 0, out + k);
		out[k] = 0;
		vz_log(-1, "console: %s", out);
	}
}

bool vz_fate_say_since(unsigned id, off_t mark)
{
	char text[TAIL];
	off_t size = 0;
	autoclose int fd = open_log(id, &size);
	ssize_t n;

	if (fd < 0)
		return false;
	if (size < mark)
		mark = 0;
	if (size - mark > (off_t)TAIL)
		mark = size - (off_t)TAIL;
	n = pread(fd, text, TAIL, mark);
	if (n <= 0)
		return false;
	vz_fate_lines(text, (size_t)n);
	return true;
}
