/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/cgroups.h"
#include "commands.h"
#include "runtime/state/state.h"

static int pid_order(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/* The host's pids of the container's processes, in order. *ret is malloc'ed. Returns their number or -errno. */
static int pids_find(const struct rt_container *k, pid_t **ret, struct err *e)
{
	struct err local = {0};
	int n;

	*ret = NULL;
	if (k->state.cgroup_path)
		n = cg_pids(k->state.cgroup_path, ret, &local);
	else if (k->status == STATUS_STOPPED)
		n = 0;
	else
		n = rt_pidns_pids(k->state.pid, ret, &local);
	/* The cgroup of a stopped one may be gone. */
	if (n == -ENOENT && k->status == STATUS_STOPPED)
		n = 0;
	if (n < 0 && e && !e->code)
		*e = local;
	if (n > 0)
		qsort(*ret, (size_t)n, sizeof(**ret), pid_order);
	return n;
}

static _Noreturn void ps_exec(struct rt_call *c, int out)
{
	static char *const standard[] = {"ps", "-ef", NULL};
	const char **args = c->args;

	signals_default();
	/* The ID is not needed any more: its place takes the program's name. */
	args[0] = "ps";
	if (dup2(out, STDOUT_FILENO) >= 0 && dup2(out, STDERR_FILENO) >= 0)
		execvp("ps", c->n_args > 1 ? (char *const *)args : standard);
	dprintf(STDERR_FILENO, "%s", strerror(errno));
	_exit(127);
}

/* ps(1) of the host, whose options are the caller's. */
static int ps_run(struct rt_call *c, char **ret, struct err *e)
{
	AUTO_CLOSE int in = -1, child_out = -1;
	int pair[2], status = 0, r;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_errno(e, "pipe to ps");
	in = pair[0];
	child_out = pair[1];
	pid = proc_clone(0, -1, NULL);
	if (pid < 0)
		return err_set(e, -pid, "fork: %s", strerror(-pid));
	if (pid == 0)
		ps_exec(c, child_out);
	fd_close_p(&child_out);
	r = fd_read_all(in, SIZE_MAX, ret, NULL);
	errno = -r;
	if (r < 0)
		err_errno(e, "read the output of ps");
	if (proc_wait(pid, &status, 0) < 0 && r == 0)
		return err_errno(e, "wait for ps");
	if (r == 0 && proc_exit_code(status) != 0) {
		/* Behind its first line ps has a page about its options. */
		(*ret)[strcspn(*ret, "\n")] = '\0';
		return err_set(e, EINVAL, "ps: exit status %d: %.300s%s", proc_exit_code(status), *ret,
			       c->n_args > 1 && proc_exit_code(status) != 127
				   ? ": what stands behind the ID are options of the host's ps(1)"
				   : "");
	}
	return r;
}

/* The n-th word of the line, from 0; NULL when there are not so many. */
static const char *word_at(const char *line, int n, size_t *ret_len)
{
	for (;; n--) {
		line += strspn(line, " \t");
		*ret_len = strcspn(line, " \t");
		if (!*line || n == 0)
			return *line ? line : NULL;
		line += *ret_len;
	}
}

static int pid_column(const char *heading, struct err *e)
{
	const char *word;
	size_t len;

	for (int i = 0; (word = word_at(heading, i, &len)); i++)
		if (len == 3 && strncmp(word, "PID", 3) == 0)
			return i;
	return err_set(e, EINVAL, "couldn't find PID field in ps output: let its options show the PID");
}

/* The lines whose PID is one of pids. */
static int table_filter(char *text, const pid_t *pids, size_t n, struct buf *out, struct err *e)
{
	char *rest = text, *line = str_field(&rest, "\n");
	int column = pid_column(line ? line : "", e);

	if (column < 0)
		return column;
	buf_printf(out, "%s\n", line);
	while ((line = str_field(&rest, "\n"))) {
		size_t len;
		const char *word = word_at(line, column, &len);
		pid_t pid;

		if (!*line)
			continue;
		pid = word ? (pid_t)strtol(word, NULL, 10) : 0;
		if (pid <= 0)
			return err_set(e, EINVAL, "unable to parse pid: '%.64s' in the output of ps",
				       word ? word : line);
		if (n && bsearch(&pid, pids, n, sizeof(*pids), pid_order))
			buf_printf(out, "%s\n", line);
	}
	return 0;
}

int cmd_ps(struct rt_call *c, struct err *e)
{
	AUTO_CONTAINER k = RT_CONTAINER_INIT;
	AUTO_FREE pid_t *pids = NULL;
	AUTO_FREE char *text = NULL;
	AUTO_BUF out = {0};
	struct jsonw w = {.out = &out};
	int n, r = rt_container_open(c, c->args[0], RT_LOCK_NONE, &k, e);

	if (r < 0)
		return r;
	n = pids_find(&k, &pids, e);
	if (n < 0)
		return n;
	if (str_eq(c->o.format, "json")) {
		jw_array(&w, NULL);
		for (int i = 0; i < n; i++)
			jw_int(&w, NULL, pids[i]);
		jw_array_end(&w);
		buf_str(&out, "\n");
		return rt_print(&out, e);
	}
	r = ps_run(c, &text, e);
	if (r == 0)
		r = table_filter(text, pids, (size_t)n, &out, e);
	return r < 0 ? r : rt_print(&out, e);
}
