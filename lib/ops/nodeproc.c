// SPDX-License-Identifier: GPL-2.0-or-later
/* The tree of the legacy kernel's files, and where it is mounted; see nodeproc.h. */
#include "ops/nodeproc.h"
#include "base/num.h"
#include "base/own.h"
#include "ops/session.h"
#include "param/netif.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/fuse.h"
#include "sys/proc.h"
#include "sys/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define REAL VZ_PROC_BEHIND /* where the kernel's /proc is while ours is in its place */

/* A node is a kind, and for some a number: of a VPS, of a process, of a name. */
enum kind {
	ROOT, /* with VZ_FUSE_ROOT */
	BEANCOUNTERS,
	BC,
	BC_RESOURCES,
	VPS,
	VPS_RESOURCES,
	VPS_IOACCT,
	VZ,
	VEINFO,
	VESTAT,
	VZVERSION,
	VEIP,
	VETH,
	VZQUOTA,
	HOST_PROC, /* the mount point of REAL */
	PID_LINK,
	NAME_LINK,
};

struct tree {
	bool is_proc; /* stands over /proc: all other names are links */
	char **names; /* of NAME_LINK */
	size_t n;
};

static uint64_t node_of(enum kind kind, uint32_t number)
{
	return kind == ROOT ? VZ_FUSE_ROOT : (uint64_t)kind << 32 | number;
}

static enum kind kind_of(uint64_t node)
{
	return (enum kind)(node >> 32);
}

static uint32_t node_number(uint64_t node)
{
	return (uint32_t)node;
}

/* ---- texts ---- */

static int list_running(unsigned need, const unsigned *id, struct vz_list *ret, struct vz_session *s)
{
	const struct vz_session_want want = { .flags = VZ_SESSION_NO_VPS | VZ_SESSION_NO_LOG };
	struct vz_list_query q = { .ids = id, .n = id ? 1 : 0, .running = true, .need = need };
	int r = vz_session_open(s, &want, NULL);

	return r < 0 ? r : vz_op_list(&s->host, &q, ret, NULL);
}

static int beancounters(enum vz_bc_form form, struct vz_str *to)
{
	const struct vz_session_want want = { .flags = VZ_SESSION_NO_VPS | VZ_SESSION_NO_LOG };
	struct vz_session s = { 0 };
	autobcs b = { 0 };
	int r = vz_session_open(&s, &want, NULL);

	if (r >= 0)
		r = vz_bc_read(&s.host, &b, NULL);
	if (r >= 0)
		vz_bc_print(&b, form, to);
	vz_session_close(&s);
	return r;
}

static int resources_of(unsigned id, struct vz_str *to)
{
	struct vz_session s = { 0 };
	struct vz_bc bc;
	autolist l = { 0 };
	int r = list_running(VZ_LIST_COUNTS, &id, &l, &s);

	if (r >= 0 && (l.n || !id)) {
		if (id)
			vz_bc_of(&l.items[0], &bc);
		else
			vz_bc_of_host(&bc);
		vz_bc_print(&(struct vz_bcs){ &bc, 1 }, VZ_BC_ROWS_ONLY, to);
	} else if (r >= 0) {
		r = -ENOENT;
	}
	vz_session_close(&s);
	return r;
}

static int ioacct_of(unsigned id, struct vz_str *to)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	uint64_t read = 0, written = 0;

	if (id && vz_cg_open(id, NULL, &cg, NULL) >= 0)
		vz_cg_read_io(cg, &read, &written);
	vz_nodeproc_ioacct(read, written, to);
	return 0;
}

/* Tasks of the host itself: all, without those of VPSes. */
static uint64_t tasks_of_host(const struct vz_list *l)
{
	char text[128];
	const char *slash;
	uint64_t n = 0;

	if (vz_file_read_buf(AT_FDCWD, "/proc/loadavg", text, sizeof(text)) < 0 || !(slash = strchr(text, '/')))
		return 0;
	text[slash + 1 - text + (ptrdiff_t)strspn(slash + 1, "0123456789")] = 0;
	(void)vz_num_u64(slash + 1, UINT32_MAX, &n); /* 0 where it is none */
	for (size_t i = 0; i < l->n; i++) {
		uint64_t held = l->items[i].counts.numproc.held;

		n -= held == VZ_UNCOUNTED ? 0 : held < n ? held : n;
	}
	return n;
}

static void vestat_of(const struct vz_list_item *it, struct vz_str *to)
{
	__attribute__((cleanup(vz_cg_closep))) struct vz_cg *cg = NULL;
	struct vz_cg_usage u;

	if (vz_cg_open(it->id, NULL, &cg, NULL) >= 0 && vz_cg_read(cg, &u, NULL) >= 0)
		vz_nodeproc_vestat_line(it->id, it->uptime_ms, &u, to);
}

static void veth_of(const struct vz_list_item *it, struct vz_str *to)
{
	autonetifs l = { 0 };

	if (vz_netifs_of(&it->conf->netif, &l, NULL) < 0)
		return;
	for (size_t i = 0; i < l.n; i++) {
		const struct vz_netif *n = &l.v[i];

		if (!if_nametoindex(n->v[VZ_NETIF_HOST_IFNAME]))
			continue; /* configured since its start */
		vz_str_addf(to, "%17s %16s %17s %16s %10u %5s\n", n->v[VZ_NETIF_HOST_MAC], n->v[VZ_NETIF_HOST_IFNAME],
			    n->v[VZ_NETIF_MAC], n->v[VZ_NETIF_IFNAME], it->id,
			    vz_netif_is_on(n, VZ_NETIF_MAC_FILTER) ? "deny" : "allow");
	}
}

/* Those of /proc/vz that are about VPSes. */
static int vz_text(enum kind kind, struct vz_str *to)
{
	struct vz_session s = { 0 };
	autolist l = { 0 };
	int r = list_running(VZ_LIST_USAGE | VZ_LIST_IP, NULL, &l, &s);

	if (r < 0)
		goto out;
	if (kind == VEINFO)
		vz_nodeproc_veinfo(&l, tasks_of_host(&l), to);
	else if (kind == VEIP)
		vz_nodeproc_veip(&l, to);
	else if (kind == VESTAT)
		vz_nodeproc_vestat_head(to);
	else
		vz_str_add(to, "Version: 1.0\n");
	for (size_t i = 0; i < l.n; i++)
		if (kind == VESTAT)
			vestat_of(&l.items[i], to);
		else if (kind == VETH)
			veth_of(&l.items[i], to);
out:
	vz_session_close(&s);
	return r;
}

static int text(void *arg, uint64_t node, struct vz_str *to)
{
	struct tree *t = arg;

	switch (kind_of(node)) {
	case BEANCOUNTERS:
		return beancounters(VZ_BC_BEANCOUNTERS, to);
	case BC_RESOURCES:
		return beancounters(VZ_BC_RESOURCES, to);
	case VPS_RESOURCES:
		return resources_of(node_number(node), to);
	case VPS_IOACCT:
		return ioacct_of(node_number(node), to);
	case VEINFO:
	case VESTAT:
	case VEIP:
	case VETH:
		return vz_text(kind_of(node), to);
	case VZVERSION:
		vz_str_add(to, PACKAGE_VERSION "\n");
		return 0;
	case VZQUOTA: /* there is no quota */
		vz_str_addf(to, "%-11s%15s%15s%15s%11s%11s\n", "qid: path", "usage", "softlimit", "hardlimit", "time",
			    "expire");
		return 0;
	case PID_LINK:
		vz_str_addf(to, REAL "/%u", node_number(node));
		return 0;
	case NAME_LINK:
		if (node_number(node) >= t->n)
			return -ENOENT;
		vz_str_addf(to, REAL "/%s", t->names[node_number(node)]);
		return 0;
	case ROOT:
	case BC:
	case VPS:
	case VZ:
	case HOST_PROC:
		return -EISDIR;
	}
	return -ENOENT;
}

/* ---- the tree ---- */

static const struct entry {
	enum kind kind;
	enum kind parent;
	const char *name;
	mode_t mode;
} entries[] = {
	{ BEANCOUNTERS, ROOT, "user_beancounters", S_IFREG | 0400 },
	{ BC, ROOT, "bc", S_IFDIR | 0555 },
	{ VZ, ROOT, "vz", S_IFDIR | 0555 },
	{ BC_RESOURCES, BC, "resources", S_IFREG | 0400 },
	{ VPS_RESOURCES, VPS, "resources", S_IFREG | 0400 },
	{ VPS_IOACCT, VPS, "ioacct", S_IFREG | 0400 },
	{ VEINFO, VZ, "veinfo", S_IFREG | 0400 },
	{ VESTAT, VZ, "vestat", S_IFREG | 0400 },
	{ VZVERSION, VZ, "version", S_IFREG | 0444 },
	{ VEIP, VZ, "veip", S_IFREG | 0400 },
	{ VETH, VZ, "veth", S_IFREG | 0400 },
	{ VZQUOTA, VZ, "vzquota", S_IFREG | 0400 },
};

/* 0 is the host, which is always there. */
static bool is_up(unsigned id)
{
	struct vz_state s;

	return !id || (vz_state_read(id, &s) > 0 && !vz_ct_id_is_given_away(id));
}

static mode_t mode(void *arg, uint64_t node)
{
	enum kind kind = kind_of(node);

	(void)arg;
	if (kind == ROOT || kind == HOST_PROC)
		return S_IFDIR | 0555;
	if (kind == PID_LINK || kind == NAME_LINK)
		return S_IFLNK | 0777;
	if ((kind == VPS || kind == VPS_RESOURCES || kind == VPS_IOACCT) && !is_up(node_number(node)))
		return 0;
	if (kind == VPS)
		return S_IFDIR | 0555;
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		if (entries[i].kind == kind)
			return entries[i].mode;
	return 0;
}

/* A name of the kernel's /proc. */
static int find_link(struct tree *t, const char *name, uint64_t *ret)
{
	autofree char *path = vz_fmt("/proc/%s", name);
	struct stat st;
	uint32_t pid;
	char **more;

	if (!path)
		return -ENOMEM;
	if (lstat(path, &st) < 0)
		return -errno;
	if (vz_num_u32(name, INT32_MAX, &pid) >= 0) {
		*ret = node_of(PID_LINK, pid);
		return 0;
	}
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->names[i], name)) {
			*ret = node_of(NAME_LINK, (uint32_t)i);
			return 0;
		}
	more = realloc(t->names, (t->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	t->names = more;
	more[t->n] = strdup(name);
	if (!more[t->n])
		return -ENOMEM;
	*ret = node_of(NAME_LINK, (uint32_t)t->n++);
	return 0;
}

static int find_name(void *arg, uint64_t dir, const char *name, uint64_t *ret)
{
	struct tree *t = arg;
	uint32_t id;

	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		if (entries[i].parent == kind_of(dir) && !strcmp(entries[i].name, name)) {
			*ret = node_of(entries[i].kind, kind_of(dir) == VPS ? node_number(dir) : 0);
			return 0;
		}
	if (kind_of(dir) == BC && vz_num_u32(name, VZ_CTID_MAX, &id) >= 0 && is_up(id)) {
		*ret = node_of(VPS, id);
		return 0;
	}
	if (!t->is_proc || kind_of(dir) != ROOT)
		return -ENOENT;
	if (strcmp(name, REAL) != 0)
		return find_link(t, name, ret);
	*ret = node_of(HOST_PROC, 0);
	return 0;
}

static bool is_made(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		if (entries[i].parent == ROOT && !strcmp(entries[i].name, name))
			return true;
	return false;
}

static int list_links(struct vz_fuse_dir *to)
{
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = vz_dir_stream(fd < 0 ? -errno : fd, &d);

	vz_fuse_dir_add(to, REAL, node_of(HOST_PROC, 0), S_IFDIR);
	while (r >= 0 && (de = vz_dir_next(d)))
		if (!is_made(de->d_name))
			vz_fuse_dir_add(to, de->d_name, de->d_ino, S_IFLNK);
	return r;
}

static int list_vpses(struct vz_fuse_dir *to)
{
	autofree unsigned *ids = NULL;
	size_t n = 0;
	char name[16];
	int r = vz_state_list(&ids, &n);

	vz_fuse_dir_add(to, "0", node_of(VPS, 0), S_IFDIR);
	for (size_t i = 0; r >= 0 && i < n; i++) {
		if (!is_up(ids[i]))
			continue;
		snprintf(name, sizeof(name), "%u", ids[i]);
		vz_fuse_dir_add(to, name, node_of(VPS, ids[i]), S_IFDIR);
	}
	return r;
}

static int list(void *arg, uint64_t dir, struct vz_fuse_dir *to)
{
	struct tree *t = arg;

	vz_fuse_dir_add(to, ".", dir, S_IFDIR);
	vz_fuse_dir_add(to, "..", VZ_FUSE_ROOT, S_IFDIR);
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		if (entries[i].parent == kind_of(dir))
			vz_fuse_dir_add(to, entries[i].name, node_of(entries[i].kind, kind_of(dir) == VPS ? node_number(dir) : 0),
					entries[i].mode);
	if (kind_of(dir) == BC)
		return list_vpses(to);
	return t->is_proc && kind_of(dir) == ROOT ? list_links(to) : 0;
}

static int serve_tree(int fd, bool is_proc)
{
	struct tree t = { .is_proc = is_proc };
	int r = vz_fuse_serve(fd, &(struct vz_fuse_tree){ find_name, mode, list, text, &t });

	for (size_t i = 0; i < t.n; i++)
		free(t.names[i]);
	free(t.names);
	return r;
}

/* ---- over /proc ---- */

#define SERVER_FD 3

/* Stays in the host's namespaces, whose /proc is the kernel's. Begins when there is a byte in the pipe: the device
 * of what is not mounted yet answers with an error. At its end nothing will be mounted. */
static void become_server(int fd, const int pipes[2])
{
	char mounted;

	if (fork())
		_exit(0); /* nobody's child: the caller's program waits for its own only */
	setsid();
	close(pipes[1]);
	if (read(pipes[0], &mounted, 1) != 1)
		_exit(0);
	if (dup2(fd, SERVER_FD) < 0)
		_exit(1);
	vz_let_go(SERVER_FD + 1);
	(void)chdir("/");
	_exit(serve_tree(SERVER_FD, true) < 0);
}

static int start_server(int fd, const int pipes[2], struct vz_err *e)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		become_server(fd, pipes);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot start a process");
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : vz_fail(e, VZ_SYSTEM, 0, "cannot start a process");
}

int vz_op_nodeproc_enter(struct vz_err *e)
{
	autoclose int fd = vz_fuse_open(e), real = -EBADF, begin = -EBADF, mounted = -EBADF;
	int r, pipes[2];

	if (fd < 0)
		return fd;
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make a pipe");
	begin = pipes[0];
	mounted = pipes[1];
	r = start_server(fd, pipes, e); /* before the namespace is made */
	if (r < 0)
		return r;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot make a mount namespace");
	real = vz_open_tree(AT_FDCWD, "/proc", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (real < 0)
		return vz_fail(e, VZ_SYSTEM, -real, "cannot open /proc");
	r = vz_fuse_mount(fd, "/proc", e);
	if (r < 0)
		return r;
	if (write(mounted, "", 1) != 1)
		return vz_fail(e, VZ_SYSTEM, errno, "cannot tell who answers");
	r = vz_move_mount(real, AT_FDCWD, "/proc/" REAL);
	return r < 0 ? vz_fail(e, VZ_SYSTEM, -r, "cannot move /proc") : 0;
}

/* ---- in a place of its own ---- */

int vz_op_nodeproc_serve(struct vz_err *e)
{
	autoclose int fd = vz_fuse_open(e);
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (stat(VZ_NODEPROC_DIR "/vz", &st) >= 0)
		return vz_fail(e, VZ_SYSTEM, EBUSY, VZ_NODEPROC_DIR " is there already");
	if (errno == ENOTCONN) /* of one that was killed */
		(void)umount2(VZ_NODEPROC_DIR, MNT_DETACH);
	r = vz_mkdir_p(VZ_NODEPROC_DIR, 0755);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot make " VZ_NODEPROC_DIR);
	r = vz_fuse_mount(fd, VZ_NODEPROC_DIR, e);
	if (r < 0)
		return r;
	r = serve_tree(fd, false);
	(void)umount2(VZ_NODEPROC_DIR, MNT_DETACH);
	return r;
}
