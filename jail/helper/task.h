/* SPDX-License-Identifier: Apache-2.0 */
/* The tracer's record of every task of the workload, by tid. */
#ifndef JAIL_HELPER_TASK_H
#define JAIL_HELPER_TASK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum task_slot { SLOT_NONE, SLOT_PROCESS, SLOT_THREAD };

struct task {
	pid_t tid, tgid;    /* tid 0: the place is free */
	uint8_t reserved;   /* enum task_slot: held for the clone that it is in the middle of */
	bool unannounced;   /* its parent has not told of it yet */
	bool gone_early;    /* its end was seen before its parent told of it; no task */
	bool starting;      /* on its way to its first program: only that is judged */
	uint8_t protected_; /* leader: its program is in signals.protect of policy n, bit n */
	bool exec_seen;     /* the early look at exec found the file below */
	dev_t exec_dev;
	ino_t exec_ino;
};

/* Counts: what lives, and what is reserved on top of it. */
struct task_counts {
	int64_t processes, threads, reserved[3];
	uint32_t protected_;
};
extern struct task_counts task_counts;

/* A pointer is good until the next task_add or task_remove. */
struct task *task_find(pid_t tid);
/* NULL: no memory. */
struct task *task_add(pid_t tid, pid_t tgid);
void task_remove(pid_t tid);
/* An end that comes before the beginning. */
void task_gone_early(pid_t tid);
/* The next record from *i on, or NULL. */
struct task *task_next(size_t *i);

void task_reserve(struct task *t, enum task_slot slot);
void task_unreserve(struct task *t);
void task_protect(struct task *leader, unsigned int by);

#endif
