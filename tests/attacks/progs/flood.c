/* SPDX-License-Identifier: Apache-2.0 */
/* flood calls|signals|forks N: N threads or processes that keep the jail's helper busy for ever: with calls of getpgid(2), with
 * signals to it, with the ends of orphans. Says "ready", and "heard" when it gets SIGTERM itself. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void heard(int sig)
{
	(void)sig;
	(void)!write(STDOUT_FILENO, "heard\n", 6);
}

_Noreturn static void *call(void *arg)
{
	(void)arg;
	for (;;)
		syscall(SYS_getpgid, 0);
}

_Noreturn static void *send(void *arg)
{
	(void)arg;
	for (int i = 0;; i++)
		sigqueue(1, 40 + i % 8, (union sigval){.sival_int = 0});
}

_Noreturn static void *orphan(void *arg)
{
	(void)arg;
	for (;;)
		if (vfork() == 0) {
			if (vfork() == 0)
				_exit(0);
			_exit(0);
		}
}

int main(int argc, char **argv)
{
	void *(*what)(void *) = argc < 3                      ? NULL
				: !strcmp(argv[1], "calls")   ? call
				: !strcmp(argv[1], "signals") ? send
							      : orphan;
	int n = what ? atoi(argv[2]) : 0;
	pthread_attr_t small;
	pthread_t t;
	sigset_t all;

	signal(SIGTERM, heard);
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < 8; i++)
		signal(40 + i, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (int i = 0; i < n; i++)
		if (pthread_create(&t, &small, what, NULL) != 0)
			return 1;
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
