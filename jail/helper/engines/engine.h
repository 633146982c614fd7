/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine, a way to police the workload's system calls, is to the helper. */
#ifndef JAIL_HELPER_ENGINE_H
#define JAIL_HELPER_ENGINE_H

#include "jail/helper/helper.h"

struct jail_engine_ops {
	const char *name;
	bool sees_exec; /* says itself when a first program runs; else end-of-file at exec does */
	/* Before the fork, in the supervisor. */
	int (*arm)(struct helper *h, struct err *e);
	/* A process on its way to its first program: after the fork, or by `exec`. It runs its rows and waits for the word
	 * before it loads the policy's filter. */
	int (*adopt)(struct helper *h, pid_t pid, struct err *e);
	/* The listener of such a process's filter. The engine owns it. May be NULL. */
	void (*listener)(struct helper *h, int fd);
	/* The fds to poll for POLLIN, *ret_n of them; and what to do then. May be NULL. */
	const int *(*poll_fds)(size_t *ret_n);
	void (*on_readable)(struct helper *h, int fd);
	/* A status from waitpid: of any task below the helper. Returns false when the others of the same list should be heard before;
	 * not when it is the last time. May be NULL. */
	bool (*on_wait)(struct helper *h, pid_t tid, int status, bool last);
	/* One of all tasks, another one each time, so that each has its turn; 0: none. May be NULL. */
	pid_t (*next_task)(void);
	/* What does not come from a task or an fd. Returns the milliseconds until it wants to be asked again, or -1. May be NULL. */
	int (*tick)(struct helper *h);
};

extern const struct jail_engine_ops engine_notify, engine_trace;

#endif
