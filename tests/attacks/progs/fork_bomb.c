/* SPDX-License-Identifier: Apache-2.0 */
/* fork_bomb [SECONDS]: forks until it is refused and says how many lived at once, itself counted. With SECONDS: processes
 * come and go as fast as they can for that long before, by fork and vfork, some of them killed in the middle; a count that
 * drifts shows in the number. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 4096

static void storm(int seconds)
{
	time_t end = time(NULL) + seconds;

	for (unsigned int i = 0; time(NULL) < end; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			pid_t inner = i % 3 ? fork() : -1;

			if (inner == 0)
				_exit(0);
			if (i % 5 == 0)
				raise(SIGKILL);
			_exit(0); /* its child may live on: an orphan */
		}
		if (pid > 0 && i % 2)
			kill(pid, SIGKILL);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
	usleep(200000); /* the last orphans */
}

int main(int argc, char **argv)
{
	static pid_t pids[MOST];
	int n = 0, why = 0;

	if (argc > 1)
		storm(atoi(argv[1]));
	while (n < MOST) {
		pids[n] = fork();
		if (pids[n] < 0) {
			why = errno;
			break;
		}
		if (pids[n] == 0) {
			pause();
			_exit(0);
		}
		n++;
	}
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	for (int i = 0; i < n; i++)
		waitpid(pids[i], NULL, 0);
	printf("fork_bomb: processes=%d %s\n", n + 1, why ? strerror(why) : "no limit");
	return 0;
}
