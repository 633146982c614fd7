/* SPDX-License-Identifier: Apache-2.0 */
/* Looks that may have to wait for the workload, and so are taken by processes of the supervisor's own. */
#ifndef JAIL_HELPER_SCOUT_H
#define JAIL_HELPER_SCOUT_H

#include "look.h"
#include "trace.h"

struct scout_result {
	struct look_ask ask;
	bool early; /* the call below stands at its stop; else the process at PTRACE_EVENT_EXEC */
	struct trapped call;
	bool ended; /* within the time, with the answer below */
	struct look_answer answer;
};

/* Before the supervisor confines itself. */
int scout_arm(struct err *e);
/* The tracee waits at its stop until the result is taken. False: no look can be had. c: of an early one, or NULL. */
bool scout_ask(struct helper *h, struct look_ask *ask, const struct trapped *c);
/* True when the process was a scout. */
bool scout_ended(struct helper *h, pid_t pid);
const int *scout_fds(size_t *ret_n);
void scout_readable(struct helper *h, int fd);

/* The next result that there is, of a tracee that still waits for it. */
bool scout_result(struct scout_result *ret);

#endif
