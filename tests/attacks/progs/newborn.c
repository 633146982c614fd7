/* SPDX-License-Identifier: Apache-2.0 */
/* newborn FORKER TRIES: executes FORKER, a copy of this program that is protected, which makes TRIES children one after
 * the other; meanwhile this process kills the number that the next one will have. Prints how many died of it: a child
 * exists before a tracer hears of it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
	int last, done, killed;
};

static int make_children(struct shared *s, int tries)
{
	for (int i = 0; i < tries; i++) {
		pid_t pid = fork();
		int status = 0;

		if (pid == 0)
			_exit(0);
		if (pid < 0)
			return 1;
		waitpid(pid, &status, 0);
		if (WIFSIGNALED(status))
			s->killed++;
		__atomic_store_n(&s->last, pid, __ATOMIC_SEQ_CST);
	}
	__atomic_store_n(&s->done, 1, __ATOMIC_SEQ_CST);
	return 0;
}

int main(int argc, char **argv)
{
	int fork_it = argc > 3, fd = fork_it ? atoi(argv[3]) : (int)syscall(SYS_memfd_create, "shared", 0), refused = 0;
	struct shared *s;
	char number[16];
	pid_t pid;

	if (argc < 3 || (!fork_it && ftruncate(fd, 4096) < 0))
		return 2;
	s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (s == MAP_FAILED)
		return 2;
	if (fork_it)
		return make_children(s, atoi(argv[2]));
	pid = fork();
	if (pid == 0) {
		snprintf(number, sizeof(number), "%d", fd);
		execl(argv[1], argv[1], argv[1], argv[2], number, NULL);
		_exit(127);
	}
	while (!__atomic_load_n(&s->last, __ATOMIC_SEQ_CST) && waitpid(pid, NULL, WNOHANG) == 0)
		;
	while (!__atomic_load_n(&s->done, __ATOMIC_SEQ_CST) && waitpid(pid, NULL, WNOHANG) == 0) {
		pid_t next = __atomic_load_n(&s->last, __ATOMIC_SEQ_CST) + 1;

		if (kill(next, SIGKILL) < 0 && errno == EPERM)
			refused++;
	}
	printf("newborn: killed=%d refused=%d done=%d\n", s->killed, refused, s->done);
	return 0;
}
