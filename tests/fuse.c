/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A FUSE file system whose daemon takes every request and answers none. */
#include "tests/init.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* The first request alone is answered: without that no other comes. */
static int answer_init(int fd, const struct fuse_in_header *to)
{
	struct {
		struct fuse_out_header h;
		struct fuse_init_out init;
	} answer = { { sizeof(answer), 0, to->unique },
		     { .major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096 } };

	return write(fd, &answer, sizeof(answer)) == sizeof(answer) ? 0 : -1;
}

int serve_nothing(const char *dir)
{
	static char request[1 << 20];
	const struct fuse_in_header *h = (const void *)request;
	int fd = open("/dev/fuse", O_RDWR);
	char options[96];

	snprintf(options, sizeof(options), "fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other", fd);
	if (fd < 0 || mount("silent", dir, "fuse", 0, options) < 0) {
		perror("fuse");
		return 1;
	}
	if (read(fd, request, sizeof(request)) < 0 || h->opcode != FUSE_INIT || answer_init(fd, h) < 0) {
		perror("FUSE_INIT");
		return 1;
	}
	if (fork())
		return 0;
	setsid();
	for (int i = 0; i < 3; i++)
		close(i);
	while (read(fd, request, sizeof(request)) > 0)
		;
	return 0;
}
