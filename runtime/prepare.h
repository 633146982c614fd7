/* SPDX-License-Identifier: Apache-2.0 */
/* From a call to a plan: everything that can be known, checked and refused before anything is done. */
#ifndef RUNTIME_PREPARE_H
#define RUNTIME_PREPARE_H

#include "life.h"
#include "runtime.h"

/* Reads config.json and the policy, looks at the host, and makes the plans of all folders. bundle NULL: --bundle, or the working
 * directory. default_policy: the policy where nobody speaks, or NULL for none. Returns 0 or -errno. */
int rt_prepare(struct rt_call *c, const char *bundle, const char *id, const char *default_policy, struct life *l,
	       struct err *e);

/* A terminal and --console-socket go together as in runc: -EINVAL with its words. For exec, too. */
int rt_check_terminal(const struct rt_call *c, const struct life *l, struct err *e);
/* That the fds of LISTEN_FDS (l->listen_fds) and of --preserve-fds are open; all others are closed at the next exec.
 * Returns 0 or -errno. */
int rt_check_fds(const struct rt_call *c, struct life *l, struct err *e);

#endif
