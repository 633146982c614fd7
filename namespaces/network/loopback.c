/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <sched.h>

#include "namespaces/internal.h"
#include "namespaces/network/rtnl.h"

#define LOOPBACK_INDEX 1 /* of every network namespace: the kernel makes lo first */

int ns_loopback(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	char buf[RTNL_REQUEST_MAX];
	struct nlmsghdr *head = rtnl_request(buf, RTM_NEWLINK, 0);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(head, sizeof(*link));
	struct mnl_socket *nl;
	int result;

	(void)r;
	if (!(p->clone_flags & CLONE_NEWNET))
		return 0;
	link->ifi_index = LOOPBACK_INDEX;
	link->ifi_change = link->ifi_flags = IFF_UP;
	result = rtnl_open(-1, &nl, e);
	if (result < 0)
		return result;
	result = rtnl_ask(nl, head, NULL, NULL);
	mnl_socket_close(nl);
	if (result == 0)
		return 0;
	errno = -result;
	return err_errno(e, "bring lo up (rtnetlink)");
}
