// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of the verdict: its words, and that docs/MIGRATION.md has the same rows. */
#include "base/own.h"
#include "base/str.h"
#include "cpt/disk.h"
#include "cpt/facts.h"
#include "cpt/seen.h"
#include "cpt/verdict-internal.h"
#include "cpt/verdict.h"
#include "sys/file.h"
#include "tests/unit/unit.h"

#include <fcntl.h>

static void test_words(void)
{
	const struct vz_cpt_kind *k, *o;

	for (size_t i = 0; (k = vz_cpt_kind(i)); i++) {
		CHECK(*k->name && *k->what && *k->remedy);
		CHECK(strspn(k->name, "abcdefghijklmnopqrstuvwxyz_-") == strlen(k->name));
		CHECK(!vz_str_suffix(k->what, ".") && !vz_str_suffix(k->remedy, "."));
		for (size_t j = 0; j < i && (o = vz_cpt_kind(j)); j++)
			CHECK(strcmp(o->name, k->name));
	}
}

static void test_document(void)
{
	const char *dir = getenv("srcdir");
	autofree char *path = vz_fmt("%s/docs/MIGRATION.md", dir ? dir : ".");
	autofree char *text = NULL;
	const struct vz_cpt_kind *k;

	CHECK(vz_file_read(AT_FDCWD, path, 1 << 20, &text) > 0);
	for (size_t i = 0; text && (k = vz_cpt_kind(i)); i++) {
		autofree char *row = vz_fmt("| `%s`%s | %s | %s |\n", k->name,
					    k->weight == VZ_CPT_WARNS ? " (a warning)" : "", k->what, k->remedy);

		if (!strstr(text, row))
			printf("docs/MIGRATION.md lacks: %s", row);
		CHECK(strstr(text, row));
	}
}

static void test_seen(void)
{
	struct cpt_seen s = { 0 };

	CHECK(!cpt_seen_new(&s, 0));
	for (uint64_t i = 1; i <= 100000; i++)
		CHECK(cpt_seen_new(&s, i * 4096));
	CHECK_INT(s.n, 100000);
	CHECK(!cpt_seen_new(&s, 4096) && cpt_seen_has(&s, 8192) && !cpt_seen_has(&s, 4097));
	free(s.slot);
}

/* No time at all, or no such VPS: nobody can tell, and that refuses. */
static void test_unknown(void)
{
	struct vz_ct ct = { .id = VZ_CTID_MAX };
	struct vz_state st = { .init = getpid() };
	struct vz_cpt_verdict v;
	struct vz_err e = { 0 };

	for (int ms = 0; ms <= 5000; ms += 5000) {
		CHECK_INT(vz_cpt_verdict(&ct, &st, ms, &v, &e), 0);
		CHECK(v.n >= 1 && v.refusing == v.n); /* and perhaps no CRIU */
		CHECK_STR(v.n ? v.all[0].kind->name : "", "unknown");
		CHECK(vz_cpt_verdict_refuse(&ct, &v, &e) < 0 && e.exit == VZ_CHKPNT);
		vz_cpt_verdict_free(&v);
	}
}

static int cannot_look(struct cpt_look *l)
{
	(void)l;
	return -EMFILE;
}

/* What may be a moment's is looked at twice; who cannot look again does not know. */
static void test_second_look(void)
{
	struct cpt_told t = { 0 };
	struct cpt_look l = { 0 };
	int p[2];

	CHECK(!pipe(p));
	l.to = p[1];
	(void)cpt_seen_new(&l.unread, 1);
	cpt_net_judge(&l, cannot_look);
	close(p[1]);
	CHECK_INT(read(p[0], &t, sizeof(t)), sizeof(t));
	CHECK_INT(t.kind, CPT_UNKNOWN);
	CHECK(strstr(t.object, "Too many open files"));
	close(p[0]);
	free(l.unread.slot);
}

/* Names of one file are counted once, a link and what is beyond it not at all. */
static void test_disk(void)
{
	char dir[] = "/tmp/vz-disk.XXXXXX", cmd[400];
	uint64_t one, two;

	CHECK(mkdtemp(dir));
	snprintf(cmd, sizeof(cmd), "cd %s && head -c 1000000 /dev/zero >a && mkdir -p d/e && ln -s / l", dir);
	CHECK_INT(system(cmd), 0);
	one = vz_disk_used(dir, 10000);
	CHECK(one >= 1000000 && one < 1200000);
	snprintf(cmd, sizeof(cmd), "cd %s && ln a d/e/again", dir);
	CHECK_INT(system(cmd), 0);
	CHECK_INT(vz_disk_used(dir, 10000), one);
	snprintf(cmd, sizeof(cmd), "cd %s && cp a d/e/b", dir);
	CHECK_INT(system(cmd), 0);
	two = vz_disk_used(dir, 10000);
	CHECK(two >= one + 1000000);
	CHECK_INT(vz_disk_used(dir, 0), 0);
	CHECK_INT(vz_disk_used("/nowhere", 10000), 0);
	snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	CHECK_INT(system(cmd), 0);
}

/* ---- facts ---- */

static char gaps[400];

static void note_gap(const struct vz_cpt_gap *g, void *arg)
{
	(void)arg;
	CHECK(*g->object && *g->remedy);
	strcat(gaps, g->key);
	strcat(gaps, g->weight == VZ_CPT_REFUSES ? "! " : " ");
}

#define HERE "facts=1\nkernel=6.12.1\nmachine=x86_64\ncpu=sse avx avx2 hypervisor\ncriu=40201\nlayouts=overlay simfs\n" \
	"ram.free=1000000000\ndisk.free=5000000000\ninotify=yes\nsysctl.fs.pipe-max-size=1048576\nctids=7 101\n" \
	"ids=100000\nips=192.0.2.1\n"

/* The keys of what stands between HERE and a host with these lines before those of HERE. */
static const char *between(struct vz_cpt_need *need, const char *lines)
{
	autofree char *there = vz_fmt("facts=1\n%s%s", lines, HERE);

	*gaps = 0;
	CHECK(vz_cpt_facts_compare(need, HERE, there, note_gap, NULL) >= 0);
	return gaps;
}

static void test_facts(void)
{
	struct vz_cpt_need need = { .ctid = 5, .layout = "overlay", .ram = 500000000, .disk = 100 };
	struct vz_ip ip;

	CHECK_STR(between(&need, ""), "");
	CHECK_STR(between(&need, "cpu=sse avx hypervisor\n"), "cpu! ");
	CHECK_STR(between(&need, "cpu=sse avx avx2\n"), "");
	CHECK_STR(between(&need, "machine=aarch64\n"), "machine! ");
	CHECK_STR(between(&need, "kernel=6.1.0-13\n"), "kernel ");
	CHECK_STR(between(&need, "kernel=7.0\n"), "");
	CHECK_STR(between(&need, "criu=40101\n"), "criu! ");
	CHECK_STR(between(&need, "criu=0\ncriu.why=none\n"), "criu! ");
	CHECK_STR(between(&need, "layouts=simfs\n"), "layouts! ");
	CHECK_STR(between(&need, "ram.free=1000\n"), "ram.free! ");
	CHECK_STR(between(&need, "disk.free=99\n"), "disk.free! ");
	CHECK_STR(between(&need, "dump.free=99\n"), "dump.free! ");
	CHECK_STR(between(&need, "inotify=no\n"), "inotify! ");
	CHECK_STR(between(&need, "sysctl.fs.pipe-max-size=4096\n"), "sysctl.fs.pipe-max-size ");
	need.ctid = 101;
	CHECK(vz_ip_parse("192.0.2.1", &ip) >= 0 && vz_ips_add(&need.ips, &ip) >= 0);
	CHECK_STR(between(&need, ""), "ctids! ips! ");
	need.ctid = 10;
	need.stopped = true;
	CHECK_STR(between(&need, "cpu=none\ncriu=0\nids=\nips=192.0.2.11\n"), "");
	vz_cpt_need_free(&need);
	CHECK_INT(vz_cpt_facts_compare(&need, HERE, "facts=2\n", note_gap, NULL), -EBADMSG);
	CHECK_INT(vz_cpt_facts_compare(&need, HERE, "", note_gap, NULL), -EBADMSG);
	CHECK(!vz_cpt_fact(HERE, "c"));
}

int main(void)
{
	test_words();
	test_document();
	test_seen();
	test_unknown();
	test_second_look();
	test_disk();
	test_facts();
	return done();
}
