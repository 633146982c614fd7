/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks: what they are given, and what becomes of their failures. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "range.h"
#include "runtime/state/state.h"

static char dir[] = "/tmp/jailrun-hooks-XXXXXX";
static const char state_json[] = "{\"id\":\"x\",\"status\":\"creating\"}";

/* A hook `sh -c script` with the one variable D. */
static struct spec_hook shell(const char *script)
{
	static char script_copy[4][1024], variable[64];
	static char *args[4][4], *env[2];
	static int next;
	int i = next++ % 4;

	snprintf(script_copy[i], sizeof(script_copy[i]), "%s", script);
	snprintf(variable, sizeof(variable), "D=%s", dir);
	args[i][0] = "sh";
	args[i][1] = "-c";
	args[i][2] = script_copy[i];
	env[0] = variable;
	return (struct spec_hook){.path = "/bin/sh", .args = {args[i], 3}, .env = {env, 1}};
}

static int run_one(struct spec_hook h, struct err *e)
{
	struct spec_hook_list list = {&h, 1};

	*e = (struct err){0};
	return rt_hooks_run(&list, HOOK_PRESTART, dir, state_json, e);
}

static char *slurp(const char *name)
{
	static char text[4096];
	char path[128];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (!f)
		return NULL;
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void test_given(void **state)
{
	char *nothing[] = {NULL};
	struct spec_hook h;
	struct err e;

	(void)state;
	clearenv(); /* whoever runs the tests may have much in it */
	setenv("PATH", "/usr/bin:/bin", 1);
	setenv("LEAK", "from the runtime", 1);
	assert_int_equal(run_one(shell("cat >$D/in; tr '\\0' '\\n' </proc/$$/environ >$D/env"), &e), 0);
	assert_string_equal(slurp("in"), state_json);
	/* Exactly its own environment. */
	assert_memory_equal(slurp("env"), "D=/tmp/jailrun-hooks-", 21);
	assert_null(strstr(slurp("env"), "LEAK"));
	/* One that is empty is its own, too; where there is none it is the runtime's. */
	h = shell("tr '\\0' '\\n' </proc/$$/environ >env");
	h.env.n = 0;
	h.env.v = nothing;
	assert_int_equal(run_one(h, &e), 0);
	assert_string_equal(slurp("env"), "");
	h.env.v = NULL;
	assert_int_equal(run_one(h, &e), 0);
	assert_non_null(strstr(slurp("env"), "LEAK=from the runtime\n"));
	unsetenv("LEAK");
}

static void test_no_args_no_env(void **state)
{
	struct spec_hook h = {.path = "/usr/bin/env"};
	struct err e;

	/* argv[0] is there all the same: env(1) would fail without one. */
	(void)state;
	assert_int_equal(run_one(h, &e), 0);
}

static void test_order_and_stop(void **state)
{
	struct spec_hook v[] = {shell("echo 0 >>$D/order"), shell("echo 1 >>$D/order; echo some words >&2; exit 3"),
				shell("echo 2 >>$D/order")};
	struct spec_hook_list list = {v, 3};
	struct err e = {0};

	(void)state;
	assert_int_equal(rt_hooks_run(&list, HOOK_CREATE_RUNTIME, dir, state_json, &e), -ECANCELED);
	assert_string_equal(e.path, "hooks.createRuntime[1]");
	assert_string_equal(e.text,
			    "error running createRuntime hook #1: '/bin/sh' ended with status 3 (output: some words)");
	assert_string_equal(slurp("order"), "0\n1\n");
	/* poststop: a failure stops nothing. */
	rt_hooks_run_all(&list, HOOK_POSTSTOP, dir, state_json);
	assert_string_equal(slurp("order"), "0\n1\n0\n1\n2\n");
}

static void test_killed(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(run_one(shell("kill -KILL $$"), &e), -ECANCELED);
	assert_string_equal(e.text, "error running prestart hook #0: '/bin/sh' was killed by SIGKILL (no output)");
	assert_string_equal(e.path, "hooks.prestart[0]");
}

static void test_missing(void **state)
{
	struct spec_hook h = {.path = "/nonexistent/hook"};
	struct err e;

	(void)state;
	assert_int_equal(run_one(h, &e), -ENOENT);
	assert_non_null(strstr(e.text, "run '/nonexistent/hook': No such file or directory (ENOENT)"));
	h.path = "/etc/passwd";
	assert_int_equal(run_one(h, &e), -EACCES);
}

static void test_timeout(void **state)
{
	struct spec_hook h = shell("sleep 60 & echo $! >$D/sleeper; wait");
	uint64_t start = now_us();
	struct err e;
	pid_t sleeper;
	uint64_t t;
	char letter = 'R';

	(void)state;
	h.timeout = (struct opt_i64){true, 1};
	assert_int_equal(run_one(h, &e), -ETIMEDOUT);
	assert_uint_in_range(now_us() - start, 900000, 8000000);
	assert_string_equal(e.path, "hooks.prestart[0]");
	/* What it had started is gone as well. */
	sleeper = atoi(slurp("sleeper"));
	assert_true(sleeper > 1);
	for (int i = 0; i < 100; i++) {
		if (proc_start_time(sleeper, &t, &letter) < 0 || letter == 'Z')
			break;
		usleep(20000);
	}
	assert_true(proc_start_time(sleeper, &t, &letter) < 0 || letter == 'Z');
	/* The control: one that is quick enough. */
	h = shell("sleep 0.1");
	h.timeout = (struct opt_i64){true, 10};
	assert_int_equal(run_one(h, &e), 0);
}

/* Neither a hook that does not read its stdin nor one that writes much, or leaves somebody behind, holds us up. */
static void test_careless(void **state)
{
	struct spec_hook h;
	struct spec_hook_list list = {&h, 1};
	uint64_t start = now_us();
	struct err e = {0};
	char *big = malloc(300001);

	(void)state;
	assert_non_null(big);
	memset(big, ' ', 300000);
	big[300000] = '\0';
	h = shell("exit 0");
	assert_int_equal(rt_hooks_run(&list, HOOK_PRESTART, dir, big, &e), 0);
	h = shell("wc -c >$D/count");
	assert_int_equal(rt_hooks_run(&list, HOOK_PRESTART, dir, big, &e), 0);
	assert_int_equal(atoi(slurp("count")), 300000);
	free(big);
	assert_int_equal(run_one(shell("head -c 1000000 /dev/zero"), &e), 0);
	assert_int_equal(run_one(shell("setsid sleep 3 &"), &e), 0);
	assert_true(now_us() - start < 2500000);
	assert_int_equal(run_one(shell("head -c 5000 /dev/zero | tr '\\0' a; echo; echo the end; exit 1"), &e),
			 -ECANCELED);
	assert_non_null(strstr(e.text, "aaa the end)"));
}

/* What this process ignores or blocks, a hook does not. */
static void test_signals_reset(void **state)
{
	/* Not by a shell: dash clears the mask itself. */
	char *blocked[] = {"grep", "-q", "SigBlk:\t0000000000000000", "/proc/self/status", NULL};
	char *ignored[] = {"grep", "-q", "SigIgn:\t0000000000000000", "/proc/self/status", NULL};
	struct spec_hook v[] = {{.path = "/bin/grep", .args = {blocked, 4}},
				{.path = "/bin/grep", .args = {ignored, 4}}};
	struct spec_hook_list list = {v, 2};
	struct err e = {0};
	sigset_t block, old;

	(void)state;
	signal(SIGUSR1, SIG_IGN);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR2);
	sigprocmask(SIG_BLOCK, &block, &old);
	assert_int_equal(rt_hooks_run(&list, HOOK_PRESTART, dir, state_json, &e), 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGUSR1, SIG_DFL);
}

/* A signal that is held back (foreground run) ends a hook that goes on and on. */
static void test_interrupt(void **state)
{
	sigset_t block, old;
	struct err e;

	(void)state;
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &old);
	raise(SIGTERM);
	assert_int_equal(run_one(shell("sleep 60"), &e), -EINTR);
	assert_non_null(strstr(e.text, "SIGTERM"));
	signal(SIGTERM, SIG_IGN); /* drops it */
	signal(SIGTERM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/* No descriptor of ours reaches a hook. */
static void test_fds(void **state)
{
	char path[128];
	struct err e;
	int leak;

	(void)state;
	snprintf(path, sizeof(path), "%s/leak", dir);
	leak = open(path, O_RDWR | O_CREAT, 0600); /* without O_CLOEXEC */
	assert_true(leak > 2);
	assert_int_equal(run_one(shell("ls -l /proc/self/fd >$D/fds"), &e), 0);
	close(leak);
	assert_non_null(strstr(slurp("fds"), "/fds"));
	assert_null(strstr(slurp("fds"), "/leak"));
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_given),          cmocka_unit_test(test_no_args_no_env),
	    cmocka_unit_test(test_order_and_stop), cmocka_unit_test(test_killed),
	    cmocka_unit_test(test_missing),        cmocka_unit_test(test_timeout),
	    cmocka_unit_test(test_careless),       cmocka_unit_test(test_signals_reset),
	    cmocka_unit_test(test_interrupt),      cmocka_unit_test(test_fds),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
