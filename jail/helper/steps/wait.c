/* SPDX-License-Identifier: Apache-2.0 */
/* wait.start: from the end of `create` to `start`. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail/helper/helper.h"

int open_signals(struct helper *h, struct err *e)
{
	const uint64_t all = ~0ull; /* by the kernel's calls: libc leaves out the signals that it keeps for itself */

	if (h->signal_fd >= 0)
		return 0;
	if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all)) < 0)
		return err_errno(e, "block the signals");
	h->signal_fd = (int)syscall(SYS_signalfd4, -1, &all, sizeof(all), SFD_CLOEXEC | SFD_NONBLOCK);
	return h->signal_fd < 0 ? err_errno(e, "signalfd") : 0;
}

/* As its default action would; the kernel spares PID 1. */
static void obey_signals(struct helper *h)
{
	struct signalfd_siginfo info;

	while (read(h->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
		case SIGCONT:
		case SIGURG:
		case SIGWINCH:
		case SIGTSTP:
		case SIGTTIN:
		case SIGTTOU:
			break;
		default:
			_exit(128 + (int)info.ssi_signo);
		}
	}
}

/* What comes with the word to start. */
static int take_start(struct helper *h, int *fd)
{
	h->cgroup_fd = take_fd(fd);
	return 1;
}

/* One message of the runtime that created the container. Returns 1 when the workload may start, 0 to go on waiting. */
static int hear_creator(struct helper *h, bool *acknowledged, struct err *e)
{
	AUTO_CLOSE int fd = -1;
	struct wire m;
	int r = wire_recv(h->sock, &m, &fd);

	if (r < 0)
		return err_set(e, -r, "wait for the runtime: %s", strerror(-r));
	if (r == 0 && !*acknowledged) /* it died: nobody knows of this container */
		_exit(1);
	if (r == 0) {
		fd_close_p(&h->sock);
		return 0;
	}
	if (m.kind == WIRE_BATON)
		*acknowledged = true;
	return m.kind == WIRE_START ? take_start(h, &fd) : 0;
}

/* A connection of `start`: it is the one to talk to from now on, when it says so. */
static int hear_starter(struct helper *h, int *conn)
{
	AUTO_CLOSE int fd = -1;
	struct wire m;

	if (wire_recv(*conn, &m, &fd) != 1 || m.kind != WIRE_START) {
		fd_close_p(conn);
		return 0;
	}
	fd_close_p(&h->sock);
	h->sock = take_fd(conn);
	return take_start(h, &fd);
}

static int wait_for_start(struct helper *h, struct err *e)
{
	bool acknowledged = false;
	AUTO_CLOSE int conn = -1;
	int r = open_signals(h, e);

	while (r == 0) {
		struct pollfd fds[] = {
		    {.fd = h->signal_fd, .events = POLLIN},
		    {.fd = h->sock, .events = POLLIN},
		    {.fd = conn >= 0 ? conn : h->h.start_fd, .events = POLLIN},
		    {.fd = h->peer, .events = POLLIN},
		};

		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return err_errno(e, "wait for start");
		if (fds[0].revents)
			obey_signals(h);
		if (fds[3].revents) /* nothing is to come from the inner init: it died */
			_exit(1);
		if (fds[1].revents && (r = hear_creator(h, &acknowledged, e)) != 0)
			continue;
		if (fds[2].revents && conn < 0)
			conn = accept4(h->h.start_fd, NULL, NULL, SOCK_CLOEXEC);
		else if (fds[2].revents)
			r = hear_starter(h, &conn);
	}
	return r;
}

/* The inner init's word that the container is made. */
static int wait_for_inner(struct helper *h, struct err *e)
{
	struct wire m;
	int r = wire_recv(h->peer, &m, NULL);

	if (r == 0) /* it has told the runtime why */
		_exit(1);
	if (r < 0 || m.kind != WIRE_BATON)
		return err_set(e, EBADMSG, "wait for the inner init: no baton came");
	return 0;
}

int step_wait_start(struct helper *h, struct err *e)
{
	int row = 0, r;

	if (h->h.role == JAIL_ROLE_OUTER && (r = wait_for_inner(h, e)) < 0)
		return r;
	for (int i = 0; i < jail_n_steps; i++)
		if (strcmp(jail_steps[i].name, "wait.start") == 0)
			row = JAIL_ROW + i;
	r = wire_send(h->sock, &(struct wire){.kind = WIRE_BATON, .row = row}, -1);
	if (r < 0)
		return err_set(e, -r, "tell the runtime that the container waits: %s", strerror(-r));
	if (h->h.start_fd >= 0) {
		r = wait_for_start(h, e);
		fd_close_p(&h->h.start_fd);
	} else {
		bool acknowledged = false;

		while ((r = hear_creator(h, &acknowledged, e)) == 0)
			acknowledged = false;
	}
	return r < 0 ? r : 0;
}
