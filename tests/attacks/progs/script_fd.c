/* SPDX-License-Identifier: Apache-2.0 */
/* script_fd fd|dir SCRIPT: executes a script by its descriptor with execveat(2); or as the file /dev/fd/script of a root of its own,
 * where /dev/fd is no link: SCRIPT's interpreter must be a relative path then, which is looked up from the old root. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char dir[] = "/tmp/script_fd.XXXXXX", path[64], *args[] = {(char *)"script", NULL}, *env[] = {NULL};
	int fd = argc == 3 ? open(argv[2], O_RDONLY) : -1, out;

	if (fd < 0)
		return 2;
	if (strcmp(argv[1], "fd") == 0) {
		syscall(SYS_execveat, fd, "", args, env, AT_EMPTY_PATH);
	} else {
		if (!mkdtemp(dir))
			return 3;
		chmod(dir, 0755);
		snprintf(path, sizeof(path), "%s/dev", dir);
		mkdir(path, 0755);
		strcat(path, "/fd");
		mkdir(path, 0755);
		strcat(path, "/script");
		out = open(path, O_WRONLY | O_CREAT, 0755);
		while (sendfile(out, fd, NULL, 1 << 20) > 0)
			;
		close(out);
		if (chdir("/") < 0 || (chroot(dir) < 0 && (unshare(CLONE_NEWUSER) < 0 || chroot(dir) < 0)))
			return 4;
		execve("/dev/fd/script", args, env);
	}
	printf("script_fd: refused: %s\n", strerror(errno));
	return 1;
}
