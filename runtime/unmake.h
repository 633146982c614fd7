/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_UNMAKE_H
#define RUNTIME_UNMAKE_H

#include "store.h"

/* Takes away the mount points and directories that create made in the rootfs, by the journal; unless another container of
 * this root uses the same rootfs, since removing a directory takes away what any mount namespace has mounted on it: then
 * the journal becomes that container's. What holds something by now stays. Never fails. */
void rt_unmake(const char *root, struct rt_store *s, const char *rootfs);

/* Removes what is left of a container whose first process has ended: its cgroup and resctrl group, its mount points, its
 * state; the poststop hooks are run in between (runtime.md, Lifecycle 12 and 13). Returns 0, or -errno with the state kept, so
 * that it can be done again. */
int rt_destroy(const char *root, struct rt_store *s, const struct spec_state *state, struct err *e);

#endif
