/* SPDX-License-Identifier: Apache-2.0 */
/* self_ways PID: what a process can do to another one, each way by its name: first those that the rules `self` are about, then what goes
 * round them. Prints the names of those that worked. PID 0: a child of its own. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif
#ifndef SYS_kcmp
#define SYS_kcmp 312
#endif
#define SCHED_CORE        62
#define IOPRIO_PROCESS    1
#define IOPRIO_USER       3
#define SESSION_TO_PARENT 18

static pid_t pid;

static int file(const char *name, int flags)
{
	char path[80];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return open(path, flags);
}

static int reads(const char *name)
{
	char byte;
	int fd = file(name, O_RDONLY);
	int r = fd >= 0 && read(fd, &byte, 1) >= 0;

	if (fd >= 0)
		close(fd);
	return r;
}

static int writes(const char *name, const char *text)
{
	int fd = file(name, O_WRONLY), r = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return r;
}

static int follows(const char *name)
{
	char path[80], to[256];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return readlink(path, to, sizeof(to)) >= 0;
}

static int w_prlimit(void)
{
	struct rlimit l;

	return syscall(SYS_prlimit64, pid, RLIMIT_CORE, NULL, &l) == 0 &&
	       syscall(SYS_prlimit64, pid, RLIMIT_CORE, &l, NULL) == 0;
}

static int w_ptrace(void)
{
	int r = ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0;

	if (r) {
		ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
		waitpid(pid, NULL, __WALL);
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	}
	return r;
}

static int w_vm(void)
{
	char byte;
	struct iovec local = {&byte, 1}, remote = {(void *)0x400000, 1};

	return process_vm_readv(pid, &local, 1, &remote, 1, 0) == 1 || errno == EFAULT;
}

static int w_affinity(void)
{
	cpu_set_t set;

	return sched_getaffinity(pid, sizeof(set), &set) == 0 && sched_setaffinity(pid, sizeof(set), &set) == 0;
}

static int w_scheduler(void)
{
	struct sched_param p = {0};

	return syscall(SYS_sched_setscheduler, pid, SCHED_OTHER, &p) == 0;
}

static int w_param(void)
{
	struct sched_param p = {0};

	return syscall(SYS_sched_setparam, pid, &p) == 0;
}

static int w_attr(void)
{
	uint32_t attr[14] = {56};

	return syscall(SYS_sched_setattr, pid, attr, 0) == 0;
}

static int w_migrate(void)
{
	unsigned long node = 1;

	return syscall(SYS_migrate_pages, pid, 2, &node, &node) >= 0;
}

static int w_move(void)
{
	void *page = (void *)0x400000;
	int status;

	return syscall(SYS_move_pages, pid, 1, &page, NULL, &status, 0) >= 0;
}

static int w_robust(void)
{
	void *head;
	size_t len;

	return syscall(SYS_get_robust_list, pid, &head, &len) == 0;
}

static int w_nice(void)
{
	return setpriority(PRIO_PROCESS, (id_t)pid, 0) == 0;
}

static int w_ioprio(void)
{
	return syscall(SYS_ioprio_set, IOPRIO_PROCESS, pid, 2 << 13 | 4) == 0;
}

static int w_kcmp(void)
{
	return syscall(SYS_kcmp, pid, getpid(), 1, 0, 0) >= 0;
}

static int w_perf(void)
{
	struct perf_event_attr a = {
	    .type = PERF_TYPE_SOFTWARE, .size = sizeof(a), .config = PERF_COUNT_SW_TASK_CLOCK, .exclude_kernel = 1};

	return syscall(SYS_perf_event_open, &a, pid, -1, -1, 0) >= 0;
}

static int w_core(void)
{
	return prctl(SCHED_CORE, 1, pid, 0, 0) == 0;
}

static int pidfd(void)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static int w_pidfd(void)
{
	return pidfd() >= 0;
}

/* ---- what no rule is about ---- */

/* A pidfd by its file handle, which is a number that one can guess (pidfs, Linux 6.14). */
static int by_handle(void)
{
	struct {
		struct file_handle h;
		unsigned char room[64];
	} own = {.h = {.handle_bytes = 64}};
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0), mnt, got;
	uint64_t number, last;
	char path[64], text[512] = "";

	if (fd < 0 || name_to_handle_at(fd, "", &own.h, &mnt, AT_EMPTY_PATH) < 0 || own.h.handle_bytes != 8)
		return -1;
	memcpy(&number, own.h.f_handle, 8);
	last = number > 2000 ? number - 2000 : 0;
	for (number += 50; number > last; number--) {
		FILE *f;
		const char *p;
		size_t n;

		memcpy(own.h.f_handle, &number, 8);
		got = open_by_handle_at(fd, &own.h, O_RDWR);
		if (got < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", got);
		f = fopen(path, "r");
		n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
		text[n] = '\0';
		if (f)
			fclose(f);
		p = strstr(text, "Pid:\t");
		if (p && atoi(p + 5) == pid)
			return got;
		close(got);
	}
	return -1;
}

static int w_handle(void)
{
	return by_handle() >= 0;
}

static int w_getfd(void)
{
	int fd = pidfd();

	if (fd < 0)
		fd = by_handle();
	for (int i = 0; fd >= 0 && i < 16; i++)
		if (syscall(SYS_pidfd_getfd, fd, i, 0) >= 0)
			return 1;
	return 0;
}

static int w_madvise(void)
{
	struct iovec v = {(void *)0x400000, 4096};
	int fd = pidfd();

	if (fd < 0)
		fd = by_handle();
	return fd >= 0 && (syscall(SYS_process_madvise, fd, &v, 1, 20 /* MADV_COLD */, 0) >= 0 || errno == ENOMEM);
}

static int w_user_nice(void)
{
	struct stat st;
	char path[32];
	int mine = getpriority(PRIO_PROCESS, 0), before, r;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	if (stat(path, &st) < 0)
		return 0;
	before = getpriority(PRIO_PROCESS, (id_t)pid);
	setpriority(PRIO_USER, st.st_uid, before + 1);
	r = getpriority(PRIO_PROCESS, (id_t)pid) == before + 1;
	setpriority(PRIO_USER, st.st_uid, mine);
	return r;
}

static int w_user_ioprio(void)
{
	int before = (int)syscall(SYS_ioprio_get, IOPRIO_PROCESS, pid), after;

	syscall(SYS_ioprio_set, IOPRIO_USER, getuid(), 3 << 13);
	after = (int)syscall(SYS_ioprio_get, IOPRIO_PROCESS, pid);
	syscall(SYS_ioprio_set, IOPRIO_USER, getuid(), 2 << 13 | 4);
	return before >= 0 && after == 3 << 13;
}

static int w_keyring(void)
{
	return getppid() == pid && syscall(SYS_keyctl, SESSION_TO_PARENT) == 0;
}

static int w_setns(void)
{
	return follows("ns/mnt") && file("ns/mnt", O_RDONLY) >= 0;
}

#define WRITE(id, name, text)                                                                                          \
	static int id(void)                                                                                            \
	{                                                                                                              \
		return writes(name, text);                                                                             \
	}
#define READ(id, name)                                                                                                 \
	static int id(void)                                                                                            \
	{                                                                                                              \
		return reads(name);                                                                                    \
	}
WRITE(f_oom, "oom_score_adj", "500")
WRITE(f_coredump, "coredump_filter", "0x33")
WRITE(f_refs, "clear_refs", "1")
WRITE(f_slack, "timerslack_ns", "60000")
WRITE(f_comm, "comm", "jailrun-init")
WRITE(f_sched, "sched", "0")
WRITE(f_loginuid, "loginuid", "0")
READ(f_maps, "maps")
READ(f_environ, "environ")
READ(f_auxv, "auxv")
READ(f_io, "io")
READ(f_syscall, "syscall")
READ(f_stack, "stack")
READ(f_personality, "personality")

static int f_pagemap(void)
{
	return file("pagemap", O_RDONLY) >= 0;
}

static int f_mem(void)
{
	return file("mem", O_RDWR) >= 0;
}

/* One in 100 ms, of all that there are, is taken without CAP_SYS_ADMIN. */
static int f_autogroup(void)
{
	for (int i = 0; i < 20; i++, usleep(60000))
		if (writes("autogroup", "1"))
			return 1;
	return 0;
}

static int f_exe(void)
{
	return follows("exe");
}

/* Any link of the directory. */
static int follows_one(const char *name)
{
	char path[64];
	struct dirent *e;
	int r = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	d = opendir(path);
	while (d && !r && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%.40s", name, e->d_name);
		r = e->d_name[0] != '.' && follows(path);
	}
	if (d)
		closedir(d);
	return r;
}

static int f_fds(void)
{
	return follows_one("fd");
}

static int f_map_files(void)
{
	return follows_one("map_files");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*try)(void);
	} ways[] = {
	    {"prlimit", w_prlimit},
	    {"ptrace", w_ptrace},
	    {"vm", w_vm},
	    {"affinity", w_affinity},
	    {"scheduler", w_scheduler},
	    {"param", w_param},
	    {"attr", w_attr},
	    {"migrate", w_migrate},
	    {"move", w_move},
	    {"robust", w_robust},
	    {"nice", w_nice},
	    {"ioprio", w_ioprio},
	    {"kcmp", w_kcmp},
	    {"perf", w_perf},
	    {"core", w_core},
	    {"pidfd", w_pidfd},
	    {"handle", w_handle},
	    {"getfd", w_getfd},
	    {"madvise", w_madvise},
	    {"user-nice", w_user_nice},
	    {"user-ioprio", w_user_ioprio},
	    {"keyring", w_keyring},
	    {"ns", w_setns},
	    {"oom_score_adj", f_oom},
	    {"autogroup", f_autogroup},
	    {"coredump_filter", f_coredump},
	    {"clear_refs", f_refs},
	    {"timerslack_ns", f_slack},
	    {"comm", f_comm},
	    {"sched", f_sched},
	    {"loginuid", f_loginuid},
	    {"maps", f_maps},
	    {"environ", f_environ},
	    {"auxv", f_auxv},
	    {"io", f_io},
	    {"syscall", f_syscall},
	    {"stack", f_stack},
	    {"pagemap", f_pagemap},
	    {"personality", f_personality},
	    {"mem", f_mem},
	    {"exe", f_exe},
	    {"fd", f_fds},
	    {"map_files", f_map_files},
	};

	pid = argc > 1 ? atoi(argv[1]) : 1;
	if (pid == 0 && (pid = fork()) == 0)
		for (;;)
			pause();
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (ways[i].try())
			printf("%s ", ways[i].name);
	printf(".\n");
	if (argc > 1 && atoi(argv[1]) == 0)
		kill(pid, SIGKILL);
	return 0;
}
