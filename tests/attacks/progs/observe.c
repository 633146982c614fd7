/* SPDX-License-Identifier: Apache-2.0 */
/* observe PID LIMIT processes|threads [helpers]: runs beside a container, whose first process has that PID, and counts its processes or threads
 * (those beyond the first of each process) in its cgroup, without PID itself, until it gets SIGTERM. Says then how often it looked, the
 * most that it saw live at once, and how often that was more than LIMIT.
 * A list of a cgroup is no snapshot: one who is in the list may be gone when the next one comes. So each look reads it twice and
 * counts who is in both: these lived at the moment between. Who is dead and not yet reaped is in neither. With `helpers`, processes that run
 * the program of PID are none of the workload's, and a look that has too many, of whom one is gone before his program is known, is none. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOM 65536

static volatile sig_atomic_t stop;
static char text[1 << 20];

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static int numbers(int fd, int *v)
{
	size_t len = 0;
	ssize_t got;
	int n = 0;

	lseek(fd, 0, SEEK_SET);
	while (len < sizeof(text) - 1 && (got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)got;
	text[len] = '\0';
	for (char *p = text; *p && n < ROOM; p++) {
		v[n++] = (int)strtol(p, &p, 10);
		if (!*p)
			break;
	}
	return n;
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int has(const int *v, int n, int x)
{
	return bsearch(&x, v, (size_t)n, sizeof(*v), compare) != NULL;
}

/* How many of the first list are in the second one, and not in the third. Who is just being moved or is about to go may be listed twice (cgroup-v2.rst,
 * cgroup.procs), or as 0. */
static int both(int *a, int n, int *b, int m, int *not_these, int k)
{
	int count = 0;

	qsort(a, (size_t)n, sizeof(*a), compare);
	qsort(b, (size_t)m, sizeof(*b), compare);
	qsort(not_these, (size_t)k, sizeof(*b), compare);
	for (int i = 0; i < n; i++)
		count += a[i] > 0 && (!i || a[i] != a[i - 1]) && has(b, m, a[i]) && !has(not_these, k, a[i]);
	return count;
}

static char *program(int pid, char *text_, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, text_, size - 1);
	text_[n > 0 ? n : 0] = '\0';
	return n > 0 ? text_ : NULL;
}

/* Of the processes in both lists, those that are the jail's; -1: it cannot be told. */
static int helpers(int pid, const int *a, int n, const int *b, int m)
{
	char own[256], other[256];
	int count = 0;

	if (!program(pid, own, sizeof(own)))
		return -1;
	for (int i = 0; i < n; i++) {
		if (a[i] == pid || !has(b, m, a[i]))
			continue;
		if (!program(a[i], other, sizeof(other)))
			return -1;
		count += !strcmp(own, other);
	}
	return count;
}

/* The workload is beside PID 1 where the container's cgroup is divided. */
static int open_list(int pid, const char *file)
{
	char path[4200], line[4096], *end;
	FILE *f;
	int fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	f = fopen(path, "re");
	while (f && fd < 0 && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "0::", 3) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		end = strrchr(line, '/');
		if (end && !strcmp(end, "/jail"))
			strcpy(end, "/box");
		snprintf(path, sizeof(path), "/sys/fs/cgroup/unified%s/%s", line + 3, file);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			snprintf(path, sizeof(path), "/sys/fs/cgroup%s/%s", line + 3, file);
			fd = open(path, O_RDONLY | O_CLOEXEC);
		}
	}
	if (f)
		fclose(f);
	return fd;
}

int main(int argc, char **argv)
{
	static int first[ROOM], second[ROOM], leaders[ROOM];
	int pid, limit, threads, procs_fd, list_fd, most = 0;
	long looks = 0, over = 0;

	if (argc < 4)
		return 2;
	pid = atoi(argv[1]);
	limit = atoi(argv[2]);
	threads = !strcmp(argv[3], "threads");
	signal(SIGTERM, on_term);
	procs_fd = open_list(pid, "cgroup.procs");
	list_fd = open_list(pid, threads ? "cgroup.threads" : "cgroup.procs");
	if (procs_fd < 0 || list_fd < 0) {
		perror("observe: the container's cgroup");
		return 1;
	}
	while (!stop) {
		int n = numbers(list_fd, first), k = 1, m, alive;

		leaders[0] = pid;
		if (threads)
			k = numbers(procs_fd, leaders);
		m = numbers(list_fd, second);
		alive = both(first, n, second, m, leaders, k);
		if (alive > limit && argc > 4 && !threads) {
			int own = helpers(pid, first, n, second, m);

			if (own < 0)
				continue;
			alive -= own;
		}
		looks++;
		if (alive > most)
			most = alive;
		over += alive > limit;
	}
	printf("%ld %d %ld\n", looks, most, over);
	return 0;
}
