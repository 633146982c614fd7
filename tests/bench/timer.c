/* SPDX-License-Identifier: Apache-2.0 */
/* Times commands for the benchmark. Small and static, so that starting a command from here costs next to nothing, and so
 * that the peak memory of a command is its own: a child inherits the high-water mark of the process that it was forked
 * from until it executes.
 *
 *     timer STDERR-FILE
 *
 * One request a line on stdin, fields split by tabs, one answer a line on stdout:
 *     run ARGV...   -> WALL_US STATUS MAXRSS_KB USER_US SYSTEM_US   (status as a shell's: 128+signal; 127: not found;
 *                      137 for one that hung)
 *     memory ARGV...-> PEAK_KB STATUS   peak of the sum over the command and all its descendants, shared pages in shares (PSS),
 *                      as often as /proc can be read: a lower bound, within some 100 us; not to be timed
 *     reap          -> 0 once every process that was left behind has ended and was waited for, 1 after five seconds
 * It is a subreaper: the containers that `create` leaves behind become its children. Commands have /dev/null as stdin and
 * stdout, and STDERR-FILE, which is emptied before each. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_ARGS 64
#define LIMIT_S  20 /* a command that takes longer hangs: it is killed */

static double now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double tv_us(struct timeval t)
{
	return (double)t.tv_sec * 1e6 + (double)t.tv_usec;
}

/* Its only work is to interrupt wait4. */
static void on_alarm(int sig)
{
	(void)sig;
}

static int reap(void)
{
	double until = now_us() + 5e6;
	struct timespec pause = {0, 200000};

	while (now_us() < until) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);
		if (pid < 0 && errno == ECHILD)
			return 0;
		if (pid == 0)
			nanosleep(&pause, NULL);
	}
	return 1;
}

static void run(char **argv, const posix_spawn_file_actions_t *fa, int err_fd)
{
	struct rusage ru = {0};
	double start, wall;
	int status = 0, rc;
	pid_t pid;

	if (ftruncate(err_fd, 0) < 0)
		perror("timer: ftruncate");
	alarm(LIMIT_S);
	start = now_us();
	rc = posix_spawn(&pid, argv[0], fa, NULL, argv, environ);
	if (rc != 0) {
		printf("0 127 0 0 0\n");
		return;
	}
	while (wait4(pid, &status, 0, &ru) < 0 && errno == EINTR)
		kill(pid, SIGKILL);
	wall = now_us() - start;
	alarm(0);
	printf("%.1f %d %ld %.0f %.0f\n", wall, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
	       ru.ru_maxrss, tv_us(ru.ru_utime), tv_us(ru.ru_stime));
}

static long pss_kb(pid_t pid)
{
	char path[64], text[256];
	ssize_t n;
	char *at;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, "\nPss:");
	return at ? strtol(at + 5, NULL, 10) : 0;
}

static long tree_pss_kb(pid_t pid, int depth)
{
	char path[64], text[1024];
	long sum = pss_kb(pid);
	char *at = text;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || depth > 8) {
		if (fd >= 0)
			close(fd);
		return sum;
	}
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (long child; (child = strtol(at, &at, 10)) > 0;)
		sum += tree_pss_kb((pid_t)child, depth + 1);
	return sum;
}

static void memory(char **argv, const posix_spawn_file_actions_t *fa)
{
	double until = now_us() + LIMIT_S * 1e6;
	long peak = 0;
	int status = 0;
	pid_t pid;

	if (posix_spawn(&pid, argv[0], fa, NULL, argv, environ) != 0) {
		printf("0 127\n");
		return;
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		long now = tree_pss_kb(pid, 0);
		if (now > peak)
			peak = now;
		if (now_us() > until)
			kill(pid, SIGKILL);
	}
	printf("%ld %d\n", peak, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t fa;
	static char line[65536];
	struct sigaction on = {.sa_handler = on_alarm}; /* no SA_RESTART */
	int err_fd, null_fd;

	if (argc != 2) {
		fprintf(stderr, "usage: timer STDERR-FILE\n");
		return 2;
	}
	err_fd = open(argv[1], O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (err_fd < 0 || null_fd < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) {
		perror("timer");
		return 1;
	}
	if (posix_spawn_file_actions_init(&fa) || posix_spawn_file_actions_adddup2(&fa, null_fd, 0) ||
	    posix_spawn_file_actions_adddup2(&fa, null_fd, 1) || posix_spawn_file_actions_adddup2(&fa, err_fd, 2))
		return 1;
	sigaction(SIGALRM, &on, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		char *args[MAX_ARGS + 1], *save = NULL;
		int n = 0;
		line[strcspn(line, "\n")] = '\0';
		for (char *f = strtok_r(line, "\t", &save); f && n < MAX_ARGS; f = strtok_r(NULL, "\t", &save))
			args[n++] = f;
		args[n] = NULL;
		if (n > 1 && strcmp(args[0], "run") == 0)
			run(args + 1, &fa, err_fd);
		else if (n > 1 && strcmp(args[0], "memory") == 0)
			memory(args + 1, &fa);
		else if (n == 1 && strcmp(args[0], "reap") == 0)
			printf("%d\n", reap());
		else
			printf("error\n");
	}
	return 0;
}
