/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a call that stands at its stop. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "jail/helper/arch.h"
#include "trace.h"

void trace_resume(pid_t tid, int what, int sig)
{
	(void)ptrace(what, tid, NULL, (void *)(intptr_t)sig);
}

void trace_fill(const struct trapped *c, struct denial *d)
{
	d->tid = c->tid;
	d->policy = c->rule->policy;
	d->from = c->rule;
	d->nr = c->nr;
	d->arch = c->arch;
	memcpy(d->args, c->args, sizeof(d->args));
}

void trace_cancel(const struct trapped *c, int err)
{
	/* A call that cannot be cancelled must not run: the only error is that the tracee is gone. */
	if (arch_cancel_syscall(c->tid, -(int64_t)err) < 0)
		kill(c->tgid, SIGKILL);
}

void trace_enforce(struct helper *h, const struct trapped *c, struct denial *d)
{
	uint32_t by = d->policy;

	trace_fill(c, d);
	d->policy = by;
	audit_denial(h, d);
	if (d->kill)
		kill(c->tgid, SIGKILL);
	trace_cancel(c, d->err ? d->err : EPERM);
}

bool trace_refuse(struct helper *h, const struct trapped *c, struct denial *d)
{
	uint32_t by = d->policy;

	trace_fill(c, d);
	d->policy = by;
	if (audit_violation(h, d))
		return false;
	if (d->kill)
		kill(c->tgid, SIGKILL);
	trace_cancel(c, d->err ? d->err : EPERM);
	return true;
}

void trace_answer(const struct trapped *c, enum answer answer)
{
	struct task *t;

	if (answer == ANSWER_LATER)
		return;
	/* A filter of the workload's own that asks for a tracer gets the kernel's answer where there is none: seccomp(2). */
	if (c->own && answer != ANSWER_DONE) {
		t = task_find(c->tid);
		if (t)
			task_unreserve(t);
		trace_cancel(c, ENOSYS);
		answer = ANSWER_DONE;
	}
	/* The end of a call that failed is the one stop that tells so. */
	trace_resume(c->tid, answer == ANSWER_COUNT ? PTRACE_SYSCALL : PTRACE_CONT, 0);
}
