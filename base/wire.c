/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "fd.h"

int wire_send(int sock, const struct wire *m, int fd)
{
	return fd_send(sock, m, sizeof(*m), fd);
}

int wire_recv_from(int sock, struct wire *m, int *ret_fd, pid_t *ret_pid)
{
	struct iovec iov = {.iov_base = m, .iov_len = sizeof(*m)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	} control = {0};
	struct ucred from = {0};
	AUTO_CLOSE int fd = -1;
	int reset = 0;
	ssize_t n;

	if (ret_fd) {
		*ret_fd = -1;
		msg.msg_control = control.data;
		msg.msg_controllen = sizeof(control.data);
	}
	do /* ECONNRESET: the other side closed before it read all of ours; it stands before what that side had sent */
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && (errno == EINTR || (errno == ECONNRESET && !reset++)));
	if (n < 0)
		return errno == ECONNRESET ? 0 : -errno;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS)
			memcpy(&from, CMSG_DATA(c), sizeof(from));
	}
	if (n == 0)
		return 0;
	if (n != (ssize_t)sizeof(*m) || (msg.msg_flags & MSG_TRUNC))
		return -EBADMSG;
	m->err.step[sizeof(m->err.step) - 1] = '\0';
	m->err.path[sizeof(m->err.path) - 1] = '\0';
	m->err.text[sizeof(m->err.text) - 1] = '\0';
	if (ret_fd)
		*ret_fd = take_fd(&fd);
	if (ret_pid)
		*ret_pid = from.pid;
	return 1;
}

int wire_recv(int sock, struct wire *m, int *ret_fd)
{
	return wire_recv_from(sock, m, ret_fd, NULL);
}
