/* SPDX-License-Identifier: Apache-2.0 */
/* What runs into a limit, in the containers of these tests: each command does one thing and says how far it got. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MB   (1024l * 1024)
#define HUGE (2 * MB)

static long us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static const char *error(void)
{
	return strerrorname_np(errno);
}

/* touch MB [SECONDS]: uses so much memory, and keeps it. */
static int touch(char **arg)
{
	long size = atol(arg[0]) * MB;
	volatile char *p = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (long i = 0; i < size; i += 4096)
		*(volatile long *)(p + i) = i * 2654435761; /* no two pages alike */
	puts("touched");
	if (arg[1])
		sleep((unsigned int)atoi(arg[1]));
	return 0;
}

/* spin MS: computes for so long by the clock on the wall; says how much. */
static int spin(char **arg)
{
	long end = us(CLOCK_MONOTONIC) + atol(arg[0]) * 1000, n = 0;

	while (us(CLOCK_MONOTONIC) < end)
		for (volatile int i = 0; i < 1000; i++)
			n += i == 0;
	printf("%ld\n", n);
	return 0;
}

/* bursts N MS: N times a rest of 300 ms and then so much CPU time. */
static int bursts(char **arg)
{
	for (int n = atoi(arg[0]); n > 0; n--) {
		long end;

		usleep(300000);
		end = us(CLOCK_PROCESS_CPUTIME_ID) + atol(arg[1]) * 1000;
		while (us(CLOCK_PROCESS_CPUTIME_ID) < end)
			;
	}
	return 0;
}

/* cpus: those that it can be bound to. */
static int cpus(char **arg)
{
	(void)arg;
	for (int i = 0; i < 64; i++) {
		cpu_set_t one;

		CPU_ZERO(&one);
		CPU_SET(i, &one);
		if (sched_setaffinity(0, sizeof(one), &one) == 0)
			printf("%d ", sched_getcpu());
	}
	puts("");
	return 0;
}

/* forks N: so many children at once. */
static int forks(char **arg)
{
	int n = 0;

	for (; n < atoi(arg[0]); n++) {
		pid_t pid = fork();

		if (pid == 0)
			pause();
		if (pid < 0)
			break;
	}
	printf("made %d%s%s\n", n, n < atoi(arg[0]) ? " " : "", n < atoi(arg[0]) ? error() : "");
	fflush(stdout);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
	return 0;
}

/* huge N [noreserve]: so many pages of 2 MB; a reservation is made when they are mapped, else they are missed when touched. */
static int huge(char **arg)
{
	long size = atol(arg[0]) * HUGE;
	volatile char *p = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (arg[1] ? MAP_NORESERVE : 0), -1, 0);

	if (p == MAP_FAILED) {
		puts(error());
		return 1;
	}
	puts("mapped");
	fflush(stdout);
	for (long i = 0; i < size; i += HUGE)
		p[i] = 1;
	puts("touched");
	return 0;
}

/* rdma DEVICE N: so many contexts of an RDMA device (IB_USER_VERBS_CMD_GET_CONTEXT); each is an HCA handle. */
static int rdma(char **arg)
{
	int n = 0;

	for (; n < atoi(arg[1]); n++) {
		uint64_t response[8];
		struct {
			uint32_t command;
			uint16_t in_words, out_words;
			uint64_t response;
		} m = {0, sizeof(m) / 4, 2, (uint64_t)(uintptr_t)response};
		int fd = open(arg[0], O_RDWR);

		if (fd < 0 || write(fd, &m, sizeof(m)) != sizeof(m))
			break;
	}
	printf("made %d%s%s\n", n, n < atoi(arg[1]) ? " " : "", n < atoi(arg[1]) ? error() : "");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int args;
		int (*run)(char **arg);
	} commands[] = {{"touch", 1, touch}, {"spin", 1, spin}, {"bursts", 2, bursts}, {"cpus", 0, cpus},
			{"forks", 1, forks}, {"huge", 1, huge}, {"rdma", 2, rdma}};

	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].args)
			return commands[i].run(argv + 2);
	fputs("usage: bite touch MB [SECONDS] | spin MS | bursts N MS | cpus | forks N | huge N [noreserve] | rdma "
	      "DEVICE N\n",
	      stderr);
	return 2;
}
