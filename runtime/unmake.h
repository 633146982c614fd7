/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_UNMAKE_H
#define RUNTIME_UNMAKE_H

#include "store.h"

/* Takes away the mount points and directories that create made in the rootfs, by the journal; unless another container of
 * this root uses the same rootfs, since removing a directory takes away what any mount namespace has mounted on it: then
 * the journal becomes that container's. What holds something by now stays. Never fails. */
void rt_unmake(const char *root, struct rt_store *s, const char *rootfs);

#endif
