/* SPDX-License-Identifier: Apache-2.0 */
/* mount_exec ALLOWED DENIED [here|tree]: in a mount namespace of its own it binds the denied program over the allowed one, and
 * executes it under the allowed name. Needs CAP_SYS_ADMIN. here: in the container's own mount namespace; tree: there, a file system with
 * a copy of it over the allowed one's directory. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <unistd.h>

static int cover(const char *allowed, const char *denied, int tree)
{
	int in = open(denied, O_RDONLY | O_CLOEXEC), out;
	char dir[512];

	if (!tree)
		return mount(denied, allowed, NULL, MS_BIND, NULL);
	snprintf(dir, sizeof(dir), "%s", allowed);
	*strrchr(dir, '/') = '\0';
	if (mount("none", dir, "tmpfs", 0, NULL) < 0)
		return -1;
	out = open(allowed, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	while (sendfile(out, in, NULL, 1 << 20) > 0)
		;
	close(in);
	return close(out);
}

int main(int argc, char **argv)
{
	char *args[] = {(char *)"mounted", (char *)"--report", NULL}, *env[] = {NULL};
	int status;
	pid_t pid;

	if (argc < 3)
		return 2;
	if (argc > 3 ? cover(argv[1], argv[2], strcmp(argv[3], "tree") == 0) < 0
		     : unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
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
