/* SPDX-License-Identifier: Apache-2.0 */
/* limits: how many processes and threads live at once, never more than allowed, and never refused while there is room.
 *
 * A place is reserved before the call goes on, and held until the caller's next stop says what came of it. The count errs on the
 * side of too many for moments: a maker that was killed may have left a child that nobody has told of, a thread whose joiner
 * runs already is not reported dead yet. So who finds no room is not refused at once. The call stays at its stop while a
 * round goes over all that is counted, some at a time, so that nothing else waits: what was made and not told of is taken in,
 * and as long as one of those counted is on its way out the call waits for that one's place. A round that finds nothing of the
 * sort is the refusal. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jail/helper/procfs.h"
#include "trace.h"
#include "verdict.h"

#define SLICE      64     /* looks in one turn of the loop */
#define PATIENCE   500000 /* microseconds that a call waits for one that is on its way out */
#define PAUSE      2000   /* microseconds between two rounds */
#define FRESH_MS   200    /* so long after its first stop a child's parent may still tell of it */
#define PF_EXITING 0x4    /* include/linux/sched.h of the kernel; in proc(5): flags of /proc/PID/stat */

static struct waiter {
	struct trapped call;
	enum task_slot slot;
	uint64_t until;
	bool looked; /* the round that is under way began after it came */
} * waiters;
static size_t n_waiters, room;

static struct round {
	size_t at;
	bool under_way, found;
	uint64_t next;
	int64_t orphans; /* that were there when it began */
} rounds[SLOT_KINDS];
static struct listing everyone = {.fd = -1};

static enum task_slot slot_of(const struct trapped *c)
{
	bool thread = strcmp(c->rule->syscall, "clone") == 0 && (c->args[0] & CLONE_THREAD);

	return thread ? SLOT_THREAD : SLOT_PROCESS;
}

/* Ways out of being traced: the guards refuse them, and this is beside the guards. */
static int leaves_the_tracer(const struct trapped *c)
{
	if (strcmp(c->rule->syscall, "clone3") == 0) /* its flags lie in memory; libc falls back to clone */
		return ENOSYS;
	return strcmp(c->rule->syscall, "clone") == 0 && (c->args[0] & CLONE_UNTRACED) ? EPERM : 0;
}

static int full(const struct helper *h, enum task_slot slot)
{
	return verdict_room(&h->plan, &task_counts, slot);
}

/* False: it is only reported. */
static bool refuse(struct helper *h, const struct trapped *c, enum task_slot slot)
{
	int of = full(h, slot);
	struct denial d = {.rule = c->rule->name,
			   .policy = of >= 0 ? (uint32_t)of : c->rule->policy,
			   .target = NO_TARGET,
			   .err = EAGAIN,
			   .allow = slot == SLOT_THREAD ? "raise limits.threads" : "raise limits.processes"};

	return trace_refuse(h, c, &d);
}

static bool wait_for_room(const struct trapped *c, enum task_slot slot)
{
	if (n_waiters == room) {
		struct waiter *more = realloc(waiters, (2 * room + 16) * sizeof(*more));

		if (!more)
			return false;
		waiters = more;
		room = 2 * room + 16;
	}
	waiters[n_waiters++] = (struct waiter){.call = *c, .slot = slot, .until = now_us() + PATIENCE};
	return true;
}

enum answer count_judge(struct helper *h, const struct trapped *c)
{
	struct denial d = {.rule = c->rule->name,
			   .policy = c->rule->policy,
			   .target = NO_TARGET,
			   .err = leaves_the_tracer(c),
			   .allow = "nothing does: the child would leave the jail"};
	struct task *t = task_find(c->tid);
	enum task_slot slot = slot_of(c);

	if (d.err) {
		trace_enforce(h, c, &d);
		return ANSWER_DONE;
	}
	if (t && full(h, slot) >= 0) {
		if (h->proc_fd >= 0 && wait_for_room(c, slot))
			return ANSWER_LATER;
		if (refuse(h, c, slot))
			return ANSWER_DONE;
	}
	if (!t) {
		trace_cancel(c, EAGAIN);
		return ANSWER_DONE;
	}
	task_reserve(t, slot);
	return ANSWER_COUNT;
}

static void drop(size_t i)
{
	memmove(&waiters[i], &waiters[i + 1], (n_waiters - i - 1) * sizeof(*waiters));
	n_waiters--;
}

void count_forget(pid_t tid)
{
	for (size_t i = 0; i < n_waiters; i++)
		if (waiters[i].call.tid == tid) {
			drop(i);
			return;
		}
}

static void answer_waiter(struct helper *h, size_t i, bool yes)
{
	struct trapped call = waiters[i].call;
	enum task_slot slot = waiters[i].slot;
	struct task *t = task_find(call.tid);

	drop(i);
	yes = yes || !refuse(h, &call, slot);
	if (yes && t)
		task_reserve(t, slot);
	else if (yes)
		trace_cancel(&call, EAGAIN);
	trace_answer(&call, yes && t ? ANSWER_COUNT : ANSWER_DONE);
}

/* Processes that are there and in no record: their makers were killed before they could tell. False: not at the end yet. */
static bool adopt_some(struct helper *h, struct round *r)
{
	pid_t pid;

	if (!r->orphans)
		return true;
	if (everyone.fd < 0 && !listing_open(h, &everyone, "."))
		return true;
	for (int i = 0; i < SLICE; i++) {
		struct procfs_kin kin;

		pid = listing_next(&everyone);
		if (!pid) {
			task_settle_orphans(r->orphans);
			r->orphans = 0;
			return true;
		}
		if (!task_find(pid) && procfs_kin(h, pid, &kin) && kin.tracer == 1 && !kin.dead && !birth_seen(h, pid))
			kill(pid, SIGKILL);
	}
	return false;
}

/* Counted, and about not to be: on its way out, which shows before its joiner can know (mm_release comes later), or seen beside the
 * reservation of the parent that is about to tell of it. A process is on its way out when its last thread is. */
static bool is_leaving(struct helper *h, const struct task *t)
{
	char name[32], text[1024];
	const char *p;
	unsigned int flags;
	int threads;

	if (t->seen_ms && task_clock() - t->seen_ms < FRESH_MS)
		return true;
	snprintf(name, sizeof(name), "task/%d/stat", (int)t->tid);
	if (procfs_head(h, t->tgid, name, text, sizeof(text)) <= 0)
		return true; /* gone; its report is on its way */
	p = strrchr(text, ')');
	if (!p || sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d", &flags,
			 &threads) != 2)
		return false;
	return (flags & PF_EXITING) && (t->tid != t->tgid || threads == 1);
}

/* Returns true when the round has come to its end. */
static bool look_at_some(struct helper *h, enum task_slot slot, struct round *r)
{
	int looks = 0;

	for (int steps = 0; steps < 16 * SLICE && looks < SLICE; steps++) {
		const struct task *t = task_next(&r->at);

		if (!t)
			return true;
		if ((t->tid != t->tgid) != (slot == SLOT_THREAD))
			continue;
		looks++;
		if (!is_leaving(h, t))
			continue;
		r->found = true;
		return true;
	}
	return false;
}

static void begin(enum task_slot slot, struct round *r)
{
	*r = (struct round){.under_way = true, .orphans = slot == SLOT_PROCESS ? task_counts.orphans : 0};
	if (slot == SLOT_PROCESS)
		listing_close(&everyone);
	for (size_t i = 0; i < n_waiters; i++)
		waiters[i].looked |= waiters[i].slot == slot;
}

/* Room goes to who came first; who has waited too long has waited enough. Returns whether any is left. */
static bool serve(struct helper *h, enum task_slot slot, uint64_t now)
{
	bool left = false;

	for (size_t i = 0; i < n_waiters;) {
		bool free = full(h, slot) < 0;

		if (waiters[i].slot != slot || (!free && now < waiters[i].until)) {
			left |= waiters[i].slot == slot;
			i++;
			continue;
		}
		answer_waiter(h, i, free);
	}
	return left;
}

static void end(struct helper *h, enum task_slot slot, struct round *r, uint64_t now)
{
	r->under_way = false;
	r->next = r->found ? now + PAUSE : now;
	if (r->found)
		return;
	for (size_t i = 0; i < n_waiters;) {
		if (waiters[i].slot == slot && waiters[i].looked && full(h, slot) >= 0)
			answer_waiter(h, i, false);
		else
			i++;
	}
}

int count_tick(struct helper *h)
{
	uint64_t now = n_waiters ? now_us() : 0;
	int wait = -1;

	for (enum task_slot slot = SLOT_PROCESS; slot <= SLOT_THREAD && n_waiters; slot++) {
		struct round *r = &rounds[slot];

		if (!serve(h, slot, now)) {
			r->under_way = false;
			continue;
		}
		if (!r->under_way && now >= r->next)
			begin(slot, r);
		if (r->under_way && adopt_some(h, r) && look_at_some(h, slot, r))
			end(h, slot, r, now);
		wait = r->under_way || !r->found ? 0 : wait < 0 ? PAUSE / 1000 : wait;
	}
	return wait;
}
