/* SPDX-License-Identifier: Apache-2.0 */
/* What a life holds and what its rows ask of it; nothing here knows a row. */
#include <errno.h>
#include <sys/mman.h>

#include "steps.h"

void life_init(struct life *l, const struct life_table *table)
{
	*l = (struct life){.table = table,
			   .store = RT_STORE_INIT,
			   .notify = RT_NOTIFY_INIT,
			   .sock = -1,
			   .start_fd = -1,
			   .join_fd = -1,
			   .audit_fd = -1,
			   .console_fd = -1};
	l->cpu_fd = l->audit_dir_fd = l->helper_fd = l->blob_fd = l->peer_fd = l->pidfd = -1;
	l->cg_run.dir_fd = l->cg_run.box_fd = l->cg_run.jail_fd = l->cg_run.ring_fd = l->cg_run.state_fd = -1;
	l->signals.signal_fd = -1;
	l->fail_row = l->die_row = -1;
	ns_run_init(&l->ns_run);
}

void life_close(struct life *l)
{
	int *fds[] = {&l->sock,         &l->start_fd, &l->join_fd,        &l->audit_fd,       &l->console_fd,
		      &l->helper_fd,    &l->blob_fd,  &l->peer_fd,        &l->pidfd,          &l->notify.fd,
		      &l->audit_dir_fd, &l->cpu_fd,   &l->cg_run.ring_fd, &l->cg_run.state_fd};

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fd_close_p(fds[i]);
	cg_run_close(&l->cg_run);
	ns_run_close(&l->ns_run);
	rt_store_close(&l->store);
	if (l->times)
		munmap(l->times, sizeof(*l->times));
	l->times = NULL;
}

int life_set_fail(struct life *l, const char *name, struct err *e)
{
	if (!name)
		return 0;
	l->fail_after = *name == '+';
	l->fail_row = life_row(l, name + l->fail_after);
	return l->fail_row < 0 ? err_set(e, EINVAL, "--fail-step: there is no row '%s'", name) : 0;
}

int life_set_die(struct life *l, const char *name, struct err *e)
{
	if (!name)
		return 0;
	l->die_row = life_row(l, name);
	return l->die_row < 0 ? err_set(e, EINVAL, "--die-step: there is no row '%s'", name) : 0;
}

int life_row(const struct life *l, const char *name)
{
	for (int i = 0; i < l->table->n; i++)
		if (str_eq(l->table->rows[i].name, name))
			return i;
	return -1;
}

bool life_in_userns(const struct life *l)
{
	return l->ns.userns;
}

bool life_has_oom_score(const struct life *l)
{
	return l->config.process.oom_score_adj.set;
}

bool life_outer_init(const struct life *l)
{
	return life_has_jail(l) && l->jail.init == POLICY_INIT_WORKLOAD;
}

bool life_has_jail(const struct life *l)
{
	return l->jail.engine != JAIL_NONE;
}

int life_hook_state(const struct life *l, enum spec_status status, pid_t pid, struct buf *out, struct err *e)
{
	struct spec_state state = l->state;
	struct jsonw w = {.out = out};

	state.pid = pid;
	spec_state_print(&state, status, false, &w);
	return out->failed ? err_set(e, ENOMEM, "out of memory for the state document") : 0;
}

void life_wait_ready(struct life *l, pid_t main_pid)
{
	if (l->notify.fd >= 0 && rt_store_lock(&l->store, RT_LOCK_NONE, NULL) >= 0)
		rt_notify_wait(&l->notify, main_pid, l->pidfd);
}
