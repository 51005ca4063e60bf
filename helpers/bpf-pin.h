/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the loaders share: one at a time, on one bpf file system, and nothing is seen half done. */
#ifndef VZ_BPF_PIN_H
#define VZ_BPF_PIN_H

#include "base/err.h"

struct bpf_object;

/* Waits for the other loaders and mounts VZ_BPF_DIR if need be; the lock's fd is the caller's, and
 * closing it lets the next one in. */
int vz_pin_begin(struct vz_err *e);
/* An empty directory to pin in, the name that `dir` will have until vz_pin_done(). What a loader
 * that was killed left in it is gone. */
int vz_pin_new(const char *half, struct vz_err *e);
/* From now on it is `dir`: whoever finds that finds all of it. */
int vz_pin_done(const char *half, const char *dir, struct vz_err *e);

/* What a loader answers to arguments that it does not take; an exit code. `usage`: its whole command
 * line, and what it is. */
int vz_pin_usage(int argc, char **argv, const char *usage);

/* For __attribute__((cleanup)). */
void vz_pin_drop_object(struct bpf_object **o);

#endif
