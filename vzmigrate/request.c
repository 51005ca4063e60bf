// SPDX-License-Identifier: GPL-2.0-or-later
/* The command line of vzmigrate: that of 4.x, and with other letters that of 7 (INTERFACE 9.2). What cannot be done is
 * refused here, with the reason. */
#include "vzmigrate/vzmigrate.h"
#include "base/num.h"
#include "base/own.h"
#include "move/evacuate.h"

#include <getopt.h>
#include <stdlib.h>

#define ID_TEXT 16 /* enough for a CTID */
#define HINT "Try 'vzmigrate --help' for more information."
#define NAMES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

enum option_id {
	SSH = 256, SSH_MUX, RSYNC, KEEP_DST, ONLINE, CHECK_ONLY, TIMEOUT, SHOW_VERSION, NO_START, NEW_ID, NEW_NAME, NEW_PRIVATE,
	NEW_ROOT, NEW_IP, NO_ITER, CIPHER, COMPRESS, NO_COMPRESS, REALTIME, NON_SHARED, KEEP_IMAGES, KEEPER, READ_ONLY, BWLIMIT, JSON,
	EVACUATE, COLD, POST_COPY, LOST,
};

/* clang-format off */
static const struct option long_options[] = {
	{ "remove-area", required_argument, NULL, 'r' },
	{ "ssh", required_argument, NULL, SSH },
	{ "ssh-mux", no_argument, NULL, SSH_MUX },
	{ "ssh-cipher", required_argument, NULL, CIPHER },
	{ "compress", no_argument, NULL, COMPRESS },
	{ "no-compress", no_argument, NULL, NO_COMPRESS },
	{ "rsync", required_argument, NULL, RSYNC },
	{ "whole-file", no_argument, NULL, 'W' },
	{ "keep-dst", no_argument, NULL, KEEP_DST },
	{ "keep-images", no_argument, NULL, KEEP_IMAGES },
	{ "live", no_argument, NULL, ONLINE },
	{ "online", no_argument, NULL, ONLINE },
	{ "noiter", no_argument, NULL, NO_ITER },
	{ "require-realtime", no_argument, NULL, REALTIME },
	{ "post-copy", no_argument, NULL, POST_COPY },
	{ "nostart", no_argument, NULL, NO_START },
	{ "cold", no_argument, NULL, COLD },
	{ "lost", no_argument, NULL, LOST },
	{ "evacuate", no_argument, NULL, EVACUATE },
	{ "jobs", required_argument, NULL, 'j' },
	{ "bwlimit", required_argument, NULL, BWLIMIT },
	{ "json", no_argument, NULL, JSON },
	{ "compact", no_argument, NULL, 'c' },
	{ "snapshot", no_argument, NULL, 's' },
	{ "check-only", no_argument, NULL, CHECK_ONLY },
	{ "dry-run", no_argument, NULL, CHECK_ONLY },
	{ "nodeps", optional_argument, NULL, 'f' },
	{ "new-id", required_argument, NULL, NEW_ID },
	{ "new-name", required_argument, NULL, NEW_NAME },
	{ "new-private", required_argument, NULL, NEW_PRIVATE },
	{ "new-root", required_argument, NULL, NEW_ROOT },
	{ "new-ip", required_argument, NULL, NEW_IP },
	{ "nonsharedfs", no_argument, NULL, NON_SHARED },
	{ "keeper", optional_argument, NULL, KEEPER },
	{ "readonly", no_argument, NULL, READ_ONLY },
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
	"Usage: vzmigrate [OPTION]... [root@]HOST CTID|NAME[:NEWID[:PRIVATE[:ROOT]]]...\n"
	"       vzmigrate [OPTION]... --evacuate [root@]HOST\n"
	"       vzmigrate --lost [root@]HOST CTID|NAME...\n"
	"\n"
	"  -r, --remove-area yes|no   'no': the private area stays here, and the\n"
	"                             configuration becomes CTID.conf.migrated\n"
	"      --live, --online       it goes on there where it is frozen here\n"
	"      --noiter               memory is copied once, while it is frozen\n"
	"      --require-realtime     not at all, if memory cannot be copied while it runs\n"
	"      --post-copy            where memory cannot be copied while it runs here, it\n"
	"                             follows when it runs there: if a host dies or the\n"
	"                             wire is cut meanwhile, the container goes back to\n"
	"                             the moment at which it was frozen\n"
	"      --cold                 one that CRIU cannot move is stopped and started there\n"
	"      --evacuate             all containers of this host, those that run online\n"
	"      --lost                 HOST is gone for good: one that was on its way there when\n"
	"                             the connection broke goes on here\n"
	"  -j, --jobs=N               so many at a time\n"
	"      --bwlimit=RATE         so many KiB a second at most, or with k, m or g behind\n"
	"                             it KiB, MiB or GiB: files and memory of all together;\n"
	"                             not online if memory would take more than a minute of\n"
	"                             standing still at that rate, but with --noiter\n"
	"      --json                 on stdout nothing but objects, one a line\n"
	"      --nostart              it is not started there; with --online it stays\n"
	"                             suspended\n"
	"      --keep-images          the dump stays there when it has been resumed\n"
	"      --keep-dst             what has been copied stays there after a failure\n"
	"      --check-only, --dry-run\n"
	"                             all checks, and nothing else\n"
	"  -f, --nodeps[=LIST]        failed checks are said and ignored: cpu (or\n"
	"                             cpu_check), ipv6, disk_space, technologies,\n"
	"                             kernel_modules, all; without LIST all\n"
	"      --new-id=CTID, --new-name=NAME, --new-private=PATH, --new-root=PATH,\n"
	"      --new-ip=ADDRESS[,ADDRESS]...\n"
	"                             what it is called there, where its files are, and\n"
	"                             its addresses instead of those of now\n"
	"      --nonsharedfs          its files are copied, as they always are\n"
	"      --ssh=OPTIONS          further arguments of ssh\n"
	"      --ssh-mux              one connection for everything: always so\n"
	"      --ssh-cipher=CIPHER    as ssh's -c\n"
	"      --compress             all that is sent is compressed; else memory is, while\n"
	"                             the wire is slower than that\n"
	"      --no-compress          nothing is\n"
	"      --rsync=OPTIONS        further arguments of rsync\n"
	"  -W, --whole-file           files that differ are copied whole, by rsync's -W\n"
	"  -c, --compact; -s, --snapshot\n"
	"                             of ploop images, which there are none of: nothing\n"
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

void request_usage(void)
{
	fputs(usage, stdout);
}

/* ---- values ---- */

static int no_check(unsigned *ignore, const char *word)
{
	static const struct {
		const char *word;
		unsigned bits;
	} table[] = {
		{ "cpu", VZ_MIGRATE_NO_CPU },
		{ "cpu_check", VZ_MIGRATE_NO_CPU },
		{ "ipv6", VZ_MIGRATE_NO_IPV6 },
		{ "technologies", VZ_MIGRATE_NO_IPV6 },
		{ "kernel_modules", VZ_MIGRATE_NO_IPV6 },
		{ "disk_space", VZ_MIGRATE_NO_DISK },
		{ "all", VZ_MIGRATE_NO_CPU | VZ_MIGRATE_NO_IPV6 | VZ_MIGRATE_NO_DISK },
		/* of 7: what is not checked fails nowhere */
		{ "license", 0 },
		{ "rate", 0 },
		{ "bindmount", 0 },
		{ "template_area_sync", 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (strcmp(table[i].word, word))
			continue;
		if (!table[i].bits)
			fprintf(stderr, "--nodeps=%s: there is no such check here\n", word);
		*ignore |= table[i].bits;
		return 0;
	}
	return wrong("bad word for --nodeps: ", word);
}

static int read_nodeps(struct vz_migrate_opts *o, const char *list)
{
	char *word;
	int r = 0;

	if (!list)
		list = "all";
	for (; !r && (word = vz_str_word(&list, ",")); free(word))
		r = no_check(&o->ignore, word);
	return r;
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

/* As rsync's: KiB, or with a suffix. */
static int read_rate(struct vz_migrate_opts *o, const char *arg)
{
	autofree char *number = strndup(arg, strspn(arg, "0123456789"));
	const char *unit = arg + strspn(arg, "0123456789");
	unsigned shift = strchr("gG", *unit) && *unit ? 30 : strchr("mM", *unit) && *unit ? 20 : 10;
	uint64_t n;

	if (!number || vz_num_u64(number, UINT64_MAX >> 31, &n) < 0 || !n || (*unit && (!strchr("kKmMgG", *unit) || unit[1])))
		return wrong("--bwlimit is a number of KiB a second, or with k, m or g behind it, not ", arg);
	o->bwlimit = n << shift;
	return 0;
}

static int read_squeeze(struct vz_migrate_opts *o, enum vz_squeeze want)
{
	if (o->squeeze != VZ_SQUEEZE_BEHIND && o->squeeze != want)
		return wrong("--compress and --no-compress exclude each other", "");
	o->squeeze = want;
	return 0;
}

static int read_jobs(struct request *r, const char *arg)
{
	uint32_t n;

	if (vz_num_u32(arg, JOBS_MAX, &n) < 0 || !n)
		return wrong("-j is 1 to 64, not ", arg);
	r->jobs = n;
	return 0;
}

static int read_cipher(struct request *r, const char *arg)
{
	if (!*arg || arg[strspn(arg, NAMES "@.,+-")])
		return wrong("bad cipher: ", arg);
	vz_str_addf(&r->ssh, " -c %s", arg);
	return 0;
}

static int read_id(struct vz_renew *n, const char *arg)
{
	uint32_t id;

	if (vz_num_u32(arg, VZ_CTID_MAX, &id) < 0 || !id)
		return wrong("bad new CTID: ", arg);
	n->id = id;
	return 0;
}

/* ---- options ---- */

static int take_new(struct vz_renew *n, int c)
{
	switch (c) {
	case NEW_ID:
		return read_id(n, optarg);
	case NEW_NAME:
		n->name = optarg;
		return 0;
	case NEW_PRIVATE:
		n->private = optarg;
		return 0;
	case NEW_ROOT:
		n->root = optarg;
		return 0;
	case NEW_IP:
		for (char *at = optarg; (at = strchr(at, ','));)
			*at = ' ';
		n->ips = optarg;
		return 0;
	}
	return -ENOENT;
}

/* How it is copied; -ENOENT: it is none of these. */
static int take_transport(struct request *r, int c)
{
	switch (c) {
	case SSH:
		vz_str_addf(&r->ssh, " %s", optarg);
		return 0;
	case CIPHER:
		return read_cipher(r, optarg);
	case COMPRESS:
		return read_squeeze(&r->o, VZ_SQUEEZE_ALWAYS);
	case NO_COMPRESS:
		return read_squeeze(&r->o, VZ_SQUEEZE_NEVER);
	case SSH_MUX:
		return 0; /* of vzctl 4.x; it always is so */
	case RSYNC:
		vz_str_addf(&r->rsync, " %s", optarg);
		return 0;
	case 'W':
		vz_str_add(&r->rsync, " -W");
		return 0;
	case TIMEOUT:
		return read_timeout(&r->o, optarg);
	case BWLIMIT:
		return read_rate(&r->o, optarg);
	case 'j':
		return read_jobs(r, optarg);
	case NON_SHARED:
		return 0; /* what --help says of it is so in any case */
	}
	return -ENOENT;
}

static int take_flag(struct request *r, int c)
{
	const struct {
		int c;
		bool *flag;
	} table[] = {
		{ KEEP_DST, &r->o.keep_dst }, { ONLINE, &r->o.online }, { CHECK_ONLY, &r->o.check_only },
		{ NO_START, &r->o.no_start }, { KEEP_IMAGES, &r->o.keep_images }, { NO_ITER, &r->o.once },
		{ REALTIME, &r->o.realtime }, { POST_COPY, &r->o.post }, { 't', &r->o.times }, { 'c', &r->compact }, { 's', &r->snapshot },
		{ COLD, &r->o.cold }, { JSON, &r->json }, { EVACUATE, &r->evacuate }, { LOST, &r->o.lost },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].c == c)
			return *table[i].flag = true, 0;
	return -ENOENT;
}

static int take_option(struct request *r, int c)
{
	int x = take_flag(r, c);

	if (x < 0)
		x = take_transport(r, c);
	if (x < 0)
		x = take_new(&r->o.renew, c);
	if (x >= 0)
		return x;
	switch (c) {
	case 'r':
		return read_remove(&r->o, optarg);
	case 'f':
		return read_nodeps(&r->o, optarg);
	case 'v':
		r->o.verbose++;
		return 0;
	case KEEPER:
		return wrong("--keeper: no container can keep the addresses of another one meanwhile; with --online they "
			     "are away for less than a second", "");
	case READ_ONLY:
		return wrong("--readonly: nothing is moved without the lock and the record on this host, which keep it "
			     "from running on both", "");
	}
	return wrong("bad option", "");
}

/* ---- what is not an option ---- */

static int read_host(struct vz_migrate_opts *o, const char *text)
{
	const char *at = strrchr(text, '@'), *host = at ? at + 1 : text;

	if (at && memchr(text, ':', (size_t)(at - text)))
		return wrong("a password in the command line is seen by all users of this host; let root in by a key", "");
	if (at && strncmp(text, "root@", (size_t)(at - text) + 1))
		return wrong("only root can take a container in on another host: ", text);
	if (!*host || *host == '-' || host[strspn(host, NAMES ".:_-%")])
		return wrong("bad name of a host: ", text);
	o->host = host;
	return 0;
}

/* Takes the word apart, in place. */
static int read_item(struct item *it, char *word)
{
	char *id, *private, *root;

	it->which = strsep(&word, ":");
	id = strsep(&word, ":");
	private = strsep(&word, ":");
	root = strsep(&word, ":");
	it->renew.private = private && *private ? private : NULL;
	it->renew.root = root && *root ? root : NULL;
	if (!*it->which || word)
		return wrong("what is to be moved is CTID[:NEWID[:PRIVATE[:ROOT]]]", "");
	return id && *id ? read_id(&it->renew, id) : 0;
}

/* --new-* are for one; what is behind the colons wins nothing over them. */
static int join_new(struct request *r)
{
	if (!vz_renew_is_any(&r->o.renew))
		return 0;
	if (r->n != 1)
		return wrong("--new-id and the like are for one container; for several it is CTID:NEWID:PRIVATE:ROOT", "");
	if (vz_renew_is_any(&r->items->renew))
		return wrong("either --new-id and the like, or CTID:NEWID:PRIVATE:ROOT", "");
	r->items->renew = r->o.renew;
	return 0;
}

static int check_items(struct request *r)
{
	struct vz_err e = { 0 };

	for (size_t i = 0; i < r->n; i++)
		if (vz_renew_check(&r->items[i].renew, &e) < 0)
			return wrong(e.msg, "");
	return 0;
}

static int read_items(struct request *r, char **words)
{
	autostr all = { 0 };
	char *at;
	int x = 0;

	for (; words[r->n]; r->n++)
		vz_str_addn(&all, words[r->n], strlen(words[r->n]) + 1);
	r->words = at = vz_str_take(&all);
	r->items = calloc(r->n, sizeof(*r->items));
	if (!at || !r->items)
		return wrong("out of memory", "");
	for (size_t i = 0; !x && i < r->n; i++) {
		size_t len = strlen(words[i]);

		x = read_item(&r->items[i], at);
		at += len + 1;
	}
	if (!x)
		x = join_new(r);
	return x ? x : check_items(r);
}

static int check_together(struct request *r)
{
	if (r->o.once && r->o.realtime && !r->o.post)
		return wrong("--noiter and --require-realtime exclude each other", "");
	if (r->o.keep_images && r->o.no_start)
		return wrong("--keep-images is for a dump that is resumed, and --nostart keeps it anyway", "");
	if (r->o.lost && (r->evacuate || r->o.check_only))
		return wrong("--lost is for containers that are named, and is nothing to rehearse", "");
	if (r->o.cold && !r->o.online && !r->evacuate)
		return wrong("--cold belongs to --online or --evacuate", "");
	if (!r->o.online && !r->evacuate && (r->o.once || r->o.realtime || r->o.keep_images || r->o.post))
		return wrong("--noiter, --require-realtime, --post-copy and --keep-images belong to --online", "");
	return r->ssh.failed || r->rsync.failed ? wrong("out of memory", "") : 0;
}

static int read_rest(struct request *r, char **words)
{
	int x;

	if (!words[0] || (!words[1] && !r->evacuate))
		return wrong("HOST and CTID are needed", "");
	if (r->evacuate && (words[1] || vz_renew_is_any(&r->o.renew)))
		return wrong("--evacuate is for all containers: it takes a host and nothing else", "");
	x = read_host(&r->o, words[0]);
	return x || r->evacuate ? x : read_items(r, words + 1);
}

int request_evacuate(struct request *r)
{
	autofree struct vz_evacuee *all = NULL;
	struct vz_err e = { 0 };
	size_t n = 0;

	if (vz_evacuate_list(&all, &n, &e) < 0) {
		fprintf(stderr, "Error: %s\n", e.msg);
		return VZ_MIGRATE_MISSING;
	}
	r->items = calloc(n + 1, sizeof(*r->items));
	r->words = calloc(n + 1, ID_TEXT);
	if (!r->items || !r->words)
		return wrong("out of memory", "");
	for (r->n = 0; r->n < n; r->n++) {
		struct item *it = &r->items[r->n];
		char *word = r->words + r->n * ID_TEXT;

		snprintf(word, ID_TEXT, "%u", all[r->n].id);
		*it = (struct item){ .which = word, .online = all[r->n].running };
		if (!r->json)
			printf("CT %s: %s\n", word, it->online ? "runs" : "does not run");
	}
	return 0;
}

int request_read(struct request *r, int argc, char **argv)
{
	int c, x = 0;

	r->o.silence_s = VZ_MIGRATE_SILENCE_S;
	r->jobs = 1;
	opterr = 0;
	while (!x && (c = getopt_long(argc, argv, ":r:j:fcsWtvh", long_options, NULL)) != -1) {
		if (c == 'h' || c == SHOW_VERSION) {
			if (c == 'h')
				request_usage();
			else
				printf("vzmigrate version %s\n", PACKAGE_VERSION);
			return -ECANCELED;
		}
		x = c == '?' ? wrong("bad option ", argv[optind - 1]) :
		    c == ':' ? wrong("there is no value for ", argv[optind - 1]) : take_option(r, c);
	}
	if (!x)
		x = read_rest(r, argv + optind);
	r->o.ssh = r->ssh.s;
	r->o.rsync = r->rsync.s;
	return x ? x : check_together(r);
}

void request_free(struct request *r)
{
	vz_str_free(&r->ssh);
	vz_str_free(&r->rsync);
	free(r->items);
	free(r->words);
}
