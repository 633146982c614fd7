/* SPDX-License-Identifier: Apache-2.0 */
/* Ways by which a process acts on another of the same user. "shield_ways PROGRAM": PROGRAM, a copy of this file, is executed
 * once for each way, with what the way arms before, and tried on after. A line for each: "WAY hit" or "WAY held".
 * "shield_ways PROGRAM race N": /proc/PID/mem is opened all the time while PROGRAM is executed, N times, and written to later. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef F_SETSIG
#define F_SETSIG 10
#endif
#ifndef F_SETLEASE
#define F_SETLEASE 1024
#endif
#ifndef F_NOTIFY
#define F_NOTIFY 1026
#endif
#ifndef DN_CREATE
#define DN_CREATE 4
#endif
#ifndef FIOSETOWN
#define FIOSETOWN 0x8901
#endif
#define F_SETOWN_EX_ 15
#define SHARE_TO     2
#define SCHED_CORE   62
#define AS_IT_WAS    7
#define IS_CHANGED   9

static volatile int touched; /* at the same address in both */
static int ready[2], pair[2], stay[2];
static pid_t middle;
static char dir[64], file[80], created[80];

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The program that is acted on: says that it is there, works for a while, and looks at itself. */
static int victim(const char *fd, double span)
{
	double end = seconds() + span;
	mode_t mask = umask(022);

	if (write(atoi(fd), "", 1) != 1)
		return 1;
	while (seconds() < end)
		for (volatile int i = 0; i < 100000; i++)
			;
	return touched || umask(mask) != 022 ? IS_CHANGED : AS_IT_WAS;
}

/* ---- what is armed before the exec, in the process that becomes the victim; 0 or -1 ---- */

static int arm_timer(int which, int us)
{
	struct itimerval v = {.it_value.tv_usec = us};

	return setitimer(which, &v, NULL);
}

static int real_timer(void)
{
	return arm_timer(ITIMER_REAL, 500000); /* the exec has to be over by then */
}

static int virtual_timer(void)
{
	return arm_timer(ITIMER_VIRTUAL, 60000);
}

static int prof_timer(void)
{
	return arm_timer(ITIMER_PROF, 60000);
}

static int owned(int how)
{
	struct {
		int type, pid;
	} ex = {1, getpid()};
	int pid = getpid();
	int r = how == 0   ? fcntl(pair[0], F_SETOWN, pid)
		: how == 1 ? fcntl(pair[0], F_SETOWN_EX_, &ex)
			   : ioctl(pair[0], FIOSETOWN, &pid);

	return r < 0 ? r : fcntl(pair[0], F_SETFL, O_ASYNC | O_NONBLOCK);
}

static int set_owner(void)
{
	return owned(0);
}

static int set_owner_ex(void)
{
	return owned(1);
}

static int set_owner_ioctl(void)
{
	return owned(2);
}

static int set_lease(void)
{
	return fcntl(open(file, O_RDONLY), F_SETLEASE, F_RDLCK);
}

static int set_notify(void)
{
	return fcntl(open(dir, O_RDONLY | O_DIRECTORY), F_NOTIFY, DN_CREATE);
}

static int set_death(void)
{
	return prctl(PR_SET_PDEATHSIG, SIGTERM);
}

/* ---- what is tried after it; > 0: it was done, so it is a hit ---- */

static int put(pid_t pid, const char *name, const char *text)
{
	char path[64];
	int fd, r;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return 0;
	r = write(fd, text, strlen(text)) > 0;
	close(fd);
	return r;
}

static int open_memory(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	return open(path, O_RDWR | O_CLOEXEC);
}

static int try_memory(pid_t pid)
{
	int one = 1, fd = open_memory(pid);

	if (fd >= 0)
		(void)!pwrite(fd, &one, sizeof(one), (off_t)(unsigned long)&touched);
	return fd >= 0;
}

static int try_vm(pid_t pid)
{
	int one = 1;
	struct iovec local = {&one, sizeof(one)}, remote = {(void *)&touched, sizeof(one)};

	return process_vm_writev(pid, &local, 1, &remote, 1, 0) > 0;
}

static int try_oom(pid_t pid)
{
	return put(pid, "oom_score_adj", "900");
}

static int try_autogroup(pid_t pid)
{
	return put(pid, "autogroup", "10");
}

static int try_coredump(pid_t pid)
{
	return put(pid, "coredump_filter", "0");
}

static int try_clear(pid_t pid)
{
	return put(pid, "clear_refs", "1");
}

static int try_core(pid_t pid)
{
	return prctl(SCHED_CORE, SHARE_TO, pid, 0, 0) == 0;
}

static int try_kill(pid_t pid)
{
	kill(pid, SIGTERM);
	return 0;
}

static int try_limit(pid_t pid)
{
	struct {
		unsigned long long cur, max;
	} limit = {1, 1};

	return syscall(SYS_prlimit64, pid, 7 /* RLIMIT_NOFILE */, &limit, NULL) == 0;
}

static int no_try(pid_t pid)
{
	(void)pid;
	return 0;
}

static int send_data(pid_t pid)
{
	(void)pid;
	(void)!write(pair[1], "x", 1);
	return 0;
}

static int break_lease(pid_t pid)
{
	(void)pid;
	open(file, O_WRONLY | O_NONBLOCK);
	return 0;
}

static int create(pid_t pid)
{
	(void)pid;
	close(open(created, O_WRONLY | O_CREAT, 0600));
	return 0;
}

static int change_mask(pid_t pid)
{
	(void)pid;
	umask(077);
	return 0;
}

static int end_parent(pid_t pid)
{
	(void)pid;
	(void)!write(stay[1], "", 1);
	waitpid(middle, NULL, 0);
	return 0;
}

static const struct way {
	const char *name;
	int (*arm)(void);
	int (*act)(pid_t pid);
	int flags;
	int orphan; /* its parent ends */
} ways[] = {
    {"mem", NULL, try_memory, 0, 0},
    {"process_vm_writev", NULL, try_vm, 0, 0},
    {"oom_score_adj", NULL, try_oom, 0, 0},
    {"autogroup", NULL, try_autogroup, 0, 0},
    {"coredump_filter", NULL, try_coredump, 0, 0},
    {"clear_refs", NULL, try_clear, 0, 0},
    {"sched_core", NULL, try_core, 0, 0},
    {"kill", NULL, try_kill, 0, 0},
    {"prlimit", NULL, try_limit, 0, 0},
    {"itimer_real", real_timer, no_try, 0, 0},
    {"itimer_virtual", virtual_timer, no_try, 0, 0},
    {"itimer_prof", prof_timer, no_try, 0, 0},
    {"setown", set_owner, send_data, 0, 0},
    {"setown_ex", set_owner_ex, send_data, 0, 0},
    {"fiosetown", set_owner_ioctl, send_data, 0, 0},
    {"lease", set_lease, break_lease, 0, 0},
    {"dnotify", set_notify, create, 0, 0},
    {"pdeathsig", set_death, end_parent, 0, 1},
    {"clone_fs", NULL, change_mask, CLONE_FS, 0},
};

static void become(const char *program, const struct way *w, const char *span)
{
	char fd[16];

	umask(022);
	if (w && w->arm && w->arm() < 0 && errno != EPERM)
		perror(w->name);
	snprintf(fd, sizeof(fd), "%d", ready[1]);
	execl(program, program, "--victim", fd, span, (char *)NULL);
	perror(program);
	_exit(1);
}

static pid_t start(const char *program, const struct way *w)
{
	int where[2];
	pid_t pid;

	if (!w->orphan) {
		pid = (pid_t)syscall(SYS_clone, (unsigned long)w->flags | SIGCHLD, 0, 0, 0, 0);
		if (pid == 0)
			become(program, w, w->arm == real_timer ? "0.9" : "0.25");
		return pid;
	}
	if (pipe(where) < 0 || pipe(stay) < 0)
		return -1;
	middle = fork();
	if (middle == 0) { /* when it ends the process is this one's child (PR_SET_CHILD_SUBREAPER) */
		pid = fork();
		if (pid == 0)
			become(program, w, "0.25");
		(void)!write(where[1], &pid, sizeof(pid));
		(void)!read(stay[0], &pid, 1);
		_exit(0);
	}
	(void)!read(where[0], &pid, sizeof(pid));
	return pid;
}

static void try_way(const char *program, const struct way *w)
{
	int status = 0, done = 0;
	pid_t pid;
	char byte;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 || pipe(ready) < 0)
		exit(1);
	pid = start(program, w);
	if (pid < 0) {
		printf("%s held (%s)\n", w->name, strerror(errno));
	} else {
		close(ready[1]);
		if (read(ready[0], &byte, 1) == 1 || w->orphan)
			done = w->act(pid);
		waitpid(pid, &status, 0);
		printf("%s %s", w->name,
		       done || !WIFEXITED(status) || WEXITSTATUS(status) != AS_IT_WAS ? "hit" : "held");
		printf(WIFSIGNALED(status) ? " (signal %d)\n" : " (status %d)\n",
		       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	close(ready[0]);
	close(pair[0]);
	close(pair[1]);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

#define KEEP 400

/* Opens as fast as it can until it is told that the program runs; then writes to all that it has. */
static void opener(pid_t pid, int go)
{
	int fds[KEEP], n = 0, one = 1;
	char byte;

	close(ready[1]);
	fcntl(go, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < KEEP; i++)
		fds[i] = -1;
	while (read(go, &byte, 1) != 1) {
		int fd = open_memory(pid);

		if (fd < 0)
			continue;
		if (fds[n % KEEP] >= 0)
			close(fds[n % KEEP]);
		fds[n++ % KEEP] = fd;
	}
	for (int i = 0; i < KEEP; i++)
		if (fds[i] >= 0)
			(void)!pwrite(fds[i], &one, sizeof(one), (off_t)(unsigned long)&touched);
	_exit(0);
}

static void race(const char *program, int rounds)
{
	int written = 0, ran = 0, other = 0, status, go[2], hold[2];

	for (int i = 0; i < rounds; i++) {
		pid_t pid, attacker;
		char byte;

		if (pipe(ready) < 0 || pipe(go) < 0 || pipe(hold) < 0)
			exit(1);
		pid = fork();
		if (pid == 0) {
			(void)!read(hold[0], &byte, 1);
			become(program, NULL, "0.02");
		}
		attacker = fork();
		if (attacker == 0)
			opener(pid, go[0]);
		usleep(2000);
		(void)!write(hold[1], "", 1);
		close(ready[1]);
		(void)!read(ready[0], &byte, 1);
		(void)!write(go[1], "", 1);
		waitpid(attacker, NULL, 0);
		waitpid(pid, &status, 0);
		written += WIFEXITED(status) && WEXITSTATUS(status) == IS_CHANGED;
		ran += WIFEXITED(status) && WEXITSTATUS(status) == AS_IT_WAS;
		other += !WIFEXITED(status) || (WEXITSTATUS(status) != AS_IT_WAS && WEXITSTATUS(status) != IS_CHANGED);
		for (int k = 0; k < 2; k++) {
			close(go[k]);
			close(hold[k]);
		}
		close(ready[0]);
	}
	printf("written=%d ran=%d other=%d\n", written, ran, other);
}

/* Median microseconds from fork to the end of a program that ends at once. */
static void cost(const char *program, const char *same, int rounds)
{
	static double took[2][2001];

	for (int i = 0; i < rounds && i < 2001; i++)
		for (int k = 0; k < 2; k++) {
			double begin = seconds();
			pid_t pid = fork();

			if (pid == 0) {
				execl(k ? program : same, "x", "--end", (char *)NULL);
				_exit(1);
			}
			waitpid(pid, NULL, 0);
			took[k][i] = (seconds() - begin) * 1e6;
		}
	for (int k = 0; k < 2; k++)
		for (int i = 1; i < rounds; i++)
			for (int j = i; j > 0 && took[k][j - 1] > took[k][j]; j--) {
				double swap = took[k][j];

				took[k][j] = took[k][j - 1];
				took[k][j - 1] = swap;
			}
	printf("unprotected=%.0f protected=%.0f\n", took[0][rounds / 2], took[1][rounds / 2]);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc == 2 && strcmp(argv[1], "--end") == 0)
		return 0;
	if (argc == 4 && strcmp(argv[1], "--victim") == 0)
		return victim(argv[2], atof(argv[3]));
	if (argc == 4 && strcmp(argv[2], "race") == 0) {
		race(argv[1], atoi(argv[3]));
		return 0;
	}
	if (argc == 5 && strcmp(argv[2], "cost") == 0) {
		cost(argv[1], argv[3], atoi(argv[4]));
		return 0;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	snprintf(dir, sizeof(dir), "/tmp/shield_ways.%d", (int)getpid());
	snprintf(file, sizeof(file), "%s/file", dir);
	snprintf(created, sizeof(created), "%s/new", dir);
	mkdir(dir, 0700);
	close(open(file, O_WRONLY | O_CREAT, 0600));
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (argc < 3 || strcmp(argv[2], ways[i].name) == 0)
			try_way(argv[1], &ways[i]);
	unlink(file);
	unlink(created);
	rmdir(dir);
	return 0;
}
