/* SPDX-License-Identifier: Apache-2.0 */
/* call NR [ARGUMENT...]: makes one system call from a second thread, and prints what came of it: the number that it returned, or
 * that of its error with a minus before it, or what SIGSYS said. Whether the first thread outlives that shows in a second line. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static long number, args[6];

static void on_sys(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	printf("SIGSYS of call %d, errno %d\n", info->si_syscall, info->si_errno);
}

static void *second(void *arg)
{
	long ret = syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);

	printf("%ld\n", ret == -1 ? -(long)errno : ret);
	fflush(stdout);
	return arg;
}

int main(int argc, char **argv)
{
	struct sigaction act = {.sa_sigaction = on_sys, .sa_flags = SA_SIGINFO};
	pthread_t thread;

	if (getenv("CATCH"))
		sigaction(SIGSYS, &act, NULL);
	number = argc > 1 ? strtol(argv[1], NULL, 0) : 0;
	for (int i = 2; i < argc && i < 8; i++)
		args[i - 2] = (long)strtoull(argv[i], NULL, 0);
	pthread_create(&thread, NULL, second, NULL);
	usleep(100000);
	printf("alive\n");
	return 0;
}
