/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caller.h"

/* A number of the environment; 0 for none, and for what is no number. */
static int env_number(const char *name)
{
	const char *value = getenv(name);
	uint64_t n;

	return value && parse_u64(value, 10, &n) == 0 && n < INT_MAX - 3 ? (int)n : 0;
}

int rt_listen_fds(struct err *e)
{
	int n = env_number("LISTEN_FDS");

	if (!n || env_number("LISTEN_PID") != getpid())
		return 0;
	for (int fd = 3; fd < 3 + n; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			return err_set(e, EBADF, "LISTEN_FDS=%d: fd %d is not open", n, fd);
	return n;
}

int rt_env_set(struct strv *env, const char *assignment, struct arena *a, struct err *e)
{
	size_t name = strcspn(assignment, "=") + 1, n = 0;
	char **v = arena_alloc(a, (env->n + 2) * sizeof(*v));

	if (!v)
		return err_set(e, ENOMEM, "out of memory for the environment");
	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], assignment, name) != 0)
			v[n++] = env->v[i];
	v[n] = arena_strdup(a, assignment);
	if (!v[n++])
		return err_set(e, ENOMEM, "out of memory for the environment");
	*env = (struct strv){v, n};
	return 0;
}

int rt_listen_env(int n, struct arena *a, struct strv *env, struct err *e)
{
	const char *names = getenv("LISTEN_FDNAMES");
	char *count = arena_printf(a, "LISTEN_FDS=%d", n), *all = NULL;
	int r;

	if (!n)
		return 0;
	if (names)
		all = arena_printf(a, "LISTEN_FDNAMES=%s", names);
	if (!count || (names && !all))
		return err_set(e, ENOMEM, "out of memory for the environment");
	r = rt_env_set(env, count, a, e);
	if (r == 0)
		r = rt_env_set(env, "LISTEN_PID=", a, e);
	return r == 0 && all ? rt_env_set(env, all, a, e) : r;
}
