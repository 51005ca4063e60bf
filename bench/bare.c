/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor of what a start can cost: bare FIRST_ID ROOT MOUNTPOINT INIT
 *
 * clone3() of the seven namespaces, an id map, ROOT attached with its ids mapped, a /proc,
 * pivot_root, exec of INIT; ends when the exec has happened. No configuration, cgroups, devices,
 * filters, locks, state, nor any error message worth the name.
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/sched.h>

#define IDS 65536
#define NAMESPACES \
	(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | \
	 CLONE_NEWUTS | CLONE_NEWCGROUP)

static void put(pid_t pid, const char *file, const char *text)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", path);
	close(fd);
}

static void child(int go, int tree, const char *where, char *init)
{
	char *argv[] = { init, NULL }, *env[] = { NULL }, c;

	if (read(go, &c, 1) != 1 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		err(1, "identity");
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, where, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		err(1, "%s", where);
	if (chdir(where) < 0 || mount("proc", "proc", "proc", 0, NULL) < 0)
		err(1, "%s/proc", where);
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		err(1, "pivot_root");
	setsid();
	execve(init, argv, env);
	err(1, "%s", init);
}

/* ROOT with the child's ids, attached nowhere yet. */
static int clone_tree(const char *root, int userns)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns };
	int fd = (int)syscall(SYS_open_tree, AT_FDCWD, root, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0 || syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		err(1, "%s", root);
	return fd;
}

/* A user namespace with the map, as the mount has to have it before the child is there. */
static int map_only(const char *map)
{
	char path[64];
	int fd, p[2];
	pid_t pid;

	if (pipe(p) < 0)
		err(1, "pipe");
	pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
	if (!pid) {
		char c;

		close(p[1]);
		_exit(read(p[0], &c, 1) < 0);
	}
	put(pid, "uid_map", map);
	put(pid, "gid_map", map);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	close(p[0]);
	close(p[1]);
	waitpid(pid, NULL, 0);
	return fd;
}

int main(int argc, char **argv)
{
	struct clone_args a = { .flags = NAMESPACES, .exit_signal = SIGCHLD };
	int go[2], done[2], tree;
	char map[64], c;
	pid_t pid;

	if (argc != 5)
		errx(2, "usage: bare FIRST_ID ROOT MOUNTPOINT INIT");
	snprintf(map, sizeof(map), "0 %s %d\n", argv[1], IDS);
	tree = clone_tree(argv[2], map_only(map));
	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(done, O_CLOEXEC) < 0)
		err(1, "pipe");
	pid = (pid_t)syscall(SYS_clone3, &a, sizeof(a));
	if (!pid) {
		close(done[0]);
		child(go[0], tree, argv[3], argv[4]);
	}
	close(done[1]);
	put(pid, "uid_map", map);
	put(pid, "gid_map", map);
	if (write(go[1], "", 1) != 1 || read(done[0], &c, 1) != 0)
		err(1, "the child failed");
	printf("%d\n", pid);
	return 0;
}
