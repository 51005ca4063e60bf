// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a guest puts in the place of its dynamic loader to get at the host's program: whatever dynamic
 * program is run, this is what runs. Tells the name of the program's file, and the errno (0: it can)
 * of reading, writing and watching it, and its seals. Says it in /said too. No libc: the loaded program's headers are not ours.
 */
#include <fcntl.h>
#include <stddef.h>
#include <sys/syscall.h>

static long call(long nr, long a, long b, long c, long d)
{
	long r;
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;

	__asm__ volatile("syscall" : "=a"(r) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = nr, x0 __asm__("x0") = a, x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c, x3 __asm__("x3") = d;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	r = x0;
#endif
	return r;
}

static void say(const char *s, long n)
{
	long fd = call(SYS_openat, AT_FDCWD, (long)"/said", O_WRONLY | O_CREAT | O_APPEND, 0600);

	call(SYS_write, 1, (long)s, n, 0);
	call(SYS_write, fd, (long)s, n, 0);
	call(SYS_close, fd, 0, 0, 0);
}

static void say_errno(const char *what, long n, long r)
{
	char digits[4] = { ' ', ' ', ' ', '\n' };

	r = r < 0 ? -r : 0;
	for (int i = 2; i >= 0 && (r || i == 2); i--, r /= 10)
		digits[i] = (char)('0' + r % 10);
	say(what, n);
	say(digits, sizeof(digits));
}

#define SAY_ERRNO(what, r) say_errno(what, sizeof(what) - 1, r)

/* Written, so that the last part of the program can be: Linux before 6.6 clears the rest of its page,
 * and kills what it cannot clear (load_elf_interp()). */
static char name[256] = "?";

void _start(void);
void _start(void)
{
	static const char exe[] = "/proc/self/exe";
	long n = call(SYS_readlinkat, AT_FDCWD, (long)exe, (long)name, sizeof(name));

	say("file ", 5);
	say(name, n < 0 ? 0 : n);
	say("\n", 1);
	n = call(SYS_openat, AT_FDCWD, (long)exe, O_RDONLY, 0);
	SAY_ERRNO("read", n);
	SAY_ERRNO("seals", -call(SYS_fcntl, n, F_GET_SEALS, 0, 0));
	SAY_ERRNO("write", call(SYS_openat, AT_FDCWD, (long)exe, O_WRONLY, 0));
	n = call(SYS_inotify_init1, 0, 0, 0, 0);
	SAY_ERRNO("watch", call(SYS_inotify_add_watch, n, (long)exe, 0xfff, 0));
	call(SYS_exit_group, 0, 0, 0, 0);
	__builtin_unreachable();
}
