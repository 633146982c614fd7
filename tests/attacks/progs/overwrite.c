/* SPDX-License-Identifier: Apache-2.0 */
/* overwrite SECONDS: holds the program of every process that it can see, and of itself, and tries all the time to write its
 * first byte (CVE-2019-5736). Prints "held NAME" and "wrote NAME" once for each. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX 64

static struct {
	char name[200];
	int fd, wrote;
} held[MAX];
static int n_held;

static void hold(const char *pid)
{
	char path[64], name[200];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.20s/exe", pid);
	n = readlink(path, name, sizeof(name) - 1);
	if (n < 0 || n_held == MAX)
		return;
	name[n] = '\0';
	for (int i = 0; i < n_held; i++)
		if (!strcmp(held[i].name, name))
			return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	strcpy(held[n_held].name, name);
	held[n_held++].fd = fd;
	printf("held %s\n", name);
	fflush(stdout);
}

static void try_write(int i)
{
	char path[64], first;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", held[i].fd);
	fd = held[i].wrote ? -1 : open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (pread(held[i].fd, &first, 1, 0) == 1 && pwrite(fd, &first, 1, 0) == 1) {
		held[i].wrote = 1;
		printf("wrote %s\n", held[i].name);
		fflush(stdout);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);

	while (time(NULL) <= end) {
		const struct dirent *d;
		DIR *proc = opendir("/proc");

		while (proc && (d = readdir(proc)))
			if (d->d_name[0] >= '1' && d->d_name[0] <= '9')
				hold(d->d_name);
		if (proc)
			closedir(proc);
		for (int i = 0; i < n_held; i++)
			try_write(i);
	}
	return 0;
}
