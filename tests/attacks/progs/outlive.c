/* SPDX-License-Identifier: Apache-2.0 */
/* outlive FILE WAYS...: tries to live on when the container's time is over, each way in processes of its own, all of which hold a lock of
 * FILE. Says "ready" when all of them have begun, and waits. */

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int began[2];

static void begin(void)
{
	(void)!write(began[1], "x", 1);
}

static void stay(void)
{
	begin();
	for (;;)
		pause();
}

static void deaf(void)
{
	for (int i = 1; i < 65; i++)
		signal(i, SIG_IGN);
}

static void daemonize(void)
{
	if (fork() > 0)
		_exit(0);
	setsid();
	if (fork() > 0)
		_exit(0);
	deaf();
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	stay();
}

static void stopped(void)
{
	begin();
	raise(SIGSTOP);
	_exit(0);
}

/* The parent sleeps in the kernel until its child ends. */
static void in_vfork(void)
{
	if (vfork() == 0) /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */
		stay();   /* NOLINT(clang-analyzer-unix.Vfork): the parent is kept for ever */
	_exit(0);
}

static void *thread(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void threads(void)
{
	pthread_t t;

	for (int i = 0; i < 8; i++)
		pthread_create(&t, NULL, thread, NULL);
	begin();
	syscall(SYS_exit, 0); /* of the first thread alone */
}

/* Its first process waits for nobody, and a child of it computes. */
static void nested(void)
{
	if (unshare(CLONE_NEWPID) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) < 0)
		stay(); /* not for this user: no way at all */
	if (fork() == 0) {
		deaf();
		if (fork() == 0)
			stay();
		for (;;)
			pause();
	}
	for (;;)
		pause();
}

/* Signals to the supervisor, and children for it to reap, as fast as it goes. */
static void busy(void)
{
	begin();
	for (;;) {
		if (fork() == 0) {
			if (fork() == 0)
				_exit(0);
			_exit(0);
		}
		kill(1, SIGWINCH);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

/* Never long the same process: whoever lists them finds one that is gone. */
static void forks(void)
{
	begin();
	for (;;)
		if (fork() > 0)
			_exit(0);
		else
			setsid();
}

static const struct {
	const char *name;
	void (*run)(void);
} ways[] = {{"daemon", daemonize}, {"stopped", stopped}, {"vfork", in_vfork}, {"threads", threads},
	    {"nested", nested},    {"busy", busy},       {"forks", forks}};

int main(int argc, char **argv)
{
	char c;
	int fd = argc > 1 ? open(argv[1], O_RDWR | O_CREAT, 0666) : -1;

	if (fd < 0 || flock(fd, LOCK_SH) < 0 || pipe(began) < 0) {
		perror("outlive");
		return 2;
	}
	deaf();
	signal(SIGCHLD, SIG_DFL);
	for (int i = 2; i < argc; i++) {
		size_t k = 0;

		while (k < sizeof(ways) / sizeof(ways[0]) && strcmp(ways[k].name, argv[i]) != 0)
			k++;
		if (k == sizeof(ways) / sizeof(ways[0]))
			return 2;
		if (fork() == 0) {
			ways[k].run();
			_exit(0);
		}
	}
	for (int i = 2; i < argc; i++)
		if (read(began[0], &c, 1) != 1)
			return 3;
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
