// SPDX-License-Identifier: GPL-2.0-or-later
/* What of a migration needs no hosts: how far a copy is, how fast it may be, what a container is called there. */
#include "base/own.h"
#include "move/progress.h"
#include "move/renew.h"
#include "unit.h"

static void rsync_lines(void)
{
	uint64_t n = 7;
	unsigned percent = 7;

	CHECK(vz_progress_of_rsync("     32768   0%    0.00kB/s    0:00:00  ", &n, &percent));
	CHECK_INT(n, 32768);
	CHECK_INT(percent, 0);
	CHECK(vz_progress_of_rsync("123456789012 100%  104.55MB/s    0:19:36 (xfr#5, to-chk=0/10)", &n, &percent));
	CHECK_INT(n, 123456789012);
	CHECK_INT(percent, 100);
	CHECK(!vz_progress_of_rsync("", &n, &percent));
	CHECK(!vz_progress_of_rsync("var/lib/12%B/s", &n, &percent));
	CHECK(!vz_progress_of_rsync("12 101% 1B/s", &n, &percent));
	CHECK(!vz_progress_of_rsync("12345", &n, &percent));
	CHECK(!vz_progress_of_rsync("99999999999999999999999 1% 1B/s", &n, &percent));
	CHECK(!vz_progress_of_rsync("12% 1B/s", &n, &percent));
	CHECK_INT(n, 123456789012);
}

static void count_end(void *arg, const struct vz_progress *p)
{
	(void)arg;
	CHECK(p->ended);
}

static void rates(void)
{
	struct vz_progress p = { .began = 1000, .done = 500, .total = 2000 };

	CHECK_INT(vz_progress_rate(&p, 2000), 500);
	CHECK_INT(vz_progress_left_s(&p, 2000), 3);
	CHECK_INT(vz_progress_rate(&p, 1000), 0);
	CHECK_INT(vz_progress_left_s(&p, 1000), -1);
	p.total = 0;
	CHECK_INT(vz_progress_left_s(&p, 2000), -1);
	p.done = UINT64_MAX / 2; /* nothing wraps */
	CHECK(vz_progress_rate(&p, 3000) > UINT64_MAX / 5);
	/* at the end nothing is left, however much was expected */
	p = (struct vz_progress){ .tell = count_end };
	vz_progress_begin(&p, "memory", 2000);
	vz_progress_at(&p, 500, 2000);
	vz_progress_end(&p);
	CHECK(p.ended);
	CHECK_INT(p.done, 500);
	CHECK_INT(p.total, 500);
	CHECK_INT(vz_progress_left_s(&p, p.began + 1000), 0);
	vz_progress_begin(NULL, "files", 0);
	vz_progress_at(NULL, 1, 2);
	vz_progress_end(NULL);
}

static void throttle(void)
{
	struct vz_throttle none = { 0 }, t = { .per_s = 1000 };

	CHECK_INT(vz_throttle_ms(&none, 1 << 30, 5), 0);
	CHECK_INT(vz_throttle_ms(&t, 500, 10000), 0);
	CHECK_INT(vz_throttle_ms(&t, 500, 10000), 500);
	CHECK_INT(vz_throttle_ms(&t, 500, 10500), 500);
	/* what was not sent in a pause is not made up for at once */
	CHECK_INT(vz_throttle_ms(&t, 1000, 90000), 0);
	CHECK_INT(vz_throttle_ms(&t, 1000, 90000), 1000);
}

static bool takes(const char *key, const char *value)
{
	autoconf c = { 0 };
	struct vz_err e = { 0 };

	return vz_renew_take(&c, key, value, &e) >= 0;
}

static void wishes(void)
{
	CHECK(takes("NAME", "web 1"));
	CHECK(!takes("NAME", "12"));
	CHECK(!takes("NAME", ""));
	CHECK(!takes("NAME", "a\nONBOOT=\"yes\""));
	CHECK(takes("VE_PRIVATE", "/vz2/private/$VEID"));
	CHECK(!takes("VE_PRIVATE", "/etc"));
	CHECK(!takes("VE_PRIVATE", "/vz/../etc/x"));
	CHECK(!takes("VE_ROOT", "x/y"));
	CHECK(takes("IP_ADDRESS", "10.0.0.1 fd00::1"));
	CHECK(!takes("IP_ADDRESS", "10.0.0.1 10.0.0"));
	CHECK(!takes("CAPABILITY", "SYS_MODULE:on"));
}

static void devices(void)
{
	char *words[] = { (char[]){ "ifname=eth0,host_ifname=veth101.0" }, (char[]){ "ifname=eth1,host_ifname=veth1011.1" },
			  (char[]){ "ifname=eth2,host_ifname=mine" } };
	struct vz_conf own = { .netif = { true, words, 3 } };
	autoconf changed = { 0 };

	CHECK_INT(vz_renew_follow(&own, 101, 101, &changed), 0);
	CHECK(!changed.netif.set);
	CHECK_INT(vz_renew_follow(&own, 101, 2001, &changed), 0);
	CHECK_INT(changed.netif.n, 3);
	CHECK(changed.netif.n == 3 && strstr(changed.netif.v[0], "host_ifname=veth2001.0"));
	CHECK(changed.netif.n == 3 && strstr(changed.netif.v[1], "host_ifname=veth1011.1"));
	CHECK(changed.netif.n == 3 && strstr(changed.netif.v[2], "host_ifname=mine"));
}

int main(void)
{
	rsync_lines();
	rates();
	throttle();
	wishes();
	devices();
	return done();
}
