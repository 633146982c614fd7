/* SPDX-License-Identifier: Apache-2.0 */
/* flood calls|signals|forks|words N: N threads or processes that keep the jail's helper busy for ever: with calls of getpgid(2), with
 * signals to it, with the ends of orphans; or the runtime, with words to $NOTIFY_SOCKET. Says "ready", and "heard" when it gets SIGTERM itself. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
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

_Noreturn static void *kick(void *arg)
{
	(void)arg;
	for (int i = 0;; i++)
		sigqueue(1, 40 + i % 8, (union sigval){.sival_int = 0});
}

_Noreturn static void *orphan(void *arg)
{
	(void)arg;
	for (;;)
		if (fork() == 0) {
			if (fork() == 0)
				_exit(0);
			_exit(0);
		}
}

_Noreturn static void *notify(void *arg)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)arg;
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", getenv("NOTIFY_SOCKET"));
	for (;;)
		sendto(fd, "STATUS=1", 8, 0, (struct sockaddr *)&sa, sizeof(sa));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void *(*run)(void *);
	} ways[] = {{"calls", call}, {"signals", kick}, {"forks", orphan}, {"words", notify}};
	void *(*what)(void *) = NULL;
	int n = argc < 3 ? 0 : atoi(argv[2]);
	pthread_attr_t small;
	pthread_t t;
	sigset_t all;

	for (size_t i = 0; n && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(argv[1], ways[i].name))
			what = ways[i].run;
	if (!what)
		return 2;
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
