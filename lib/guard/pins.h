/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the guard lives: a bpf file system of our own, made at the first start after boot. Programs
 * have a directory named after their bytes, so other tools load their own; maps have one named
 * after their layout, so all of them share the devices, the addresses and the counters.
 */
#ifndef VZ_GUARD_PINS_H
#define VZ_GUARD_PINS_H

#include "guard/bpf/guard-maps.h"
#include "guard/bpf/stamp.h"
#include "sys/bpf.h"

#define VZ_GUARD_TEXT_(x) #x
#define VZ_GUARD_TEXT(x) VZ_GUARD_TEXT_(x)

#define VZ_GUARD_MAPS_DIR VZ_BPF_DIR "/maps-" VZ_GUARD_TEXT(VZ_GUARD_LAYOUT)
#define VZ_GUARD_PROGS_DIR VZ_BPF_DIR "/prog-" VZ_GUARD_STAMP

#endif
