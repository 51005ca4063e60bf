// SPDX-License-Identifier: GPL-2.0-or-later
/* What is read from a log of CRIU, and how its command line begins. */
#include "base/own.h"
#include "cpt/criu-internal.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define REST "(00.300000) Error (criu/cr-restore.c:2331): Restoring FAILED.\n"

static struct vz_err said(const char *log)
{
	char dir[] = "/tmp/vz-criu.XXXXXX", path[64];
	struct vz_err e = { 0 };
	FILE *f;

	CHECK(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/log", dir);
	f = fopen(path, "w");
	CHECK(f && fputs(log, f) >= 0 && !fclose(f));
	CHECK_INT(vz_criu_error(AT_FDCWD, path, VZ_RESTORE, &e), -EIO);
	CHECK_INT(e.exit, VZ_RESTORE);
	unlink(path);
	rmdir(dir);
	return e;
}

/* A line of a log, the rest of which is noise: is the remedy said, and the text with it? */
static void known(const char *line, const char *remedy)
{
	char log[1024];
	struct vz_err e;

	snprintf(log, sizeof(log),
		 "(00.000001) Version: 4.2.1\n"
		 "(00.010000) Error (criu/util.c:657): exited, status=1\n"
		 "(00.100000)      7: Error (%s\n" REST, line);
	e = said(log);
	CHECK(!strncmp(e.msg, "CRIU: ", 6));
	CHECK(strstr(e.msg, strstr(line, "): ") + 3));
	if (!strstr(e.msg, remedy))
		printf("%s\n", e.msg);
	CHECK(strstr(e.msg, remedy));
}

static void test_known(void)
{
	known("criu/mount.c:753): mnt: 178:./dev/x doesn't have a proper root mount", "unmount it inside");
	known("criu/mount.c:799): mnt: FS mnt ./dev/hugepages dev 0x1 root / unsupported id 9", "unmount it inside");
	known("criu/mount.c:2236): mnt: Unable to mount o /tmp/x: No such file", "unmount it inside before the dump");
	known("criu/sockets.c:155): sockets: BUG! Unknown socket collected (family 40)", "AF_VSOCK");
	known("criu/files-reg.c:1031): Can't dump ghost file /x of 99 size, increase limit", "deleted file");
	known("criu/files-reg.c:2175): File usr/bin/x has bad size 1 (expect 2)", "changed after the dump");
	known("criu/util.c:585): fork() failed: Resource temporarily unavailable", "raise NUMPROC");
	known("criu/kerndat.c:878): Can't create inotify: Too many open files", "fs.inotify.max_user_instances");
	known("criu/uffd.c:314): uffd: Unable to open an userfaultfd descriptor: Operation not permitted",
	      "vm.unprivileged_userfaultfd=1");
	known("criu/page-pipe.c:424): page-pipe: splice: -1: Bad file descriptor", "fs.pipe-max-size");
	known("criu/pie-util-vdso.c:1): vdso: Failed to fill self vdso symtable", "tools/get-criu");
	known("criu/cr-dump.c:1528): A session leader of 31(7) is outside of its pid namespace", "vzctl exec");
	known("criu/pstree.c:969): Can't restore sub-task in NS (cflags 80)", "cannot be restored");
	known("criu/image.c:477): Magic doesn't match for inventory.img", "damaged");
	known("criu/proc_parse.c:631): Can't handle non-regular mapping on 7's map 7f12", "memory of a device");
	known("criu/proc_parse.c:861): Unsupported mapping found 7f12-7f13", "memory of a device");
	known("criu/pie/restorer.c:492): Unable to send siginfo 34 0xffffffff with code -11", "NUMSIGINFO");
	known("criu/arch/x86/cpu.c:391): cpu: CPU instruction capabilities do not match run time",
	      "processor differs");
}

static void test_choice(void)
{
	struct vz_err e;

	/* what is not known is said as it is, and no line that only follows from it */
	e = said("(00.1) Error (criu/a.c:1): tables are odd\n(00.2)  12: Error (criu/b.c:2): what nobody knows\n" REST);
	CHECK_STR(e.msg, "CRIU: what nobody knows");
	/* the known line counts, though it is not the first */
	e = said("(00.1) Error (criu/b.c:2): what nobody knows\n(00.2) Error (criu/net.c:650): net: Unsupported link 4\n");
	CHECK(strstr(e.msg, "Unsupported link 4; remove this network device"));
	/* what it says in the process that it restores; all else only follows from it */
	e = said("(00.1) pie: 8: Error (criu/pie/restorer.c:492): Unable to do it\n"
		 "(00.2) pie: 8: Error (criu/pie/restorer.c:2332): Restorer fail 8\n" REST);
	CHECK_STR(e.msg, "CRIU: Unable to do it");
	/* the name of a file is no message of another source file */
	e = said("(00.1) Error (criu/b.c:2): /home/FS mnt  is odd\n");
	CHECK_STR(e.msg, "CRIU: /home/FS mnt  is odd");
	/* warnings and others' words are no errors */
	e = said("(00.1) Warn  (criu/b.c:2): Error (criu/b.c:2): no\nError (criu/x.c:1): no\n(00.1 Error (\n)\n\n");
	CHECK_STR(e.msg, "CRIU: it has failed and does not say why");
	/* some stand in every log */
	e = said("(00.1) Error (criu/util.c:1534): rlimit: Can't setup RLIMIT_NOFILE for self: Operation not permitted\n");
	CHECK_STR(e.msg, "CRIU: it has failed and does not say why");
	e = said("(00.1) Error (criu/b.c:2): a\033[2Jb\n");
	CHECK_STR(e.msg, "CRIU: a?[2Jb");
	CHECK_INT(vz_criu_error(AT_FDCWD, "/nowhere/log", VZ_CHKPNT, &e), -EIO);
	CHECK_STR(e.msg, "CRIU: it has failed and does not say why");
}

/* What may be over by the next dump. */
static void test_passing(void)
{
	static const char *const lines[] = {
		"(00.1) Error (criu/sk-queue.c:126): skqueue: Control messages in queue, not supported\n",
		"(00.1) Error (criu/sk-inet.c:190): sk-inet: In-flight connection (l) for 1\n",
		"(00.1) Error (criu/proc_parse.c:2104): parse_fdinfo_pid_s: error parsing [x] for 9\n",
		"(00.1) Error (criu/mount.c:753): no such thing\n",
	};
	const char *path = "passing.log";
	struct vz_err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		FILE *f = fopen(path, "we");

		CHECK(f && fputs(lines[i], f) >= 0 && !fclose(f));
		CHECK_INT(vz_criu_error(AT_FDCWD, path, VZ_CHKPNT, &e), i + 1 < ARRAY_LEN(lines) ? -EAGAIN : -EIO);
	}
	unlink(path);
}

static void test_long_line(void)
{
	char log[4096] = "(00.1) Error (criu/mount.c:753): ";

	memset(log + strlen(log), 'x', 3000);
	strcat(log, " doesn't have a proper root mount\n");
	CHECK(strlen(said(log).msg) < 320);
	CHECK(strstr(said(log).msg, "; unmount it inside"));
}

static void test_words(void)
{
	struct vz_criu c = { .path = "/x/criu" };
	const char *argv[VZ_CRIU_ARGS];
	char owner[VZ_CRIU_ENV];

	CHECK_INT(vz_criu_argv(&c, "dump", argv), 2);
	CHECK_STR(argv[0], "/x/criu");
	CHECK_STR(argv[1], "dump");
	strcpy(c.loader, "/x/loader");
	strcpy(c.libraries, "/x/lib");
	CHECK_INT(vz_criu_argv(&c, "restore", argv), 5);
	CHECK_STR(argv[0], "/x/loader");
	CHECK_STR(argv[2], "/x/lib");
	CHECK_STR(argv[4], "restore");
	vz_criu_env(4294967294u, 4294967293u, owner);
	CHECK_STR(owner, "VZ_CRIU_OWNER=4294967294:4294967293");
}

int main(void)
{
	test_known();
	test_choice();
	test_passing();
	test_long_line();
	test_words();
	return done();
}
