// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Passwords that do not stand on the command line, where ps(1) shows them to every user of the
 * host: "USER" asks for one, "USER:-" reads a line of standard input.
 */
#include "vzctl/vzctl.h"

#include <bsd/readpassphrase.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/own.h"
#include "base/str.h"

#define PASSWORD_MAX 512

/* A password of at least one character into buf. */
static int read_one(const char *prompt, bool from_stdin, char buf[PASSWORD_MAX], struct vz_err *e)
{
	int flags = RPP_ECHO_OFF | (from_stdin ? RPP_STDIN : RPP_REQUIRE_TTY);

	if (!readpassphrase(prompt, buf, PASSWORD_MAX, flags))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0,
			       from_stdin ? "Unable to read the password from standard input" :
					    "Unable to ask for the password: there is no terminal "
					    "(USER:- reads it from standard input)");
	if (!*buf || strlen(buf) == PASSWORD_MAX - 1 || vz_str_has_control(buf))
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "The password is %s",
			       !*buf			 ? "empty" :
			       vz_str_has_control(buf) ? "not plain text" :
							 "too long");
	return 0;
}

static int ask_twice(const char *user, char buf[PASSWORD_MAX], struct vz_err *e)
{
	autofree char *prompt = vz_fmt("New password of %s: ", user);
	char again[PASSWORD_MAX];
	int r = prompt ? read_one(prompt, false, buf, e) : vz_oom(e);

	if (r >= 0)
		r = read_one("Once more: ", false, again, e);
	if (r >= 0 && strcmp(buf, again))
		r = vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "The two passwords differ");
	explicit_bzero(again, sizeof(again));
	return r;
}

/* The word becomes "USER:PASSWORD". */
static int ask_missing(char **word, struct vz_err *e)
{
	char *colon = strchr(*word, ':'), buf[PASSWORD_MAX], *whole;
	int r;

	if (colon && !colon[1])
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "The password is empty");
	if (colon && strcmp(colon, ":-"))
		return 0;
	if (colon)
		*colon = 0;
	r = colon ? read_one("", true, buf, e) : ask_twice(*word, buf, e);
	whole = r < 0 ? NULL : vz_fmt("%s:%s", *word, buf);
	explicit_bzero(buf, sizeof(buf));
	if (r >= 0 && !whole)
		r = vz_oom(e);
	if (r < 0)
		return r;
	free(*word);
	*word = whole;
	return 0;
}

int ask_passwords(struct vz_plist *words, struct vz_err *e)
{
	int r = 0;

	if (words->n)
		(void)prctl(PR_SET_DUMPABLE, 0); /* no core file shall have it */
	for (size_t i = 0; i < words->n && r >= 0; i++)
		r = ask_missing(&words->v[i], e);
	return r;
}
