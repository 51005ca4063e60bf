// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of the verdict: its words, and that docs/MIGRATION.md has the same rows. */
#include "base/own.h"
#include "base/str.h"
#include "cpt/seen.h"
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

int main(void)
{
	test_words();
	test_document();
	test_seen();
	return done();
}
