/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and paths of the workload can make whoever looks at them wait for ever: a page that a userfaultfd or a FUSE server
 * has to bring, a directory of such a server, an open that a fanotify listener has to allow. PID 1 must not: so it reads no memory
 * of a process that has begun, and follows no path of its root. A scout does, a fork of it that has the same eyes and nothing
 * else. It is killed when it is blocked for too long; the tracee stands at its stop meanwhile, and nobody else waits.
 *
 * A scout that only waits for a processor, as in a cgroup that is throttled, gets more time: being slow is no offence. */
#include "scout.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "jail/helper/procfs.h"

#define AT_ONCE  4  /* looks at the same time, and one more for first programs */
#define SLOTS    32 /* with those that were killed and are not gone: FUSE lets go of nobody while its server thinks */
#define KEPT     8  /* of these, for first programs: `exec` comes in whatever the workload does */
#define EARLY_US 50000u
#define FINAL_US 500000u
#define FIRST_US 10000000u /* of a first program: whoever wants it waits for it, and it has a scout of its own */
#define LAST_US  10000000u /* for a scout that gets no processor */
#define IDLE_US  250000u

struct look {
	struct look *next;
	struct scout_result r;
	bool again;
	uint64_t begin, deadline; /* once a scout has it */
};

static struct scout {
	pid_t pid; /* 0: the place is free */
	int fd;    /* -1: it was killed, or told to end */
	struct look *look;
	uint64_t idle_since;
} scouts[SLOTS];
static struct look *queue, *done,
    *spare; /* waiting for a scout; with its result; of no use now, and kept: free(3) gives back little here */
static uint32_t last_number;
static int timer = -1;
static uint64_t timer_at; /* 0: it is not set */

int scout_arm(struct err *e)
{
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return timer < 0 ? err_errno(e, "timerfd_create") : 0;
}

static void wake_at(uint64_t at)
{
	uint64_t now = now_us(), us = at > now ? at - now : 1;
	struct itimerspec in = {.it_value = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000}};

	if (timer_at && timer_at <= at)
		return;
	timer_at = at;
	(void)timerfd_settime(timer, 0, &in, NULL);
}

/* All but the two trees and the socket is closed: who waits for the end of one of the supervisor's fds must not wait
 * for a scout. */
static void close_others(const struct helper *h, int sock)
{
	int keep[3] = {h->proc_fd, h->view_fd, sock}, from = 0;

	for (int i = 0; i < 3; i++)
		for (int k = i + 1; k < 3; k++)
			if (keep[k] < keep[i]) {
				int swap = keep[i];

				keep[i] = keep[k];
				keep[k] = swap;
			}
	for (int i = 0; i < 3; i++) {
		if (keep[i] > from)
			(void)syscall(SYS_close_range, from, keep[i] - 1, 0);
		from = keep[i] + 1;
	}
	(void)syscall(SYS_close_range, from, ~0u, 0);
}

static _Noreturn void be_scout(struct helper *h, int sock)
{
	static struct look_answer answer;
	struct look_ask ask;

	close_others(h, sock);
	for (;;) {
		struct pollfd p = {.fd = sock, .events = POLLIN};

		if (poll(&p, 1, -1) <= 0 || read(sock, &ask, sizeof(ask)) != (ssize_t)sizeof(ask))
			_exit(0);
		memset(&answer, 0, sizeof(answer));
		look(h, &ask, &answer);
		answer.number = ask.number;
		if (write(sock, &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
			_exit(0);
	}
}

static struct scout *make(struct helper *h, bool first)
{
	struct scout *s = NULL;
	int pair[2];
	pid_t pid;

	for (size_t i = 0; i < (first ? SLOTS : SLOTS - KEPT) && !s; i++)
		if (!scouts[i].pid)
			s = &scouts[i];
	if (!s || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return NULL;
	/* No fork(3): the filter lets nothing pass but this. */
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		be_scout(h, pair[1]);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return NULL;
	}
	*s = (struct scout){.pid = pid, .fd = pair[0]};
	return s;
}

/* *ret_full: there will be one, later. */
static struct scout *get(struct helper *h, bool first, bool *ret_full)
{
	size_t busy = 0;

	*ret_full = false;
	for (size_t i = 0; i < SLOTS; i++) {
		if (scouts[i].pid && scouts[i].fd >= 0 && !scouts[i].look)
			return &scouts[i];
		busy += scouts[i].pid && scouts[i].look;
	}
	*ret_full = busy >= AT_ONCE + (first ? 1u : 0u);
	return *ret_full ? NULL : make(h, first);
}

static bool send_to(struct scout *s, struct look *l)
{
	if (write(s->fd, &l->r.ask, sizeof(l->r.ask)) != (ssize_t)sizeof(l->r.ask))
		return false;
	s->look = l;
	l->begin = now_us();
	l->deadline = l->begin + (l->r.early ? EARLY_US : l->r.ask.first ? FIRST_US : FINAL_US);
	wake_at(l->deadline);
	return true;
}

static void let_go(struct scout *s)
{
	fd_close_p(&s->fd); /* an idle one ends by that */
	s->look = NULL;
}

/* False: there is none; *ret_full: but will be. */
static bool start(struct helper *h, struct look *l, bool *ret_full)
{
	struct scout *s;

	for (int i = 0; i < SLOTS; i++) {
		s = get(h, l->r.ask.first, ret_full);
		if (!s || send_to(s, l))
			return s;
		let_go(s); /* somebody has killed it */
	}
	return false;
}

static struct look *new_look(void)
{
	struct look *l = spare;

	if (!l)
		return malloc(sizeof(*l));
	spare = l->next;
	return l;
}

static void drop(struct look *l)
{
	l->next = spare;
	spare = l;
}

/* To be taken by scout_result, in the order in which they came. a: NULL where none did. */
static void finish(struct look *l, const struct look_answer *a)
{
	struct look **at = &done;

	l->r.ended = a;
	if (a)
		l->r.answer = *a;
	while (*at)
		at = &(*at)->next;
	l->next = NULL;
	*at = l;
}

bool scout_result(struct scout_result *ret)
{
	struct look *l;

	while ((l = done)) {
		const struct task *t = task_find(l->r.ask.tid);
		bool waits =
		    t && t->look == l->r.ask.number; /* this one's own: the tid may be somebody else's by now */

		done = l->next;
		if (waits)
			*ret = l->r;
		drop(l);
		if (waits)
			return true;
	}
	return false;
}

static void start_waiting(struct helper *h)
{
	struct look *l;

	while ((l = queue)) {
		const struct task *t = task_find(l->r.ask.tid);
		bool full = false, gone = !t || t->look != l->r.ask.number, started = !gone && start(h, l, &full);

		if (full)
			return;
		queue = l->next;
		if (!started)
			finish(l, NULL);
	}
}

/* In the order of arrival, first programs before the others. */
static void enqueue(struct look *l)
{
	struct look **at = &queue;

	while (*at && (!l->r.ask.first || (*at)->r.ask.first))
		at = &(*at)->next;
	l->next = *at;
	*at = l;
}

bool scout_ask(struct helper *h, struct look_ask *ask, const struct trapped *c)
{
	struct look *l = new_look();
	struct task *t = task_find(ask->tid);
	bool full = queue && !ask->first;

	if (!l)
		return false;
	if (!t) {
		drop(l);
		return false;
	}
	l->again = false;
	if (!++last_number)
		last_number = 1;
	ask->number = last_number;
	l->r.ask = *ask;
	l->r.early = c;
	if (c)
		l->r.call = *c;
	if (full || !start(h, l, &full)) {
		if (!full) {
			drop(l);
			return false;
		}
		enqueue(l);
	}
	t->look = ask->number;
	return true;
}

/* The workload killed its scout: once that may be a signal to all of its processes. */
static void look_again(struct helper *h, struct look *l)
{
	bool full = false, before = l->again;

	l->again = true;
	if (!before && start(h, l, &full))
		return;
	if (!before && full)
		enqueue(l);
	else
		finish(l, NULL);
}

bool scout_ended(struct helper *h, pid_t pid)
{
	for (size_t i = 0; i < SLOTS; i++) {
		struct scout *s = &scouts[i];
		struct look *l = s->look;

		if (s->pid != pid)
			continue;
		let_go(s);
		s->pid = 0;
		if (l)
			look_again(h, l);
		start_waiting(h);
		return true;
	}
	return false;
}

const int *scout_fds(size_t *ret_n)
{
	static int fds[SLOTS + 1];

	*ret_n = 0;
	if (timer >= 0)
		fds[(*ret_n)++] = timer;
	for (size_t i = 0; i < SLOTS; i++)
		if (scouts[i].pid && scouts[i].look)
			fds[(*ret_n)++] = scouts[i].fd;
	return fds;
}

static void hear(struct helper *h, struct scout *s)
{
	static struct look_answer a;
	struct look *l = s->look;

	if (read(s->fd, &a, sizeof(a)) != (ssize_t)sizeof(a)) /* its end: scout_ended sees it */
		return;
	a.why[sizeof(a.why) - 1] = a.allow[sizeof(a.allow) - 1] = a.path[sizeof(a.path) - 1] = '\0';
	if (a.number != l->r.ask.number || a.policy >= h->plan.n_policies || a.notes.n > LOOK_NOTES)
		return;
	for (uint32_t i = 0; i < a.notes.n; i++) {
		struct look_note *n = &a.notes.v[i];

		n->allow[sizeof(n->allow) - 1] = n->path[sizeof(n->path) - 1] = '\0';
		if (n->policy >= h->plan.n_policies)
			return;
	}
	s->look = NULL;
	s->idle_since = now_us();
	wake_at(s->idle_since + IDLE_US);
	finish(l, &a);
	start_waiting(h);
}

/* Waits for a processor, not for somebody. */
static bool is_runnable(struct helper *h, pid_t pid)
{
	return procfs_state(h, pid) == 'R';
}

static void look_at_clock(struct helper *h)
{
	uint64_t now = now_us(), ticks;

	(void)!read(timer, &ticks, sizeof(ticks));
	timer_at = 0;
	for (size_t i = 0; i < SLOTS; i++) {
		struct scout *s = &scouts[i];
		struct look *l = s->look;

		if (!s->pid || s->fd < 0)
			continue;
		if (!l && now - s->idle_since >= IDLE_US) {
			let_go(s);
		} else if (l && now >= l->deadline && (now - l->begin >= LAST_US || !is_runnable(h, s->pid))) {
			kill(s->pid, SIGKILL);
			let_go(s);
			finish(l, NULL);
		} else {
			if (l && now >= l->deadline)
				l->deadline = now + EARLY_US;
			wake_at(l ? l->deadline : s->idle_since + IDLE_US);
		}
	}
	start_waiting(h);
}

void scout_readable(struct helper *h, int fd)
{
	if (fd == timer) {
		look_at_clock(h);
		return;
	}
	for (size_t i = 0; i < SLOTS; i++)
		if (scouts[i].pid && scouts[i].look && scouts[i].fd == fd) {
			hear(h, &scouts[i]);
			return;
		}
}
