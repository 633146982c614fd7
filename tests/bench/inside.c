/* SPDX-License-Identifier: Apache-2.0 */
/* Runs inside the container and times what the jail may slow down; prints microseconds.
 *
 *     inside command ARGV...   wall time of one program from its start to its end (its stdout goes to /dev/null)
 *     inside exec N            N times fork, exec of itself, wait
 *     inside fork N            N times fork, exit, wait
 *     inside threads N         N threads, one after the other
 *     inside pipe N            N round trips of one byte between two processes
 *     inside connect N         N TCP connections over loopback, each accepted and closed */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static bool wait_ok(pid_t pid)
{
	int status;
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool spawn(char **argv)
{
	posix_spawn_file_actions_t fa;
	pid_t pid;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	return posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ) == 0 && wait_ok(pid);
}

static bool forks(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return wait_ok(pid);
}

static void *nothing(void *arg)
{
	return arg;
}

static bool thread(void)
{
	pthread_t t;
	return pthread_create(&t, NULL, nothing, NULL) == 0 && pthread_join(t, NULL) == 0;
}

static bool ping_pong(int rounds)
{
	int to[2], from[2];
	char c = 0;
	pid_t pid;

	if (pipe(to) < 0 || pipe(from) < 0 || (pid = fork()) < 0)
		return false;
	if (pid == 0) {
		close(to[1]);
		while (read(to[0], &c, 1) == 1 && write(from[1], &c, 1) == 1)
			;
		_exit(0);
	}
	for (int i = 0; i < rounds; i++)
		if (write(to[1], &c, 1) != 1 || read(from[0], &c, 1) != 1)
			return false;
	close(to[1]);
	return wait_ok(pid);
}

static bool connects(int n)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(to);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(listener, (struct sockaddr *)&to, size) < 0 || listen(listener, 8) < 0 ||
	    getsockname(listener, (struct sockaddr *)&to, &size) < 0)
		return false;
	for (int i = 0; i < n; i++) {
		/* Reset on close: no port stays behind in TIME_WAIT. */
		struct linger reset = {.l_onoff = 1};
		int fd = socket(AF_INET, SOCK_STREAM, 0), peer;

		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		if (connect(fd, (struct sockaddr *)&to, size) < 0 || (peer = accept(listener, NULL, NULL)) < 0)
			return false;
		close(fd);
		close(peer);
	}
	return true;
}

int main(int argc, char **argv)
{
	double start = now_us();
	bool ok = argc > 2;

	if (argc == 2 && strcmp(argv[1], "nothing") == 0)
		return 0;
	if (ok && strcmp(argv[1], "command") == 0) {
		ok = spawn(argv + 2);
	} else if (ok && strcmp(argv[1], "pipe") == 0) {
		ok = ping_pong(atoi(argv[2]));
	} else if (ok && strcmp(argv[1], "connect") == 0) {
		ok = connects(atoi(argv[2]));
	} else if (ok) {
		char *again[] = {argv[0], "nothing", NULL};
		int n = atoi(argv[2]);
		for (int i = 0; ok && i < n; i++)
			ok = strcmp(argv[1], "exec") == 0   ? spawn(again)
			     : strcmp(argv[1], "fork") == 0 ? forks()
							    : thread();
	}
	if (!ok) {
		fprintf(stderr, "inside: failed\n");
		return 1;
	}
	printf("%.1f\n", now_us() - start);
	return 0;
}
