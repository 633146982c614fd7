/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>

#include "caller.h"

#define BUFFER_SIZE 16384
/* Of a pipe or a terminal that poll(2) calls writable, this much is taken without blocking (PIPE_BUF): our stdout's file
 * is shared with others, so it is not made non-blocking. */
#define WRITE_MAX 4096
#define QUIET_MS  100 /* a terminal that others still hold open counts as read to its end after this */
#define HUNG_MS   50  /* how often a terminal that nobody holds open is tried again */

/* ---- our own terminal ---- */

/* Of the whole process: signal handlers and atexit have no argument. */
static struct {
	bool raw;
	struct termios saved;
} outer;

static void outer_restore(void)
{
	if (outer.raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &outer.saved);
	outer.raw = false;
}

static void crashed(int sig)
{
	outer_restore();
	raise(sig); /* SA_RESETHAND: now it kills */
}

static void outer_raw(void)
{
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
	const struct sigaction act = {.sa_handler = crashed, .sa_flags = (int)SA_RESETHAND};
	static bool prepared;
	struct termios t;

	if (outer.raw || tcgetattr(STDIN_FILENO, &outer.saved) < 0)
		return;
	if (!prepared) {
		atexit(outer_restore);
		for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
			sigaction(fatal[i], &act, NULL);
		prepared = true;
	}
	t = outer.saved;
	cfmakeraw(&t);
	if (!isatty(STDOUT_FILENO))
		t.c_oflag |= OPOST; /* what reads our output may write here, line by line */
	outer.raw = true;
	/* Not TCSAFLUSH: what is typed ahead is for the container. */
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &t) < 0)
		outer.raw = false;
}

static void size_follow(int master)
{
	struct winsize ws;

	for (int fd = 0; fd <= 2; fd++) {
		if (ioctl(fd, TIOCGWINSZ, &ws) < 0)
			continue;
		if (ws.ws_row && ws.ws_col)
			ioctl(master, TIOCSWINSZ, &ws);
		return;
	}
}

/* ---- signals ---- */

int rt_foreground_begin(struct rt_foreground *f, struct err *e)
{
	/* Those of a crash must kill; those of job control that the kernel sends for the use of the terminal must stop us
	 * as they would any program; SIGCHLD says nothing that the pidfd does not. */
	static const int kept[] = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGABRT,
				   SIGSYS,  SIGTRAP, SIGTTIN, SIGTTOU, SIGCHLD};
	sigset_t held;

	f->signal_fd = -1;
	f->notify = NULL;
	f->looks = false;
	sigfillset(&held);
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		sigdelset(&held, kept[i]);
	if (sigprocmask(SIG_BLOCK, &held, &f->old_mask) < 0)
		return err_errno(e, "hold signals back");
	f->signal_fd = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
	if (f->signal_fd < 0) {
		err_errno(e, "signalfd");
		sigprocmask(SIG_SETMASK, &f->old_mask, NULL);
		return -EIO;
	}
	return 0;
}

void rt_foreground_end(struct rt_foreground *f)
{
	struct signalfd_siginfo info;

	if (f->signal_fd < 0)
		return;
	while (read(f->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
	fd_close_p(&f->signal_fd);
	sigprocmask(SIG_SETMASK, &f->old_mask, NULL);
}

/* Stops as the signal would have stopped us: the kernel knows when not to (an orphaned process group). */
static void stop_self(int sig)
{
	sigset_t one;

	outer_restore();
	sigemptyset(&one);
	sigaddset(&one, sig);
	kill(getpid(), sig);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	sigprocmask(SIG_BLOCK, &one, NULL);
}

static void continued(int master)
{
	if (master < 0 || tcgetpgrp(STDIN_FILENO) != getpgrp())
		return;
	outer_raw();
	size_follow(master);
}

/* Returns whether a signal came that was not for the size of the window alone. */
static bool signals_forward(const struct rt_foreground *f, int pidfd, int master)
{
	struct signalfd_siginfo info;
	bool any = false;

	while (read(f->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		int sig = (int)info.ssi_signo;

		if (sig == SIGPIPE && info.ssi_pid == (uint32_t)getpid())
			continue; /* our own stdout, not a message to the container */
		if (sig == SIGWINCH && master >= 0) {
			size_follow(master);
			continue;
		}
		any = true;
		if (sig == SIGCONT)
			continued(master);
		proc_pidfd_signal(pidfd, sig);
		if (sig == SIGTSTP)
			stop_self(sig);
	}
	return any;
}

/* ---- the two directions of the terminal ---- */

struct flow {
	int from, to;      /* -1: this end is done with */
	size_t start, len; /* what is in data */
	char data[BUFFER_SIZE];
};

/* Returns what read(2) did, 0 when there is no room. */
static ssize_t flow_in(struct flow *f)
{
	ssize_t n;

	if (f->len == 0)
		f->start = 0;
	if (f->start + f->len == BUFFER_SIZE)
		return -EAGAIN;
	n = read(f->from, f->data + f->start + f->len, BUFFER_SIZE - f->start - f->len);
	if (n > 0)
		f->len += (size_t)n;
	return n < 0 ? -errno : n;
}

static void flow_out(struct flow *f)
{
	ssize_t n =
	    f->to < 0 ? (ssize_t)f->len : write(f->to, f->data + f->start, f->len < WRITE_MAX ? f->len : WRITE_MAX);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		/* Nobody reads any more: the writer must not be held up by that. */
		n = (ssize_t)f->len;
		f->to = -1;
	}
	f->start += (size_t)n;
	f->len -= (size_t)n;
}

struct session {
	const struct rt_foreground *f;
	int pidfd, master;
	bool hung; /* nobody has the terminal open at the moment */
	bool ended;
	struct flow in, out;
	struct rt_living living;
};

static void master_read(struct session *s)
{
	ssize_t n = flow_in(&s->out);

	if (n == -EAGAIN || n == -EINTR)
		return;
	s->hung = n <= 0; /* EIO: every slave is closed and everything has been read (pty(7)) */
}

static void stdin_read(struct session *s)
{
	ssize_t n = flow_in(&s->in);

	/* The end of our stdin ends nothing: as with runc, the container's terminal stays open. */
	if (n != -EAGAIN && n != -EINTR && n <= 0)
		s->in.from = -1;
}

enum { ON_SIGNALS, ON_NOTIFY, ON_LIVING, ON_PID, ON_STDIN, ON_MASTER, ON_STDOUT, ON_COUNT };

/* One turn: waits for what can be done, does it. Returns poll(2)'s result. */
static int session_turn(struct session *s, int timeout, bool *ret_signalled)
{
	struct pollfd p[ON_COUNT] = {
	    [ON_SIGNALS] = {.fd = s->f->signal_fd, .events = POLLIN},
	    [ON_NOTIFY] = {.fd = s->f->notify ? s->f->notify->fd : -1, .events = POLLIN},
	    [ON_LIVING] = {.fd = s->ended ? -1 : s->living.timer_fd, .events = POLLIN},
	    [ON_PID] = {.fd = s->ended ? -1 : s->pidfd, .events = POLLIN},
	    [ON_STDIN] = {.fd = !s->ended && s->in.len < BUFFER_SIZE / 2 ? s->in.from : -1, .events = POLLIN},
	    [ON_MASTER] = {.fd = s->hung ? -1 : s->master},
	    [ON_STDOUT] = {.fd = s->out.len ? s->out.to : -1, .events = POLLOUT},
	};
	int r;

	if (s->out.len < BUFFER_SIZE / 2)
		p[ON_MASTER].events |= POLLIN;
	if (s->in.len && !s->ended)
		p[ON_MASTER].events |= POLLOUT;
	if (!p[ON_MASTER].events) /* POLLHUP alone would wake us for ever */
		p[ON_MASTER].fd = -1;
	r = poll(p, ON_COUNT, timeout);
	if (r < 0)
		return errno == EINTR ? 1 : -errno;
	if (p[ON_SIGNALS].revents)
		*ret_signalled = signals_forward(s->f, s->pidfd, s->master);
	if (p[ON_NOTIFY].revents)
		rt_notify_read(s->f->notify, getpid(), 0);
	if (p[ON_LIVING].revents) {
		rt_living_look(&s->living);
		r -= r == 1; /* nothing has come: as the timeout */
	}
	if (p[ON_PID].revents)
		s->ended = true;
	if (p[ON_STDIN].revents)
		stdin_read(s);
	if ((p[ON_MASTER].events & POLLOUT) && p[ON_MASTER].revents & (POLLOUT | POLLHUP | POLLERR)) {
		flow_out(&s->in);
		s->in.to =
		    s->master; /* EIO: this piece is lost, as on any line that is hung up; the next may find a reader */
	}
	if ((p[ON_MASTER].events & POLLIN) && (p[ON_MASTER].revents & (POLLIN | POLLHUP | POLLERR)))
		master_read(s);
	if (p[ON_STDOUT].revents || (s->out.len && s->out.to < 0))
		flow_out(&s->out);
	return r;
}

static int session_run(struct session *s, struct err *e)
{
	bool signalled = false;
	int r;

	while (!s->ended) {
		r = session_turn(s, s->hung && s->master >= 0 ? HUNG_MS : -1, &signalled);
		if (r < 0)
			return err_set(e, -r, "wait for the container: %s", strerror(-r));
		if (r == 0) /* the container may have opened its terminal again: see */
			s->hung = s->master < 0;
	}
	/* What was written before the end is still in the terminal. A signal now means: enough. */
	s->hung = s->master < 0;
	signalled = false;
	while (!signalled && (s->out.len || !s->hung)) {
		r = session_turn(s, s->out.len ? -1 : QUIET_MS, &signalled);
		if (r < 0)
			return err_set(e, -r, "read the container's terminal: %s", strerror(-r));
		if (r == 0)
			break;
	}
	return 0;
}

int rt_foreground_wait(struct rt_foreground *f, pid_t pid, int pidfd, int master, struct err *e)
{
	struct session s = {.f = f, .pidfd = pidfd, .master = master, .hung = master < 0, .living.timer_fd = -1};
	siginfo_t info = {0};
	int r;

	s.in.from = s.out.to = s.in.to = s.out.from = -1;
	if (master >= 0) {
		int flags = fcntl(master, F_GETFL);

		if (flags < 0 || fcntl(master, F_SETFL, flags | O_NONBLOCK) < 0)
			return err_errno(e, "make the terminal's master non-blocking");
		s.in.from = STDIN_FILENO;
		s.out.to = STDOUT_FILENO;
		s.in.to = s.out.from = master;
		size_follow(master);
		outer_raw();
	}
	r = f->looks ? rt_living_begin(&s.living, pid, e) : 0;
	if (r == 0)
		r = session_run(&s, e);
	outer_restore();
	if (r < 0)
		return r;
	/* Not waitid(3), which has no rusage. */
	while (syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED, &f->ended.used) < 0)
		if (errno != EINTR)
			return err_errno(e, "wait for the container's first process %d", (int)pid);
	rt_living_end(&s.living, &f->ended.used);
	f->ended.signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
	return info.si_code == CLD_EXITED ? info.si_status & 0xff : 128 + info.si_status;
}

int rt_console_send(const char *path, int master, struct err *e)
{
	unsigned int number = 0;
	char name[40];
	int r = 0;

	if (ioctl(master, TIOCGPTN, &number) < 0)
		r = err_errno(e, "ask the terminal for its number");
	snprintf(name, sizeof(name), "/dev/pts/%u", number);
	if (r == 0)
		r = rt_send_fd(path, name, master, e);
	return r < 0 ? err_ctx(e, "--console-socket") : 0;
}
