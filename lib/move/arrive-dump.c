// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of a dump that come over the connection of the migration, between two requests. */
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "cpt/manifest.h"
#include "move/arrive-internal.h"
#include "move/migrate.h"
#include "sys/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#define AS(code) ((enum vz_exit)VZ_MIGRATE_##code)

/* Modes as in the dump there (cpt/image.h): root inside opens some of CRIU's images. */
static int open_dump_file(const char *dir, const char *name, mode_t mode, struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/%s", dir, name), *above = path ? strdup(path) : NULL;
	int fd;

	if (!above)
		return vz_oom(e);
	*strrchr(above, '/') = 0;
	if (vz_mkdir_p(dir, 0700) < 0 || vz_mkdir_p(above, 0711) < 0)
		return vz_fail(e, AS(COPY), errno, "cannot make %s on destination node", above);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode & 0644);
	return fd < 0 ? vz_fail(e, AS(COPY), errno, "cannot write %s on destination node", path) : fd;
}

/* As vz_talk_bytes(), of n bytes that come in frames. -EPROTO, -ENOMEM: where the next request begins nobody knows. */
static int take_frames(struct vz_arrival *a, uint64_t n, int fd)
{
	struct vz_unpacker *u = &a->unpacker;
	int r = u->mem ? 0 : vz_unpacker_open(u), failed = 0;
	char *at;

	while (r >= 0 && n) {
		size_t room = vz_frame_room(u, &at);

		r = vz_talk_bytes(&a->talk, room, -1, at);
		if (r >= 0)
			r = vz_frame_took(u, room);
		if (r <= 0)
			continue;
		if (fd >= 0 && failed >= 0)
			failed = vz_write_all(fd, u->bytes, u->n);
		r = u->n <= n ? 0 : -EPROTO;
		n -= u->n;
	}
	a->is_astray = r < 0;
	return r < 0 ? r : failed;
}

/* "NAME MODE LENGTH" and bytes, or frames of so many: a file of the dump. */
int vz_arrive_dump(struct vz_arrival *a, const char *args, struct vz_err *e)
{
	autofree char *name = vz_str_word(&args, " "), *dir = vz_arrive_dump_dir(a), *size = NULL, *word = NULL;
	autoclose int fd = -EBADF;
	uint32_t mode;
	uint64_t n;
	int r;

	word = vz_str_word(&args, " ");
	size = vz_str_word(&args, " ");
	a->is_astray = !a->prepared || !dir || !name || !word || !size || vz_num_u32(word, 0777, &mode) < 0 ||
		       vz_num_u64(size, UINT64_MAX, &n) < 0;
	if (a->is_astray)
		return vz_fail(e, AS(REMOTE), 0, "bad request");
	fd = vz_manifest_is_name(name) ? open_dump_file(dir, name, mode, e) : vz_fail(e, AS(REMOTE), 0, "bad request");
	r = a->in_frames ? take_frames(a, n, fd) : vz_talk_bytes(&a->talk, n, fd, NULL);
	if (fd < 0)
		return fd;
	if (r == -EPROTO)
		return vz_fail(e, AS(COPY), 0, VZ_ARRIVE_DAMAGED);
	return r < 0 ? vz_fail(e, AS(COPY), -r, "cannot write the dump on destination node") : 0;
}
