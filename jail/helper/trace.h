/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the trace engine share. */
#ifndef JAIL_HELPER_TRACE_H
#define JAIL_HELPER_TRACE_H

#include <linux/types.h>
#include <sys/ptrace.h>

#include "audit.h"
#include "engine.h"
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
};

/* Who called what, for a report. */
void trace_fill(const struct trapped *c, struct denial *d);

/* Cancels the call with the errno, or kills (d->kill, or the on_violation of d->policy), and reports. d names rule, policy, errno and
 * what is special; the rest is filled in here. */
void trace_refuse(struct helper *h, const struct trapped *c, struct denial *d);

/* Lets the tracee go on: what is PTRACE_CONT, PTRACE_SYSCALL or PTRACE_LISTEN. A tracee that is gone meanwhile is
 * none to worry about. */
void trace_resume(pid_t tid, int what, int sig);

/* A file of /proc/PID, whole (size - 1 bytes at the most). Returns the length or -errno. trace_exec.c */
ssize_t trace_proc_read(struct helper *h, pid_t pid, const char *name, char *text, size_t size);

/* exec: the look at the path before, which can give an errno; true when the call may go on. trace_exec.c */
bool trace_exec_early(struct helper *h, const struct trapped *c);
/* exec: the look at what was executed, which no race gets round; kills what must not be. trace_exec.c */
void trace_exec_final(struct helper *h, pid_t tid);

/* Whose signals.protect the program of the process is in: bit n, the policy n. trace_exec.c */
unsigned int trace_runs_protected(struct helper *h, pid_t tid);
/* The same of a task that its parent has not told of yet: a copy of a protected process is protected. trace.c */
unsigned int trace_born_protected(struct helper *h, pid_t tid);

/* A call that names a process: true when it may go on. trace_target.c */
bool trace_target(struct helper *h, const struct trapped *c);

#endif
