/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/cgroups.h"
#include "commands.h"
#include "runtime/state/state.h"

#define ANSWER_MS 10000 /* the helper answers at once, but on a machine that is busy */

/* As kill(2): 0 asks whether it is there. */
static int signal_arg(const char *s, struct err *e)
{
	int sig = str_eq(s, "0") ? 0 : signal_parse(s);

	const char *near = sig < 0 ? signal_nearest(s) : NULL;

	if (near)
		return err_set(e, EINVAL, "unknown signal \"%s\" (did you mean %s?)", s, near);
	return sig < 0
		   ? err_set(e, EINVAL,
			     "unknown signal \"%s\": it is a number from 1 to 64, or a name such as TERM (kill -l)", s)
		   : sig;
}

/* Callers take this text, in one of its halves, to mean that the work is done. */
static int not_running(struct err *e)
{
	return err_set(e, ESRCH, "container not running: no such process");
}

/* With a pid namespace of its own a container ends with its first process, and nothing can be left of it. */
static int nobody(const struct rt_call *c, struct err *e)
{
	return c->o.all ? 0 : not_running(e);
}

static int kill_all(const struct rt_call *c, const struct rt_container *k, int sig, struct err *e)
{
	/* The jail's helper hands on what it gets: the workload would hear it twice. */
	pid_t except = k->state.policy ? k->state.pid : 0;
	AUTO_FREE pid_t *pids = NULL;

	if (k->status == STATUS_STOPPED && (!k->state.pid_shared || cg_pids(k->state.cgroup_path, &pids, NULL) <= 0))
		return nobody(c, e);
	return cg_kill(k->state.cgroup_path, sig, except, e);
}

/* SIGSTOP at the jail's helper would stop the jail: the main process would go on, and nobody answer. The helper stops that one instead;
 * a frozen one does so when it thaws. */
static int stop_main(struct rt_container *k, struct err *e)
{
	struct wire m = {.kind = WIRE_SIGNAL, .value = SIGSTOP};
	AUTO_CLOSE int fd = -1;
	struct pollfd p = {.events = POLLIN};
	int r;

	if (rt_store_status(&k->store, &k->state) == STATUS_CREATED)
		return err_set(e, EINVAL, "cannot stop container %s: it is not started, so there is no process to stop",
			       k->state.id);
	fd = rt_store_connect(&k->store, RT_JAIL_SOCKET, e);
	if (fd < 0)
		return fd;
	r = wire_send(fd, &m, -1);
	if (r < 0 || k->status == STATUS_PAUSED)
		return r < 0 ? err_set(e, -r, "ask the jail of container %s: %s", k->state.id, strerror(-r)) : 0;
	p.fd = fd;
	if (poll(&p, 1, ANSWER_MS) != 1 || wire_recv(fd, &m, NULL) != 1 || m.kind != WIRE_SIGNAL)
		return err_set(e, EIO, "send SIGSTOP to container %s: its jail (process %d) does not answer",
			       k->state.id, (int)k->state.pid);
	return 0;
}

static int kill_first(const struct rt_call *c, struct rt_container *k, int sig, struct err *e)
{
	AUTO_CLOSE int pidfd = -1;
	int r = rt_state_pidfd(&k->state);

	if (r >= 0 && sig == SIGSTOP && k->state.policy) {
		close(r);
		return stop_main(k, e);
	}
	if (r >= 0) {
		pidfd = r;
		r = proc_pidfd_signal(pidfd, sig);
	}
	if (r == -ESRCH)
		return nobody(c, e);
	if (r < 0) {
		errno = -r;
		return err_errno(e, "send %s to process %d of container %s", sig ? signal_name(sig) : "signal 0",
				 (int)k->state.pid, k->state.id);
	}
	return 0;
}

int cmd_kill(struct rt_call *c, struct err *e)
{
	AUTO_CONTAINER k = RT_CONTAINER_INIT;
	int r = rt_as_owner(c, c->args[0], e), sig;
	bool all;

	if (r >= 0)
		r = rt_container_open(c, c->args[0], RT_LOCK_NONE, &k, e);
	if (r < 0)
		return r;
	/* As in runc, a signal that is empty is none that is said: scripts pass a variable. */
	sig = c->n_args > 1 && *c->args[1] ? signal_arg(c->args[1], e) : SIGTERM;
	if (sig < 0)
		return sig;
	/* Not in the words that mean that it is gone: it will be there in a moment. */
	if (k.status == STATUS_CREATING)
		return err_set(e, EINVAL, "cannot signal a container that is still being created");
	/* In a shared pid namespace the first process takes nobody along. */
	all = k.state.cgroup_path && (c->o.all || (sig == SIGKILL && k.state.pid_shared));
	r = all ? kill_all(c, &k, sig, e) : kill_first(c, &k, sig, e);
	/* SIGKILL reaches the frozen; but what the dead one leaves shall not stay frozen. */
	if (r == 0 && sig == SIGKILL && k.status == STATUS_PAUSED)
		cg_freeze(k.state.cgroup_path, false, NULL);
	return r;
}
