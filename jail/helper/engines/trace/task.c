/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing with linear probing; a removal moves the followers back, so that no graves are left. */
#include "task.h"

#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define FIRST 256u

static struct task first[FIRST], *table = first;
static size_t size = FIRST, used;
struct task_counts task_counts;

static size_t place(pid_t tid)
{
	return ((uint32_t)tid * 2654435761u) & (size - 1);
}

static struct task *probe(pid_t tid)
{
	size_t i = place(tid);

	while (table[i].tid && table[i].tid != tid)
		i = (i + 1) & (size - 1);
	return &table[i];
}

struct task *task_find(pid_t tid)
{
	struct task *t = probe(tid);

	return t->tid ? t : NULL;
}

static bool grow(void)
{
	struct task *old = table, *fresh;
	size_t n = size;

	if (used * 2 < size)
		return true;
	fresh = mmap(NULL, size * 2 * sizeof(*fresh), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fresh == MAP_FAILED)
		return used + 1 < size;
	table = fresh;
	size *= 2;
	for (size_t i = 0; i < n; i++)
		if (old[i].tid)
			*probe(old[i].tid) = old[i];
	if (old != first)
		munmap(old, n * sizeof(*old));
	return true;
}

struct task *task_add(pid_t tid, pid_t tgid)
{
	struct task *t;

	if (!grow())
		return NULL;
	t = probe(tid);
	if (t->tid)
		return t;
	used++;
	*t = (struct task){.tid = tid, .tgid = tgid};
	if (tid == tgid)
		task_counts.processes++;
	else
		task_counts.threads++;
	return t;
}

static void close_gap(size_t gap)
{
	for (size_t i = (gap + 1) & (size - 1); table[i].tid; i = (i + 1) & (size - 1)) {
		size_t home = place(table[i].tid);

		/* May it move into the gap: does its home lie at or before the gap, seen from where it is? */
		if (((i - home) & (size - 1)) < ((i - gap) & (size - 1)))
			continue;
		table[gap] = table[i];
		gap = i;
	}
	table[gap] = (struct task){0};
}

/* A process that was being made may be there although its maker is not; the next to need the room has to look. A thread dies
 * with its maker, by the same signal or exec, and is gone when its process's leader is, or has executed. */
void task_orphan(struct task *t)
{
	struct task *leader = t->tid == t->tgid ? NULL : task_find(t->tgid);

	if (t->reserved == SLOT_PROCESS)
		task_counts.orphans++;
	else if (t->reserved == SLOT_THREAD && leader)
		leader->lost++;
	else
		task_unreserve(t);
	t->reserved = SLOT_NONE;
}

void task_remove(pid_t tid)
{
	struct task *t = probe(tid);

	if (!t->tid)
		return;
	task_orphan(t);
	task_settle_lost(t);
	task_protect(t, 0);
	if (t->tid == t->tgid)
		task_counts.processes--;
	else
		task_counts.threads--;
	used--;
	close_gap((size_t)(t - table));
}

struct task *task_next(size_t *i)
{
	while (*i < size) {
		struct task *t = &table[(*i)++];

		if (t->tid)
			return t;
	}
	return NULL;
}

size_t task_number(void)
{
	return used;
}

uint32_t task_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000) | 1;
}

void task_reserve(struct task *t, enum task_slot slot)
{
	task_unreserve(t);
	t->reserved = (uint8_t)slot;
	task_counts.reserved[slot]++;
}

void task_unreserve(struct task *t)
{
	if (t->reserved != SLOT_NONE)
		task_counts.reserved[t->reserved]--;
	t->reserved = SLOT_NONE;
}

void task_settle_orphans(int64_t n)
{
	task_counts.orphans -= n;
	task_counts.reserved[SLOT_PROCESS] -= n;
}

void task_settle_lost(struct task *leader)
{
	task_counts.reserved[SLOT_THREAD] -= leader->lost;
	leader->lost = 0;
}

void task_protect(struct task *leader, unsigned int by)
{
	if (leader->protected_ == by)
		return;
	task_counts.protected_ += (uint32_t)(by != 0) - (uint32_t)(leader->protected_ != 0);
	leader->protected_ = (uint8_t)by;
}
