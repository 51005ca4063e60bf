// SPDX-License-Identifier: GPL-2.0-or-later
/* Open files, locks, removed files, directories, mounts. */
#include "tests/state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

void state_offset(struct st *t)
{
	int fd = file_of(t, "offset", "0123456789"), big = file_of(t, "big", "");
	off_t far = (off_t)5 << 32;

	must(t, lseek(fd, 4, SEEK_SET), "lseek");
	must(t, lseek(big, far, SEEK_SET), "lseek");
	moved(t);
	if (t->spoil)
		lseek(fd, 1, SEEK_CUR);
	check(t, comes(fd, "456789"), "the offset has changed");
	check(t, lseek(big, 0, SEEK_CUR) == far, "an offset beyond 4 GB has changed");
}

void state_flags(struct st *t)
{
	int fd = (int)must(t, open("log.txt", O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0600), "open");
	int path = (int)must(t, open("log.txt", O_PATH), "open");
	char text[32] = "";

	must(t, put(fd, "one ", 4) ? 0 : -1, "write");
	must(t, fcntl(fd, F_SETOWN, getpid()), "F_SETOWN");
	must(t, fcntl(fd, F_SETSIG, SIGRTMIN + 5), "F_SETSIG");
	moved(t);
	if (t->spoil)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	check(t, (fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK)) == (O_APPEND | O_NONBLOCK), "a flag is lost");
	check(t, fcntl(fd, F_GETFD) == FD_CLOEXEC && fcntl(path, F_GETFD) == 0, "close-on-exec has changed");
	check(t, fcntl(path, F_GETFL) & O_PATH, "O_PATH is lost");
	check(t, fcntl(fd, F_GETOWN) == getpid() && fcntl(fd, F_GETSIG) == SIGRTMIN + 5, "the owner is lost");
	lseek(fd, 0, SEEK_SET);
	check(t, put(fd, "two", 3) && read(open("log.txt", O_RDONLY), text, 31) == 7 && !strcmp(text, "one two"),
	      "it does not append");
}

/* Parent and child share one open file by fork, and two descriptors by dup. */
void state_shared_offset(struct st *t)
{
	int fd = file_of(t, "shared", "abcdefghij"), twin = (int)must(t, dup(fd), "dup"), p[2];
	int own = (int)must(t, open("shared", O_RDONLY), "open");

	must(t, pipe(p), "pipe");
	if (child(t) == 0) {
		char c;

		if (get(p[0], &c, 1) && lseek(fd, 2, SEEK_CUR) == 4)
			_exit(0);
		_exit(1);
	}
	must(t, lseek(fd, 1, SEEK_SET), "lseek");
	moved(t);
	if (t->spoil) {
		twin = open("shared", O_RDONLY);
		lseek(twin, 1, SEEK_SET);
	}
	check(t, comes(twin, "b") && lseek(fd, 0, SEEK_CUR) == 2, "dup does not share the offset any more");
	put(p[1], "x", 1);
	wait(NULL);
	check(t, lseek(fd, 0, SEEK_CUR) == 4, "fork does not share the offset any more");
	check(t, lseek(own, 0, SEEK_CUR) == 0, "two open files have become one");
}

void state_devices(struct st *t)
{
	int zero = (int)must(t, open("/dev/zero", O_RDONLY), "open"), rnd = (int)must(t, open("/dev/urandom", O_RDONLY), "open");
	int full = (int)must(t, open("/dev/full", O_WRONLY), "open");
	char buf[16] = "x", other[16] = "";

	moved(t);
	if (t->spoil)
		dup2(rnd, zero);
	check(t, read(zero, buf, 16) == 16 && !memcmp(buf, other, 16), "/dev/zero reads something else");
	check(t, read(rnd, buf, 16) == 16 && memcmp(buf, other, 16) != 0, "/dev/urandom is not random");
	check(t, write(full, "x", 1) < 0 && errno == ENOSPC, "/dev/full is not full");
}

void state_flock(struct st *t)
{
	int fd = file_of(t, "flock", "x"), other = (int)must(t, open("flock", O_RDONLY), "open");
	int sh = file_of(t, "flocksh", "x");

	must(t, flock(fd, LOCK_EX), "flock");
	must(t, flock(sh, LOCK_SH), "flock");
	moved(t);
	if (t->spoil)
		flock(fd, LOCK_UN);
	check(t, flock(other, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK, "the exclusive lock is lost");
	other = open("flocksh", O_RDONLY);
	check(t, flock(other, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK, "the shared lock is lost");
	check(t, !flock(other, LOCK_SH | LOCK_NB), "the shared lock is exclusive now");
}

/* What another process is told of the byte `start`. */
static short lock_at(struct st *t, const char *path, off_t start)
{
	pid_t pid = child(t);
	int code = 0;

	if (pid == 0) {
		struct flock fl = { .l_type = F_WRLCK, .l_start = start, .l_len = 1 };

		_exit(fcntl(open(path, O_RDWR), F_GETLK, &fl) ? 99 : fl.l_type);
	}
	waitpid(pid, &code, 0);
	return (short)WEXITSTATUS(code);
}

void state_posix_lock(struct st *t)
{
	int fd = file_of(t, "posix", "0123456789");
	struct flock wr = { .l_type = F_WRLCK, .l_start = 2, .l_len = 3 }, rd = { .l_type = F_RDLCK, .l_start = 7 };
	struct flock un = { .l_type = F_UNLCK };

	must(t, fcntl(fd, F_SETLK, &wr), "F_SETLK");
	must(t, fcntl(fd, F_SETLK, &rd), "F_SETLK");
	moved(t);
	if (t->spoil)
		fcntl(fd, F_SETLK, &un);
	check(t, lock_at(t, "posix", 2) == F_WRLCK && lock_at(t, "posix", 4) == F_WRLCK, "the write lock is lost");
	check(t, lock_at(t, "posix", 1) == F_UNLCK && lock_at(t, "posix", 5) == F_UNLCK, "the write lock has grown");
	check(t, lock_at(t, "posix", 700) == F_RDLCK, "the read lock to the end is lost");
}

void state_ofd_lock(struct st *t)
{
	int fd = file_of(t, "ofd", "0123456789"), other = (int)must(t, open("ofd", O_RDWR), "open");
	struct flock fl = { .l_type = F_WRLCK, .l_start = 1, .l_len = 1 }, ask = fl;

	must(t, fcntl(fd, F_OFD_SETLK, &fl), "F_OFD_SETLK");
	moved(t);
	if (t->spoil)
		close(fd);
	check(t, !fcntl(other, F_OFD_GETLK, &ask) && ask.l_type == F_WRLCK && ask.l_start == 1 && ask.l_len == 1,
	      "the lock is lost");
	check(t, ask.l_pid == -1, "it has become a lock of a process");
}

void state_lease(struct st *t)
{
	int fd = (int)must(t, open("leased", O_RDONLY | O_CREAT, 0600), "open");
	sigset_t set;

	must(t, fcntl(fd, F_SETLEASE, F_RDLCK), "F_SETLEASE");
	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	must(t, sigprocmask(SIG_BLOCK, &set, NULL), "sigprocmask");
	moved(t);
	if (t->spoil)
		fcntl(fd, F_SETLEASE, F_UNLCK);
	check(t, fcntl(fd, F_GETLEASE) == F_RDLCK, "the lease is lost");
	check(t, open("leased", O_WRONLY | O_NONBLOCK) < 0 && errno == EWOULDBLOCK, "it does not keep a writer away");
	check(t, sigtimedwait(&set, NULL, &(struct timespec){ 2, 0 }) == SIGIO, "its holder is not told");
}

/* ---- removed files ---- */

void state_removed(struct st *t)
{
	int fd = file_of(t, "removed", "content");
	struct stat st;

	must(t, fchmod(fd, 0640), "fchmod");
	must(t, unlink("removed"), "unlink");
	must(t, lseek(fd, 3, SEEK_SET), "lseek");
	moved(t);
	if (t->spoil)
		check(t, !ftruncate(fd, 2), "it cannot be changed");
	check(t, comes(fd, "tent"), "the content or the offset has changed");
	check(t, !fstat(fd, &st) && st.st_nlink == 0 && (st.st_mode & 07777) == 0640, "it has %u links, mode %o",
	      (unsigned int)st.st_nlink, st.st_mode & 07777);
	check(t, access("removed", F_OK) != 0, "its name is there again");
}

void state_removed_sparse(struct st *t)
{
	int fd = file_of(t, "sparse", "head");
	struct stat st;
	char text[8] = "";

	must(t, pwrite(fd, "tail", 4, (off_t)48 << 20), "pwrite");
	must(t, unlink("sparse"), "unlink");
	moved(t);
	if (t->spoil)
		pwrite(fd, "x", 1, (off_t)48 << 20);
	check(t, pread(fd, text, 4, (off_t)48 << 20) == 4 && !strcmp(text, "tail"), "the content has changed");
	check(t, !fstat(fd, &st) && st.st_size == ((off_t)48 << 20) + 4, "its size has changed");
	check(t, st.st_blocks < 2048, "its holes are filled: %lu blocks", (unsigned long)st.st_blocks);
}

void state_removed_twin(struct st *t)
{
	int fd = file_of(t, "first", "linked");
	struct stat st;

	must(t, link("first", "second"), "link");
	must(t, unlink("first"), "unlink");
	moved(t);
	if (t->spoil)
		unlink("second");
	check(t, comes(fd, "linked") && put(fd, "!", 1), "the content has changed");
	check(t, !fstat(fd, &st) && st.st_nlink == 1, "it has %u links", (unsigned int)st.st_nlink);
	check(t, !stat("second", &st) && st.st_size == 7, "it is not the file of its other name any more");
	check(t, access("first", F_OK) != 0, "the removed name is there again");
}

/* Its old name has another file now. */
void state_replaced(struct st *t)
{
	int fd = file_of(t, "config", "old"), new = file_of(t, "config.new", "new");
	char text[8] = "";

	must(t, rename("config.new", "config"), "rename");
	moved(t);
	if (t->spoil)
		pwrite(fd, "o", 1, 3);
	check(t, pread(fd, text, 8, 0) == 3 && !strcmp(text, "old"), "the old file has changed");
	check(t, pread(new, text, 8, 0) == 3 && !strcmp(text, "new"), "the new file has changed");
	check(t, read(open("config", O_RDONLY), text, 8) == 3 && !strcmp(text, "new"), "the name leads to the old file");
}

void state_tmpfile(struct st *t)
{
	int fd = (int)must(t, open(".", O_TMPFILE | O_RDWR, 0600), "O_TMPFILE");

	must(t, put(fd, "nameless", 8) ? 0 : -1, "write");
	moved(t);
	if (t->spoil)
		check(t, !ftruncate(fd, 0), "it cannot be changed");
	lseek(fd, 0, SEEK_SET);
	check(t, comes(fd, "nameless"), "the content has changed");
}

void state_removed_cwd(struct st *t)
{
	char link[PATH_MAX] = "";
	int fd;

	must(t, mkdir("here", 0755), "mkdir");
	fd = (int)must(t, open("here", O_RDONLY | O_DIRECTORY), "open");
	must(t, chdir("here"), "chdir");
	must(t, rmdir("../here"), "rmdir");
	moved(t);
	if (t->spoil)
		check(t, !chdir("/"), "the root cannot be entered");
	check(t, readlink("/proc/self/cwd", link, sizeof(link) - 1) > 0 && strstr(link, "/here"), "it is in %s", link);
	check(t, mkdir("new", 0755) < 0 && errno == ENOENT, "the removed directory can be used");
	check(t, fchdir(fd) == 0, "its descriptor is of no use");
}

/* ---- where a process is ---- */

void state_cwd_umask(struct st *t)
{
	char cwd[PATH_MAX] = "", want[PATH_MAX];
	struct stat st;

	must(t, mkdir("dir", 0755), "mkdir");
	must(t, chdir("dir"), "chdir");
	must(t, getcwd(want, sizeof(want)) ? 0 : -1, "getcwd");
	umask(0137);
	moved(t);
	if (t->spoil)
		umask(022);
	check(t, getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, want), "it is in %s", cwd);
	check(t, open("new", O_CREAT | O_WRONLY, 0777) >= 0 && !stat("new", &st) && (st.st_mode & 0777) == 0640,
	      "a new file has mode %o", st.st_mode & 0777);
}

void state_chroot(struct st *t)
{
	must(t, mkdir("jail", 0755), "mkdir");
	close(file_of(t, "jail/inmate", "x"));
	must(t, chroot("jail"), "chroot");
	must(t, chdir("/"), "chdir");
	moved(t);
	check(t, access(t->spoil ? "/etc" : "/inmate", F_OK) == 0, "its root is another one");
	check(t, access("/proc", F_OK) != 0, "it sees more than its root");
}

void state_tmpfs(struct st *t)
{
	char text[32] = "";
	struct stat st;

	must(t, mkdir("tmpfs", 0755), "mkdir");
	must(t, mount("state", "tmpfs", "tmpfs", MS_NOSUID, "size=1m,mode=750,nr_inodes=99"), "mount");
	close(file_of(t, "tmpfs/file", "in memory"));
	must(t, mkdir("tmpfs/dir", 0700), "mkdir");
	must(t, symlink("file", "tmpfs/link"), "symlink");
	must(t, link("tmpfs/file", "tmpfs/twin"), "link");
	must(t, setxattr("tmpfs/file", "user.state", "v", 1, 0) && errno != EOPNOTSUPP ? -1 : 0, "setxattr");
	must(t, chown("tmpfs/file", 12, 34), "chown");
	moved(t);
	if (t->spoil)
		unlink("tmpfs/link");
	check(t, !stat("tmpfs/file", &st) && st.st_uid == 12 && st.st_gid == 34 && st.st_nlink == 2, "the file has changed");
	check(t, read(open("tmpfs/twin", O_RDONLY), text, 31) == 9 && !strcmp(text, "in memory"), "the content has changed");
	check(t, readlink("tmpfs/link", text, 31) == 4, "the symbolic link is lost");
	check(t, !stat("tmpfs/dir", &st) && (st.st_mode & 0777) == 0700, "the directory has changed");
	check(t, !stat("tmpfs", &st) && (st.st_mode & 0777) == 0750, "its root has mode %o", st.st_mode & 0777);
	check(t, open("tmpfs/big", O_CREAT | O_WRONLY, 0600) >= 0 && truncate("tmpfs/big", 2 << 20) == 0, "it is full");
	umount2("tmpfs", MNT_DETACH);
}

void state_bind_mount(struct st *t)
{
	char text[8] = "";
	unsigned long keep;
	struct statvfs fs;

	must(t, mkdir("from", 0755), "mkdir");
	must(t, mkdir("to", 0755), "mkdir");
	close(file_of(t, "from/file", "bound"));
	must(t, mount("from", "to", NULL, MS_BIND, NULL), "mount");
	must(t, statvfs("to", &fs), "statvfs");
	/* what the mount below has is locked */
	keep = (fs.f_flag & (ST_NOSUID | ST_NODEV | ST_NOATIME | ST_NODIRATIME)) | (fs.f_flag & ST_RELATIME ? MS_RELATIME : 0);
	must(t, mount(NULL, "to", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOEXEC | keep, NULL), "remount");
	moved(t);
	if (t->spoil)
		umount("to");
	check(t, read(open("to/file", O_RDONLY), text, 8) == 5 && !strcmp(text, "bound"), "it shows something else");
	check(t, open("to/new", O_CREAT | O_WRONLY, 0600) < 0 && errno == EROFS, "it is not read-only any more");
	umount2("to", MNT_DETACH);
}
