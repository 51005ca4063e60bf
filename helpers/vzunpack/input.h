/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of an archive as libarchive gets them: gzip is decoded here, because libarchive does
 * not check the sum at the end of a gzip file and would unpack a damaged template without a word.
 * The other compressions it checks itself.
 */
#ifndef VZUNPACK_INPUT_H
#define VZUNPACK_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

struct archive;

#define INPUT_BLOCK 65536

struct input {
	int fd;
	int64_t done;    /* bytes read from fd */
	int64_t rest;    /* bytes decoded behind the end mark */
	bool started, is_gzip;
	bool between, ended; /* after a member of the file; after the last one */
	z_stream z;
	unsigned char in[INPUT_BLOCK], out[INPUT_BLOCK];
};

/* Makes `a` read fd through *i, which must live as long as `a`. ARCHIVE_OK or as
 * archive_read_open(3). */
int input_open(struct input *i, struct archive *a, int fd);
/* What may follow the end mark of an archive: padding to a block of a tape's. */
#define INPUT_REST_MAX (16 << 20)
/* The end mark of a tar archive comes before the sum of the gzip file: reads on up to that. An error as
 * well, with an explanation in `a`, where more than INPUT_REST_MAX bytes lie between. */
int input_check_rest(struct input *i, struct archive *a);
void input_close(struct input *i);

#endif
