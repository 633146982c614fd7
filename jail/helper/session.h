/* SPDX-License-Identifier: Apache-2.0 */
/* Who talks to the supervisor: processes on their way to their first program. The container's own is one of them; others come
 * by `exec`, over the socket of which the helper has the listening end. */
#ifndef JAIL_HELPER_SESSION_H
#define JAIL_HELPER_SESSION_H

#include "helper.h"

struct session {
	pid_t pid;  /* as the supervisor numbers it; 0: it has not asked in yet */
	int peer;   /* to it; -1: it has closed its end, as it does by executing */
	int sock;   /* of one by `exec`: to the runtime that waits for its program to run, or -1 */
	int number; /* of the fd that its listener will be, to be fetched; or -1 */
	bool fetched;
};
#define SESSIONS_MAX 64

/* NULL: there is no room; more than so many wait in the socket's queue. */
struct session *session_add(pid_t pid, int peer);
/* Of this process, or NULL. */
struct session *session_of(pid_t pid);
/* Whether the process has not executed its program yet. It has its end of a pair alone, and the kernel closes that before the
 * program's first instruction. */
bool session_on_its_way(pid_t pid);
/* The next one from *i on, or NULL. */
struct session *session_next(size_t *i);
bool session_room(void);
/* Closes what it holds. NULL is none. */
void session_end(struct session *s);

/* Takes the next connection of `exec` in. */
void session_accept(struct helper *h);
/* What the other end says: the request to be let in, the listener of its filter. */
void session_hear(struct helper *h, struct session *s);
/* Gets the listener that is kept under s->number, when it is there by now. */
void session_fetch(struct helper *h, struct session *s);
/* Tells the runtime behind a process by `exec` why it is refused, and kills it. */
void session_refuse(struct session *s, const struct err *e);

#endif
