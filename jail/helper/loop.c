/* SPDX-License-Identifier: Apache-2.0 */
/* The life of PID 1 beside the workload: reap, forward, let the engine answer, end as the main process ended. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit.h"
#include "engine.h"

#define BATCH 64

/* The tests at the end of a container look at this: the status, or 128 + the signal, since PID 1 cannot kill itself. */
static _Noreturn void finish(struct helper *h)
{
	audit_flush(h, true);
	_exit(proc_exit_code(h->status)); /* and the kernel kills what is left in the namespace */
}

/* All that can be waited for is collected before anything of it is answered: a task that stops again and again has to
 * queue behind the others. */
static bool reap_batch(struct helper *h)
{
	struct {
		pid_t pid;
		int status;
	} batch[BATCH];
	size_t n = 0;

	while (n < BATCH) {
		pid_t pid = waitpid(-1, &batch[n].status, WNOHANG | __WALL);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid <= 0)
			break;
		batch[n++].pid = pid;
	}
	for (size_t i = 0; i < n; i++) {
		bool gone = WIFEXITED(batch[i].status) || WIFSIGNALED(batch[i].status);

		if (h->engine && h->engine->on_wait)
			h->engine->on_wait(h, batch[i].pid, batch[i].status);
		if (gone && batch[i].pid == h->main) {
			h->ended = true;
			h->status = batch[i].status;
		}
	}
	return n == BATCH;
}

/* A signal from outside the namespace has no sender here: it is for the workload. One from inside is the workload's own
 * doing, and the policy decides. */
static void forward(struct helper *h, const struct signalfd_siginfo *info)
{
	int sig = (int)info->ssi_signo;
	bool from_child = sig == SIGCHLD && info->ssi_code != SI_USER && info->ssi_code != SI_QUEUE;

	if (from_child)
		return;
	if (info->ssi_pid != 0 && h->plan.refuse_to_init) {
		audit_denial(h, &(struct denial){.rule = "signals.to_init",
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
	ssize_t n;

	do {
		n = read(h->signal_fd, info, sizeof(info));
		for (ssize_t i = 0; i < n / (ssize_t)sizeof(info[0]); i++)
			forward(h, &info[i]);
	} while (n == (ssize_t)sizeof(info));
}

/* The process that becomes the workload hands over the listener of its filter; or says under which number it will be,
 * when the policy traps the handing over, too. */
static void hear_main(struct helper *h, int *number)
{
	AUTO_CLOSE int fd = -1;
	struct wire m;

	if (wire_recv(h->peer, &m, &fd) <= 0) {
		fd_close_p(&h->peer);
		return;
	}
	if (m.kind == WIRE_PID)
		*number = (int)m.value;
	if (m.kind == WIRE_FD && fd >= 0 && h->engine && h->engine->listener) {
		*number = -1;
		h->engine->listener(h, take_fd(&fd));
	}
}

static void fetch_listener(struct helper *h, int *number)
{
	AUTO_CLOSE int pidfd = proc_pidfd_open(h->main);
	long fd = pidfd < 0 ? -1 : syscall(SYS_pidfd_getfd, pidfd, *number, 0);

	if (fd < 0)
		return;
	*number = -1;
	h->engine->listener(h, (int)fd);
}

static void turn(struct helper *h, int *number)
{
	struct pollfd fds[] = {
	    {.fd = h->signal_fd, .events = POLLIN},
	    {.fd = h->engine && h->engine->poll_fd ? h->engine->poll_fd(h) : -1, .events = POLLIN},
	    {.fd = h->peer, .events = POLLIN},
	};
	int wait = audit_timeout();

	if (poll(fds, ARRAY_LEN(fds), *number >= 0 ? 1 : wait) < 0)
		return;
	if (fds[2].revents)
		hear_main(h, number);
	else if (*number >= 0)
		fetch_listener(h, number);
	if (fds[1].revents && h->engine)
		h->engine->on_readable(h);
	if (fds[0].revents)
		read_signals(h);
	if (wait >= 0)
		audit_flush(h, false);
}

void supervise(struct helper *h)
{
	struct err e = {0};
	int number = -1;

	/* The word first: both go on at once. Should the supervisor fail, its end is the workload's. */
	if (give_go(h, &e) < 0 || confine_self(h, &e) < 0)
		helper_fail(h, &e);
	if (!h->engine || !h->engine->sees_exec)
		fd_close_p(&h->sock); /* end-of-file when the workload's process executes is for that one to give */
	while (!h->ended) {
		while (reap_batch(h) && !h->ended)
			;
		if (!h->ended)
			turn(h, &number);
	}
	finish(h);
}
