// SPDX-License-Identifier: GPL-2.0-or-later
/* Capabilities by libcap; see caps.h. */
#include "sys/caps.h"
#include "base/own.h"

#include <ctype.h>
#include <sys/capability.h>
#include <sys/prctl.h>

uint64_t vz_cap_bit(const char *name)
{
	char full[40];
	cap_value_t v;
	int n = snprintf(full, sizeof(full), "cap_%s", name);

	for (char *s = full; *s; s++)
		*s = (char)tolower((unsigned char)*s);
	if (n >= (int)sizeof(full) || cap_from_name(full, &v) < 0 || v < 0 || v > 63)
		return 0;
	return 1ull << v;
}

int vz_caps_bound(uint64_t mask)
{
	int r = 0;
	cap_t c;

	for (cap_value_t v = 0; v < 64; v++) {
		if (mask & (1ull << v))
			continue;
		if (cap_drop_bound(v) < 0) {
			if (errno == EINVAL)
				break; /* beyond the last one of this kernel */
			return -errno;
		}
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) /* libcap asks for each first */
		return -errno;
	c = cap_get_proc();
	if (!c)
		return -errno;
	if (cap_clear_flag(c, CAP_INHERITABLE) < 0 || cap_set_proc(c) < 0)
		r = -errno;
	cap_free(c);
	return r;
}

bool vz_cap_is_effective(const char *name)
{
	uint64_t bit = vz_cap_bit(name);
	cap_flag_value_t on = CAP_CLEAR;
	cap_t c = bit ? cap_get_proc() : NULL;

	if (c && cap_get_flag(c, __builtin_ctzll(bit), CAP_EFFECTIVE, &on) < 0)
		on = CAP_CLEAR;
	cap_free(c);
	return on == CAP_SET;
}

int vz_caps_raise(void)
{
	cap_t c = cap_get_proc();
	int r = c ? 0 : -errno;

	for (cap_value_t v = 0; !r && v < 64; v++) {
		cap_flag_value_t may;

		if (cap_get_flag(c, v, CAP_PERMITTED, &may) < 0)
			break; /* beyond the last one that libcap knows */
		if (may == CAP_SET && cap_set_flag(c, CAP_EFFECTIVE, 1, &v, CAP_SET) < 0)
			r = -errno;
	}
	if (!r && cap_set_proc(c) < 0)
		r = -errno;
	cap_free(c);
	return r;
}
