// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vzguard: loads the guard's programs and maps and pins them (guard/pins.h). Run by the first command
 * after boot, or after an upgrade, that needs them, so that no other program links libbpf. Whoever
 * comes at the same moment waits and finds the work done. Says one line on stderr when it fails. It
 * attaches nothing. Exit codes: 0, 20 for an argument (but --help), 3 or another of vzctl's when it fails.
 */
#include "base/err.h"
#include "base/own.h"
#include "base/process.h"
#include "base/str.h"
#include "guard/pins.h"
#include "helpers/bpf-pin.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HALF_DIR VZ_GUARD_PROGS_DIR "-new" /* no dots in a bpf file system */

/* The compiled programs, as bytes of this one. */
__asm__(".section .rodata, \"a\"\n"
	".balign 8\n"
	"vz_bpf_begin: .incbin \"" BPF_OBJECT "\"\n"
	"vz_bpf_end: .byte 0\n"
	".balign 8\n"
	"vz_bpf_seeing_begin: .incbin \"" BPF_OBJECT_SEEING "\"\n"
	"vz_bpf_seeing_end: .byte 0\n"
	".previous\n");
extern const char vz_bpf_begin[], vz_bpf_end[], vz_bpf_seeing_begin[], vz_bpf_seeing_end[];

static char last_words[160];

/* Warnings and errors of libbpf; the first line is the nearest to the cause. */
static int remember(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level == LIBBPF_WARN && !*last_words)
		vsnprintf(last_words, sizeof(last_words), fmt, ap);
	return 0;
}

static int fail(struct vz_err *e, int r, const char *what)
{
	last_words[strcspn(last_words, "\n")] = 0;
	return vz_fail(e, VZ_SYSTEM, -r, "%s%s%s%s", what, *last_words ? " (" : "", last_words,
		       *last_words ? ")" : "");
}

/* libbpf takes a map from its pin when there is one that fits, and else makes and pins it. */
static int use_pins(struct bpf_object *o, struct vz_err *e)
{
	struct bpf_map *map;
	int r;

	if (mkdir(VZ_GUARD_MAPS_DIR, 0700) < 0 && errno != EEXIST)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make %s", VZ_GUARD_MAPS_DIR);
	bpf_object__for_each_map(map, o) {
		autofree char *path = vz_fmt("%s/%s", VZ_GUARD_MAPS_DIR, bpf_map__name(map));

		r = path ? bpf_map__set_pin_path(map, path) : -ENOMEM;
		if (r < 0)
			return fail(e, r, "cannot place a map");
	}
	return 0;
}

static int pin(struct bpf_object *o, struct vz_err *e)
{
	struct bpf_program *prog;
	int r;

	r = vz_pin_new(HALF_DIR, e);
	if (r < 0)
		return r;
	bpf_object__for_each_program(prog, o) {
		autofree char *path = vz_fmt("%s/%s", HALF_DIR, bpf_program__name(prog));

		r = path ? bpf_program__pin(prog, path) : -ENOMEM;
		if (r < 0)
			return fail(e, r, "cannot pin a program");
	}
	return vz_pin_done(HALF_DIR, VZ_GUARD_PROGS_DIR, e);
}

static int load_object(const char *begin, const char *end, struct vz_err *e)
{
	__attribute__((cleanup(vz_pin_drop_object))) struct bpf_object *o = NULL;
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "vz_guard");
	int r;

	o = bpf_object__open_mem(begin, (size_t)(end - begin), &opts);
	if (!o)
		return fail(e, -errno, "cannot read the programs of the network guard");
	r = use_pins(o, e);
	if (r < 0)
		return r;
	r = bpf_object__load(o);
	return r < 0 ? fail(e, r, "the kernel refuses the network guard") : pin(o, e);
}

static int load_guard(struct vz_err *e)
{
	autoclose int lock = vz_pin_begin(e);

	if (lock < 0)
		return lock;
	if (!access(VZ_GUARD_PROGS_DIR, F_OK) ||
	    load_object(vz_bpf_seeing_begin, vz_bpf_seeing_end, NULL) >= 0)
		return 0;
	*last_words = 0;
	return load_object(vz_bpf_begin, vz_bpf_end, e);
}

int main(int argc, char **argv)
{
	struct vz_err e = { 0 };

	vz_process_stdio();
	if (argc > 1)
		return vz_pin_usage(argc, argv, "vzguard: loads the network guard; started by vzctl");
	libbpf_set_print(remember);
	if (load_guard(&e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return e.exit;
	}
	return 0;
}
