// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of layouts: each row has what its users ask for, and the tables of other rooms know it. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "base/str.h"
#include "fs/layout.h"
#include "ops/check.h"
#include "param/param.h"
#include "sys/file.h"
#include "unit.h"

static void test_rows(void)
{
	for (size_t i = 0; i < VZ_LAYOUT_COUNT; i++) {
		const struct vz_layout *l = vz_layouts[i], *found = NULL;

		printf("%s\n", l->name);
		CHECK(vz_str_is_component(l->name));
		CHECK_INT(vz_layout_find(l->name, &found, NULL), 0);
		CHECK(found == l); /* and so no two have one name */
		if (l->refusal) {
			CHECK(!l->need.name && !l->probe && !l->create && !l->commit && !l->has_init);
			CHECK(!l->base && !l->is_marked && !l->check && !l->mount);
			CHECK(!l->hold && !l->let_go && !l->forget);
			continue;
		}
		CHECK(l->need.name && l->need.use && l->need.remedy && l->probe);
		CHECK(l->create && l->has_init && l->is_marked && l->mount);
		CHECK(!l->hold == !l->let_go && !l->hold == !l->forget);
		CHECK_INT(vz_layout_usable(l, NULL), 0);
	}
	CHECK(!vz_layout_default->refusal && !vz_layout_plain->refusal);
	/* what is fallen back to must be possible where a shared base is not */
	CHECK(!vz_layout_plain->base);
}

static void test_refusals(void)
{
	const struct vz_layout *l = NULL;
	struct vz_err e = { 0 };

	CHECK(vz_layout_find("ext2", &l, &e) < 0);
	CHECK_INT(e.exit, 53);
	CHECK_STR(e.msg, "Unknown layout ext2");
	CHECK(!l);
	CHECK_INT(vz_layout_find("ploop", &l, &e), 0);
	CHECK(l && vz_layout_usable(l, &e) < 0);
	CHECK_INT(e.exit, 99);
	CHECK_STR(e.msg, "The ploop layout is not supported, only overlay and simfs are");
}

/* Rank 2 does not see the table: its words and its sentence for the manual are its own. */
static void test_parameter(void)
{
	const struct vz_param *p = vz_param_by_key("VE_LAYOUT");
	const char *rest = p->words;
	char *word;
	size_t n = 0;

	for (; (word = vz_str_word(&rest, "|")); n++) {
		const struct vz_layout *l = NULL;
		autofree char *in_text = vz_fmt(" %s, ", word);

		CHECK_INT(vz_layout_find(word, &l, NULL), 0);
		CHECK(in_text && strstr(p->text, in_text));
		free(word);
	}
	CHECK_INT(n, VZ_LAYOUT_COUNT);
}

static void count_row(const struct vz_check *row, void *arg)
{
	size_t *n = arg;

	for (size_t i = 0; i < VZ_LAYOUT_COUNT; i++)
		*n += vz_str_eq(row->name, vz_layouts[i]->need.name);
}

/* What a supported layout needs is a row of vzctl check, once. */
static void test_check_knows_them(void)
{
	size_t rows = 0, supported = 0;

	for (size_t i = 0; i < VZ_LAYOUT_COUNT; i++)
		supported += !vz_layouts[i]->refusal;
	vz_check_rows(count_row, &rows);
	CHECK_INT(rows, supported);
}

static void test_guess(void)
{
	char dir[] = "/tmp/test-layout.XXXXXX";
	autofree char *hdd = NULL, *image = NULL, *other = NULL;

	CHECK(mkdtemp(dir));
	hdd = vz_fmt("%s/root.hdd", dir);
	other = vz_fmt("%s/other", dir);
	image = vz_fmt("%s/DiskDescriptor.xml", hdd);
	CHECK_STR(vz_layout_guess(dir)->name, "simfs");
	CHECK_INT(mkdir(hdd, 0700), 0);
	CHECK_STR(vz_layout_guess(dir)->name, "simfs");
	CHECK_INT(vz_file_replace(image, "x", 1, 0600, false), 0);
	CHECK_STR(vz_layout_guess(dir)->name, "ploop");
	/* a guest's link proves nothing */
	CHECK_INT(rename(hdd, other), 0);
	CHECK_INT(symlink("other", hdd), 0);
	CHECK_STR(vz_layout_guess(dir)->name, "simfs");
	CHECK_INT(vz_remove_tree(AT_FDCWD, dir), 0);
	CHECK(!vz_layout_guess(dir));
}

int main(void)
{
	test_rows();
	test_refusals();
	test_parameter();
	test_check_knows_them();
	test_guess();
	return done();
}
