// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vzunpack BYTES FILES [clean]: unpacks the OS template on fd 0 into the empty directory on fd 3. Started by vzctl, as
 * a process of its own because archives come from strangers and decoders are large.
 *
 *   fd 0  the archive           fd 1  progress, when a terminal
 *   fd 3  the directory         fd 2  one sentence when it fails
 *
 * BYTES and FILES bound what is unpacked, 0 for no bound; clean: for a template, without what
 * belongs to the machine it was made on. --help alone prints the command line.
 *
 * Exit codes: 0, 46 disk full, 47 bad template, 48 the tree cannot be made, 3 anything else.
 */
#include "helpers/vzunpack/archive.h"
#include "helpers/vzunpack/confine.h"
#include "base/context.h"
#include "base/num.h"
#include "base/own.h"
#include "base/process.h"
#include "base/str.h"
#include "base/usage.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#define ARCHIVE_FD 0
#define NOTE_FD 1
#define DIR_FD 3

static bool parse(int argc, char **argv, struct vz_put_how *h)
{
	h->clean = argc == 4 && vz_str_eq(argv[3], "clean");
	return (argc == 3 || h->clean) && !vz_num_u64(argv[1], UINT64_MAX, &h->bytes) &&
	       !vz_num_u64(argv[2], UINT64_MAX, &h->entries);
}

static int unpack_by_words(int argc, char **argv, struct vz_err *e)
{
	struct vz_put_how how = { 0 };
	struct stat st;
	int r;

	if (!parse(argc, argv, &how))
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0,
			       "vzunpack needs BYTES FILES [clean]: it is started by vzctl");
	if (fstat(DIR_FD, &st) < 0 || !S_ISDIR(st.st_mode))
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0,
			       "vzunpack needs a directory on fd 3: it is started by vzctl");
	(void)umask(0);
	(void)signal(SIGPIPE, SIG_IGN);
	r = confine(DIR_FD, e);
	return r < 0 ? r : unpack(ARCHIVE_FD, DIR_FD, NOTE_FD, &how, e);
}

static int answer_usage(void)
{
	struct vz_context context;

	vz_process_context(&context, "vzunpack");
	puts("Usage: vzunpack BYTES FILES [clean]: unpacks a template; started by vzctl");
	return vz_process_end(0, VZ_SYSTEM);
}

int main(int argc, char **argv)
{
	struct vz_err e = { 0 };
	int r;

	vz_process_stdio();
	if (argc == 2 && vz_is_help(argv[1]))
		return answer_usage();
	r = unpack_by_words(argc, argv, &e);

	if (r < 0)
		dprintf(STDERR_FILENO, "%s\n", e.msg);
	/* nothing to flush; and handlers of exit() may want what confine() took away */
	_exit(r < 0 ? e.exit : 0);
}
