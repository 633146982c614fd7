/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: clone3, pidfds, start times, signal names, time. */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/* clone3(2) as fork(2) with flags (CLONE_*, with CLONE_NEW*): the child goes on here with return value 0. cgroup_fd
 * >= 0 adds CLONE_INTO_CGROUP. ret_pidfd may be NULL. Where clone3(2) is refused it is clone(2), and the child waits until it was
 * written to cgroup.procs; so also where the kernel kills who is born in that cgroup. Returns the pid, 0 in the child, or -errno. clone.c */
pid_t proc_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd);

/* One that the last proc_clone() with CLONE_PARENT made and that died unborn, or 0: whoever is the parent has to wait for it. */
pid_t proc_unborn(void);

/* Returns the fd; -ESRCH when there is no such process; -errno. */
int proc_pidfd_open(pid_t pid);
/* Sends sig by a pidfd. Returns 0; -ESRCH when the process has ended; -errno. */
int proc_pidfd_signal(int pidfd, int sig);

/* When the process started: field 22 of /proc/PID/stat (clock ticks after boot, proc(5)), as it is told in the host's time namespace,
 * whichever this process is in; with the pid it names a process for ever. *ret_state: its state letter (NULL: not wanted). Returns 0, -ESRCH when there is none, -errno. */
int proc_start_time(pid_t pid, uint64_t *ret_start, char *ret_state);

/* Whether that is the time which was stored: one tick apart in a time namespace whose clock differs by no whole number of ticks. */
bool proc_start_is(uint64_t start, uint64_t stored);

/* Whether this process is under a seccomp filter (prctl(2), PR_GET_SECCOMP). */
bool proc_is_filtered(void);

/* waitpid(2) across EINTR. Returns the pid or -errno. */
pid_t proc_wait(pid_t pid, int *ret_status, int options);

/* The exit code that a shell would show: the status, or 128 + the signal. */
int proc_exit_code(int wait_status);

/* "SIGTERM", "term", "15", "RTMIN+3", "SIGRTMAX-1" -> number (1..64), or -EINVAL. */
int signal_parse(const char *s);

/* The name of a signal that is nearest to s, without SIG; NULL: none is near. */
const char *signal_nearest(const char *s);

/* What setrlimit(2) and the specification know: the one list of it. */
#define RLIMITS(X)                                                                                                     \
	X(AS)                                                                                                          \
	X(CORE)                                                                                                        \
	X(CPU)                                                                                                         \
	X(DATA)                                                                                                        \
	X(FSIZE)                                                                                                       \
	X(LOCKS)                                                                                                       \
	X(MEMLOCK)                                                                                                     \
	X(MSGQUEUE)                                                                                                    \
	X(NICE)                                                                                                        \
	X(NOFILE)                                                                                                      \
	X(NPROC)                                                                                                       \
	X(RSS)                                                                                                         \
	X(RTPRIO)                                                                                                      \
	X(RTTIME)                                                                                                      \
	X(SIGPENDING)                                                                                                  \
	X(STACK)

/* "RLIMIT_NOFILE" for 7; "rlimit 99" for one that is none. The buffer is static. */
const char *rlimit_name(int type);

/* As signal_name; of SIGSYS, by which filters kill, with the shell's words, which callers look for. The buffer is static. */
const char *signal_end(int sig);

/* "SIGTERM" for 15; "SIGRTMIN+n" for real-time ones. The buffer is static. */
const char *signal_name(int sig);

/* What a program that is executed may expect: every signal at its default action, none blocked. Also those two of the
 * real-time ones that the C library keeps to itself, and that posix_spawn(3) of glibc (and so make) leaves ignored. For
 * a child before its execve. Returns 0 or -errno. */
int signals_default(void);

#define NOW_UTC_SIZE 40
/* The present time as RFC 3339 in UTC, with 0, 6 or 9 digits of the second's fraction. Returns buf. */
char *now_utc(char buf[NOW_UTC_SIZE], int digits);

/* CLOCK_MONOTONIC in microseconds. */
uint64_t now_us(void);

#endif
