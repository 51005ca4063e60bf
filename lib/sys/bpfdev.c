// SPDX-License-Identifier: GPL-2.0-or-later
/* Device filter; see bpfdev.h. Knows nothing of what a VPS may use. */
#include "sys/bpfdev.h"
#include "base/own.h"
#include "sys/bpf.h"

#include <linux/bpf.h>
#include <string.h>

#define RULE_INSNS 8
#define EDGE_INSNS 8 /* before and after the rules */
#define MAX_ATTACHED 16

/* What the registers hold from the first rule on. */
enum { R_RESULT = 0, R_CTX = 1, R_TYPE = 2, R_ACCESS = 3, R_MAJOR = 4, R_MINOR = 5, R_SCRATCH = 6 };

/* clang-format off */
#define LOAD(dst, field) ((struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (dst), \
	.src_reg = R_CTX, .off = offsetof(struct bpf_cgroup_dev_ctx, field) })
#define ALU(op, dst, v) ((struct bpf_insn){ .code = BPF_ALU | (op) | BPF_K, .dst_reg = (dst), .imm = (v) })
#define COPY(dst, src) ((struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = (dst), .src_reg = (src) })
#define UNLESS(reg, v, skip) ((struct bpf_insn){ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = (reg), \
	.off = (int16_t)(skip), .imm = (v) })
#define EXIT() ((struct bpf_insn){ .code = BPF_JMP | BPF_EXIT })
/* clang-format on */

/* Each test that fails jumps behind the rule; the length is known once it is written. */
static struct bpf_insn *add_rule(struct bpf_insn *p, const struct vz_bpfdev_rule *r)
{
	struct bpf_insn *first = p;

	*p++ = UNLESS(R_TYPE, r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, 0);
	if (r->access != (VZ_BPFDEV_MKNOD | VZ_BPFDEV_READ | VZ_BPFDEV_WRITE)) {
		*p++ = COPY(R_SCRATCH, R_ACCESS);
		*p++ = ALU(BPF_AND, R_SCRATCH, (int32_t)~r->access);
		*p++ = UNLESS(R_SCRATCH, 0, 0);
	}
	if (r->major >= 0)
		*p++ = UNLESS(R_MAJOR, r->major, 0);
	if (r->minor >= 0)
		*p++ = UNLESS(R_MINOR, r->minor, 0);
	*p++ = ALU(BPF_MOV, R_RESULT, 1);
	*p++ = EXIT();
	for (struct bpf_insn *i = first; i < p; i++)
		if (i->code == (BPF_JMP | BPF_JNE | BPF_K))
			i->off = (int16_t)(p - i - 1);
	return p;
}

int vz_bpfdev_build(const struct vz_bpfdev_rule *rules, size_t n, struct bpf_insn **ret)
{
	struct bpf_insn *prog = calloc(n * RULE_INSNS + EDGE_INSNS, sizeof(*prog)), *p = prog;

	if (!prog)
		return -ENOMEM;
	*p++ = LOAD(R_TYPE, access_type); /* access << 16 | type */
	*p++ = COPY(R_ACCESS, R_TYPE);
	*p++ = ALU(BPF_AND, R_TYPE, 0xffff);
	*p++ = ALU(BPF_RSH, R_ACCESS, 16);
	*p++ = LOAD(R_MAJOR, major);
	*p++ = LOAD(R_MINOR, minor);
	for (size_t i = 0; i < n; i++)
		p = add_rule(p, &rules[i]);
	*p++ = ALU(BPF_MOV, R_RESULT, 0);
	*p++ = EXIT();
	*ret = prog;
	return (int)(p - prog);
}

static int load_rules(const struct vz_bpfdev_rule *rules, size_t n)
{
	autofree struct bpf_insn *prog = NULL;
	int len = vz_bpfdev_build(rules, n, &prog);
	union bpf_attr a;

	if (len < 0)
		return len;
	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	a.insn_cnt = (uint32_t)len;
	a.insns = (uint64_t)(uintptr_t)prog;
	a.license = (uint64_t)(uintptr_t)"GPL";
	memcpy(a.prog_name, "vz_devices", sizeof("vz_devices"));
	return vz_bpf(BPF_PROG_LOAD, &a);
}

/* Ids of the programs attached to this very group; their number, or -errno. */
static int attached(int cgroup_fd, uint32_t *ids)
{
	union bpf_attr a;
	int r;

	memset(&a, 0, sizeof(a));
	a.query.target_fd = (uint32_t)cgroup_fd;
	a.query.attach_type = BPF_CGROUP_DEVICE;
	a.query.prog_ids = (uint64_t)(uintptr_t)ids;
	a.query.prog_cnt = MAX_ATTACHED;
	r = vz_bpf(BPF_PROG_QUERY, &a);
	return r < 0 ? r : (int)a.query.prog_cnt;
}

static int open_program(uint32_t id)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.prog_id = id;
	return vz_bpf(BPF_PROG_GET_FD_BY_ID, &a);
}

/* cmd: BPF_PROG_ATTACH or BPF_PROG_DETACH; old < 0: nothing is replaced. */
static int change_program(int cmd, int cgroup_fd, int prog, int old)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.target_fd = (uint32_t)cgroup_fd;
	a.attach_bpf_fd = (uint32_t)prog;
	a.attach_type = BPF_CGROUP_DEVICE;
	if (cmd == BPF_PROG_ATTACH)
		a.attach_flags = BPF_F_ALLOW_MULTI | (old < 0 ? 0 : BPF_F_REPLACE);
	if (old >= 0)
		a.replace_bpf_fd = (uint32_t)old;
	return vz_bpf(cmd, &a);
}

int vz_bpfdev_attach(int cgroup_fd, const struct vz_bpfdev_rule *rules, size_t n)
{
	autoclose int prog = load_rules(rules, n), old = -EBADF;
	uint32_t ids[MAX_ATTACHED] = { 0 };
	int r, count = prog < 0 ? prog : attached(cgroup_fd, ids);

	if (count < 0)
		return count;
	if (count) {
		old = open_program(ids[0]);
		if (old < 0)
			return old;
	}
	r = change_program(BPF_PROG_ATTACH, cgroup_fd, prog, old);
	if (r != -EINVAL || old < 0)
		return r;
	/* No BPF_F_REPLACE before 5.6: both for a moment, which allows what both allow. */
	r = change_program(BPF_PROG_ATTACH, cgroup_fd, prog, -1);
	return r < 0 ? r : change_program(BPF_PROG_DETACH, cgroup_fd, old, -1);
}
