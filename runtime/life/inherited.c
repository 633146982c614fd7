/* SPDX-License-Identifier: Apache-2.0 */
/* What a process has from whoever started the runtime, and what the container must not have from there. */
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "steps.h"

/* All CPUs that the cgroup allows. Linux 6.2 and later remember the caller's mask through every change of the cpuset. */
static void all_cpus(void)
{
	unsigned long all[BITS_MAX / 8 / sizeof(unsigned long)];

	memset(all, 0xff, sizeof(all));
	(void)syscall(SYS_sched_setaffinity, 0, sizeof(all), all);
}

/* Each of these may be refused, by a seccomp filter around the runtime or since a bit is locked. Then it stays as it was, as it does
 * under other runtimes. */
void child_forget_caller(const struct life *l)
{
	/* Ctrl-C, a hangup and the killing of a group reach what the caller has started. They are not for the container. */
	(void)setsid();
	if (!l->config.process.exec_cpu_affinity.initial.v || !l->table->executes)
		all_cpus();
}
