// SPDX-License-Identifier: GPL-2.0-or-later
/* Seccomp filters; see seccomp.h, seccomp(2), seccomp_rule_add(3). What is denied and why is the
 * caller's table. */
#include "sys/seccomp.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"

#include <fcntl.h>
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

static int add_row(scmp_filter_ctx ctx, const struct vz_scrow *row)
{
	int nr = seccomp_syscall_resolve_name(row->call);
	struct scmp_arg_cmp cmp[ARRAY_LEN(row->args) + 1];
	unsigned n = 0;

	if (nr == __NR_SCMP_ERROR)
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

/* libseccomp would look for the arguments in the registers of socketcall(2), where they are not. */
static bool is_multiplexed(const struct vz_scrow *row)
{
	return row->args[0].mask && strstr(row->call, "sock");
}

/* An empty filter for one architecture; NULL: it cannot be made. */
static scmp_filter_ctx filter_for(uint32_t arch)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int r = ctx ? 0 : -ENOMEM;

	if (!r && arch != seccomp_arch_native()) {
		r = seccomp_arch_add(ctx, arch);
		if (!r)
			r = seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE);
	}
	if (!r)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
	if (!r)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* binary tree */
	if (!r)
		return ctx;
	seccomp_release(ctx);
	return NULL;
}

/* Rows for the native architecture, and for its sibling; *ret is the caller's, also on failure. */
static int build(const struct vz_sctable *t, scmp_filter_ctx *ret)
{
	scmp_filter_ctx ctx = *ret = filter_for(seccomp_arch_native());
	scmp_filter_ctx second = sibling() ? filter_for(sibling()) : NULL;
	int r = ctx && (second || !sibling()) ? 0 : -ENOMEM;

	for (size_t i = 0; !r && i < t->n; i++) {
		const struct vz_scrow *row = &t->rows[i];

		if (row->group & t->off)
			continue;
		r = add_row(ctx, row);
		if (!r && second && !is_multiplexed(row))
			r = add_row(second, row);
	}
	if (!r && second)
		r = seccomp_merge(ctx, second); /* takes `second` */
	if (r && second)
		seccomp_release(second);
	return r;
}

static int compile(const struct vz_sctable *t, char **ret, size_t *ret_len)
{
	autoclose int fd = memfd_create("vz-filter", MFD_CLOEXEC);
	scmp_filter_ctx ctx = NULL;
	struct stat st;
	int r = build(t, &ctx);

	if (!r && fd < 0)
		r = -ENOMEM;
	if (!r)
		r = seccomp_export_bpf(ctx, fd);
	if (ctx)
		seccomp_release(ctx);
	if (!r && (fstat(fd, &st) < 0 || st.st_size <= 0 || (size_t)st.st_size > FILTER_MAX))
		r = -EINVAL;
	if (r)
		return r;
	*ret = malloc((size_t)st.st_size);
	if (!*ret)
		return -ENOMEM;
	*ret_len = (size_t)st.st_size;
	if (pread(fd, *ret, *ret_len, 0) != (ssize_t)*ret_len) {
		free(TAKE_PTR(*ret));
		return -EIO;
	}
	return 0;
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
		return vz_fail(e, VZ_RESOURCE, ENOMEM, "Not enough memory");
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
