/* SPDX-License-Identifier: Apache-2.0 */
/* race_exec ALLOWED DENIED TRIES: executes a path that a thread rewrites all the while, for 20 seconds at the most. The two paths differ in one byte.
 * Both are copies of this program: run with --report it ends with 0, or with 42 when its file's name ends in "d". */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char path[4096];
static size_t at;
static char bytes[2];

static void *flip(void *arg)
{
	volatile char *p = &path[at];

	(void)arg;
	for (unsigned int i = 0;; i++)
		*p = bytes[i & 1];
	return NULL;
}

static int report(void)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	return n > 0 && exe[n - 1] == 'd' ? 42 : 0;
}

static void attempt(unsigned int seed)
{
	char *args[] = {(char *)"race", (char *)"--report", NULL}, *env[] = {NULL};
	pthread_t t;

	pthread_create(&t, NULL, flip, NULL);
	for (volatile unsigned int i = 0; i < seed % 5000 + 500; i++)
		;
	execve(path, args, env);
	_exit(errno == EACCES ? 13 : errno == EPERM ? 14 : 15);
}

int main(int argc, char **argv)
{
	time_t begin = time(NULL);
	int ran = 0, refused = 0, killed = 0, escaped = 0, other = 0;

	if (argc > 1 && strcmp(argv[1], "--report") == 0)
		return report();
	if (argc != 4 || strlen(argv[1]) != strlen(argv[2]) || strlen(argv[1]) >= sizeof(path)) {
		fprintf(stderr, "usage: race_exec ALLOWED DENIED TRIES\n");
		return 2;
	}
	strcpy(path, argv[1]);
	while (path[at] && path[at] == argv[2][at])
		at++;
	bytes[0] = argv[1][at];
	bytes[1] = argv[2][at];
	for (int i = 0; i < atoi(argv[3]) && time(NULL) - begin < 20; i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			attempt((unsigned int)i * 2654435761u >> 8);
		if (pid < 0 || waitpid(pid, &status, 0) != pid) {
			other++;
			continue;
		}
		if (WIFSIGNALED(status))
			killed++;
		else if (WEXITSTATUS(status) == 42)
			escaped++;
		else if (WEXITSTATUS(status) == 13)
			refused++;
		else if (WEXITSTATUS(status) == 0)
			ran++;
		else
			other++;
	}
	printf("race_exec: ran=%d refused=%d killed=%d other=%d escaped=%d\n", ran, refused, killed, other, escaped);
	return escaped ? 1 : 0;
}
