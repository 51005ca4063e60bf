// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Some hundred small files to the disk. One fsync(2) after the other waits for a flush of the disk each time;
 * many at once share the commits of the file system's journal and the flushes. syncfs(2) would wait for what
 * everybody else has written there.
 */
#include "cpt/image-internal.h"
#include "base/own.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#define THREADS 16

struct work {
	const struct vz_image *im;
	atomic_size_t next;
	atomic_int err;
};

static void *work_on(void *arg)
{
	struct work *w = arg;
	size_t i;

	while (!w->err && (i = w->next++) < w->im->m.n) {
		autoclose int fd = openat(w->im->dir, w->im->m.v[i].name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0 || fsync(fd) < 0)
			w->err = -errno;
	}
	return NULL;
}

int image_sync(const struct vz_image *im)
{
	struct work w = { .im = im };
	pthread_t thread[THREADS];
	sigset_t all, old;
	size_t n = 0;

	/* signals are the caller's */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (n < THREADS && n + 1 < im->m.n && !pthread_create(&thread[n], NULL, work_on, &w))
		n++;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	work_on(&w);
	while (n)
		pthread_join(thread[--n], NULL);
	return w.err;
}
