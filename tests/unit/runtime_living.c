/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on living containers: what they are asked with (durations, sizes, the command line) and whose processes they find. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/commands/commands.h"
#include "runtime/state/state.h"

static void test_duration(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t ns;
	} rows[] = {
	    {"5s", 0, 5000000000},
	    {"500ms", 0, 500000000},
	    {"1m30s", 0, 90000000000},
	    {"1.5h", 0, 5400000000000},
	    {"0", 0, 0},
	    {"0s", 0, 0},
	    {".5s", 0, 500000000},
	    {"1.s", 0, 1000000000},
	    {"3us", 0, 3000},
	    {"3µs", 0, 3000},
	    {"7ns", 0, 7},
	    {"", -EINVAL, 0},
	    {"5", -EINVAL, 0},
	    {"s", -EINVAL, 0},
	    {".s", -EINVAL, 0},
	    {"5x", -EINVAL, 0},
	    {"5 s", -EINVAL, 0},
	    {"-5s", -EINVAL, 0},
	    {"0x5s", -EINVAL, 0},
	    {"1e3s", -EINVAL, 0},
	    {"99999999999h", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t ns = 77;
		int r = rt_duration_ns(rows[i].text, &ns);

		if (r != rows[i].r || (r == 0 && ns != rows[i].ns))
			fail_msg("'%s': %d, %" PRIu64, rows[i].text, r, ns);
	}
}

static void test_size(void **state)
{
	static const struct {
		const char *text;
		int r;
		int64_t bytes;
	} rows[] = {
	    {"0", 0, 0},
	    {"1024", 0, 1024},
	    {"-1", 0, -1},
	    {"9223372036854775807", 0, INT64_MAX},
	    {"1k", 0, 1024},
	    {"64m", 0, 64 << 20},
	    {"64M", 0, 64 << 20},
	    {"64mb", 0, 64 << 20},
	    {"64MiB", 0, 64 << 20},
	    {"1.5g", 0, 3LL << 29},
	    {"2 g", 0, 2LL << 30},
	    {"1t", 0, 1LL << 40},
	    {"1p", 0, 1LL << 50},
	    {"12b", 0, 12},
	    {"12.9", 0, 12},
	    {"", -EINVAL, 0},
	    {"-2", -EINVAL, 0},
	    {"-1k", -EINVAL, 0},
	    {"k", -EINVAL, 0},
	    {"64x", -EINVAL, 0},
	    {"64mm", -EINVAL, 0},
	    {"64mi", -EINVAL, 0},
	    {"0x10", -EINVAL, 0},
	    {"1e3", -EINVAL, 0},
	    {"9000p", -EINVAL, 0},
	    {"99999999999999999999", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t bytes = 77;
		int r = rt_size_bytes(rows[i].text, &bytes);

		if (r != rows[i].r || (r == 0 && bytes != rows[i].bytes))
			fail_msg("'%s': %d, %" PRId64, rows[i].text, r, bytes);
	}
}

static int parse(struct rt_call *c, struct err *e, char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	*e = (struct err){0};
	return rt_cli_parse(&rt_commands, argc, argv, c, e);
}
#define PARSE(c, e, ...) parse(c, e, (char *[]){"jailrun", __VA_ARGS__, NULL})

/* What follows the ID is ps's, whatever it looks like. */
static void test_ps_line(void **state)
{
	struct rt_call c;
	struct err e;

	(void)state;
	assert_int_equal(PARSE(&c, &e, "ps", "-f", "json", "id", "-f", "--format", "x", "-e"), 0);
	assert_string_equal(c.o.format, "json");
	assert_int_equal(c.n_args, 5);
	assert_string_equal(c.args[0], "id");
	assert_string_equal(c.args[1], "-f");
	assert_string_equal(c.args[4], "-e");
	rt_call_free(&c);
	assert_int_equal(PARSE(&c, &e, "ps", "-ef", "id"), -EINVAL);
	assert_string_equal(e.text, "flag provided but not defined: -ef: see --help");
	rt_call_free(&c);
	assert_int_equal(PARSE(&c, &e, "ps"), -EINVAL);
	assert_true(str_starts(e.text, "\"ps\" requires a minimum of 1 argument(s)"));
	rt_call_free(&c);
	/* The control: of another command they stand where they like. */
	assert_int_equal(PARSE(&c, &e, "events", "id", "--stats"), 0);
	assert_true(c.o.stats);
	rt_call_free(&c);
	assert_int_equal(PARSE(&c, &e, "update", "--memory", "-1", "id", "-r", "-"), 0);
	assert_string_equal(c.o.update.memory, "-1");
	assert_string_equal(c.o.update.resources, "-");
	rt_call_free(&c);
}

static _Noreturn void sleep_for_ever(void)
{
	for (;;)
		pause();
}

/* A process in a new pid namespace, with a child in one more below it and a child beside that. */
static void test_pidns(void **state)
{
	struct err e = {0};
	pid_t *pids = NULL, pid;
	int n = 0;

	(void)state;
	assert_int_equal(rt_pidns_pids(getpid(), &pids, &e), -ENOTSUP);
	assert_null(pids);
	e = (struct err){0};
	assert_int_equal(rt_pidns_pids(0x7ffffff0, &pids, &e), -ESRCH);
	pid = proc_clone(CLONE_NEWUSER | CLONE_NEWPID, -1, NULL);
	if (pid == -EPERM || pid == -ENOSPC) {
		print_message("skip: no user namespace\n");
		skip();
	}
	assert_true(pid >= 0);
	if (pid == 0) {
		if (proc_clone(CLONE_NEWPID, -1, NULL) == 0 || proc_clone(0, -1, NULL) == 0)
			sleep_for_ever();
		sleep_for_ever();
	}
	for (int i = 0; i < 100 && n != 3; i++) {
		free(pids);
		e = (struct err){0};
		n = rt_pidns_pids(pid, &pids, &e);
		if (n < 0)
			fail_msg("%s", e.text);
		usleep(10000);
	}
	assert_int_equal(n, 3);
	for (int i = 0; i < n; i++)
		assert_true(pids[i] != getpid());
	free(pids);
	kill(pid, SIGKILL);
	assert_int_equal(proc_wait(pid, &n, 0), pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_duration),
	    cmocka_unit_test(test_size),
	    cmocka_unit_test(test_ps_line),
	    cmocka_unit_test(test_pidns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
