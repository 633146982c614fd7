/* SPDX-License-Identifier: Apache-2.0 */
/* spy SECONDS: looks at the descriptors, the working directory and the root of every process but its own line of parents, as
 * fast as it can, and prints once what it can read: "saw WHAT -> TARGET"; cwd and root where they are not its own root. Tries
 * to seize them, too: "saw seized -> PROGRAM". */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SEEN_MAX 256

static char seen[SEEN_MAX][300];
static int n_seen;

static void say(const char *what, const char *target)
{
	char line[300];

	snprintf(line, sizeof(line), "%.20s -> %.250s", what, target);
	for (int i = 0; i < n_seen; i++)
		if (!strcmp(seen[i], line))
			return;
	if (n_seen < SEEN_MAX)
		strcpy(seen[n_seen++], line);
	printf("saw %s\n", line);
	fflush(stdout);
}

static void look(const char *pid, const char *what)
{
	char path[300], target[300];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, what);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return;
	target[n] = '\0';
	say(what, target);
}

/* cwd and root by a descriptor, so that what is compared is what is told. */
static void look_directory(const char *pid, const char *what)
{
	char path[300];
	struct stat a, b;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, what);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fstat(fd, &a) == 0 && stat("/", &b) == 0 && (a.st_dev != b.st_dev || a.st_ino != b.st_ino)) {
		snprintf(path, sizeof(path), "fd/%d", fd);
		look("self", path);
		say(what, "another directory");
	}
	close(fd);
}

static void look_all(const char *pid)
{
	char path[300];
	const struct dirent *d;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	fds = opendir(path);
	while (fds && (d = readdir(fds))) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "fd/%.10s", d->d_name);
		look(pid, path);
	}
	if (fds)
		closedir(fds);
	look_directory(pid, "cwd");
	look_directory(pid, "root");
	look(pid, "exe");
}

static void seize(const char *pid)
{
	char path[64], exe[200] = "?";
	ssize_t n;

	if (ptrace(PTRACE_SEIZE, atoi(pid), 0, 0) < 0)
		return;
	ptrace(PTRACE_INTERRUPT, atoi(pid), 0, 0);
	waitpid(atoi(pid), NULL, __WALL);
	snprintf(path, sizeof(path), "/proc/%.20s/exe", pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	if (n > 0) /* else it is gone */
		say("seized", exe);
	look_all(pid);
	ptrace(PTRACE_DETACH, atoi(pid), 0, 0);
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
	const struct dirent *d;
	DIR *proc;

	while (time(NULL) <= end) {
		proc = opendir("/proc");
		while (proc && (d = readdir(proc))) {
			int pid = atoi(d->d_name);

			if (pid <= 1 || pid == getpid() || pid == getppid())
				continue;
			look_all(d->d_name);
			seize(d->d_name);
		}
		if (proc)
			closedir(proc);
	}
	return 0;
}
