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

#ifndef NS_GET_PID_FROM_PIDNS
#define NS_GET_PID_FROM_PIDNS _IOR(0xb7, 0x6, int)
#endif
#define LOOKS      256                /* tasks that are looked at for one call */
#define LOOK_BYTES (4u * 1024 * 1024) /* and what is read of them: a list of groups makes a status long */

/* Whom the number means at this moment. PROTECTED and above: protected by the policies whose bits are added. */
enum { NOBODY, SOMEBODY, PROTECTED };
#define EVERY_POLICY ((1 << JAIL_POLICIES) - 1)
#define UNKNOWN      (PROTECTED + EVERY_POLICY) /* as if by all */

static int protected_by(unsigned int policies)
{
	return policies ? PROTECTED + (int)policies : SOMEBODY;
}

static bool is_nested(const struct helper *h, struct task *t)
{
	if (t->ns == NS_UNKNOWN)
		t->ns = procfs_in_own_ns(h, t->tid) ? NS_OWN : NS_NESTED;
	return t->ns == NS_NESTED;
}

/* A task by the helper's number for it. */
static int who_is(struct helper *h, const struct trapped *c, pid_t tid)
{
	const struct task *t = task_find(tid), *leader = t ? task_find(t->tgid) : NULL;

	if (t && t->tgid == c->tgid)
		return SOMEBODY;
	if (t)
		return leader ? protected_by(leader->protected_) : SOMEBODY;
	/* None that has been heard of. A zombie that was, perhaps, or one that is about to be. */
	return getpgid(tid) < 0 ? NOBODY : protected_by(birth_protected(h, tid));
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

/* Among the tasks that there are. Whoever is in a namespace beside the caller's only seems to be meant: should that one be
 * protected, the call is refused, to be on the safe side. */
static int search(struct helper *h, const struct trapped *c, int64_t number)
{
	int64_t own[PID_LEVELS], v[PID_LEVELS];
	size_t i = 0, room = LOOK_BYTES;
	int level = procfs_list(h, c->tid, "\nNSpid:\t", &room, own) - 1, found = NOBODY, looks = 0;
	struct listing l;
	struct task *t;
	pid_t pid;

	if (level < 0 || !listing_open(h, &l, "."))
		return UNKNOWN;
	while ((t = task_next(&i))) {
		int n = ++looks > LOOKS ? 0 : procfs_list(h, t->tid, "\nNSpid:\t", &room, v), one;

		if (!n) {
			listing_close(&l);
			return UNKNOWN;
		}
		one = n > level && v[level] == number ? who_is(h, c, t->tid) : NOBODY;
		found = one > found ? one : found;
	}
	/* And those that no record has. */
	while ((pid = listing_next(&l))) {
		int n, one;

		if (task_find(pid) || pid == 1)
			continue;
		n = ++looks > LOOKS ? 0 : procfs_list(h, pid, "\nNSpid:\t", &room, v);
		one = !n ? UNKNOWN : n > level && v[level] == number ? who_is(h, c, pid) : NOBODY;
		found = one > found ? one : found;
		if (!n)
			break;
	}
	listing_close(&l);
	return found;
}

static int whom(struct helper *h, const struct trapped *c, int64_t number, bool nested)
{
	pid_t pid;

	if (!nested)
		return who_is(h, c, (pid_t)number);
	if (!any_protected_nested(h, c)) /* nor a child that one could have by then */
		return SOMEBODY;
	pid = ask_kernel(h, c->tid, number);
	return pid > 0 ? who_is(h, c, pid) : pid == 0 ? NOBODY : search(h, c, number);
}

/* Whether a protected process is in the group that the caller names, wherever its namespace is: who leads the group has a number
 * in the caller's. Where nobody leads it any more, it may be the one. */
static bool in_group(struct helper *h, const struct task *t, int64_t group, int level, size_t *room)
{
	int64_t v[PID_LEVELS];
	pid_t leader = getpgid(t->tid);
	int n;

	if (!level)
		return leader == group;
	n = leader > 0 ? procfs_list(h, leader, "\nNSpid:\t", room, v) : 0;
	return !n || (n > level && v[level] == group);
}

/* Does a signal to a group or to all reach a protected process? A child that is not told of yet is in the group of its
 * parent. kill(2): 0 is the caller's group, -1 all that it sees, -n the group n. */
static int group_is(struct helper *h, const struct trapped *c, int64_t number, bool nested)
{
	size_t i = 0, room = LOOK_BYTES;
	int64_t own[PID_LEVELS];
	int looks = 0, level = 0;
	struct task *t;

	if (nested && number < -1)
		level = procfs_list(h, c->tid, "\nNSpid:\t", &room, own) - 1;
	while ((t = next_protected(c, &i))) {
		bool meant;

		if (level < 0 || (level && ++looks > LOOKS))
			return UNKNOWN;
		if (number == -1)
			meant = !nested || is_nested(h, t);
		else if (!number) /* the helper's numbers will do */
			meant = getpgid(t->tid) == getpgid(c->tid);
		else
			meant = in_group(h, t, -number, level, &room);
		if (meant)
			return protected_by(t->protected_);
	}
	return SOMEBODY;
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
	int meant, by = -1;

	/* 0 is oneself, but for kill, where it is the group. */
	if (number <= 0 && (!is_kill || task_counts.protected_ == 0))
		return ANSWER_GO;
	nested = !caller || is_nested(h, caller);
	meant = number > 0 ? whom(h, c, number, nested) : group_is(h, c, number, nested);
	if (meant == SOMEBODY)
		return ANSWER_GO;
	if (meant == NOBODY) { /* not run: until it ran, a protected process could have a child of that number */
		trace_cancel(c, ESRCH);
		return ANSWER_DONE;
	}
	for (int i = 0; i < (int)h->plan.n_policies; i++)
		if ((meant - PROTECTED) >> i & 1)
			by = jail_stricter(&h->plan, by, i);
	if (by >= 0)
		d.policy = (uint32_t)by;
	trace_refuse(h, c, &d);
	return ANSWER_DONE;
}
