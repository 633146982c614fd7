/* SPDX-License-Identifier: Apache-2.0 */
/* What the processes of a container use while they live. When its first process ends the kernel ends the others, and where that one is
 * PID 1 it counts them for nobody: what is known of them is what was seen before. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "caller.h"

#define EVERY_US 100000u
#define MAX      4096 /* processes; what is beyond is not counted */
#define SHARE    20   /* of the time at most one part goes into looking */

struct list {
	pid_t v[MAX];
	size_t n;
};

/* Its CPU time and that of the children that it has waited for, in ticks: proc(5), /proc/PID/stat, fields 14 to 17. */
static void add_times(int dir, uint64_t *user, uint64_t *system)
{
	unsigned long long u, s, cu, cs;
	AUTO_FREE char *text = NULL;
	const char *p;

	if (file_read(dir, "stat", 4096, &text, NULL, NULL) < 0 || !(p = strrchr(text, ')')) ||
	    sscanf(p, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu", &u, &s, &cu, &cs) != 4)
		return;
	*user += u + cu;
	*system += s + cs;
}

static void add_memory(int dir, uint64_t *max)
{
	AUTO_FREE char *text = NULL;
	unsigned long long kb = 0;
	const char *p;

	if (file_read(dir, "status", 65536, &text, NULL, NULL) == 0 && (p = strstr(text, "\nVmHWM:")) &&
	    sscanf(p, "\nVmHWM: %llu", &kb) == 1 && kb > *max)
		*max = kb;
}

/* A thread has the children that it has made. */
static void add_children(int dir, struct list *l)
{
	AUTO_CLOSE int fd = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *tasks = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!tasks)
		return;
	(void)take_fd(&fd);
	while ((d = readdir(tasks))) {
		AUTO_FREE char *text = NULL;
		char path[64], *rest, *word;
		int64_t pid;

		if (d->d_name[0] == '.' ||
		    (size_t)snprintf(path, sizeof(path), "%.20s/children", d->d_name) >= sizeof(path) ||
		    file_read(dirfd(tasks), path, 1u << 20, &text, NULL, NULL) < 0)
			continue;
		rest = text;
		while (l->n < MAX && (word = str_field(&rest, " ")))
			if (parse_i64(word, 10, &pid) == 0 && pid > 0)
				l->v[l->n++] = (pid_t)pid;
	}
	closedir(tasks);
}

static void arm(const struct rt_living *l, uint64_t us)
{
	const struct itimerspec in = {.it_value = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000}};

	timerfd_settime(l->timer_fd, 0, &in, NULL);
}

int rt_living_begin(struct rt_living *l, pid_t pid, struct err *e)
{
	*l = (struct rt_living){.pid = pid, .timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
	if (l->timer_fd < 0)
		return err_errno(e, "--report: timerfd_create");
	arm(l, EVERY_US);
	return 0;
}

void rt_living_look(struct rt_living *l)
{
	static struct list all;
	const uint64_t begin = now_us();
	const long ticks = sysconf(_SC_CLK_TCK);
	uint64_t user = 0, system = 0, times;

	(void)!read(l->timer_fd, &times, sizeof(times));
	all.v[0] = l->pid;
	all.n = 1;
	for (size_t i = 0; i < all.n; i++) {
		char path[32];
		AUTO_CLOSE int dir = -1;

		snprintf(path, sizeof(path), "/proc/%d", (int)all.v[i]);
		dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			continue;
		add_times(dir, &user, &system);
		add_memory(dir, &l->max_rss_kb);
		add_children(dir, &all);
	}
	if (ticks > 0 && user + system >= l->user_ticks + l->system_ticks) {
		l->user_ticks = user;
		l->system_ticks = system;
		l->ticks = (uint64_t)ticks;
	}
	arm(l, EVERY_US + (now_us() - begin) * SHARE);
}

static struct timeval time_of(uint64_t n, uint64_t ticks)
{
	return (struct timeval){(time_t)(n / ticks), (suseconds_t)(n % ticks * (1000000 / ticks))};
}

static uint64_t total_us(const struct rusage *u)
{
	return (uint64_t)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(u->ru_utime.tv_usec + u->ru_stime.tv_usec);
}

/* Both are less than or as much as was used: the greater one is nearer. */
void rt_living_end(struct rt_living *l, struct rusage *used)
{
	struct rusage seen = *used;

	if (l->ticks) {
		seen.ru_utime = time_of(l->user_ticks, l->ticks);
		seen.ru_stime = time_of(l->system_ticks, l->ticks);
	}
	if (total_us(&seen) > total_us(used))
		*used = seen;
	if ((uint64_t)used->ru_maxrss < l->max_rss_kb)
		used->ru_maxrss = (long)l->max_rss_kb;
	fd_close_p(&l->timer_fd);
}
