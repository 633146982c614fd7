/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that name a process: signals, ptrace, prlimit, pidfd_open. Protected are the processes whose program is in
 * signals.protect, from all but themselves. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

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

bool trace_target(struct helper *h, const struct trapped *c)
{
	const char *name = c->rule->syscall ? c->rule->syscall : "";
	bool is_kill = strcmp(name, "kill") == 0;
	int64_t number = (int32_t)c->args[c->rule->arg];
	struct denial d = {.rule = c->rule->name,
			   .err = c->rule->err > 0 ? c->rule->err : EPERM,
			   .target = number,
			   .allow = "take the program out of signals.protect"};
	struct ids caller, ids;
	struct task *t;
	size_t i = 0;

	/* 0 is oneself, but for kill, where it is the group. */
	if (task_counts.protected_ == 0 || (number == 0 && !is_kill))
		return true;
	if (is_kill || strcmp(name, "tkill") == 0 || strcmp(name, "rt_sigqueueinfo") == 0)
		d.signal = (int)c->args[1];
	else if (strcmp(name, "tgkill") == 0 || strcmp(name, "rt_tgsigqueueinfo") == 0)
		d.signal = (int)c->args[2];
	if (!read_ids(h, c->tid, &caller)) {
		trace_refuse(h, c, &d);
		return false;
	}
	while ((t = task_next(&i))) {
		struct task *leader = t->tid == t->tgid ? t : task_find(t->tgid);

		if (!leader || !leader->protected_ || t->tgid == c->tgid || !read_ids(h, t->tid, &ids))
			continue;
		if (!means(&caller, &ids, number, is_kill))
			continue;
		trace_refuse(h, c, &d);
		return false;
	}
	return true;
}
