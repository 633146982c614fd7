/* SPDX-License-Identifier: Apache-2.0 */
/* storm processes|threads SECONDS SEED [MOST]: processes or threads are made in every way there is while those who make them are killed. Then all are
 * killed, and it says how many live at once when as many as possible are made (processes: itself counted).
 * storm joins N: makes a thread and joins it, N times; storm detaches N: makes one that ends by itself, and tries again where there is
 * none to be had. Both say how often they were refused, and detaches how long it had to wait at most. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 3
#define ROOM    4096

static unsigned int seed;

static unsigned int dice(unsigned int sides)
{
	return (unsigned int)rand_r(&seed) % sides;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long raw_clone(unsigned long flags)
{
	return syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
}

/* A child that makes others as fast as it can, until its parent kills it, in the middle of one or between. */
_Noreturn static void breed(unsigned long flags)
{
	for (;;) {
		long pid = raw_clone(flags);

		if (pid == 0) {
			if (dice(4))
				usleep(dice(3000));
			_exit(0);
		}
		if (pid > 0 && dice(2))
			waitpid((pid_t)pid, NULL, WNOHANG);
	}
}

static void *make_others(void *arg)
{
	for (int i = 0; i < 50; i++) {
		long pid = raw_clone(0);

		if (pid == 0) {
			usleep(500);
			_exit(0);
		}
	}
	return arg;
}

static void kill_in_the_middle(unsigned long flags)
{
	pid_t pid = fork();

	if (pid == 0)
		breed(flags);
	if (pid < 0)
		return;
	usleep(dice(400));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void with_threads(void)
{
	pid_t pid = fork();
	pthread_t t;

	if (pid == 0) {
		for (int i = 0; i < 3; i++)
			pthread_create(&t, NULL, make_others, NULL);
		usleep(dice(1500));
		if (dice(2))
			execl("/bin/storm", "storm", "nap", (char *)NULL);
		_exit(0);
	}
	if (pid < 0)
		return;
	usleep(dice(1500));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void orphans(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (dice(2))
			setsid();
		if (fork() == 0) {
			usleep(dice(2000));
			if (dice(3) == 0)
				execl("/bin/storm", "storm", "nap", (char *)NULL);
			_exit(0);
		}
		raise(dice(2) ? SIGKILL : SIGCONT);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* Whoever has a number that is small, and so in use again and again; not the one that keeps the storm going. */
static void kill_someone(void)
{
	for (int i = 0; i < 8; i++) {
		pid_t pid = (pid_t)(3 + dice(500));

		if (pid != getpid())
			kill(pid, SIGKILL);
	}
}

_Noreturn static void work(void)
{
	for (;;) {
		switch (dice(8)) {
		case 0:
		case 1:
			kill_in_the_middle(0);
			break;
		case 2:
			kill_in_the_middle(CLONE_VFORK);
			break;
		case 3:
			kill_in_the_middle(CLONE_PARENT);
			break;
		case 4:
			orphans();
			break;
		case 5:
			with_threads();
			break;
		case 6:
			if (vfork() == 0) { /* NOLINT: it is what is tried */
				execl("/bin/storm", "storm", "nap", (char *)NULL);
				_exit(1);
			}
			break;
		default:
			kill_someone();
		}
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

static void *end_soon(void *arg)
{
	usleep((useconds_t)(unsigned long)arg);
	return NULL;
}

/* Threads that come and go, in a process that is killed meanwhile. */
_Noreturn static void thread_work(void)
{
	for (;;) {
		pid_t pid = fork();
		pthread_t t;

		if (pid == 0)
			for (;;) {
				if (pthread_create(&t, NULL, end_soon, (void *)(unsigned long)dice(800)) == 0)
					pthread_detach(t);
				if (dice(64) == 0)
					execl("/bin/storm", "storm", "nap", (char *)NULL);
				if (dice(64) == 0)
					_exit(0);
			}
		usleep(dice(3000));
		if (pid > 0)
			kill(pid, SIGKILL);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

/* Until there is none but the caller and PID 1: the dead ones that are not yet reaped are among all, too. */
static bool end_all(void)
{
	double end = now() + 10;

	while (now() < end) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (kill(-1, SIGKILL) < 0 && errno == ESRCH)
			return true;
		usleep(1000);
	}
	return false;
}

static int fill_processes(int most)
{
	int n = 1;

	while (n < most) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (pid == 0)
			for (;;)
				pause();
		n++;
	}
	usleep(20000); /* for the observer */
	if (!end_all())
		return -1;
	return n;
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *wait_at_gate(void *arg)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return arg;
}

static int fill_threads(int most)
{
	static pthread_t t[ROOM];
	int n = 0;

	pthread_mutex_lock(&gate);
	while (n < most && pthread_create(&t[n], NULL, wait_at_gate, NULL) == 0)
		n++;
	usleep(20000);
	pthread_mutex_unlock(&gate);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	return n;
}

static int storm(bool threads, int seconds, int most)
{
	double end = now() + seconds;
	pid_t workers[WORKERS] = {0};
	int least = 1 << 20, greatest = 0;

	for (unsigned int round = 0; now() < end; round++) {
		for (int i = 0; i < WORKERS; i++) {
			if (workers[i] > 0 && kill(workers[i], 0) == 0 && waitpid(workers[i], NULL, WNOHANG) == 0)
				continue;
			seed += round * 7919 + (unsigned int)i;
			workers[i] = fork();
			if (workers[i] == 0) {
				if (threads)
					thread_work();
				work();
			}
		}
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		usleep(2000);
	}
	if (!end_all()) {
		printf("storm: some cannot be killed\n");
		return 1;
	}
	/* Three times, after a moment in which PID 1 hears of the last ends. */
	for (int i = 0; i < 3; i++) {
		int n;

		usleep(200000);
		n = threads ? fill_threads(most) : fill_processes(most);
		least = n < least ? n : least;
		greatest = n > greatest ? n : greatest;
	}
	printf("storm: least=%d most=%d\n", least, greatest);
	return 0;
}

static void joins(int n)
{
	int refused = 0;
	pthread_t t;

	for (int i = 0; i < n; i++) {
		if (pthread_create(&t, NULL, end_soon, NULL) == 0)
			pthread_join(t, NULL);
		else
			refused++;
	}
	printf("joins: refused=%d\n", refused);
}

static void detaches(int n)
{
	double longest = 0;
	int refused = 0;
	pthread_t t;

	for (int i = 0; i < n; i++) {
		double from = now();

		while (pthread_create(&t, NULL, end_soon, NULL) != 0) {
			refused++;
			if (now() - from > 10)
				break;
			sched_yield();
		}
		if (now() - from > longest)
			longest = now() - from;
		pthread_detach(t);
	}
	printf("detaches: refused=%d longest=%d ms\n", refused, (int)(longest * 1000));
}

int main(int argc, char **argv)
{
	int most = argc > 4 ? atoi(argv[4]) : ROOM;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && !strcmp(argv[1], "nap")) {
		usleep(2000);
		return 0;
	}
	if (argc < 3)
		return 2;
	if (!strcmp(argv[1], "joins") || !strcmp(argv[1], "detaches")) {
		int n = atoi(argv[2]), at_once = argc > 3 ? atoi(argv[3]) : 1;

		for (int i = 1; i < at_once && fork() != 0; i++)
			;
		if (argv[1][0] == 'j')
			joins(n);
		else
			detaches(n);
		while (wait(NULL) > 0)
			;
		return 0;
	}
	seed = argc > 3 ? (unsigned int)atoi(argv[3]) : 1;
	puts("ready");
	return storm(!strcmp(argv[1], "threads"), atoi(argv[2]), most > ROOM ? ROOM : most);
}
