/* SPDX-License-Identifier: Apache-2.0 */
#include "namespaces/network/rtnl.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX 32768 /* what the kernel packs into one answer at the most (NLMSG_GOODSIZE and up) */

static struct mnl_socket *open_bound(struct err *e)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (!nl) {
		err_errno(e, "open an rtnetlink socket");
		return NULL;
	}
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		err_errno(e, "bind an rtnetlink socket");
		mnl_socket_close(nl);
		return NULL;
	}
	return nl;
}

int rtnl_open(int netns_fd, struct mnl_socket **ret, struct err *e)
{
	AUTO_CLOSE int own = -1;

	*ret = NULL;
	if (netns_fd >= 0) {
		own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		if (own < 0)
			return err_errno(e, "open /proc/self/ns/net");
		if (setns(netns_fd, CLONE_NEWNET) < 0)
			return err_errno(e, "enter the container's network namespace");
	}
	*ret = open_bound(e);
	if (own >= 0 && setns(own, CLONE_NEWNET) < 0) {
		/* Whatever this process did next would happen in the wrong place. */
		log_error("return to the runtime's own network namespace: %s", strerror(errno));
		abort();
	}
	return *ret ? 0 : -EIO;
}

struct nlmsghdr *rtnl_request(char *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *head = mnl_nlmsg_put_header(buf);

	head->nlmsg_type = type;
	head->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	head->nlmsg_seq = 1;
	return head;
}

int rtnl_ask(struct mnl_socket *nl, struct nlmsghdr *request, mnl_cb_t cb, void *arg)
{
	_Alignas(struct nlmsghdr) char buf[ANSWER_MAX];
	ssize_t n;
	int r;

	if (mnl_socket_sendto(nl, request, request->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (n < 0)
			return -errno;
		/* An error in the acknowledgement becomes errno. */
		r = mnl_cb_run(buf, (size_t)n, request->nlmsg_seq, mnl_socket_get_portid(nl), cb, arg);
	} while (r > 0);
	return r < 0 ? -errno : 0;
}
