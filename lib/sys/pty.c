// SPDX-License-Identifier: GPL-2.0-or-later
/* Pseudo terminals; see pty.h and pty(7), ioctl_tty(2). */
#include "sys/pty.h"
#include "base/own.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

int vz_pty_peer(int master)
{
	int fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int vz_pty_set_size(int fd, unsigned cols, unsigned rows)
{
	struct winsize ws = { .ws_col = (unsigned short)cols, .ws_row = (unsigned short)rows };

	return ioctl(fd, TIOCSWINSZ, &ws) < 0 ? -errno : 0;
}

int vz_pty_get_size(int fd, unsigned *ret_cols, unsigned *ret_rows)
{
	struct winsize ws;

	if (ioctl(fd, TIOCGWINSZ, &ws) < 0)
		return -errno;
	*ret_cols = ws.ws_col;
	*ret_rows = ws.ws_row;
	return 0;
}

int vz_pty_open(uid_t owner, unsigned cols, unsigned rows, int *ret_master, int *ret_slave)
{
	autoclose int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	autoclose int slave = -EBADF;
	int unlocked = 0, r;

	if (master < 0)
		return -errno;
	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return -errno;
	slave = vz_pty_peer(master);
	if (slave < 0)
		return slave;
	/* the group is that of whoever binds it: the host's tty group means nothing inside */
	if (fchown(slave, owner, (gid_t)-1) < 0 || fchmod(slave, 0620) < 0)
		return -errno;
	r = vz_pty_set_size(master, cols, rows);
	if (r < 0)
		return r;
	*ret_master = TAKE_FD(master);
	*ret_slave = TAKE_FD(slave);
	return 0;
}

int vz_tty_raw(int fd, struct termios *ret_saved)
{
	struct termios old, raw;

	if (tcgetattr(fd, &old) < 0)
		return -errno;
	raw = old;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSADRAIN, &raw) < 0)
		return -errno;
	*ret_saved = old;
	return 0;
}

void vz_tty_restore(int fd, const struct termios *saved)
{
	(void)tcsetattr(fd, TCSADRAIN, saved);
}

void vz_pty_reader(int master, struct vz_pty_reader *ret)
{
	struct termios t;

	ret->keys = tcgetattr(master, &t) < 0 || !(t.c_lflag & ICANON);
	ret->group = tcgetpgrp(master);
	ret->leads = ret->group < 0 || ret->group == tcgetsid(master);
}
