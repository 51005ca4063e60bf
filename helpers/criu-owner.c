// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two system calls of CRIU made by the owner of the VPS's user namespace, who is the VPS's first host id: this
 * object is loaded into CRIU by LD_PRELOAD and stands before the syscall(2) of its C library.
 *
 * clone3(2) of a user namespace, at a restore: the kernel counts what is made inside for whoever owns the
 * namespace, and that is who makes it. Made by root, all VPSes would share root's inotify instances.
 * prlimit(2), at a dump: root that lacks CAP_SYS_RESOURCE may not ask for the limits of a process of the VPS; the
 * owner may, by the capabilities that he has in his namespace.
 *
 * All else is root's, the ids of CRIU and of what it runs too: a plugin of CRIU, which could change
 * them before the clone but not after it, was tried. CRIU then can neither set the name of the host inside (files of
 * /proc/sys ask for root's effective id) nor move a process in a control group of v1.
 *
 * Loaded into a program with any libc; so it uses that, and nothing of ours.
 */
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef long call(long number, ...);

struct owner {
	bool known;
	unsigned uid, gid;
};

/* Of the environment: "UID:GID", and nothing else. */
static struct owner read_owner(void)
{
	const char *text = getenv("VZ_CRIU_OWNER");
	struct owner o = { 0 };
	char more;

	o.known = text && sscanf(text, "%u:%u%c", &o.uid, &o.gid, &more) == 2 && o.uid;
	return o;
}

/* A change of the effective id from 0 has cleared them, and made the process one that may not look into its
 * own /proc. */
static void raise_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct set[_LINUX_CAPABILITY_U32S_3];

	if (capget(&head, set) < 0)
		return;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		set[i].effective = set[i].permitted;
	(void)capset(&head, set);
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void become(const struct owner *o)
{
	(void)!setresgid((gid_t)-1, o->gid, (gid_t)-1);
	(void)!setresuid((uid_t)-1, o->uid, (uid_t)-1);
	raise_capabilities();
}

static void become_root(void)
{
	int saved = errno;

	(void)!setresuid((uid_t)-1, 0, (uid_t)-1);
	(void)!setresgid((gid_t)-1, 0, (gid_t)-1);
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	errno = saved;
}

/* A change of the effective id has cleared that, too: a restore whose vzctl was killed, and its processes with it, would
 * wait for them without an end. */
static void end_with_parent(int end, pid_t parent)
{
	int saved = errno;

	if (end && (prctl(PR_SET_PDEATHSIG, end, 0, 0, 0) < 0 || getppid() != parent))
		(void)raise(end);
	errno = saved;
}

/* What CRIU runs has nothing of this, some of it by a tree that does not have this file. */
static void __attribute__((constructor)) stay_alone(void)
{
	unsetenv("LD_PRELOAD");
}

/* The flags are the first member of struct clone_args. */
static bool makes_user_namespace(long number, const long a[6])
{
	return number == SYS_clone3 && *(const uint64_t *)a[0] & CLONE_NEWUSER;
}

static long as_owner(call *next, long number, const long a[6])
{
	const struct owner o = read_owner();
	const pid_t parent = getppid();
	int end = 0;
	long r;

	if (!o.known)
		return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	(void)prctl(PR_GET_PDEATHSIG, &end, 0, 0, 0);
	become(&o);
	r = next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	/* the child of a clone stays what it is: root inside, once its ids are mapped */
	if (r || number != SYS_clone3) {
		become_root();
		end_with_parent(end, parent);
	}
	return r;
}

long syscall(long number, ...)
{
	call *next = (call *)dlsym(RTLD_NEXT, "syscall"); /* every C library has it */
	long a[6], r;
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (makes_user_namespace(number, a))
		return as_owner(next, number, a);
	r = next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	return r < 0 && errno == EPERM && number == SYS_prlimit64 ? as_owner(next, number, a) : r;
}
