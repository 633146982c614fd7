/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_SENDFD_H
#define RUNTIME_SENDFD_H

#include <sys/time.h>

#include "base/base.h"

/* Connects to the AF_UNIX stream socket at path, which may be longer than sun_path. patience: how long it, and what is sent,
 * may wait for the other side (EAGAIN), or NULL. Returns the fd or -errno. */
int rt_connect(const char *path, const struct timeval *patience, struct err *e);

/* Sends fd to the AF_UNIX stream socket at path by SCM_RIGHTS, with name as the data, as runc does for --console-socket and
 * --pidfd-socket. The path may be longer than sun_path. Returns 0 or -errno. */
int rt_send_fd(const char *path, const char *name, int fd, struct err *e);

#endif
