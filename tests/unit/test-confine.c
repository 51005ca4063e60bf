// SPDX-License-Identifier: GPL-2.0-or-later
/* What is left to the unpacker once it reads hostile bytes: each thing is tried for real. */
#include "helpers/vzunpack/confine.h"
#include "base/own.h"
#include "sys/file.h"
#include "sys/landlock.h"
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void *idle(void *arg)
{
	return arg;
}

static int landlock_works(int dirfd)
{
	pid_t pid = fork();
	int st = -1;

	if (!pid) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		_exit(vz_landlock_only(dirfd) > 0 ? 0 : 1);
	}
	return waitpid(pid, &st, 0) == pid && !st;
}

static void try_files(int dirfd, int landlock)
{
	int fd = openat(dirfd, "inside", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK(write(fd, "x", 1) == 1);
	close(fd);
	CHECK(!mkdirat(dirfd, "sub", 0700));
	CHECK(!linkat(dirfd, "inside", dirfd, "sub/link", 0)); /* into another directory */
	if (!landlock) {
		printf("SKIPPED: files outside: the kernel has no Landlock\n");
		return;
	}
	CHECK(open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
	CHECK(open("/proc/self/mem", O_RDWR | O_CLOEXEC) < 0 && errno == EACCES);
	CHECK(openat(dirfd, "../escaped", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0);
	CHECK(unlinkat(dirfd, "../beside", 0) < 0 && errno == EACCES);
}

static void try_calls(void)
{
	char *argv[] = { (char *)"true", NULL };
	pthread_t thread;
	pid_t pid;

	CHECK(socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM);
	CHECK(socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM);
	CHECK(execv("/bin/true", argv) < 0);
	CHECK(mount("none", "/mnt", "tmpfs", 0, NULL) < 0 && errno == EPERM);
	CHECK(kill(getppid(), 0) < 0 && errno == EPERM);
	CHECK(ioctl(STDIN_FILENO, TIOCSTI, "x") < 0 && errno == EPERM);
	CHECK(setuid(0) < 0 && errno == EPERM);
	pid = fork();
	if (!pid)
		_exit(0);
	CHECK(pid < 0 && errno == EPERM);
	CHECK(!pthread_create(&thread, NULL, idle, NULL) && !pthread_join(thread, NULL));
}

static void try_capabilities(void)
{
	static const cap_value_t lost[] = { CAP_SYS_ADMIN, CAP_SETUID, CAP_KILL, CAP_NET_ADMIN,
					    CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH };
	cap_t have = cap_get_proc();
	cap_flag_value_t v;

	for (size_t i = 0; i < ARRAY_LEN(lost); i++) {
		CHECK(!cap_get_flag(have, lost[i], CAP_PERMITTED, &v) && v == CAP_CLEAR);
		CHECK(geteuid() || !cap_get_bound(lost[i]));
	}
	CHECK(!cap_get_flag(have, CAP_CHOWN, CAP_EFFECTIVE, &v));
	CHECK(geteuid() || v == CAP_SET);
	CHECK_INT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	cap_free(have);
}

static int child(int dirfd, int landlock)
{
	struct vz_err e = { 0 };

	checks = failures = 0;
	CHECK_INT(confine(dirfd, &e), 0);
	CHECK_STR(e.msg, "");
	CHECK(fcntl(9, F_GETFD) < 0);
	try_files(dirfd, landlock);
	try_calls();
	try_capabilities();
	fflush(stdout);
	return done();
}

int main(void)
{
	char top[] = "/tmp/vz-test-confine.XXXXXX";
	int top_fd, st = -1, landlock;
	pid_t pid;

	CHECK(mkdtemp(top) != NULL);
	top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(!mkdirat(top_fd, "in", 0700));
	close(openat(top_fd, "beside", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	CHECK(dup2(openat(top_fd, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC), 3) == 3);
	landlock = landlock_works(3);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		CHECK(dup2(STDOUT_FILENO, 9) == 9);
		st = child(3, landlock);
		fflush(stdout);
		_exit(st);
	}
	CHECK(waitpid(pid, &st, 0) == pid);
	CHECK_INT(st, 0);
	CHECK_INT(vz_remove_tree(AT_FDCWD, top), 0);
	return done();
}
