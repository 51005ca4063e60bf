/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Beancounters as the legacy kernel's text, written and read, and the tables of vzubc: on made-up items, without root. */
#include "unit.h"
#include "base/num.h"
#include "base/own.h"
#include "vzubc/ubctable.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test-vzubc.XXXXXX";

static const char *number(const char *counter, uint64_t n)
{
	static char buf[VU_TEXT];

	return vu_number(counter, n, buf);
}

static const char *percent(uint64_t n, uint64_t of)
{
	static char buf[VU_TEXT];

	return vu_percent(n, of, buf);
}

static void test_numbers(void)
{
	CHECK_STR(number("numproc", 0), "- ");
	CHECK_STR(number("numproc", VZ_UNCOUNTED), "- ");
	CHECK_STR(number("numproc", VZ_UNLIMITED), "- ");
	CHECK_STR(number("numproc", 7), "7 ");
	CHECK_STR(number("numproc", 240), "240 ");
	CHECK_STR(number("numproc", 1023), "1023 ");
	CHECK_STR(number("kmemsize", 1024), "1K");
	CHECK_STR(number("kmemsize", 1536), "1.5K");
	CHECK_STR(number("kmemsize", 14372700), "13.7M");
	CHECK_STR(number("kmemsize", 104857600), "100M");
	CHECK_STR(number("kmemsize", 104857599), "100M"); /* 99.99 */
	CHECK_STR(number("kmemsize", 10485759), "10M");   /* 9.999 */
	CHECK_STR(number("kmemsize", 10433331), "9.95M");
	CHECK_STR(number("kmemsize", UINT64_MAX - 1), "16E");
	if (vz_page_size() == 4096)
		CHECK_STR(number("physpages", 65536), "256M");
	CHECK_STR(percent(1, 0), "- ");
	CHECK_STR(percent(1, VZ_UNLIMITED), "- ");
	CHECK_STR(percent(0, 10), "- ");
	CHECK_STR(percent(1, 10000), "- ");
	CHECK_STR(percent(1, 1000), "0.1%");
	CHECK_STR(percent(52, 1000), "5%");
	CHECK_STR(percent(97, 1000), "10%");
	CHECK_STR(percent(537, 1000), "53%");
	CHECK_STR(percent(1000, 1000), "100%");
	CHECK_STR(percent(3000000000000000000, 6000000000000000000), "50%");
	CHECK_STR(percent(UINT64_MAX - 1, 1), "99999%");
}

static void test_shares(void)
{
	static const char *const bad[] = { "", ".", "1.", "x", "0.5x", "-1", "101", "100.5", "0.1234567", "1e3", " 1" };
	uint32_t n;

	CHECK_INT(vu_share("0.5", &n), 0);
	CHECK_INT(n, 500000);
	CHECK_INT(vu_share(".25", &n), 0);
	CHECK_INT(n, 250000);
	CHECK_INT(vu_share("1", &n), 0);
	CHECK_INT(n, VU_WHOLE);
	CHECK_INT(vu_share("80", &n), 0);
	CHECK_INT(n, 800000);
	CHECK_INT(vu_share("12.5", &n), 0);
	CHECK_INT(n, 125000);
	CHECK_INT(vu_share("0", &n), 0);
	CHECK_INT(n, 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(vu_share(bad[i], &n), -EINVAL);
}

static void made_up(struct vz_bcs *b)
{
	static struct vz_conf conf, nothing;
	struct vz_list_item it = { .id = 101, .conf = &conf };

	vz_counts_none(&it.counts);
	conf.numproc = (struct vz_ppair){ true, 50, 60 };
	conf.numtcpsock = (struct vz_ppair){ true, 7, 7 };
	conf.swappages = (struct vz_ppair){ true, 0, 512 };
	it.counts.numproc = (struct vz_counted){ 12, 30, 3 };
	it.counts.swappages = (struct vz_counted){ 0, 0, 0 };
	it.counts.numsiginfo = (struct vz_counted){ 4, 4, VZ_UNCOUNTED };
	b->v = calloc(2, sizeof(*b->v));
	vz_bc_of(&it, &b->v[b->n++]);
	it = (struct vz_list_item){ .conf = &nothing };
	vz_counts_none(&it.counts);
	vz_bc_of(&it, &b->v[b->n++]);
}

static size_t lines_like(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
		n++;
	return n;
}

static void test_printed(void)
{
	autobcs b = { 0 };
	autostr all = { 0 }, resources = { 0 }, rows = { 0 };

	made_up(&b);
	CHECK_INT(b.v[0].n, VZ_BC_ROWS);
	vz_bc_print(&b, VZ_BC_BEANCOUNTERS, &all);
	CHECK_INT(lines_like(all.s, "\n"), 2 + 24 + 24);
	CHECK_INT(lines_like(all.s, "dummy"), 8);
	CHECK_INT(lines_like(all.s, "swappages"), 0);
	CHECK(vz_str_prefix(all.s, "Version: 2.5\n"
			    "       uid  resource                     held              maxheld              barrier"
			    "                limit              failcnt\n"
			    "       101: kmemsize                        0                    0  9223372036854775807"
			    "  9223372036854775807                    0\n"
			    "            lockedpages                     0                    0  9223372036854775807"
			    "  9223372036854775807                    0\n", NULL));
	CHECK(strstr(all.s, "\n            numproc                        12                   30                   50"
			    "                   60                    3\n"));
	CHECK(strstr(all.s, "\n         0: kmemsize "));
	/* not counted here: the limit is not shown either, lest 0 of 7 be believed */
	CHECK(strstr(all.s, "\n            numtcpsock                      0                    0  9223372036854775807"
			    "  9223372036854775807                    0\n"));
	CHECK(strstr(all.s, "\n            numsiginfo                      4                    4  9223372036854775807"
			    "  9223372036854775807                    0\n"));
	vz_bc_print(&b, VZ_BC_RESOURCES, &resources);
	CHECK_INT(lines_like(resources.s, "dummy"), 0);
	CHECK_INT(lines_like(resources.s, "\n            swappages "), 2);
	b.n = 1;
	vz_bc_print(&b, VZ_BC_ROWS_ONLY, &rows);
	CHECK_INT(lines_like(rows.s, "\n"), 21);
	CHECK(vz_str_prefix(rows.s, "            kmemsize     ", NULL));
}

static int load(const char *text, struct vz_bcs *b, struct vz_err *e)
{
	autofree char *path = vz_fmt("%s/file", dir);
	FILE *f = fopen(path, "w");

	CHECK(f && fputs(text, f) >= 0 && !fclose(f));
	*e = (struct vz_err){ 0 };
	return vz_bc_load(path, b, e);
}

static void test_loaded(void)
{
	autobcs made = { 0 }, b = { 0 }, rows = { 0 }, strange = { 0 }, none = { 0 };
	autostr text = { 0 };
	struct vz_err e;

	made_up(&made);
	vz_bc_print(&made, VZ_BC_RESOURCES, &text);
	CHECK_INT(load(text.s, &b, &e), 0);
	CHECK_INT(b.n, 2);
	CHECK_INT(b.v[0].id, 101);
	CHECK_INT(b.v[0].n, VZ_BC_ROWS);
	CHECK_STR(b.v[0].rows[4].name, "numproc");
	CHECK_INT(b.v[0].rows[4].use.maxheld, 30);
	CHECK_INT(b.v[0].rows[4].use.failcnt, 3);
	CHECK_INT(b.v[0].rows[4].limit, 60);
	/* bc/ID/resources */
	CHECK_INT(load("            numproc  1 2 2147483647 2147483647 0\n", &rows, &e), 0);
	CHECK_INT(rows.n, 1);
	CHECK(rows.v[0].unnamed && rows.v[0].rows[0].limit == VZ_UNLIMITED);
	/* what is no row is left out, and a name is letters */
	CHECK_INT(load("x: numproc 1 2 3 4 5\n9: ../../etc 1 2 3 4 5\n7: numproc 1 2 3 4\n8: \033[1m 1 2 3 4 5\n"
		       "6: aaaaaaaaaaaaaaaaaaaaaaaaaaa 1 2 3 4 5\n: : : : : : : : : : :\n", &strange, &e), 0);
	for (size_t i = 0; i < strange.n; i++)
		CHECK_INT(strange.v[i].n, 0);
	CHECK_INT(load("Version: 3.0\n", &none, &e) < 0, 1);
	CHECK_STR(e.msg, "unknown version: 3.0");
	CHECK_INT(vz_bc_load("/nowhere/at/all", &none, &e) < 0, 1);
	CHECK_INT(load("root:x:0:0:root:/root:/bin/bash\n", &none, &e) < 0, 1);
	CHECK(strstr(e.msg, "no beancounters in "));
	CHECK_INT(load("", &none, &e) < 0, 1);
	CHECK_INT(load("Version: 2.5\n", &none, &e), 0);
	CHECK_INT(none.n, 0);
}

static char *report(struct vu_report *r, const char *text)
{
	autobcs b = { 0 };
	autostr out = { 0 };
	struct vz_err e;

	CHECK_INT(load(text, &b, &e), 0);
	for (size_t i = 0; i < b.n; i++)
		if (vu_add(r, &b.v[i], &out, &e) < 0)
			return strdup(e.msg);
	vu_end(r, &out);
	r->any = false;
	return vz_str_take(&out);
}

#define LINE "-------------------------------------------------------------------"
#define HEAD                                                                                    \
	LINE "\nCT 101       | HELD  Bar%  Lim%| MAXH  Bar%  Lim%| BAR | LIM | FAIL\n"          \
	"-------------+-----------------+-----------------+-----+-----+-----\n"
#define NPROC                                                                                   \
	"      numproc|  12    24%   20%|  30    60%   50%|  50 |  60 |    3 \n"

static void check_report(struct vu_report r, const char *text, const char *expected)
{
	autofree char *got = report(&r, text);

	CHECK_STR(got, expected);
}

static void test_tables(void)
{
	static const char text[] = "101: numproc 12 30 50 60 3\nnumfile 1 1 100 100 0\n"
				   "numpty 0 0 9223372036854775807 9223372036854775807 0\n"
				   "physpages 0 0 0 9223372036854775807 0\n";
	struct vu_report plain = { .held_share = 500000, .maxheld_share = 800000 }, quiet = plain, color = plain;

	check_report(plain, text, HEAD NPROC "      numfile|   1     1%    1%|   1     1%    1%| 100 | 100 |    - \n"
		     LINE "\n");
	quiet.quiet = true;
	check_report(quiet, text, HEAD NPROC LINE "\n");
	check_report(quiet, "101: numproc 5 5 50 60 0\n", "");
	check_report(quiet, "101: numproc 26 26 50 60 0\n",
		     HEAD "      numproc|  26    52%   43%|  26    52%   43%|  50 |  60 |    - \n" LINE "\n");
	check_report(quiet, "101: numproc 1 41 50 60 0\n",
		     HEAD "      numproc|   1     2%    2%|  41    82%   68%|  50 |  60 |    - \n" LINE "\n");
	/* VSwap has a limit alone */
	check_report(quiet, "101: numproc 50 50 0 60 0\n",
		     HEAD "      numproc|  50     -    83%|  50     -    83%|   - |  60 |    - \n" LINE "\n");
	color.color = true;
	check_report(color, "101: numproc 12 30 50 60 3\n",
		     "\033[1;32m" LINE "\nCT 101       | HELD  Bar%  Lim%| MAXH  Bar%  Lim%| BAR | LIM | FAIL\n"
		     "-------------+-----------------+-----------------+-----+-----+-----\033[0;39m\n"
		     "\033[1;31m      numproc|  12    24%   20%|  30    60%   50%|  50 |  60 |    3 \033[0;39m\n"
		     LINE "\n");
}

static void test_since(void)
{
	autofree char *store = vz_fmt("%s/store", dir), *link = vz_fmt("%s/link", dir);
	struct vu_report r = { .held_share = 500000, .maxheld_share = 800000, .relative = true };
	struct vz_err e = { 0 };

	r.store = vz_bc_store_open(store, &e);
	CHECK(r.store >= 0);
#define RELATIVE(fail) \
	LINE "\nCT 101       | HELD  Bar%  Lim%| MAXH  Bar%  Lim%| BAR | LIM |+FAIL\n" \
	"-------------+-----------------+-----------------+-----+-----+-----\n" \
	"      numproc|  12    24%   20%|  30    60%   50%|  50 |  60 |" fail "\n" LINE "\n"
	check_report(r, "101: numproc 12 30 50 60 3\n", RELATIVE("    3 "));
	check_report(r, "101: numproc 12 30 50 60 3\n", RELATIVE("    - "));
	check_report(r, "101: numproc 12 30 50 60 8\n", RELATIVE("    5 "));
	check_report(r, "101: numproc 12 30 50 60 2\n", RELATIVE("    2 ")); /* another life */
	CHECK_INT(vz_bc_store_clear(r.store, VZ_BC_FAILCNT, &e), 0);
	check_report(r, "101: numproc 12 30 50 60 2\n", RELATIVE("    2 "));
	check_report(r, "numproc 12 30 50 60 3\n", "can not use relative/incremental modes: BCID is unknown");
	r.relative = false;
	r.incremental = r.quiet = true;
#define INCREMENTAL(row) \
	LINE "-------\nCT 101       | HELD  +/-    Bar%  Lim%| MAXH  Bar%  Lim%| BAR | LIM | FAIL\n" \
	"-------------+------------------------+-----------------+-----+-----+-----\n" row LINE "-------\n"
	check_report(r, "101: numproc 12 12 50 60 0\n", "");
	check_report(r, "101: numproc 15 15 50 60 0\n",
		     INCREMENTAL("      numproc|  15     +3    30%   25%|  15    30%   25%|  50 |  60 |    - \n"));
	check_report(r, "101: numproc 9 15 50 60 0\n",
		     INCREMENTAL("      numproc|   9     -6    18%   15%|  15    30%   25%|  50 |  60 |    - \n"));
	check_report(r, "101: numproc 9 15 50 60 0\n", "");
	close(r.store);
	/* in a directory where all may write, somebody else may have been first */
	CHECK_INT(symlink(store, link), 0);
	CHECK(vz_bc_store_open(link, &e) < 0);
	CHECK_INT(chmod(store, 0777), 0);
	CHECK(vz_bc_store_open(store, &e) < 0);
	CHECK(strstr(e.msg, "is not yours alone"));
}

int main(void)
{
	CHECK(mkdtemp(dir));
	test_numbers();
	test_shares();
	test_printed();
	test_loaded();
	test_tables();
	test_since();
	{
		autofree char *rm = vz_fmt("rm -rf %s", dir);

		CHECK_INT(system(rm), 0);
	}
	return done();
}
