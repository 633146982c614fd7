/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_SENDFD_H
#define RUNTIME_SENDFD_H

#include "base/base.h"

/* Sends fd to the AF_UNIX stream socket at path by SCM_RIGHTS, with name as the data, as runc does for --console-socket and
 * --pidfd-socket. The path may be longer than sun_path. Returns 0 or -errno. */
int rt_send_fd(const char *path, const char *name, int fd, struct err *e);

#endif
