/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <string.h>

#include "internal.h"

#define LOOPBACK_INDEX 1 /* of every network namespace: the kernel makes lo first */

static int link_up(struct mnl_socket *nl, struct err *e)
{
	char buf[1024]; /* the message is 48 bytes, the answer an ack */
	struct nlmsghdr *head = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *link;
	ssize_t n;

	head->nlmsg_type = RTM_NEWLINK;
	head->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	head->nlmsg_seq = 1;
	link = mnl_nlmsg_put_extra_header(head, sizeof(*link));
	link->ifi_family = AF_UNSPEC;
	link->ifi_index = LOOPBACK_INDEX;
	link->ifi_change = IFF_UP;
	link->ifi_flags = IFF_UP;
	if (mnl_socket_sendto(nl, head, head->nlmsg_len) < 0)
		return err_errno(e, "ask for lo up (rtnetlink)");
	n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	/* Nothing but the ack is expected: no callbacks; an error in it becomes errno. */
	if (n < 0 || mnl_cb_run(buf, (size_t)n, 1, mnl_socket_get_portid(nl), NULL, NULL) < 0)
		return err_errno(e, "bring lo up (rtnetlink)");
	return 0;
}

int ns_loopback(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	struct mnl_socket *nl;
	int result;

	(void)r;
	if (!(p->clone_flags & CLONE_NEWNET))
		return 0;
	nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl)
		return err_errno(e, "open an rtnetlink socket");
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		result = err_errno(e, "bind an rtnetlink socket");
	else
		result = link_up(nl, e);
	mnl_socket_close(nl);
	return result;
}
