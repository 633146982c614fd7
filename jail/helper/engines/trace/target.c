/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that name a process: signals, ptrace, prlimit, pidfd_open. Protected are the processes whose program is in
 * signals.protect, from all but themselves.
 *
 * In the helper's own pid namespace a number is what it says, and the records answer. In one below it, the caller's numbers are
 * others: the kernel is asked for the helper's (Linux 6.11), or the numbers of so many tasks are read; what cannot be found out
 * in that many steps is refused. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "jail/helper/procfs.h"
#include "trace.h"
#include "verdict.h"

#ifndef NS_GET_PID_FROM_PIDNS
#define NS_GET_PID_FROM_PIDNS _IOR(0xb7, 0x6, int)
#endif
#define LOOKS      256                /* tasks that are looked at for one call */
#define LOOK_BYTES (4u * 1024 * 1024) /* and what is read of them: a list of groups makes a status long */

static struct target_facts nobody(void)
{
	return (struct target_facts){.means = MEANS_NOBODY};
}

static struct target_facts unknown(void)
{
	return (struct target_facts){.means = MEANS_UNKNOWN};
}

static struct target_facts protected_by(unsigned int policies)
{
	return (struct target_facts){.means = policies ? MEANS_PROTECTED : MEANS_SOMEBODY, .policies = policies};
}

/* Whether those that are protected by these policies alone may be reached: then another one may be meant as well. */
static bool is_watched(const struct helper *h, unsigned int policies)
{
	return !(policies & protect_enforced(h));
}

static bool is_nested(const struct helper *h, struct task *t)
{
	if (t->ns == NS_UNKNOWN)
		t->ns = procfs_in_own_ns(h, t->tid) ? NS_OWN : NS_NESTED;
	return t->ns == NS_NESTED;
}

/* A task by the helper's number for it. */
static struct target_facts who_is(struct helper *h, const struct trapped *c, pid_t tid)
{
	const struct task *t = task_find(tid), *leader = t ? task_find(t->tgid) : NULL;

	if (t && t->tgid == c->tgid)
		return protected_by(0);
	if (t)
		return protected_by(leader ? leader->protected_ : 0);
	/* None that has been heard of. A zombie that was, perhaps, or one that is about to be. */
	return getpgid(tid) < 0 ? nobody() : protected_by(birth_protected(h, tid));
}

/* The next protected process that is not the caller's own, or NULL. */
static struct task *next_protected(const struct trapped *c, size_t *i)
{
	struct task *t;

	while ((t = task_next(i)))
		if (t->protected_ && t->tid == t->tgid && t->tgid != c->tgid)
			return t;
	return NULL;
}

/* Whether one of them could be seen from the caller's namespace, which is below the helper's. */
static bool any_protected_nested(struct helper *h, const struct trapped *c)
{
	struct task *t;
	size_t i = 0;

	while ((t = next_protected(c, &i)))
		if (is_nested(h, t))
			return true;
	return false;
}

/* The helper's number of the task that the caller knows by this one. Returns it, 0: there is none, -1: this kernel cannot tell. */
static pid_t ask_kernel(const struct helper *h, pid_t caller, int64_t number)
{
	AUTO_CLOSE int fd = -1;
	char path[64];
	int pid;

	snprintf(path, sizeof(path), "%d/ns/pid", (int)caller);
	fd = openat(h->proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	pid = ioctl(fd, NS_GET_PID_FROM_PIDNS, (unsigned long)number);
	return pid > 0 ? pid : errno == ESRCH ? 0 : -1;
}

/* The number of a task in the pid namespaces of this level; 0: it has none there, -1: it cannot be read. */
static int64_t number_at(const struct helper *h, pid_t tid, int level, size_t *room)
{
	int64_t v[PID_LEVELS];
	int n = procfs_list(h, tid, "\nNSpid:\t", room, v);

	return !n ? -1 : n > level ? v[level] : 0;
}

/* Among the tasks that there are. Whoever is in a namespace beside the caller's only seems to be meant: should that one be
 * protected, the call is refused, to be on the safe side. */
static struct target_facts search(struct helper *h, const struct trapped *c, int64_t number)
{
	int64_t own[PID_LEVELS], its;
	size_t i = 0, room = LOOK_BYTES;
	int level = procfs_list(h, c->tid, "\nNSpid:\t", &room, own) - 1, looks = 0;
	struct target_facts found = nobody(), one;
	unsigned int policies = 0;
	struct listing l;
	const struct task *t;
	pid_t pid;

	if (level < 0 || !listing_open(h, &l, "."))
		return unknown();
	/* Those that have a record, and those that have none. */
	while (found.means < MEANS_PROTECTED || (found.means == MEANS_PROTECTED && is_watched(h, policies))) {
		t = task_next(&i);
		pid = t ? t->tid : listing_next(&l);
		if (!pid)
			break;
		if (!t && (pid == 1 || task_find(pid)))
			continue;
		its = ++looks > LOOKS ? -1 : number_at(h, pid, level, &room);
		one = its < 0 ? unknown() : its == number ? who_is(h, c, pid) : nobody();
		policies |= one.policies;
		if (one.means > found.means)
			found = one;
	}
	listing_close(&l);
	found.policies = policies;
	return found;
}

static struct target_facts whom(struct helper *h, const struct trapped *c, int64_t number, bool nested)
{
	pid_t pid;

	if (!nested)
		return who_is(h, c, (pid_t)number);
	if (!any_protected_nested(h, c)) /* nor a child that one could have by then */
		return protected_by(0);
	pid = ask_kernel(h, c->tid, number);
	return pid > 0 ? who_is(h, c, pid) : pid == 0 ? nobody() : search(h, c, number);
}

/* Whether a protected process is in the group that the caller names, wherever its namespace is: who leads the group has a number
 * in the caller's. Where nobody leads it any more, it may be the one. */
static bool in_group(const struct helper *h, const struct task *t, int64_t group, int level, size_t *room)
{
	pid_t leader = getpgid(t->tid);
	int64_t its;

	if (!level)
		return leader == group;
	its = leader > 0 ? number_at(h, leader, level, room) : -1;
	return its < 0 || its == group;
}

/* Does a signal to a group or to all reach a protected process? A child that is not told of yet is in the group of its
 * parent. kill(2): 0 is the caller's group, -1 all that it sees, -n the group n. */
static struct target_facts group_is(struct helper *h, const struct trapped *c, int64_t number, bool nested)
{
	size_t i = 0, room = LOOK_BYTES;
	int64_t own[PID_LEVELS];
	unsigned int policies = 0;
	int looks = 0, level = 0;
	struct task *t;

	if (nested && number < -1)
		level = procfs_list(h, c->tid, "\nNSpid:\t", &room, own) - 1;
	while (is_watched(h, policies) && (t = next_protected(c, &i))) {
		bool meant;

		if (level < 0 || (level && ++looks > LOOKS))
			return unknown();
		if (number == -1)
			meant = !nested || is_nested(h, t);
		else if (!number) /* the helper's numbers will do */
			meant = getpgid(t->tid) == getpgid(c->tid);
		else
			meant = in_group(h, t, -number, level, &room);
		if (meant)
			policies |= t->protected_;
	}
	return protected_by(policies);
}

static int signal_of(const char *name, const struct trapped *c)
{
	if (strcmp(name, "kill") == 0 || strcmp(name, "tkill") == 0 || strcmp(name, "rt_sigqueueinfo") == 0)
		return (int)c->args[1];
	return strcmp(name, "tgkill") == 0 || strcmp(name, "rt_tgsigqueueinfo") == 0 ? (int)c->args[2] : 0;
}

enum answer target_judge(struct helper *h, const struct trapped *c)
{
	const char *name = c->rule->syscall ? c->rule->syscall : "";
	bool is_kill = strcmp(name, "kill") == 0, nested;
	int64_t number = (int32_t)c->args[c->rule->arg];
	struct task *caller = task_find(c->tid);
	struct denial d = {.policy = c->rule->policy,
			   .rule = c->rule->name,
			   .err = c->rule->err > 0 ? c->rule->err : EPERM,
			   .target = number,
			   .signal = signal_of(name, c),
			   .allow = "take the program out of signals.protect"};
	struct target_facts facts;
	int verdict;

	/* 0 is oneself, but for kill, where it is the group. */
	if (number <= 0 && (!is_kill || task_counts.protected_ == 0))
		return ANSWER_GO;
	nested = !caller || is_nested(h, caller);
	facts = number > 0 ? whom(h, c, number, nested) : group_is(h, c, number, nested);
	verdict = verdict_target(&h->plan, &facts, &d.policy);
	if (!verdict)
		return ANSWER_GO;
	if (verdict == ESRCH) {
		if (!protect_enforced(h))
			return ANSWER_GO;
		trace_cancel(c, ESRCH);
		return ANSWER_DONE;
	}
	return trace_refuse(h, c, &d) ? ANSWER_DONE : ANSWER_GO;
}
