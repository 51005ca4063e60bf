// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One of N equal parts of a host, as a configuration (INTERFACE 5.5). Four levels of shortage are tried, the ample
 * one first; factors are tenths, so that all is done in integers.
 */
#include "calc/calc.h"
#include "base/own.h"

#define SYSTEM_BYTES 52428800u /* for the host itself */
#define BYTES_EACH 5542912u    /* of RAM and swap */
#define LOW_EACH 1348608u
#define THREADS_MOST 8000
#define LEVELS 3
#define PROCESSES_LEAST 30
#define PAGES_LEAST 1024
#define SOCKET_BYTES 2560
#define TCP_LEAST 65536
#define OTHER_LEAST 32768
#define DISK_HOST_KIB (10u << 20)
#define DISK_EACH_KIB 225280
#define INODES_HOST 100000
#define INODES_EACH 88000

typedef __int128 i128;

static const struct level {
	int kmem10, nproc10, average;
	int per_process, socket1, socket2;
	int siginfo, dcache10, privvm10, lock, low_least;
	const char *text;
} levels[LEVELS + 1] = {
	{ 10, 10, 8, 81920, 262144, 4096, 1024, 5760, 60, 10, 10485760,
	  "Free resource distribution. Any parameters may be increased" },
	{ 12, 15, 5, 65536, 131072, 3036, 512, 4608, 30, 3, 2097152,
	  "Normal resource distribution. Secondary parameters may be increased" },
	{ 18, 20, 3, 53248, 65536, 2560, 256, 3840, 15, 1, 0,
	  "Partial resource shortage. Auxiliary parameters may be increased" },
	{ 20, 20, 3, 53248, 65536, 2560, 256, 3840, 15, 1, 0,
	  "Overall resource shortage. Please, do not change any parameters!" },
};

/* Bytes and numbers of one VPS, while they are worked out; they may be negative where there is not enough. */
struct share {
	int64_t total, low, kmem, processes, average, guaranteed, tcp_room;
};

static struct vz_ppair pair(i128 bar, i128 lim)
{
	const i128 most = VZ_UNLIMITED;

	return (struct vz_ppair){ .set = true, .bar = (uint64_t)(bar > most ? most : bar),
				  .lim = (uint64_t)(lim > most ? most : lim) };
}

static struct vz_ppair same(i128 v)
{
	return pair(v, v);
}

static int64_t clamp(int64_t v, int64_t least, int64_t most)
{
	return v < least ? least : v > most ? most : v;
}

uint64_t vz_split_most(const struct vz_node *n, uint64_t vpses, struct vz_err *e)
{
	uint64_t both = n->ram + n->swap, most = vpses;

	if (n->ram < SYSTEM_BYTES || n->low < SYSTEM_BYTES) {
		(void)vz_fail(e, VZ_SYSTEM, 0, "OpenVZ requires at least %u Mb of RAM installed on host server",
			      SYSTEM_BYTES >> 20);
		return 0;
	}
	if ((both - SYSTEM_BYTES) / vpses < BYTES_EACH) {
		most = (both - SYSTEM_BYTES) / BYTES_EACH;
		(void)vz_fail(e, VZ_SYSTEM, 0,
			      "On node with %llu Mb of memory (RAM + swap) %llu containers can not be allocated",
			      (unsigned long long)(both >> 20), (unsigned long long)vpses);
	}
	if (most && (n->low - SYSTEM_BYTES) / most < LOW_EACH) {
		most = (n->low - SYSTEM_BYTES) / LOW_EACH;
		(void)vz_fail(e, VZ_SYSTEM, 0,
			      "On node with %llu Mb of Low Memory %llu containers can not be allocated",
			      (unsigned long long)(n->low >> 20), (unsigned long long)vpses);
	}
	return most;
}

/* ---- memory and processes ---- */

static void divide(const struct vz_node *n, const struct vz_split *s, unsigned level, struct share *h)
{
	int64_t page = (int64_t)vz_page_size(), vpses = (int64_t)s->vpses;

	h->total = (int64_t)(n->ram + n->swap - SYSTEM_BYTES) / vpses;
	h->low = (int64_t)((i128)n->low * 4 * levels[level].kmem10 / 100 / vpses);
	h->processes = (int64_t)s->threads * levels[level].nproc10 / 10 / vpses;
	h->guaranteed = (h->total - h->low) / page;
	if (h->guaranteed < PAGES_LEAST) {
		h->guaranteed = PAGES_LEAST;
		h->low = h->total - h->guaranteed * page;
	}
	h->kmem = h->low / 2;
}

static bool fits(const struct vz_node *n, const struct vz_split *s, unsigned level, struct share *h)
{
	const struct level *l = &levels[level];

	divide(n, s, level, h);
	if (h->low < l->low_least)
		return false;
	h->average = h->kmem / l->per_process;
	if (h->average < PROCESSES_LEAST / 2)
		return false;
	h->processes = h->processes < PROCESSES_LEAST ? PROCESSES_LEAST : h->processes;
	h->processes = clamp(h->processes, 2 * h->average, h->average * l->average);
	h->tcp_room = (h->low - h->kmem) / 3;
	return h->tcp_room >= l->socket1 + l->socket2 * h->processes;
}

static void set_buffers(struct vz_split *s, const struct share *h)
{
	int64_t delta = levels[s->level].socket2 * h->processes, rest = h->tcp_room - delta;

	s->conf.tcpsndbuf = s->conf.tcprcvbuf = pair(rest, h->tcp_room);
	s->conf.dgramrcvbuf = same(rest / 2);
	s->conf.othersockbuf = pair(rest / 2, rest / 2 + delta);
}

/* Nothing fits: half of the processes, again and again, until kernel memory is enough for them. */
static bool squeeze(const struct vz_node *n, struct vz_split *s, struct share *h)
{
	int64_t delta, rest, last, extra;

	divide(n, s, LEVELS, h);
	do {
		last = h->processes;
		h->processes = last / 2 < PROCESSES_LEAST ? PROCESSES_LEAST : last / 2;
		h->average = h->processes / 2;
		delta = SOCKET_BYTES * h->processes;
		h->kmem = h->low - 2 * (OTHER_LEAST + TCP_LEAST + delta);
		rest = h->kmem - h->average * levels[LEVELS].per_process;
	} while (rest < 0 && h->processes > PROCESSES_LEAST);
	if (rest < 0)
		return false;
	s->conf.dgramrcvbuf = same(OTHER_LEAST);
	s->conf.othersockbuf = pair(OTHER_LEAST, OTHER_LEAST + delta);
	s->conf.tcpsndbuf = pair(TCP_LEAST, TCP_LEAST + delta);
	extra = rest > delta ? delta : rest;
	s->conf.tcprcvbuf = pair(TCP_LEAST, TCP_LEAST + extra);
	h->kmem -= extra;
	return true;
}

/* What may be promised on top of the guarantee. */
static int64_t set_pages(const struct vz_node *n, struct vz_split *s, struct share *h)
{
	int64_t privvm = h->guaranteed * levels[s->level].privvm10 / 10;
	int64_t most = (int64_t)((i128)n->ram * 6 / 10 / (int64_t)vz_page_size());

	if (privvm > h->total / (int64_t)vz_page_size())
		privvm = h->guaranteed;
	if (s->vpses > 1 && privvm > most) {
		privvm = most;
		h->guaranteed = h->guaranteed > most ? most : h->guaranteed;
	}
	s->conf.privvmpages = pair(privvm, (i128)privvm * 11 / 10);
	s->conf.vmguarpages = s->conf.oomguarpages = pair(h->guaranteed, VZ_UNLIMITED);
	s->conf.shmpages = same(privvm / 10);
	return privvm;
}

static void set_rest(struct vz_split *s, const struct share *h)
{
	const struct level *l = &levels[s->level];
	int64_t files = h->average * 32, flocks = clamp(files / 10, 0, 1000);
	i128 dcache = (i128)files * l->dcache10 / 10;
	int64_t locked = (int64_t)((i128)h->kmem * l->lock / 204800);

	s->conf.kmemsize = pair(h->kmem, (i128)h->kmem * 11 / 10);
	s->conf.numproc = s->conf.numtcpsock = s->conf.numothersock = same(h->processes);
	s->conf.avnumproc = same(h->average);
	s->conf.numiptent = same(clamp(2000 / (int64_t)s->vpses, 4, 200));
	s->conf.numfile = same(files);
	s->conf.dcachesize = pair(dcache * 100 / 103, dcache);
	s->conf.numflock = pair(flocks, flocks * 11 / 10);
	s->conf.lockedpages = same(locked < 4 ? 4 : locked);
	s->conf.numpty = same(clamp(h->processes / 10, 4, 512));
	s->conf.numsiginfo = same(l->siginfo);
}

/* ---- disk ---- */

/* Half of what is left beside the host's own. */
static uint64_t beside(uint64_t all, uint64_t host)
{
	return all / 2 < host ? all / 2 : all - host;
}

static void set_disk(struct vz_split *s)
{
	uint64_t kib = beside(s->disk_kib, DISK_HOST_KIB), inodes = beside(s->inodes, INODES_HOST);
	uint64_t each = kib / (2 * s->vpses), files = inodes / (2 * s->vpses);

	s->disk_short = kib / DISK_EACH_KIB < s->vpses || (s->inodes && inodes / INODES_EACH < s->vpses);
	if (s->disk_short) {
		each = DISK_EACH_KIB;
		files = INODES_EACH;
	} else if (!s->inodes) { /* made as they are needed; as many as ext4 would have */
		files = each / 16;
	}
	s->conf.diskspace = pair((i128)each * 10 / 11, each);
	s->conf.diskinodes = pair((i128)files * 10 / 11, files);
}

/* ---- */

/* Memory the VSwap way: no more than the host has, whose swap is real. */
static void set_vswap(const struct vz_node *n, struct vz_split *s, int64_t privvm)
{
	int64_t ram = (int64_t)(n->ram / vz_page_size()), swap = (int64_t)(n->swap / vz_page_size());

	s->conf.physpages = pair(0, privvm < ram ? privvm : ram);
	s->conf.swappages = pair(0, 2 * privvm < swap ? 2 * privvm : swap);
}

int vz_split(const struct vz_node *n, struct vz_split *s, struct vz_err *e)
{
	uint64_t threads = n->low > 2ull << 30 ? 2 * THREADS_MOST : THREADS_MOST;
	struct share h = { 0 };
	int64_t privvm;

	if (vz_split_most(n, s->vpses, e) < s->vpses)
		return -ENOSPC;
	s->threads = n->threads < threads ? n->threads : threads;
	s->conf = (struct vz_conf){ 0 };
	for (s->level = 0; s->level < LEVELS && !fits(n, s, s->level, &h);)
		s->level++;
	if (s->level == LEVELS && !squeeze(n, s, &h)) {
		(void)vz_fail(e, VZ_SYSTEM, 0,
			      "Fatal resource shortage, try to decrease the number of containers");
		return -ENOSPC;
	}
	if (s->level < LEVELS)
		set_buffers(s, &h);
	privvm = set_pages(n, s, &h);
	set_rest(s, &h);
	set_disk(s);
	s->conf.physpages = pair(0, VZ_UNLIMITED);
	if (s->vswap)
		set_vswap(n, s, privvm);
	return 0;
}

/* ---- text ---- */

/* In the order of the legacy tool; what is before a line is for the reader. */
static const struct line {
	const char *key, *before;
	size_t at;
} ubc_lines[] = {
	{ "NUMPROC", "# Primary parameters\n", AT(numproc) },
	{ "AVNUMPROC", "", AT(avnumproc) },
	{ "NUMTCPSOCK", "", AT(numtcpsock) },
	{ "NUMOTHERSOCK", "", AT(numothersock) },
	{ "VMGUARPAGES", "", AT(vmguarpages) },
	{ "KMEMSIZE", "\n# Secondary parameters\n", AT(kmemsize) },
	{ "TCPSNDBUF", "", AT(tcpsndbuf) },
	{ "TCPRCVBUF", "", AT(tcprcvbuf) },
	{ "OTHERSOCKBUF", "", AT(othersockbuf) },
	{ "DGRAMRCVBUF", "", AT(dgramrcvbuf) },
	{ "OOMGUARPAGES", "", AT(oomguarpages) },
	{ "PRIVVMPAGES", "", AT(privvmpages) },
	{ "LOCKEDPAGES", "\n# Auxiliary parameters\n", AT(lockedpages) },
	{ "SHMPAGES", "", AT(shmpages) },
	{ "PHYSPAGES", "", AT(physpages) },
	{ "NUMFILE", "", AT(numfile) },
	{ "NUMFLOCK", "", AT(numflock) },
	{ "NUMPTY", "", AT(numpty) },
	{ "NUMSIGINFO", "", AT(numsiginfo) },
	{ "DCACHESIZE", "", AT(dcachesize) },
	{ "NUMIPTENT", "", AT(numiptent) },
	{ "DISKSPACE", "", AT(diskspace) },
	{ "DISKINODES", "", AT(diskinodes) },
}, vswap_lines[] = {
	{ "PHYSPAGES", "# Primary parameters\n", AT(physpages) },
	{ "SWAPPAGES", "", AT(swappages) },
	{ "DISKSPACE", "\n# Auxiliary parameters\n", AT(diskspace) },
	{ "DISKINODES", "", AT(diskinodes) },
};

static void put_amount(struct vz_str *to, uint64_t v)
{
	if (v == VZ_UNLIMITED)
		vz_str_add(to, "unlimited");
	else
		vz_str_addf(to, "%llu", (unsigned long long)v);
}

static void put_key(struct vz_str *to, const struct vz_conf *c, const struct line *l)
{
	const struct vz_ppair *v = (const void *)((const char *)c + l->at);

	vz_str_addf(to, "%s%s=\"", l->before, l->key);
	put_amount(to, v->bar);
	vz_str_add(to, ":");
	put_amount(to, v->lim);
	vz_str_add(to, "\"\n");
}

void vz_split_text(const struct vz_node *n, const struct vz_split *s, struct vz_str *to)
{
	const struct line *lines = s->vswap ? vswap_lines : ubc_lines;
	size_t nlines = s->vswap ? ARRAY_LEN(vswap_lines) : ARRAY_LEN(ubc_lines);

	vz_str_addf(to, "# Configuration file generated by vzsplit for %llu containers\n",
		    (unsigned long long)s->vpses);
	vz_str_addf(to, "# on HN with total amount of physical mem %llu Mb\n",
		    (unsigned long long)(n->ram >> 20));
	vz_str_addf(to, "# low memory %llu Mb, swap size %llu Mb, max threads %llu\n",
		    (unsigned long long)(n->low >> 20), (unsigned long long)(n->swap >> 20),
		    (unsigned long long)s->threads);
	vz_str_addf(to, "# Resource commit level %u:\n# %s\n", s->level, levels[s->level].text);
	for (size_t i = 0; i < nlines; i++)
		put_key(to, &s->conf, &lines[i]);
	vz_str_add(to, "CPUUNITS=\"1000\"\n");
}
