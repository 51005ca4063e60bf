/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes as /proc tells of them. A pid alone names nothing: pid and start time together do. */
#ifndef VZ_SYS_PROC_H
#define VZ_SYS_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct vz_proc {
	char state;          /* 'R', 'S', 'Z', ... of /proc/PID/stat */
	bool has_run_exec;   /* since fork(); still told of a zombie (field 9, PF_FORKNOEXEC) */
	pid_t parent;        /* field 4 */
	uint64_t cpu_ms;     /* fields 14 and 15: how long a processor has worked for it */
	uint64_t start_time; /* field 22, clock ticks since boot */
	int exit_code;       /* field 52: wait status of a zombie (0 without ptrace rights) */
};

/* -ESRCH when there is no such process. */
int vz_proc_stat(pid_t pid, struct vz_proc *ret);
/* Does the process run: there, with this start time (0: any), and no zombie? PID 1 of some hosts
 * never reaps, so a zombie is as dead as one can be. Where /proc is missing, any process with that
 * number counts: nobody may be taken for dead because nothing can be seen. */
bool vz_proc_alive(pid_t pid, uint64_t start_time);
/* The signals that the process's first thread catches or blocks, a bit of VZ_PROC_SIGNAL() for each: none of
 * them is dropped when it is PID 1 of a pid namespace. All, when it cannot be told. */
uint64_t vz_proc_handled_signals(pid_t pid);
#define VZ_PROC_SIGNAL(sig) (1ull << ((sig) - 1))
/* Is it PID 1 of a pid namespace right below ours, a zombie too? May be hostile: the guest chooses the
 * names of its processes and makes pid namespaces; therefore only the kernel's own list of numbers
 * counts, in which one that a guest made has a number more. */
bool vz_proc_is_init(pid_t pid);
/* Who keeps the pid namespace of an init from ending: a process outside, never the caller, that does not
 * take the end of what has ended inside. */
struct vz_keeper {
	pid_t pid;    /* 0: nobody is seen */
	bool traces;  /* the ended process, or its parent; else it is the parent */
	bool may_end; /* the program that we run, stopped by a signal: it takes nothing until it goes on */
};
/* Of several, one that may be ended. */
void vz_proc_keeper(pid_t init, struct vz_keeper *ret);
/* Is /proc there, and that of our own pid namespace? */
bool vz_proc_is_mounted(void);
/* Below /proc: the kernel's own one, where programs see that of vznode-proc in its place. */
#define VZ_PROC_BEHIND ".host"
/* The host's boot id, without newline; buf of at least 37 bytes. */
int vz_proc_boot_id(char *buf, size_t size);
/* Command line with blanks between arguments, for messages, printable; "" when unknown. May be hostile: who wrote a
 * pid into a lock may be long gone, and a guest's process have it now; therefore it is escaped. */
void vz_proc_cmdline(pid_t pid, char *buf, size_t size);
/* The one line of /proc/PID/FILE, comm or wchan, printable and without waiting for anything of the process;
 * "" when unknown. */
void vz_proc_line(pid_t pid, const char *file, char *buf, size_t size);
/* Is path a mount point? (statx(2) STATX_ATTR_MOUNT_ROOT, Linux 5.8) */
bool vz_is_mount_point(const char *path);
/* The same of dirfd/name, a link not followed; of dirfd itself where name is "". */
bool vz_is_mount_at(int dirfd, const char *name);

#endif
