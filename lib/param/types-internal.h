/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kinds of values, one vtable each, and the few helpers that the files of this room share.
 * Other rooms see a kind only through its row in the table.
 */
#ifndef VZ_PARAM_TYPES_INTERNAL_H
#define VZ_PARAM_TYPES_INTERNAL_H

#include "param/devperm.h"
#include "param/param.h"

/* types.c */
extern const struct vz_ptype vz_type_u64, vz_type_u64_last, vz_type_ratio;
extern const struct vz_ptype vz_type_yesno, vz_type_word, vz_type_layout;
extern const struct vz_ptype vz_type_text, vz_type_path, vz_type_hostname, vz_type_name;
extern const struct vz_ptype vz_type_component, vz_type_template, vz_type_idrange, vz_type_cpulist;
extern const struct vz_ptype vz_type_meminfo, vz_type_retired;
/* size.c */
extern const struct vz_ptype vz_type_bytes, vz_type_pages, vz_type_items;
extern const struct vz_ptype vz_type_memory, vz_type_diskspace, vz_type_diskinodes;
extern const struct vz_ptype vz_type_iolimit, vz_type_cpulimit, vz_type_rate;
/* lists.c */
extern const struct vz_ptype vz_type_ips, vz_type_nameservers, vz_type_domains;
extern const struct vz_ptype vz_type_netdevs, vz_type_netif, vz_type_pci, vz_type_modules;
extern const struct vz_ptype vz_type_capability, vz_type_features;
extern const struct vz_ptype vz_type_devices, vz_type_devnodes;

/* Shared functions of the kinds. */
void vz_print_u64(const struct vz_param *p, const void *val, FILE *f);
void vz_drop_plain(void *val);
void vz_drop_list(void *val);
int vz_copy_u64(void *to, const void *from);
int vz_copy_pair(void *to, const void *from);
int vz_copy_list(void *to, const void *from);

/* The place of the word that is about the same thing as `word`, or NULL. */
char **vz_plist_find(const struct vz_plist *l, const struct vz_ptype *type, const char *word);
/* Adds a word (ownership goes to the list, also on failure), replacing one of the same identity. */
int vz_plist_put(struct vz_plist *l, const struct vz_ptype *type, char *word);
/* Removes the word with the identity of `word`; "all" removes every word. */
void vz_plist_remove(struct vz_plist *l, const struct vz_ptype *type, const char *word);

/* May it be the name of a device, as far as configurations go? (netif.c) */
bool vz_is_ifname(const char *s, size_t n);

/* "[r][w][q]" in any order, or "none". -EINVAL. (devperm.c) */
int vz_perm_parse(const char *s, struct vz_perm *ret);
/* The same in canonical order; buf, or a constant. */
#define VZ_PERM_TEXT 4
const char *vz_perm_text(const struct vz_perm *p, char buf[static VZ_PERM_TEXT]);
/* A word of DEVNODES made canonical. -EINVAL, -ENOMEM. (nodeperm.c) */
int vz_nodeperm_word(const char *in, char **ret);

/* True when `words` ("a|b|c") holds the word of length n. */
bool vz_words_have(const char *words, const char *word, size_t n);

/* As vz_conf_set(), but *e is left alone unless the kind has a sentence of its own to say. */
int vz_conf_put(struct vz_conf *c, const struct vz_param *p, const char *text, bool cli,
		struct vz_err *e);

/* The row that is written for this one: itself, or for an old alias of a key the row it stands
 * for. NULL for a row that is never written (a view, a retired key). */
const struct vz_param *vz_param_saved_as(const struct vz_param *p);

/* The removing option of a row for a verb: what is only being made has nothing to remove. */
static inline const char *vz_opt_del(const struct vz_param *p, unsigned verb)
{
	return verb & IN_SET ? p->opt_del : NULL;
}

/* An option of create or set that is not a parameter: what it is, and where it goes. */
enum vz_extra_kind {
	X_FLAG,     /* a bool */
	X_SAMPLE,   /* a char *, the name of a sample, the first wins */
	X_WORD,     /* a char *, one of .words, the last wins */
	X_PASSWORD, /* the list of passwords */
	X_IFNAME,   /* names the veth device that the next options change */
	X_NETIF,    /* changes a field of it, named like the option */
};
struct vz_extra {
	const char *opt;
	const char *arg;      /* placeholder; NULL: the option takes no value */
	const char *words;    /* the only values allowed, "a|b", or NULL */
	unsigned where;       /* IN_CREATE, IN_SET */
	enum vz_extra_kind kind;
	size_t at;            /* offset in struct vz_given */
	const char *text;
};
extern const struct vz_extra vz_extras[];
extern const size_t vz_nextras;

#endif
