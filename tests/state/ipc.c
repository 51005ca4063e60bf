// SPDX-License-Identifier: GPL-2.0-or-later
/* State between processes: pipes, System V and POSIX objects, memory without a name. */
#include "tests/state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MiB ((size_t)1 << 20)

/* Writes numbered words until it would block; how many. */
static size_t fill(int fd)
{
	uint32_t n = 0;

	while (write(fd, &n, sizeof(n)) == sizeof(n))
		n++;
	return n;
}

static bool empties(int fd, size_t n)
{
	uint32_t word;

	for (uint32_t i = 0; i < n; i++)
		if (read(fd, &word, sizeof(word)) != sizeof(word) || word != i)
			return false;
	return read(fd, &word, sizeof(word)) < 0 && errno == EAGAIN;
}

void state_pipe_full(struct st *t)
{
	int p[2];
	size_t n;
	char c;

	must(t, pipe2(p, O_NONBLOCK), "pipe2");
	n = fill(p[1]);
	moved(t);
	if (t->spoil)
		check(t, read(p[0], &c, 1) == 1, "nothing can be read");
	check(t, write(p[1], "x", 1) < 0 && errno == EAGAIN, "the pipe is not full any more");
	check(t, empties(p[0], n), "the words in the pipe are not the %zu that were written", n);
	check(t, put(p[1], "more", 4) && comes(p[0], "more"), "the pipe does not work");
}

void state_pipe_size(struct st *t)
{
	int p[2];
	long size;

	must(t, pipe(p), "pipe");
	size = must(t, fcntl(p[1], F_SETPIPE_SZ, 16384), "F_SETPIPE_SZ");
	moved(t);
	if (t->spoil)
		fcntl(p[0], F_SETPIPE_SZ, 65536);
	check(t, fcntl(p[0], F_GETPIPE_SZ) == size, "the size of the pipe is %d", fcntl(p[0], F_GETPIPE_SZ));
}

/* A child waits in read(2) all the time. */
void state_pipe_empty(struct st *t)
{
	int to[2], from[2];
	char buf[8] = "";

	must(t, pipe(to), "pipe");
	must(t, pipe(from), "pipe");
	if (child(t) == 0) {
		ssize_t n = read(to[0], buf, 5);

		_exit(n == 5 && put(from[1], buf, 5) ? 0 : 1);
	}
	close(from[1]);
	moved(t);
	if (t->spoil)
		check(t, put(to[1], "wrong", 5), "nothing can be written");
	check(t, put(to[1], "hello", 5), "nothing can be written");
	check(t, comes(from[0], "hello"), "the reader has not read what was written");
	check(t, read(from[0], buf, 1) == 0, "the pipe has a writer too many");
}

void state_fifo(struct st *t)
{
	int r, w;

	must(t, mkfifo("fifo", 0600), "mkfifo");
	r = (int)must(t, open("fifo", O_RDONLY | O_NONBLOCK), "open");
	w = (int)must(t, open("fifo", O_WRONLY | O_NONBLOCK), "open");
	must(t, put(w, "queued", 6) ? 0 : -1, "write");
	moved(t);
	if (t->spoil)
		check(t, comes(r, "qu"), "nothing can be read");
	check(t, comes(r, "queued"), "what was queued in the FIFO is not there");
	check(t, fcntl(r, F_GETFL) & O_NONBLOCK, "a flag is lost");
	close(w);
	w = open("fifo", O_WRONLY | O_NONBLOCK);
	check(t, w >= 0 && put(w, "new", 3) && comes(r, "new"), "a new writer does not reach the reader");
}

/* Packet mode is no flag that CRIU knows. */
void state_pipe_packets(struct st *t)
{
	char buf[16];
	int p[2];

	must(t, pipe2(p, O_DIRECT), "pipe2");
	must(t, put(p[1], "one", 3) && put(p[1], "two", 3) ? 0 : -1, "write");
	moved(t);
	check(t, read(p[0], buf, sizeof(buf)) == (t->spoil ? 6 : 3), "the packets have become a stream");
}

void state_eventfd(struct st *t)
{
	int fd = (int)must(t, eventfd(7, EFD_NONBLOCK), "eventfd");
	uint64_t v, three = 3;

	moved(t);
	if (t->spoil)
		check(t, read(fd, &v, 8) == 8, "it cannot be read");
	check(t, put(fd, &three, 8) && read(fd, &v, 8) == 8 && v == 10, "the counter is not 10");
	check(t, read(fd, &v, 8) < 0 && errno == EAGAIN, "it is not empty");
}

void state_eventfd_sem(struct st *t)
{
	int fd = (int)must(t, eventfd(7, EFD_SEMAPHORE | EFD_NONBLOCK), "eventfd");
	uint64_t v;

	moved(t);
	if (t->spoil)
		check(t, read(fd, &v, 8) == 8, "it cannot be read");
	for (int i = 0; i < 7; i++)
		check(t, read(fd, &v, 8) == 8 && v == 1, "reading %d of 7 of the semaphore fails", i + 1);
}

void state_sysv_shm(struct st *t)
{
	int id = (int)must(t, shmget(IPC_PRIVATE, MiB, IPC_CREAT | 0640), "shmget");
	char *mem = shmat(id, NULL, 0);
	struct shmid_ds ds;

	must(t, mem == (void *)-1 ? -1 : 0, "shmat");
	paint(mem, MiB, 1);
	moved(t);
	if (t->spoil)
		mem[5000]++;
	check(t, painted(mem, MiB, 1), "the segment's content has changed");
	check(t, !shmctl(id, IPC_STAT, &ds) && ds.shm_segsz == MiB && (ds.shm_perm.mode & 0777) == 0640,
	      "the segment is not what it was");
	check(t, ds.shm_nattch == 1, "the segment is attached %lu times", (unsigned long)ds.shm_nattch);
	shmctl(id, IPC_RMID, NULL);
}

void state_shm_removed(struct st *t)
{
	int id = (int)must(t, shmget(IPC_PRIVATE, MiB, IPC_CREAT | 0600), "shmget");
	char *mem = shmat(id, NULL, 0);
	struct shmid_ds ds;

	must(t, mem == (void *)-1 ? -1 : 0, "shmat");
	paint(mem, MiB, 2);
	must(t, shmctl(id, IPC_RMID, NULL), "IPC_RMID");
	moved(t);
	if (t->spoil)
		mem[7]++;
	check(t, painted(mem, MiB, 2), "the content has changed");
	check(t, !shmctl(id, IPC_STAT, &ds) && ds.shm_perm.mode & SHM_DEST, "the segment is there again");
}

void state_sysv_sem(struct st *t)
{
	int id = (int)must(t, semget(0x57a7e, 3, IPC_CREAT | 0600), "semget");
	unsigned short set[3] = { 3, 0, 40 }, now[3] = { 0 };
	struct sembuf take = { .sem_num = 1, .sem_op = -1 }, give = { .sem_num = 1, .sem_op = 1 };
	pid_t pid;
	int code;

	must(t, semctl(id, 0, SETALL, set), "SETALL");
	pid = child(t);
	if (pid == 0) {
		while (semop(id, &take, 1) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	moved(t);
	if (t->spoil)
		semctl(id, 0, SETVAL, 2);
	check(t, semget(0x57a7e, 3, 0) == id, "the key leads to another set");
	check(t, !semctl(id, 0, GETALL, now) && !memcmp(set, now, sizeof(set)), "the values are %d %d %d", now[0],
	      now[1], now[2]);
	check(t, !semop(id, &give, 1) && waitpid(pid, &code, 0) == pid && code == 0, "who waited does not go on");
	semctl(id, 0, IPC_RMID);
}

/* What a dead process had taken is given back. */
void state_sysv_undo(struct st *t)
{
	int id = (int)must(t, semget(IPC_PRIVATE, 1, IPC_CREAT | 0600), "semget");
	struct sembuf take = { .sem_op = -1, .sem_flg = SEM_UNDO };
	int p[2];
	pid_t pid;
	char c;

	must(t, pipe(p), "pipe");
	must(t, semctl(id, 0, SETVAL, 1), "SETVAL");
	pid = child(t);
	if (pid == 0) {
		c = semop(id, &take, 1) == 0;
		put(p[1], &c, 1);
		for (;;)
			pause();
	}
	must(t, get(p[0], &c, 1) && c ? 0 : -1, "semop");
	moved(t);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (t->spoil)
		semctl(id, 0, SETVAL, 0);
	check(t, semctl(id, 0, GETVAL) == 1, "what a process had taken with SEM_UNDO is not given back at its end");
	semctl(id, 0, IPC_RMID);
}

struct letter {
	long type;
	char text[16];
};

void state_sysv_msg(struct st *t)
{
	int id = (int)must(t, msgget(IPC_PRIVATE, IPC_CREAT | 0600), "msgget");
	struct letter one = { 5, "five" }, two = { 3, "three" }, got = { 0 };

	must(t, msgsnd(id, &one, 5, 0), "msgsnd");
	must(t, msgsnd(id, &two, 6, 0), "msgsnd");
	moved(t);
	if (t->spoil)
		msgrcv(id, &got, sizeof(got.text), 0, IPC_NOWAIT);
	check(t, msgrcv(id, &got, sizeof(got.text), 0, IPC_NOWAIT) == 5 && got.type == 5 && !strcmp(got.text, "five"),
	      "the first message is not there");
	check(t, msgrcv(id, &got, sizeof(got.text), 3, IPC_NOWAIT) == 6 && !strcmp(got.text, "three"),
	      "the second message is not there");
	check(t, msgrcv(id, &got, sizeof(got.text), 0, IPC_NOWAIT) < 0 && errno == ENOMSG, "there are more messages");
	msgctl(id, IPC_RMID, NULL);
}

void state_posix_shm(struct st *t)
{
	int fd = (int)must(t, shm_open("/state-shm", O_RDWR | O_CREAT | O_EXCL, 0600), "shm_open");
	char *mem, *again;

	must(t, ftruncate(fd, (off_t)MiB), "ftruncate");
	mem = mmap(NULL, MiB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(t, mem == MAP_FAILED ? -1 : 0, "mmap");
	paint(mem, MiB, 3);
	close(fd);
	moved(t);
	if (t->spoil)
		shm_unlink("/state-shm");
	fd = shm_open("/state-shm", O_RDWR, 0);
	check(t, fd >= 0, "the object is gone");
	again = mmap(NULL, MiB, PROT_READ, MAP_SHARED, fd, 0);
	check(t, again != MAP_FAILED && painted(again, MiB, 3), "the content has changed");
	mem[77]++;
	check(t, again[77] == mem[77], "the mapping is not of the object any more");
	shm_unlink("/state-shm");
}

void state_posix_sem(struct st *t)
{
	sem_t *named = sem_open("/state-sem", O_CREAT | O_EXCL, 0600, 4);
	sem_t *mine = shared(t, sizeof(*mine));
	int v = -1, code;
	pid_t pid;

	must(t, named == SEM_FAILED ? -1 : 0, "sem_open");
	must(t, sem_init(mine, 1, 0), "sem_init");
	pid = child(t);
	if (pid == 0) {
		while (sem_wait(mine) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	moved(t);
	if (t->spoil)
		sem_post(named);
	check(t, !sem_getvalue(named, &v) && v == 4, "the named semaphore is %d", v);
	check(t, !sem_post(mine) && waitpid(pid, &code, 0) == pid && code == 0, "who waited does not go on");
	sem_unlink("/state-sem");
}

void state_mqueue(struct st *t)
{
	struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 32 };
	mqd_t q = mq_open("/state-mq", O_RDWR | O_CREAT, 0600, &attr);
	unsigned int prio;
	char buf[32];

	must(t, q, "mq_open");
	must(t, mq_send(q, "urgent", 7, 9), "mq_send");
	moved(t);
	if (t->spoil)
		mq_receive(q, buf, sizeof(buf), &prio);
	check(t, mq_getattr(q, &attr) == 0 && attr.mq_curmsgs == 1, "the message is lost");
	check(t, mq_receive(q, buf, sizeof(buf), &prio) == 7 && prio == 9, "the message has changed");
	mq_unlink("/state-mq");
}

void state_memfd(struct st *t)
{
	int fd = (int)must(t, memfd_create("state", MFD_ALLOW_SEALING), "memfd_create");
	int sealed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	char text[16] = "", link[64] = "";

	must(t, put(fd, "content", 7) ? 0 : -1, "write");
	must(t, fcntl(fd, F_ADD_SEALS, sealed), "F_ADD_SEALS");
	must(t, lseek(fd, 3, SEEK_SET), "lseek");
	moved(t);
	if (t->spoil)
		fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL);
	check(t, fcntl(fd, F_GET_SEALS) == sealed, "the seals are %#x", fcntl(fd, F_GET_SEALS));
	check(t, lseek(fd, 0, SEEK_CUR) == 3, "the offset has changed");
	check(t, pread(fd, text, sizeof(text), 0) == 7 && !strcmp(text, "content"), "the content has changed");
	check(t, write(fd, "x", 1) < 0 && errno == EPERM, "it can be written");
	snprintf(text, sizeof(text), "fd/%d", fd);
	check(t, readlinkat(open("/proc/self", O_PATH), text, link, sizeof(link) - 1) > 0 && strstr(link, "memfd:state"),
	      "its name is %s", link);
}

void state_memfd_map(struct st *t)
{
	int fd = (int)must(t, memfd_create("mapped", 0), "memfd_create");
	char *mem, *priv, c = 0;

	must(t, ftruncate(fd, (off_t)MiB), "ftruncate");
	mem = mmap(NULL, MiB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	priv = mmap(NULL, MiB, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	must(t, mem == MAP_FAILED || priv == MAP_FAILED ? -1 : 0, "mmap");
	paint(mem, MiB, 8);
	priv[9] = 1;
	moved(t);
	if (t->spoil)
		mem[4096]++;
	check(t, painted(mem, MiB, 8), "the content has changed");
	check(t, priv[9] == 1 && painted(priv + 4096, 1, 8) == painted(mem + 4096, 1, 8), "the copy has changed");
	mem[100] = 42;
	check(t, pread(fd, &c, 1, 100) == 1 && c == 42, "the mapping is not of the file any more");
}
