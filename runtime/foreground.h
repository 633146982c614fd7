/* SPDX-License-Identifier: Apache-2.0 */
/* `run` without --detach: this process stands for the container. Signals go on to it, its terminal is joined with ours,
 * its status becomes ours. */
#ifndef RUNTIME_FOREGROUND_H
#define RUNTIME_FOREGROUND_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/base.h"
#include "notify.h"

struct rt_foreground {
	int signal_fd;
	struct rt_notify *notify; /* listened to while waiting, or NULL */
	struct rt_ended {
		int signal;         /* that killed it, or 0 */
		struct rusage used; /* by it and by the processes that it has waited for */
	} ended;                    /* filled in by rt_foreground_wait */
	sigset_t old_mask;          /* the child sets it again before its first exec: sigprocmask(SIG_SETMASK, …) */
};

/* Before the clone: signals are held back from here on, so that none is lost and none ends a half-made container.
 * Returns 0 or -errno. */
int rt_foreground_begin(struct rt_foreground *f, struct err *e);

/* Until the container's init ends. pid is a child of this process (or of one that it is the subreaper of), pidfd names it.
 * master: of its terminal, or -1; stdin and stdout are copied to and from it, stdin in raw mode when it is a terminal
 * (restored on every way out), window sizes follow ours. What the container wrote is all out when this returns. master is
 * made non-blocking. Returns the exit code, 0..255 (128 + signal), or -errno. */
int rt_foreground_wait(struct rt_foreground *f, pid_t pid, int pidfd, int master, struct err *e);

/* Lets signals through again; those still pending are dropped. */
void rt_foreground_end(struct rt_foreground *f);

/* Sends the master of a terminal to the AF_UNIX stream socket at path by SCM_RIGHTS, with the pty's name as the data
 * (--console-socket). The path may be longer than sun_path. Returns 0 or -errno. */
int rt_console_send(const char *path, int master, struct err *e);

#endif
