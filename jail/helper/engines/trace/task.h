/* SPDX-License-Identifier: Apache-2.0 */
/* The tracer's record of every task of the workload, by tid. */
#ifndef JAIL_HELPER_TASK_H
#define JAIL_HELPER_TASK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum task_slot { SLOT_NONE, SLOT_PROCESS, SLOT_THREAD };
#define SLOT_KINDS 3

enum task_ns { NS_UNKNOWN, NS_OWN, NS_NESTED };

struct task {
	pid_t tid, tgid;    /* tid 0: the place is free */
	uint32_t seen_ms;   /* when it came without its parent's word, by task_clock(); 0: the parent has told of it */
	uint32_t lost;      /* leader: threads that a thread of it was making when it died */
	uint8_t reserved;   /* enum task_slot: held for the clone that it is in the middle of */
	uint8_t ns;         /* enum task_ns: its pid namespace, which is for life */
	bool starting;      /* on its way to its first program: only that is judged */
	uint8_t protected_; /* leader: its program is in signals.protect of policy n, bit n */
	bool shielded;      /* its program is protected, and shield_raise is done (shield.h) */
	bool executed;      /* a program of its own since it was born */
	bool exec_seen;     /* the early look at exec found the file below */
	dev_t exec_dev;
	ino_t exec_ino;
	uint32_t
	    rewritten; /* bit n: argument n of the call that it is in was replaced, and has to be former[n] again */
	uint32_t rewritten_arch;
	uint64_t former[6];
	uint32_t look; /* number of the one that it waits for at its stop, or 0 (scout.h) */
	uint32_t
	    told;    /* of the program that it is about to execute a report was made, by this hash of its path; or 0 */
	bool stalls; /* leader: an early look did not come to an end */
};

/* Counts: what lives, and what is reserved on top of it. */
struct task_counts {
	int64_t processes, threads, reserved[SLOT_KINDS];
	int64_t
	    orphans; /* of reserved[SLOT_PROCESS]: of tasks that died in the middle of a fork. A child may be there or not */
	uint32_t protected_;
};
extern struct task_counts task_counts;

/* A pointer is good until the next task_add or task_remove. */
struct task *task_find(pid_t tid);
/* NULL: no memory. */
struct task *task_add(pid_t tid, pid_t tgid);
/* Of a task that is gone: task_orphan, and no record any more. */
void task_remove(pid_t tid);
/* The next record from *i on, or NULL. Where the one that it returned is removed, *i has to be one less. */
struct task *task_next(size_t *i);
size_t task_number(void);

/* Milliseconds of the monotonic clock, never 0. */
uint32_t task_clock(void);

void task_reserve(struct task *t, enum task_slot slot);
void task_unreserve(struct task *t);
/* It was killed in the middle of the clone: what it had reserved is kept until somebody has looked what came of it. */
void task_orphan(struct task *t);
/* So many orphans have been looked for, and what is there of them is counted. */
void task_settle_orphans(int64_t n);
/* The threads of this process that were being made are gone like their makers. */
void task_settle_lost(struct task *leader);
void task_protect(struct task *leader, unsigned int by);

#endif
