// SPDX-License-Identifier: GPL-2.0-or-later
/* What a log of CRIU says: the one line that tells why, and what to do about it. */
#include "cpt/criu-internal.h"
#include "base/escape.h"
#include "base/own.h"
#include "base/str.h"

#include <fcntl.h>
#include <string.h>

/* The source file in CRIU, without directory and ".c" ("" for any), what the text has in it, and the remedy. A line is for
 * the first row that fits. NULL: it is no cause; "": it is no failure. */
static const struct known {
	const char *file, *text, *remedy;
} table[] = {
	/* clang-format off */
	/* ---- the host ---- */
	{ "", "Failed to fill self vdso symtable", "this CRIU is too old for the kernel, bring a newer one with tools/get-criu" },
	{ "", "Can't create inotify", "raise fs.inotify.max_user_instances" },
	{ "util", "fork() failed: Resource temporarily unavailable", "raise NUMPROC" },
	{ "restorer", "with code -11", "more signals are queued than NUMSIGINFO allows now; raise it" },
	{ "restorer", "Can't create posix timer", "there are more timers than NUMSIGINFO allows now; raise it" },
	{ "", "Unable to open an userfaultfd descriptor", "set vm.unprivileged_userfaultfd=1" },
	{ "", "page-pipe: splice", "raise fs.pipe-max-size" },
	{ "", "iptables-restore returned", "this CRIU has no nftables and the host no iptables; install iptables, or another CRIU with tools/get-criu" },
	{ "", "without libnftables", "bring a CRIU that has it with tools/get-criu" },
	{ "net", "Failed to open tmpfile", "give /tmp the mode 1777" },
	{ "kerndat", "Unable to connect a socket: Network is unreachable", "the device lo must be up" },
	{ "", "No space left on device", "make room for the dump" },
	{ "cr-dump", "Can't get rlimit", "root has no CAP_SYS_RESOURCE, and " VZ_LIBEXECDIR "/criu-owner.so is not loaded" },
	{ "cpu", "", "the processor differs from the one where the dump was made; restore it on the like" },
	/* ---- the dump ---- */
	{ "image", "agic doesn't match", "the dump is damaged, or was made by a newer CRIU" },
	{ "", "image file was truncated", "the dump is damaged" },
	{ "", "Not supported images version", "the dump was made by a newer CRIU, bring it with tools/get-criu" },
	{ "", "Missing required plugin", "the dump was made by a CRIU with plugins that this one lacks" },
	{ "files-reg", "has bad size", "the file was changed after the dump; put it back, or start the container anew" },
	{ "files-reg", "has bad mode", "the file was changed after the dump; put it back, or start the container anew" },
	{ "files-reg", "has bad build-ID", "the program was changed after the dump; put it back, or start the container anew" },
	{ "files-reg", "on restore: No such file", "the file was removed after the dump; put it back, or start the container anew" },
	/* ---- what a process inside has or does ---- */
	{ "files-reg", "increase limit", "end the process that holds this deleted file open" },
	{ "mount", "doesn't have a proper root mount", "unmount it inside" },
	{ "mount", "FS mnt ", "unmount it inside" },
	{ "mount", "Unable to mount", "unmount it inside before the dump" },
	{ "mount", "is overmounted", "unmount what lies on top" },
	{ "files-reg", "overmounted mounts are not supported", "close the file, or unmount what lies on top" },
	{ "", "Unknown socket collected (family 40)", "end the process with a socket of VMs (AF_VSOCK)" },
	{ "", "Unknown socket collected", "end the process with a socket of this family" },
	{ "", "Unsupported socket", "end the process with this socket" },
	{ "sk-inet", "Unsupported proto", "end the process with a socket of this protocol" },
	{ "", "multipath", "run the program with GODEBUG=multipathtcp=0" },
	{ "sk-unix", "Can't dump half of stream unix connection", "end the process whose socket leads out of the container" },
	{ "sk-unix", "External socket is used", "end the process whose socket leads out of the container" },
	{ "sk-inet", "In-flight connection", "try again, a connection was being made" },
	{ "net", "Unsupported link", "remove this network device inside" },
	{ "cr-dump", "outside of its pid namespace", "end the sessions of vzctl exec and enter" },
	{ "tty", "dangling tty", "end the sessions of vzctl exec and enter" },
	{ "pstree", "Can't restore sub-task in NS", "it was run in a namespace that is not the container's; such a dump cannot be restored" },
	{ "fsnotify", "", "end the process that watches this file, or mount what it lies on" },
	{ "proc_parse", "Unsupported mapping", "end the process with this memory of a device" },
	{ "proc_parse", "non-regular mapping", "end the process with this memory of a device" },
	{ "", "parse_fdinfo_pid_s: error parsing", "the kernel did not tell at that moment what a process has open; try again" },
	{ "", "Control messages in queue", "try again, a program had not read its unix socket" },
	{ "seize", "", "a process cannot be held, it waits in the kernel or fights; try again, or end it" },
	{ "cr-dump", "Timeout reached", "processes could not be held in time; try again" },
	/* ---- what stands in the logs of runs that are well, too ---- */
	{ "", "RLIMIT_NOFILE for self", "" }, { "", "tables", "" },
	/* ---- what only follows from another line ---- */
	{ "", "exited, status=", NULL }, { "", "FAILED", NULL }, { "restorer", "Restorer fail", NULL },
	{ "page-xfer", "data were not flushed", NULL }, { "page-xfer", "Broken pipe", NULL },
	{ "", "recv req error", NULL }, { "", "Could not initialize kernel features", NULL },
	{ "", "failed when initializing kerndat", NULL },
	/* clang-format on */
};

/* What was a moment's, and may not be there at the next dump. */
static const char *const passing[] = { "In-flight connection", "parse_fdinfo_pid_s: error parsing", "Control messages in queue" };

/* "(00.087729)     12: Error (criu/mount.c:753): TEXT", "(00.087729) pie: 12: Error (criu/pie/restorer.c:492): TEXT": whether the line is like that, and its parts. */
static bool take_apart(char *line, const char **ret_file, char **ret_text)
{
	char *at = strchr(line, ')'), *end;

	if (*line != '(' || !at)
		return false;
	at += 1 + strspn(at + 1, " ");
	if (vz_str_prefix(at, "pie: ", NULL)) /* what CRIU runs in the process itself */
		at += strlen("pie: ");
	at += strspn(at, " 0123456789:");
	if (!vz_str_prefix(at, "Error (", ret_file))
		return false;
	at += strlen("Error (");
	end = strstr(at, "): ");
	if (!end)
		return false;
	at[strcspn(at, ".:)")] = 0;
	*ret_text = end + strlen("): ");
	at = strrchr(*ret_file, '/');
	if (at)
		*ret_file = at + 1;
	return true;
}

static const struct known *find(const char *file, const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if ((!*table[i].file || !strcmp(table[i].file, file)) && strstr(text, table[i].text))
			return &table[i];
	return NULL;
}

/* The first that is known, else the first that does not only follow from another, else the first. */
static int rank(const struct known *k)
{
	if (!k)
		return 2;
	if (!k->remedy)
		return 1;
	return *k->remedy ? 3 : 0;
}

const char *vz_criu_said(int dirfd, const char *log, char ret[VZ_CRIU_SAID])
{
	int fd = openat(dirfd, log, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), best = 0;
	autofclose FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	autofree char *line = NULL;
	const char *file, *remedy = NULL;
	size_t size = 0;
	char *text;

	*ret = 0;
	while (f && best < 3 && getline(&line, &size, f) > 0) {
		const struct known *k;

		line[strcspn(line, "\n")] = 0;
		if (!take_apart(line, &file, &text))
			continue;
		k = find(file, text);
		if (rank(k) <= best)
			continue;
		best = rank(k);
		remedy = k ? k->remedy : NULL;
		snprintf(ret, VZ_CRIU_SAID, "%s", text);
	}
	vz_escape_plain(ret);
	return remedy;
}

int vz_criu_error(int dirfd, const char *log, enum vz_exit code, struct vz_err *e)
{
	char text[VZ_CRIU_SAID];
	const char *remedy = vz_criu_said(dirfd, log, text);

	vz_fail(e, code, 0, "CRIU: %s%s%s", *text ? text : "it has failed and does not say why",
		remedy ? "; " : "", remedy ? remedy : "");
	for (size_t i = 0; i < ARRAY_LEN(passing); i++)
		if (strstr(text, passing[i]))
			return -EAGAIN;
	return -EIO;
}

size_t vz_criu_dropped(int dirfd, const char *log)
{
	int fd = openat(dirfd, log, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	autofclose FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	autofree char *line = NULL;
	size_t size = 0, n = 0;

	while (f && getline(&line, &size, f) > 0)
		n += strstr(line, " Warn  (criu/fsnotify.c:") && strstr(line, " events will be dropped");
	return n;
}
