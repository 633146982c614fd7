#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Finding: waitpid(-1) reports a tracer's own children oldest first, and tasks that it has seized from other parents newest first.
# Seen with Linux 6.18 (x86_64), the program compiled by tcc 0.9.27+git20200814.62c30a4a-1 of Debian 12.
# Expected: one order, or none that a program could see; wait(2) and ptrace(2) say nothing of an order. What follows: a tracer that
# takes a few stops at a time and resumes them never comes to the oldest task while enough newer ones stop again and again.
# Seen output:
#	own children: 0 1 2 3 4 5 6 7
#	others' children: 7 6 5 4 3 2 1 0
. "$(dirname "$0")/peers.bash"
packages tcc=0.9.27+git20200814.62c30a4a-1
cat >order.c <<'C'
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define TASKS 8
#define SEIZE 0x4206
#define WALL  0x40000000
long ptrace(int request, ...);

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static void show(const char *whose, const pid_t *pids)
{
	int status;

	for (int i = 0; i < TASKS; i++)
		ptrace(SEIZE, pids[i], 0L, 0L);
	for (int i = 0; i < TASKS; i++)
		kill(pids[i], SIGSTOP);
	usleep(500000); /* until all have stopped */
	printf("%s children:", whose);
	for (int i = 0; i < TASKS; i++) {
		pid_t pid = waitpid(-1, &status, WNOHANG | WALL);

		for (int k = 0; k < TASKS; k++)
			if (pid == pids[k])
				printf(" %d", k);
	}
	printf("\n");
	fflush(stdout);
	for (int i = 0; i < TASKS; i++)
		kill(pids[i], SIGKILL);
}

int main(void)
{
	pid_t pids[TASKS], parent;
	int told[2];

	for (int i = 0; i < TASKS; i++)
		pids[i] = sleeper();
	show("own", pids);
	for (int i = 0; i < TASKS; i++)
		while (waitpid(pids[i], 0, WALL) == pids[i])
			;
	if (pipe(told) < 0)
		return 1;
	parent = fork();
	if (parent == 0) {
		for (int i = 0; i < TASKS; i++)
			pids[i] = sleeper();
		write(told[1], pids, sizeof(pids));
		for (;;)
			pause();
	}
	read(told[0], pids, sizeof(pids));
	show("others'", pids);
	kill(parent, SIGKILL);
	return 0;
}
C
lib=root/usr/lib/$(uname -m)-linux-gnu/tcc
root/usr/bin/tcc -B"$lib" -o order order.c
timeout 30 ./order | tee seen
diff - seen <<'SEEN'
own children: 0 1 2 3 4 5 6 7
others' children: 7 6 5 4 3 2 1 0
SEEN
echo "as found, on Linux $(uname -r)"
