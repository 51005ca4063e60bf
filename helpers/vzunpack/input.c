// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading, and gunzip with its check; see input.h.
 *
 * May be hostile: every byte; therefore buffers are of one size, zlib is told how large they are, and the
 * process is confined before (confine.c).
 */
#include "helpers/vzunpack/input.h"

#include <archive.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define GZIP_ONLY (16 + MAX_WBITS) /* inflateInit2(): a gzip header, nothing else */

static int fail(struct archive *a, int err, const char *why)
{
	archive_set_error(a, err, "%s", why);
	return ARCHIVE_FATAL;
}

/* Fills i->in; the number of bytes, 0 at the end, ARCHIVE_FATAL. */
static la_ssize_t refill(struct input *i, struct archive *a)
{
	ssize_t n;

	do
		n = read(i->fd, i->in, sizeof(i->in));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail(a, errno, strerror(errno));
	i->done += n;
	i->z.next_in = i->in;
	i->z.avail_in = (uInt)n;
	return n;
}

/* One step of inflate(3), with more input where that is needed. */
static int step(struct input *i, struct archive *a)
{
	if (!i->z.avail_in) {
		la_ssize_t n = refill(i, a);

		if (n < 0)
			return (int)n;
		i->ended = !n && i->between;
		if (!n)
			return i->ended ? ARCHIVE_OK : fail(a, EILSEQ, "truncated gzip input");
	}
	if (i->between) { /* another member, or padding, which gzip(1) ignores as well */
		i->ended = i->z.next_in[0] != 0x1f;
		if (i->ended)
			return ARCHIVE_OK;
		(void)inflateReset(&i->z);
	}
	switch (inflate(&i->z, Z_NO_FLUSH)) {
	case Z_STREAM_END:
		i->between = true;
		return ARCHIVE_OK;
	case Z_OK:
	case Z_BUF_ERROR: /* wants more input or room: no error */
		i->between = false;
		return ARCHIVE_OK;
	case Z_MEM_ERROR:
		return fail(a, ENOMEM, "out of memory");
	default:
		return fail(a, EILSEQ, i->z.msg ? i->z.msg : "damaged gzip input");
	}
}

static la_ssize_t gunzip(struct input *i, struct archive *a)
{
	int r = ARCHIVE_OK;

	i->z.next_out = i->out;
	i->z.avail_out = sizeof(i->out);
	while (r == ARCHIVE_OK && !i->ended && i->z.avail_out)
		r = step(i, a);
	return r == ARCHIVE_OK ? (la_ssize_t)(sizeof(i->out) - i->z.avail_out) : r;
}

static la_ssize_t next_block(struct archive *a, void *data, const void **ret)
{
	struct input *i = data;
	la_ssize_t n;

	if (!i->started) {
		n = refill(i, a);
		if (n < 0)
			return n;
		i->started = true;
		i->is_gzip = n >= 2 && i->in[0] == 0x1f && i->in[1] == 0x8b;
		if (i->is_gzip && inflateInit2(&i->z, GZIP_ONLY) != Z_OK)
			return fail(a, ENOMEM, "out of memory");
		if (!i->is_gzip) {
			*ret = i->in;
			return n;
		}
	}
	*ret = i->is_gzip ? i->out : i->in;
	return i->is_gzip ? gunzip(i, a) : refill(i, a);
}

int input_open(struct input *i, struct archive *a, int fd)
{
	*i = (struct input){ .fd = fd };
	return archive_read_open(a, i, NULL, next_block, NULL);
}

int input_check_rest(struct input *i, struct archive *a)
{
	la_ssize_t n = 1;

	while (i->is_gzip && n > 0) {
		n = gunzip(i, a);
		i->rest += n;
		if (i->rest > INPUT_REST_MAX)
			return fail(a, EILSEQ, "there are more than 16 MiB behind its end");
	}
	return n < 0 ? (int)n : ARCHIVE_OK;
}

void input_close(struct input *i)
{
	if (i->is_gzip)
		(void)inflateEnd(&i->z);
}
