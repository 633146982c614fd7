/* SPDX-License-Identifier: Apache-2.0 */
/* How a life is walked. Both sides walk the same table, each running its own rows; where the next row is the other
 * side's, the baton goes over the socket. What fails is undone, last row first. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/state/state.h"
#include "steps.h"

/* The row that a message of the helper is about: JAIL_ROW and the index in jail_steps[]. */
static int jail_row(const struct life *l, int row)
{
	return row >= JAIL_ROW && row < JAIL_ROW + jail_n_steps ? life_row(l, jail_steps[row - JAIL_ROW].name) : -1;
}

static bool applies(const struct life *l, int row)
{
	return !l->table->rows[row].when || l->table->rows[row].when(l);
}

/* The next row that is run at all, or `to`. */
static int next_row(const struct life *l, int row, int to)
{
	while (row < to && !applies(l, row))
		row++;
	return row;
}

void life_die(struct life *l, int row)
{
	wire_send(l->sock, &(struct wire){.kind = WIRE_DIE, .row = row}, -1);
	pause(); /* PR_SET_PDEATHSIG ends it */
}

/* A row of this side, with the tests' injected failures around it. */
static int run_row(struct life *l, char side, int row, struct err *e)
{
	uint64_t begin = now_us();
	int r = 0;

	if (side == ROLE_PARENT)
		log_debug("step %s", l->table->rows[row].name);
	if (l->fail_row == row && !l->fail_after)
		r = err_set(e, EIO, "failure injected before the row (EIO)");
	if (r >= 0)
		r = l->table->rows[row].run(l, e);
	if (r >= 0 && l->fail_row == row)
		r = err_set(e, EIO, "failure injected after the row (EIO)");
	if (r >= 0 && side == ROLE_PARENT && l->table->rows[row].clones)
		log_debug("nsexec container setup: process %d", (int)l->pid);
	l->times->us[row] = (uint32_t)(now_us() - begin);
	l->times->ran[row] = true;
	if (r < 0 && !e->step[0])
		snprintf(e->step, sizeof(e->step), "%s", l->table->rows[row].name);
	if (l->die_row == row && side == ROLE_PARENT)
		kill(getpid(), SIGKILL);
	if (l->die_row == row && side == ROLE_CHILD)
		life_die(l, row);
	return r;
}

static int give_baton(struct life *l, int row, struct err *e)
{
	int r = wire_send(l->sock, &(struct wire){.kind = WIRE_BATON, .row = row}, -1);

	/* What the other side died of is waiting in the socket: life_wait tells it. */
	if (r < 0 && r != -EPIPE)
		return err_set(e, -r, "hand over to the other side: %s", strerror(-r));
	return 0;
}

/* Whether the other side waits while this row runs: it does not before it was made, nor for what runs beside it. */
static bool runs_alone(const struct life *l, int row)
{
	return !l->table->rows[row].clones && !l->table->rows[row].beside;
}

int life_walk(struct life *l, char side, int from, int to, struct err *e)
{
	bool theirs = false;
	int r;

	for (int i = next_row(l, from, to); i < to; i = next_row(l, i + 1, to)) {
		int next;

		if (l->table->rows[i].role != side) {
			theirs = theirs || !l->table->rows[i].beside;
			continue;
		}
		if (theirs && !l->table->rows[i].beside && (r = life_wait(l, l->started, e)) < 0) {
			if (!e->step[0])
				snprintf(e->step, sizeof(e->step), "%s", l->table->rows[i].name);
			return r;
		}
		theirs = theirs && l->table->rows[i].beside;
		r = run_row(l, side, i, e);
		if (r < 0)
			return r;
		next = next_row(l, i + 1, l->table->n);
		if (next < l->table->n && l->table->rows[next].role != side && runs_alone(l, i) && !l->started &&
		    (r = give_baton(l, next, e)) < 0)
			return r;
	}
	/* Nothing of ours is left after the start; its end is the workload's first instruction. */
	return theirs && l->started ? life_wait(l, true, e) : 0;
}

/* A signal that arrived while the container was made: nothing of it shall stay. */
static int interrupted(struct life *l, struct err *e)
{
	struct signalfd_siginfo info;

	if (read(l->signals.signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	switch (info.ssi_signo) {
	case SIGINT:
	case SIGTERM:
	case SIGHUP:
	case SIGQUIT:
		return err_set(e, EINTR, "interrupted by %s", signal_name((int)info.ssi_signo));
	default:
		return 0;
	}
}

/* The first process is gone without a word: say how it ended. */
static int vanished(struct life *l, struct err *e)
{
	int status;

	if (l->pid > 0 && proc_wait(l->pid, &status, 0) == l->pid) {
		l->pid = 0;
		if (WIFSIGNALED(status))
			return err_set(e, EPIPE, "the container's first process was killed by %s before it was ready",
				       signal_name(WTERMSIG(status)));
		return err_set(e, EPIPE, "the container's first process ended with status %d before it was ready",
			       WEXITSTATUS(status));
	}
	return err_set(e, EPIPE, "the container's first process ended before it was ready");
}

static int take_console(struct life *l, int fd, struct err *e)
{
	int r = 0;

	if (l->console_socket)
		r = rt_console_send(l->console_socket, fd, e);
	if (r >= 0 && l->foreground && !l->console_socket)
		l->console_fd = take_fd(&fd);
	fd_close_p(&fd);
	return r;
}

static int introduce(struct life *l, const struct wire *m, int pidfd, struct err *e)
{
	enum spec_status status = l->table->executes ? STATUS_RUNNING
				  : l->state.created ? STATUS_CREATED
						     : STATUS_CREATING;
	int r = rt_agent_introduce(&l->state, status, l->sock, m, pidfd, e);

	fd_close_p(&pidfd);
	return r;
}

/* Of `exec`: the process in between has made the one that becomes the program. */
static int take_pid(struct life *l, pid_t pid, pid_t unborn, struct err *e)
{
	int r;

	if (!l->table->executes || pid <= 0)
		return err_set(e, EBADMSG, "a pid from the container's process, unasked");
	proc_wait(l->pid, NULL, 0); /* the one in between is done */
	if (unborn > 0)
		proc_wait(unborn, NULL, 0);
	fd_close_p(&l->pidfd);
	l->pid = pid; /* our child, not waited for: the number is its own */
	l->pidfd = proc_pidfd_open(pid);
	if (l->pidfd < 0)
		return err_set(e, -l->pidfd, "pidfd_open: %s", strerror(-l->pidfd));
	log_debug("child process in init(): process %d", (int)pid);
	/* Should it have ended, what it died of is waiting in the socket. */
	r = wire_send(l->sock, &(struct wire){.kind = WIRE_START}, -1);
	return r < 0 && r != -EPIPE ? err_set(e, -r, "tell the process to go on: %s", strerror(-r)) : 0;
}

/* One message in the runtime. Returns 1 for the baton, 0 to go on waiting, -errno. */
static int on_message(struct life *l, const struct wire *m, int fd, struct err *e)
{
	int row;

	switch (m->kind) {
	case WIRE_BATON:
		if (!l->ready && m->row >= JAIL_ROW)
			log_debug("child process in init()");
		l->ready = l->ready || m->row >= JAIL_ROW;
		return 1;
	case WIRE_ERR:
		*e = m->err;
		return e->code > 0 ? -e->code : -EIO;
	case WIRE_FD:
		return take_console(l, fd, e);
	case WIRE_PID:
		return take_pid(l, (pid_t)m->value, m->row, e);
	case WIRE_TIME:
		if ((row = jail_row(l, m->row)) >= 0) {
			l->times->us[row] = (uint32_t)m->value;
			l->times->ran[row] = true;
		}
		return 0;
	case WIRE_LISTENER:
		return introduce(l, m, fd, e);
	case WIRE_DIE:
		if (l->die_row >= 0)
			kill(getpid(), SIGKILL);
		return err_set(e, EBADMSG, "message %u from the container's process, unasked", m->kind);
	default:
		return err_set(e, EBADMSG, "message %u from the container's process", m->kind);
	}
}

int life_wait(struct life *l, bool until_closed, struct err *e)
{
	for (;;) {
		struct pollfd fds[] = {{.fd = l->sock, .events = POLLIN},
				       {.fd = l->signals.signal_fd, .events = POLLIN}};
		AUTO_CLOSE int fd = -1;
		struct wire m;
		int r;

		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return err_errno(e, "wait for the other side");
		if (fds[1].revents && (r = interrupted(l, e)) < 0)
			return r;
		if (!fds[0].revents)
			continue;
		r = wire_recv(l->sock, &m, &fd);
		if (r == 0 && until_closed && l->ready) {
			log_debug(l->table->executes ? "setns_init: about to exec: its end of the socket is closed"
						     : "init: closing the pipe to signal completion");
			return 0;
		}
		if (r == 0)
			return vanished(l, e);
		if (r < 0)
			return err_set(e, -r, "receive from the other side: %s", strerror(-r));
		r = on_message(l, &m, take_fd(&fd), e);
		if (r < 0 || (r > 0 && !until_closed))
			return r < 0 ? r : 0;
	}
}

/* Signals wait from here on: none ends a half-made container. The table of times is both sides'. */
static int begin(struct life *l, struct err *e)
{
	int r = rt_foreground_begin(&l->signals, e);

	if (r < 0)
		return r;
	l->times = mmap(NULL, sizeof(*l->times), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l->times == MAP_FAILED) {
		l->times = NULL;
		return err_errno(e, "map the table of times");
	}
	return 0;
}

/* Whether poststop hooks are due after a failure (runtime.md, Lifecycle 3 to 13): the environment was made, and the time of
 * the other hooks had come. */
static bool poststop_due(const struct life *l, const struct err *e)
{
	int first = life_row(l, "hooks.prestart");

	return l->config.hooks[HOOK_POSTSTOP].n > 0 && first >= 0 && life_row(l, e->step) >= first;
}

/* Undoes what ran, last row first. */
static void undo(struct life *l, const struct err *e)
{
	AUTO_BUF state = {0};

	for (int i = l->table->n - 1; i >= 0; i--)
		if (l->table->rows[i].undo && l->times->ran[i])
			l->table->rows[i].undo(l);
	if (poststop_due(l, e) && life_hook_state(l, STATUS_STOPPED, 0, &state, NULL) >= 0)
		rt_hooks_run_all(&l->config.hooks[HOOK_POSTSTOP], HOOK_POSTSTOP, l->bundle, state.data);
}

static void print_times(const struct life *l)
{
	AUTO_BUF out = {0};
	uint64_t sum = 0;

	for (int i = 0; i < l->table->n; i++) {
		if (!l->times->ran[i])
			continue;
		buf_printf(&out, "%c %-22s %7u us\n", l->table->rows[i].role, l->table->rows[i].name, l->times->us[i]);
		sum += l->times->us[i];
	}
	buf_printf(&out, "  %-22s %7llu us\n", "sum", (unsigned long long)sum);
	if (!out.failed)
		(void)fd_write_all(STDERR_FILENO, out.data, out.len);
}

/* The rows before `to`, from the first one on; or nothing of them. */
static int walk_or_undo(struct life *l, int to, struct err *e)
{
	int r = life_check_rlimits(&l->jail.seal, e);

	if (r < 0 || (r = begin(l, e)) < 0)
		return r;
	r = life_walk(l, ROLE_PARENT, 0, to, e);
	if (r < 0)
		undo(l, e);
	if (l->trace)
		print_times(l);
	return r;
}

int life_create(struct life *l, struct err *e)
{
	return walk_or_undo(l, l->start_now ? l->table->n : life_row(l, "cgroup.move"), e);
}

int life_start(struct life *l, struct err *e)
{
	int r = begin(l, e);

	l->ready = true;
	return r < 0 ? r : life_walk(l, ROLE_PARENT, life_row(l, "cgroup.move"), l->table->n, e);
}

int life_exec(struct life *l, struct err *e)
{
	return walk_or_undo(l, l->table->n, e);
}

void life_print_rows(const struct life_table *t, struct buf *out)
{
	for (int i = 0; i < t->n; i++)
		buf_printf(out, "%c %s\n", t->rows[i].role, t->rows[i].name);
}
