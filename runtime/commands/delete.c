/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "cgroups/cgroups.h"
#include "commands.h"
#include "runtime/state/state.h"

#define KILL_WAIT_MS 10000
#define HURRY_MS     200

/* Its end, or 0 after KILL_WAIT_MS. Where little CPU time is left to a cgroup its processes are slow to die. */
static int wait_end(const struct rt_container *k, int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int r;

	for (int wait_ms = HURRY_MS;; wait_ms = KILL_WAIT_MS) {
		do
			r = poll(&p, 1, wait_ms);
		while (r < 0 && errno == EINTR);
		if (r != 0 || wait_ms == KILL_WAIT_MS)
			return r;
		if (k->state.cgroup_path)
			cg_hurry(k->state.cgroup_path);
	}
}

/* SIGKILL to the first process, and the wait for its end. */
static int process_end(const struct rt_container *k, struct err *e)
{
	AUTO_CLOSE int pidfd = -1;
	int r = rt_state_pidfd(&k->state);

	if (r == -ESRCH)
		return 0;
	if (r >= 0) {
		pidfd = r;
		r = proc_pidfd_signal(pidfd, SIGKILL);
	}
	if (r == -ESRCH)
		return 0;
	if (r < 0) {
		errno = -r;
		return err_errno(e, "kill process %d of container %s", (int)k->state.pid, k->state.id);
	}
	r = wait_end(k, pidfd);
	if (r < 0)
		return err_errno(e, "wait for process %d of container %s", (int)k->state.pid, k->state.id);
	if (r == 0)
		return err_set(e, EBUSY,
			       "container still running: process %d of container %s is there %d s after SIGKILL",
			       (int)k->state.pid, k->state.id, KILL_WAIT_MS / 1000);
	return 0;
}

/* A state that cannot be read must not make a container immortal; what it would have told is lost, though. */
static int state_doubtful(struct rt_call *c, struct rt_container *k, const struct err *why)
{
	char text[sizeof(*why)];

	if (k->store.held != RT_LOCK_NONE) /* not twice */
		log_warn("%s: its processes and its cgroup, if there are any, are left alone",
			 err_str(why, text, sizeof(text)));
	k->state = (struct spec_state){.id = (char *)c->args[0]};
	k->status = STATUS_STOPPED;
	return 0;
}

static int reload(struct rt_call *c, struct rt_container *k, struct err *e)
{
	struct err local = {0};
	int r = rt_container_reload(c, k, &local);

	if (r == -EINVAL && c->o.force)
		return state_doubtful(c, k, &local);
	if (r < 0 && e && !e->code)
		*e = local;
	return r;
}

/* The lock, with nothing alive under it. A create that is under way holds the lock until it has seen its first process
 * die, which is why --force kills first. */
static int quiesce(struct rt_call *c, struct rt_container *k, struct err *e)
{
	int r = reload(c, k, e);

	if (r == 0 && c->o.force)
		r = process_end(k, e);
	else if (r == 0 && k->status != STATUS_STOPPED && k->status != STATUS_CREATED)
		return err_set(e, EBUSY, "cannot delete container %s that is not stopped: %s", c->args[0],
			       spec_status_name(k->status));
	if (r == 0)
		r = rt_store_lock(&k->store, RT_LOCK_EXCLUSIVE, e);
	if (r == 0)
		r = reload(c, k, e);
	if (r < 0)
		return r;
	/* It may have been started, or have come to its first process, before the lock was ours. */
	if (!c->o.force && k->status != STATUS_STOPPED && k->status != STATUS_CREATED)
		return err_set(e, EBUSY, "cannot delete container %s that is not stopped: %s", c->args[0],
			       spec_status_name(k->status));
	return process_end(k, e);
}

int cmd_delete(struct rt_call *c, struct err *e)
{
	AUTO_CONTAINER k = RT_CONTAINER_INIT;
	struct err local = {0};
	int r = rt_as_owner(c, c->args[0], &local);
	const bool others = r > 0;

	if (r >= 0)
		r = rt_store_open(c->g.root, c->args[0], RT_LOCK_NONE, &k.store, &local);
	if (r == 0)
		r = quiesce(c, &k, &local);
	/* A program of the user's choice has nothing to do at root's terminal. */
	if (r == 0 && others && k.state.hooks[HOOK_POSTSTOP].n) {
		log_warn("container %s is user %u's: its poststop hooks are not run", c->args[0], geteuid());
		k.state.hooks[HOOK_POSTSTOP].n = 0;
	}
	if (r == -ENOENT && c->o.force) /* gone already, perhaps while we waited for the lock */
		return 0;
	if (r == 0)
		r = rt_destroy(c->g.root, &k.store, &k.state, &local);
	if (r < 0 && e && !e->code)
		*e = local;
	return r;
}
