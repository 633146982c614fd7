/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cgroups/ only: small things about a cgroup's directory. */
#ifndef CGROUPS_TREE_H
#define CGROUPS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

/* Opens the directory of a cgroup; anything else is refused (-EINVAL): what is no cgroup v2, and the mount itself, whose
 * processes are everybody's. -ENOENT leaves e alone. */
int cg_open(const char *path, struct err *e);

/* Reads a small file of the cgroup, NUL-terminated. Returns its length or -errno. */
ssize_t cg_read(int dir_fd, const char *file, char *buf, size_t size);

/* The value of a key of cgroup.events, -1 when it cannot be read. */
int cg_event(int dir_fd, const char *key);

/* Waits until no process is left in the cgroup and below, or until now_us() reaches deadline. True when it is empty. */
bool cg_wait_empty(int dir_fd, uint64_t deadline);

#endif
