/* SPDX-License-Identifier: Apache-2.0 */
/* The engine of a tracer: PTRACE_SEIZE, and stops where the policy's filter says SECCOMP_RET_TRACE (ptrace(2)). It alone
 * can judge a program after exec, count processes and threads apart, and know what a process runs. */
#include "trace.h"

#include <errno.h>
#include <linux/ptrace.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "session.h"

#define SYSCALL_INFO 0x420e /* PTRACE_GET_SYSCALL_INFO, Linux 5.3 */
#define OP_SECCOMP   3
#define EVENT_STOP   128
#define SYSCALL_STOP (SIGTRAP | 0x80)
#define OPTIONS                                                                                                        \
	(PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP | \
	 PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)

void trace_resume(pid_t tid, int what, int sig)
{
	(void)ptrace(what, tid, NULL, (void *)(intptr_t)sig);
}

static int adopt(struct helper *h, pid_t pid, struct err *e)
{
	siginfo_t gone = {0};
	struct task *t;
	int64_t max;
	int of = jail_limit(&h->plan, false, &max);

	if (task_find(pid))
		return err_set(e, EBUSY, "policy %s: process %d is in the jail already", h->plan.policy, (int)pid);
	if (pid != h->main && of >= 0 && task_counts.processes + task_counts.reserved[SLOT_PROCESS] >= max)
		return err_set(e, EAGAIN,
			       "policy %s: limits.processes (%lld) is reached: no process can be added: %s (EAGAIN)",
			       h->plan.policies[of].name, (long long)max, strerror(EAGAIN));
	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)(uintptr_t)OPTIONS) < 0) {
		int code = errno;

		/* A row of its own may have failed meanwhile: it has told so, and the loop sees its end. */
		if (pid == h->main && waitid(P_PID, (id_t)pid, &gone, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    gone.si_pid == pid)
			return 0;
		errno = code;
		return err_errno(e, "policy %s: trace the workload's process (is there CAP_SYS_PTRACE?)",
				 h->plan.policy);
	}
	t = task_add(pid, pid);
	if (!t)
		return err_set(e, ENOMEM, "out of memory for the first task");
	t->starting = true;
	return 0;
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

void trace_refuse(struct helper *h, const struct trapped *c, struct denial *d)
{
	uint32_t by = d->policy;

	trace_fill(c, d);
	d->policy = by;
	d->kill |= h->plan.policies[by].kill_on_violation;
	audit_denial(h, d);
	if (d->kill)
		kill(c->tgid, SIGKILL);
	/* A call that cannot be cancelled must not run: the only error is that the tracee is gone. */
	if (arch_cancel_syscall(c->tid, d->err ? d->err : EPERM) < 0)
		kill(c->tgid, SIGKILL);
}

/* True when there is room for one more; it is held until the tracee's next stop says what came of the call. */
static bool reserve(struct helper *h, const struct trapped *c)
{
	const char *name = c->rule->syscall ? c->rule->syscall : "";
	bool is_clone = strcmp(name, "clone") == 0, thread = is_clone && (c->args[0] & CLONE_THREAD);
	int64_t max;
	int of = jail_limit(&h->plan, thread, &max);
	int64_t alive = thread ? task_counts.threads : task_counts.processes;
	enum task_slot slot = thread ? SLOT_THREAD : SLOT_PROCESS;
	struct task *t = task_find(c->tid);
	struct denial d = {
	    .rule = c->rule->name, .policy = of >= 0 ? (uint32_t)of : c->rule->policy, .target = NO_TARGET};

	if (strcmp(name, "clone3") == 0) { /* its flags lie in memory; libc falls back to clone */
		d.err = ENOSYS;
		d.allow = "clone3 is never policed; libc uses clone instead";
	} else if (is_clone && (c->args[0] & CLONE_UNTRACED)) {
		d.err = EPERM;
		d.allow = "CLONE_UNTRACED would leave the jail";
	} else if (!t || (of >= 0 && alive + task_counts.reserved[slot] >= max)) {
		d.err = EAGAIN;
		d.allow = thread ? "raise limits.threads" : "raise limits.processes";
	} else {
		task_reserve(t, slot);
		return true;
	}
	trace_refuse(h, c, &d);
	return false;
}

/* Decides one trapped call; returns how the tracee goes on. */
static int decide(struct helper *h, const struct trapped *c)
{
	struct denial d = {.rule = c->rule->name,
			   .policy = c->rule->policy,
			   .err = c->rule->err > 0 ? c->rule->err : EPERM,
			   .target = NO_TARGET};

	switch ((enum jail_trap)c->rule->trap) {
	case JAIL_TRAP_LOG:
		d.err = 0;
		trace_fill(c, &d);
		audit_denial(h, &d);
		return PTRACE_CONT;
	case JAIL_TRAP_EXEC:
		(void)trace_exec_early(h, c);
		return PTRACE_CONT;
	case JAIL_TRAP_CLONE:
		/* The end of a call that failed is the one stop that tells so. */
		return reserve(h, c) ? PTRACE_SYSCALL : PTRACE_CONT;
	case JAIL_TRAP_TARGET:
		(void)trace_target(h, c);
		return PTRACE_CONT;
	case JAIL_TRAP_KILL:
		d.kill = true;
		break;
	case JAIL_TRAP_REFUSE:
		break;
	}
	d.allow = audit_how_to_allow(c->rule);
	trace_refuse(h, c, &d);
	return PTRACE_CONT;
}

static void on_seccomp(struct helper *h, struct task *t)
{
	static const struct jail_rule unknown = {.name = (char *)"engine", .syscall = (char *)"unknown"};
	struct syscall_stop s = {0};
	struct trapped c = {.tid = t->tid, .tgid = t->tgid};

	/* While it stands at the stop only SIGKILL can make this fail. */
	if (ptrace((int)SYSCALL_INFO, t->tid, (void *)sizeof(s), &s) < 0 || s.op != OP_SECCOMP) {
		kill(t->tgid, SIGKILL);
		return;
	}
	memcpy(c.args, s.args, sizeof(c.args));
	c.nr = (int)s.nr;
	c.arch = s.arch;
	c.rule = s.ret_data < h->plan.n_rules ? &h->plan.rules[s.ret_data] : &unknown;
	/* The process that is not yet the workload loads its filters and executes; of that only exec is judged. */
	if (t->starting && c.rule->trap != JAIL_TRAP_EXEC) {
		trace_resume(t->tid, PTRACE_CONT, 0);
		return;
	}
	trace_resume(c.tid, decide(h, &c), 0);
}

static pid_t tgid_of(struct helper *h, pid_t tid, pid_t *ret_ppid)
{
	char text[1024], *p;
	pid_t tgid = tid;

	*ret_ppid = 0;
	if (trace_proc_read(h, tid, "status", text, sizeof(text)) > 0) {
		if ((p = strstr(text, "\nTgid:\t")))
			tgid = (pid_t)atol(p + 7);
		if ((p = strstr(text, "\nPPid:\t")))
			*ret_ppid = (pid_t)atol(p + 7);
	}
	return tgid;
}

/* Of a clone that was not trapped: where one kind is limited and so trapped, it was the other. */
static bool is_thread(struct helper *h, pid_t tid, int event)
{
	int64_t max;
	pid_t ppid;
	bool processes = jail_limit(&h->plan, false, &max) >= 0;

	if (processes || jail_limit(&h->plan, true, &max) >= 0)
		return processes;
	return event == PTRACE_EVENT_CLONE && tgid_of(h, tid, &ppid) != tid;
}

/* The parent's word of its new task; usually before the task's own first stop. */
static void on_clone(struct helper *h, struct task *t, int event)
{
	enum task_slot slot = t->reserved;
	pid_t tid = t->tid, tgid = t->tgid;
	unsigned long child = 0;
	struct task *old;
	bool thread;

	task_unreserve(t);
	if (ptrace(PTRACE_GETEVENTMSG, tid, NULL, &child) == 0 && child) {
		old = task_find((pid_t)child);
		if (old && old->gone_early)
			task_remove((pid_t)child);
		if (!old) {
			thread = slot == SLOT_NONE ? is_thread(h, (pid_t)child, event) : slot == SLOT_THREAD;
			task_add((pid_t)child, thread ? tgid : (pid_t)child);
		}
		old = task_find((pid_t)child);
		if (old)
			old->unannounced = false;
		t = task_find(tgid);
		if (old && t && old->tgid == old->tid)
			task_protect(old, t->protected_);
	}
	trace_resume(tid, PTRACE_CONT, 0);
}

unsigned int trace_born_protected(struct helper *h, pid_t tid)
{
	pid_t ppid, tgid = tgid_of(h, tid, &ppid);
	const struct task *from = task_find(tgid == tid ? ppid : tgid);

	/* Of CLONE_PARENT's child the other is no parent; it still runs the same program. */
	return (from ? from->protected_ : 0u) | trace_runs_protected(h, tid);
}

/* A task that is seen before its parent told of it. */
static struct task *first_sight(struct helper *h, pid_t tid)
{
	unsigned int by = jail_has_protect(&h->plan) ? trace_born_protected(h, tid) : 0;
	pid_t ppid, tgid = tgid_of(h, tid, &ppid);
	struct task *t = task_add(tid, tgid);

	if (!t)
		return NULL;
	t->unannounced = true;
	if (tid == tgid)
		task_protect(t, by);
	return t;
}

/* exec by a thread that is not the leader takes over the leader's tid; its own is gone without a word, and so are those
 * of its siblings by now (ptrace(2), execve(2) under ptrace). */
static void on_exec(struct helper *h, pid_t tid)
{
	unsigned long former = 0;
	struct task *old, *leader;
	size_t i = 0;

	if (ptrace(PTRACE_GETEVENTMSG, tid, NULL, &former) == 0 && (pid_t)former != tid &&
	    (old = task_find((pid_t)former)) && (leader = task_find(tid))) {
		leader->exec_seen = old->exec_seen;
		leader->exec_dev = old->exec_dev;
		leader->exec_ino = old->exec_ino;
		task_remove((pid_t)former);
		while (task_counts.threads > 0 && (old = task_next(&i)))
			if (old->tgid == tid && old->tid != tid) {
				task_remove(old->tid);
				i = 0;
			}
	}
	trace_exec_final(h, tid);
	trace_resume(tid, PTRACE_CONT, 0);
}

static bool stops_group(int sig)
{
	return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

static void on_stop(struct helper *h, struct task *t, int sig, int event)
{
	bool cloned = event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE;

	if (!cloned) /* the clone came to nothing */
		task_unreserve(t);
	if (cloned)
		on_clone(h, t, event);
	else if (event == PTRACE_EVENT_SECCOMP)
		on_seccomp(h, t);
	else if (event == PTRACE_EVENT_EXEC)
		on_exec(h, t->tid);
	else if (event == EVENT_STOP && stops_group(sig)) /* stays stopped, yet hears SIGCONT */
		trace_resume(t->tid, PTRACE_LISTEN, 0);
	else if (event || sig == SYSCALL_STOP)
		trace_resume(t->tid, PTRACE_CONT, 0);
	else /* a signal on its way to the tracee */
		trace_resume(t->tid, PTRACE_CONT, sig);
}

static void on_wait(struct helper *h, pid_t tid, int status)
{
	struct task *t = task_find(tid);

	if (t && t->gone_early) {
		task_remove(tid); /* the number is in use again */
		t = NULL;
	}
	if (!WIFSTOPPED(status)) {
		bool announced = t && !t->unannounced;

		session_end(session_of(tid));
		if (t)
			task_remove(tid);
		if (!announced) /* its parent's word, which may still come, is of one who is gone */
			task_gone_early(tid);
		return;
	}
	if (!t)
		t = first_sight(h, tid);
	if (!t) { /* no memory for it: it must not run uncounted */
		kill(tid, SIGKILL);
		return;
	}
	on_stop(h, t, WSTOPSIG(status), status >> 16);
}

const struct jail_engine_ops engine_trace = {
    .name = "trace",
    .sees_exec = true,
    .adopt = adopt,
    .on_wait = on_wait,
};
