/* SPDX-License-Identifier: Apache-2.0 */
/* untraced PROGRAM: a child made with CLONE_UNTRACED, or by clone3, which no tracer follows, executes the program. */
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *go_on(long pid, const char *program)
{
	char *args[] = {(char *)program, NULL}, *env[] = {NULL};
	int status = 0;

	if (pid < 0)
		return strerror(errno);
	if (pid == 0) {
		execve(program, args, env);
		_exit(126);
	}
	waitpid((pid_t)pid, &status, __WALL);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "ran" : "made, but the program did not run";
}

int main(int argc, char **argv)
{
	struct clone_args args = {.flags = CLONE_UNTRACED, .exit_signal = SIGCHLD};
	const char *first, *second;

	if (argc != 2)
		return 2;
	first = go_on(syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0), argv[1]);
	second = go_on(syscall(SYS_clone3, &args, sizeof(args)), argv[1]);
	printf("untraced: clone: %s; clone3: %s\n", first, second);
	return 0;
}
