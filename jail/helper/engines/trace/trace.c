/* SPDX-License-Identifier: Apache-2.0 */
/* The engine of a tracer: PTRACE_SEIZE, and stops where the policy's filter says SECCOMP_RET_TRACE (ptrace(2)). It alone
 * can judge a program after exec, count processes and threads apart, and know what a process runs. */
#include "trace.h"

#include <errno.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail/helper/arch.h"
#include "jail/helper/calls.h"
#include "jail/helper/session.h"
#include "look.h"
#include "scout.h"
#include "verdict.h"

#define SYSCALL_INFO 0x420e /* PTRACE_GET_SYSCALL_INFO, Linux 5.3 */
#define OP_SECCOMP   3
#define EVENT_STOP   128
#define SYSCALL_STOP (SIGTRAP | 0x80)
#define OPTIONS                                                                                                        \
	(PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP | \
	 PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)

static int adopt(struct helper *h, pid_t pid, struct err *e)
{
	siginfo_t gone = {0};
	struct task *t;
	int of = pid == h->main ? -1 : verdict_room(&h->plan, &task_counts, SLOT_PROCESS);

	if (task_find(pid))
		return err_set(e, EBUSY, "policy %s: process %d is in the jail already", h->plan.policy, (int)pid);
	if (of >= 0 && !audit_violation(h, &(struct denial){.policy = (uint32_t)of,
							    .rule = "limits",
							    .tid = pid,
							    .target = NO_TARGET,
							    .err = EAGAIN,
							    .allow = "raise limits.processes"}))
		return err_set(
		    e, EAGAIN, "policy %s: limits.processes (%lld) is reached: no process can be added: %s (EAGAIN)",
		    h->plan.policies[of].name, (long long)h->plan.policies[of].max_processes, strerror(EAGAIN));
	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)(uintptr_t)OPTIONS) < 0) {
		int code = errno;

		/* A row of its own may have failed meanwhile: it has told so, and the loop sees its end. */
		if (pid == h->main && waitid(P_PID, (id_t)pid, &gone, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    gone.si_pid == pid)
			return 0;
		errno = code;
		return err_errno(
		    e,
		    "policy %s: trace the workload's process: this takes CAP_SYS_PTRACE where "
		    "kernel.yama.ptrace_scope is 2, cannot be where it is 3, and is refused by filters and "
		    "tracers around jailrun (an outer jail that traces, strace, a sandbox)",
		    h->plan.policy);
	}
	t = task_add(pid, pid);
	if (!t)
		return err_set(e, ENOMEM, "out of memory for the first task");
	t->starting = true;
	return 0;
}

/* Has limits count a call that the rule lets go on, whatever else is asked of it. False: it is refused. */
static bool counted(struct helper *h, const struct trapped *c)
{
	struct denial d = {.target = NO_TARGET};

	trace_fill(c, &d);
	if (calls_take(h, c->rule, &d))
		return true;
	if (d.kill)
		kill(c->tgid, SIGKILL);
	trace_cancel(c, d.err);
	return false;
}

static enum answer judge(struct helper *h, const struct trapped *c);

/* What the rewritten call falls under is refused by that rule. */
static enum answer rewrite(struct helper *h, const struct trapped *c)
{
	const struct jail_rule *refuses;
	enum answer a = rewrite_call(h, c, &refuses);
	struct trapped again = *c;

	if (!refuses)
		return a;
	again.rule = refuses;
	return judge(h, &again);
}

/* What the policy says of one call. */
static enum answer judge(struct helper *h, const struct trapped *c)
{
	struct denial d = {.rule = c->rule->name,
			   .policy = c->rule->policy,
			   .err = c->rule->err > 0 ? c->rule->err : EPERM,
			   .target = NO_TARGET};

	const struct task *t = task_find(c->tid);
	const enum jail_trap trap = (enum jail_trap)c->rule->trap;

	if (trap != JAIL_TRAP_REFUSE && trap != JAIL_TRAP_RETURN && trap != JAIL_TRAP_KILL && (!t || !t->starting) &&
	    !counted(h, c))
		return ANSWER_DONE;
	if (c->rule->note.rule) {
		trace_fill(c, &d);
		audit_note(h, &d, &c->rule->note);
		if (c->rule->trap == JAIL_TRAP_LOG)
			return ANSWER_GO;
	}
	switch ((enum jail_trap)c->rule->trap) {
	case JAIL_TRAP_LOG:
		d.err = 0;
		trace_fill(c, &d);
		audit_denial(h, &d);
		return ANSWER_GO;
	case JAIL_TRAP_EXEC:
		return trace_exec_early(h, c);
	case JAIL_TRAP_CLONE:
		return count_judge(h, c);
	case JAIL_TRAP_TARGET:
		return target_judge(h, c);
	case JAIL_TRAP_COUNT:
		return ANSWER_GO;
	case JAIL_TRAP_KILL:
		d.kill = true;
		break;
	case JAIL_TRAP_RETURN:
	case JAIL_TRAP_SET:
		return rewrite(h, c);
	case JAIL_TRAP_SIGSYS: /* never comes here: the filter asks for no tracer */
	case JAIL_TRAP_REFUSE:
		break;
	}
	d.allow = audit_how_to_allow(c->rule);
	trace_enforce(h, c, &d);
	return ANSWER_DONE;
}

/* The rule is found by the call itself. The data of the stop proves nothing: of two filters that both say SECCOMP_RET_TRACE the
 * newer one's data comes, and the workload may load filters. A call for which the policy's filter asks for no tracer is not
 * ours, whatever came with it. Returns false for such a one. */
static bool find_rule(struct helper *h, const struct syscall_stop *s, struct trapped *c)
{
	int i;

	c->own = s->ret_data != JAIL_TRACE_DATA;
	if (c->own && (jail_bpf_run(jail_loaded_filter(&h->plan), c->arch, c->nr, c->args) & SECCOMP_RET_ACTION_FULL) !=
			  SECCOMP_RET_TRACE)
		return false;
	i = jail_rule_find(&h->plan, c->arch, c->nr, c->args);
	c->rule = i < 0 ? NULL : &h->plan.rules[i];
	return c->rule;
}

static void on_seccomp(struct helper *h, struct task *t)
{
	struct syscall_stop s = {0};
	struct trapped c = {.tid = t->tid, .tgid = t->tgid};
	int err;

	/* While it stands at the stop only SIGKILL can make this fail. */
	if (ptrace((int)SYSCALL_INFO, t->tid, (void *)sizeof(s), &s) < 0 || s.op != OP_SECCOMP) {
		kill(t->tgid, SIGKILL);
		return;
	}
	memcpy(c.args, s.args, sizeof(c.args));
	c.nr = (int)s.nr;
	c.arch = s.arch;
	err = t->starting ? 0 : audit_profile(h, c.tid, c.arch, c.nr, c.args);
	if (err) {
		trace_cancel(&c, err);
		trace_answer(&c, ANSWER_DONE);
		return;
	}
	if (!find_rule(h, &s, &c)) {
		if (t->starting && jail_profile_refuses(&h->plan, c.arch, c.nr, c.args)) {
			trace_answer(&c, ANSWER_GO); /* of the jail's own calls */
			return;
		}
		trace_cancel(&c, ENOSYS); /* as where there is no tracer: seccomp(2) */
		trace_answer(&c, ANSWER_DONE);
		return;
	}
	/* The process that is not yet the workload loads its filters and executes; of that only exec is judged. */
	if (t->starting && c.rule->trap != JAIL_TRAP_EXEC && !jail_rule_foreign(c.rule))
		trace_answer(&c, ANSWER_GO);
	else
		trace_answer(&c, judge(h, &c));
}

/* exec by a thread that is not the leader takes over the leader's tid; its own is gone without a word, and so are those
 * of its siblings by now (ptrace(2), execve(2) under ptrace). */
static void on_exec(struct helper *h, pid_t tid)
{
	unsigned long former = 0;
	struct task *old, *leader;
	size_t i = 0;

	count_forget(tid); /* whoever had this number is gone */
	if (ptrace(PTRACE_GETEVENTMSG, tid, NULL, &former) == 0 && (pid_t)former != tid &&
	    (old = task_find((pid_t)former)) && (leader = task_find(tid))) {
		leader->exec_seen = old->exec_seen;
		leader->exec_dev = old->exec_dev;
		leader->exec_ino = old->exec_ino;
		task_remove((pid_t)former);
		while (task_counts.threads > 0 && (old = task_next(&i)))
			if (old->tgid == tid && old->tid != tid) {
				task_remove(old->tid);
				i--;
			}
	}
	leader = task_find(tid);
	if (leader) {
		task_orphan(leader);
		task_settle_lost(leader);
		leader->executed = true;
	}
	if (trace_exec_final(h, tid) != ANSWER_LATER)
		trace_resume(tid, PTRACE_CONT, 0);
}

static bool stops_group(int sig)
{
	return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

static void on_stop(struct helper *h, struct task *t, int sig, int event)
{
	bool cloned = event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE;

	if (!cloned && event != PTRACE_EVENT_EXEC) /* the clone came to nothing */
		task_unreserve(t);
	if (cloned) {
		pid_t tid = t->tid;

		birth_told(h, t, event);
		trace_resume(tid, PTRACE_CONT, 0);
	} else if (event == PTRACE_EVENT_SECCOMP)
		on_seccomp(h, t);
	else if (event == PTRACE_EVENT_EXEC)
		on_exec(h, t->tid);
	else if (event == EVENT_STOP && stops_group(sig)) /* stays stopped, yet hears SIGCONT */
		trace_resume(t->tid, PTRACE_LISTEN, 0);
	else if (event || sig == SYSCALL_STOP) {
		if (sig == SYSCALL_STOP)
			rewrite_undo(t);
		trace_resume(t->tid, PTRACE_CONT, 0);
	} else { /* a signal on its way to the tracee */
		if (sig == SIGSYS)
			sigsys_report(h, t);
		trace_resume(t->tid, PTRACE_CONT, sig);
	}
}

/* Of a task that nobody has told of yet the parent's word may be in the same list. */
static bool on_wait(struct helper *h, pid_t tid, int status, bool last)
{
	struct task *t = task_find(tid);

	if (!WIFSTOPPED(status)) {
		if (scout_ended(h, tid)) {
			trace_take_looks(h);
			return true;
		}
		session_end(session_of(tid));
		count_forget(tid);
		task_remove(tid); /* none of a zombie that has come to PID 1 as an orphan, and was heard of before */
		return true;
	}
	if (!t && !last)
		return false;
	if (!t && !birth_is_ours(tid)) /* it has ended meanwhile, and was heard of */
		return true;
	if (!t)
		t = birth_seen(h, tid);
	if (t)
		on_stop(h, t, WSTOPSIG(status), status >> 16);
	else /* no memory for it: it must not run uncounted */
		kill(tid, SIGKILL);
	return true;
}

/* The next of all tasks, round and round: each is asked in its turn, however many newer ones stop meanwhile. */
static pid_t next_task(void)
{
	static size_t at;
	const struct task *t = task_next(&at);

	if (!t) {
		at = 0;
		t = task_next(&at);
	}
	return t ? t->tid : 0;
}

static void on_readable(struct helper *h, int fd)
{
	scout_readable(h, fd);
	trace_take_looks(h);
}

static int arm(struct helper *h, struct err *e)
{
	int r = jail_has_exec_rules(&h->plan) ? scout_arm(e) : 0;

	return r < 0 ? r : terms_arm(h, e);
}

const struct jail_engine_ops engine_trace = {
    .name = "trace",
    .sees_exec = true,
    .arm = arm,
    .adopt = adopt,
    .poll_fds = scout_fds,
    .on_readable = on_readable,
    .on_wait = on_wait,
    .next_task = next_task,
    .tick = count_tick,
};
