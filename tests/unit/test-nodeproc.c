/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms of the legacy kernel's files in /proc/vz: on made-up VPSes, without root. */
#include "unit.h"
#include "base/num.h"
#include "base/own.h"
#include "ops/nodeproc.h"

static char first[] = "10.0.0.1", second[] = "2001:db8::2", *ips[] = { first, second };

static void made_up(struct vz_list_item *it)
{
	*it = (struct vz_list_item){ .id = 101, .ip = { true, ips, 2 } };
	vz_counts_none(&it->counts);
	it->counts.numproc.held = 17;
}

static void test_addresses(void)
{
	struct vz_list_item it;
	struct vz_list l = { .items = &it, .n = 1 };
	autostr info = { 0 }, ip = { 0 }, none = { 0 };

	made_up(&it);
	vz_nodeproc_veinfo(&l, 93, &info);
	CHECK_STR(info.s, "       101     2    17                             2001:db8::2        10.0.0.1\n"
			  "         0     0    93\n");
	vz_nodeproc_veip(&l, &ip);
	CHECK_STR(ip.s, "Version: 2.5\n"
			"                               10.0.0.1        101\n"
			"                            2001:db8::2        101\n");
	it.ip.n = 0;
	it.counts.numproc.held = VZ_UNCOUNTED;
	vz_nodeproc_veinfo(&l, 0, &none);
	CHECK_STR(none.s, "       101     2     0\n         0     0     0\n");
}

/* The n-th of the words in a line. */
static char *word_of(const char *line, int n)
{
	char *word = NULL;

	for (int i = 0; i <= n; i++) {
		free(word);
		word = vz_str_word(&line, " \t\n");
	}
	return word;
}

static void test_vestat(void)
{
	const struct vz_cg_usage u = { .cpu_usec = 5000000, .cpu_user_usec = 3000000, .cpu_system_usec = 2000000 };
	const struct vz_cg_usage untold = { VZ_UNLIMITED, .cpu_usec = VZ_UNLIMITED, .cpu_user_usec = VZ_UNLIMITED,
					    .cpu_system_usec = VZ_UNLIMITED };
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
	autostr head = { 0 }, line = { 0 }, none = { 0 };
	autofree char *user = vz_fmt("%llu", (unsigned long long)(3 * hz)), *up = vz_fmt("%llu", (unsigned long long)(90 * hz));

	vz_nodeproc_vestat_head(&head);
	CHECK_INT(strcspn(head.s, "\n"), 251);
	CHECK_INT(head.len, 252 + 252);
	CHECK(vz_str_prefix(head.s, "Version: 2.2   ", NULL));
	CHECK_TEXT(word_of(head.s + 252, 0), "VEID");
	CHECK_TEXT(word_of(head.s + 252, 11), "numsched");
	vz_nodeproc_vestat_line(101, 90000, &u, &line);
	CHECK_INT(line.len, 252);
	CHECK_TEXT(word_of(line.s, 0), "101");
	CHECK_TEXT(word_of(line.s, 1), user);
	CHECK_TEXT(word_of(line.s, 4), up);
	CHECK_TEXT(word_of(line.s, 7), "90000000000");
	CHECK_TEXT(word_of(line.s, 8), "5000000000");
	vz_nodeproc_vestat_line(101, 90000, &untold, &none);
	CHECK_TEXT(word_of(none.s, 1), "0");
	CHECK_TEXT(word_of(none.s, 8), "0");
}

static void test_ioacct(void)
{
	autostr io = { 0 };

	vz_nodeproc_ioacct(4096, VZ_UNLIMITED, &io);
	CHECK(vz_str_prefix(io.s, "\t" "read                                  4096\n"
				  "\t" "write                                    0\n"
				  "\t" "dirty                                    0\n", NULL));
}

int main(void)
{
	test_addresses();
	test_vestat();
	test_ioacct();
	return done();
}
