/* SPDX-License-Identifier: Apache-2.0 */
/* Socket activation: for whom the fds are, and what the workload's environment says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/caller/caller.h"

static int listen_fds(const char *n, const char *pid, struct err *e)
{
	char own[16];

	*e = (struct err){0};
	snprintf(own, sizeof(own), "%d", (int)getpid());
	setenv("LISTEN_FDS", n, 1);
	setenv("LISTEN_PID", pid ? pid : own, 1);
	return rt_listen_fds(e);
}

static void test_for_whom(void **state)
{
	struct err e;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(dup2(null, 3), 3);
	assert_int_equal(dup2(null, 4), 4);
	close(5);
	assert_int_equal(listen_fds("2", NULL, &e), 2);
	assert_int_equal(listen_fds("0", NULL, &e), 0);
	assert_int_equal(listen_fds("-1", NULL, &e), 0);
	assert_int_equal(listen_fds("2x", NULL, &e), 0);
	assert_int_equal(listen_fds("2", "1", &e), 0);
	assert_int_equal(listen_fds("2", "", &e), 0);
	assert_int_equal(listen_fds("3", NULL, &e), -EBADF);
	assert_string_equal(e.text, "LISTEN_FDS=3: fd 5 is not open");
	unsetenv("LISTEN_PID");
	assert_int_equal(rt_listen_fds(&e), 0);
	unsetenv("LISTEN_FDS");
	assert_int_equal(rt_listen_fds(&e), 0);
	close(3);
	close(4);
}

static void same(const struct strv *l, const char *const *want)
{
	size_t n = 0;

	for (; want[n]; n++) {
		assert_true(n < l->n);
		assert_string_equal(l->v[n], want[n]);
	}
	assert_int_equal(l->n, n);
	assert_null(l->v[n]);
}

static void test_environment(void **state)
{
	static char *v[] = {"LISTEN_FDS=9", "A=1", "LISTEN_FDNAMES=x", "LISTEN_FDSX=keep", "LISTEN_PID=3", NULL};
	struct strv env = {v, 5}, none = {0};
	struct arena a = {0};
	struct err e = {0};

	(void)state;
	unsetenv("LISTEN_FDNAMES");
	assert_int_equal(rt_listen_env(0, &a, &env, &e), 0);
	assert_ptr_equal(env.v, v);
	assert_int_equal(rt_listen_env(2, &a, &env, &e), 0);
	same(&env,
	     (const char *const[]){"A=1", "LISTEN_FDNAMES=x", "LISTEN_FDSX=keep", "LISTEN_FDS=2", "LISTEN_PID=", NULL});
	setenv("LISTEN_FDNAMES", "web:admin", 1);
	assert_int_equal(rt_listen_env(1, &a, &env, &e), 0);
	same(&env, (const char *const[]){"A=1", "LISTEN_FDSX=keep", "LISTEN_FDS=1",
					 "LISTEN_PID=", "LISTEN_FDNAMES=web:admin", NULL});
	assert_int_equal(rt_env_set(&none, "X=", &a, &e), 0);
	same(&none, (const char *const[]){"X=", NULL});
	assert_string_equal(v[0], "LISTEN_FDS=9"); /* the document's own is left alone */
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_for_whom),
	    cmocka_unit_test(test_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
