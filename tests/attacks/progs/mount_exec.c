/* SPDX-License-Identifier: Apache-2.0 */
/* mount_exec ALLOWED DENIED: in a mount namespace of its own it binds the denied program over the allowed one, and
 * executes it under the allowed name. Needs CAP_SYS_ADMIN. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char *args[] = {(char *)"mounted", (char *)"--report", NULL}, *env[] = {NULL};
	int status;
	pid_t pid;

	if (argc != 3)
		return 2;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(argv[2], argv[1], NULL, MS_BIND, NULL) < 0) {
		printf("mount_exec: no mount: %s\n", strerror(errno));
		return 3;
	}
	pid = fork();
	if (pid == 0) {
		execve(argv[1], args, env);
		_exit(errno == EACCES ? 13 : 15);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("mount_exec: killed by signal %d\n", WTERMSIG(status));
	else
		printf("mount_exec: %s\n", WEXITSTATUS(status) == 13   ? "refused"
					   : WEXITSTATUS(status) == 42 ? "escaped"
								       : "ran");
	return 0;
}
