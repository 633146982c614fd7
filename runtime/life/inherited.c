/* SPDX-License-Identifier: Apache-2.0 */
/* What a process has from whoever started the runtime, and what the container must not have from there. docs/inherited.md has the
 * whole table: what stays is there, with the reason. */
#include <linux/mempolicy.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "steps.h"

#define TIMER_SLACK_NS 50000 /* what the kernel gives its own first process */

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
	umask(022);
	(void)prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0);
	(void)prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 0, 0, 0);
	(void)prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	(void)syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0);
	/* `setarch -R` would take the randomness from the addresses of every program inside. */
	(void)personality(PER_LINUX);
	/* Without the change of capabilities with the user, "su" inside would keep root's. */
	(void)prctl(PR_SET_SECUREBITS, SECUREBITS_DEFAULT, 0, 0, 0);
}
