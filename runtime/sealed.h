/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_SEALED_H
#define RUNTIME_SEALED_H

#include "runtime.h"

/* Where others are in the container's pid namespace they see its first process before that executes the helper: it must
 * not be the host's program that /proc/PID/exe leads to (CVE-2019-5736). Executes this call once more, from a sealed copy
 * in memory, when pid_shared and this is not that copy yet. Returns 0 or -errno. */
int rt_run_sealed(const struct rt_call *c, bool pid_shared, struct err *e);

#endif
