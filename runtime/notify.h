/* SPDX-License-Identifier: Apache-2.0 */
/* A service manager that waits for the workload's word (sd_notify(3)): the container gets a socket of its own, and what it says
 * there to the purpose is handed on to the caller's NOTIFY_SOCKET. As in runc, that is READY, with MAINPID. */
#ifndef RUNTIME_NOTIFY_H
#define RUNTIME_NOTIFY_H

#include "base/base.h"
#include "spec/spec.h"
#include "store.h"

struct rt_notify {
	const char *host; /* NOTIFY_SOCKET of this call; NULL: nobody waits */
	int fd;           /* the container's socket, or -1 */
	bool done;        /* READY was handed on */
};
#define RT_NOTIFY_INIT ((struct rt_notify){NULL, -1, false})

/* Looks at NOTIFY_SOCKET. When it is set, adds to the configuration the mount of ROOT/ID/notify at /run/notify and the variable
 * that leads there. Returns 0 or -ENOMEM. */
int rt_notify_plan(const char *root, const char *id, struct spec_config *config, struct arena *a, struct rt_notify *ret,
		   struct err *e);

/* The directory in the container's state directory. Returns 0 or -errno. */
int rt_notify_prepare(struct rt_store *s, struct err *e);
/* The socket in it; before the workload starts. A call that has not planned the container takes the host from its own
 * NOTIFY_SOCKET, and does nothing without. Returns 0 or -errno. */
int rt_notify_bind(struct rt_notify *n, struct rt_store *s, struct err *e);

/* Takes what is there, without waiting. At READY it tells the host so, with main_pid. barrier_s: how long, in seconds, to wait
 * for its acknowledgement (BARRIER=1); 0: not at all. A host that does not listen is a warning. */
void rt_notify_read(struct rt_notify *n, pid_t main_pid, int barrier_s);

/* Until the container is ready, or its first process has ended. Nothing without a socket. */
void rt_notify_wait(struct rt_notify *n, pid_t main_pid, int pidfd);

#endif
