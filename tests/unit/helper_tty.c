/* SPDX-License-Identifier: Apache-2.0 */
/* A shell in a pty under each engine: Ctrl-C, Ctrl-Z, fg, bg, the end of the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper_run.h"

static struct trial t;
static int master;
static char seen[65536];
static size_t seen_len;
static const char *missing;

/* Reads on until the text comes, for half a minute. */
static void expect(const char *text)
{
	uint64_t end = now_us() + 30000000;
	static size_t from;
	char *hit;

	if (missing)
		return;
	while (!(hit = strstr(seen + from, text))) {
		struct pollfd p = {.fd = master, .events = POLLIN};
		ssize_t n;

		if (now_us() > end || poll(&p, 1, 100) < 0) {
			missing = text;
			return;
		}
		if (!p.revents)
			continue;
		n = read(master, seen + seen_len, sizeof(seen) - 1 - seen_len);
		if (n <= 0) {
			missing = text;
			return;
		}
		seen_len += (size_t)n;
		seen[seen_len] = '\0';
	}
	from = (size_t)(hit - seen) + strlen(text);
}

static void type(const char *text)
{
	if (!missing)
		(void)!write(master, text, strlen(text));
}

/* After `fg` nothing says that the shell has given the terminal away. */
#define FOREGROUND_US 700000

static void talk(pid_t pid, void *arg)
{
	(void)pid;
	(void)arg;
	close(t.tty);
	type("PS1='ready> '\n");
	expect("\nready> ");
	type(
	    "sh -c 'echo he''re; exec sleep 50'\n"); /* it says when it is there: on a busy machine that takes its time */
	expect("\nhere");
	type("\003"); /* Ctrl-C */
	expect("ready> ");
	type("echo $? $((1+1))\n");
	expect("130 2");
	type("sh -c 'echo he''re; exec sleep 51'\n");
	expect("\nhere");
	type("\032"); /* Ctrl-Z */
	expect("Stopped");
	type("jobs\n");
	expect("Stopped");
	type("bg\n");
	expect("sleep 51");
	type("jobs\n");
	expect("Running");
	type("fg\n");
	expect("sleep 51");
	usleep(FOREGROUND_US);
	type("\032");
	expect("Stopped");
	type("fg\n");
	expect("sleep 51");
	usleep(FOREGROUND_US);
	type("\003");
	expect("ready> ");
	type("cat &\n"); /* SIGTTIN */
	type("while jobs | grep -q Running; do sleep 0.1; done; jobs\n");
	expect("Stopped");
	type("kill -9 %1; stty size; exit 17\n");
	expect("24 80");
	type("exit 17\n"); /* should bash have warned of the job that was still there */
}

static void job_control(void **state)
{
	static const enum jail_engine engines[] = {JAIL_NONE, JAIL_NOTIFY, JAIL_TRACE};
	struct winsize size = {.ws_row = 24, .ws_col = 80};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(engines); k++) {
		trial_init(&t, ARGV((char *)"/bin/bash", (char *)"--norc", (char *)"-i"));
		if (engines[k] == JAIL_NOTIFY) {
			trial_rule(&t, "syscalls.syscalls[0]", "mkdir", SYS_mkdir, JAIL_TRAP_REFUSE);
			trial_engine(&t, JAIL_NOTIFY);
		} else if (engines[k] == JAIL_TRACE) {
			trial_trace(&t);
		}
		master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
		assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
		t.tty = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
		assert_true(t.tty >= 0);
		t.plan.seal.terminal = true;
		t.during = talk;
		missing = NULL;
		trial_run(&t);
		if (missing)
			fail_msg("engine %d: '%s' did not come; seen: %s", (int)engines[k], missing, seen);
		assert_int_equal(trial_code(&t), 17);
		close(master);
	}
}

static void hang_up(pid_t pid, void *arg)
{
	(void)pid;
	(void)arg;
	close(t.tty);
	usleep(200000);
	close(master);
}

/* The terminal goes: the shell gets SIGHUP, since nobody else holds it. */
static void end_of_terminal(void **state)
{
	(void)state;
	trial_init(&t, ARGV((char *)"/bin/sh", (char *)"-c", (char *)"sleep 30"));
	trial_trace(&t);
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	t.tty = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	t.plan.seal.terminal = true;
	t.during = hang_up;
	trial_run(&t);
	assert_int_equal(trial_code(&t), 128 + SIGHUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(job_control),
	    cmocka_unit_test(end_of_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
