// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vzpolicy: loads the policy programs, gives them their table of names, attaches and pins them
 * (launch/bpf/policy-pins.h); `vzpolicy conntrack` loads and pins the limit of connection tracking.
 * Run by the first start after boot, or after an upgrade, that needs them. Whoever comes at the same
 * moment waits and finds the work done. When the kernel refuses, it says one line on stderr and
 * leaves it for those who come later. Exit codes: 0, 20 for another argument (but --help), 3 or
 * another of vzctl's when it fails.
 */
#include "base/err.h"
#include "base/own.h"
#include "base/process.h"
#include "base/str.h"
#include "ct/features.h"
#include "helpers/bpf-pin.h"
#include "launch/bpf/policy-pins.h"
#include "sys/call.h"
#include "sys/file.h"

#define VZ_POLICY_TABLE
#include "launch/bpf/policy-names.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define HALF_DIR VZ_POLICY_DIR "-new" /* no dots in a bpf file system */
#define CONNTRACK_HALF VZ_CONNTRACK_DIR "-new"

/* The compiled programs, as bytes of this one. */
__asm__(".section .rodata, \"a\"\n"
	".balign 8\n"
	"vz_policy_begin: .incbin \"" POLICY_OBJECT "\"\n"
	"vz_policy_end: .byte 0\n"
	".balign 8\n"
	"vz_conntrack_begin: .incbin \"" CONNTRACK_OBJECT "\"\n"
	"vz_conntrack_end: .byte 0\n"
	".previous\n");
extern const char vz_policy_begin[], vz_policy_end[], vz_conntrack_begin[], vz_conntrack_end[];

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static int fill_names(struct bpf_object *o, struct vz_err *e)
{
	int map = bpf_object__find_map_fd_by_name(o, "vz_names");

	for (size_t i = 0; map >= 0 && i < ARRAY_LEN(vz_policy_table); i++)
		if (bpf_map_update_elem(map, &vz_policy_table[i].key, &vz_policy_table[i].value,
					BPF_ANY) < 0)
			map = -errno;
	return map < 0 ? vz_fail(e, VZ_SYSTEM, -map, "cannot fill the table of names") : 0;
}

/* A link dies with its last descriptor, and its pin is one. */
static int attach_program(struct bpf_program *prog, struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/%s", HALF_DIR, bpf_program__name(prog));
	struct bpf_link *link = path ? bpf_program__attach(prog) : NULL;
	int r = link ? bpf_link__pin(link, path) : path ? -errno : -ENOMEM;

	if (link)
		bpf_link__destroy(link);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot attach %s", bpf_program__name(prog)) : 0;
}

static int put_in_force(struct bpf_object *o, struct vz_err *e)
{
	struct bpf_map *map = bpf_object__find_map_by_name(o, "vz_vpses");
	struct bpf_program *prog;
	int r = vz_pin_new(HALF_DIR, e);

	if (r < 0)
		return r;
	r = bpf_map__pin(map, HALF_DIR "/vz_vpses");
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot pin the map of containers");
	bpf_object__for_each_program(prog, o) {
		r = attach_program(prog, e);
		if (r < 0)
			return r;
	}
	return vz_pin_done(HALF_DIR, VZ_POLICY_DIR, e);
}

/* Is the BPF security module on? */
static bool have_lsm(void)
{
	char text[256];
	autoclose int dir = vz_mount_new("securityfs", NULL, 0);

	if (dir < 0 || vz_file_read_buf(dir, "lsm", text, sizeof(text)) <= 0)
		return false;
	for (char *save = NULL, *w = strtok_r(text, ",\n", &save); w; w = strtok_r(NULL, ",\n", &save))
		if (!strcmp(w, "bpf"))
			return true;
	return false;
}

/* Programs before the security hooks become those of the BPF security module, which the kernel
 * never passes over; see policy.bpf.c. */
static int make_lsm(struct bpf_object *o)
{
	struct bpf_program *prog;
	int r = 0;

	bpf_object__for_each_program(prog, o) {
		const char *hook = strstr(bpf_program__section_name(prog), "/security_");

		r = hook ? bpf_program__set_type(prog, BPF_PROG_TYPE_LSM) : -EINVAL;
		if (!r)
			r = bpf_program__set_expected_attach_type(prog, BPF_LSM_MAC);
		if (!r)
			r = bpf_program__set_attach_target(prog, 0, hook + strlen("/security_"));
		if (r)
			break;
	}
	return r;
}

static int load_programs(bool lsm, struct vz_err *e)
{
	__attribute__((cleanup(vz_pin_drop_object))) struct bpf_object *o = NULL;
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "vz_policy");
	int r;

	o = bpf_object__open_mem(vz_policy_begin, (size_t)(vz_policy_end - vz_policy_begin), &opts);
	if (!o)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot read the policy programs");
	r = lsm ? make_lsm(o) : 0;
	if (r >= 0)
		r = bpf_object__load(o);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot load them");
	r = fill_names(o, e);
	if (r >= 0)
		r = put_in_force(o, e);
	if (r < 0)
		(void)vz_remove_tree(AT_FDCWD, HALF_DIR);
	return r;
}

static int pin_conntrack(struct bpf_object *o, struct bpf_program *prog, struct vz_err *e)
{
	int r = vz_pin_new(CONNTRACK_HALF, e);

	if (r < 0)
		return r;
	r = bpf_program__pin(prog, CONNTRACK_HALF "/vz_conntrack");
	if (!r)
		r = bpf_map__pin(bpf_object__find_map_by_name(o, "vz_ct_limits"),
				 CONNTRACK_HALF "/vz_ct_limits");
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot pin the limit of connection tracking");
	return vz_pin_done(CONNTRACK_HALF, VZ_CONNTRACK_DIR, e);
}

/* Nothing is attached here: that is done in each VPS's network namespace. */
static int load_conntrack(struct vz_err *e)
{
	__attribute__((cleanup(vz_pin_drop_object))) struct bpf_object *o = NULL;
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "vz_conntrack");
	struct bpf_program *prog;
	int r;

	o = bpf_object__open_mem(vz_conntrack_begin,
				 (size_t)(vz_conntrack_end - vz_conntrack_begin), &opts);
	prog = o ? bpf_object__find_program_by_name(o, "vz_conntrack") : NULL;
	if (!prog)
		return vz_fail(e, VZ_SYSTEM, EINVAL, "cannot read the program");
	r = bpf_program__set_type(prog, (enum bpf_prog_type)VZ_BPF_PROG_NETFILTER);
	if (!r)
		r = bpf_program__set_expected_attach_type(
			prog, (enum bpf_attach_type)VZ_BPF_ATTACH_NETFILTER);
	if (!r)
		r = bpf_object__load(o);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot load the limit of connection tracking");
	return pin_conntrack(o, prog, e);
}

static int load_policy(bool conntrack, struct vz_err *e)
{
	autoclose int lock = vz_pin_begin(e);
	int r;

	if (lock < 0)
		return lock;
	if (!access(conntrack ? VZ_CONNTRACK_DIR : VZ_POLICY_DIR, F_OK))
		return 0;
	if (conntrack)
		return load_conntrack(e);
	r = have_lsm() ? load_programs(true, e) : -EOPNOTSUPP;
	if (r < 0)
		r = load_programs(false, e);
	if (r < 0)
		(void)vz_file_replace(VZ_POLICY_REFUSED, e->msg, strlen(e->msg), 0600, false);
	return r;
}

int main(int argc, char **argv)
{
	bool conntrack = argc == 2 && !strcmp(argv[1], "conntrack");
	struct vz_err e = { 0 };

	vz_process_stdio();
	if (argc > 1 && !conntrack)
		return vz_pin_usage(argc, argv, "vzpolicy [conntrack]: loads the programs that hold "
						"containers to their policy; started by vzctl");
	libbpf_set_print(silent);
	if (load_policy(conntrack, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return e.exit;
	}
	return 0;
}
