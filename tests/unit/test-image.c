// SPDX-License-Identifier: GPL-2.0-or-later
/* Dumps on disk: made, replaced, read again; and every way in which one can be wrong. */
#include "cpt/image.h"
#include "base/num.h"
#include "base/own.h"
#include "base/pack.h"
#include "base/str.h"
#include "cpt/cpu.h"
#include "cpt/manifest.h"
#include "sys/checksum.h"
#include "sys/file.h"
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>

static char base[] = "/tmp/vz-image-XXXXXX";
static struct vz_err err;

static char *at(const char *name)
{
	static char path[4][512];
	static unsigned n;

	n = (n + 1) % ARRAY_LEN(path);
	snprintf(path[n], sizeof(path[n]), "%s/%s", base, name);
	return path[n];
}

static void put(const char *path, const char *text)
{
	CHECK_INT(vz_file_replace(path, text, strlen(text), 0600, false), 0);
}

static bool is_there(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static void facts(struct vz_image_facts *f)
{
	struct utsname u;

	uname(&u);
	*f = (struct vz_image_facts){
		.ctid = 101, .criu = 40201, .when = 1234567890123, .layout = strdup("overlay"),
		.kernel = strdup(u.release), .arch = strdup(u.machine),
		.name = strdup("a\\b \xc3\xa9\nctid=7"), .netdevs = strdup("venet0 eth0"),
		.state = { .init = 42, .start_time = 99, .boot_id = "0-1-2", .started_at = 5,
			   .uid = 1879048192, .gid = 1879113728, .features = 3, .caps = ~0ull, .dev = 17 },
	};
	CHECK_INT(vz_cpu_flags(&f->cpu), 0);
}

static struct vz_image *begun(const char *name, const char *word)
{
	struct vz_image *im = NULL;
	int fd;

	CHECK_INT(vz_image_begin(at(name), &im, &err), 0);
	CHECK_INT(vz_image_put(im, VZ_IMAGE_CONFIG, word, strlen(word), &err), 0);
	CHECK_INT(vz_image_put(im, "dev", "tree", 4, &err), 0);
	for (const char *const *f = (const char *const[]){ "inventory.img", "pstree.img", "pages-1.img", NULL };
	     *f; f++) {
		fd = openat(vz_image_criu_dir(im), *f, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		CHECK(fd >= 0 && write(fd, *f, strlen(*f)) > 0);
		close(fd);
	}
	return im;
}

static void make(const char *name, const char *word)
{
	struct vz_image *im = begun(name, word);
	autoimagefacts f = { 0 };
	char left[512];

	facts(&f);
	CHECK_INT(vz_image_seal(im, &f, true, &err), 0);
	CHECK_INT(vz_image_commit(&im, &err), 0);
	CHECK(!im);
	snprintf(left, sizeof(left), "%s.new", at(name));
	CHECK(!is_there(left));
}

/* What opening it says; "" for success. */
static const char *opened(const char *name)
{
	autoimage *im = NULL;

	memset(&err, 0, sizeof(err));
	if (vz_image_open(at(name), &im, &err) < 0) {
		CHECK_INT(err.exit, VZ_RESTORE);
		CHECK(err.msg[0]);
	}
	return err.msg;
}

static void there_and_back(void)
{
	autoimage *im = NULL, *gone = NULL;
	autoimagefacts want = { 0 };
	autofree char *text = NULL;
	const struct vz_image_facts *f;
	size_t n;

	make("Dump.1", "first");
	facts(&want);
	CHECK_INT(vz_image_open(at("Dump.1"), &im, &err), 0);
	f = vz_image_facts(im);
	CHECK_INT(f->format, 1); /* what is all summed is what it always was */
	CHECK_INT(f->ctid, 101);
	CHECK_INT(f->criu, 40201);
	CHECK_INT(f->when, 1234567890123);
	CHECK_STR(f->name, want.name);
	CHECK(!f->uuid && !f->tty);
	CHECK_STR(f->cpu, want.cpu);
	CHECK_STR(f->netdevs, "venet0 eth0");
	CHECK(!memcmp(&f->state, &want.state, sizeof(want.state)));
	CHECK_INT(vz_image_fits(f, &err), 0);
	CHECK_INT(vz_image_read(im, VZ_IMAGE_CONFIG, &text, &n, &err), 0);
	CHECK_STR(text, "first");
	CHECK(vz_image_read(im, "creds", &text, &n, &err) < 0);
	CHECK(faccessat(vz_image_criu_dir(im), "pstree.img", F_OK, 0) == 0);
	CHECK(f->state.caps == ~0ull);
	CHECK_INT(vz_image_remove(at("Dump.1"), &err), 0);
	CHECK(!is_there(at("Dump.1")));
	CHECK_INT(vz_image_remove(at("Dump.1"), &err), 0);
	CHECK_INT(vz_image_open(at("Dump.1"), &gone, &err), -ENOENT);
}

/* The older one is there and whole until the new one is; what a killed one left is no hindrance. */
static void replaced(void)
{
	autofree char *text = NULL;
	struct vz_image *im;
	struct stat st;
	size_t n;

	make("Dump.2", "old");
	im = begun("Dump.2", "new");
	CHECK_INT(stat(at("Dump.2.new"), &st), 0);
	CHECK_INT(st.st_mode & 07777, 0700);
	CHECK_STR(opened("Dump.2"), "");
	vz_image_abort(&im);
	CHECK_STR(opened("Dump.2"), "");
	im = begun("Dump.2", "killed");
	vz_image_close(im);
	CHECK(is_there(at("Dump.2.new")));
	CHECK_INT(vz_image_sweep(at("Dump.2"), &err), 0);
	CHECK(!is_there(at("Dump.2.new")));
	vz_image_close(begun("Dump.2", "killed"));
	make("Dump.2", "newer");
	CHECK_INT(vz_image_open(at("Dump.2"), &im, &err), 0);
	CHECK_INT(vz_image_read(im, VZ_IMAGE_CONFIG, &text, &n, &err), 0);
	CHECK_STR(text, "newer");
	vz_image_close(im);
	/* the directory of dumps is made */
	make("new/dump/Dump.3", "x");
	CHECK_STR(opened("new/dump/Dump.3/"), "");
}

/* What cannot be restored gets no name. */
static void incomplete(void)
{
	struct vz_image *im = begun("Dump.4", "x");
	autoimagefacts f = { 0 };

	facts(&f);
	CHECK_INT(unlinkat(vz_image_criu_dir(im), "pstree.img", 0), 0);
	CHECK(vz_image_seal(im, &f, false, &err) < 0);
	CHECK_STR(err.msg, "the dump has no criu/pstree.img: it could not be restored");
	CHECK_INT(err.exit, VZ_CHKPNT);
	CHECK(vz_image_commit(&im, &err) < 0);
	CHECK(!is_there(at("Dump.4")) && !is_there(at("Dump.4.new")));
	im = begun("Dump.4", "x");
	CHECK_INT(symlinkat("/etc/passwd", vz_image_criu_dir(im), "core-1.img"), 0);
	CHECK(vz_image_seal(im, &f, false, &err) < 0);
	vz_image_abort(&im);
	vz_image_abort(&im);
	CHECK(!is_there(at("Dump.4.new")));
}

static void in_the_way(void)
{
	struct vz_image *im = NULL;
	struct stat st;

	CHECK_INT(mkdir(at("home"), 0755), 0);
	put(at("home/precious"), "x");
	CHECK(vz_image_begin(at("home"), &im, &err) < 0);
	CHECK_INT(err.exit, VZ_CHKPNT);
	CHECK(vz_image_remove(at("home"), &err) < 0);
	CHECK(is_there(at("home/precious")));
	CHECK_INT(mkdir(at("Dump.5.new"), 0755), 0);
	put(at("Dump.5.new/precious"), "x");
	CHECK(vz_image_begin(at("Dump.5"), &im, &err) < 0);
	CHECK(is_there(at("Dump.5.new/precious")));
	CHECK(vz_image_begin("/", &im, &err) < 0);
	CHECK(vz_image_begin(at(".."), &im, &err) < 0);
	/* others could put one of their own there */
	CHECK_INT(mkdir(at("open"), 0755), 0);
	CHECK_INT(chmod(at("open"), 0777), 0);
	CHECK(vz_image_begin(at("open/Dump.1"), &im, &err) < 0);
	CHECK_INT(chmod(at("open"), 01777), 0);
	make("open/Dump.1", "x");
	CHECK_STR(opened("open/Dump.1"), "");
	CHECK_INT(stat(at("open/Dump.1"), &st), 0);
	CHECK_INT(chmod(at("open/Dump.1"), 0770), 0);
	CHECK(strstr(opened("open/Dump.1"), "can be written by others"));
}

/* ---- damage ---- */

static void flip(const char *path, off_t where)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char c;

	CHECK(fd >= 0 && pread(fd, &c, 1, where) == 1);
	c ^= 1;
	CHECK(pwrite(fd, &c, 1, where) == 1);
	close(fd);
}

static void hard_link(const char *name)
{
	CHECK_INT(link(at("Dump.6/dev"), at(name)), 0);
}

static void no_more(const char *path)
{
	CHECK_INT(unlink(path), 0);
}

static void damaged(void)
{
	char *pages = strdup(at("Dump.6/criu/pages-1.img")), *man = strdup(at("Dump.6/manifest"));

	make("Dump.6", "x");
	flip(pages, 3);
	CHECK(strstr(opened("Dump.6"), "criu/pages-1.img in it is damaged"));
	flip(pages, 3);
	CHECK_STR(opened("Dump.6"), "");
	CHECK_INT(truncate(pages, 2), 0);
	CHECK(strstr(opened("Dump.6"), "criu/pages-1.img in it is truncated"));
	put(pages, "pages-1.img and more");
	CHECK(strstr(opened("Dump.6"), "too long"));
	no_more(pages);
	CHECK(strstr(opened("Dump.6"), "criu/pages-1.img is missing in it"));
	put(pages, "pages-1.img");
	CHECK_STR(opened("Dump.6"), "");
	hard_link("Dump.6/more");
	CHECK(strstr(opened("Dump.6"), "more in it is not in its manifest"));
	no_more(at("Dump.6/more"));
	no_more(pages);
	CHECK_INT(symlink("/etc/passwd", pages), 0);
	CHECK(strstr(opened("Dump.6"), "is no file of a dump"));
	no_more(pages);
	CHECK_INT(mkfifo(pages, 0600), 0);
	CHECK(strstr(opened("Dump.6"), "is no file of a dump"));
	no_more(pages);
	put(pages, "pages-1.img");
	CHECK_INT(chmod(pages, 0666), 0);
	CHECK(strstr(opened("Dump.6"), "can be written by others"));
	CHECK_INT(chmod(pages, 0600), 0);
	put(at("Dump.6/criu/\033]0;x"), "");
	CHECK(strstr(opened("Dump.6"), "criu/?]0;x in it is no file of a dump"));
	no_more(at("Dump.6/criu/\033]0;x"));
	CHECK_STR(opened("Dump.6"), "");
	flip(man, 20);
	CHECK(strstr(opened("Dump.6"), "its manifest is damaged"));
	flip(man, 20);
	CHECK_INT(truncate(man, 100), 0);
	CHECK(strstr(opened("Dump.6"), "its manifest is cut short"));
	put(man, "root:x:0:0:root:/root:/bin/bash, and so on and so on");
	CHECK(strstr(opened("Dump.6"), "it is no dump"));
	no_more(man);
	CHECK(strstr(opened("Dump.6"), "it has no manifest"));
	put(at("file"), "x");
	CHECK(strstr(opened("file"), "is no dump: it is no directory"));
	CHECK_INT(symlink("Dump.2", at("link")), 0);
	CHECK(strstr(opened("link"), "is no dump: it is no directory"));
	free(pages);
	free(man);
}

/* Memory that was sent ahead: what lies in the place where the dump goes is known by its length. */
static void sent_ahead(void)
{
	struct vz_image *im = begun("Dump.8", "x");
	autoimagefacts f = { 0 };
	char *page = strdup(at("Dump.8/criu/pages-2.img")), *link = strdup(at("Dump.8/criu/parent"));

	facts(&f);
	CHECK(vz_image_put_away(im, "../x", 5, &err) < 0);
	CHECK_INT(vz_image_put_away(im, "criu/pages-2.img", 5, &err), 0);
	CHECK_INT(vz_image_put_away(im, "criu/p1/pages-1.img", 3, &err), 0);
	CHECK_INT(vz_image_seal(im, &f, false, &err), 0);
	CHECK_INT(vz_image_commit(&im, &err), 0);
	CHECK(strstr(opened("Dump.8"), " is missing in it"));
	put(page, "12345");
	CHECK_INT(mkdir(at("Dump.8/criu/p1"), 0711), 0);
	put(at("Dump.8/criu/p1/pages-1.img"), "123");
	CHECK_STR(opened("Dump.8"), "");
	put(page, "1234");
	CHECK(strstr(opened("Dump.8"), "criu/pages-2.img in it is truncated"));
	put(page, "123456");
	CHECK(strstr(opened("Dump.8"), "criu/pages-2.img in it is too long"));
	put(page, "abcde");
	CHECK_INT(symlink("p1", link), 0);
	CHECK_INT(symlink("../p0", at("Dump.8/criu/p1/parent")), 0);
	CHECK_STR(opened("Dump.8"), "");
	for (const char *const *to = (const char *const[]){ "/p1", "p", "p1/x", "../p1", "x1", "..", NULL };
	     *to; to++) {
		no_more(link);
		CHECK_INT(symlink(*to, link), 0);
		CHECK(strstr(opened("Dump.8"), "criu/parent in it is no file of a dump"));
	}
	no_more(link);
	CHECK_INT(symlink("p1", at("Dump.8/parent")), 0);
	CHECK(strstr(opened("Dump.8"), "parent in it is no file of a dump"));
	free(page);
	free(link);
}

/* What older programs must not resume says so. */
static void formats(void)
{
	static const struct {
		const char *file;
		unsigned format;
	} table[] = { { "sockopts", 1 }, { VZ_IMAGE_RULES, 3 } };

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct vz_image *im = begun("Dump.9", "x");
		autoimage *again = NULL;
		autoimagefacts f = { 0 };

		facts(&f);
		CHECK_INT(vz_image_put(im, table[i].file, "x", 1, &err), 0);
		CHECK_INT(vz_image_seal(im, &f, false, &err), 0);
		CHECK_INT(vz_image_commit(&im, &err), 0);
		CHECK_INT(vz_image_open(at("Dump.9"), &again, &err), 0);
		CHECK_INT(vz_image_facts(again)->format, table[i].format);
	}
}

/* ---- the text of a manifest ---- */

static const char *text_says(const char *lines)
{
	autostr s = { 0 };
	automanifest m = { 0 };

	memset(&err, 0, sizeof(err));
	vz_str_addf(&s, "%send %016llx\n", lines, (unsigned long long)vz_checksum(lines, strlen(lines)));
	return vz_manifest_read(s.s, s.len, &m, &err) < 0 ? err.msg : "";
}

#define FACTS "ctid=1\nlayout=overlay\ncriu=40201\nkernel=6\narch=x86_64\ncpu=fpu\nwhen=5\nstate.init=1\n"        \
	      "state.start_time=1\nstate.boot_id=x\nstate.started_at=1\nstate.uid=1\nstate.gid=1\n"          \
	      "state.features=1\nstate.caps=1\nstate.dev=1\n"
#define SUM " 0123456789abcdef "

static void texts(void)
{
	static const char *const bad[] = {
		"vz-dump 1\n",                                  /* nothing in it */
		"vz-dump 1\n" FACTS "ctid=2\n",                 /* twice */
		"vz-dump 1\n" FACTS "shoe=44\n",
		"vz-dump 1\n" FACTS "\nname=x\n",
		"vz-dump 1\n" FACTS "name=a\\nb\n",
		"vz-dump 1\n" FACTS "name=a\\x41b\n",           /* one text, one way to write it */
		"vz-dump 1\n" FACTS "name=a\\x00b\n",
		"vz-dump 1\n" FACTS "name=a\tb\n",
		"vz-dump 1\n" FACTS "name\n",
		"vz-dump 1\n" FACTS "file 1" SUM "../etc/passwd\n",
		"vz-dump 1\n" FACTS "file 1" SUM "/etc/passwd\n",
		"vz-dump 1\n" FACTS "file 1" SUM "a//b\n",
		"vz-dump 1\n" FACTS "file 1" SUM "a/\n",
		"vz-dump 1\n" FACTS "file 1" SUM "\n",
		"vz-dump 1\n" FACTS "file 1" SUM "a b\n",
		"vz-dump 1\n" FACTS "file 1" SUM "b\nfile 1" SUM "a\n",
		"vz-dump 1\n" FACTS "file 1" SUM "a\nfile 1" SUM "a\n",
		"vz-dump 1\n" FACTS "file 1 123 a\n",
		"vz-dump 1\n" FACTS "file 1 0123456789abcdeg a\n",
		"vz-dump 1\n" FACTS "file -1" SUM "a\n",
		"vz-dump 1\n" FACTS "file 9223372036854775808" SUM "a\n",
		"vz-dump 1\n" FACTS "file 1\n",
		"vz-dump 1\n" FACTS "file 1" SUM "a\nname=x\n",
		"vz-dump 1\nctid=4294967296\n",
	};

	CHECK_STR(text_says("vz-dump 1\n" FACTS), "");
	CHECK_STR(text_says("vz-dump 1\n" FACTS "file 1" SUM "a-b/c_d.img\nfile 0" SUM "b\n"), "");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_STR(text_says(bad[i]), "its manifest was not written by vzctl");
	CHECK_STR(text_says("vz-dump 1\n" FACTS "file 1 - a\n"), "its manifest was not written by vzctl");
	CHECK_STR(text_says("vz-dump 2\n" FACTS "file 1 - a\nfile 1" SUM "b\n"), "");
	CHECK_STR(text_says("vz-dump 3\n" FACTS "file 1" SUM "nftables\n"), "");
	CHECK_STR(text_says("vz-dump 4\nfrom=the future\n"),
		  "its format is 4, made by a newer vzctl; this one reads up to 3");
	CHECK_STR(text_says("vz-dump 0\n"), "it is no dump of a container");
	CHECK_STR(text_says("vz-dump x\n"), "it is no dump of a container");
	CHECK_STR(text_says("vz-dump 1"), "it is no dump of a container");
}

/* ---- what it is made of ---- */

static void cpus(void)
{
	struct vz_image_facts f = { .arch = (char *)"pdp11", .cpu = (char *)"fpu" };
	struct utsname u;

	CHECK_TEXT(vz_cpu_missing("fpu avx avx512f vmx arat", "fpu avx"), "avx512f");
	CHECK_TEXT(vz_cpu_missing("avx512f amx_tile rdpid", "avx512fx"), "avx512f amx_tile rdpid");
	CHECK_TEXT(vz_cpu_missing("fpu", "fpu avx"), "");
	CHECK_TEXT(vz_cpu_missing("", ""), "");
	CHECK(vz_image_fits(&f, &err) < 0 && strstr(err.msg, "pdp11"));
	uname(&u);
	f.arch = u.machine;
	f.cpu = (char *)"fpu avx9000";
	CHECK(vz_image_fits(&f, &err) < 0);
	CHECK_STR(err.msg, "this CPU has not what programs of the dump may use: avx9000");
}

static void packs(void)
{
	autopack p = { .max = 64 };
	struct vz_packed in;
	char text[8];
	size_t n;

	vz_pack_num(&p, UINT64_MAX);
	vz_pack_text(&p, "seven77");
	vz_pack_bytes(&p, "a\0b", 3);
	CHECK_INT(p.err, 0);
	in = (struct vz_packed){ p.buf.s, p.buf.len, false };
	CHECK(vz_packed_num(&in, UINT64_MAX) == UINT64_MAX);
	vz_packed_text(&in, text, sizeof(text));
	CHECK_STR(text, "seven77");
	CHECK(!memcmp(vz_packed_bytes(&in, 3, &n), "a\0b", 3) && n == 3);
	CHECK(!in.left && !in.bad);
	CHECK_INT(vz_packed_num(&in, UINT64_MAX), 0);
	CHECK(in.bad);
	/* every prefix of it is bad somewhere */
	for (size_t cut = 0; cut < p.buf.len; cut++) {
		in = (struct vz_packed){ p.buf.s, cut, false };
		(void)vz_packed_num(&in, UINT64_MAX);
		vz_packed_text(&in, text, sizeof(text));
		(void)vz_packed_bytes(&in, 3, &n);
		CHECK(in.bad);
	}
	in = (struct vz_packed){ p.buf.s + 8, p.buf.len - 8, false };
	vz_packed_text(&in, text, 7);
	CHECK(in.bad && !*text);
	in = (struct vz_packed){ p.buf.s, 8, false };
	CHECK(!vz_packed_num(&in, 7) && in.bad);
	vz_pack_bytes(&p, base, 40);
	CHECK_INT(p.err, -E2BIG);
	CHECK(vz_image_put_packed(NULL, "x", &p, "the routes of it", &err) < 0);
	CHECK_STR(err.msg, "cannot save the routes of it: they are more than a dump can hold; remove some");
	CHECK_INT(err.exit, VZ_CHKPNT);
}

static void sums(void)
{
	static char big[700001];
	uint64_t sum, n;
	int fd = open(at("sum"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 7 + i / 251);
	CHECK_INT(vz_write_all(fd, big, sizeof(big)), 0);
	CHECK_INT(vz_checksum_file(fd, &sum, &n), 0);
	CHECK_INT(n, sizeof(big));
	CHECK(sum == vz_checksum(big, sizeof(big)));
	/* XXH3 of nothing, by its specification: the format of dumps stays what it is */
	CHECK(vz_checksum("", 0) == 0x2d06800538d394c2ull);
	close(fd);
}

int main(void)
{
	CHECK(mkdtemp(base));
	there_and_back();
	replaced();
	incomplete();
	in_the_way();
	damaged();
	sent_ahead();
	formats();
	texts();
	cpus();
	packs();
	sums();
	CHECK_INT(vz_remove_tree(AT_FDCWD, base), 0);
	return done();
}
