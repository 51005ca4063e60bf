/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the test VPS's one program share. */
#ifndef VZT_INIT_H
#define VZT_INIT_H

#include <stdint.h>
#include <stdio.h>

/* ---- inherit.c ---- */
void report_inherited(FILE *out);
/* Runs argv with everything that a process can pass on set to something unusual. */
int weird(char **argv);

/* ---- take.c ---- */
/* Takes as many of a kind of kernel object as the kernel gives, at most `max`, says how many, and
 * with `hold` keeps them until it is killed. */
int take(const char *kind, long max, int hold);
/* The effective uid of who made the user namespace `path`. */
int show_owner(const char *path);

/* ---- linger.c ---- */
/* Sends n datagrams with a descriptor each to the socket `path`, says "sent" for each, and lives on as
 * long as these are to linger. */
int send_lingering(const char *path, int n);

/* ---- talk.c ---- */
/* Asks a server such as `probe hold` has, each millisecond, until the file `end` is there; makes END.began at the first
 * answer. Says how many there were, and the longest silence. */
int talk(const char *address, int port, const char *end);

/* ---- fuse.c ---- */
/* Mounts on `dir` a file system that never answers; in the background. */
int serve_nothing(const char *dir);

#endif
