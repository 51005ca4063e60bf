/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a start says of the numbers that the host has for all VPSes (res/ceilings.h). */
#ifndef VZ_OPS_CHECK_CEILINGS_H
#define VZ_OPS_CHECK_CEILINGS_H

/* Remedies that a start and check share. */
#define VZ_DO_RAISE "raise it, in /etc/sysctl.d"
#define VZ_DO_FEWER_GROUPS "lower NUMCGROUPS; the number is the kernel's own"

/* Before a start: a line for each that is nearly used up, the first time in a boot. */
void vz_ceilings_warn(void);
/* After a start that failed: a line for each that has no room for one VPS more. */
void vz_ceilings_explain(void);

#endif
