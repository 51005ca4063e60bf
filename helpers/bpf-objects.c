// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of BPF objects, and what single objects need beside their row; see bpf-load.h. */
#include "base/own.h"
#include "base/str.h"
#include "ct/features.h"
#include "guard/pins.h"
#include "helpers/bpf-load.h"
#include "launch/bpf/policy-pins.h"
#include "res/bpf/sockets-pins.h"
#include "sys/call.h"
#include "sys/file.h"

#define VZ_POLICY_TABLE
#include "launch/bpf/policy-names.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

/* A compiled object, as bytes of this program. */
#define BYTES(name, file)                                                                         \
	__asm__(".section .rodata, \"a\"\n"                                                       \
		".balign 8\n"                                                                     \
		"vz_" #name "_begin: .incbin \"" file "\"\n"                                      \
		"vz_" #name "_end: .byte 0\n"                                                     \
		".previous\n");                                                                   \
	extern const char vz_##name##_begin[], vz_##name##_end[]
#define BUILD(name, how) { vz_##name##_begin, vz_##name##_end, how }

BYTES(guard, BPF_OBJECT);
BYTES(guard_seeing, BPF_OBJECT_SEEING);
BYTES(guard_probing, BPF_OBJECT_PROBING);
BYTES(policy, POLICY_OBJECT);
BYTES(conntrack, CONNTRACK_OBJECT);
BYTES(sockets, SOCKETS_OBJECT);

/* Is the BPF security module on? */
static bool have_bpf_lsm(void)
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
static int policy_by_lsm(struct bpf_object *o)
{
	struct bpf_program *prog;
	int r = have_bpf_lsm() ? 0 : -EOPNOTSUPP;

	if (r < 0)
		return r;
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

static int policy_names(struct bpf_object *o, struct vz_err *e)
{
	int map = bpf_object__find_map_fd_by_name(o, "vz_names");

	for (size_t i = 0; map >= 0 && i < ARRAY_LEN(vz_policy_table); i++)
		if (bpf_map_update_elem(map, &vz_policy_table[i].key, &vz_policy_table[i].value,
					BPF_ANY) < 0)
			map = -errno;
	return map < 0 ? vz_fail(e, VZ_SYSTEM, -map, "cannot fill the table of names") : 0;
}

/* libbpf of Debian 12 does not know the section's name. */
static int conntrack_type(struct bpf_object *o)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(o, "vz_conntrack");
	int r = prog ? bpf_program__set_type(prog, (enum bpf_prog_type)VZ_BPF_PROG_NETFILTER) :
		       -EINVAL;

	return r ? r : bpf_program__set_expected_attach_type(
			       prog, (enum bpf_attach_type)VZ_BPF_ATTACH_NETFILTER);
}

#define HALF(dir) dir "-new" /* no dots in a bpf file system */

static const struct vz_bpf_row objects[] = {
	{
		.program = "vzguard",
		.usage = "vzguard: loads the network guard; started by vzctl",
		.name = "vz_guard",
		/* for kernels that let it see what the host does to packets, or the device, and for others */
		.builds = { BUILD(guard_seeing, NULL), BUILD(guard_probing, NULL), BUILD(guard, NULL) },
		.dir = VZ_GUARD_PROGS_DIR,
		.half = HALF(VZ_GUARD_PROGS_DIR),
		.maps_dir = VZ_GUARD_MAPS_DIR,
		.cannot_read = "cannot read the programs of the network guard",
		.cannot_load = "the kernel refuses the network guard",
		.cannot_pin = "cannot pin a program",
		.detail = true,
	},
	{
		.program = "vzpolicy",
		.usage = "vzpolicy [conntrack | sockets]: loads the programs that hold containers to their "
			 "policy; started by vzctl",
		.name = "vz_policy",
		.builds = { BUILD(policy, policy_by_lsm), BUILD(policy, NULL) },
		.dir = VZ_POLICY_DIR,
		.half = HALF(VZ_POLICY_DIR),
		.map = "vz_vpses",
		.attach = true,
		.fill = policy_names,
		.cannot_read = "cannot read the policy programs",
		.cannot_load = "cannot load them",
		.cannot_pin_map = "cannot pin the map of containers",
		.refused = VZ_POLICY_REFUSED,
	},
	{
		/* attached in each VPS's network namespace (launch/conntrack.h) */
		.program = "vzpolicy",
		.argument = "conntrack",
		.name = "vz_conntrack",
		.builds = { BUILD(conntrack, conntrack_type) },
		.dir = VZ_CONNTRACK_DIR,
		.half = HALF(VZ_CONNTRACK_DIR),
		.map = "vz_ct_limits",
		.cannot_read = "cannot read the program",
		.cannot_load = "cannot load the limit of connection tracking",
		.cannot_pin = "cannot pin the limit of connection tracking",
		.cannot_pin_map = "cannot pin the limit of connection tracking",
	},
	{
		/* attached to each VPS's group (lib/res/tcp-sockets.c) */
		.program = "vzpolicy",
		.argument = VZ_SOCKETS_ARGUMENT,
		.name = "vz_sockets",
		.builds = { BUILD(sockets, NULL) },
		.dir = VZ_SOCKETS_DIR,
		.half = HALF(VZ_SOCKETS_DIR),
		.maps_dir = VZ_SOCKETS_MAPS,
		.cannot_read = "cannot read the programs that count sockets",
		.cannot_load = "the kernel refuses the programs that count sockets",
		.cannot_pin = "cannot pin the programs that count sockets",
		.refused = VZ_SOCKETS_REFUSED,
	},
};

const struct vz_bpf_row *vz_bpf_row(const char *program, const char *argument)
{
	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		if (!strcmp(objects[i].program, program) &&
		    vz_str_eq(objects[i].argument, argument))
			return &objects[i];
	return NULL;
}
