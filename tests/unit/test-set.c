// SPDX-License-Identifier: GPL-2.0-or-later
/* The rules of set: every case of the outcome matrix, with a VPS that exists only here. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "ops/set-internal.h"
#include "sys/file.h"
#include "unit.h"
#include "base/context.h"

static char dir[] = "/tmp/test-set.XXXXXX";

/* What was called, one word per call. */
static struct {
	bool running;
	int fail_bit, fail_exit, fail_errno;
	char calls[400];
	unsigned long long ram, cpuunits;
} world;

static void called(const char *what, const char *arg)
{
	size_t n = strlen(world.calls);

	snprintf(world.calls + n, sizeof(world.calls) - n, "%s%s%s%s", n ? " " : "", what,
		 arg ? "=" : "", arg ? arg : "");
}

static bool w_running(const struct vz_ct *ct)
{
	(void)ct;
	return world.running;
}

static int w_live(const struct vz_setting *s, struct vz_err *e)
{
	char b[12];

	snprintf(b, sizeof(b), "%u", s->row->bit);
	called("apply", b);
	world.ram = s->conf->physpages.lim;
	world.cpuunits = s->conf->cpuunits.v;
	if ((int)s->row->bit == world.fail_bit)
		return vz_fail(e, (enum vz_exit)world.fail_exit,
			       world.fail_errno, "the kernel said no");
	return 0;
}

static int w_hostname(const struct vz_setting *s, struct vz_err *e)
{
	(void)e;
	called("hostname", s->conf->hostname.v);
	return 0;
}

static int w_net(const struct vz_setting *s, struct vz_err *e)
{
	called("net", s->conf->ip_address.n ? s->conf->ip_address.v[0] : "");
	if (s->g->skip_arpdetect)
		called("unasked", NULL);
	if (world.fail_bit == APPLY_NET)
		return vz_fail(e, (enum vz_exit)world.fail_exit, 0, "Unable to add IP");
	return 0;
}

static int w_possible(const struct vz_conf *c, struct vz_err *e)
{
	return c->cpumask.set && !strcmp(c->cpumask.v, "0-99") ?
		       vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Bad parameter for --cpumask") : 0;
}

static int w_restart(struct vz_ct *ct, struct vz_err *e)
{
	called("restart", ct->conf.features.n ? ct->conf.features.v[0] : "");
	return world.fail_bit < 0 ? vz_fail(e, VZ_STOP_ERROR, 0, "Unable to stop container") : 0;
}

static int w_name(struct vz_ct *ct, const char *name, struct vz_err *e)
{
	(void)ct;
	(void)e;
	called("name", name);
	return 0;
}

static void w_name_keep(unsigned id, const char *name)
{
	(void)id;
	called("keep", name);
}

static int w_password(struct vz_ct *ct, const char *up, struct vz_err *e)
{
	(void)ct;
	(void)e;
	called("password", up);
	return 0;
}

static int w_dist(struct vz_ct *ct, const struct vz_dist_change *c, struct vz_err *e)
{
	char b[12];

	(void)ct;
	(void)e;
	if (!c)
		return 0;
	snprintf(b, sizeof(b), "%u%s", c->what, c->removed_all ? "-" : "");
	called("dist", b);
	return 0;
}

/* The table of lib/apply: its rows, order and words, without what they do. */
static struct vz_effect effects[32];

static void make_effects(void)
{
	for (size_t i = 0; vz_effects[i].bit; i++) {
		CHECK(i + 1 < ARRAY_LEN(effects));
		effects[i] = vz_effects[i];
		if (effects[i].live)
			effects[i].live = effects[i].bit == APPLY_NET	     ? w_net :
					  effects[i].bit == APPLY_HOSTNAME ? w_hostname :
									       w_live;
		effects[i].possible = effects[i].bit == APPLY_CPU ? w_possible : NULL;
	}
}

static const struct vz_set_world set_world = {
	.sample_dir = dir,
	.effects = effects,
	.is_running = w_running,
	.restart = w_restart,
	.name = w_name,
	.name_keep = w_name_keep,
	.password = w_password,
	.distro = w_dist,
};

/* A base configuration whose every save can be seen. */
#define BASE "PHYSPAGES=\"0:100\"\nSWAPPAGES=\"0:100\"\nNAME=\"old\"\n"

struct try {
	bool running;
	const char *line;
	int exit;
	const char *calls; /* what was done */
	const char *saved; /* what follows BASE in the file; NULL: not written */
	const char *said;  /* one of the lines said, or a part of it */
};

static const struct try tries[] = {
	/* stopped, saved: nothing applied */
	{ false, "--cpuunits 500 --save", 0, "", "CPUUNITS=\"500\"\n", "CT configuration saved to" },
	{ false, "--ram 409600 --save", 0, "", "", "No changes in CT configuration, not saving" },
	{ false, "--features nfs:on --save", 0, "", "FEATURES=\"nfs:on \"\n", NULL },
	{ false, "--ipadd 10.0.0.1 --hostname h --save", 0, "",
	  "IP_ADDRESS=\"10.0.0.1\"\nHOSTNAME=\"h\"\n", NULL },
	/* stopped, not saved: 31 and a sentence */
	{ false, "--kmemsize 1", 31, "", NULL,
	  "Unable to apply UBC parameters: container is not running" },
	{ false, "--avnumproc 1 --cpuunits 8", 31, "", NULL,
	  "Unable to apply UBC parameters: container is not running" },
	{ false, "--kmemsize 1 --quotatime 5 --save", 0, "", "KMEMSIZE=\"1\"\nQUOTATIME=\"5\"\n",
	  "Warning: kept in the configuration, but not enforced: kmemsize quotatime" },
	{ true, "--kmemsize 1 --save", 0, "", "KMEMSIZE=\"1\"\n", "not enforced: kmemsize" },
	{ false, "--numproc 1", 31, "", NULL,
	  "Unable to apply UBC parameters: container is not running" },
	{ false, "--cpuunits 500", 31, "", NULL,
	  "Unable to apply CPU parameters: container is not running" },
	{ false, "--cpuunits 500 --ipadd 10.0.0.1", 31, "", NULL,
	  "Unable to apply network parameters: container is not running" },
	{ false, "--onboot yes", 0, "", NULL,
	  "WARNING: Settings were not saved to config (use --save flag)" },
	/* running, saved: applied, then saved */
	{ true, "--cpuunits 500 --numproc 7 --ioprio 3 --hostname h --save", 0,
	  "apply=1 apply=4 apply=16 hostname=h dist=2",
	  "NUMPROC=\"7\"\nHOSTNAME=\"h\"\nCPUUNITS=\"500\"\nIOPRIO=\"3\"\n",
	  "Setting CPU units: 500" },
	{ true, "--numproc 7", 0, "apply=1", NULL,
	  "WARNING: Settings were not saved to config and will be lost after CT restart" },
	{ true, "--devices c:10:200:rw --save", 0, "apply=8", "DEVICES=\"c:10:200:rw \"\n",
	  "Setting devices" },
	{ true, "--iolimit 1 --save", 0, "apply=16", "IOLIMIT=\"1048576\"\n",
	  "Setting iolimit: 1048576 bytes/sec" },
	{ true, "--iolimit 0 --save", 0, "apply=16", "IOLIMIT=\"0\"\n",
	  "Setting iolimit: 0 (unlimited)" },
	{ true, "--onboot no --save", 0, "", "ONBOOT=\"no\"\n", NULL },
	/* parameters that need a restart */
	{ true, "--features nfs:on --cpuunits 500 --save", 0, "apply=4",
	  "CPUUNITS=\"500\"\nFEATURES=\"nfs:on \"\n",
	  "Unable to set features on a running container" },
	{ true, "--capability sys_time:on --save", 0, "", "CAPABILITY=\"SYS_TIME:on \"\n",
	  "Please consider using --setmode option" },
	{ true, "--ipadd 10.0.0.1 --save", 0, "net=10.0.0.1 dist=1", "IP_ADDRESS=\"10.0.0.1\"\n",
	  NULL },
	{ true, "--ipadd 10.0.0.1 --skip_arpdetect --cpuunits 500 --numproc 7", 0,
	  "apply=1 net=10.0.0.1 unasked apply=4 dist=1", NULL, NULL },
	{ true, "--ipdel all --ipadd 10.0.0.1 --nameserver 192.0.2.1 --searchdomain a.b --save", 0,
	  "net=10.0.0.1 dist=5-", "IP_ADDRESS=\"10.0.0.1\"\nNAMESERVER=\"192.0.2.1\"\nSEARCHDOMAIN=\"a.b\"\n",
	  NULL },
	{ true, "--netfilter full --save", 0, "", "NETFILTER=\"full\"\n",
	  "Unable to set iptables/netfilter on a running container" },
	{ true, "--iptables ip_tables", 0, "", NULL,
	  "Unable to set iptables/netfilter on a running container" },
	{ true, "--diskquota no", 0, "", NULL,
	  "Unable to switch DISK_QUOTA on or off on a running container" },
	{ true, "--mount_opts noatime", 0, "", NULL,
	  "Unable to change mount options on a running container" },
	{ true, "--features nfs:on --cpuunits 500 --setmode ignore --save", 32, "", NULL,
	  "Unable to set features on a running container" },
	{ true, "--features nfs:on --cpuunits 500 --setmode restart --save", 0, "restart=nfs:on",
	  "CPUUNITS=\"500\"\nFEATURES=\"nfs:on \"\n", NULL },
	{ true, "--features nfs:on --setmode restart", 20, "", NULL, "needs --save" },
	{ true, "--cpuunits 500 --setmode restart --save", 0, "apply=4", "CPUUNITS=\"500\"\n",
	  NULL },
	/* names, roots, order */
	{ false, "--name new", 131, "", NULL, "needs --save" },
	{ true, "--private /x --save --name n", 32, "name=n keep=old", NULL, "running container" },
	{ false, "--stop-timeout 5", 20, "", NULL, "needs --save" },
	{ false, "--ostemplate x", 20, "", NULL, "needs --save" },
	{ false, "--force --cpuunits 500", 20, "", NULL, "needs --save" },
	{ false, "--cpumask 0-99 --save", 21, "", NULL, "Bad parameter for --cpumask" },
	{ true, "--cpumask 0-99 --save", 21, "", NULL, "Bad parameter for --cpumask" },
	{ false, "--cpumask auto --save", 20, "", NULL, "--cpumask auto requires --nodemask" },
	{ true, "--userpasswd root:x", 0, "password=root:x", NULL, NULL },
	{ true, "--applyconfig_map name", 0, "name=old keep=old", NULL, NULL },
	{ false, "--ifname eth0 --bridge b --save", 20, "", NULL,
	  "Invalid usage: veth device eth0 is not configured, use --netif_add option first" },
	{ false, "--netif_add eth0,00:18:51:00:00:01,v.0,FE:18:51:00:00:02 --ifname eth0 --bridge b "
		 "--save", 0, "",
	  "NETIF=\"ifname=eth0,bridge=b,mac=00:18:51:00:00:01,host_ifname=v.0,"
	  "host_mac=FE:18:51:00:00:02\"\n", NULL },
	{ false, "--netif_add eth0", 31, "", NULL,
	  "Unable to create veth: container is not running" },
	{ false, "--netif_del eth0", 31, "", NULL,
	  "Unable to remove veth: container is not running" },
	{ false, "--netdev_add eth1", 31, "", NULL, "Unable to apply network parameters" },
	{ false, "--netif_add eth0,,x --netif_add eth1,,x --save", 21, "", NULL,
	  "cannot both be x on the host" },
	/* the beancounters of the file again */
	{ true, "--reset_ub", 0, "apply=1", NULL, "UB limits were set successfully" },
	{ false, "--reset_ub", 31, "", NULL, "Unable to apply UBC parameters" },
	{ true, "--reset_ub --cpuunits 9", 20, "", NULL, "Error: option --reset_ub is exclusive" },
	{ true, "--reset_ub --save", 20, "", NULL, "Error: option --reset_ub is exclusive" },
	/* samples */
	{ false, "--applyconfig nosuch --save", 109, "", NULL, "Sample config file not found: " },
	{ false, "--applyconfig one --numproc 5 --save", 0, "",
	  "NUMPROC=\"5\"\nNETFILTER=\"stateless\"\nCPUUNITS=\"77\"\nORIGIN_SAMPLE=\"one\"\n",
	  NULL },
	{ true, "--applyconfig one", 0, "apply=1 apply=4", NULL, NULL },
};

/* All lines said since the last call, without time and name. */
static char *said(const char *log)
{
	autofree char *all = NULL;
	autostr out = { 0 };

	if (vz_file_read(AT_FDCWD, log, 1 << 20, &all) < 0)
		return NULL;
	for (const char *s = all; (s = strstr(s, "CT 101 : ")); s += 9) {
		vz_str_addn(&out, s + 9, strcspn(s + 9, "\n"));
		vz_str_add(&out, "\n");
	}
	CHECK(truncate(log, 0) == 0);
	return vz_str_take(&out);
}

static int run(const struct vz_host *host, unsigned id, const char *line, struct vz_err *e)
{
	autofree char *all = vz_fmt("set %s", line);
	const char *rest = all;
	char *argv[32] = { 0 };
	struct vz_given g = { 0 };
	struct vz_ct ct = { .host = host, .id = id };
	int argc = 0, r;

	while (argc < 31 && (argv[argc] = vz_str_word(&rest, " ")))
		argc++;
	*e = (struct vz_err){ 0 };
	world.calls[0] = 0;
	ct.conf_path = vz_fmt("%s/%u.conf", dir, id);
	ct.has_conf = !vz_conf_load(ct.conf_path, &ct.own, NULL, NULL);
	CHECK_INT(vz_conf_merge(&ct.conf, &ct.own), 0);
	r = vz_given_parse(argc, argv, IN_SET, &g, e);
	CHECK_INT(r, 0);
	if (!r)
		r = vz_set_run(&ct, &g, &set_world, e);
	vz_given_free(&g);
	vz_conf_free(&ct.own);
	vz_conf_free(&ct.conf);
	free(ct.conf_path);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return r;
}

static void put(const char *path, const char *text)
{
	CHECK_INT(vz_file_replace(path, text, strlen(text), 0644, false), 0);
}

static void matrix(const struct vz_host *host, const char *path, const char *log)
{
	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		const struct try *t = &tries[i];
		autofree char *file = NULL, *lines = NULL;
		autofree char *want = vz_fmt("%s%s", BASE, t->saved ? t->saved : "");
		struct vz_err e;
		int before = failures, r;

		put(path, BASE);
		world.running = t->running;
		r = run(host, 101, t->line, &e);
		CHECK_INT(r < 0, t->exit != 0);
		CHECK_INT(e.exit, t->exit);
		CHECK_STR(world.calls, t->calls);
		CHECK(vz_file_read(AT_FDCWD, path, 1 << 20, &file) > 0);
		CHECK_STR(file, want);
		lines = said(log);
		CHECK(!t->said || strstr(lines, t->said) || strstr(e.msg, t->said));
		CHECK(r >= 0 || e.msg[0]);
		if (failures > before)
			printf("  ... in: set %s (%s)\n%s%s\n", t->line,
			       t->running ? "running" : "stopped", lines, e.msg);
	}
}

static void failures_of_the_kernel(const struct vz_host *host, const char *path, const char *log)
{
	autofree char *one = NULL, *two = NULL, *file = NULL, *three = NULL;
	struct vz_err e;

	/* the first that fails ends it, and nothing is saved */
	put(path, BASE);
	world.running = true;
	world.fail_bit = APPLY_CPU;
	world.fail_exit = VZ_SETFSHD;
	CHECK(run(host, 101, "--numproc 7 --cpuunits 9 --ioprio 1 --save", &e) < 0);
	CHECK_INT(e.exit, 2);
	CHECK_STR(e.msg, "Error: failed to apply some parameters, not saving configuration file!");
	CHECK_STR(world.calls, "apply=1 apply=4");
	CHECK_INT(world.ram, 100);
	CHECK_INT(world.cpuunits, 9);
	one = said(log);
	CHECK(strstr(one, "the kernel said no\n"));
	CHECK(run(host, 101, "--cpuunits 9", &e) < 0);
	CHECK_STR(e.msg, "the kernel said no");
	two = said(log);
	CHECK(!strstr(two, "not saved"));
	CHECK(vz_file_read(AT_FDCWD, path, 1 << 20, &file) > 0);
	CHECK_STR(file, BASE);

	/* a host without I/O limits is no failure */
	world.fail_bit = APPLY_IO;
	world.fail_exit = VZ_SET_IO;
	world.fail_errno = EOPNOTSUPP;
	CHECK_INT(run(host, 101, "--iolimit 1 --save", &e), 0);
	three = said(log);
	CHECK(strstr(three, "Warning: iolimit not supported by the kernel, skipping\n"));
	free(TAKE_PTR(three));
	world.fail_bit = APPLY_UBC;
	CHECK_INT(run(host, 101, "--numproc 5", &e), 0);
	three = said(log);
	CHECK(strstr(three, "Warning: the kernel said no"));
	CHECK(strstr(three, "skipping\nUB limits were set successfully\n"));

	/* one without rates is: nobody would notice */
	world.fail_bit = APPLY_RATE;
	CHECK(run(host, 101, "--rate 1m", &e) < 0);
	world.fail_errno = 0;

	/* a restart that fails saves nothing */
	put(path, BASE);
	world.fail_bit = -1;
	CHECK(run(host, 101, "--features nfs:on --setmode restart --save", &e) < 0);
	CHECK_INT(e.exit, VZ_STOP_ERROR);
	free(TAKE_PTR(file));
	CHECK(vz_file_read(AT_FDCWD, path, 1 << 20, &file) > 0);
	CHECK_STR(file, BASE);
	world.fail_bit = 0;
}

static void host_and_absent(const struct vz_host *host, const char *log)
{
	autofree char *path = vz_fmt("%s/0.conf", dir), *new = vz_fmt("%s/102.conf", dir);
	autofree char *file = NULL, *more = NULL, *lines = NULL;
	struct vz_err e;

	world.running = true;
	CHECK(run(host, 0, "--features nfs:on --save", &e) < 0);
	CHECK_INT(e.exit, 21);
	CHECK(run(host, 0, "--cpuunits 2000", &e) < 0);
	CHECK_INT(e.exit, 5);
	CHECK_INT(run(host, 0, "--cpuunits 2000 --save", &e), 0);
	CHECK_STR(world.calls, "");
	CHECK(vz_file_read(AT_FDCWD, path, 1 << 20, &file) > 0);
	CHECK_STR(file, "CPUUNITS=\"2000\"\n");

	/* panels write a configuration before the container exists */
	world.running = false;
	CHECK_INT(run(host, 102, "--cpuunits 2000 --save", &e), 0);
	CHECK(vz_file_read(AT_FDCWD, new, 1 << 20, &more) > 0);
	lines = said(log);
	CHECK(strstr(lines, "102.conf not found: No such file or directory"));
	unlink(path);
	unlink(new);
}

int main(void)
{
	struct vz_context context = VZ_CONTEXT_INIT;
	struct vz_host host = { 0 };
	autofree char *path = NULL, *log = NULL, *sample = NULL;

	if (!mkdtemp(dir))
		return 1;
	path = vz_fmt("%s/101.conf", dir);
	log = vz_fmt("%s/log", dir);
	sample = vz_fmt("%s/ve-one.conf-sample", dir);
	put(sample, "NUMPROC=\"1:2\"\nCPUUNITS=\"77\"\nHOSTNAME=\"not-this\"\nVE_ROOT=\"/no\"\n"
		    "NETFILTER=\"stateless\"\nLOCKDIR=\"/no\"\n");
	make_effects();
	(void)vz_context_use(&context);
	vz_log_file(log, 0);
	vz_log_ctid(101);
	matrix(&host, path, log);
	failures_of_the_kernel(&host, path, log);
	host_and_absent(&host, log);
	vz_log_close();
	unlink(path);
	unlink(log);
	unlink(sample);
	CHECK(rmdir(dir) == 0);
	return done();
}
