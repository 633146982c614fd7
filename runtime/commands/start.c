/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "cgroups/cgroups.h"
#include "commands.h"
#include "runtime/life/life.h"

#define KILL_WAIT_MS 10000

/* What keeps a container from being started, in runc's words. */
static int check_startable(enum spec_status status, struct err *e)
{
	switch (status) {
	case STATUS_CREATED:
		return 0;
	case STATUS_STOPPED:
		return err_set(e, EINVAL, "cannot start a container that has stopped");
	case STATUS_RUNNING:
		return err_set(e, EINVAL, "cannot start an already running container");
	default:
		return err_set(e, EINVAL, "cannot start a container in the %s state", spec_status_name(status));
	}
}

/* The lock comes after a first look: create holds it until it is done, and is not waited for. */
static int open_created(struct rt_call *c, struct rt_container *k, struct err *e)
{
	int r = rt_container_open(c, c->args[0], RT_LOCK_NONE, k, e);

	if (r >= 0)
		r = check_startable(k->status, e);
	if (r >= 0)
		r = rt_store_lock(&k->store, RT_LOCK_EXCLUSIVE, e);
	if (r >= 0)
		r = rt_container_reload(c, k, e);
	if (r >= 0)
		r = check_startable(k->status, e);
	/* The first process would stand still, and this call would wait for it. */
	return r < 0 || !k->state.cgroup_path ? r : cg_check_thawed(k->state.cgroup_path, e);
}

static bool failed_hook(const struct err *e)
{
	return str_eq(e->step, "hooks.startContainer") || str_eq(e->step, "hooks.poststart");
}

/* runtime.md, Lifecycle 7 and 9: after a hook that failed the container is stopped and destroyed. */
static void destroy_unstarted(struct life *l, const char *root, const char *step)
{
	struct pollfd p = {.fd = l->pidfd, .events = POLLIN};
	char text[sizeof(struct err)];
	struct err e = {0};

	if (l->pidfd >= 0) {
		proc_pidfd_signal(l->pidfd, SIGKILL);
		poll(&p, 1, KILL_WAIT_MS);
	}
	if (rt_destroy(root, &l->store, &l->state, &e) < 0)
		log_warn("%s failed, and the container could not be removed: %s", step,
			 err_str(&e, text, sizeof(text)));
}

int cmd_start(struct rt_call *c, struct err *e)
{
	AUTO_CONTAINER k = RT_CONTAINER_INIT;
	struct life l;
	int r;

	life_init(&l, &life_of_container);
	l.start_now = true;
	r = open_created(c, &k, e);
	if (r >= 0)
		r = life_set_fail(&l, c->o.fail_step, e);
	if (r >= 0)
		r = life_set_die(&l, c->o.die_step, e);
	if (r >= 0) {
		l.store = k.store;
		l.state = k.state;
		k.store = RT_STORE_INIT;
		l.pidfd = rt_state_pidfd(&l.state);
		l.sock = rt_store_connect(&l.store, RT_START_SOCKET, NULL);
		if (l.sock < 0)
			r = err_set(e, EINVAL, "cannot start an already running container");
	}
	if (r >= 0 && l.state.notify)
		r = rt_notify_bind(&l.notify, &l.store, e);
	if (r >= 0) {
		r = life_start(&l, e);
		if (r < 0 && failed_hook(e))
			destroy_unstarted(&l, c->g.root, e->step);
		rt_foreground_end(&l.signals);
	}
	if (r >= 0)
		life_wait_ready(&l, l.state.pid);
	life_close(&l);
	return r;
}
