/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two halves of a file tree agree on: the order of what is packed.
 *
 *	entry	KIND [NAME SEVERAL META PAYLOAD ATTRIBUTES]	the first one is the top, with the name "."
 *	SEVERAL	1: it has more names than this
 *	META	mode, uid, gid, rdev, atime, mtime
 *	PAYLOAD	of a file: size, pieces (1, offset, bytes), 0; of a link: its text; of a directory: entries,
 *		up to one of the kind END; of a second name: the number of the first, counted from 0 among those
 *		that have several, and nothing else; a mount point has its name alone
 *	ATTRIBUTES	their number, each with name and value: behind the content, which takes some of them away
 */
#ifndef VZ_CPT_FILETREE_INTERNAL_H
#define VZ_CPT_FILETREE_INTERNAL_H

#include <limits.h>
#include <linux/limits.h>
#include <stdint.h>
#include <time.h>

enum filetree_kind {
	TREE_END,
	TREE_FILE,
	TREE_DIR,
	TREE_LINK,
	TREE_NODE,   /* device, socket, FIFO */
	TREE_SECOND, /* one more name of a file */
	TREE_MOUNT,  /* a file on which something is mounted */
	TREE_MOUNT_DIR,
	TREE_KINDS
};

#define TREE_DEPTH 32
#define TREE_PIECE 65536u
#define TREE_SECONDS 256 /* files with several names */
#define TREE_XATTR_MAX 4096
#define TREE_XATTRS 16

/* The attributes that travel: what a guest can have set, and that means something on a tmpfs. */
#define TREE_ACL "system.posix_acl_access"
#define TREE_ACL_DEFAULT "system.posix_acl_default"
#define TREE_CAPS "security.capability"
#define TREE_USER "user."

#endif
