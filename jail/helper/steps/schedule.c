/* SPDX-License-Identifier: Apache-2.0 */
/* seal.schedule: where, when and in which memory the workload runs. With the runtime's privileges, as runc does. */
#include <errno.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail/helper/helper.h"

#define IOPRIO_WHO_PGRP 2 /* linux/ioprio.h, in an enum of newer headers alone */

/* sched_setattr(2); C libraries begin to have it, each under conditions of its own. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max; /* the specification has no values for SCHED_FLAG_UTIL_CLAMP_*: 0, as in runc */
};

struct hint {
	int code;
	const char *text;
};

/* An error with the words for its errno, which the kernel itself gives for many a reason. */
static int fail(const struct hint *hints, const char *field, const char *what, struct err *e)
{
	const int code = errno;

	while (hints->code && hints->code != code)
		hints++;
	err_set(e, code, "%s: %s (%s)%s%s", what, strerror(code), errno_name(code), hints->text ? "; " : "",
		hints->text ? hints->text : "");
	err_ctx(e, "%s", field);
	return -code;
}

static int set_affinity(const struct bits *cpus, struct err *e)
{
	static const struct hint hints[] = {
	    {EINVAL, "none of these CPUs is online and in the container's cpuset"},
	    {0},
	};

	unsigned long all[BITS_MAX / 8 / sizeof(unsigned long)];

	if (!cpus->v) { /* config.md, execCPUAffinity: those of the container's cpuset; neither initial's nor the caller's */
		memset(all, 0xff, sizeof(all));
		(void)syscall(SYS_sched_setaffinity, 0, sizeof(all), all);
	} else if (syscall(SYS_sched_setaffinity, 0, cpus->n * sizeof(*cpus->v), cpus->v) < 0) {
		return fail(hints, "process.execCPUAffinity.final", "sched_setaffinity", e);
	}
	return 0;
}

static int set_scheduler(const struct spec_scheduler *s, struct err *e)
{
	static const struct hint hints[] = {
	    {EPERM, "more than a lower priority needs CAP_SYS_NICE in the initial user namespace, or RLIMIT_NICE and "
		    "RLIMIT_RTPRIO; SCHED_DEADLINE also needs all CPUs of its cpuset, and a real-time policy a cgroup "
		    "that has real-time bandwidth"},
	    {EINVAL, "the kernel does not take these values together (sched_setattr(2))"},
	    {EBUSY, "there is no bandwidth left for SCHED_DEADLINE (sched(7))"},
	    {EOPNOTSUPP, "this kernel has no utilization clamping (CONFIG_UCLAMP_TASK)"},
	    {0},
	};
	const struct attr a = {
	    .size = sizeof(a),
	    .policy = (uint32_t)s->policy,
	    .flags = s->flags,
	    .nice = s->nice,
	    .priority = (uint32_t)s->priority,
	    .runtime = s->runtime,
	    .deadline = s->deadline,
	    .period = s->period,
	};

	/* Policies without a nice value keep it for the time when they end; sched_setattr(2) does not look at it then. */
	if (s->nice && s->policy != SCHED_NORMAL && s->policy != SCHED_BATCH &&
	    setpriority(PRIO_PROCESS, 0, s->nice) < 0)
		return fail(hints, "process.scheduler.nice", "setpriority", e);
	if (syscall(SYS_sched_setattr, 0, &a, 0) < 0)
		return fail(hints, "process.scheduler", "error setting scheduler", e);
	return 0;
}

/* config.md wants it of the whole process group: this process leads one, and is alone in it. */
static int set_io_priority(const struct opt_u64 *priority, struct err *e)
{
	static const struct hint hints[] = {
	    {EPERM, "IOPRIO_CLASS_RT needs CAP_SYS_NICE or CAP_SYS_ADMIN in the initial user namespace"},
	    {ENOSYS, "this kernel has no priorities of I/O (CONFIG_BLOCK)"},
	    {0},
	};

	if (priority->set && syscall(SYS_ioprio_set, IOPRIO_WHO_PGRP, 0, priority->v) < 0)
		return fail(hints, "process.ioPriority", "ioprio_set", e);
	return 0;
}

static int set_mempolicy(int mode, const struct bits *nodes, struct err *e)
{
	static const struct hint hints[] = {
	    {EINVAL,
	     "the kernel does not know the mode, it does not take the flags with it (MPOL_F_NUMA_BALANCING goes with "
	     "MPOL_BIND and MPOL_PREFERRED_MANY), or none of the nodes has memory that the container may use"},
	    {ENOSYS, "this kernel has no NUMA (CONFIG_NUMA); remove it"},
	    {0},
	};
	/* The kernel takes one off the count of bits. */
	unsigned long max = nodes->v ? nodes->n * sizeof(*nodes->v) * 8 + 1 : 0;

	if (syscall(SYS_set_mempolicy, mode, nodes->v, max) < 0)
		return fail(hints, "linux.memoryPolicy", "set_mempolicy", e);
	return 0;
}

int step_schedule(struct helper *h, struct err *e)
{
	static const struct hint none[] = {{0}};
	const struct jail_seal *s = &h->plan.seal;
	/* config.md, execCPUAffinity: not applicable to the container's init process. */
	int r = h->h.role == JAIL_ROLE_EXEC ? set_affinity(&s->affinity, e) : 0;

	if (r == 0 && s->scheduler.set)
		r = set_scheduler(&s->scheduler, e);
	if (r == 0)
		r = set_io_priority(&s->io_priority, e);
	if (r == 0 && s->mempolicy.set)
		r = set_mempolicy(s->mempolicy.mode, &s->mempolicy.nodes, e);
	if (r == 0 && s->personality.set && personality((unsigned long)s->personality.v) < 0)
		r = fail(none, "linux.personality", "personality", e);
	return r;
}
