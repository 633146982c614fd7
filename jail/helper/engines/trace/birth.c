/* SPDX-License-Identifier: Apache-2.0 */
/* How the tracer hears of new tasks: from the parent, which stops at PTRACE_EVENT_* and names the child, and from the child's
 * own first stop. Which comes first is open, and where the parent is killed in between only the latter comes. */
#include <signal.h>
#include <sys/wait.h>

#include "jail/helper/procfs.h"
#include "trace.h"

static pid_t tgid_of(struct helper *h, pid_t tid)
{
	struct procfs_kin kin;

	return procfs_kin(h, tid, &kin) ? kin.tgid : tid;
}

/* kin: NULL where nothing is known of it. */
static unsigned int protected_as(struct helper *h, pid_t tid, const struct procfs_kin *kin)
{
	const struct task *from = kin ? task_find(kin->tgid == tid ? kin->ppid : kin->tgid) : NULL;

	/* Who calls itself the parent is not always the maker (CLONE_PARENT): it is when it runs the same program. That may have another name
	 * by now, or none. */
	if (from && from->protected_ && !protect_same_program(h, tid, from->tid))
		from = NULL;
	return (from ? from->protected_ : 0u) | protect_of(h, tid);
}

unsigned int birth_protected(struct helper *h, pid_t tid)
{
	struct procfs_kin kin;

	if (!jail_has_protect(&h->plan))
		return 0;
	return protected_as(h, tid, procfs_kin(h, tid, &kin) ? &kin : NULL);
}

bool birth_is_ours(pid_t tid)
{
	siginfo_t info;

	return waitid(P_PID, (id_t)tid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) == 0;
}

struct task *birth_seen(struct helper *h, pid_t tid)
{
	struct procfs_kin kin = {.tgid = tid};
	bool known = procfs_kin(h, tid, &kin);
	unsigned int by = jail_has_protect(&h->plan) ? protected_as(h, tid, known ? &kin : NULL) : 0;
	pid_t parent = kin.tgid == tid ? kin.ppid : kin.tgid;
	struct task *t = task_add(tid, kin.tgid);

	if (!t)
		return NULL;
	if (known && task_find(parent)) /* who may still tell of it */
		t->seen_ms = task_clock();
	if (tid == t->tgid)
		task_protect(t, by);
	return t;
}

/* Of a clone that was not trapped: where one kind is limited and so trapped, it was the other. */
static bool is_thread(struct helper *h, pid_t tid, int event)
{
	int64_t max;
	bool processes = jail_limit(&h->plan, false, &max) >= 0;

	if (processes || jail_limit(&h->plan, true, &max) >= 0)
		return processes;
	return event == PTRACE_EVENT_CLONE && tgid_of(h, tid) != tid;
}

void birth_told(struct helper *h, struct task *parent, int event)
{
	enum task_slot slot = parent->reserved;
	pid_t tid = parent->tid, tgid = parent->tgid;
	unsigned long child = 0;
	struct task *t;
	bool thread;

	/* Without a word it is being killed: whether there is a child shows when somebody looks, and the reservation stays till then. */
	if (ptrace(PTRACE_GETEVENTMSG, tid, NULL, &child) < 0 || !child)
		return;
	task_unreserve(parent);
	t = task_find((pid_t)child);
	if (t) { /* seen before; a program that it has executed by now is its own */
		const struct task *leader = task_find(tgid);

		t->seen_ms = 0;
		if (t->tid == t->tgid && !t->executed && leader)
			task_protect(t, leader->protected_);
		return;
	}
	if (!birth_is_ours((pid_t)child))
		return;
	thread = slot == SLOT_NONE ? is_thread(h, (pid_t)child, event) : slot == SLOT_THREAD;
	t = task_add((pid_t)child, thread ? tgid : (pid_t)child);
	if (!t) { /* no memory for it: it must not run uncounted */
		kill((pid_t)child, SIGKILL);
		return;
	}
	parent = task_find(tgid);
	if (!thread && parent)
		task_protect(t, parent->protected_);
}
