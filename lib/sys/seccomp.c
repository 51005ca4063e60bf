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

	if (nr == __NR_SCMP_ERROR)
		return 0;
	if (!row->flag)
		return seccomp_rule_add(ctx, SCMP_ACT_ERRNO((unsigned)row->err), nr, 0);
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO((unsigned)row->err), nr, 1,
				SCMP_CMP64(flag_arg(row->call), SCMP_CMP_MASKED_EQ, row->flag,
					   row->flag));
}

static int add_sibling(scmp_filter_ctx ctx)
{
#if defined(__x86_64__)
	return seccomp_arch_add(ctx, SCMP_ARCH_X86);
#elif defined(__aarch64__)
	return seccomp_arch_add(ctx, SCMP_ARCH_ARM);
#else
	(void)ctx;
	return 0;
#endif
}

static int compile(const struct vz_sctable *t, char **ret, size_t *ret_len)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	autoclose int fd = memfd_create("vz-filter", MFD_CLOEXEC);
	struct stat st;
	int r = ctx && fd >= 0 ? 0 : -ENOMEM;

	if (!r)
		r = add_sibling(ctx);
	if (!r)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
	if (!r)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* binary tree */
	for (size_t i = 0; !r && i < t->n; i++)
		if (!(t->rows[i].group & t->off))
			r = add_row(ctx, &t->rows[i]);
	if (!r)
		r = seccomp_export_bpf(ctx, fd);
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
