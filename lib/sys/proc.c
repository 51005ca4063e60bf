// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/PID; see proc.h and proc(5). */
#include "sys/proc.h"
#include "base/escape.h"
#include "base/num.h"
#include "base/own.h"
#include "sys/file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#define STATUS_MAX 16384
#define PF_FORKNOEXEC 0x40 /* the kernel's <linux/sched.h>; part of /proc/PID/stat, proc(5) */

int vz_proc_stat(pid_t pid, struct vz_proc *ret)
{
	char path[sizeof("/proc//stat") + 10], buf[1024], *s;
	struct vz_proc p = { 0 };
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	n = vz_file_read_buf(AT_FDCWD, path, buf, sizeof(buf));
	if (n < 0)
		return n == -ENOENT ? -ESRCH : (int)n;
	/* the name may hold anything, blanks and ')' too: fields start behind the last ')' */
	s = strrchr(buf, ')');
	if (!s || !s[1])
		return -EINVAL;
	p.state = s[2];
	s += 2;
	for (int field = 3; (s = strchr(s, ' ')); field++) {
		s++;
		if (field + 1 == 4)
			p.parent = (pid_t)strtol(s, NULL, 10);
		else if (field + 1 == 9)
			p.has_run_exec = !(strtoul(s, NULL, 10) & PF_FORKNOEXEC);
		else if (field + 1 == 14 || field + 1 == 15)
			p.cpu_ms += strtoull(s, NULL, 10) * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
		else if (field + 1 == 22)
			p.start_time = strtoull(s, NULL, 10);
		else if (field + 1 == 52)
			p.exit_code = (int)strtol(s, NULL, 10);
	}
	*ret = p;
	return 0;
}

bool vz_proc_alive(pid_t pid, uint64_t start_time)
{
	struct vz_proc p;
	int r = pid > 0 ? vz_proc_stat(pid, &p) : -ESRCH;

	if (r < 0)
		return pid > 0 && !vz_proc_is_mounted() && (!kill(pid, 0) || errno == EPERM);
	return p.state != 'Z' && p.state != 'X' &&
	       (!start_time || p.start_time == start_time);
}

/* May be hostile: the list of groups is as long as the guest likes, so the end may be missing. The name,
 * which comes first, cannot hold a line's end. */
static bool read_status(pid_t pid, char *buf, size_t size)
{
	char path[sizeof("/proc//status") + 10];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	*buf = 0;
	return vz_file_read_buf(AT_FDCWD, path, buf, size) > 0;
}

/* The groups stand before: a line that is not in the buffer is one that cannot be told. */
static uint64_t signals_of(const char *status, const char *line)
{
	const char *s = strstr(status, line);

	return s ? strtoull(s + strlen(line), NULL, 16) : UINT64_MAX;
}

/* In rt_sigtimedwait(2), for whose time the kernel shows what is waited for as not blocked. */
static bool is_waiting_for_signals(pid_t pid)
{
	char path[sizeof("/proc//syscall") + 10], buf[256];

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	return vz_file_read_buf(AT_FDCWD, path, buf, sizeof(buf)) > 0 &&
	       strtol(buf, NULL, 10) == SYS_rt_sigtimedwait;
}

uint64_t vz_proc_handled_signals(pid_t pid)
{
	char buf[STATUS_MAX];

	if (is_waiting_for_signals(pid) || !read_status(pid, buf, sizeof(buf)))
		return UINT64_MAX;
	return signals_of(buf, "\nSigBlk:\t") | signals_of(buf, "\nSigCgt:\t");
}

bool vz_proc_is_init(pid_t pid)
{
	char text[STATUS_MAX], *nspid;

	if (!read_status(pid, text, sizeof(text)))
		return false;
	nspid = strstr(text, "\nNSpid:\t");
	nspid = nspid ? strchr(nspid + strlen("\nNSpid:\t"), '\t') : NULL;
	return nspid && !strncmp(nspid, "\t1\n", 3);
}

/* Of the pid namespace that it is in, a zombie too; 0 when unknown. */
static ino_t pid_namespace(pid_t pid)
{
	char path[sizeof("/proc//ns/pid") + 10];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

/* Tracer and ids stand before the groups. */
static pid_t tracer_of(pid_t pid)
{
	char text[1024], *s;

	(void)read_status(pid, text, sizeof(text));
	s = strstr(text, "\nTracerPid:\t");
	return s ? (pid_t)strtol(s + strlen("\nTracerPid:\t"), NULL, 10) : 0;
}

static bool is_of_root(pid_t pid)
{
	char text[1024];

	return read_status(pid, text, sizeof(text)) && strstr(text, "\nUid:\t0\t0\t0\t");
}

/* A copy in memory (sys/exe.h) is another file each time. Anybody can make one with that name, but not
 * as root; and one of another program of ours has another size. */
static bool is_our_program(pid_t pid)
{
	char path[sizeof("/proc//exe") + 10], name[sizeof("/memfd:vz (deleted)")];
	struct stat its, mine;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (stat(path, &its) < 0 || stat("/proc/self/exe", &mine) < 0)
		return false;
	if (its.st_dev == mine.st_dev && its.st_ino == mine.st_ino)
		return true;
	n = readlink(path, name, sizeof(name));
	return n == (ssize_t)sizeof(name) - 1 && !memcmp(name, "/memfd:vz (deleted)", (size_t)n) &&
	       its.st_size == mine.st_size && is_of_root(pid);
}

/* Who could let go of this zombie? A tracer is told first; who is stopped by his own tracer does nothing. */
static struct vz_keeper keeper_of(pid_t zombie, pid_t parent)
{
	struct vz_keeper k = { .pid = tracer_of(zombie), .traces = true };
	struct vz_proc p;

	if (k.pid || vz_proc_stat(parent, &p) < 0)
		return k;
	k.pid = p.state == 't' ? tracer_of(parent) : 0;
	if (!k.pid)
		k = (struct vz_keeper){ .pid = parent,
					.may_end = p.state == 'T' && is_our_program(parent) };
	return k;
}

void vz_proc_keeper(pid_t init, struct vz_keeper *ret)
{
	ino_t ns = pid_namespace(init);
	autoclosedir DIR *d = opendir("/proc");
	struct vz_proc p;
	uint32_t pid;

	*ret = (struct vz_keeper){ 0 };
	for (struct dirent *de; ns && d && !ret->may_end && (de = readdir(d));) {
		struct vz_keeper k;

		if (vz_num_u32(de->d_name, INT32_MAX, &pid) || (pid_t)pid == init ||
		    vz_proc_stat((pid_t)pid, &p) < 0 || p.state != 'Z' || p.parent <= 0 ||
		    pid_namespace((pid_t)pid) != ns)
			continue;
		k = keeper_of((pid_t)pid, p.parent);
		/* our own child: its first thread has ended, another has not yet */
		if (k.pid > 0 && k.pid != getpid() && pid_namespace(k.pid) != ns &&
		    (!ret->pid || k.may_end))
			*ret = k;
	}
}

bool vz_proc_is_mounted(void)
{
	char self[16];
	struct statfs fs;
	uint32_t pid;
	ssize_t n;

	if (statfs("/proc", &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return false;
	n = readlink("/proc/self", self, sizeof(self) - 1);
	self[n < 0 ? 0 : n] = 0;
	return !vz_num_u32(self, INT32_MAX, &pid) && (pid_t)pid == getpid();
}

int vz_proc_boot_id(char *buf, size_t size)
{
	ssize_t n = vz_file_read_buf(AT_FDCWD, "/proc/sys/kernel/random/boot_id", buf, size);

	return n < 0 ? (int)n : 0;
}

void vz_proc_cmdline(pid_t pid, char *buf, size_t size)
{
	char path[sizeof("/proc//cmdline") + 10];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	n = vz_file_read_buf(AT_FDCWD, path, buf, size);
	if (n < 0)
		n = 0;
	while (n > 0 && (unsigned char)buf[n - 1] <= ' ') /* what setproctitle(3) leaves, too */
		n--;
	for (ssize_t i = 0; i < n; i++)
		if ((unsigned char)buf[i] < 32)
			buf[i] = ' ';
	buf[n] = 0;
	vz_escape_plain(buf);
}

void vz_proc_line(pid_t pid, const char *file, char *buf, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	if (vz_file_read_buf(AT_FDCWD, path, buf, size) < 0)
		*buf = 0;
	buf[strcspn(buf, "\n")] = 0;
	vz_escape_plain(buf);
}

bool vz_is_mount_at(int dirfd, const char *name)
{
	struct statx stx;

	/* DONT_SYNC: what serves the file system may be dead */
	return !statx(dirfd, name, AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH |
		      AT_STATX_DONT_SYNC, STATX_TYPE, &stx) &&
	       stx.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

bool vz_is_mount_point(const char *path)
{
	struct statx stx;

	return !statx(AT_FDCWD, path, AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_TYPE, &stx) &&
	       (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}
