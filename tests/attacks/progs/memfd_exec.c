/* SPDX-License-Identifier: Apache-2.0 */
/* memfd_exec empty|proc|deleted PROGRAM: executes a copy of a program that has no name: by execveat(2) of a memfd with
 * AT_EMPTY_PATH, by /proc/self/fd/N, or a file that is unlinked. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	int in = argc > 2 ? open(argv[2], O_RDONLY) : -1, fd;
	char *args[] = {(char *)"copy", NULL}, *env[] = {NULL}, path[64];

	if (in < 0) {
		fprintf(stderr, "usage: memfd_exec empty|proc|deleted PROGRAM\n");
		return 2;
	}
	if (strcmp(how, "deleted") == 0) {
		strcpy(path, "/tmp/memfd_exec.XXXXXX");
		fd = mkstemp(path);
		fchmod(fd, 0755);
	} else {
		fd = memfd_create("copy", 0);
	}
	while (sendfile(fd, in, NULL, 1 << 20) > 0)
		;
	if (strcmp(how, "deleted") == 0) {
		int ro = open(path, O_RDONLY);

		unlink(path);
		close(fd);
		fd = ro;
	}
	if (strcmp(how, "proc") == 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		execve(path, args, env);
	} else {
		syscall(SYS_execveat, fd, "", args, env, AT_EMPTY_PATH);
	}
	printf("memfd_exec: %s: refused: %s\n", how, strerror(errno));
	return 1;
}
