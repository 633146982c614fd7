/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_PIDNS_H
#define RUNTIME_PIDNS_H

#include <sys/types.h>

#include "base/base.h"

/* The processes in the pid namespace of `init`, and in those below it, found in /proc; for containers without a cgroup.
 * *ret is malloc'ed. Returns their number; -ENOTSUP when that namespace is the caller's own; -ESRCH when init is gone;
 * -errno. */
int rt_pidns_pids(pid_t init, pid_t **ret, struct err *e);

#endif
