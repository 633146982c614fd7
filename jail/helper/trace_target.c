/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that name a process: signals, ptrace, prlimit, pidfd_open. Protected are the processes whose program is in
 * signals.protect, from all but themselves. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "trace.h"

#define DEPTH 8 /* nested pid namespaces that are looked at; the kernel has at most 32 */

/* Numbers of a task in the pid namespaces from the helper's down to its own. */
struct ids {
	int n;
	int64_t tgid[DEPTH], pid[DEPTH], pgid[DEPTH];
};

static int read_line(const char *status, const char *name, int64_t v[DEPTH])
{
	const char *p = strstr(status, name);
	int n = 0;

	if (!p)
		return 0;
	p += strlen(name) - 1;
	while (n < DEPTH && *p == '\t') {
		char *end;

		v[n++] = strtol(p, &end, 10);
		p = end;
	}
	return n;
}

static bool read_ids(struct helper *h, pid_t tid, struct ids *ret)
{
	char text[2048];

	if (trace_proc_read(h, tid, "status", text, sizeof(text)) <= 0)
		return false;
	ret->n = read_line(text, "\nNStgid:\t", ret->tgid);
	return ret->n > 0 && read_line(text, "\nNSpid:\t", ret->pid) == ret->n &&
	       read_line(text, "\nNSpgid:\t", ret->pgid) == ret->n;
}

/* Does `number`, said by the caller, mean this task? Whoever is in a namespace beside the caller's only seems to be meant:
 * refused, too, to be on the safe side. kill(2): 0 is the caller's group, -1 all, -n the group n. */
static bool means(const struct ids *caller, const struct ids *task, int64_t number, bool is_kill)
{
	int k = caller->n - 1;

	if (task->n <= k)
		return false; /* outside of the caller's namespace */
	if (!is_kill || number > 0)
		return number == task->pid[k] || number == task->tgid[k];
	if (number == -1)
		return true;
	return task->pgid[k] == (number == 0 ? caller->pgid[k] : -number);
}

/* PROTECTED and above: protected by the policies whose bits are added. */
enum { NOBODY, SOMEBODY, PROTECTED };
#define EVERY_POLICY ((1 << JAIL_POLICIES) - 1)

static int protected_by(unsigned int policies)
{
	return policies ? PROTECTED + (int)policies : SOMEBODY;
}

static int who_is(struct helper *h, const struct trapped *c, pid_t tid)
{
	const struct task *t = task_find(tid), *leader;
	bool known = t && !t->gone_early && !t->unannounced;

	if (t && !t->gone_early && t->tgid == c->tgid)
		return SOMEBODY;
	leader = known ? task_find(t->tgid) : NULL;
	if (known)
		return protected_by(leader ? leader->protected_ : 0);
	return protected_by(trace_born_protected(h, tid));
}

struct listing {
	_Alignas(struct dirent) char data[2048];
	size_t at, len;
};

/* The next entry of a directory that is a number, or 0. */
static pid_t next_number(int fd, struct listing *l)
{
	for (;;) {
		const struct dirent *d = (const struct dirent *)(l->data + l->at);
		pid_t number;
		long n;

		if (l->at < l->len) {
			l->at += d->d_reclen;
			number = (pid_t)atol(d->d_name);
			if (number > 0)
				return number;
			continue;
		}
		n = syscall(SYS_getdents64, fd, l->data, sizeof(l->data));
		if (n <= 0)
			return 0;
		l->len = (size_t)n;
		l->at = 0;
	}
}

/* Among all tasks that there are, also those that have not been told of: the process's threads, or 0: every process's. */
static int search(struct helper *h, const struct trapped *c, const struct ids *caller, int64_t number, pid_t process)
{
	int found = NOBODY, one;
	struct listing l = {.len = 0};
	AUTO_CLOSE int fd = -1;
	char path[32] = ".";
	struct ids ids;
	pid_t tid;

	if (process)
		snprintf(path, sizeof(path), "%d/task", (int)process);
	fd = openat(h->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0 && found < PROTECTED && (tid = next_number(fd, &l))) {
		one = NOBODY;
		if (!process)
			one = search(h, c, caller, number, tid);
		else if (read_ids(h, tid, &ids) && means(caller, &ids, number, false))
			one = who_is(h, c, tid);
		if (one > found)
			found = one;
	}
	return found;
}

/* Whom does a number mean at this moment? */
static int whom(struct helper *h, const struct trapped *c, const struct ids *caller, int64_t number)
{
	const struct task *t = task_find((pid_t)number);
	struct ids ids;

	if (caller->n > 1) /* in a pid namespace of the workload's */
		return search(h, c, caller, number, 0);
	if ((t && !t->gone_early) || read_ids(h, (pid_t)number, &ids))
		return who_is(h, c, (pid_t)number);
	return NOBODY;
}

/* Does a signal to a group or to all reach a protected process? A child that is not told of yet is in the group of its
 * parent. */
static int group_is(struct helper *h, const struct trapped *c, const struct ids *caller, int64_t number)
{
	struct ids ids;
	struct task *t;
	size_t i = 0;

	while ((t = task_next(&i)))
		if (t->tid == t->tgid && t->protected_ && t->tgid != c->tgid && read_ids(h, t->tid, &ids) &&
		    means(caller, &ids, number, true))
			return protected_by(t->protected_);
	return SOMEBODY;
}

bool trace_target(struct helper *h, const struct trapped *c)
{
	const char *name = c->rule->syscall ? c->rule->syscall : "";
	bool is_kill = strcmp(name, "kill") == 0;
	int64_t number = (int32_t)c->args[c->rule->arg];
	struct denial d = {.policy = c->rule->policy,
			   .rule = c->rule->name,
			   .err = c->rule->err > 0 ? c->rule->err : EPERM,
			   .target = number,
			   .allow = "take the program out of signals.protect"};
	int meant = PROTECTED + EVERY_POLICY, by = -1;
	struct ids caller;

	/* 0 is oneself, but for kill, where it is the group. */
	if (number <= 0 && (!is_kill || task_counts.protected_ == 0))
		return true;
	if (is_kill || strcmp(name, "tkill") == 0 || strcmp(name, "rt_sigqueueinfo") == 0)
		d.signal = (int)c->args[1];
	else if (strcmp(name, "tgkill") == 0 || strcmp(name, "rt_tgsigqueueinfo") == 0)
		d.signal = (int)c->args[2];
	if (read_ids(h, c->tid, &caller)) {
		if (number > 0)
			meant = whom(h, c, &caller, number);
		else
			meant = group_is(h, c, &caller, number);
	}
	for (int i = 0; i < (int)h->plan.n_policies && meant >= PROTECTED; i++)
		if ((meant - PROTECTED) >> i & 1)
			by = jail_stricter(&h->plan, by, i);
	if (by >= 0)
		d.policy = (uint32_t)by;
	if (meant >= PROTECTED)
		trace_refuse(h, c, &d);
	/* Not run: until it ran, a protected process could have a child of that number. */
	else if (meant == NOBODY && arch_cancel_syscall(c->tid, ESRCH) < 0)
		kill(c->tgid, SIGKILL);
	return meant == SOMEBODY;
}
