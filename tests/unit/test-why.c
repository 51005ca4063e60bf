// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of the kernel's log about who was killed for lack of memory, and sentences. */
#include "base/num.h"
#include "ct/why.h"
#include "unit.h"

#define HEAD "3,1,2,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset="

static bool told(const char *text, const char *path, const char *kind, const char *command)
{
	struct vz_why_victim v;
	const char *group;
	char line[1024];

	snprintf(line, sizeof(line), "%s", text);
	return vz_why_log_parse(line, &group, &v) && vz_why_is_group(group, path) && !strcmp(v.kind, kind) &&
	       !strcmp(v.command, command) && v.pid == 12;
}

static void sentence(struct vz_why_event ev, const char *want)
{
	autostr out = { 0 };

	vz_why_sentence(&ev, &out);
	CHECK(out.s && !strcmp(out.s, want));
}

int main(void)
{
	CHECK(told(HEAD "87,mems_allowed=0,oom_memcg=/vz/87,task_memcg=/vz/87,task=mysqld,pid=12,uid=1", "vz/87", "memory", "mysqld"));
	CHECK(told(HEAD "a,mems_allowed=0,oom_memcg=/vz/87/a,task_memcg=/vz/87/a/b,task=x,pid=12,uid=1", "vz/87", "memory", "x"));
	CHECK(told(HEAD "/,mems_allowed=0,global_oom,task_memcg=/vz/87/a,task=x,pid=12,uid=1", "vz/87", "memory-host", "x"));
	CHECK(told(HEAD "87,mems_allowed=0,oom_memcg=/vz/87,task_memcg=/vz/87,task=a\033b,pid=12,uid=1", "vz/87", "memory", "a?b"));
	/* another's, though it begins alike or stands below */
	CHECK(!told(HEAD "87,mems_allowed=0,oom_memcg=/vz/870,task_memcg=/vz/870,task=x,pid=12,uid=1", "vz/87", "memory", "x"));
	CHECK(!told(HEAD "87,mems_allowed=0,oom_memcg=/vz/88/vz/87,task_memcg=/vz/88/vz/87,task=x,pid=12,uid=1", "vz/87", "memory", "x"));
	/* names that stand for fields */
	CHECK(!told(HEAD "x,oom_memcg=/vz/87,task_memcg=/vz/87,task=y,pid=12,uid=1,mems_allowed=0,oom_memcg=/vz/88,task_memcg=/vz/88,task=x,pid=12,uid=1",
		    "vz/87", "memory", "y"));
	CHECK(!told(HEAD "88,mems_allowed=0,oom_memcg=/vz/88,task_memcg=/vz/88,task=x,pid=12,uid=1,pid=13,uid=1", "vz/88", "memory", "x"));
	CHECK(!told(HEAD "x,global_oom,mems_allowed=0,oom_memcg=/vz/87,task_memcg=/vz/87,task=x,pid=12,uid=1", "vz/87", "memory", "x"));
	CHECK(!told("6,1,2,-;process '/oom-kill:constraint=a,global_oom,task_memcg=/vz/87,task=x,pid=12,uid=0' started with executable stack",
		    "vz/87", "memory-host", "x"));
	CHECK(!told("4,1,2,-;process '/a" HEAD "87,mems_allowed=0,oom_memcg=/vz/87,task_memcg=/vz/87,task=x,pid=12,uid=0' started",
		    "vz/87", "memory", "x"));
	CHECK(!told("oom-kill:constraint=", "vz/87", "memory", ""));
	CHECK(!told("6,1,2,-;eth0: link up", "vz/87", "memory", ""));

	sentence((struct vz_why_event){ .kind = VZ_WHY_MEMORY, .count = 1, .held = 256 << 20, .limit = 256 << 20, .pid = 9, .text = "mysqld" },
		 "memory: 256 MiB of 256 MiB in use, mysqld (pid 9 of the host) was killed; give it more with --ram");
	sentence((struct vz_why_event){ .kind = VZ_WHY_TASKS, .count = 40, .held = 50, .limit = 50 },
		 "numproc: 40 forks were refused, limit 50; look for what forks, or give it more with --numproc");
	sentence((struct vz_why_event){ .kind = "hugetlb", .count = 1, .held = 2 << 20, .limit = 4 << 20 },
		 "hugetlb: 2 MiB of 4 MiB in use, 1 request was refused; give it more with --hugetlb");
	sentence((struct vz_why_event){ .kind = VZ_WHY_MEMORY, .count = 2, .held = 1, .limit = VZ_UNLIMITED },
		 "memory: 2 processes were killed; the container has no limit: the host's memory, or a limit that it set "
		 "inside, was used up");
	/* one page of it was free when the next ones did not fit */
	sentence((struct vz_why_event){ .kind = VZ_WHY_SWAP, .count = 3, .held = (16 << 20) - 4096, .limit = 16 << 20 },
		 "swap: 16 MiB of 16 MiB in use, 3 times there was none left; give it more with --swap, or memory with --ram");
	return done();
}
