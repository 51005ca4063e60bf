/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of the own program, kept from guests. A process that enters a VPS runs what the guest
 * put there, and a guest that puts "#!/proc/self/exe" there makes the kernel run our own file once
 * more, as the guest's program: it could then read, lock and watch the host's file, and where it
 * is root of the host wait for a moment to write it.
 */
#ifndef VZ_SYS_EXE_H
#define VZ_SYS_EXE_H

#include <stdbool.h>

#include "base/err.h"

/* Returns at once when the program's file cannot be opened inside: it is installed unreadable for
 * other users, which ids of a user namespace are. Else, and always for root of the host
 * (`privileged`), the program is run again with the same arguments from a sealed copy in memory,
 * and this does not return. To be called before anything that must not happen twice. */
int vz_exe_hide(bool privileged, char *const argv[], struct vz_err *e);

#endif
