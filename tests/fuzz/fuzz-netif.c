// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices as words: a veth device and a change of it (the first byte is where the change begins), a
 * device to be given, and the record of given ones. What is accepted prints to something that is
 * accepted again and prints the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "nic/netdev-internal.h"
#include "param/netif.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const char *a, const char *b)
{
	if (!a || !b || strcmp(a, b))
		abort();
}

static void veth(const char *word, const char *change)
{
	autofree char *one = NULL, *two = NULL, *fields = NULL, *three = NULL;
	struct vz_err e;

	if (vz_netif_change(word, change, &one, &e) >= 0) {
		if (vz_netif_change(one, "", &two, &e) < 0)
			abort();
		same(one, two);
	}
	if (vz_netif_from_fields(word, &fields, &e) >= 0) {
		if (vz_netif_change(fields, "", &three, &e) < 0)
			abort();
		same(fields, three);
	}
}

static void given(const char *text)
{
	char one[VZ_NETDEV_TEXT], two[VZ_NETDEV_TEXT];
	struct vz_netdev d, again;

	if (vz_netdev_parse(text, &d, NULL) < 0)
		return;
	if (vz_netdev_parse(vz_netdev_text(&d, one), &again, NULL) < 0 || !vz_netdev_same(&d, &again))
		abort();
	same(one, vz_netdev_text(&again, two));
}

static void record(const char *text)
{
	autoheld a = { 0 }, b = { 0 };
	autostr one = { 0 }, two = { 0 };

	if (vz_held_parse(text, &a) < 0 || !a.n)
		return;
	vz_held_print(&a, &one);
	if (vz_held_parse(one.s, &b) < 0)
		abort();
	vz_held_print(&b, &two);
	same(one.s, two.s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = NULL, *word = NULL;
	size_t at;

	if (!size)
		return 0;
	text = malloc(size);
	if (!text)
		abort();
	memcpy(text, data + 1, size - 1);
	text[size - 1] = 0;
	at = data[0] < strlen(text) ? data[0] : 0;
	word = strndup(text, at);
	veth(word, text + at);
	veth(text, "");
	given(text);
	record(text);
	return 0;
}
