/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Having BPF programs loaded by the only program that links libbpf (helpers/vzguard.c). */
#ifndef VZ_SYS_BPF_LOADER_H
#define VZ_SYS_BPF_LOADER_H

#include "base/err.h"

/* The programs that hold VPSes; an argument: "conntrack" only its limit, "sockets" only those that count them. */
#define VZ_POLICY_LOADER VZ_LIBEXECDIR "/vzpolicy"

/* Runs it under its name for what is wanted, with the argument (or NULL) that says which part, and
 * waits. 0: it is pinned. Else -errno, and the loader's own sentence in *e. */
int vz_bpf_run_loader(const char *loader, const char *argument, struct vz_err *e);

/* A pinned map or program, and how it comes there. */
struct vz_bpf_wanted {
	const char *path, *loader, *argument;
	const char *refused; /* the file in which the loader leaves why the kernel does not take it */
};
/* Its fd, loaded now if nobody has yet: the first call after boot. -EOPNOTSUPP: this kernel cannot, and is not
 * asked again; why->msg has its reason. */
int vz_bpf_open_or_load(const struct vz_bpf_wanted *w, struct vz_err *why);

#endif
