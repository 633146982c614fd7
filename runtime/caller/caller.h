/* SPDX-License-Identifier: Apache-2.0 */
/* Who called, and what the workload has of it: the terminal and the signals of a foreground, sockets, a service manager. */
#ifndef RUNTIME_CALLER_H
#define RUNTIME_CALLER_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/types.h>

#include "base/base.h"
#include "runtime/state/state.h"
#include "spec/spec.h"

/* ---- sockets that the caller listens on: sendfd.c ---- */

/* Connects to the AF_UNIX stream socket at path, which may be longer than sun_path. patience: how long it, and what is sent,
 * may wait for the other side (EAGAIN), or NULL. Returns the fd or -errno. */
int rt_connect(const char *path, const struct timeval *patience, struct err *e);

/* Sends fd to the AF_UNIX stream socket at path by SCM_RIGHTS, with name as the data, as runc does for --console-socket and
 * --pidfd-socket. The path may be longer than sun_path. Returns 0 or -errno. */
int rt_send_fd(const char *path, const char *name, int fd, struct err *e);

/* ---- sockets that the caller has opened for the workload (sd_listen_fds(3)): activation.c ---- */

/* How many fds the caller passes from 3 on, by LISTEN_FDS: none when LISTEN_PID is not this process, for whom they are meant
 * then. Returns the number, or -EBADF when one of them is not open. */
int rt_listen_fds(struct err *e);

/* For a workload that gets n of them (0: nothing is done): LISTEN_FDS=n and LISTEN_FDNAMES of the caller, instead of what
 * env has of those names, and an empty LISTEN_PID, which the jail's helper fills in (jail_seal.listen_pid). *env is replaced
 * by a copy. Returns 0 or -ENOMEM. */
int rt_listen_env(int n, struct arena *a, struct strv *env, struct err *e);

/* Sets a variable in a copy of *env, in the place of those of its name. assignment: "NAME=value". Returns 0 or -ENOMEM. */
int rt_env_set(struct strv *env, const char *assignment, struct arena *a, struct err *e);

/* ---- a service manager that waits for the workload's word (sd_notify(3)): notify.c ---- */

/* The container gets a socket of its own, and what it says there to the purpose is handed on to the caller's NOTIFY_SOCKET. As in
 * runc, that is READY, with MAINPID. */
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

/* ---- what the container's processes use while they live: living.c ---- */

struct rt_living {
	pid_t pid;                                /* the container's first process, whose descendants are looked at */
	int timer_fd;                             /* readable: it is time to look; -1: nobody wants to know */
	uint64_t user_ticks, system_ticks, ticks; /* of a second; 0: nothing was seen */
	uint64_t max_rss_kb;                      /* of the greatest */
};

int rt_living_begin(struct rt_living *l, pid_t pid, struct err *e);
void rt_living_look(struct rt_living *l);
/* Adds to what the kernel says what it does not know; closes the timer. */
void rt_living_end(struct rt_living *l, struct rusage *used);

/* ---- `run` without --detach: this process stands for the container: foreground.c ---- */

/* Signals go on to it, its terminal is joined with ours, its status becomes ours. */
struct rt_foreground {
	int signal_fd;
	struct rt_notify *notify; /* listened to while waiting, or NULL */
	bool looks;               /* at what lives, since nobody else counts it: see struct rt_living */
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
