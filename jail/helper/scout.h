/* SPDX-License-Identifier: Apache-2.0 */
/* Looks that may have to wait for the workload, and so are taken by processes of the supervisor's own. */
#ifndef JAIL_HELPER_SCOUT_H
#define JAIL_HELPER_SCOUT_H

#include "trace.h"

struct look_ask {
	uint32_t number;
	pid_t tid;
	bool final; /* at PTRACE_EVENT_EXEC; else at the call */
	bool first; /* a process's first program */
	bool seen;  /* final: the path was that of the program itself: it is no script */
	int dirfd, flags;
	uint64_t at; /* of the path in the tracee's memory */
};

struct look_answer {
	uint32_t number, policy;
	bool ok, known; /* known: dev and ino are those of the file at the path */
	int err;
	uint64_t dev, ino;
	char why[160], allow[96], path[PATH_MAX];
};

/* Before the supervisor confines itself. */
int scout_arm(struct err *e);
/* The tracee waits at its stop until trace_look_done. False: no look can be had. c: of an early one, or NULL. */
bool scout_ask(struct helper *h, struct look_ask *ask, const struct trapped *c);
/* True when the process was a scout. */
bool scout_ended(struct helper *h, pid_t pid);
const int *scout_fds(size_t *ret_n);
void scout_readable(struct helper *h, int fd);

/* What a scout does. trace_exec.c */
void trace_look(struct helper *h, const struct look_ask *ask, struct look_answer *ret);
/* What came of it; NULL: nothing within the time. c: NULL of a final one. trace_exec.c */
void trace_look_done(struct helper *h, const struct look_ask *ask, const struct trapped *c,
		     const struct look_answer *a);

#endif
