/* SPDX-License-Identifier: Apache-2.0 */
/* create, start, run: the walks of the life table that a person or an engine asks for. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "runtime/life/life.h"
#include "runtime/state/state.h"

#define KILL_WAIT_MS 10000

/* From the first row to the end of create or of run; signals are held back from here on. */
static int walk(struct life *l, struct err *e)
{
	int r = rt_foreground_begin(&l->signals, e);

	if (r >= 0)
		r = life_create(l, e);
	if (l->trace && l->times)
		life_print_times(l);
	return r;
}

int cmd_create(struct rt_call *c, struct err *e)
{
	struct life l;
	int r;

	life_init(&l, &life_of_container);
	r = rt_prepare(c, NULL, c->args[0], NULL, &l, e);
	if (r >= 0)
		r = walk(&l, e);
	rt_foreground_end(&l.signals);
	life_close(&l);
	return r;
}

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
	return r < 0 ? r : check_startable(k->status, e);
}

/* The container is everybody's meanwhile, and a signal ends the wait as it ends any program. */
static void wait_ready(struct life *l, pid_t main_pid)
{
	if (l->notify.fd >= 0 && rt_store_lock(&l->store, RT_LOCK_NONE, NULL) >= 0)
		rt_notify_wait(&l->notify, main_pid, l->pidfd);
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
	if (r >= 0)
		r = rt_foreground_begin(&l.signals, e);
	if (r >= 0) {
		r = life_start(&l, e);
		if (r < 0 && failed_hook(e))
			destroy_unstarted(&l, c->g.root, e->step);
		rt_foreground_end(&l.signals);
	}
	if (r >= 0)
		wait_ready(&l, l.state.pid);
	life_close(&l);
	return r;
}

static bool is_bundle(const char *path)
{
	char config[4200];
	struct stat st;

	snprintf(config, sizeof(config), "%.4096s/config.json", path);
	return stat(config, &st) == 0 && S_ISREG(st.st_mode);
}

/* run BUNDLE [ID], run ID, run -b BUNDLE ID: an argument that is a directory with a config.json is the bundle, unless
 * --bundle named one. Only the first form, jailrun's own, brings the jail by itself. */
static int run_arguments(struct rt_call *c, const char **ret_bundle, const char **ret_id, const char **ret_policy,
			 struct err *e)
{
	uint32_t random;
	int n = 0;

	*ret_bundle = *ret_id = *ret_policy = NULL;
	if (n < c->n_args && !c->o.bundle && is_bundle(c->args[n])) {
		*ret_bundle = c->args[n++];
		*ret_policy = "default";
	}
	if (n < c->n_args) {
		*ret_id = c->args[n++];
	} else if (*ret_bundle) {
		if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
			return err_errno(e, "getrandom");
		*ret_id = arena_printf(&c->arena, "jr-%08x", random);
	} else {
		return err_set(e, EINVAL, "container id cannot be empty");
	}
	if (n < c->n_args)
		return err_set(e, EINVAL, "run: '%s' is one argument too many%s", c->args[n],
			       *ret_bundle ? "" : ": the first one is no bundle (a directory with a config.json)");
	return *ret_id ? 0 : err_set(e, ENOMEM, "out of memory");
}

static int run_foreground(struct rt_call *c, struct life *l, struct err *e)
{
	int code, r;

	/* The container may be asked for, and killed, by others from now on. */
	r = rt_store_lock(&l->store, RT_LOCK_NONE, e);
	if (r < 0)
		return r;
	if (l->notify.fd >= 0)
		l->signals.notify = &l->notify;
	code = rt_foreground_wait(&l->signals, l->pid, l->pidfd, l->console_fd, e);
	if (code >= 0 && l->report)
		rt_report_ended(l->report, l, code);
	if (code < 0 || c->o.keep)
		return code;
	r = rt_store_lock(&l->store, RT_LOCK_EXCLUSIVE, NULL);
	if (r < 0) /* somebody deleted it while it ended */
		return r == -ENOENT ? code : r;
	cg_run_close(&l->cg_run);
	r = rt_destroy(l->root, &l->store, &l->state, e);
	return r < 0 && r != -ENOENT ? r : code;
}

int cmd_run(struct rt_call *c, struct err *e)
{
	const char *bundle, *id, *policy;
	AUTO_REPORT report = RT_REPORT_INIT;
	struct life l;
	int r;

	life_init(&l, &life_of_container);
	l.start_now = true;
	l.foreground = !c->o.detach;
	r = run_arguments(c, &bundle, &id, &policy, e);
	if (r >= 0 && c->o.report && (r = rt_report_open(&report, c->o.report, l.foreground, e)) >= 0)
		l.report = &report;
	if (r >= 0)
		r = rt_prepare(c, bundle, id, policy, &l, e);
	if (r >= 0 && l.foreground && !c->o.no_subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		r = err_errno(e, "PR_SET_CHILD_SUBREAPER");
	if (r >= 0)
		r = walk(&l, e);
	if (r >= 0 && l.report)
		rt_report_started(l.report);
	if (r >= 0 && l.foreground)
		r = run_foreground(c, &l, e);
	rt_foreground_end(&l.signals);
	if (l.report)
		r = rt_report_write(l.report, id, r, e);
	if (r >= 0 && !l.foreground)
		wait_ready(&l, l.pid);
	life_close(&l);
	return r;
}
