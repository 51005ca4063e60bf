// SPDX-License-Identifier: GPL-2.0-or-later
/* Seccomp filters; see seccomp.h, seccomp(2), seccomp_rule_add(3). What is denied and why is the
 * caller's table. */
#include "sys/seccomp.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define FILTER_MAX (BPF_MAXINSNS * sizeof(struct sock_filter))

/* The flags of clone(2) are its first argument, but second on s390. */
static unsigned flag_arg(const char *call)
{
#ifdef __s390__
	return !strcmp(call, "clone");
#else
	(void)call;
	return 0;
#endif
}

/*
 * Calls that the libseccomp of a distribution may not know yet. Since Linux 5.1 a new one has the same number on each machine of
 * ours, and for 32-bit programs, so one comparison in front of libseccomp's program does for all.
 */
static const struct {
	const char *call;
	uint32_t nr;
} newer_calls[] = {
	{ "mseal", 462 },
};
#define NEWER_MAX (3 * ARRAY_LEN(newer_calls))

/* 0: not such a row. */
static uint32_t newer_nr(const struct vz_scrow *row)
{
	for (size_t i = 0; i < ARRAY_LEN(newer_calls); i++)
		if (!strcmp(row->call, newer_calls[i].call))
			return newer_calls[i].nr;
	return 0;
}

/* These rows have no conditions, and there is one of each call. Returns the number of instructions, at most NEWER_MAX. */
static size_t newer_rows(const struct vz_sctable *t, struct sock_filter *ret)
{
	size_t n = 0;

	for (const struct vz_scrow *row = t->rows; row < t->rows + t->n && n < NEWER_MAX; row++) {
		if (row->group & t->off || !newer_nr(row))
			continue;
		ret[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
		ret[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, newer_nr(row), 0, 1);
		ret[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)row->err);
	}
	return n;
}

static int add_row(scmp_filter_ctx ctx, const struct vz_scrow *row)
{
	int nr = seccomp_syscall_resolve_name(row->call);
	struct scmp_arg_cmp cmp[ARRAY_LEN(row->args) + 1];
	unsigned n = 0;

	if (nr == __NR_SCMP_ERROR || newer_nr(row))
		return 0;
	if (row->flag)
		cmp[n++] = SCMP_CMP64(flag_arg(row->call), SCMP_CMP_MASKED_EQ, row->flag, row->flag);
	for (const struct vz_scarg *a = row->args; a < row->args + ARRAY_LEN(row->args); a++)
		if (a->mask)
			cmp[n++] = SCMP_CMP64(a->at, SCMP_CMP_MASKED_EQ, a->mask, a->value);
	return seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO((unsigned)row->err), nr, n, cmp);
}

/* The 32-bit ABI of this machine; 0: it has none that we know. */
static uint32_t sibling(void)
{
#if defined(__x86_64__)
	return SCMP_ARCH_X86;
#elif defined(__aarch64__)
	return SCMP_ARCH_ARM;
#else
	return 0;
#endif
}

/*
 * i386 has two ways to each socket call: directly, and by socketcall(2), which keeps the arguments
 * in memory. libseccomp makes a rule for both in one, and for the second would look at registers
 * where the arguments are not. So rows that look at arguments are put before its program for that
 * ABI, for the direct call only.
 */
#ifdef __x86_64__
#define FIRST_DIRECT 359 /* asm/unistd_32.h; socketcall(2) itself is far below */
static const struct {
	const char *call;
	uint32_t nr;
} direct_calls[] = {
	{ "socket", FIRST_DIRECT },
	{ "socketpair", 360 },
	{ "getsockopt", 365 },
	{ "setsockopt", 366 },
};

/* 0: not such a row. */
static uint32_t direct_nr(const struct vz_scrow *row)
{
	for (size_t i = 0; row->args[0].mask && i < ARRAY_LEN(direct_calls); i++)
		if (!strcmp(row->call, direct_calls[i].call))
			return direct_calls[i].nr;
	return 0;
}
#else
static uint32_t direct_nr(const struct vz_scrow *row)
{
	(void)row;
	return 0;
}
#endif

static bool set_arch(scmp_filter_ctx ctx, uint32_t arch)
{
	return arch == seccomp_arch_native() ||
	       (!seccomp_arch_add(ctx, arch) && !seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE));
}

/* An empty filter for one architecture; NULL: it cannot be made. */
static scmp_filter_ctx filter_for(uint32_t arch)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	if (ctx && set_arch(ctx, arch) &&
	    !seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)) &&
	    !seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2)) /* binary tree */
		return ctx;
	seccomp_release(ctx);
	return NULL;
}

/* Rows for the native architecture, and for its sibling; *ret is the caller's, also on failure. */
static int build_filter(const struct vz_sctable *t, scmp_filter_ctx *ret)
{
	scmp_filter_ctx ctx = *ret = filter_for(seccomp_arch_native());
	scmp_filter_ctx second = sibling() ? filter_for(sibling()) : NULL;
	int r = ctx && (second || !sibling()) ? 0 : -ENOMEM;

	for (size_t i = 0; !r && i < t->n; i++) {
		const struct vz_scrow *row = &t->rows[i];

		if (row->group & t->off)
			continue;
		r = add_row(ctx, row);
		if (!r && second && !direct_nr(row))
			r = add_row(second, row);
	}
	if (!r && second)
		r = seccomp_merge(ctx, second); /* takes `second` */
	if (r && second)
		seccomp_release(second);
	return r;
}

#ifdef __x86_64__
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ROW_MAX (2 + 3 * ARRAY_LEN(((struct vz_scrow *)0)->args) + 1)
#define HEAD 5

/* Refuse when the number and all arguments are those of the row. The processor is little-endian:
 * the lower half of an argument comes first. */
static size_t direct_row(const struct vz_scrow *row, struct sock_filter *ret)
{
	struct sock_filter p[ROW_MAX] = {
		LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, direct_nr(row), 0, 0),
	};
	size_t n = 2;

	for (const struct vz_scarg *a = row->args; a < row->args + ARRAY_LEN(row->args); a++) {
		if (!a->mask)
			continue;
		p[n++] = (struct sock_filter)LOAD(args[a->at]);
		p[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, a->mask);
		p[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, a->value, 0, 0);
	}
	p[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
					      SECCOMP_RET_ERRNO | (uint32_t)row->err);
	for (size_t i = 0; i < n; i++)
		if (p[i].code == (BPF_JMP | BPF_JEQ | BPF_K))
			p[i].jf = (uint8_t)(n - i - 1); /* to the next row */
	memcpy(ret, p, n * sizeof(*p));
	return n;
}

/* The rows for direct calls of the 32-bit ABI; whatever else there is jumps behind them. Returns
 * their number of instructions, at most HEAD + t->n * ROW_MAX. */
static size_t direct_rows(const struct vz_sctable *t, struct sock_filter *ret)
{
	size_t n = HEAD;

	for (size_t i = 0; i < t->n; i++)
		if (!(t->rows[i].group & t->off) && direct_nr(&t->rows[i]))
			n += direct_row(&t->rows[i], ret + n);
	ret[0] = (struct sock_filter)LOAD(arch);
	ret[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 0, 2);
	ret[2] = (struct sock_filter)LOAD(nr);
	ret[3] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_DIRECT, 1, 0);
	ret[4] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(n - HEAD));
	return n;
}
#else
#define ROW_MAX 0
#define HEAD 0
static size_t direct_rows(const struct vz_sctable *t, struct sock_filter *ret)
{
	(void)t;
	(void)ret;
	return 0;
}
#endif

/* Our rows, and libseccomp's program of `size` bytes behind them. */
static int join_programs(const struct vz_sctable *t, int fd, size_t size, char **ret, size_t *ret_len)
{
	autofree struct sock_filter *all = malloc((NEWER_MAX + HEAD + t->n * ROW_MAX) * sizeof(*all) + size);
	size_t n;

	if (!all)
		return -ENOMEM;
	n = newer_rows(t, all);
	n += direct_rows(t, all + n);
	if (n * sizeof(*all) + size > FILTER_MAX)
		return -EINVAL;
	if (pread(fd, all + n, size, 0) != (ssize_t)size)
		return -EIO;
	*ret_len = n * sizeof(*all) + size;
	*ret = (char *)TAKE_PTR(all);
	return 0;
}

static int compile(const struct vz_sctable *t, char **ret, size_t *ret_len)
{
	autoclose int fd = memfd_create("vz-filter", MFD_CLOEXEC);
	scmp_filter_ctx ctx = NULL;
	struct stat st;
	int r = build_filter(t, &ctx);

	if (!r && fd < 0)
		r = -ENOMEM;
	if (!r)
		r = seccomp_export_bpf(ctx, fd);
	if (ctx)
		seccomp_release(ctx);
	if (!r && (fstat(fd, &st) < 0 || st.st_size <= 0 || (size_t)st.st_size > FILTER_MAX))
		r = -EINVAL;
	return r ? r : join_programs(t, fd, (size_t)st.st_size, ret, ret_len);
}

static uint64_t digest(const struct vz_sctable *t)
{
	uint64_t h = vz_str_hash(PACKAGE_VERSION, sizeof(PACKAGE_VERSION), 0);

	h = vz_str_hash(&t->off, sizeof(t->off), h);
	for (const struct vz_scrow *row = t->rows; row < t->rows + t->n; row++) {
		h = vz_str_hash(row->call, strlen(row->call) + 1, h);
		h = vz_str_hash(&row->err, sizeof(row->err), h);
		h = vz_str_hash(&row->flag, sizeof(row->flag), h);
		h = vz_str_hash(&row->group, sizeof(row->group), h);
		h = vz_str_hash(row->args, sizeof(row->args), h);
	}
	return h;
}

int vz_filter_get(const struct vz_sctable *t, const char *cache_dir, struct vz_filter *ret,
		  struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/seccomp-%016llx", cache_dir,
				     (unsigned long long)digest(t));
	autofree char *bpf = NULL;
	size_t len = 0;
	ssize_t got;
	int r;

	if (!path)
		return vz_oom(e);
	got = vz_file_read(AT_FDCWD, path, FILTER_MAX, &bpf);
	if (got > 0 && got % (ssize_t)sizeof(struct sock_filter) == 0) {
		len = (size_t)got;
	} else {
		free(TAKE_PTR(bpf));
		r = compile(t, &bpf, &len);
		if (r < 0)
			return vz_fail(e, VZ_SYSTEM, -r, "cannot compile the seccomp filter");
		/* without a cache the next start compiles again: slower, not wrong */
		(void)vz_file_replace(path, bpf, len, 0600, false);
	}
	ret->bpf = TAKE_PTR(bpf);
	ret->n = len / sizeof(struct sock_filter);
	return 0;
}

int vz_filter_load(const struct vz_filter *f)
{
	struct sock_fprog prog = { .len = (unsigned short)f->n, .filter = f->bpf };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0 ? -errno : 0;
}

void vz_filter_free(struct vz_filter *f)
{
	free(f->bpf);
	*f = (struct vz_filter){ 0 };
}
