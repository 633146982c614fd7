/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink(7) by libmnl: one question, its answers, its acknowledgement. */
#ifndef NAMESPACES_RTNL_H
#define NAMESPACES_RTNL_H

#include <libmnl/libmnl.h>

#include "base/base.h"

#define RTNL_REQUEST_MAX 2048 /* bytes of a request that is built here */

/* A socket in the caller's network namespace, or in that of netns_fd (-1: the caller's own), in which the caller, who must be
 * alone in its process, is for the moment of its making. Returns 0 or -errno. */
int rtnl_open(int netns_fd, struct mnl_socket **ret, struct err *e);

/* A request of this type in buf, which is of RTNL_REQUEST_MAX bytes: NLM_F_REQUEST, NLM_F_ACK and flags. */
struct nlmsghdr *rtnl_request(char *buf, uint16_t type, uint16_t flags);

/* Sends it, gives each answer to cb (NULL: none is expected), and waits for the acknowledgement or the end of the dump.
 * Returns 0 or -errno, the kernel's. */
int rtnl_ask(struct mnl_socket *nl, struct nlmsghdr *request, mnl_cb_t cb, void *arg);

#endif
