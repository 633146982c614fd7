/* SPDX-License-Identifier: Apache-2.0 */
/* Socket activation (sd_listen_fds(3)): sockets that the caller has opened for the workload. */
#ifndef RUNTIME_ACTIVATION_H
#define RUNTIME_ACTIVATION_H

#include "base/base.h"

/* How many fds the caller passes from 3 on, by LISTEN_FDS: none when LISTEN_PID is not this process, for whom they are meant
 * then. Returns the number, or -EBADF when one of them is not open. */
int rt_listen_fds(struct err *e);

/* For a workload that gets n of them (0: nothing is done): LISTEN_FDS=n and LISTEN_FDNAMES of the caller, instead of what
 * env has of those names, and an empty LISTEN_PID, which the jail's helper fills in (jail_seal.listen_pid). *env is replaced
 * by a copy. Returns 0 or -ENOMEM. */
int rt_listen_env(int n, struct arena *a, struct strv *env, struct err *e);

/* Sets a variable in a copy of *env, in the place of those of its name. assignment: "NAME=value". Returns 0 or -ENOMEM. */
int rt_env_set(struct strv *env, const char *assignment, struct arena *a, struct err *e);

#endif
