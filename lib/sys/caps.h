/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capabilities as a bit mask (bit = number of the capability); capabilities(7). */
#ifndef VZ_SYS_CAPS_H
#define VZ_SYS_CAPS_H

#include <stdbool.h>
#include <stdint.h>

/* Bit of a name without "CAP_", any case ("NET_ADMIN"); 0 when the name is unknown. */
uint64_t vz_cap_bit(const char *name);
/* Makes `mask` the upper bound of everything the process and its children may ever hold: cuts
 * the bounding set, empties inheritable and ambient, keeps permitted and effective (exec by
 * uid 0 recomputes them inside the bound). */
int vz_caps_bound(uint64_t mask);
/* Does this process have it in effect? Of a name as above. */
bool vz_cap_is_effective(const char *name);
/* Makes effective what is permitted: after an effective uid of another than root took it away. */
int vz_caps_raise(void);

#endif
