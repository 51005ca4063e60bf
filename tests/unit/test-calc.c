// SPDX-License-Identifier: GPL-2.0-or-later
/* The equations of the calculators: rules of a configuration, levels of a host, parts of it; and what a host is. */
#include "calc/calc.h"
#include "base/own.h"
#include "sys/file.h"
#include "unit.h"

#include <fcntl.h>

#define GIB (1ull << 30)

/* ---- rules ---- */

/* What real tools wrote: vzctl 3.0 on 64 bits, "basic" and a VSwap sample with what create adds. */
static const char basic[] =
	"ONBOOT=\"yes\"\n\n# UBC parameters (in form of barrier:limit)\n"
	"KMEMSIZE=\"14372700:14790164\"\nLOCKEDPAGES=\"256:256\"\nPRIVVMPAGES=\"65536:69632\"\n"
	"SHMPAGES=\"21504:21504\"\nNUMPROC=\"240:240\"\nPHYSPAGES=\"0:9223372036854775807\"\n"
	"VMGUARPAGES=\"33792:9223372036854775807\"\nOOMGUARPAGES=\"26112:9223372036854775807\"\n"
	"NUMTCPSOCK=\"360:360\"\nNUMFLOCK=\"188:206\"\nNUMPTY=\"16:16\"\nNUMSIGINFO=\"256:256\"\n"
	"TCPSNDBUF=\"1720320:2703360\"\nTCPRCVBUF=\"1720320:2703360\"\nOTHERSOCKBUF=\"1126080:2097152\"\n"
	"DGRAMRCVBUF=\"262144:262144\"\nNUMOTHERSOCK=\"360:360\"\nDCACHESIZE=\"3409920:3624960\"\n"
	"NUMFILE=\"9312:9312\"\nAVNUMPROC=\"180:180\"\nNUMIPTENT=\"128:128\"\n"
	"DISKSPACE=\"1048576:1153024\"\nDISKINODES=\"200000:220000\"\nQUOTATIME=\"0\"\nCPUUNITS=\"1000\"\n"
	"VE_ROOT=\"/vz/root/$VEID\"\nVE_PRIVATE=\"/vz/private/$VEID\"\nOSTEMPLATE=\"centos-4-x86\"\n";
static const char vswap[] = "PHYSPAGES=\"0:262144\"\nSWAPPAGES=\"0:524288\"\nDISKSPACE=\"2G:2.2G\"\n"
			    "VE_ROOT=\"/vz/root/$VEID\"\nORIGIN_SAMPLE=\"vswap-1g\"\n";

static const struct vz_node node = { .ram = 4 * GIB, .swap = 2 * GIB, .low = 4 * GIB, .threads = 32000 };

struct heard {
	char text[4096];
	bool mend;
	int n;
};

static bool hear(void *arg, const char *finding, const char *mend)
{
	struct heard *h = arg;
	size_t n = strlen(h->text);

	h->n++;
	snprintf(h->text + n, sizeof(h->text) - n, "%s | %s\n", finding, mend ? mend : "-");
	return h->mend && mend;
}

static int check_text(const char *text, const char *more, struct heard *h, struct vz_conf *changed)
{
	autofree char *both = vz_fmt("%s%s", text, more); /* of a beancounter the last wins */
	autoconf c = { 0 };

	CHECK(!vz_conf_parse(both, "test", &c, NULL));
	return vz_calc_validate(&c, &node, &(struct vz_calc_ask){ vz_calc_is_vswap(&c), hear, h }, changed);
}

static const struct found {
	const char *text, *more; /* what is changed in a file that is right */
	int standing;
	const char *heard, *key, *mended; /* what it then is */
} found[] = {
	{ basic, "", 0, "", NULL, NULL },
	{ vswap, "", 0, "", NULL, NULL },
	{ basic, "NUMPROC=\"240:250\"\n", 1,
	  "Error: barrier should be equal to limit for numproc (currently, 240:250) | set to 250:250\n", "NUMPROC",
	  "250" },
	{ basic, "NUMFLOCK=\"200:100\"\n", 1,
	  "Error: barrier should be <= limit for numflock (currently, 200:100) | set to 200:200\n", "NUMFLOCK",
	  "200" },
	{ basic, "VMGUARPAGES=\"33792:40000\"\n", 1,
	  "Error: limit should be = 9223372036854775807 for vmguarpages (currently, 40000) | "
	  "set to 9223372036854775807\n",
	  "VMGUARPAGES", "33792:unlimited" },
	{ basic, "PHYSPAGES=\"5:unlimited\"\n", 1,
	  "Error: barrier should be = 0 for physpages (currently, 5) | set to 0\n", "PHYSPAGES", "0:unlimited" },
	{ basic, "DCACHESIZE=\"3409920:3500000\"\n", 1,
	  "Warning: dcachesize.lim should be > 3575808 (currently, 3500000) | set to 3575808\n", "DCACHESIZE",
	  "3409920:3575808" },
	{ basic, "KMEMSIZE=\"10000000:10500000\"\n", 1,
	  "Error: kmemsize.bar should be > 10997760 (currently, 10000000) | set to 10997760:11497760\n", "KMEMSIZE",
	  "10997760:11497760" },
	{ basic, "PRIVVMPAGES=\"30000:69632\"\n", 1,
	  "Warning: privvmpages.bar should be > 33792 (currently, 30000) | set to 33792\n", "PRIVVMPAGES",
	  "33792:69632" },
	{ basic, "PRIVVMPAGES=\"30000:31000\"\n", 1,
	  "Warning: privvmpages.bar should be > 33792 (currently, 30000) | set to 33792\n", "PRIVVMPAGES", "33792" },
	{ basic, "TCPSNDBUF=\"1720320:1720321\"\n", 1,
	  "Error: tcpsndbuf.lim-tcpsndbuf.bar should be > 921600 (currently, 1720321-1720320=1) | "
	  "set to 1720320:2641920\n",
	  "TCPSNDBUF", "1720320:2641920" },
	{ basic, "TCPRCVBUF=\"100:1000000\"\n", 1,
	  "Warning: tcprcvbuf.bar should be > 65536 (currently, 100) | set to 65536:1065436\n", "TCPRCVBUF",
	  "65536:1065436" },
	/* a recommendation is no problem, and none is made beside a warning */
	{ basic, "DGRAMRCVBUF=\"40000\"\n", 0,
	  "Recommendation: dgramrcvbuf.bar should be > 132096 (currently, 40000) | set to 132096:132096\n",
	  "DGRAMRCVBUF", "132096" },
	{ basic, "DGRAMRCVBUF=\"30000\"\n", 1,
	  "Warning: dgramrcvbuf.bar should be > 32768 (currently, 30000) | set to 32768:32768\n", "DGRAMRCVBUF",
	  "32768" },
	{ basic, "NUMFILE=\"700\"\n", 1, "Warning: numfile should be > 5760 (currently, 700) | set to 5760:5760\n",
	  "NUMFILE", "5760" },
	/* sockets and terminals need more than processes */
	{ basic, "NUMFILE=\"700\"\nAVNUMPROC=\"20\"\n", 1,
	  "Warning: numfile should be > 736 (currently, 700) | set to 736:736\n", "NUMFILE", "736" },
	/* without AVNUMPROC half of the processes, which are too many */
	{ basic, "NUMPROC=\"800\"\nAVNUMPROC=\"400\"\n", 2,
	  "Error: kmemsize.bar should be > 20008960 (currently, 14372700) | set to 20008960:20426424\n"
	  "Warning: numfile should be > 12800 (currently, 9312) | set to 12800:12800\n",
	  "NUMFILE", "12800" },
	/* nothing wraps where a value has no end */
	{ basic, "DCACHESIZE=\"unlimited\"\n", 1,
	  "Error: kmemsize.bar should be > 9223372036854775807 (currently, 14372700) | "
	  "set to 9223372036854775807:9223372036854775807\n",
	  "KMEMSIZE", "unlimited" },
	{ basic, "TCPSNDBUF=\"unlimited\"\nNUMFLOCK=\"unlimited\"\n", 0, "", NULL, NULL },
	{ basic, "DISK_QUOTA=\"yes\"\n", 0, "", NULL, NULL },
	{ vswap, "PHYSPAGES=\"262144\"\n", 1,
	  "Error: barrier should be = 0 for physpages (currently, 262144) | set to 0\n", "PHYSPAGES", "0:262144" },
	{ vswap, "PHYSPAGES=\"0:2000000\"\n", 1,
	  "Error: limit should be <= 1048576 for physpages (currently, 2000000) | set to 1048576\n", "PHYSPAGES",
	  "0:1048576" },
	{ vswap, "SWAPPAGES=\"0:524289\"\n", 1,
	  "Error: limit should be <= 524288 for swappages (currently, 524289) | set to 524288\n", "SWAPPAGES",
	  "0:524288" },
};

static void test_rules(void)
{
	for (size_t i = 0; i < ARRAY_LEN(found); i++) {
		struct heard h = { .text = "" };
		struct vz_conf changed = { 0 };
		autofree char *value = NULL;

		CHECK_INT(check_text(found[i].text, found[i].more, &h, &changed), found[i].standing);
		CHECK_STR(h.text, found[i].heard);
		h = (struct heard){ .mend = true };
		CHECK_INT(check_text(found[i].text, found[i].more, &h, &changed), 0);
		if (!found[i].key)
			continue;
		value = vz_conf_text(&changed, vz_param_by_key(found[i].key));
		CHECK_STR(value, found[i].mended);
	}
}

/* A host of 32 bits wrote 2147483647 for unlimited, and some files have both. */
static void test_32_bits(void)
{
	const char *more = "PHYSPAGES=\"0:2147483647\"\nVMGUARPAGES=\"33792:2147483647\"\n"
			   "OOMGUARPAGES=\"26112:2147483647\"\nNUMSIGINFO=\"2147483647:9223372036854775807\"\n"
			   "LOCKEDPAGES=\"9223372036854775807:2147483647\"\n";
	struct heard h = { .text = "" };
	struct vz_conf changed = { 0 };

	CHECK_INT(check_text(basic, more, &h, &changed), 0);
	CHECK_STR(h.text, "");
}

static void test_missing(void)
{
	struct heard h = { .mend = true };
	struct vz_conf changed = { 0 };
	autoconf c = { 0 };

	CHECK(!vz_conf_parse(vswap, "test", &c, NULL));
	CHECK_INT(vz_calc_validate(&c, &node, &(struct vz_calc_ask){ false, hear, &h }, &changed), 19);
	CHECK(strstr(h.text, "Error: parameter kmemsize not found | -\n"));
	h = (struct heard){ .mend = true };
	vz_conf_unset(&c, vz_param_by_key("SWAPPAGES"));
	CHECK_INT(vz_calc_validate(&c, &node, &(struct vz_calc_ask){ true, hear, &h }, &changed), 1);
	CHECK_STR(h.text, "Error: parameter swappages not found | -\n");
	h = (struct heard){ .text = "" };
	CHECK_INT(check_text(vswap, "DISK_QUOTA=\"yes\"\n", &h, &changed), 1);
	CHECK_STR(h.text, "Error: parameter diskinodes not found | -\n");
}

/* ---- levels ---- */

static const struct vz_calc_held held = {
	.kmemsize = 1 << 20, .tcpsndbuf = 1 << 19, .tcprcvbuf = 1 << 19,
	.othersockbuf = VZ_CALC_UNTOLD, .dgramrcvbuf = VZ_CALC_UNTOLD,
	.physpages = 25600, .oomguarpages = 51200, .privvmpages = VZ_CALC_UNTOLD, .numproc = 16,
};

static void check_share(const struct vz_calc_levels *l, enum vz_calc_level level, const char *want)
{
	char buf[VZ_CALC_TEXT];

	CHECK_STR(vz_calc_text(vz_calc_share(&node, l, level), buf), want);
}

static void test_levels_ubc(void)
{
	struct vz_calc_levels l;
	autoconf c = { 0 };

	CHECK(!vz_conf_parse(basic, "test", &c, NULL));
	vz_calc_levels(&c, &held, &l);
	/* 1 MiB of the kernel and two halves of buffers, of 0.4 x 4 GiB */
	CHECK_INT(l.v[VZ_CALC_LOW_USED], 2 << 20);
	check_share(&l, VZ_CALC_LOW_USED, "0.12");
	check_share(&l, VZ_CALC_RAM_USED, "2.44");
	check_share(&l, VZ_CALC_BOTH_USED, "3.26");
	check_share(&l, VZ_CALC_ALLOC_USED, "-");
	check_share(&l, VZ_CALC_PROC_USED, "0.05");
	/* 14790164 + 2 x 2703360 + 2097152 + 262144 */
	CHECK_INT(l.v[VZ_CALC_LOW_PROMISED], 22556180);
	CHECK_INT(l.v[VZ_CALC_BOTH_PROMISED], 22556180 + 26112ll * 4096);
	CHECK_INT(l.v[VZ_CALC_ALLOC_PROMISED], 22556180 + 33792ll * 4096);
	CHECK_INT(l.v[VZ_CALC_ALLOC_LIMIT], 22556180 + 69632ll * 4096);
	check_share(&l, VZ_CALC_LOW_PROMISED, "1.31");
	check_share(&l, VZ_CALC_PROC_LIMIT, "0.75");
	vz_calc_levels(&c, NULL, &l);
	check_share(&l, VZ_CALC_LOW_USED, "-");
	check_share(&l, VZ_CALC_LOW_PROMISED, "1.31");
}

static void test_levels_vswap(void)
{
	struct vz_calc_levels l, all = { { 0 } };
	autoconf c = { 0 };
	char buf[VZ_CALC_TEXT];

	CHECK(!vz_conf_parse(vswap, "test", &c, NULL));
	vz_calc_levels(&c, &held, &l);
	/* kernel memory is part of the RAM: 1 GiB, and with swap 3 */
	CHECK_INT(l.v[VZ_CALC_LOW_PROMISED], GIB);
	CHECK_INT(l.v[VZ_CALC_BOTH_PROMISED], GIB);
	CHECK_INT(l.v[VZ_CALC_ALLOC_PROMISED], 3 * GIB);
	check_share(&l, VZ_CALC_LOW_PROMISED, "62.50");
	check_share(&l, VZ_CALC_ALLOC_LIMIT, "inf");
	check_share(&l, VZ_CALC_PROC_LIMIT, "-");
	c.vm_overcommit = (struct vz_pdouble){ true, 1.5 };
	vz_calc_levels(&c, &held, &l);
	CHECK_INT(l.v[VZ_CALC_ALLOC_LIMIT], 4608ll << 20);
	check_share(&l, VZ_CALC_ALLOC_LIMIT, "75.00");
	CHECK_STR(vz_calc_text(vz_calc_mbytes(l.v[VZ_CALC_ALLOC_LIMIT]), buf), "4608.00");
	vz_calc_add(&all, &l);
	vz_calc_add(&all, &l);
	check_share(&all, VZ_CALC_ALLOC_LIMIT, "150.00");
	check_share(&all, VZ_CALC_ALLOC_USED, "-");
	/* the word of 32 bits: no VSwap, and no end */
	c.physpages.lim = INT32_MAX;
	vz_calc_levels(&c, &held, &l);
	check_share(&l, VZ_CALC_LOW_PROMISED, "inf");
	vz_calc_add(&all, &l);
	check_share(&all, VZ_CALC_LOW_PROMISED, "inf");
}

/* ---- parts ---- */

static const struct part {
	struct vz_node node;
	uint64_t n;
	unsigned level;
	uint64_t numproc, kmemsize, privvm, guaranteed;
} parts[] = {
	/* 4 GiB and 2 of swap for 10: 0.4 x 4 GiB / 10 = 171798691, half of it kernel memory;
	 * 85899345 / 81920 = 1048, twice that processes; (6 GiB - 50 MiB) / 10 is 639002214 */
	{ { .ram = 4 * GIB, .swap = 2 * GIB, .low = 4 * GIB, .threads = 32000 }, 10, 0, 2096, 85899345, 114063,
	  114063 },
	/* 32 bits: 900 MB of low memory for 100 */
	{ { .ram = 4 * GIB, .swap = 2 * GIB, .low = 900 << 20, .threads = 32000 }, 100, 1, 120, 2264924, 14494,
	  14494 },
	{ { .ram = 4 * GIB, .swap = 2 * GIB, .low = 400 << 20, .threads = 32000 }, 100, 2, 84, 1509949, 14863,
	  14863 },
	/* 0.8 x 256 MiB / 125 = 1717986; sockets of 32 processes take 360448 of them, and what TCP receives 81920 */
	{ { .ram = 4 * GIB, .swap = 2 * GIB, .low = 256 << 20, .threads = 32000 }, 125, 3, 32, 1275618, 12061,
	  12061 },
};

static void test_parts(void)
{
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const struct part *p = &parts[i];
		struct vz_split s = { .vpses = p->n, .disk_kib = 1 << 30, .inodes = 50000000 };
		struct vz_err e = { 0 };

		CHECK_INT(vz_split(&p->node, &s, &e), 0);
		CHECK_INT(s.level, p->level);
		CHECK_INT(s.conf.numproc.lim, p->numproc);
		CHECK_INT(s.conf.kmemsize.bar, p->kmemsize);
		CHECK_INT(s.conf.kmemsize.lim, p->kmemsize * 11 / 10);
		CHECK_INT(s.conf.privvmpages.bar, p->privvm);
		CHECK_INT(s.conf.vmguarpages.bar, p->guaranteed);
	}
}

/* Whatever is shared out, in either mode, passes the rules: nothing but recommendations. */
static void test_parts_are_valid(void)
{
	for (unsigned gib = 1; gib <= 64; gib *= 4)
		for (unsigned n = 1; n < 3000; n = n * 3 + 1)
			for (unsigned how = 0; how < 6; how++) {
				const struct vz_node host = { .ram = gib * GIB, .threads = gib * 8000,
							      .swap = how & 1 ? gib * GIB : 0,
							      .low = how < 4 ? gib * GIB : GIB * 3 / 4 };
				struct vz_split s = { .vpses = n, .vswap = how & 2, .disk_kib = 1ull << 32 };
				struct heard h = { .text = "" };
				struct vz_conf changed = { 0 };
				struct vz_err e = { 0 };

				if (vz_split(&host, &s, &e) < 0) {
					CHECK(*e.msg && e.exit == VZ_SYSTEM);
					continue;
				}
				s.conf.disk_quota = (struct vz_pbool){ true, true };
				CHECK_INT(vz_calc_is_vswap(&s.conf), s.vswap);
				CHECK_INT(vz_calc_validate(&s.conf, &host, &(struct vz_calc_ask){ s.vswap, hear, &h }, &changed), 0);
			}
}

static void test_too_many(void)
{
	struct vz_split s = { .vpses = 2000 };
	struct vz_err e = { 0 };
	struct vz_node small = node;

	/* (6442450944 - 52428800) / 5542912 */
	CHECK_INT(vz_split_most(&node, 2000, &e), 1152);
	CHECK_STR(e.msg, "On node with 6144 Mb of memory (RAM + swap) 2000 containers can not be allocated");
	CHECK_INT(vz_split(&node, &s, &e), -ENOSPC);
	small.low = 100 << 20;
	CHECK_INT(vz_split_most(&small, 1000, &e), 38);
	CHECK_STR(e.msg, "On node with 100 Mb of Low Memory 1000 containers can not be allocated");
	small.ram = small.low = 40 << 20;
	CHECK_INT(vz_split_most(&small, 1, &e), 0);
}

static void test_split_disk(void)
{
	struct vz_split s = { .vpses = 10, .disk_kib = 110 << 20, .inodes = 2100000 };
	struct vz_err e = { 0 };

	CHECK_INT(vz_split(&node, &s, &e), 0);
	CHECK_INT(s.conf.diskspace.lim, 5 << 20);
	CHECK_INT(s.conf.diskspace.bar, (5 << 20) * 10ll / 11);
	CHECK_INT(s.conf.diskinodes.lim, 100000);
	CHECK(!s.disk_short);
	s.inodes = 0; /* made as they are needed */
	CHECK_INT(vz_split(&node, &s, &e), 0);
	CHECK_INT(s.conf.diskinodes.lim, (5 << 20) / 16);
	s.disk_kib = 2 << 20;
	CHECK_INT(vz_split(&node, &s, &e), 0);
	CHECK(s.disk_short);
	CHECK_INT(s.conf.diskspace.lim, 225280);
	CHECK_INT(s.conf.diskinodes.lim, 88000);
}

static void test_split_text(void)
{
	struct vz_split s = { .vpses = 10, .vswap = true, .disk_kib = 110 << 20, .inodes = 2100000 };
	struct vz_err e = { 0 };
	autostr text = { 0 };

	CHECK_INT(vz_split(&node, &s, &e), 0);
	vz_split_text(&node, &s, &text);
	CHECK_STR(text.s, "# Configuration file generated by vzsplit for 10 containers\n"
			  "# on HN with total amount of physical mem 4096 Mb\n"
			  "# low memory 4096 Mb, swap size 2048 Mb, max threads 16000\n"
			  "# Resource commit level 0:\n"
			  "# Free resource distribution. Any parameters may be increased\n"
			  "# Primary parameters\n"
			  "PHYSPAGES=\"0:114063\"\n"
			  "SWAPPAGES=\"0:228126\"\n"
			  "\n# Auxiliary parameters\n"
			  "DISKSPACE=\"4766254:5242880\"\n"
			  "DISKINODES=\"90909:100000\"\n"
			  "CPUUNITS=\"1000\"\n");
}

/* ---- a host ---- */

static void put_file(const char *dir, const char *name, const char *text)
{
	autofree char *path = vz_fmt("%s/%s", dir, name);

	CHECK(!vz_file_replace(path, text, strlen(text), 0644, false));
}

static void test_node(void)
{
	char dir[] = "/tmp/test-calc.XXXXXX";
	autofree char *sys = NULL;
	struct vz_node n = { 0 };
	struct vz_err e = { 0 };

	CHECK(mkdtemp(dir));
	sys = vz_fmt("%s/sys/kernel", dir);
	CHECK_INT(vz_node_read(dir, &n, &e), -ENOENT);
	CHECK(strstr(e.msg, "meminfo"));
	CHECK(!vz_mkdir_p(sys, 0755));
	put_file(sys, "threads-max", "190000\n");
	put_file(dir, "meminfo", "MemTotal:       4194304 kB\nMemFree: 1 kB\nSwapCached: 7 kB\nSwapTotal:      1024 kB\n");
	put_file(dir, "cpuinfo", "processor\t: 0\nbogomips\t: 4800.07\n\nprocessor\t: 1\nBogoMIPS\t: 50\n");
	CHECK_INT(vz_node_read(dir, &n, &e), 0);
	CHECK_INT(n.ram, 4 * GIB);
	CHECK_INT(n.low, 4 * GIB);
	CHECK_INT(n.swap, 1 << 20);
	CHECK_INT(n.threads, 190000);
	CHECK_INT(n.power, (480007 + 5000) * 25);
	put_file(dir, "meminfo", "MemTotal: 4194304 kB\nLowTotal: 800000 kB\n");
	put_file(dir, "cpuinfo", "processor : 0\n");
	CHECK_INT(vz_node_read(dir, &n, &e), 0);
	CHECK_INT(n.low, 800000ll << 10);
	CHECK_INT(n.power, 0);
	CHECK(!vz_remove_tree(AT_FDCWD, dir));
}

int main(void)
{
	test_rules();
	test_32_bits();
	test_missing();
	test_levels_ubc();
	test_levels_vswap();
	test_parts();
	test_parts_are_valid();
	test_too_many();
	test_split_disk();
	test_split_text();
	test_node();
	return done();
}
