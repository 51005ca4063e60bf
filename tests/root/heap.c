// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * heap FILE MIB MBPS [MAPPED]: a program with so much memory, of which it writes so many megabytes a second, in no order (50k:
 * kilobytes; 0: as many as it can); it is that of the file MAPPED, if there is one. Each page knows which it is and how often it was written, and is looked at before it is written again, so
 * one that is lost, old or another's is seen. FILE gets a line four times a second:
 *
 *	good|bad WRITTEN-PAGES LONGEST-SILENCE-MS	by the clock of the host
 *
 * FILE.check is made when all pages were looked at, after FILE.ask has come. heap --tracks: does the kernel tell which
 * memory was written?
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096

struct page {
	uint64_t index, times;
	uint64_t random[62]; /* nothing that shrinks */
	char rest[PAGE - 512];
};

static uint64_t seed = 88172645463325252u;
static uint64_t roll(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void tell(const char *file, const char *suffix, int bad, uint64_t written, int64_t silence)
{
	char path[256], text[128];
	int fd, n = snprintf(text, sizeof(text), "%s %llu %lld\n", bad ? "bad" : "good", (unsigned long long)written,
			     (long long)silence);

	snprintf(path, sizeof(path), "%s%s", file, suffix);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		_exit(1);
	close(fd);
}

static int is_good(const struct page *p, size_t i, const uint32_t *times)
{
	return p->index == i && p->times == times[i];
}

static int all_good(const struct page *pages, size_t n, const uint32_t *times)
{
	for (size_t i = 0; i < n; i++)
		if (!is_good(&pages[i], i, times))
			return 0;
	return 1;
}

/* proc_pid_pagemap(5): bit 55 of a page that was written. */
static int kernel_tracks(void)
{
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t v = 0;

	if (p == MAP_FAILED || fd < 0)
		return 0;
	*(volatile char *)p = 1;
	return pread(fd, &v, sizeof(v), (off_t)((uintptr_t)p / PAGE * sizeof(v))) == sizeof(v) && v >> 55 & 1;
}

static struct page *map(const char *file, size_t bytes)
{
	int fd = file ? open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;

	if (file && (fd < 0 || ftruncate(fd, (off_t)bytes) < 0))
		return MAP_FAILED;
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, file ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
}

/* In a second. */
static uint64_t pages_of(const char *rate)
{
	char *end;
	uint64_t n = strtoul(rate, &end, 10);

	return n * (*end == 'k' ? 1000 : 1000000) / PAGE;
}

int main(int argc, char **argv)
{
	size_t n = argc >= 4 ? strtoul(argv[2], NULL, 10) * (1048576 / PAGE) : 0;
	uint64_t second = argc >= 4 ? pages_of(argv[3]) : 0, rate = second < 100 ? second > 0 : second / 100; /* in one turn */
	struct page *pages;
	uint32_t *times;
	uint64_t written = 0;
	int64_t last, told = 0, silence = 0;
	int bad = 0;
	char ask[256];

	if (argc == 2 && !strcmp(argv[1], "--tracks"))
		return !kernel_tracks();
	if (!n)
		return 2;
	snprintf(ask, sizeof(ask), "%s.ask", argv[1]);
	pages = map(argv[4], n * PAGE);
	times = calloc(n, sizeof(*times));
	if (pages == MAP_FAILED || !times)
		return 1;
	(void)madvise(pages, n * PAGE, MADV_NOHUGEPAGE); /* as Redis has it: one write into a huge page is one of 2 MB */
	for (size_t i = 0; i < n; i++) {
		pages[i].index = i;
		for (int k = 0; k < 62; k++)
			pages[i].random[k] = roll();
	}
	last = now_ms();
	for (;;) {
		int64_t now;

		for (uint64_t k = 0; k < (rate ? rate : 1000); k++) {
			size_t i = roll() % n;

			bad |= !is_good(&pages[i], i, times);
			pages[i].times = ++times[i];
			written++;
		}
		if (rate)
			usleep(second < 100 ? 1000000 / (useconds_t)second : 10000);
		now = now_ms();
		if (now - last > silence)
			silence = now - last;
		if (now - told > 250) {
			if (access(ask, F_OK) == 0 && unlink(ask) == 0) {
				bad |= !all_good(pages, n, times);
				tell(argv[1], ".check", bad, written, silence);
			}
			tell(argv[1], "", bad, written, silence);
			told = now_ms();
			now = told;
		}
		last = now;
	}
}
