// SPDX-License-Identifier: GPL-2.0-or-later
/* The arithmetic of limits, and the device program run by a small interpreter. */
#include "base/num.h"
#include "base/own.h"
#include "cgroup/unit.h"
#include "sys/bpfdev.h"
#include "unit.h"

#include <linux/bpf.h>

static void units(void)
{
	/* clang-format off */
	static const struct { uint64_t units, shares, weight; } table[] = {
		{ 0, 2, 1 }, { 8, 8, 1 }, { 14, 14, 1 }, { 15, 15, 2 }, { 100, 102, 10 },
		{ 500, 512, 50 }, { 1000, 1024, 100 }, { 2000, 2048, 200 }, { 3000, 3072, 300 },
		{ 100000, 102400, 10000 }, { 256000, 262144, 10000 }, { 500000, 262144, 10000 },
		{ VZ_UNLIMITED, 262144, 10000 }, { UINT64_MAX, 262144, 10000 },
	};
	static const struct { uint64_t percent, quota; } cap[] = {
		{ 1, 1000 }, { 50, 50000 }, { 100, 100000 }, { 250, 250000 }, { 12800, 12800000 },
		{ VZ_UNLIMITED, 10000000000 },
	};
	static const uint64_t prio[] = { 20, 40, 60, 80, 100, 120, 140, 160, 160 };
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		CHECK_INT(cg_units_to_shares(table[i].units), table[i].shares);
		CHECK_INT(cg_units_to_weight(table[i].units), table[i].weight);
	}
	for (size_t i = 0; i < ARRAY_LEN(cap); i++)
		CHECK_INT(cg_percent_to_quota(cap[i].percent), cap[i].quota);
	for (size_t i = 0; i < ARRAY_LEN(prio); i++)
		CHECK_INT(cg_ioprio_to_weight(i), prio[i]);
	for (size_t i = 0; i < 8; i++)
		CHECK_INT(cg_weight_to_ioprio(cg_ioprio_to_weight(i)), i);
	CHECK_INT(cg_shares_to_units(1024), 1000);
	CHECK_INT(cg_weight_to_units(100), 1000);
	CHECK_INT(cg_weight_to_ioprio(1), 0);
	CHECK_INT(cg_weight_to_ioprio(1000), 7);
}

/* Both back-ends keep every ratio, but for what the ends of the kernel's ranges and rounding to its numbers take. */
static void ratios(void)
{
	static const uint64_t v[] = { 8, 10, 100, 250, 333, 1000, 3000, 9999, 100000, 256000, 500000 };

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		for (size_t j = 0; j < ARRAY_LEN(v); j++) {
			uint64_t shares[] = { cg_units_to_shares(v[i]), cg_units_to_shares(v[j]) };
			uint64_t weight[] = { cg_units_to_weight(v[i]), cg_units_to_weight(v[j]) };

			if (v[i] >= 10 && v[j] >= 10 && v[i] <= 256000 && v[j] <= 256000)
				CHECK(shares[0] * v[j] * 100 <= shares[1] * v[i] * 105);
			if (v[i] >= 250 && v[j] >= 250 && v[i] <= 100000 && v[j] <= 100000)
				CHECK(weight[0] * v[j] * 100 <= weight[1] * v[i] * 102);
		}
}

/* The few instructions that the program is made of; -2 for any other, or a jump out of it. */
static int64_t run(const struct bpf_insn *p, int n, const struct bpf_cgroup_dev_ctx *ctx)
{
	uint64_t r[11] = { 0 };

	for (int i = 0; i >= 0 && i < n; i++) {
		const struct bpf_insn *x = &p[i];
		uint32_t v;

		switch (x->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			memcpy(&v, (const char *)ctx + x->off, sizeof(v));
			r[x->dst_reg] = v;
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			r[x->dst_reg] = (uint32_t)r[x->src_reg];
			break;
		case BPF_ALU | BPF_MOV | BPF_K:
			r[x->dst_reg] = (uint32_t)x->imm;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			r[x->dst_reg] = (uint32_t)r[x->dst_reg] & (uint32_t)x->imm;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			r[x->dst_reg] = (uint32_t)r[x->dst_reg] >> x->imm;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			if (r[x->dst_reg] != (uint64_t)(int64_t)x->imm)
				i += x->off;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int64_t)r[0];
		default:
			return -2;
		}
	}
	return -2;
}

static void devices(void)
{
	const struct vz_bpfdev_rule rules[] = {
		{ 'c', -1, -1, VZ_BPFDEV_MKNOD },
		{ 'c', 1, 3, 7 },
		{ 'c', 136, -1, VZ_BPFDEV_READ | VZ_BPFDEV_WRITE },
		{ 'b', 8, 1, VZ_BPFDEV_READ },
	};
	/* clang-format off */
	static const struct { char type; unsigned access, major, minor; int allowed; } table[] = {
		{ 'c', 7, 1, 3, 1 }, { 'c', 2, 1, 3, 1 }, { 'b', 2, 1, 3, 0 }, { 'c', 2, 1, 4, 0 },
		{ 'c', 1, 9, 9, 1 }, { 'c', 3, 9, 9, 0 }, { 'c', 6, 136, 0, 1 }, { 'c', 4, 136, 99, 1 },
		{ 'c', 7, 136, 0, 0 }, { 'b', 2, 8, 1, 1 }, { 'b', 4, 8, 1, 0 }, { 'b', 6, 8, 1, 0 },
		{ 'b', 2, 8, 2, 0 }, { 'b', 1, 8, 1, 0 }, { 'c', 2, 8, 1, 0 },
	};
	/* clang-format on */
	autofree struct bpf_insn *prog = NULL, *none = NULL;
	int n = vz_bpfdev_build(rules, ARRAY_LEN(rules), &prog);
	struct bpf_cgroup_dev_ctx ctx = { .access_type = 2u << 16 | BPF_DEVCG_DEV_CHAR };

	CHECK(n > 0);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bpf_cgroup_dev_ctx c = {
			.access_type = table[i].access << 16 |
				       (table[i].type == 'b' ? BPF_DEVCG_DEV_BLOCK :
							       BPF_DEVCG_DEV_CHAR),
			.major = table[i].major, .minor = table[i].minor,
		};

		CHECK_INT(run(prog, n, &c), table[i].allowed);
	}
	n = vz_bpfdev_build(NULL, 0, &none);
	CHECK_INT(run(none, n, &ctx), 0);
}

int main(void)
{
	units();
	ratios();
	devices();
	return done();
}
