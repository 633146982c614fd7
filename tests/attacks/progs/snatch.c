/* SPDX-License-Identifier: Apache-2.0 */
/* snatch SECONDS [PATH]: seizes processes at once when they are born: it tries the numbers that come next, of which the host's
 * /proc/loadavg says the last. "snatched PROGRAM" for each that it has got, "reached PATH" when PATH is there in one's root. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AHEAD 24

static int last_pid(int fd)
{
	char text[128], *p;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	p = strrchr(text, ' ');
	return p ? atoi(p) : 0;
}

static void look(int pid, const char *below)
{
	char path[300], exe[200] = "?";
	ssize_t n;

	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	waitpid(pid, NULL, __WALL);
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	if (n > 0) {
		exe[n] = '\0';
		printf("snatched %s\n", exe);
	}
	snprintf(path, sizeof(path), "/proc/%d/root/%.200s", pid, below);
	if (*below && access(path, F_OK) == 0)
		printf("reached %s\n", below);
	fflush(stdout);
	ptrace(PTRACE_DETACH, pid, 0, 0);
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
	int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && time(NULL) <= end) {
		int from = last_pid(fd) - 2;

		for (int turn = 0; turn < 50; turn++)
			for (int pid = from; pid < from + AHEAD; pid++)
				if (pid != getpid() && ptrace(PTRACE_SEIZE, pid, 0, 0) == 0)
					look(pid, argc > 2 ? argv[2] : "");
	}
	return 0;
}
