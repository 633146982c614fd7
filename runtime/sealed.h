/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_SEALED_H
#define RUNTIME_SEALED_H

#include "runtime.h"
#include "spec/spec.h"

/* Where others are in the container's pid namespace they see its first process before that executes the helper: it must
 * not be the host's program that /proc/PID/exe leads to (CVE-2019-5736). Executes this call once more, from a sealed copy
 * in memory, when the configuration shares a pid namespace and this is not that copy yet. Returns 0 or -errno. */
int rt_run_sealed(const struct rt_call *c, const struct spec_config *config, struct err *e);

#endif
