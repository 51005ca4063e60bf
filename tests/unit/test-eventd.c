// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The real vzeventd and vzfdstore in a world of their own: new mount and pid namespaces over a
 * copy-on-write view of the root, this program being PID 1 there and also, by name, a small
 * "vzctl" that only launches and cleans up. Guests are real pid namespaces that call reboot(2).
 * Needs root; skipped otherwise. Whatever is left at the end dies with PID 1.
 */
#include "base/context.h"
#include "base/own.h"
#include "base/process.h"
#include "base/str.h"
#include "ct/console.h"
#include "ct/ct.h"
#include "ops/console-view.h"
#include "sys/call.h"
#include "sys/fdpass.h"
#include "sys/fdstore.h"
#include "sys/file.h"
#include "sys/proc.h"
#include "sys/pty.h"
#include "sys/spawn.h"
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>

#ifndef TIOCVHANGUP
#define TIOCVHANGUP 0x5437
#endif

#define EVENTS "/vz-events" /* FIFO: what the fake vzctl, scripts and guests did */
#define LOCKS "/vz-locks"
#define NO_START "/vz-no-start" /* exists: the fake vzctl refuses to start anything */
#define WAIT_MS 30000

static int events = -1; /* our end of EVENTS */

/* ---- guest and fake vzctl ---- */

static void tell(const char *what, unsigned id)
{
	char line[64];
	int fd = open(EVENTS, O_WRONLY | O_CLOEXEC), n = snprintf(line, sizeof(line), "%s %u\n", what, id);

	if (fd < 0 || write(fd, line, (size_t)n) != n)
		_exit(70);
	close(fd);
}

static void flood(int console, unsigned id)
{
	char line[1000];

	memset(line, 'x', sizeof(line));
	for (int i = 0; i < 3000; i++)
		if (write(console, line, sizeof(line)) != sizeof(line))
			tell("console failed", id);
	tell("flooded", id);
}

/* What a getty does: everybody is thrown off the terminal, then it is opened again. */
static void hang_up(int *console, unsigned id)
{
	char path[64];

	if (ttyname_r(*console, path, sizeof(path)) || ioctl(*console, TIOCVHANGUP) < 0)
		tell("no hangup", id);
	close(*console);
	*console = open(path, O_RDWR | O_NOCTTY);
	tell(*console < 0 ? "not opened again" : "hung up", id);
}

static _Noreturn void guest(unsigned id, int orders, int console)
{
	char order;

	while (read(orders, &order, 1) == 1) {
		if (getpid() != 1)
			_exit(98);
		if (order == 'r')
			reboot(RB_AUTOBOOT);
		else if (order == 'h')
			reboot(RB_POWER_OFF);
		else if (order == 'c' && !fork())
			reboot(RB_AUTOBOOT);
		else if (order == 'x')
			_exit(3);
		else if (order == 'f')
			flood(console, id);
		else if (order == 'v')
			hang_up(&console, id);
		else if (order == 'w') {
			if (write(console, "hello\n", 6) != 6)
				tell("console failed", id);
			tell("wrote", id);
		}
	}
	_exit(97);
}

static int fake_start(unsigned id)
{
	char fifo[32], boot[40];
	struct vz_state st = { 0 };
	struct vz_proc p;
	int orders, console = -1;

	if (vz_state_read(id, &st))
		return VZ_VE_RUNNING;
	snprintf(fifo, sizeof(fifo), "/vz-guest-%u", id);
	(void)mkfifo(fifo, 0600);
	orders = open(fifo, O_RDWR | O_CLOEXEC);
	(void)vz_console_request(id, 0, &console, NULL);
	st.init = vz_clone3(CLONE_NEWPID, NULL, -1);
	if (!st.init)
		guest(id, orders, console);
	if (st.init < 0 || vz_proc_stat(st.init, &p) < 0 || vz_proc_boot_id(boot, sizeof(boot)) < 0)
		return VZ_SYSTEM;
	st.start_time = p.start_time;
	memcpy(st.boot_id, boot, sizeof(boot));
	return vz_state_write(id, &st, NULL) < 0 ? VZ_SYSTEM : 0;
}

static struct vz_ct ct_of(unsigned id)
{
	struct vz_ct ct = { .id = id };

	ct.conf.lockdir.set = true;
	ct.conf.lockdir.v = (char *)(uintptr_t)LOCKS;
	return ct;
}

static int fake_vzctl(int argc, char **argv)
{
	unsigned id = argc == 4 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
	struct vz_ct ct = ct_of(id);
	bool start = argc == 4 && !strcmp(argv[2], "start");
	int r = 0;

	if (vz_ct_lock(&ct, "", NULL, NULL) < 0)
		return VZ_LOCKED;
	if (start && !access(NO_START, F_OK))
		r = VZ_VE_START_DISABLED;
	else if (start)
		r = fake_start(id);
	else
		vz_state_remove(id);
	vz_ct_unlock(&ct);
	tell(r ? "refused" : start ? "start" : "stop", id);
	return r;
}

/* ---- the test's hands ---- */

/* The next line of EVENTS must be this one. */
static void expect_at(int where, const char *want)
{
	char line[128];
	size_t n = 0;

	for (;;) {
		struct pollfd p = { .fd = events, .events = POLLIN };

		if (n == sizeof(line) - 1 || poll(&p, 1, WAIT_MS) != 1 ||
		    read(events, line + n, 1) != 1 || line[n] == '\n')
			break;
		n++;
	}
	line[n] = 0;
	if (strcmp(line, want))
		printf("line %d: ", where);
	CHECK_STR(line, want);
}
#define expect(want) expect_at(__LINE__, want)

static int run(const char *program, const char *a, const char *b)
{
	char *argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t)"--quiet",
			 (char *)(uintptr_t)a, (char *)(uintptr_t)b, NULL };
	struct vz_spawn s = VZ_SPAWN_INIT;

	if (!a)
		argv[1] = NULL;
	s.argv = argv;
	return vz_spawn_run(&s);
}

static void start(const char *id)
{
	CHECK_INT(run(VZ_SBINDIR "/vzctl", "start", id), 0);
}

static void order(unsigned id, char what)
{
	char fifo[32];
	autoclose int fd = -EBADF;

	snprintf(fifo, sizeof(fifo), "/vz-guest-%u", id);
	fd = open(fifo, O_RDWR | O_CLOEXEC);
	CHECK_INT(write(fd, &what, 1), 1);
}

static void daemon_start(void)
{
	CHECK_INT(run(VZ_SBINDIR "/vzeventd", NULL, NULL), 0);
}

static void kill_and_wait(pid_t pid)
{
	CHECK(pid > 1);
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(waitpid(pid, NULL, 0), pid); /* orphans are ours: we are PID 1 */
}

static pid_t pid_of_daemon(void)
{
	char text[16] = "";

	CHECK(vz_file_read_buf(AT_FDCWD, VZ_RUNDIR "/vzeventd.pid", text, sizeof(text)) > 0);
	return (pid_t)strtol(text, NULL, 10);
}

static void daemon_kill(void)
{
	kill_and_wait(pid_of_daemon());
}

static pid_t pid_of(const char *name)
{
	for (pid_t pid = 2; pid < 4000; pid++) {
		char path[32], comm[32];

		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		if (vz_file_read_buf(AT_FDCWD, path, comm, sizeof(comm)) > 0 &&
		    !strcmp(comm, name) && vz_proc_alive(pid, 0))
			return pid;
	}
	return 0;
}

static int attach(unsigned id, uint32_t *backlog)
{
	struct vz_console_msg m = { .op = VZ_CONSOLE_ATTACH, .ctid = id };
	struct vz_err e = { 0 };
	int sock = -1, r = vz_console_attach(&m, &sock, backlog, &e);

	CHECK_INT(r, 0);
	return sock;
}

/* Reads from a viewer until `want` was seen in what came. */
static void see(int sock, const char *want)
{
	static char all[1 << 17];
	size_t n = 0;

	all[0] = 0;
	while (!strstr(all, want)) {
		struct pollfd p = { .fd = sock, .events = POLLIN };
		ssize_t k;

		if (n + VZ_CONSOLE_CHUNK >= sizeof(all) || poll(&p, 1, WAIT_MS) != 1)
			break;
		k = vz_fd_recv(sock, all + n, VZ_CONSOLE_CHUNK, NULL);
		if (k <= 0)
			break;
		n += (size_t)k;
		all[n] = 0;
	}
	CHECK(strstr(all, want));
}

static bool ends(int sock)
{
	char buf[VZ_CONSOLE_CHUNK];
	struct pollfd p = { .fd = sock, .events = POLLIN };
	ssize_t n = 1;

	while (n > 0 && poll(&p, 1, WAIT_MS) == 1)
		n = vz_fd_recv(sock, buf, sizeof(buf), NULL);
	close(sock);
	return n == 0;
}

/* ---- cases ---- */

static void one_instance(void)
{
	struct stat st;

	daemon_start();
	CHECK_INT(run(VZ_SBINDIR "/vzeventd", NULL, NULL), VZ_LOCKED);
	CHECK(!stat(VZ_EVENTD_SOCKET, &st) && (st.st_mode & 0777) == 0600);
}

static void halt_and_reboot(void)
{
	static const char again[] = "rc"; /* by PID 1 itself, by another process */

	start("1");
	expect("start 1");
	for (int i = 0; again[i]; i++) {
		order(1, again[i]);
		expect("start 1");
	}
	order(1, 'h');
	expect("stop 1");
	CHECK(!vz_state_file_exists(1));
	start("1");
	expect("start 1");
	order(1, 'x');
	expect("stop 1");
}

/* While we hold the lock, we are in charge. */
static void locked(void)
{
	struct vz_ct ct = ct_of(1);

	start("1");
	expect("start 1");
	CHECK_INT(vz_ct_lock(&ct, "", NULL, NULL), 0);
	order(1, 'h');
	vz_state_remove(1); /* as a "stop" of ours would */
	vz_ct_unlock(&ct);
	start("2");
	expect("start 2"); /* and nothing about 1 */
	CHECK_INT(vz_ct_lock(&ct, "", NULL, NULL), 0);
	vz_ct_unlock(&ct);
	ct = ct_of(2);
	CHECK_INT(vz_ct_lock(&ct, "", NULL, NULL), 0);
	order(2, 'r');
	vz_ct_unlock(&ct);
	expect("start 2"); /* what was not dealt with under the lock is done after it */
	order(2, 'h');
	expect("stop 2");
}

static void scripts(void)
{
	static const char text[] = "#!/bin/sh\necho stopped $VEID $VE_CONFFILE >" EVENTS "\n";

	CHECK_INT(vz_mkdir_p(VZ_LIBEXECDIR "/scripts", 0755), 0);
	CHECK_INT(vz_file_replace(VZ_LIBEXECDIR "/scripts/vzevent-stop", text, strlen(text), 0755,
				  false), 0);
	start("1");
	expect("start 1");
	order(1, 'h');
	expect("stopped 1 " VZ_CONFDIR "/conf/1.conf");
	expect("stop 1");
	CHECK_INT(unlink(VZ_LIBEXECDIR "/scripts/vzevent-stop"), 0);
}

static void tight_loop(void)
{
	start("3");
	expect("start 3");
	for (int i = 0; i < 5; i++) {
		order(3, 'r');
		expect("start 3");
	}
	order(3, 'r');
	expect("stop 3");
}

static void not_startable(void)
{
	start("9");
	expect("start 9");
	CHECK_INT(vz_file_replace(NO_START, "", 0, 0600, false), 0);
	order(9, 'c');
	expect("refused 9");
	expect("stop 9");
	CHECK_INT(unlink(NO_START), 0);
}

/* It ends while the daemon is dead. */
static void missed(void)
{
	start("4");
	expect("start 4");
	start("5");
	expect("start 5");
	daemon_kill();
	order(4, 'r');
	order(5, 'h');
	for (unsigned id = 4; id <= 5; id++) { /* until both are zombies */
		struct vz_state st = { 0 };
		autoclose int fd = -EBADF;
		struct pollfd p = { .events = POLLIN };

		CHECK(vz_state_last(id, &st));
		fd = p.fd = vz_pidfd_open(st.init);
		CHECK_INT(poll(&p, 1, WAIT_MS), 1);
	}
	daemon_start();
	for (int i = 0; i < 2; i++) { /* in either order */
		char line[10] = "";
		struct pollfd p = { .fd = events, .events = POLLIN };
		size_t n = 0;

		while (n < sizeof(line) - 1 && poll(&p, 1, WAIT_MS) == 1 &&
		       read(events, line + n, 1) == 1 && line[n] != '\n')
			n++;
		line[n] = 0;
		CHECK(!strcmp(line, "start 4") || !strcmp(line, "stop 5"));
	}
	order(4, 'h');
	expect("stop 4");
}

static void console(void)
{
	static const char log[] = VZ_LOGDIR "/vzctl-console/6.log";
	struct vz_console_msg in = { .op = VZ_CONSOLE_INPUT };
	char keys[sizeof(in) + 4];
	uint32_t backlog = 0;
	int a, b, spare;
	struct stat st;

	start("6");
	expect("start 6");
	order(6, 'w');
	expect("wrote 6");
	a = attach(6, &backlog);
	see(a, "hello");
	memcpy(keys, &in, sizeof(in));
	memcpy(keys + sizeof(in), "abc\r", 4);
	CHECK_INT(vz_fd_send(a, keys, sizeof(keys), -1), 0);
	see(a, "abc"); /* the terminal's echo */
	b = attach(6, &backlog);
	CHECK(backlog >= 5);
	see(b, "abc");

	/* the terminal is hung up from inside; what follows is seen all the same */
	order(6, 'v');
	expect("hung up 6");
	order(6, 'w');
	expect("wrote 6");
	see(a, "hello");
	see(b, "hello");

	/* the daemon dies: viewers see the end, the guest nothing */
	daemon_kill();
	CHECK(ends(a));
	CHECK(ends(b));
	order(6, 'w');
	expect("wrote 6");
	daemon_start();
	a = attach(6, &backlog);
	see(a, "hello");

	/* the store dies, and right after it was filled again the daemon too */
	kill_and_wait(pid_of("vzfdstore"));
	order(6, 'w');
	expect("wrote 6");
	see(a, "hello");
	CHECK_INT(vz_console_request(99, 0, &spare, NULL), 0);
	close(spare);
	CHECK(pid_of("vzfdstore"));
	daemon_kill();
	CHECK(ends(a));
	daemon_start();
	a = attach(6, &backlog);

	/* a viewer that never reads holds nobody up; the log is bounded */
	order(6, 'f');
	expect("flooded 6");
	order(6, 'w');
	expect("wrote 6");
	b = attach(6, &backlog);
	see(b, "hello");
	CHECK(!stat(log, &st) && (st.st_mode & 0777) == 0600 && st.st_size <= 1 << 20);
	CHECK(!stat(VZ_LOGDIR "/vzctl-console/6.log.1", &st) && st.st_size <= 1 << 20);

	/* viewers stay over a reboot and see the next console */
	order(6, 'r');
	expect("start 6");
	order(6, 'w');
	expect("wrote 6");
	see(b, "hello");
	order(6, 'h');
	expect("stop 6");
	CHECK(ends(a));
	CHECK(ends(b));
}

/* The verb itself, on a terminal. */
static void client(void)
{
	int master, slave, err[2], status;
	char text[256] = "";
	size_t n = 0;
	ssize_t k;
	pid_t pid;

	start("7");
	expect("start 7");
	order(7, 'w');
	expect("wrote 7");
	CHECK_INT(vz_pty_open(0, 100, 40, &master, &slave), 0);
	CHECK(pipe2(err, O_CLOEXEC) == 0);
	pid = fork();
	if (!pid) {
		struct vz_ct ct = ct_of(7);
		struct vz_err e = { 0 };

		dup2(slave, 0);
		dup2(slave, 1);
		dup2(err[1], 2);
		_exit(vz_op_console(&ct, 0, NULL, &e) < 0 ? e.exit : 0);
	}
	close(err[1]);
	while (!strstr(text, "hello") && n < sizeof(text) - 1) {
		struct pollfd p = { .fd = master, .events = POLLIN };

		if (poll(&p, 1, WAIT_MS) != 1)
			break;
		k = read(master, text + n, sizeof(text) - 1 - n);
		if (k <= 0)
			break;
		n += (size_t)k;
		text[n] = 0;
	}
	CHECK(strstr(text, "hello"));
	CHECK_INT(write(master, "\r\033.", 3), 3);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	n = 0;
	while ((k = read(err[0], text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)k;
	text[n] = 0;
	CHECK_STR(text, "Attached to CT 7 (ESC . to detach)\n\nDetached from CT 7\n");
	close(err[0]);
	close(master);
	close(slave);
	order(7, 'h');
	expect("stop 7");
}

static void refused(void)
{
	struct vz_ct ct = ct_of(8);
	struct vz_err e = { 0 };
	char *two[] = { (char *)(uintptr_t)"2", NULL };
	pid_t daemon = pid_of_daemon();
	int fd = 12345, status = -1;

	CHECK(vz_op_console(&ct, 0, NULL, &e) < 0);
	CHECK_INT(e.exit, VZ_VE_NOT_RUNNING);
	CHECK(vz_op_console(&ct, 1, two, &e) < 0);
	CHECK_INT(e.exit, VZ_INVALID_PARAMETER_VALUE);
	CHECK_INT(kill(daemon, SIGTERM), 0);
	CHECK_INT(waitpid(daemon, &status, 0), daemon);
	CHECK_INT(status, 0);
	e = (struct vz_err){ 0 };
	CHECK_INT(vz_console_request(8, 0, &fd, &e), -ENOENT);
	CHECK_INT(fd, 12345);
	CHECK_STR(e.msg, "");
	start("8"); /* without a console */
	expect("start 8");
	CHECK(vz_op_console(&ct, 0, NULL, &e) < 0);
	CHECK(strstr(e.msg, "vzeventd"));
	daemon_start();
	e = (struct vz_err){ 0 };
	CHECK(vz_op_console(&ct, 0, NULL, &e) < 0);
	CHECK(strstr(e.msg, "no console"));
	order(8, 'h');
	expect("stop 8");
}

/* ---- the world ---- */

static const char conf[] = "LOCKDIR=\"" LOCKS "\"\nLOGFILE=\"/vz-log\"\nLOG_LEVEL=1\n";

static bool put(const char *root, const char *path, const char *from)
{
	autofree char *to = vz_fmt("%s%s", root, path), *dir = strdup(to), *data = NULL;
	ssize_t n = from ? vz_file_read(AT_FDCWD, from, 64 << 20, &data) : (ssize_t)strlen(conf);

	*strrchr(dir, '/') = 0;
	return n > 0 && vz_mkdir_p(dir, 0755) >= 0 &&
	       vz_file_replace(to, from ? data : conf, (size_t)n, 0755, false) >= 0;
}

static bool put_mount(const char *root, const char *path, const char *type)
{
	autofree char *to = vz_fmt("%s%s", root, path);
	bool bind = !type;

	return vz_mkdir_p(to, 0755) >= 0 &&
	       !mount(bind ? path : "none", to, type, bind ? MS_BIND | MS_REC : 0, NULL);
}

/* A view of the whole root in which everything can be written and nothing is changed. */
static bool enter_world(const char *base)
{
	autofree char *u = vz_fmt("%s/u", base), *w = vz_fmt("%s/w", base);
	autofree char *m = vz_fmt("%s/m", base);
	autofree char *opts = vz_fmt("lowerdir=/,upperdir=%s,workdir=%s", u, w);

	return !unshare(CLONE_NEWNS) && !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("tmpfs", base, "tmpfs", 0, NULL) && !mkdir(u, 0755) && !mkdir(w, 0755) &&
	       !mkdir(m, 0755) && !mount("overlay", m, "overlay", 0, opts) &&
	       put_mount(m, "/proc", "proc") && put_mount(m, "/dev", NULL) &&
	       put_mount(m, VZ_RUNDIR, "tmpfs") && put_mount(m, VZ_LOGDIR, "tmpfs") &&
	       put(m, VZ_SBINDIR "/vzctl", "/proc/self/exe") &&
	       put(m, VZ_SBINDIR "/vzeventd", "vzeventd/vzeventd") &&
	       put(m, VZ_LIBEXECDIR "/vzfdstore", "helpers/vzfdstore") &&
	       put(m, VZ_CONFDIR "/vz.conf", NULL) && !chroot(m) && !chdir("/") &&
	       !mkfifo(EVENTS, 0600);
}

static int tests(const char *base)
{
	if (!enter_world(base)) {
		printf("no world of our own here: %s\n", strerror(errno));
		return 77;
	}
	events = open(EVENTS, O_RDWR | O_CLOEXEC);
	one_instance();
	halt_and_reboot();
	locked();
	scripts();
	not_startable();
	tight_loop();
	missed();
	console();
	client();
	refused();
	if (failures) { /* what the daemon thought */
		autofree char *log = NULL;

		if (vz_file_read(AT_FDCWD, "/vz-log", 1 << 20, &log) > 0)
			fputs(log, stdout);
	}
	return done();
}

int main(int argc, char **argv)
{
	char base[] = "/tmp/vz-eventd-XXXXXX";
	struct vz_context context;
	int status = 99;
	pid_t pid;

	vz_process_context(&context, "vzctl");
	if (vz_str_suffix(argv[0], "/vzctl"))
		return fake_vzctl(argc, argv);
	if (geteuid() || unshare(CLONE_NEWPID) < 0) {
		printf("needs root\n");
		return 77;
	}
	if (!mkdtemp(base))
		return 99;
	pid = fork(); /* PID 1 of the world; all in it ends with it */
	if (!pid)
		status = tests(base);
	else if (waitpid(pid, &status, 0) == pid)
		status = WIFEXITED(status) ? WEXITSTATUS(status) : 99;
	if (pid)
		(void)rmdir(base);
	fflush(stdout);
	_exit(status); /* no leak check: it needs a child, and who unshared may have no more */
}
