/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Having BPF programs loaded by the only program that links libbpf (helpers/vzguard.c). */
#ifndef VZ_SYS_BPF_LOADER_H
#define VZ_SYS_BPF_LOADER_H

#include "base/err.h"

/* Runs it under its name for what is wanted, with the argument (or NULL) that says which part, and
 * waits. 0: it is pinned. Else -errno, and the loader's own sentence in *e. */
int vz_bpf_run_loader(const char *loader, const char *argument, struct vz_err *e);

#endif
