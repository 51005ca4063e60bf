/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One measured run of one command: lap -o OUT [-i FILE] [-l] COMMAND...
 *
 * Writes to OUT microseconds from just before the spawn: until the command has ended; with -i, until the
 * init of the container says (in FILE, by the monotonic clock that all share) that it runs as
 * well. -l leaves the command running and does not wait for its end. Exits with the command's
 * code.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 10000

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t); /* the one clock that no time namespace shifts */
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* What the init wrote, or 0. Looks once in a millisecond so as not to take a CPU from anybody. */
static long long init_time(const char *file)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	for (int i = 0; i < PATIENCE_MS; i++) {
		char text[32] = "";
		int fd = open(file, O_RDONLY | O_CLOEXEC);

		if (fd >= 0) {
			ssize_t n = read(fd, text, sizeof(text) - 1);

			close(fd);
			if (n > 0)
				return atoll(text);
		}
		nanosleep(&ms, NULL);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *file = NULL, *to = NULL;
	bool leave = false;
	long long begin, end, init;
	int o, st = 0;
	pid_t pid;
	FILE *out;

	while ((o = getopt(argc, argv, "+i:lo:")) != -1) {
		if (o == 'i')
			file = optarg;
		else if (o == 'o')
			to = optarg;
		else if (o == 'l')
			leave = true;
		else
			return 2;
	}
	out = to ? fopen(to, "we") : NULL;
	if (optind >= argc || !out)
		return 2;
	begin = now();
	if (posix_spawnp(&pid, argv[optind], NULL, NULL, argv + optind, environ))
		return 127;
	if (!leave && waitpid(pid, &st, 0) != pid)
		return 1;
	end = now();
	init = file ? init_time(file) : 0;
	if (file && !init)
		return 1;
	fprintf(out, "%lld %lld\n", leave ? 0 : (end - begin) / 1000, file ? (init - begin) / 1000 : 0);
	return WIFEXITED(st) ? WEXITSTATUS(st) : 1;
}
