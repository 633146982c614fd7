/* SPDX-License-Identifier: Apache-2.0 */
/* race_argv TRIES: executes itself with "--report a" while a thread makes that "--report b" and back. With "--report a" it ends with 0,
 * with another word it ends with 42. race_argv echo …: says that it runs, in the place of a shell that has the words from there on. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char word[] = "a";

static void *flip(void *arg)
{
	volatile char *p = word;

	(void)arg;
	for (unsigned int i = 0;; i++)
		*p = "ab"[i & 1];
	return NULL;
}

static void attempt(unsigned int seed)
{
	char *args[] = {(char *)"race_argv", (char *)"--report", word, NULL}, *env[] = {NULL};
	pthread_t t;

	pthread_create(&t, NULL, flip, NULL);
	for (volatile unsigned int i = 0; i < seed % 5000 + 500; i++)
		;
	execve("/bin/race_argv", args, env);
	_exit(13);
}

int main(int argc, char **argv)
{
	int ran = 0, refused = 0, killed = 0, escaped = 0;

	if (argc == 3 && strcmp(argv[1], "--report") == 0)
		return strcmp(argv[2], "a") == 0 ? 0 : 42;
	if (argc > 1 && strcmp(argv[1], "echo") == 0) {
		puts("escaped");
		return 42;
	}
	if (argc != 2)
		return 2;
	for (int i = 0; i < atoi(argv[1]); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			attempt((unsigned int)i * 2654435761u >> 8);
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			return 3;
		if (WIFSIGNALED(status))
			killed++;
		else if (WEXITSTATUS(status) == 42)
			escaped++;
		else if (WEXITSTATUS(status) == 13)
			refused++;
		else
			ran++;
	}
	printf("race_argv: ran=%d refused=%d killed=%d escaped=%d\n", ran, refused, killed, escaped);
	return escaped ? 1 : 0;
}
