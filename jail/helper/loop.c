/* SPDX-License-Identifier: Apache-2.0 */
/* The life of PID 1 beside the workload: reap, forward, let the engine answer, end as the main process ended. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit.h"
#include "jail/helper/engines/engine.h"
#include "limits.h"
#include "net.h"
#include "session.h"

#define BATCH      64
#define IN_TURN    64
#define REST_US    2000000u
#define LAST_TURNS 16 /* so much of the ring is read at the end, in which others may still be writing */

/* Those that live would be killed by the kernel when this process ends, and nobody would wait for them: what they used would be in no
 * one's account. Not for ever: one whose memory is large, or that the kernel holds, must not keep the container's end. */
static void wait_for_rest(void)
{
	const uint64_t until = now_us() + REST_US;
	int status;

	for (;;) {
		pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);

		if (pid < 0 && errno != EINTR) /* ECHILD: nobody is left */
			return;
		if (pid != 0)
			continue;
		if (now_us() >= until || kill(-1, SIGKILL) < 0)
			return;
		poll(NULL, 0, 1);
	}
}

/* The tests at the end of a container look at this: the status, or 128 + the signal, since PID 1 cannot kill itself. */
static _Noreturn void finish(struct helper *h)
{
	for (int i = 0; i < LAST_TURNS && h->h.ring_fd >= 0 && net_hear(h); i++)
		;
	audit_flush(h, true);
	if (h->h.end_fd >= 0) { /* who asked for it wants to know what was used, too */
		const struct jail_end end = {h->status, limits_over()};

		(void)!write(h->h.end_fd, &end, sizeof(end));
		if (h->first) /* or kill(-1) would reach who is not of the container */
			wait_for_rest();
	}
	_exit(proc_exit_code(h->status)); /* and the kernel kills what is left in the namespace */
}

struct ended_or_stopped {
	pid_t pid;
	int status;
};

/* The kernel lists the newest tasks first, so that an old one may never be reached while there are enough of others that stop again
 * and again. So each is asked for itself as well, in turn. Where there are few, the list alone reaches all of them. */
static size_t ask_in_turn(const struct helper *h, struct ended_or_stopped *v, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < max && h->engine && h->engine->next_task; i++) {
		pid_t tid = h->engine->next_task();

		if (tid > 0 && waitpid(tid, &v[n].status, WNOHANG | __WALL) == tid)
			v[n++].pid = tid;
	}
	return n;
}

static size_t ask_for_any(struct ended_or_stopped *v, size_t max)
{
	size_t n = 0;

	while (n < max) {
		pid_t pid = waitpid(-1, &v[n].status, WNOHANG | __WALL);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid <= 0)
			break;
		v[n++].pid = pid;
	}
	return n;
}

/* False: it is to be heard once more, when others have been; not with the last word. */
static bool hear(struct helper *h, const struct ended_or_stopped *of, bool last)
{
	if (h->engine && h->engine->on_wait && !h->engine->on_wait(h, of->pid, of->status, last))
		return false;
	if (of->pid == h->main && !WIFSTOPPED(of->status)) {
		h->ended = true;
		h->status = of->status;
	}
	return true;
}

/* All that can be waited for is collected before anything of it is answered: a task that stops again and again has to
 * queue behind the others. more: there was more than one turn could take the last time. */
static bool reap_batch(struct helper *h, bool more)
{
	struct ended_or_stopped batch[BATCH + IN_TURN];
	size_t n = more ? ask_in_turn(h, batch, IN_TURN) : 0, first = n, later = 0;

	n += ask_for_any(&batch[n], BATCH);
	more = n - first == BATCH;
	/* In the order in which they came: the number of one who has ended may be another's by the end of the list. */
	for (size_t i = 0; i < n; i++)
		if (!hear(h, &batch[i], false))
			batch[later++] = batch[i];
	for (size_t i = 0; i < later; i++)
		hear(h, &batch[i], true);
	return more;
}

/* Where that is only watched, the call has been reported. */
static bool refuses_to_init(const struct jail_policy *p)
{
	const struct spec_response how = jail_response(p, "signals.to_init");

	return p->refuse_to_init && !jail_goes_on(&how);
}

/* A signal from outside the namespace has no sender here: it is for the workload. One from inside is the workload's own
 * doing, and the policy decides. */
static void forward(struct helper *h, const struct signalfd_siginfo *info)
{
	int sig = (int)info->ssi_signo;
	uint32_t by = 0;
	bool from_child = sig == SIGCHLD && info->ssi_code != SI_USER && info->ssi_code != SI_QUEUE;

	if (from_child)
		return;
	while (by < h->plan.n_policies && !refuses_to_init(&h->plan.policies[by]))
		by++;
	if (info->ssi_pid != 0 && by < h->plan.n_policies) {
		audit_denial(h, &(struct denial){.rule = "signals.to_init",
						 .policy = by,
						 .tid = (pid_t)info->ssi_pid,
						 .signal = sig,
						 .target = 1,
						 .allow = "set signals.to_init to \"forward\""});
		return;
	}
	kill(h->main, sig);
}

static void read_signals(struct helper *h)
{
	struct signalfd_siginfo info[8];
	ssize_t n = read(h->signal_fd, info, sizeof(info));

	for (ssize_t i = 0; i < n / (ssize_t)sizeof(info[0]); i++)
		forward(h, &info[i]);
}

/* What is polled: signals, the socket of `exec`, the sessions, the engine's own fds behind them. */
static struct pollfd *poll_room(size_t n)
{
	static struct pollfd *fds;
	static size_t room;
	struct pollfd *more;

	if (n > room) {
		more = realloc(fds, 2 * n * sizeof(*fds));
		if (!more) /* deaf it would be no supervisor */
			_exit(1);
		fds = more;
		room = 2 * n;
	}
	return fds;
}

enum { ON_SIGNAL, ON_JOIN, ON_RING, ON_SESSIONS };

/* Of two numbers of milliseconds; -1 is never. */
static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Some of everything: no flood of one kind, tasks that stop or signals to this process, may keep it from the rest.
 * more: there is something else to do, no waiting. */
static void turn(struct helper *h, bool more)
{
	size_t n_own = 0, n = ON_SESSIONS, i = 0, first_own;
	const int *own = h->engine && h->engine->poll_fds ? h->engine->poll_fds(&n_own) : NULL;
	struct pollfd *fds = poll_room(ON_SESSIONS + SESSIONS_MAX + n_own);
	struct session *s, *polled[SESSIONS_MAX];
	int flush = audit_timeout(), wait = sooner(flush, h->engine && h->engine->tick ? h->engine->tick(h) : -1);

	if (!session_of(h->main)) /* its first program runs */
		limits_begin();
	wait = sooner(wait, limits_tick(h));
	if (h->ended)
		return;

	fds[ON_SIGNAL] = (struct pollfd){.fd = h->signal_fd, .events = POLLIN};
	fds[ON_JOIN] = (struct pollfd){.fd = session_room() ? h->h.join_fd : -1, .events = POLLIN};
	fds[ON_RING] = (struct pollfd){.fd = h->h.ring_fd, .events = POLLIN};
	while ((s = session_next(&i))) {
		polled[n - ON_SESSIONS] = s;
		fds[n++] = (struct pollfd){.fd = s->peer, .events = POLLIN};
		if (s->number >= 0)
			wait = sooner(wait, 1);
	}
	first_own = n;
	for (i = 0; i < n_own; i++)
		fds[n++] = (struct pollfd){.fd = own[i], .events = POLLIN};
	if (poll(fds, n, more ? 0 : wait) < 0)
		return;
	for (i = ON_SESSIONS; i < first_own; i++) {
		s = polled[i - ON_SESSIONS];
		if (fds[i].revents)
			session_hear(h, s);
		else if (s->number >= 0)
			session_fetch(h, s);
	}
	for (i = first_own; i < n; i++)
		if (fds[i].revents)
			h->engine->on_readable(h, fds[i].fd);
	if (fds[ON_SIGNAL].revents)
		read_signals(h);
	if (fds[ON_RING].revents)
		net_hear(h);
	if (fds[ON_JOIN].revents)
		session_accept(h);
	if (flush >= 0)
		audit_flush(h, false);
}

void supervise(struct helper *h)
{
	struct err e = {0};
	bool more = false;

	/* The word first: both go on at once. Should the supervisor fail, its end is the workload's. */
	if (net_open(h, &e) < 0 || give_go(h, &e) < 0 || confine_self(h, &e) < 0)
		helper_fail(h, &e);
	if (!h->engine || !h->engine->sees_exec)
		fd_close_p(&h->sock); /* end-of-file when the workload's process executes is for that one to give */
	session_add(h->main, take_fd(&h->peer));
	while (!h->ended) {
		more = reap_batch(h, more);
		if (!h->ended)
			turn(h, more);
	}
	finish(h);
}
