// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CRIU writes nf_tables down as text of nft(8). Of the network namespace whose inode VZ_CRIU_RULES is it does not: its rules are
 * kept in another way, since there is no text for some; and libnftables asks the host's extensions of iptables for it,
 * which where CRIU has libraries of its own are not of one kind with those, and it crashes. This object is loaded into CRIU
 * by LD_PRELOAD and stands before libnftables.
 *
 * Loaded into a program with any libc; so it uses that, and nothing of ours.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef int run(void *context, const char *command);

static int is_left_out(void)
{
	const char *text = getenv("VZ_CRIU_RULES");
	struct stat st;

	return text && !stat("/proc/self/ns/net", &st) && strtoull(text, NULL, 10) == st.st_ino;
}

run nft_run_cmd_from_buffer;

int nft_run_cmd_from_buffer(void *context, const char *command)
{
	run *next = (run *)dlsym(RTLD_NEXT, "nft_run_cmd_from_buffer"); /* who calls this has it */

	return !strcmp(command, "list ruleset") && is_left_out() ? 0 : next(context, command);
}
