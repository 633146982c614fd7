/* SPDX-License-Identifier: Apache-2.0 */
/* A fuzzer of the jail's tracer, several programs in one, told apart by their names:
 * keeper SEED SECONDS [spare]: starts a "guarded" and keeps some of "tracefuzz" running, which make random calls, processes, threads, filters and
 *   signals. Says "ready", then how many it started, "settled" when all have ended, and on SIGTERM what became of "guarded"; ends with 7.
 * tracefuzz SEED KEEPER GUARDED: does so; with 0 as KEEPER it spares it, for controls: no filters, and no signals that could reach it.
 * denied: leaves a mark, /mark/denied. allowed: ends. guarded: holds a pattern in memory and tells at the end of its input whether it is whole. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 6
#define STACK   65536
#define PATTERN 0x5a

/* At the same address in each of the programs, since they are one and are not moved. */
static unsigned char pattern[65536];
static pid_t keeper, guarded;
static char *keeper_word, *guarded_word;

struct dice {
	uint64_t state;
};

static uint64_t roll(struct dice *d)
{
	d->state ^= d->state << 13;
	d->state ^= d->state >> 7;
	d->state ^= d->state << 17;
	return d->state * 2685821657736338717ull;
}

static unsigned int pick(struct dice *d, unsigned int sides)
{
	return (unsigned int)(roll(d) >> 33) % sides;
}

static struct dice dice_of(uint64_t seed)
{
	struct dice d = {seed * 0x9e3779b97f4a7c15ull + 0x1234567};

	roll(&d);
	return d;
}

static pid_t someone(struct dice *d)
{
	if (!keeper)
		return pick(d, 4) ? guarded + (pid_t)pick(d, 30) : guarded;
	switch (pick(d, 8)) {
	case 0:
		return guarded;
	case 1:
		return keeper;
	case 2:
		return 1;
	case 3:
		return -guarded;
	case 4:
		return pick(d, 2) ? -1 : 0;
	default:
		return (pid_t)(getpid() - 8 + (int)pick(d, 16));
	}
}

static int some_signal(struct dice *d)
{
	static const int signals[] = {SIGKILL, SIGKILL, SIGSTOP, SIGCONT, SIGCONT, SIGCONT, SIGUSR1,
				      SIGTERM, SIGCHLD, 0,       SIGTRAP, SIGSYS,  40};

	return signals[pick(d, sizeof(signals) / sizeof(signals[0]))];
}

static const char *some_path(struct dice *d)
{
	static const char *const paths[] = {
	    "/bin/denied", "/bin/denied", "/bin/../bin/denied", "/mark/dir", "/bin/allowed", "/nowhere", "/"};

	return paths[pick(d, sizeof(paths) / sizeof(paths[0]))];
}

static long some_argument(struct dice *d)
{
	static char memory[4096];

	switch (pick(d, 10)) {
	case 0:
		return 0;
	case 1:
		return -1;
	case 2:
		return (long)pick(d, 4);
	case 3:
		return someone(d);
	case 4:
		return some_signal(d);
	case 5:
		return (long)some_path(d);
	case 6:
		return (long)memory;
	case 7:
		return (long)pattern + (long)pick(d, 4096);
	case 8:
		return 1L << pick(d, 63);
	default:
		return (long)roll(d);
	}
}

static void any_call(struct dice *d)
{
	static const int calls[] = {SYS_getpgid,
				    SYS_getsid,
				    SYS_getppid,
				    SYS_mkdir,
				    SYS_mkdirat,
				    SYS_kill,
				    SYS_tkill,
				    SYS_tgkill,
				    SYS_rt_sigqueueinfo,
				    SYS_rt_tgsigqueueinfo,
				    SYS_ptrace,
				    SYS_seccomp,
				    SYS_execve,
				    SYS_execveat,
				    SYS_process_vm_readv,
				    SYS_process_vm_writev,
				    SYS_prlimit64,
				    SYS_setpriority,
				    SYS_sched_setaffinity,
				    SYS_sched_setscheduler,
				    SYS_sched_setparam,
				    SYS_ioprio_set,
				    SYS_kcmp,
				    SYS_get_robust_list,
				    SYS_set_robust_list,
				    SYS_sched_yield,
				    SYS_dup,
				    SYS_setpgid,
				    SYS_setsid,
				    SYS_io_uring_setup,
				    SYS_perf_event_open,
				    SYS_bpf,
				    SYS_userfaultfd,
				    SYS_memfd_create,
				    SYS_migrate_pages,
				    SYS_move_pages,
				    SYS_membarrier,
				    434 /* pidfd_open */,
				    424 /* pidfd_send_signal */,
				    438 /* pidfd_getfd */,
				    435 /* clone3 */,
				    440 /* process_madvise */,
				    448 /* process_mrelease */,
				    SYS_set_tid_address,
				    SYS_alarm,
				    SYS_personality};
	long a[6];

	for (int i = 0; i < 6; i++)
		a[i] = some_argument(d);
	syscall(calls[pick(d, sizeof(calls) / sizeof(calls[0]))], a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void any_prctl(struct dice *d)
{
	static const int what[] = {PR_SET_DUMPABLE,        PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG,
				   PR_SET_CHILD_SUBREAPER, PR_SET_NAME,         PR_SET_KEEPCAPS,
				   PR_SET_PTRACER,         PR_SET_TIMERSLACK,   62 /* PR_SCHED_CORE */};

	prctl(what[pick(d, sizeof(what) / sizeof(what[0]))], some_argument(d), some_argument(d), 0, 0);
}

static void own_filter(struct dice *d)
{
	static const int calls[] = {SYS_execve, SYS_execveat, SYS_clone,   SYS_fork,    SYS_vfork,
				    SYS_mkdir,  SYS_kill,     SYS_seccomp, SYS_getpgid, SYS_prctl};
	uint32_t verdict = SECCOMP_RET_ALLOW, nr = (uint32_t)calls[pick(d, sizeof(calls) / sizeof(calls[0]))];

	switch (pick(d, 8)) {
	case 0:
		verdict = SECCOMP_RET_ERRNO | pick(d, 200);
		break;
	case 1:
		verdict = SECCOMP_RET_TRAP;
		break;
	case 2:
		verdict = SECCOMP_RET_USER_NOTIF;
		break;
	case 3:
		break;
	default:
		verdict = SECCOMP_RET_TRACE | pick(d, pick(d, 2) ? 120 : 65536);
	}
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, verdict),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog p = {4, code};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, pick(d, 16), &p);
}

static void execute(struct dice *d, const char *path)
{
	char seed[24];
	char *again[] = {(char *)"tracefuzz", seed, keeper_word, guarded_word, NULL}, *one[] = {(char *)path, NULL},
	     *none[] = {NULL};
	int fd;

	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)roll(d) >> 1);
	switch (pick(d, 4)) {
	case 0:
		syscall(SYS_execve, "/bin/tracefuzz", again, none);
		break;
	case 1:
		fd = open(path, O_RDONLY | O_CLOEXEC);
		syscall(SYS_execveat, fd, "", one, none, 0x1000 /* AT_EMPTY_PATH */);
		close(fd);
		break;
	case 2: /* without a path */
		fd = (int)syscall(SYS_memfd_create, "x", 1);
		(void)!write(fd, "#!/bin/denied\n", 14);
		syscall(SYS_execveat, fd, "", one, none, 0x1000);
		close(fd);
		break;
	default:
		syscall(SYS_execve, path, one, none);
	}
}

/* A path that another thread changes while it is looked at. */
static char flipped[32] = "/bin/allowed";

static void flip(struct dice *d)
{
	for (int i = 0; i < 2000; i++)
		memcpy(flipped, i & 1 ? "/bin/denied\0" : "/bin/allowed", 13);
	(void)d;
}

static void touch_guarded(struct dice *d)
{
	char path[64], junk[64] = {1};
	struct iovec from = {junk, sizeof(junk)}, to = {pattern + pick(d, 60000), sizeof(junk)};
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pick(d, 4) || !keeper ? guarded : keeper);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		(void)!pwrite(fd, junk, sizeof(junk), (off_t)to.iov_base);
		close(fd);
	}
	syscall(SYS_process_vm_writev, guarded, &from, 1, &to, 1, 0);
}

static void fuzz(struct dice *d, int n, int depth);

struct start {
	struct dice d;
	int depth;
};

static int in_clone(void *arg)
{
	struct start *s = arg;

	fuzz(&s->d, 1 + (int)pick(&s->d, 30), s->depth + 1);
	syscall(SYS_exit, 0);
	return 0;
}

static void any_clone(struct dice *d, int depth)
{
	static const unsigned long kinds[] = {0,
					      CLONE_VM,
					      CLONE_PARENT,
					      CLONE_VFORK,
					      CLONE_VM | CLONE_VFORK,
					      CLONE_UNTRACED,
					      CLONE_NEWUSER,
					      CLONE_NEWUSER | CLONE_NEWPID,
					      CLONE_PTRACE,
					      CLONE_PARENT | CLONE_VFORK,
					      CLONE_VM | CLONE_SIGHAND | CLONE_THREAD,
					      CLONE_VM | CLONE_SIGHAND | CLONE_THREAD,
					      CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_UNTRACED,
					      CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FS | CLONE_FILES};
	unsigned long flags = kinds[pick(d, sizeof(kinds) / sizeof(kinds[0]))];
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct start *s = (struct start *)(void *)stack;

	if (stack == MAP_FAILED)
		return;
	s->d = dice_of(roll(d));
	s->depth = depth;
	if (!(flags & CLONE_THREAD) && pick(d, 4))
		flags |= SIGCHLD;
	clone(in_clone, stack + STACK - 64, (int)flags, s);
}

static void any_fork(struct dice *d, int depth)
{
	bool bears = depth < 3;
	pid_t pid = fork();

	if (pid == 0) {
		fuzz(d, bears ? 20 : 3, depth + 1);
		_exit(0);
	}
	roll(d);
	if (pid > 0 && pick(d, 2)) {
		usleep(pick(d, 500));
		kill(pid, pick(d, 3) ? SIGKILL : some_signal(d));
	}
}

static void any_vfork(struct dice *d)
{
	char *argv[] = {pick(d, 3) ? flipped : (char *)some_path(d), NULL}, *none[] = {NULL};

	if (vfork() == 0) { /* NOLINT: it is what is tried */
		execve(argv[0], argv, none);
		_exit(0);
	}
}

static void one_thing(struct dice *d, int depth)
{
	switch (pick(d, 24)) {
	case 0:
		any_fork(d, depth);
		break;
	case 1:
	case 2:
		any_clone(d, depth);
		break;
	case 3:
	case 4:
		any_vfork(d);
		break;
	case 5:
		execute(d, some_path(d));
		break;
	case 6:
		if (keeper && pick(d, 8) == 0)
			own_filter(d);
		break;
	case 7:
	case 8:
		kill(someone(d), some_signal(d));
		break;
	case 9:
		syscall(SYS_tgkill, someone(d), someone(d), some_signal(d));
		break;
	case 10:
		any_prctl(d);
		break;
	case 11:
		syscall(SYS_mkdir, "/mark/dir", 0700);
		syscall(SYS_mkdirat, AT_FDCWD, "/mark/dir", 0700);
		break;
	case 12:
		touch_guarded(d);
		break;
	case 13:
		flip(d);
		break;
	case 14:
		if (pick(d, 30) == 0)
			unshare(pick(d, 2) ? CLONE_NEWUSER : CLONE_FILES);
		break;
	case 15:
		if (pick(d, 40) == 0) /* a call of another ABI */
			__asm__ volatile("int $0x80" : : "a"(39), "b"("/mark/dir"), "c"(0700) : "memory");
		break;
	case 16:
		usleep(pick(d, 300));
		break;
	default:
		any_call(d);
	}
}

static void fuzz(struct dice *d, int n, int depth)
{
	for (int i = 0; i < n; i++) {
		one_thing(d, depth);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

static int work(char **argv)
{
	struct dice d = dice_of(strtoull(argv[1], NULL, 10));
	int null = open("/dev/null", O_RDWR);

	keeper_word = argv[2];
	guarded_word = argv[3];
	keeper = atoi(argv[2]);
	guarded = atoi(argv[3]);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	for (int fd = 3; fd < 16; fd++)
		close(fd);
	fuzz(&d, 100 + (int)pick(&d, 200), 0);
	return 0;
}

static int guard(int ready)
{
	char c;
	size_t changed = 0;

	memset(pattern, PATTERN, sizeof(pattern));
	(void)!write(ready, "x", 1);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	for (size_t i = 0; i < sizeof(pattern); i++)
		changed += pattern[i] != PATTERN;
	return changed ? 3 : 0;
}

static volatile sig_atomic_t over;

static void on_term(int sig)
{
	(void)sig;
	over = 1;
}

static pid_t start_guarded(int *ret_input)
{
	int input[2], ready[2];
	char c, fd[16];
	pid_t pid;

	if (pipe2(input, O_CLOEXEC) < 0 || pipe(ready) < 0)
		return -1;
	snprintf(fd, sizeof(fd), "%d", ready[1]);
	pid = fork();
	if (pid == 0) {
		setsid(); /* else the kernel hangs its group up when another leaves it stopped: so keep() too */
		dup2(input[0], STDIN_FILENO);
		execl("/bin/guarded", "guarded", fd, (char *)NULL);
		_exit(1);
	}
	close(ready[1]);
	close(input[0]);
	if (read(ready[0], &c, 1) != 1)
		return -1;
	close(ready[0]);
	*ret_input = input[1];
	return pid;
}

/* All but this one, PID 1 and "guarded"; how many were still there. */
static int end_others(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *de;
	int n = 0;

	while (dir && (de = readdir(dir))) {
		pid_t pid = atoi(de->d_name);

		if (pid > 1 && pid != getpid() && pid != guarded) {
			kill(pid, SIGKILL);
			n++;
		}
	}
	if (dir)
		closedir(dir);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return n;
}

/* What is still there, for whoever looks into it. */
static void tell_others(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *de;
	char path[300], line[256];
	int n = 0;

	while (dir && (de = readdir(dir)) && n < 8) {
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/stat", de->d_name);
		f = atoi(de->d_name) > 0 ? fopen(path, "re") : NULL;
		if (f && fgets(line, 40, f) && ++n)
			printf("left: %s (signal 0: %s)\n", line, kill(atoi(de->d_name), 0) ? strerror(errno) : "sent");
		if (f)
			fclose(f);
	}
	if (dir)
		closedir(dir);
}

static int keep(char **argv)
{
	struct dice d = dice_of(strtoull(argv[1], NULL, 10));
	time_t end = time(NULL) + atoi(argv[2]);
	pid_t workers[WORKERS] = {0};
	int input = -1, status, started = 0, left;
	char seed[24], me[16], it[16];

	signal(SIGTERM, on_term);
	setsid();
	guarded = start_guarded(&input);
	puts(guarded > 0 ? "ready" : "no guarded");
	snprintf(me, sizeof(me), "%d", argv[3] ? 0 : getpid());
	snprintf(it, sizeof(it), "%d", guarded);
	while (time(NULL) < end) {
		for (int i = 0; i < WORKERS; i++) {
			if (workers[i] > 0 && waitpid(workers[i], NULL, WNOHANG) == 0) {
				if (pick(&d, 400) == 0) /* one that is stopped, or waits for ever */
					kill(workers[i], pick(&d, 4) ? SIGCONT : SIGKILL);
				continue;
			}
			snprintf(seed, sizeof(seed), "%llu", (unsigned long long)roll(&d) >> 1);
			workers[i] = fork();
			if (workers[i] == 0) {
				setsid(); /* who is in keeper's session may tie its group to it, stop in it and end */
				execl("/bin/tracefuzz", "tracefuzz", seed, me, it, (char *)NULL);
				_exit(1);
			}
			started += workers[i] > 0;
		}
		usleep(2000);
		if (pick(&d, 40) == 0) /* orphans that wait for ever would leave no room */
			end_others();
	}
	end = time(NULL) + 15;
	while ((left = end_others()) > 0 && time(NULL) < end)
		usleep(5000);
	printf("%s: %d started, %d left\n", left ? "not settled" : "settled", started, left);
	if (left)
		tell_others();
	while (!over)
		usleep(10000);
	close(input);
	if (waitpid(guarded, &status, 0) != guarded)
		printf("guarded: gone\n");
	else
		printf("guarded: %s\n", status == 0                                     ? "whole"
					: WIFEXITED(status) && WEXITSTATUS(status) == 3 ? "changed"
											: "killed");
	return 7;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(name, "allowed"))
		return 0;
	if (!strcmp(name, "denied")) {
		close(open("/mark/denied", O_CREAT | O_WRONLY, 0600));
		return 0;
	}
	if (!strcmp(name, "guarded"))
		return argc == 2 ? guard(atoi(argv[1])) : 2;
	if (!strcmp(name, "keeper"))
		return argc >= 3 ? keep(argv) : 2;
	return argc == 4 ? work(argv) : 2;
}
