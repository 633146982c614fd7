/* SPDX-License-Identifier: Apache-2.0 */
/* prlimit_init [PID]: takes the processor time of PID 1 (or PID) away, which kills it although no signal could. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long long none[2] = {0, 0};
	pid_t pid = argc > 1 ? atoi(argv[1]) : 1;

	if (syscall(SYS_prlimit64, pid, RLIMIT_CPU, none, NULL) < 0) {
		printf("prlimit_init: refused: %s\n", strerror(errno));
		return 1;
	}
	printf("prlimit_init: done\n");
	return 0;
}
