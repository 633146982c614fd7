/* SPDX-License-Identifier: Apache-2.0 */
/* own_filter sweep CALL: a filter of one's own that traces the call (SECCOMP_RET_TRACE) with each data from 0 to 300 and 0xffff, each in
 * a new process that then makes the call. own_filter plain CALL: the same once, without the filter. Prints how often the call
 * succeeded ("done"), was not there ("enosys"), or was refused ("refused"); other ends by their errno.
 * own_filter works KIND: filters as sandboxes have them; "works KIND" when the filter did what seccomp(2) says.
 * Called as "denied" or "allowed": the program that calls execute; called as "guarded": one that waits to be signalled. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RAN  42
#define LAST 301

static pid_t guarded = -1;

/* A number whose lower half is the argument as the kernel takes it and which is at the same time the address of a path. */
static long double_face(unsigned long low)
{
	unsigned long v = 0x100000000ul + low;
	char *page =
	    mmap((void *)(v & ~4095ul), 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (page == MAP_FAILED)
		return (long)low;
	strcpy((char *)v, "/nowhere");
	return (long)v;
}

static long filter(unsigned int flags, int nr, unsigned int verdict)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)nr, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, verdict),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog p = {4, code};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!flags) /* by prctl(2), since seccomp(2) is one of the calls that are traced */
		return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &p);
}

static long execute(const char *path)
{
	char *argv[] = {(char *)path, NULL}, *envp[] = {NULL};

	return syscall(SYS_execve, path, argv, envp);
}

static long exec_denied(void)
{
	return execute("/bin/denied");
}

static long exec_allowed(void)
{
	return execute("/bin/allowed");
}

static long make_directory(void)
{
	char path[64];
	long r;

	snprintf(path, sizeof(path), "/tmp/refused-%d", getpid());
	r = syscall(SYS_mkdir, path, 0700);
	if (r == 0)
		rmdir(path);
	return r;
}

static long signal_guarded(void)
{
	return syscall(SYS_kill, guarded, SIGTERM);
}

static long make_process(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return pid;
}

static long make_untraced(void)
{
	long pid = syscall(SYS_clone, double_face(CLONE_UNTRACED | SIGCHLD), 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return pid;
}

static long make_listener(void)
{
	struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog p = {1, code};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, double_face(SECCOMP_SET_MODE_FILTER), SECCOMP_FILTER_FLAG_NEW_LISTENER, &p);
}

static long parent(void)
{
	return syscall(SYS_getppid);
}

static const struct {
	const char *name;
	int nr;
	long (*run)(void);
} calls[] = {
    {"exec-denied", SYS_execve, exec_denied}, {"exec-allowed", SYS_execve, exec_allowed},
    {"mkdir", SYS_mkdir, make_directory},     {"kill", SYS_kill, signal_guarded},
    {"fork", SYS_clone, make_process},        {"untraced", SYS_clone, make_untraced},
    {"listener", SYS_seccomp, make_listener}, {"getppid", SYS_getppid, parent},
};

static pid_t start_guarded(void)
{
	char c, fd[16];
	int p[2];
	pid_t pid;

	if (pipe(p) < 0)
		return -1;
	snprintf(fd, sizeof(fd), "%d", p[1]);
	pid = fork();
	if (pid == 0) {
		execl("/bin/guarded", "guarded", fd, (char *)NULL);
		_exit(1);
	}
	close(p[1]);
	if (read(p[0], &c, 1) != 1)
		pid = -1;
	close(p[0]);
	return pid;
}

static int sweep(const char *name, bool own)
{
	int done = 0, enosys = 0, refused = 0, other = 0, status;
	size_t which = 0;

	while (which < sizeof(calls) / sizeof(calls[0]) && strcmp(calls[which].name, name) != 0)
		which++;
	if (which == sizeof(calls) / sizeof(calls[0]))
		return 2;
	if (!strcmp(name, "kill") && (guarded = start_guarded()) < 0)
		return 3;
	for (unsigned int i = 0; i <= (own ? LAST : 0); i++) {
		pid_t pid = fork();

		if (pid == 0) {
			if (own && filter(0, calls[which].nr, SECCOMP_RET_TRACE | (i == LAST ? 0xffff : i)) < 0)
				_exit(255);
			_exit(calls[which].run() < 0 ? errno : RAN);
		}
		if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status)) {
			printf("end of %u: %#x\n", i, pid < 0 ? 0 : status);
			other++;
			continue;
		}
		switch (WEXITSTATUS(status)) {
		case RAN:
			done++;
			printf("data %u: done\n", i);
			break;
		case ENOSYS:
			enosys++;
			break;
		case EPERM:
		case EACCES:
		case EAGAIN:
			refused++;
			break;
		default:
			printf("data %u: %s\n", i, strerror(WEXITSTATUS(status)));
			other++;
		}
	}
	printf("%s: done=%d enosys=%d refused=%d other=%d\n", name, done, enosys, refused, other);
	if (guarded > 0) {
		usleep(100000); /* what was sent arrives */
		printf("guarded %s\n", waitpid(guarded, NULL, WNOHANG) == 0 ? "lives" : "died");
		kill(guarded, SIGKILL);
	}
	return 0;
}

static volatile int trapped;

static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	trapped = info->si_syscall == SYS_getppid && info->si_errno == 7;
}

static int threads_now(void)
{
	struct stat st;

	return stat("/proc/self/task", &st) < 0 ? -1 : (int)st.st_nlink - 2;
}

static void *ends_in_filter(void *arg)
{
	filter(0, SYS_getppid, SECCOMP_RET_KILL_THREAD);
	syscall(SYS_getppid);
	return arg;
}

static pthread_barrier_t together;
static volatile int seen;

static void *asks(void *arg)
{
	pthread_barrier_wait(&together);
	pthread_barrier_wait(&together);
	if (syscall(SYS_getppid) < 0 && errno == 77)
		__atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST);
	return arg;
}

static bool by_errno(void)
{
	return filter(0, SYS_getppid, SECCOMP_RET_ERRNO | 77) == 0 && parent() < 0 && errno == 77;
}

static bool by_trap(void)
{
	struct sigaction sa = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};

	sigaction(SIGSYS, &sa, NULL);
	if (filter(0, SYS_getppid, SECCOMP_RET_TRAP | 7) < 0)
		return false;
	parent();
	return trapped;
}

static bool by_kill_thread(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, ends_in_filter, NULL) != 0)
		return false;
	for (int i = 0; i < 5000 && threads_now() != 1; i++)
		usleep(1000);
	return threads_now() == 1 && parent() >= 0;
}

static bool by_log(void)
{
	return filter(0, SYS_getppid, SECCOMP_RET_LOG) == 0 && parent() >= 0;
}

static bool by_many(void)
{
	for (int i = 0; i < 40; i++)
		if (filter(0, SYS_getsid, SECCOMP_RET_ERRNO | (unsigned int)(100 - i)) < 0 ||
		    filter(0, SYS_getppid, SECCOMP_RET_ALLOW) < 0)
			return false;
	/* Of equal actions the newest filter's counts. */
	return syscall(SYS_getsid, 0) < 0 && errno == 61 && parent() >= 0;
}

static bool by_tsync(void)
{
	pthread_t t[4];

	pthread_barrier_init(&together, NULL, 5);
	for (int i = 0; i < 4; i++)
		if (pthread_create(&t[i], NULL, asks, NULL) != 0)
			return false;
	pthread_barrier_wait(&together);
	if (filter(SECCOMP_FILTER_FLAG_TSYNC, SYS_getppid, SECCOMP_RET_ERRNO | 77) != 0)
		return false;
	pthread_barrier_wait(&together);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	return seen == 4;
}

static int works(const char *kind)
{
	static const struct {
		const char *name;
		bool (*run)(void);
	} kinds[] = {{"errno", by_errno}, {"trap", by_trap}, {"kill-thread", by_kill_thread},
		     {"log", by_log},     {"many", by_many}, {"tsync", by_tsync}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, kind))
			printf("%s %s\n", kinds[i].run() ? "works" : "fails", kind);
	return 0;
}

int main(int argc, char **argv)
{
	const char *base = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];

	setvbuf(stdout, NULL, _IONBF, 0);
	if (!strcmp(base, "denied") || !strcmp(base, "allowed"))
		return RAN;
	if (!strcmp(base, "guarded")) {
		(void)!write(atoi(argv[1]), "x", 1);
		for (;;)
			pause();
	}
	if (argc < 3)
		return 2;
	if (!strcmp(argv[1], "works"))
		return works(argv[2]);
	return sweep(argv[2], !strcmp(argv[1], "sweep"));
}
