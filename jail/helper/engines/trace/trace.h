/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the trace engine share. A stop goes one way through them: the stop (trace.c), the facts of the call (trace.c,
 * procfs.c, task.c, look.c, loader.c), the verdict (count.c, exec.c, target.c, protect.c), the answer (answer.c). */
#ifndef JAIL_HELPER_TRACE_H
#define JAIL_HELPER_TRACE_H

#include <linux/types.h>
#include <sys/ptrace.h>

#include "jail/helper/audit.h"
#include "jail/helper/engines/engine.h"
#include "task.h"

/* PTRACE_GET_SYSCALL_INFO at a seccomp stop; libc's headers disagree about its name. */
struct syscall_stop {
	__u8 op, pad[3];
	__u32 arch;
	__u64 ip, sp;
	__u64 nr, args[6];
	__u32 ret_data;
};

/* A call that stands at its seccomp stop. */
struct trapped {
	pid_t tid, tgid;
	const struct jail_rule *rule;
	uint32_t arch;
	int nr;
	uint64_t args[6];
	bool own; /* a filter of the workload's own traces the call as well */
};

enum answer {
	ANSWER_GO,    /* nothing against it */
	ANSWER_COUNT, /* goes on, and its end has to be heard of: a place is reserved */
	ANSWER_DONE,  /* refused, and the refusal is in place */
	ANSWER_LATER, /* stays at its stop */
};

/* ---- answer.c ---- */

/* Who called what, for a report. */
void trace_fill(const struct trapped *c, struct denial *d);
/* Cancels the call with the errno, or kills (d->kill), and reports. d names rule, policy, errno and what is special; the rest is filled
 * in here. */
void trace_enforce(struct helper *h, const struct trapped *c, struct denial *d);
/* Likewise, as d->policy says of violations of d->rule. False: it is reported, and goes on. */
bool trace_refuse(struct helper *h, const struct trapped *c, struct denial *d);
/* Makes the call fail without being run, and without a report. */
void trace_cancel(const struct trapped *c, int err);
/* Lets the tracee go on: what is PTRACE_CONT, PTRACE_SYSCALL or PTRACE_LISTEN. A tracee that is gone meanwhile is
 * none to worry about. */
void trace_resume(pid_t tid, int what, int sig);
/* Carries a verdict out. */
void trace_answer(const struct trapped *c, enum answer answer);

/* ---- birth.c: tasks come ---- */

/* Whether the kernel still has something to report of it: who has ended, and has been heard of, is none of ours any more. */
bool birth_is_ours(pid_t tid);
/* A task that is seen before its parent told of it. NULL: no memory. */
struct task *birth_seen(struct helper *h, pid_t tid);
/* The parent's word of its new task, at PTRACE_EVENT_*. */
void birth_told(struct helper *h, struct task *parent, int event);
/* Whose signals.protect a task is under that its parent has not told of: a copy of a protected process is protected. */
unsigned int birth_protected(struct helper *h, pid_t tid);

/* ---- count.c: limits ---- */

enum answer count_judge(struct helper *h, const struct trapped *c);
/* What waits for room gets it, or is refused. Returns the milliseconds until there is more to do, or -1. */
int count_tick(struct helper *h);
/* A task is gone; it waits for nothing. */
void count_forget(pid_t tid);

/* ---- rewrite.c ---- */

/* A call whose rule gives a result, or other arguments. *ret_rule: the rule that refuses it with these; else NULL. */
enum answer rewrite_call(struct helper *h, const struct trapped *c, const struct jail_rule **ret_rule);
/* The end of a call: what was replaced is put back, since a call leaves its arguments' registers alone. */
void rewrite_undo(struct task *t);

/* ---- sigsys.c ---- */

/* A SIGSYS is on its way to the tracee: where a rule of the policy is behind it, that is reported. */
void sigsys_report(struct helper *h, const struct task *t);

/* ---- exec.c ---- */

/* exec: the look at the path before, which can give an errno. LATER: exec.c answers. */
enum answer trace_exec_early(struct helper *h, const struct trapped *c);
/* exec: the look at what was executed, which no race gets round; kills what must not be. */
enum answer trace_exec_final(struct helper *h, pid_t tid);

/* What scouts have found out is carried out. */
void trace_take_looks(struct helper *h);

/* ---- protect.c ---- */

/* Whose signals.protect the program of the process is in: bit n, the policy n. */
unsigned int protect_of(struct helper *h, pid_t tid);
/* The policies whose signals.protect is enforced: bit n, the policy n. */
unsigned int protect_enforced(const struct helper *h);
/* Whether both run the same file. Where it cannot be told, they do not. */
bool protect_same_program(struct helper *h, pid_t a, pid_t b);

/* ---- target.c ---- */

/* A call that names a process. */
enum answer target_judge(struct helper *h, const struct trapped *c);

#endif
