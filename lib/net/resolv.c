// SPDX-License-Identifier: GPL-2.0-or-later
/* resolv.conf(5) of the host; see resolv.h. */
#include "net/resolv.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/file.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>

#define RESOLV_MAX 65536

/* Can a VPS reach it? Not what listens on the host's loopback, nor on one link of the host. */
static bool is_reachable(const char *server)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, server, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 != 127 && v4.s_addr;
	return inet_pton(AF_INET6, server, &v6) == 1 && !IN6_IS_ADDR_LOOPBACK(&v6) &&
	       !IN6_IS_ADDR_LINKLOCAL(&v6) && !IN6_IS_ADDR_UNSPECIFIED(&v6);
}

static bool is_domain(const char *s)
{
	for (const char *p = s; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", *p))
			return false;
	return strlen(s) <= 253 && *s != '-';
}

static int resolv_line(const char *line, struct vz_str *servers, struct vz_str *search)
{
	const char *p = line;
	autofree char *key = vz_str_word(&p, " \t\r");
	bool server = vz_str_eq(key, "nameserver");

	if (!server && !vz_str_eq(key, "search") && !vz_str_eq(key, "domain"))
		return 0;
	if (!server && search->len) { /* the last one counts */
		search->len = 0;
		*search->s = 0;
	}
	for (;;) {
		autofree char *word = vz_str_word(&p, " \t\r");
		struct vz_str *to = server ? servers : search;

		if (!word)
			return 0;
		if (server ? is_reachable(word) : is_domain(word))
			vz_str_addf(to, "%s%s", to->len ? " " : "", word);
		if (server)
			return 0;
	}
}

int vz_resolv_parse(const char *text, char **ret_servers, char **ret_search)
{
	autostr servers = { 0 }, search = { 0 };
	autofree char *a = NULL, *b = NULL;

	for (const char *s = text; *s;) {
		autofree char *line = strndup(s, strcspn(s, "\n"));

		if (!line || resolv_line(line, &servers, &search) < 0)
			return -ENOMEM;
		s += strlen(line);
		s += *s == '\n';
	}
	a = vz_str_take(&servers);
	b = vz_str_take(&search);
	if (!a || !b)
		return -ENOMEM;
	*ret_servers = TAKE_PTR(a);
	*ret_search = TAKE_PTR(b);
	return 0;
}

int vz_resolv_host(char **ret_servers, char **ret_search)
{
	static const char *const files[] = { "/etc/resolv.conf", "/run/systemd/resolve/resolv.conf" };
	autofree char *servers = strdup(""), *search = strdup("");

	if (!servers || !search)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(files) && !*servers; i++) {
		autofree char *text = NULL;

		if (vz_file_read(AT_FDCWD, files[i], RESOLV_MAX, &text) < 0)
			continue;
		free(TAKE_PTR(servers));
		free(TAKE_PTR(search));
		if (vz_resolv_parse(text, &servers, &search) < 0)
			return -ENOMEM;
	}
	*ret_servers = TAKE_PTR(servers);
	*ret_search = TAKE_PTR(search);
	return 0;
}
