// SPDX-License-Identifier: GPL-2.0-or-later
/* vzfdstore, the command: keeps descriptors for vzeventd, which starts it. Takes no options. */
#include "base/log.h"
#include "ops/eventd.h"

int main(void)
{
	struct vz_err e = { 0 };

	vz_log_init("vzfdstore");
	return vz_op_fdstore(&e) < 0 ? vz_log_err(&e) : 0;
}
