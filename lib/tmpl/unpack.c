// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Unpacking a template into an empty directory: archives by the helper vzunpack, which has the
 * rights for that directory only, and directories by copy.c. The helper's exit code is ours, its
 * one sentence on stderr becomes our error.
 */
#include "tmpl/tmpl.h"
#include "tmpl/tmpl-internal.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/spawn.h"
#include "sys/wait.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>

/* The helper of an uninstalled build is found by the environment; secure_getenv(3) ignores that
 * should anybody ever give this program more rights than its caller has. */
static char *helper_path(void)
{
	const char *dir = secure_getenv("VZ_LIBEXEC");

	return vz_fmt("%s/vzunpack", dir && *dir ? dir : VZ_LIBEXECDIR);
}

/* Reads to the end of file what fits; the rest is dropped so that the writer never blocks. A signal ends
 * it, since the helper may hang in a dead file system. */
static void read_sentence(int fd, char *buf, size_t size)
{
	char rest[512];
	size_t len = 0;
	ssize_t n;

	for (;;) {
		bool fits = len + 1 < size;

		if (vz_wait_fd(fd, POLLIN, VZ_NO_END) < 0)
			break;
		n = fits ? read(fd, buf + len, size - 1 - len) : read(fd, rest, sizeof(rest));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += fits ? (size_t)n : 0;
	}
	buf[len] = 0;
	buf[strcspn(buf, "\n")] = 0;
	for (char *s = buf; *s; s++)
		if ((unsigned char)*s < 32 || *s == 127)
			*s = '?';
}

/* The helper's verdict as our error. */
static int verdict(int code, const char *said, const struct vz_tmpl *t, struct vz_err *e)
{
	if (code == 0)
		return 0;
	if (code > 128 && !*said)
		return vz_fail(e, VZ_FS_NEW_VE_PRVT, 0, "Unpacking %s was killed by signal %d",
			       t->path, code - 128);
	if (code != VZ_FS_NO_DISK_SPACE && code != VZ_FS_BAD_TMPL)
		code = VZ_FS_NEW_VE_PRVT;
	(void)vz_fail(e, (enum vz_exit)code, 0, "%s", *said ? said : "Unpacking failed");
	if (code != VZ_FS_NO_DISK_SPACE)
		return vz_within(e, -EINVAL, "%s", t->path);
	return -ENOSPC;
}

static int unpack_archive(const struct vz_tmpl *t, int dirfd, const struct vz_tmpl_for *whom,
			  struct vz_err *e)
{
	autoclose int in = -EBADF, out = -EBADF, sentence = -EBADF, theirs = -EBADF;
	autofree char *helper = helper_path();
	char bytes[24], entries[24], *argv[] = { helper, bytes, entries, NULL }, said[256];
	struct vz_spawn s = VZ_SPAWN_INIT;
	int p[2], r;
	pid_t pid;

	in = open(t->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (in < 0)
		return vz_fail(e, VZ_FS_BAD_TMPL, errno, "Unable to open OS template %s", t->path);
	out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (!helper || out < 0 || pipe2(p, O_CLOEXEC) < 0)
		return vz_fail(e, VZ_SYSTEM, helper ? errno : ENOMEM, "Unable to unpack %s",
			       t->path);
	snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)whom->bytes);
	snprintf(entries, sizeof(entries), "%llu", (unsigned long long)whom->entries);
	sentence = p[0];
	theirs = p[1];
	s.argv = argv;
	s.in = in;
	s.out = whom->progress && isatty(STDERR_FILENO) ? STDERR_FILENO : out;
	s.err = theirs;
	s.keep = dirfd;
	s.death_signal = SIGKILL;
	r = vz_spawn_start(&s, &pid);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "Unable to run %s", helper);
	close(TAKE_FD(theirs));
	read_sentence(sentence, said, sizeof(said));
	r = vz_spawn_wait(pid, 0, false);
	if (r == -ECANCELED)
		return vz_fail(e, VZ_SYSTEM, 0, "Interrupted by a signal");
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "Unable to wait for %s", helper);
	return verdict(r, said, t, e);
}

int vz_tmpl_unpack(const struct vz_tmpl *t, int dirfd, const struct vz_tmpl_for *whom,
		   struct vz_err *e)
{
	const struct vz_put_how how = { .bytes = whom->bytes, .entries = whom->entries };

	return t->is_dir ? vz_tmpl_copy(t->path, dirfd, &how, e) :
			   unpack_archive(t, dirfd, whom, e);
}
