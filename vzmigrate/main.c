// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vzmigrate: moves containers to another host. Options, texts and exit codes are those of the legacy script (INTERFACE
 * 9.2). Each container is moved by a process of its own, so that somebody is there to take back what one left that was
 * killed.
 */
#include "base/context.h"
#include "base/log.h"
#include "base/near.h"
#include "base/num.h"
#include "base/own.h"
#include "base/process.h"
#include "base/str.h"
#include "base/usage.h"
#include "move/migrate.h"
#include "ops/session.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define HINT "Try 'vzmigrate --help' for more information."

/* A signal handler has no other way to reach it. */
static struct vz_context context;
static volatile sig_atomic_t worker;

enum option_id { SSH = 256, SSH_MUX, RSYNC, KEEP_DST, ONLINE, CHECK_ONLY, TIMEOUT, SHOW_VERSION };

/* clang-format off */
static const struct option long_options[] = {
	{ "remove-area", required_argument, NULL, 'r' },
	{ "ssh", required_argument, NULL, SSH },
	{ "ssh-mux", no_argument, NULL, SSH_MUX },
	{ "rsync", required_argument, NULL, RSYNC },
	{ "keep-dst", no_argument, NULL, KEEP_DST },
	{ "live", no_argument, NULL, ONLINE },
	{ "online", no_argument, NULL, ONLINE },
	{ "check-only", no_argument, NULL, CHECK_ONLY },
	{ "dry-run", no_argument, NULL, CHECK_ONLY },
	{ "nodeps", optional_argument, NULL, 'f' },
	{ "timeout", required_argument, NULL, TIMEOUT },
	{ "times", no_argument, NULL, 't' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "usage", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, SHOW_VERSION },
	{ NULL, 0, NULL, 0 },
};
/* clang-format on */

static const char usage[] =
	"Usage: vzmigrate [-r yes|no] [--ssh=OPTIONS] [--ssh-mux] [--rsync=OPTIONS]\n"
	"                 [--keep-dst] [--live | --online]\n"
	"                 [--check-only | --dry-run]\n"
	"                 [-f | --nodeps[=cpu,ipv6,all]] [--timeout=SECONDS]\n"
	"                 [-v]... [-t]\n"
	"                 HOST CTID|NAME...\n"
	"\n"
	"  -r, --remove-area yes|no   'no': the private area stays here, and the\n"
	"                             configuration becomes CTID.conf.migrated\n"
	"      --ssh=OPTIONS          further arguments of ssh\n"
	"      --ssh-mux              one connection for everything\n"
	"      --rsync=OPTIONS        further arguments of rsync\n"
	"      --keep-dst             what has been copied stays there after a failure\n"
	"      --live, --online       it goes on there where it is frozen here\n"
	"      --check-only, --dry-run\n"
	"                             all checks, and nothing else\n"
	"  -f, --nodeps[=LIST]        failed checks are said and ignored: cpu (or\n"
	"                             cpu_check), ipv6, all; without LIST all\n"
	"      --timeout=SECONDS      after so long without a sign of life a host takes\n"
	"                             the other one for dead (default 60)\n"
	"  -v, --verbose              more words; up to four times\n"
	"  -t, --times                how long each stage took\n"
	"  -h, --help, --usage        this text\n"
	"      --version              the version\n";

static int wrong(const char *what, const char *which)
{
	printf("Invalid usage: %s%s\n" HINT "\n", what, which);
	return VZ_MIGRATE_USAGE;
}

/* 0, or an exit code. */
static int read_nodeps(struct vz_migrate_opts *o, const char *list)
{
	char *word;

	if (!list)
		list = "all";
	for (; (word = vz_str_word(&list, ",")); free(word)) {
		if (!strcmp(word, "cpu") || !strcmp(word, "cpu_check"))
			o->ignore |= VZ_MIGRATE_NO_CPU;
		else if (!strcmp(word, "ipv6"))
			o->ignore |= VZ_MIGRATE_NO_IPV6;
		else if (!strcmp(word, "all"))
			o->ignore |= VZ_MIGRATE_NO_CPU | VZ_MIGRATE_NO_IPV6;
		else
			break;
	}
	if (!word)
		return 0;
	wrong("bad word for --nodeps: ", word);
	free(word);
	return VZ_MIGRATE_USAGE;
}

static int read_remove(struct vz_migrate_opts *o, const char *arg)
{
	if (strcmp(arg, "yes") && strcmp(arg, "no"))
		return wrong("-r is yes or no, not ", arg);
	o->keep_area = !strcmp(arg, "no");
	return 0;
}

static int read_timeout(struct vz_migrate_opts *o, const char *arg)
{
	uint32_t n;

	if (vz_num_u32(arg, VZ_MIGRATE_SILENCE_MAX, &n) < 0 || n < VZ_MIGRATE_SILENCE_MIN)
		return wrong("--timeout is 5 to 3600 seconds, not ", arg);
	o->silence_s = (int)n;
	return 0;
}

static int take_option(struct vz_migrate_opts *o, int c)
{
	switch (c) {
	case 'r':
		return read_remove(o, optarg);
	case SSH:
		o->ssh = optarg;
		return 0;
	case SSH_MUX:
		o->mux = true;
		return 0;
	case RSYNC:
		o->rsync = optarg;
		return 0;
	case KEEP_DST:
		o->keep_dst = true;
		return 0;
	case ONLINE:
		o->online = true;
		return 0;
	case CHECK_ONLY:
		o->check_only = true;
		return 0;
	case TIMEOUT:
		return read_timeout(o, optarg);
	case 'f':
		return read_nodeps(o, optarg);
	case 't':
		o->times = true;
		return 0;
	case 'v':
		o->verbose++;
		return 0;
	}
	return wrong("bad option", "");
}

static void on_signal(int sig)
{
	(void)sig;
	vz_cancel(&context);
}

/* Of the process that waits. The terminal's signals reach the worker without us. */
static void pass_on(int sig)
{
	if (sig == SIGTERM && worker > 0)
		kill((pid_t)worker, SIGTERM);
}

static int failed(const struct vz_err *e)
{
	if (*e->msg)
		vz_log(-1, "Error: %s", e->msg);
	return e->exit ? e->exit : VZ_MIGRATE_REMOTE;
}

/* What vzctl and vzmigrate have different numbers for. */
static int session_failed(const char *which, const struct vz_err *e)
{
	if (e->exit == VZ_LOCKED) {
		vz_log(-1, "Error: CT %s already locked: %s", which, e->msg);
		return VZ_MIGRATE_LOCKED;
	}
	vz_log(-1, "Error: %s", e->msg);
	return VZ_MIGRATE_MISSING;
}

static int move(const struct vz_migrate_opts *o, const char *which, bool recover)
{
	const struct vz_session_want want = { .flags = VZ_SESSION_CHANGES, .verb = "migrate",
					      .verbose = o->verbose };
	struct vz_session session = { 0 };
	struct vz_err e = { 0 };
	int r;

	vz_process_context(&context, "vzmigrate");
	if (recover)
		context.fault = NULL;
	if (vz_cancel_open(&context) >= 0)
		vz_process_signals(on_signal);
	r = vz_session_find(&session, which, &e);
	if (r >= 0)
		r = vz_session_open(&session, &want, &e);
	if (r < 0)
		return session_failed(which, &e);
	vz_log(1, "Locked CT %u", session.id);
	r = recover ? vz_migrate_recover(&session.ct, o, &e) : vz_migrate(&session.ct, o, &e);
	r = r < 0 ? failed(&e) : r;
	vz_session_close(&session);
	return vz_process_end(r, VZ_MIGRATE_REMOTE);
}

/* Its exit code, or minus the signal that killed it. */
static int in_a_process(const struct vz_migrate_opts *o, const char *which, bool recover)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		fprintf(stderr, "Error: cannot make a process\n");
		return VZ_MIGRATE_REMOTE;
	}
	if (!pid)
		exit(move(o, which, recover));
	worker = pid;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	worker = 0;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int move_one(const struct vz_migrate_opts *o, const char *which)
{
	int code = in_a_process(o, which, false);

	if (code >= 0)
		return code;
	fprintf(stderr, "Error: the migration of CT %s was killed by signal %d; taking it back\n", which, -code);
	/* 1: it had arrived */
	code = in_a_process(o, which, true);
	return code == 1 ? 0 : code ? code : VZ_MIGRATE_STOP;
}

static bool is_host(const char *s)
{
	return *s && *s != '-' &&
	       !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:_-%")];
}

static int move_all(const struct vz_migrate_opts *o, char **ids)
{
	int code = 0;

	if (!is_host(o->host))
		return wrong("bad name of a host: ", o->host);
	if (geteuid()) {
		fprintf(stderr, "This program can only be run under root.\n");
		return VZ_MIGRATE_USAGE;
	}
	for (; *ids; ids++) {
		int now = move_one(o, *ids);

		code = code ? code : now;
	}
	return code;
}

static int command_line(int argc, char **argv)
{
	struct vz_migrate_opts o = { .silence_s = VZ_MIGRATE_SILENCE_S };
	int c, r = 0;

	opterr = 0;
	while (!r && (c = getopt_long(argc, argv, "r:ftvh", long_options, NULL)) != -1) {
		if (c == 'h' || c == SHOW_VERSION) {
			if (c == 'h')
				fputs(usage, stdout);
			else
				printf("vzmigrate version %s\n", PACKAGE_VERSION);
			return 0;
		}
		if (c == '?')
			return wrong("bad option ", argv[optind - 1]);
		r = take_option(&o, c);
	}
	if (r)
		return r;
	if (argc - optind < 2)
		return wrong("HOST and CTID are needed", "");
	o.host = argv[optind];
	return move_all(&o, argv + optind + 1);
}

int main(int argc, char **argv)
{
	vz_process_init();
	vz_process_context(&context, "vzmigrate");
	if (argc == 1) {
		fputs(usage, stdout);
		return vz_process_end(0, VZ_MIGRATE_REMOTE);
	}
	vz_process_signals(pass_on);
	return vz_process_end(command_line(argc, argv), VZ_MIGRATE_REMOTE);
}
