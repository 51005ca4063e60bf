// SPDX-License-Identifier: GPL-2.0-or-later
/* Kinds of memory, and what is set on them. */
#include "tests/state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE ((size_t)4096)
#define MiB ((size_t)1 << 20)

static void *map(struct st *t, size_t n, int prot, int flags, int fd)
{
	void *mem = mmap(NULL, n, prot, flags, fd, 0);

	must(t, mem == MAP_FAILED ? -1 : 0, "mmap");
	return mem;
}

/* Whether the access ends the process. */
static bool dies(struct st *t, volatile char *at, bool writes)
{
	pid_t pid = child(t);
	int code = 0;

	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		if (writes)
			*at = 1;
		else
			(void)*at;
		_exit(0);
	}
	waitpid(pid, &code, 0);
	return WIFSIGNALED(code);
}

/* The VmFlags of /proc/self/smaps of the mapping that begins at `mem`. */
static void vm_flags(const void *mem, char *ret, size_t size)
{
	char line[512], start[32];
	bool in = false;
	FILE *f = fopen("/proc/self/smaps", "re");

	snprintf(start, sizeof(start), "%" PRIxPTR "-", (uintptr_t)mem);
	ret[0] = 0;
	while (f && fgets(line, sizeof(line), f)) {
		if (line[0] != 'V' && strchr(line, '-') && strchr(line, ' ') > strchr(line, '-'))
			in = !strncmp(line, start, strlen(start));
		else if (in && !strncmp(line, "VmFlags:", 8))
			snprintf(ret, size, "%.*s ", (int)strcspn(line + 8, "\n"), line + 8);
	}
	if (f)
		fclose(f);
}

static bool has_flag(const void *mem, const char *flag)
{
	char all[256], word[8];

	vm_flags(mem, all, sizeof(all));
	snprintf(word, sizeof(word), " %s ", flag);
	return strstr(all, word);
}

void state_heap(struct st *t)
{
	char *big = malloc(40 * MiB), *brk_end;

	must(t, big ? 0 : -1, "malloc");
	paint(big, 40 * MiB, 21);
	brk_end = sbrk(3 * (intptr_t)MiB);
	paint(brk_end, 3 * MiB, 22);
	moved(t);
	if (t->spoil)
		big[20 * MiB]++;
	check(t, painted(big, 40 * MiB, 21), "the heap has changed");
	check(t, painted(brk_end, 3 * MiB, 22) && sbrk(0) == brk_end + 3 * MiB, "the break has changed");
	check(t, sbrk(4096) != (void *)-1, "the break cannot grow");
}

/* Mostly holes: a page in each 16 MB of 2 GB. */
void state_sparse_heap(struct st *t)
{
	size_t n = 2048 * MiB, step = 16 * MiB;
	char *mem = map(t, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	unsigned char vec = 0;

	(void)madvise(mem, n, MADV_NOHUGEPAGE); /* where they are given unasked there would be no holes */
	for (size_t i = 0; i < n; i += step)
		paint(mem + i, PAGE, (unsigned int)i);
	moved(t);
	if (t->spoil)
		mem[step * 5 + 9]++;
	for (size_t i = 0; i < n; i += step)
		check(t, painted(mem + i, PAGE, (unsigned int)i), "the page at %zu MB has changed", i / MiB);
	check(t, !mincore(mem + MiB, PAGE, &vec) && !(vec & 1), "a hole is filled");
	check(t, has_flag(mem, "nr"), "MAP_NORESERVE is lost");
}

void state_map_file(struct st *t)
{
	int fd = file_of(t, "mapped", "");
	char *sh, *priv, c = 0;

	must(t, ftruncate(fd, (off_t)(4 * PAGE)), "ftruncate");
	sh = map(t, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	priv = map(t, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	paint(sh, 4 * PAGE, 31);
	paint(priv + PAGE, PAGE, 32);
	close(fd);
	moved(t);
	if (t->spoil)
		priv[PAGE + 3]++;
	check(t, painted(sh, 4 * PAGE, 31), "the shared mapping has changed");
	check(t, painted(priv + PAGE, PAGE, 32), "the private copy has changed");
	sh[3 * PAGE] = 99;
	check(t, priv[3 * PAGE] == 99, "the private mapping shows the file no more");
	fd = open("mapped", O_RDONLY);
	check(t, pread(fd, &c, 1, (off_t)(3 * PAGE)) == 1 && c == 99, "the shared mapping is not of the file any more");
	check(t, has_flag(sh, "sh") && !has_flag(priv, "sh"), "a mapping is of another kind");
}

void state_map_removed(struct st *t)
{
	int fd = file_of(t, "removed", "");
	char *sh;

	must(t, ftruncate(fd, (off_t)(2 * PAGE)), "ftruncate");
	sh = map(t, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	paint(sh, 2 * PAGE, 33);
	close(fd);
	must(t, unlink("removed"), "unlink");
	moved(t);
	if (t->spoil)
		sh[7]++;
	check(t, painted(sh, 2 * PAGE, 33), "the content has changed");
	check(t, access("removed", F_OK) != 0, "the removed name is there again");
}

/* Anonymous, shared by fork: what one writes the other reads. */
void state_map_shared(struct st *t)
{
	char *mem = shared(t, 8 * MiB);
	int up[2], down[2];
	char c;

	must(t, pipe(up), "pipe");
	must(t, pipe(down), "pipe");
	paint(mem, 8 * MiB, 41);
	if (child(t) == 0) {
		while (read(down[0], &c, 1) != 1)
			;
		mem[5 * MiB] = 123;
		put(up[1], "w", 1);
		for (;;)
			pause();
	}
	moved(t);
	if (t->spoil)
		mmap(mem, 8 * MiB, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(t, painted(mem, 8 * MiB, 41), "the content has changed");
	check(t, put(down[1], "x", 1) && comes(up[0], "w") && mem[5 * MiB] == 123, "it is not shared any more");
}

/* A child's private copy of its parent's memory stays a copy. */
void state_copy_on_write(struct st *t)
{
	char *mem = map(t, 4 * MiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1), c;
	int up[2], down[2];

	must(t, pipe(up), "pipe");
	must(t, pipe(down), "pipe");
	paint(mem, 4 * MiB, 51);
	if (child(t) == 0) {
		paint(mem, MiB, 52);
		put(up[1], "r", 1);
		while (read(down[0], &c, 1) != 1)
			;
		c = painted(mem, MiB, 52) && painted(mem + MiB, PAGE, 0) == painted(mem + MiB, PAGE, 1) ? 'y' : 'n';
		memset(mem, 0, 4 * MiB);
		put(up[1], &c, 1);
		for (;;)
			pause();
	}
	must(t, comes(up[0], "r") ? 0 : -1, "child");
	moved(t);
	if (t->spoil)
		mem[0]++;
	check(t, put(down[1], "x", 1) && comes(up[0], "y"), "the child's copy has changed");
	check(t, painted(mem, 4 * MiB, 51), "the parent's memory has changed");
}

void state_protections(struct st *t)
{
	char *mem = map(t, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	paint(mem, 4 * PAGE, 61);
	must(t, mprotect(mem + PAGE, PAGE, PROT_NONE), "mprotect");
	must(t, mprotect(mem + 2 * PAGE, PAGE, PROT_READ), "mprotect");
	must(t, mprotect(mem + 3 * PAGE, PAGE, PROT_READ | PROT_EXEC), "mprotect");
	moved(t);
	if (t->spoil)
		mprotect(mem + PAGE, PAGE, PROT_READ);
	check(t, dies(t, mem + PAGE, false), "the guard page can be read");
	check(t, dies(t, mem + 2 * PAGE, true) && !dies(t, mem + 2 * PAGE, false), "the read-only page has another right");
	check(t, has_flag(mem + 3 * PAGE, "ex"), "the executable page has another right");
	check(t, !mprotect(mem, 4 * PAGE, PROT_READ) && painted(mem, 4 * PAGE, 61), "the content has changed");
}

void state_madvise(struct st *t)
{
	char *mem = map(t, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *fork_no = mem + 2 * PAGE, *dump_no = mem + 4 * PAGE, *wipe = mem + 6 * PAGE;

	must(t, madvise(fork_no, PAGE, MADV_DONTFORK), "MADV_DONTFORK");
	must(t, madvise(dump_no, PAGE, MADV_DONTDUMP), "MADV_DONTDUMP");
	must(t, madvise(wipe, PAGE, MADV_WIPEONFORK), "MADV_WIPEONFORK");
	moved(t);
	if (t->spoil)
		madvise(fork_no, PAGE, MADV_DOFORK);
	check(t, has_flag(fork_no, "dc"), "MADV_DONTFORK is lost");
	check(t, has_flag(dump_no, "dd"), "MADV_DONTDUMP is lost");
	check(t, has_flag(wipe, "wf"), "MADV_WIPEONFORK is lost");
}

void state_mlock(struct st *t)
{
	char *mem = map(t, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1), kb[64];

	must(t, mlock(mem, 16 * PAGE), "mlock");
	moved(t);
	if (t->spoil)
		munlock(mem, 16 * PAGE);
	check(t, has_flag(mem, "lo"), "it is not locked any more");
	proc_field("/proc/self/status", "VmLck", kb, sizeof(kb));
	check(t, !strcmp(kb, "64 kB"), "%s are locked, not 64", kb);
}

/* Page by page, as it is used. */
void state_mlock_used(struct st *t)
{
	char *mem = map(t, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	unsigned char vec[16] = { 0 };

	must(t, mlock2(mem, 16 * PAGE, MLOCK_ONFAULT), "mlock2");
	mem[3 * PAGE] = 1;
	moved(t);
	if (t->spoil)
		mem[5 * PAGE] = 1;
	check(t, !mincore(mem, 16 * PAGE, vec) && vec[3] & 1 && !(vec[5] & 1) && has_flag(mem, "lo"), "all of it is locked");
}

void state_mempolicy(struct st *t)
{
	unsigned long node = 1;
	int mode = 0;

	must(t, syscall(SYS_set_mempolicy, MPOL_PREFERRED, &node, 64), "set_mempolicy");
	moved(t);
	if (t->spoil)
		syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0);
	check(t, !syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) && mode == MPOL_PREFERRED, "it is %d", mode);
}

void state_mlock_future(struct st *t)
{
	must(t, mlockall(MCL_CURRENT | MCL_FUTURE), "mlockall");
	moved(t);
	if (t->spoil)
		munlockall();
	check(t, has_flag(map(t, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1), "lo"), "it is lost");
}

static __attribute__((noinline)) bool deep(int n, int *sum)
{
	volatile char here[PAGE];

	here[0] = (char)n;
	here[PAGE - 1] = 1;
	if (n > 0 && !deep(n - 1, sum))
		return false;
	*sum += here[PAGE - 1];
	return here[0] == (char)n;
}

/* The main stack goes on growing, as does one that was mapped to grow. */
void state_stack(struct st *t)
{
	char *down = map(t, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1);
	int sum = 0;

	down[0] = 1;
	moved(t);
	if (t->spoil)
		mmap(down, PAGE, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(t, deep(500, &sum) && sum == 501, "the stack does not grow");
	check(t, has_flag(down, "gd") && down[0] == 1, "a mapping does not grow downwards any more");
}
