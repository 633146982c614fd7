/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail/helper/engines/engine.h"
#include "limits.h"

static struct session sessions[SESSIONS_MAX];
static size_t n_sessions; /* places in use from the first on, with holes */

static bool is_free(const struct session *s)
{
	return !s->pid && s->peer < 0;
}

bool session_room(void)
{
	for (size_t i = 0; i < n_sessions; i++)
		if (is_free(&sessions[i]))
			return true;
	return n_sessions < SESSIONS_MAX;
}

struct session *session_add(pid_t pid, int peer)
{
	size_t i = 0;

	while (i < n_sessions && !is_free(&sessions[i]))
		i++;
	if (i == SESSIONS_MAX)
		return NULL;
	if (i == n_sessions)
		n_sessions++;
	sessions[i] = (struct session){.pid = pid, .peer = peer, .sock = -1, .number = -1};
	return &sessions[i];
}

struct session *session_next(size_t *i)
{
	while (*i < n_sessions) {
		struct session *s = &sessions[(*i)++];

		if (!is_free(s))
			return s;
	}
	return NULL;
}

struct session *session_of(pid_t pid)
{
	struct session *s;
	size_t i = 0;

	while ((s = session_next(&i)))
		if (s->pid == pid)
			return s;
	return NULL;
}

bool session_on_its_way(pid_t pid)
{
	struct session *s;
	size_t i = 0;

	while ((s = session_next(&i))) {
		struct pollfd p = {.fd = s->peer}; /* asks for the other end's closing alone */

		if (s->pid == pid && s->peer >= 0 && poll(&p, 1, 0) == 0)
			return true;
	}
	return false;
}

void session_end(struct session *s)
{
	if (!s)
		return;
	fd_close_p(&s->peer);
	fd_close_p(&s->sock);
	s->pid = 0;
	while (n_sessions && is_free(&sessions[n_sessions - 1]))
		n_sessions--;
}

void session_refuse(struct session *s, const struct err *e)
{
	struct wire m = {.kind = WIRE_ERR, .err = *e};

	if (s->sock >= 0)
		wire_send(s->sock, &m, -1);
	if (s->pid > 0)
		kill(s->pid, SIGKILL);
	session_end(s);
}

void session_accept(struct helper *h)
{
	int fd = accept4(h->h.join_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0 && !session_add(0, fd))
		close(fd);
}

/* The pid is the kernel's word; that the process is the runtime's, and not the workload's, that it could reach the socket at
 * all, which lies in the container's state directory. */
static void let_in(struct helper *h, struct session *s, pid_t pid, int *sock)
{
	struct wire m = {.kind = WIRE_START};

	s->pid = pid;
	s->sock = take_fd(sock);
	if (h->engine->adopt(h, pid, &m.err) < 0) {
		m.kind = WIRE_ERR;
		wire_send(s->peer, &m, -1);
		session_end(s);
		return;
	}
	limits_begin();            /* whatever keeps the container's own program from beginning */
	if (!h->engine->sees_exec) /* end-of-file when it executes is for itself to give */
		fd_close_p(&s->sock);
	files_send(h, s->peer);
	wire_send(s->peer, &m, -1);
}

/* The first message of a connection. */
static void hear_stranger(struct helper *h, struct session *s, const struct wire *m, pid_t from, int *fd)
{
	if (m->kind == WIRE_JOIN && from > 0) {
		let_in(h, s, from, fd);
		return;
	}
	/* SIGSTOP at PID 1 would stop the jail and not the workload, and a signal that asks for it could be forged: this socket
	 * is out of the workload's reach. Who reaches it is of no pid namespace that is seen from here. */
	if (m->kind == WIRE_SIGNAL && m->value == SIGSTOP && from == 0) {
		kill(h->main, SIGSTOP);
		wire_send(s->peer, m, -1);
	}
	session_end(s);
}

void session_hear(struct helper *h, struct session *s)
{
	AUTO_CLOSE int fd = -1;
	struct wire m;
	pid_t from = 0;

	if (wire_recv_from(s->peer, &m, &fd, &from) <= 0) {
		fd_close_p(&s->peer);
		if (s->sock < 0 || !s->pid)
			session_end(s);
		return;
	}
	if (!s->pid) {
		hear_stranger(h, s, &m, from, &fd);
		return;
	}
	if (m.kind == WIRE_PEER && fd >= 0) {
		close(s->peer);
		s->peer = take_fd(&fd);
	}
	if (m.kind == WIRE_PID)
		s->number = (int)m.value;
	/* One that was fetched comes once more: the call that sends it had to wait for that. */
	if (m.kind == WIRE_FD && fd >= 0 && !s->fetched && h->engine && h->engine->listener) {
		s->number = -1;
		h->engine->listener(h, take_fd(&fd));
	}
}

void session_fetch(struct helper *h, struct session *s)
{
	AUTO_CLOSE int pidfd = proc_pidfd_open(s->pid);
	long fd = pidfd < 0 ? -1 : syscall(SYS_pidfd_getfd, pidfd, s->number, 0);

	if (fd < 0)
		return;
	s->number = -1;
	s->fetched = true;
	h->engine->listener(h, (int)fd);
}
