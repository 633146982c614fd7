/* SPDX-License-Identifier: Apache-2.0 */
/* The foreground of run, with a pty inside and pipes or another pty outside. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/caller/caller.h"

#define BIG (10u << 20)

static unsigned char pattern(size_t i)
{
	return (unsigned char)((i * 2654435761u) >> 13);
}

static void slave_raw(void)
{
	struct termios t;

	tcgetattr(0, &t);
	cfmakeraw(&t);
	tcsetattr(0, TCSANOW, &t);
}

/* ---- what plays the container's init, on the slave ---- */

static int init_write_big(void)
{
	static unsigned char data[BIG];

	slave_raw();
	for (size_t i = 0; i < BIG; i++)
		data[i] = pattern(i);
	return fd_write_all(1, data, BIG) == 0 ? 7 : 1; /* and away at once: the rest is in the terminal alone */
}

static int init_read_big(void)
{
	unsigned char data[4096];
	size_t at = 0;

	slave_raw();
	(void)fd_write_all(1, "R", 1);
	while (at < BIG) {
		ssize_t n = read(0, data, sizeof(data));

		if (n <= 0)
			return 1;
		for (ssize_t i = 0; i < n; i++)
			if (data[i] != pattern(at++))
				return 2;
	}
	return 9;
}

static int init_echo_late(void)
{
	slave_raw();
	usleep(300000); /* our stdin has ended long before */
	(void)fd_write_all(1, "late", 4);
	return 0;
}

static volatile sig_atomic_t got;

static void on_signal(int sig)
{
	got = sig;
}

static int init_wait_signal(void)
{
	static const int some[] = {SIGHUP, SIGTERM, SIGUSR1, SIGPIPE, SIGWINCH};

	slave_raw();
	for (size_t i = 0; i < ARRAY_LEN(some); i++)
		signal(some[i], on_signal);
	(void)fd_write_all(1, "R", 1);
	while (!got)
		usleep(1000);
	return got;
}

static int init_die(void)
{
	signal(SIGTERM, SIG_DFL);
	(void)fd_write_all(1, "R", 1);
	sleep(60);
	return 1;
}

/* Answers "s" with the size of the window, ends at "q". */
static int init_size(void)
{
	char c;

	slave_raw();
	(void)fd_write_all(1, "R", 1);
	while (read(0, &c, 1) == 1) {
		struct winsize ws;

		if (c == 'q')
			return 4;
		if (c == 's' && ioctl(0, TIOCGWINSZ, &ws) == 0)
			dprintf(1, "%d,%d;", ws.ws_row, ws.ws_col);
	}
	return 1;
}

static int init_heir(void)
{
	slave_raw();
	signal(SIGHUP, SIG_IGN);
	if (fork() == 0) {
		signal(SIGHUP, SIG_IGN);
		sleep(2);
		_exit(0);
	}
	(void)fd_write_all(1, "done", 4);
	return 6;
}

/* ---- the rig ---- */

/* In a process of its own: what `run` does around rt_foreground_wait. */
static int session(int (*init)(void), bool terminal)
{
	struct rt_foreground f;
	struct err e = {0};
	int m = -1, s = -1, pidfd, code;
	pid_t pid;

	if (terminal && openpty(&m, &s, NULL, NULL, NULL) < 0)
		return 200;
	if (rt_foreground_begin(&f, &e) < 0)
		return 201;
	pid = fork();
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &f.old_mask, NULL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setsid();
		if (terminal && (ioctl(s, TIOCSCTTY, 0) < 0 || dup2(s, 0) < 0 || dup2(s, 1) < 0))
			_exit(202);
		close(m);
		close(s);
		_exit(init());
	}
	close(s);
	pidfd = proc_pidfd_open(pid);
	code = rt_foreground_wait(&f, pid, pidfd, m, &e);
	rt_foreground_end(&f);
	if (code < 0)
		fprintf(stderr, "%s\n", e.text);
	return code < 0 ? 203 : code;
}

struct run {
	pid_t pid;
	int in, out; /* our ends of its stdin and stdout */
};

static struct run run_piped(int (*init)(void), bool terminal)
{
	struct run r;
	int in[2], out[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	r.pid = fork();
	if (r.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		close(in[0]);
		close(out[1]);
		_exit(session(init, terminal));
	}
	close(in[0]);
	close(out[1]);
	r.in = in[1];
	r.out = out[0];
	return r;
}

static int run_end(struct run *r)
{
	int status;

	close(r->in);
	close(r->out);
	assert_int_equal(proc_wait(r->pid, &status, 0), r->pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void expect(int fd, const char *text)
{
	char c;

	for (; *text; text++) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		assert_int_equal(poll(&p, 1, 10000), 1);
		assert_int_equal(read(fd, &c, 1), 1);
		assert_int_equal(c, *text);
	}
}

static void test_output_big(void **state)
{
	struct run r = run_piped(init_write_big, true);
	unsigned char data[65536];
	size_t at = 0;
	ssize_t n;

	(void)state;
	while ((n = read(r.out, data, sizeof(data))) > 0) {
		for (ssize_t i = 0; i < n; i++, at++)
			if (data[i] != pattern(at))
				fail_msg("byte %zu differs", at);
		if (at % 5 == 0) /* now and then a slow reader */
			usleep(100);
	}
	assert_int_equal(at, BIG);
	assert_int_equal(run_end(&r), 7);
}

static void test_input_big(void **state)
{
	struct run r = run_piped(init_read_big, true);
	unsigned char *data = malloc(BIG);

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < BIG; i++)
		data[i] = pattern(i);
	expect(r.out, "R");
	assert_int_equal(fd_write_all(r.in, data, BIG), 0);
	free(data);
	assert_int_equal(run_end(&r), 9);
}

static void test_stdin_end(void **state)
{
	struct run r = run_piped(init_echo_late, true);

	(void)state;
	close(r.in);
	r.in = -1;
	expect(r.out, "late");
	assert_int_equal(run_end(&r), 0);
}

static void test_stdout_gone(void **state)
{
	struct run r = run_piped(init_write_big, true);

	(void)state;
	close(r.out);
	r.out = -1;
	assert_int_equal(run_end(&r), 7);
}

static void test_signals(void **state)
{
	static const int some[] = {SIGHUP, SIGTERM, SIGUSR1, SIGPIPE};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(some); i++) {
		struct run r = run_piped(init_wait_signal, true);

		expect(r.out, "R");
		kill(r.pid, some[i]);
		assert_int_equal(run_end(&r), some[i]);
	}
	/* Without a terminal SIGWINCH is a signal as any other. */
	{
		struct run r = run_piped(init_wait_signal, false);

		expect(r.out, "R");
		kill(r.pid, SIGWINCH);
		assert_int_equal(run_end(&r), SIGWINCH);
	}
}

static void test_death(void **state)
{
	struct run r = run_piped(init_die, true);

	(void)state;
	expect(r.out, "R");
	kill(r.pid, SIGTERM);
	assert_int_equal(run_end(&r), 128 + SIGTERM);
	r = run_piped(init_die, false);
	expect(r.out, "R");
	kill(r.pid, SIGINT);
	assert_int_equal(run_end(&r), 128 + SIGINT);
}

/* The terminal is held open by one who outlives the init (a shared pid namespace). */
static void test_heir(void **state)
{
	struct run r = run_piped(init_heir, true);
	uint64_t start = now_us();

	(void)state;
	expect(r.out, "done");
	assert_int_equal(run_end(&r), 6);
	assert_true(now_us() - start < 1500000);
}

/* ---- a terminal outside ---- */

/* A shell's part: a session with the outer pty, the session's process as its foreground group. Says on `news` how that
 * stops ('T') and ends ('E' and the status), continues it at a byte from `orders`. */
static void shell(int slave, int news, int orders, int (*init)(void))
{
	pid_t pid;
	int status;
	char c;

	setsid();
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		_exit(210);
	signal(SIGTTOU, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		tcsetpgrp(slave, getpgrp());
		signal(SIGTTOU, SIG_DFL);
		dup2(slave, 0);
		dup2(slave, 1);
		_exit(session(init, true));
	}
	setpgid(pid, pid);
	dprintf(news, "%d ", (int)pid);
	while (proc_wait(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status)) {
		tcsetpgrp(slave, getpgrp());
		dprintf(news, "T");
		if (read(orders, &c, 1) != 1)
			break;
		tcsetpgrp(slave, pid);
		kill(-pid, SIGCONT);
	}
	dprintf(news, "E%d;", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	_exit(0);
}

struct outer {
	int master, slave, news, orders;
	pid_t shell, pid;
	struct termios before;
};

static struct outer outer_start(int (*init)(void))
{
	struct winsize ws = {.ws_row = 33, .ws_col = 77};
	struct outer o;
	int news[2], orders[2];
	char text[16], *p = text;

	assert_int_equal(openpty(&o.master, &o.slave, NULL, NULL, &ws), 0);
	fcntl(o.master, F_SETFD, FD_CLOEXEC);
	assert_int_equal(tcgetattr(o.slave, &o.before), 0);
	assert_int_equal(pipe(news), 0);
	assert_int_equal(pipe(orders), 0);
	o.shell = fork();
	if (o.shell == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(o.master);
		shell(o.slave, news[1], orders[0], init);
	}
	close(news[1]);
	close(orders[0]);
	o.news = news[0];
	o.orders = orders[1];
	while (read(o.news, p, 1) == 1 && *p != ' ' && p < text + sizeof(text) - 1)
		p++;
	*p = '\0';
	o.pid = atoi(text);
	assert_true(o.pid > 1);
	return o;
}

static void outer_end(struct outer *o, const char *news)
{
	struct termios after;

	expect(o->news, news);
	assert_int_equal(proc_wait(o->shell, NULL, 0), o->shell);
	assert_int_equal(tcgetattr(o->slave, &after), 0);
	assert_int_equal(after.c_lflag, o->before.c_lflag);
	assert_int_equal(after.c_iflag, o->before.c_iflag);
	assert_int_equal(after.c_oflag, o->before.c_oflag);
	close(o->master);
	close(o->slave);
	close(o->news);
	close(o->orders);
}

static bool is_raw(const struct outer *o)
{
	struct termios t;

	assert_int_equal(tcgetattr(o->slave, &t), 0);
	return !(t.c_lflag & (ICANON | ECHO | ISIG)) && !(t.c_oflag & OPOST);
}

static void test_window_and_raw(void **state)
{
	struct outer o = outer_start(init_size);
	struct winsize ws = {.ws_row = 12, .ws_col = 99};

	(void)state;
	assert_false(o.before.c_lflag == 0);
	expect(o.master, "R");
	assert_true(is_raw(&o));
	assert_int_equal(fd_write_all(o.master, "s", 1), 0);
	expect(o.master, "33,77;");
	assert_int_equal(ioctl(o.master, TIOCSWINSZ, &ws), 0);
	usleep(200000);
	/* In raw mode these are bytes, not signals. */
	assert_int_equal(fd_write_all(o.master, "\x03\x1a\x1c\x11s", 5), 0);
	expect(o.master, "12,99;");
	assert_int_equal(fd_write_all(o.master, "q", 1), 0);
	outer_end(&o, "E4;");
}

static void test_stop_and_continue(void **state)
{
	struct outer o = outer_start(init_size);

	(void)state;
	expect(o.master, "R");
	assert_true(is_raw(&o));
	kill(o.pid, SIGTSTP);
	expect(o.news, "T");
	assert_false(is_raw(&o));
	assert_int_equal(fd_write_all(o.orders, "g", 1), 0);
	for (int i = 0; i < 100 && !is_raw(&o); i++)
		usleep(20000);
	assert_true(is_raw(&o));
	assert_int_equal(fd_write_all(o.master, "q", 1), 0);
	outer_end(&o, "E4;");
}

static void test_crash(void **state)
{
	struct outer o = outer_start(init_size);

	(void)state;
	expect(o.master, "R");
	assert_true(is_raw(&o));
	kill(o.pid, SIGABRT);
	outer_end(&o, "E134;");
}

/* ---- --console-socket ---- */

static void test_console_socket(void **state)
{
	char dir[] = "/tmp/jailrun-console-XXXXXX", path[300], part[101], name[64] = "";
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {.iov_base = name, .iov_len = sizeof(name) - 1};
	struct msghdr msg = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.data, .msg_controllen = sizeof(control.data)};
	struct cmsghdr *cmsg;
	int server, conn, m, s, got_fd;
	struct stat a, b;
	struct err e = {0};

	(void)state;
	assert_non_null(mkdtemp(dir));
	memset(part, 'p', 100);
	part[100] = '\0';
	snprintf(path, sizeof(path), "%s/%s", dir, part);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chdir(path), 0);
	server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strcpy(sa.sun_path, "s");
	assert_int_equal(bind(server, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(openpty(&m, &s, NULL, NULL, NULL), 0);
	snprintf(path, sizeof(path), "%s/%s/s", dir, part);
	assert_true(strlen(path) > sizeof(sa.sun_path));
	assert_int_equal(rt_console_send(path, m, &e), -ECONNREFUSED); /* nobody listens yet */
	assert_string_equal(e.path, "--console-socket");
	assert_int_equal(listen(server, 1), 0);
	e = (struct err){0};
	assert_int_equal(rt_console_send(path, m, &e), 0);
	conn = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	assert_true(recvmsg(conn, &msg, MSG_CMSG_CLOEXEC) > 0);
	assert_string_equal(name, ptsname(m));
	cmsg = CMSG_FIRSTHDR(&msg);
	assert_non_null(cmsg);
	if (!cmsg)
		return;
	memcpy(&got_fd, CMSG_DATA(cmsg), sizeof(got_fd));
	assert_int_equal(fstat(m, &a), 0);
	assert_int_equal(fstat(got_fd, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(fd_write_all(got_fd, "x\n", 2), 0);
	expect(s, "x\n");
	close(conn);
	/* A relative path, and what is no terminal. */
	assert_int_equal(rt_console_send("s", m, &e), 0);
	assert_int_equal(rt_console_send("s", server, &e), -ENOTTY);
	e = (struct err){0};
	assert_int_equal(rt_console_send("nope/s", m, &e), -ENOENT);
	close(server);
	close(got_fd);
	close(m);
	close(s);
	unlink("s");
	assert_int_equal(chdir("/"), 0);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_output_big),
	    cmocka_unit_test(test_input_big),
	    cmocka_unit_test(test_stdin_end),
	    cmocka_unit_test(test_stdout_gone),
	    cmocka_unit_test(test_signals),
	    cmocka_unit_test(test_death),
	    cmocka_unit_test(test_heir),
	    cmocka_unit_test(test_window_and_raw),
	    cmocka_unit_test(test_stop_and_continue),
	    cmocka_unit_test(test_crash),
	    cmocka_unit_test(test_console_socket),
	};

	/* A shell in the background leaves SIGINT ignored. */
	assert_int_equal(signals_default(), 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
