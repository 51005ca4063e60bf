// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CRIU has each tmpfs packed by "tar --gzip", while the VPS stands still: three programs more for each (sh, gzip and
 * tar's own copies), and 30 MB a second for what lies there. This object is loaded into CRIU by LD_PRELOAD, stands before
 * the execvp(3) of its C library, and takes that word out of tar's command line; at a restore only where the
 * archive is plain, for those of CRIU alone are not.
 *
 * Loaded into a program with any libc; so it uses that, and nothing of ours.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS 32

extern char **environ;

static bool has_word(char *const argv[], const char *word)
{
	for (size_t i = 0; argv[i]; i++)
		if (!strcmp(argv[i], word))
			return true;
	return false;
}

/* RFC 1952, 2.3.1; what cannot be read there may be one. */
static bool may_be_gzip(int fd)
{
	unsigned char magic[2] = { 0x1f, 0x8b };
	ssize_t n = pread(fd, magic, sizeof(magic), lseek(fd, 0, SEEK_CUR));

	return n < 0 || (magic[0] == 0x1f && magic[1] == 0x8b);
}

int execvp(const char *file, char *const argv[])
{
	char *words[WORDS];
	size_t n = 0;

	(void)unsetenv("LD_PRELOAD"); /* for criu, not for what it runs */
	if (strcmp(file, "tar") != 0 || (!has_word(argv, "--create") && may_be_gzip(STDIN_FILENO)))
		return execvpe(file, argv, environ);
	for (size_t i = 0; argv[i]; i++) {
		if (n == WORDS - 1)
			return execvpe(file, argv, environ);
		if (strcmp(argv[i], "--gzip") != 0)
			words[n++] = argv[i];
	}
	words[n] = NULL;
	return execvpe(file, words, environ);
}
