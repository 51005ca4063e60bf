// SPDX-License-Identifier: GPL-2.0-or-later
/* deny CALL... -- COMMAND: runs it on a kernel without these system calls, as far as it can see. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int i = 1;

	for (; f && i < argc && strcmp(argv[i], "--"); i++) {
		int nr = seccomp_syscall_resolve_name(argv[i]);

		if (nr == __NR_SCMP_ERROR ||
		    seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), nr, 0) < 0)
			return fprintf(stderr, "deny: no system call %s\n", argv[i]) ? 99 : 98;
	}
	if (!f || i + 1 >= argc || seccomp_load(f) < 0)
		return fprintf(stderr, "deny: no filter, or no command\n") ? 99 : 98;
	execvp(argv[i + 1], argv + i + 1);
	perror(argv[i + 1]);
	return 127;
}
