/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registry of parameters: one row per parameter in params.c, and everything that reads,
 * checks, prints, documents or completes a parameter is a loop over those rows. This room knows
 * what parameters are, never what they do.
 */
#ifndef VZ_PARAM_PARAM_H
#define VZ_PARAM_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

/* A value with its presence beside it; "set" is the only truth about whether it is there. */
struct vz_pu64 {
	bool set;
	uint64_t v;
};
struct vz_pbool {
	bool set, v;
};
struct vz_pdouble {
	bool set;
	double v; /* VM_OVERCOMMIT only: a ratio, never a quantity */
};
struct vz_pstr {
	bool set;
	char *v; /* never NULL when set */
};
struct vz_plist {
	bool set; /* a set list may be empty: KEY="" */
	char **v; /* canonical words, one per item */
	size_t n;
};
/* Barrier and limit (UBC), or soft and hard (disk). VZ_UNLIMITED is "unlimited". */
struct vz_ppair {
	bool set;
	uint64_t bar, lim;
};

/* Everything a configuration file can say, in our units (bytes, pages, KiB, items as the
 * table of INTERFACE 3.3 stores them). vz.conf and CTID.conf both parse into this. */
struct vz_conf {
	/* vz.conf */
	struct vz_pstr lockdir, dumpdir, logfile, template, configfile, def_ostemplate;
	struct vz_pstr virtuozzo, ve_stop_mode, neighbour_devs, ve_route_src_dev, venet_direct;
	struct vz_pbool logging;
	struct vz_pu64 log_level, verbose, ve0cpuunits, ve_parallel;
	struct vz_pstr id_range; /* VE_ID_RANGE="first-last": host ids that VPSes may use */
	/* beancounters; pages, bytes or items */
#define COUNTER(place, KEY, name, ...) struct vz_ppair name;
#include "param/counters.def"
	struct vz_pdouble vm_overcommit;
	/* isolation */
	struct vz_plist capability;  /* "NAME:on", "NAME:off", upper case */
	struct vz_plist features;    /* "name:on", "name:off" */
	struct vz_pstr netfilter;
	struct vz_plist iptables;
	struct vz_pu64 numconntrack; /* entries of connection tracking, 0 no limit of its own */
	struct vz_ppair numcgroups, cgroupdepth; /* of the guest's own control groups */
	struct vz_plist devices;     /* "c:10:229:rw", "b:7:all:rw" */
	struct vz_plist devnodes;    /* "net/tun:rw" */
	struct vz_plist pci;
	struct vz_pu64 local_uid, local_gid; /* first host id of the VPS; 0 means no user namespace */
	/* network */
	struct vz_plist ip_address, netdev, nameserver, searchdomain, netif;
	struct vz_pstr hostname;
	struct vz_ppair rate; /* bits per second to (bar) and from (lim) the VPS, 0 none */
	struct vz_pbool ipv6;
	struct vz_pbool skip_arpdetect, error_on_arpfail, force_route; /* vz.conf */
	/* disk */
	struct vz_pstr ve_root, ve_private; /* "$VEID" unexpanded, as in the file */
	struct vz_pstr ve_layout;           /* a name of lib/fs/layout.h */
	struct vz_pstr ostemplate, origin_sample, mount_opts;
	struct vz_ppair diskspace, diskinodes; /* KiB, inodes */
	struct vz_pu64 quotatime, quotaugidlimit;
	struct vz_pbool disk_quota;
	/* CPU and I/O */
	struct vz_pu64 cpuunits, cpuweight, cpus;
	struct vz_pu64 cpulimit; /* percent of one CPU, 0 none */
	struct vz_pu64 cpuburst; /* of one CPU too */
	struct vz_pstr cpumask, nodemask; /* "0-3,6", "all", "auto" */
	struct vz_pu64 ioprio;
	struct vz_pu64 iolimit;   /* bytes per second, 0 none */
	struct vz_pu64 iopslimit; /* 0 none */
	struct vz_pstr meminfo;
	/* life */
	struct vz_pbool onboot, disabled;
	struct vz_pu64 bootorder, start_timeout, stop_timeout;
	struct vz_pstr name, description;
	struct vz_pu64 veid;
	/* retired keys that files may still hold are kept as text by conf-file.c, not here */
};

struct vz_param;

/* In a file (never on the command line) a value too large is cut to the largest one, and a bad
 * word of a list is left out: parse() then returns this, with the complaint in *e. */
#define VZ_TAKEN_PARTLY 1

/* A kind of value: written once per kind, not once per parameter. parse() replaces the value at
 * val only on success. Text from the command line and from a file may differ in unit: `cli`. */
struct vz_ptype {
	const char *name; /* as shown in the manual: "yes|no", "size", "barrier[:limit]" ... */
	int (*parse)(const struct vz_param *, const char *text, bool cli, void *val,
		     struct vz_err *);
	void (*print)(const struct vz_param *, const void *val, FILE *); /* as saved in a file */
	void (*drop)(void *val);
	int (*copy)(void *to, const void *from); /* deep, into a dropped value */
	/* lists only: the bytes between words, one word made canonical (NULL: leave it out), and the
	 * length of the part of a canonical word that names what it is about */
	const char *seps;
	int (*word)(const struct vz_param *, const char *in, bool cli, char **ret, struct vz_err *);
	size_t (*id_len)(const char *word);
	bool list;      /* words accumulate; a second option removes */
	bool on_off;    /* of a list: a word is a name with ":on" or ":off" */
	const char *offers; /* where a row has no .words, for completion: "a|b", or "@NAME" as in emit.c */
	bool last_wins; /* given twice: UBC and I/O take the last, other scalars the first */
};

enum vz_where {
	IN_FILE = 1 << 0,     /* a key of configuration files */
	IN_GLOBAL = 1 << 1,   /* makes sense in vz.conf only */
	IN_CREATE = 1 << 2,   /* option of create */
	IN_SET = 1 << 3,      /* option of set */
	LIVE = 1 << 4,        /* takes effect at once on a running VPS, by .apply */
	NEEDS_SAVE = 1 << 5,  /* set refuses it without --save */
	RETIRED = 1 << 6,     /* accepted in files, kept, unused */
	NOT_SAMPLE = 1 << 7,  /* --applyconfig skips it */
	IN_HOST = 1 << 8,     /* also allowed for "set 0" */
	REPLACES = 1 << 9,    /* a list: the option gives the whole list anew */
	UNENFORCED = 1 << 10, /* kept and shown, but nothing makes it true in this version */
	NO_RESTART = 1 << 11, /* read at the next start, stop or boot: a running VPS is no obstacle */
	COUNTED = 1 << 12,    /* a beancounter: a row of counters.def */
};

/* Which kind of effect a parameter has: a row of lib/apply/effects.c, whose order is that of work. */
enum vz_apply {
	APPLY_UBC = 1 << 0,
	APPLY_NET = 1 << 1,
	APPLY_CPU = 1 << 2,
	APPLY_DEVICES = 1 << 3,
	APPLY_IO = 1 << 4,
	APPLY_HOSTNAME = 1 << 5,
	APPLY_DNS = 1 << 6,
	APPLY_RATE = 1 << 7,
	APPLY_CONNTRACK = 1 << 8,
	APPLY_NETDEV = 1 << 9,
	APPLY_VETH = 1 << 10,
};

struct vz_col {
	const char *field; /* vzlist -o name; NULL: no column */
	const char *title;
	int width; /* negative: left-justified */
};

struct vz_param {
	const char *key;      /* KEY in files; NULL for an option that is only a view (--ram) */
	const char *opt;      /* long option without "--", or NULL */
	const char *opt_del;  /* the removing option of a list, or NULL */
	char short_opt;       /* 0 when none */
	const char *arg;      /* placeholder in usage and manual */
	const struct vz_ptype *type;
	size_t at;            /* offset in struct vz_conf: AT(field) */
	uint64_t min, max;
	const char *words;    /* enum types: "a|b|c" */
	const char *dflt;     /* what holds when nothing is set, or NULL */
	unsigned where;       /* enum vz_where bits */
	unsigned apply;       /* enum vz_apply bits */
	const char *restart;  /* what a running VPS cannot have done; NULL: "set KEY" */
	enum vz_exit unsaved; /* of a refusal by NEEDS_SAVE; 0: VZ_INVALID_PARAMETER_SYNTAX */
	struct vz_col col;
	const char *why;      /* of a counter that nothing holds: a sentence */
	const char *text;     /* one or more sentences, ends with a full stop */
};

#define AT(f) offsetof(struct vz_conf, f)

extern const struct vz_param vz_params[]; /* in the canonical order of new keys in a file */
extern const size_t vz_nparams;

const struct vz_param *vz_param_by_key(const char *key);
/* The number that holds where the parameter is not set: its row's .dflt, which is written nowhere else. */
uint64_t vz_param_default(const char *key);
/* The value of a row inside a configuration, and whether it is set. */
static inline void *vz_param_at(const struct vz_param *p, struct vz_conf *c)
{
	return (char *)c + p->at;
}
static inline const void *vz_param_get(const struct vz_param *p, const struct vz_conf *c)
{
	return (const char *)c + p->at;
}
bool vz_param_is_set(const struct vz_param *p, const struct vz_conf *c);
/* A beancounter whose barrier is above its limit, so that the barrier means nothing? */
bool vz_param_is_crossed(const struct vz_param *p, const struct vz_conf *c);
/* Is the word in the list? Where words are names (IPTABLES, PCI) that is the parsed form already. */
bool vz_plist_has(const struct vz_plist *l, const char *word);
/* Of words to remove: is "all" among them? */
bool vz_plist_is_all(const struct vz_plist *l);
/* Of NAMESERVER or SEARCHDOMAIN: are they the host's? The first word decides (INTERFACE 3.1). */
bool vz_plist_is_inherit(const struct vz_plist *l);
/* The words with a blank between. Caller frees; NULL without memory. */
char *vz_plist_text(const struct vz_plist *l);

/* ---- conf.c: whole configurations, all loops over the table ---- */

/* Parses text into the row's field. A scalar set already keeps its first value (unless
 * last_wins), lists accumulate. -EINVAL bad value, -ERANGE too large; VZ_TAKEN_PARTLY above. */
int vz_conf_set(struct vz_conf *c, const struct vz_param *p, const char *text, bool cli,
		struct vz_err *e);
void vz_conf_unset(struct vz_conf *c, const struct vz_param *p);
/* The saved form of a set value in fresh memory (caller frees), NULL when not set. */
char *vz_conf_text(const struct vz_conf *c, const struct vz_param *p);
/* Rows set in `over` replace those of `c` (lists replace, they do not add). Deep copies; -ENOMEM
 * leaves `c` valid but half merged. */
int vz_conf_merge(struct vz_conf *c, const struct vz_conf *over);
void vz_conf_free(struct vz_conf *c);
#define autoconf __attribute__((cleanup(vz_conf_free))) struct vz_conf

/* ---- conf-file.c: KEY="value" files; every line not changed is kept byte for byte ---- */

/* Called once per complaint (duplicate, invalid, unknown key): level 0, or 1 for unknown keys;
 * the text is a whole line ("Warning at F:L: ..."). NULL swallows them. */
typedef void vz_conf_warn(int level, const char *line);

/* Reads a configuration file by the grammar of INTERFACE 3.1. A bad line is a warning, never a
 * failure. -ENOENT and friends when the file cannot be read (*e says so with VZ_SYSTEM). */
int vz_conf_load(const char *path, struct vz_conf *ret, vz_conf_warn *warn, struct vz_err *e);
/* The same from memory (NUL-terminated); `name` stands in warnings. */
int vz_conf_parse(const char *text, const char *name, struct vz_conf *ret, vz_conf_warn *warn);

/* Calls fn for each KEY=value line of text, in order, by the same grammar, whatever the keys mean;
 * its first result that is not 0 ends it and is returned. -ENOMEM. */
int vz_conf_lines(const char *text, int (*fn)(void *ctx, const char *key, const char *value),
		  void *ctx);

/* Writes every row that is set in `changed` into the file at path: first matching line replaced
 * in place (further lines of the same key go, they would win or add again on reading), new keys
 * appended in table order, temp file + fsync + rename, symlinks resolved first. Creates the file
 * (0644) when it does not exist. ret_changed (may be NULL): whether any byte differed; nothing is
 * written otherwise. A value with a control character is refused. */
int vz_conf_save(const char *path, const struct vz_conf *changed, bool *ret_changed,
		 struct vz_err *e);

/* ---- rules.c ---- */

/* Rules that need two parameters (e.g. --cpumask auto needs --nodemask), for set and create. */
int vz_conf_check(const struct vz_conf *given, const struct vz_conf *have, struct vz_err *e);

struct vz_range; /* param/ranges.h */
/* Host ids that VPSes may use: VE_ID_RANGE, or its default. -EINVAL. */
int vz_conf_id_range(const struct vz_conf *c, struct vz_range *ret);

/* "$VEID" or "${VEID}" (first occurrence) expanded, trailing '/' removed. Caller frees. */
char *vz_conf_expand(const char *path, unsigned ctid);

/* ---- options.c: argv of create and set, by the table ---- */

/* What the command line of create or set said, beyond rows. */
struct vz_given {
	struct vz_conf add;   /* rows given; lists hold the added words */
	struct vz_conf del;   /* lists only: words to remove; "all" is one word */
	/* options that are not parameters */
	bool save, force, skip_arpdetect, reset_ub, offline_resize;
	bool is_saved; /* no option: the configuration says so already */
	char *setmode, *applyconfig, *applyconfig_map, *config;
	struct vz_plist userpasswd; /* "user:password", never saved; "user", "user:-": to be asked */
	bool name_given;            /* --name "" removes the name */
	struct vz_plist ifname;     /* changes of veth devices, "ifname=eth0,bridge=br0"; each must
				       be configured, or added by add.netif */
};
void vz_given_free(struct vz_given *g);

/* Parses argv[1..] (argv[0] is the verb) of create (IN_CREATE) or set (IN_SET) with the legacy
 * getopt_long behaviour of INTERFACE 1.1: prefixes, permutation, first or last wins, messages
 * ("Bad parameter for --NAME: VALUE") and exit codes 20 and 21 in *e. */
int vz_given_parse(int argc, char **argv, enum vz_where verb, struct vz_given *ret,
		   struct vz_err *e);

/* Is the word behind this option ("--ram", "-m") its value? */
bool vz_given_takes_value(const char *word, enum vz_where verb);
/* The verb, "set" or "create", that has the option "--NAME[=VALUE]"; NULL: none of them. */
const char *vz_given_verb_of(const char *word);

/* What the command line makes of a configuration: every row given, with lists as they are after
 * removing and adding to those of `have`. *ret is then what vz_conf_merge() and vz_conf_save()
 * take; the caller frees it. */
int vz_given_resolve(const struct vz_given *g, const struct vz_conf *have, struct vz_conf *ret);

/* ---- emit.c: documents from rows ---- */
void vz_emit_usage(FILE *out, enum vz_where verb);  /* option lines for --help */
void vz_emit_man(FILE *out, const char *section);   /* roff: "options-set", "options-create",
						       "ctid.conf", "vz.conf", "columns",
						       "exit-status" */
void vz_emit_roff(FILE *out, const char *s);        /* text, with what roff would take for its own
						       made literal */
void vz_emit_text(FILE *out, const struct vz_param *p); /* the row's sentences in roff, with that of UNENFORCED */
void vz_emit_words(FILE *out, const char *what);    /* completion words: "set", "create" */
/* What may stand behind the option "--name": words, one a line; "@NAME" for what only the host knows
 * (@templates, @samples, @free for anything). Nothing for an option without a value. */
void vz_emit_values(FILE *out, const char *what, const char *option);

/* ---- values with structure, for appliers ---- */
struct vz_ips; /* base/ip.h */
/* Adds the addresses of IP_ADDRESS, or of its words to remove ("all" is none). -ENOMEM. */
int vz_plist_ips(const struct vz_plist *words, struct vz_ips *ret);
/* The same words as text, with their masks; those of IPv6 only where asked for. Caller frees; NULL
 * without memory. */
char *vz_plist_ips_text(const struct vz_plist *words, bool ipv6);

#endif
