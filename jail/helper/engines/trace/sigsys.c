/* SPDX-License-Identifier: Apache-2.0 */
/* SCMP_ACT_TRAP. The kernel refuses the call and makes the signal, as no other process could: with the number and the ABI of the call,
 * and so that it cannot be blocked. The tracer sees it on its way, and only tells of it. */
#include <signal.h>
#include <string.h>

#include "jail/helper/arch.h"
#include "trace.h"

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1 /* si_code; some libcs lack it */
#endif

void sigsys_report(struct helper *h, const struct task *t)
{
	struct trapped c = {.tid = t->tid, .tgid = t->tgid};
	struct denial d = {.trap = true, .target = NO_TARGET};
	siginfo_t info = {0};
	int i;

	if (ptrace(PTRACE_GETSIGINFO, t->tid, NULL, &info) < 0 || info.si_signo != SIGSYS ||
	    info.si_code != SYS_SECCOMP)
		return;
	c.nr = info.si_syscall;
	c.arch = (uint32_t)info.si_arch;
	if (arch_arguments(t->tid, c.arch, c.args) < 0)
		return;
	/* A filter of the workload's own, or of linux.seccomp, may be behind it: then no rule of the policy is about the call. */
	i = jail_rule_find(&h->plan, c.arch, c.nr, c.args);
	if (i < 0 || h->plan.rules[i].trap != JAIL_TRAP_SIGSYS)
		return;
	c.rule = &h->plan.rules[i];
	d.rule = c.rule->name;
	d.allow = audit_how_to_allow(c.rule);
	trace_fill(&c, &d);
	audit_denial(h, &d);
}
