/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzeventd: one optional daemon for the whole host. It sees VPSes end, starts those again that
 * rebooted, has the remains of the others cleaned up, and keeps the consoles. Whatever it does to
 * a VPS it does by running vzctl. It may be killed and started again at any time: all it knows
 * comes from the state files and from the fd store.
 */
#ifndef VZ_EVENTD_EVENTD_H
#define VZ_EVENTD_EVENTD_H

#include <stdbool.h>

#include "base/err.h"

/* foreground: stay in front. Otherwise this process returns 0 once the daemon serves, which goes
 * on in the background. In the daemon itself: returns when told to end (SIGTERM, SIGINT). */
int vz_eventd_run(bool foreground, struct vz_err *e);

/* vzfdstore: the process that keeps the console ptys for vzeventd. Returns 0 at once when it runs
 * already, or in the parent when it serves. */
int vz_eventd_fdstore(struct vz_err *e);

#endif
