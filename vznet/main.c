// SPDX-License-Identifier: GPL-2.0-or-later
/* vznet: networks between VPSes. Options and output; what they do is ops/lan-verbs.h. */
#include "vznet/vznet.h"

#include <bsd/unistd.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/context.h"
#include "base/log.h"
#include "base/near.h"
#include "base/own.h"
#include "base/process.h"
#include "base/usage.h"
#include "ops/session.h"

#define OPTS_MAX 64

/* What was given on the command line. */
struct command {
	struct vz_context context;
	struct vz_session host, vps;
	char **args;
	struct vz_lan_opt opt[OPTS_MAX];
	size_t n; /* as nips */
	struct vz_lan_attach attach;
	size_t nips; /* given, whether there was room or not */
	struct show_opts show;
	bool force;
};

enum option_id { SUBNET = 256, SUBNET6, NAT, DHCP, VXLAN, PEER, DEV, LOCAL, FORCE, IFNAME, IP };

/* clang-format off */
static const struct option create_options[] = {
	{ "subnet", required_argument, NULL, SUBNET },
	{ "subnet6", required_argument, NULL, SUBNET6 },
	{ "nat", required_argument, NULL, NAT },
	{ "dhcp", required_argument, NULL, DHCP },
	{ "vxlan", required_argument, NULL, VXLAN },
	{ "peer", required_argument, NULL, PEER },
	{ "dev", required_argument, NULL, DEV },
	{ "local", required_argument, NULL, LOCAL },
	{ 0 },
};
static const struct option delete_options[] = {
	{ "force", no_argument, NULL, FORCE },
	{ 0 },
};
static const struct option attach_options[] = {
	{ "ifname", required_argument, NULL, IFNAME },
	{ "ip", required_argument, NULL, IP },
	{ 0 },
};
static const struct option list_options[] = {
	{ "no-header", no_argument, NULL, 'H' },
	{ "json", no_argument, NULL, 'j' },
	{ "output", required_argument, NULL, 'o' },
	{ 0 },
};
static const struct option no_options[] = { { 0 } };
/* clang-format on */

static void take_key(struct command *c, const char *name, const char *value)
{
	if (c->n < OPTS_MAX)
		c->opt[c->n] = (struct vz_lan_opt){ name, value };
	c->n++;
}

static void take_ip(struct command *c, const char *arg)
{
	if (c->nips < ARRAY_LEN(c->attach.ip))
		c->attach.ip[c->nips] = arg;
	c->nips++;
}

static void take_option(struct command *c, int o, const char *arg)
{
	static const char *const keys[] = { "SUBNET", "SUBNET6", "NAT",	"DHCP",
					    "VXLAN",  "PEERS",	 "DEV", "LOCAL" };

	if (o >= SUBNET && o <= LOCAL) {
		take_key(c, keys[o - SUBNET], arg);
		return;
	}
	switch (o) {
	case FORCE:
		c->force = true;
		break;
	case IFNAME:
		c->attach.ifname = arg;
		break;
	case IP:
		take_ip(c, arg);
		break;
	case 'H':
		c->show.no_header = true;
		break;
	case 'j':
		c->show.json = true;
		break;
	case 'o':
		c->show.fields = arg;
		break;
	}
}

/* One locked container, for the work of fn on the LAN. */
typedef int on_container(struct command *c, struct vz_ct *ct, struct vz_err *e);

static int with_container(struct command *c, const char *which, unsigned flags, on_container *fn,
			  struct vz_err *e)
{
	const struct vz_session_want want = {
		.flags = VZ_SESSION_CHANGES | VZ_SESSION_LEAVES_ENDED | flags, .verb = ""
	};
	struct vz_session *s = &c->vps;
	int r = vz_session_find(s, which, e);

	if (r >= 0 && !s->id)
		r = vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Bad CT ID %s", which);
	if (r >= 0)
		r = vz_session_open(s, &want, e);
	if (r < 0)
		return r;
	r = fn(c, &s->ct, e);
	if (r >= 0) /* else what is said of it is still about this VPS */
		vz_session_close(s);
	return r;
}

static int attach(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	return vz_op_lan_attach(ct, c->args[0], &c->attach, e);
}

static int detach(struct command *c, struct vz_ct *ct, struct vz_err *e)
{
	return vz_op_lan_detach(ct, c->args[0], e);
}

static int run_create(struct command *c, struct vz_err *e)
{
	if (c->n > OPTS_MAX)
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0, "Too many options");
	return vz_op_lan_create(c->args[0], c->opt, c->n, e);
}

static int run_delete(struct command *c, struct vz_err *e)
{
	struct vz_lan_state st;
	struct vz_lan lan = { 0 };
	int r = c->force ? vz_op_lan_look(&c->host.host, c->args[0], &lan, &st, e) : 0;

	for (size_t i = 0; r >= 0 && i < lan.nmembers; i++) {
		char id[16];

		snprintf(id, sizeof(id), "%u", lan.member[i].ctid);
		r = with_container(c, id, 0, detach, e);
	}
	vz_lan_free(&lan);
	return r < 0 ? r : vz_op_lan_delete(&c->host.host, c->args[0], e);
}

static int run_attach(struct command *c, struct vz_err *e)
{
	if (c->nips > ARRAY_LEN(c->attach.ip))
		return vz_fail(e, VZ_INVALID_PARAMETER_SYNTAX, 0,
			       "Too many addresses: one of each family is all that --ip takes");
	return with_container(c, c->args[1], VZ_SESSION_NEEDS_CONF, attach, e);
}

static int run_detach(struct command *c, struct vz_err *e)
{
	return with_container(c, c->args[1], 0, detach, e);
}

static int run_start(struct command *c, struct vz_err *e)
{
	return vz_op_lan_start(&c->host.host, c->args[0], e);
}

static int run_stop(struct command *c, struct vz_err *e)
{
	return vz_op_lan_stop(&c->host.host, c->args[0], e);
}

static int run_list(struct command *c, struct vz_err *e)
{
	c->show.host = &c->host.host;
	return show_list(&c->show, e);
}

static int run_show(struct command *c, struct vz_err *e)
{
	return show_one(&c->host.host, c->args[0], e);
}

/* clang-format off */
static const struct verb {
	const char *name;
	int args;
	unsigned flags; /* enum vz_session_flags, of the session about the host */
	const char *shorts;
	const struct option *options;
	int (*run)(struct command *c, struct vz_err *e);
	const char *usage;
} verbs[] = {
	{ "create", 1, VZ_SESSION_CHANGES, "", create_options, run_create,
	  "NAME [--subnet A/N] [--subnet6 A/N] [--nat yes|no] [--dhcp yes|no]\n"
	  "             [--vxlan VNI --peer ADDR ... [--dev DEV] [--local ADDR]]" },
	{ "delete", 1, VZ_SESSION_CHANGES, "", delete_options, run_delete, "NAME [--force]" },
	{ "attach", 2, VZ_SESSION_CHANGES, "", attach_options, run_attach, "NAME CTID [--ifname IFNAME] [--ip ADDR] ..." },
	{ "detach", 2, VZ_SESSION_CHANGES, "", no_options, run_detach, "NAME CTID" },
	{ "start", 1, VZ_SESSION_CHANGES, "", no_options, run_start, "NAME" },
	{ "stop", 1, VZ_SESSION_CHANGES, "", no_options, run_stop, "NAME" },
	{ "list", 0, VZ_SESSION_NO_LOG, "Hjo:", list_options, run_list, "[-H] [-j] [-o FIELD,...]" },
	{ "show", 1, VZ_SESSION_NO_LOG, "", no_options, run_show, "NAME" },
};
/* clang-format on */

static void usage(FILE *out)
{
	for (size_t v = 0; v < ARRAY_LEN(verbs); v++)
		fprintf(out, "%s vznet %s %s\n", v ? "      " : "Usage:", verbs[v].name, verbs[v].usage);
}

/* getopt has named it. */
static int bad_option(const struct verb *v, const char *typed)
{
	const char *near = vz_option_near(typed, v->options);

	if (near)
		fprintf(stderr, "Did you mean --%s?\n", near);
	return VZ_INVALID_PARAMETER_SYNTAX;
}

static int bad_arguments(const struct verb *v, int n, char **args)
{
	fprintf(stderr, "vznet %s takes %d argument%s", v->name, v->args, v->args == 1 ? "" : "s");
	if (n > v->args)
		fprintf(stderr, ", and not %s", args[v->args]);
	fputc('\n', stderr);
	return VZ_INVALID_PARAMETER_SYNTAX;
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (vz_is_help(argv[i]))
			return true;
	return false;
}

static int run_verb(struct command *c, const struct verb *v, int argc, char **argv)
{
	char name[] = "vznet";
	struct vz_err e = { 0 };
	int o, code;

	argv[0] = name; /* getopt's messages begin with it */
	while ((o = getopt_long(argc, argv, v->shorts, v->options, NULL)) != -1) {
		if (o == '?')
			return bad_option(v, argv[optind - 1]);
		take_option(c, o, optarg);
	}
	if (argc - optind != v->args)
		return bad_arguments(v, argc - optind, argv + optind);
	if (geteuid() != 0) {
		fprintf(stderr, "vznet must be run as root\n");
		return VZ_NO_ACCES;
	}
	/* seen by every process of a member that we join */
	setproctitle("-vznet %s", v->name);
	c->args = argv + optind;
	code = v->run(c, &e) < 0 ? vz_log_err(&e) : VZ_OK;
	vz_session_close(&c->vps);
	return code;
}

static const struct verb *find_verb(const char *name)
{
	for (size_t v = 0; v < ARRAY_LEN(verbs); v++)
		if (!strcmp(verbs[v].name, name))
			return &verbs[v];
	return NULL;
}

static int bad_command(const char *name)
{
	struct vz_near near = { .word = name };

	for (size_t v = 0; v < ARRAY_LEN(verbs); v++)
		vz_near_try(&near, verbs[v].name);
	fprintf(stderr, "Bad command: %s\n", name);
	if (near.best)
		fprintf(stderr, "Did you mean \"vznet %s\"?\n", near.best);
	return VZ_INVALID_PARAMETER_SYNTAX;
}

static int run_line(struct command *c, int argc, char **argv)
{
	struct vz_session_want host = { .flags = VZ_SESSION_NO_VPS | VZ_SESSION_CONF_OPTIONAL };
	const struct verb *v;
	struct vz_err e = { 0 };
	int i = 1, r;

	if (argc > 1 && !strcmp(argv[1], "--quiet")) {
		c->context.quiet = true;
		i++;
	}
	if (i >= argc) {
		usage(stderr);
		return VZ_INVALID_PARAMETER_SYNTAX;
	}
	if (vz_is_help(argv[i])) {
		usage(stdout);
		return 0;
	}
	if (!strcmp(argv[i], "--version")) {
		printf("vznet version %s\n", PACKAGE_VERSION);
		return 0;
	}
	v = find_verb(argv[i]);
	if (!v)
		return bad_command(argv[i]);
	if (wants_help(argc - i, argv + i)) {
		printf("Usage: vznet %s %s\n", v->name, v->usage);
		return 0;
	}
	host.flags |= v->flags;
	/* who of the members that it enters is privileged would be known too late */
	if (v->flags & VZ_SESSION_CHANGES)
		host.argv = argv;
	if (geteuid() == 0 && vz_session_open(&c->host, &host, &e) < 0)
		return vz_log_err(&e);
	r = run_verb(c, v, argc - i, argv + i);
	vz_session_close(&c->host);
	return r;
}

int main(int argc, char **argv)
{
	struct command c = { 0 };

	setproctitle_init(argc, argv, environ); /* before anything is kept that points there */
	vz_process_init();
	vz_process_context(&c.context, "vznet");
	return vz_process_end(run_line(&c, argc, argv), VZ_SYSTEM);
}
