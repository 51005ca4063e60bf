// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What lies in a terminal and nobody has read yet CRIU reads at a dump, and writes it again from the other end: at the
 * restore, and at once for a VPS that goes on. By then it has been processed, and the terminal processes it once more: each
 * line of output gets a second carriage return, input is echoed, a character typed for its own sake sends a signal. This
 * object is loaded into CRIU by LD_PRELOAD, stands before the write(2) of its C library, and has terminals take what CRIU
 * writes as it is. Whether input is by the line stays, since that is how it lies there.
 *
 * Loaded into a program with any libc; so it uses that, and nothing of ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

#define PTMX makedev(TTYAUX_MAJOR, 2)

/* Both ends of a pseudo terminal. */
static bool is_pty(int fd)
{
	struct stat st;
	unsigned n;

	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode))
		return false;
	n = major(st.st_rdev);
	return st.st_rdev == PTMX || (n >= UNIX98_PTY_SLAVE_MAJOR && n < UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT);
}

/* write(2) itself. */
static ssize_t write_on(int fd, const void *data, size_t n)
{
	return writev(fd, &(struct iovec){ (void *)data, n }, 1);
}

/* Input is processed by a worker of the kernel's, for which poll(2) of the slave waits. */
static void wait_for_input(int fd)
{
	int slave = ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (slave < 0)
		return; /* output, which was processed at once */
	(void)poll(&(struct pollfd){ .fd = slave, .events = POLLIN }, 1, 0);
	close(slave);
}

static ssize_t write_raw(int fd, const void *data, size_t n)
{
	struct termios was, raw;
	ssize_t r;
	int saved;

	if (tcgetattr(fd, &was) < 0)
		return write_on(fd, data, n);
	raw = was;
	raw.c_iflag &= ~(tcflag_t)(IGNCR | ICRNL | INLCR | ISTRIP | IXON | IUCLC | PARMRK);
	raw.c_oflag &= ~(tcflag_t)OPOST;
	raw.c_lflag &= ~(tcflag_t)(ISIG | ECHO | ECHONL | IEXTEN);
	(void)tcsetattr(fd, TCSANOW, &raw);
	r = write_on(fd, data, n);
	saved = errno;
	wait_for_input(fd);
	(void)tcsetattr(fd, TCSANOW, &was);
	errno = saved;
	return r;
}

ssize_t write(int fd, const void *data, size_t n)
{
	return is_pty(fd) ? write_raw(fd, data, n) : write_on(fd, data, n);
}
