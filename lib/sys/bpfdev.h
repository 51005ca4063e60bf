/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device filter of cgroup v2: an allow list becomes a BPF program of a few instructions per
 * rule, put together by hand, and takes the place of the one before. bpf(2).
 */
#ifndef VZ_SYS_BPFDEV_H
#define VZ_SYS_BPFDEV_H

#include <stddef.h>
#include <stdint.h>

/* the kernel's own bits, BPF_DEVCG_ACC_* */
#define VZ_BPFDEV_MKNOD 1u
#define VZ_BPFDEV_READ 2u
#define VZ_BPFDEV_WRITE 4u

struct vz_bpfdev_rule {
	char type;            /* 'b' or 'c' */
	int32_t major, minor; /* -1: every one */
	unsigned access;      /* VZ_BPFDEV_* bits: all that this rule allows */
};

struct bpf_insn;
/* The program in fresh memory (caller frees), its length in instructions; -ENOMEM. */
int vz_bpfdev_build(const struct vz_bpfdev_rule *rules, size_t n, struct bpf_insn **ret);

/* Loads and attaches the program to the group behind cgroup_fd (O_PATH is enough). A program of
 * an earlier call is replaced; at no moment is there none. Programs of sub-groups and of groups
 * above still have their say. */
int vz_bpfdev_attach(int cgroup_fd, const struct vz_bpfdev_rule *rules, size_t n);

#endif
