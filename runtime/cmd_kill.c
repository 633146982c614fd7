/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>

#include "cgroups/cgroups.h"
#include "runtime.h"

/* As kill(2): 0 asks whether it is there. */
static int signal_arg(const char *s, struct err *e)
{
	int sig = str_eq(s, "0") ? 0 : signal_parse(s);

	return sig < 0 ? err_set(e, EINVAL, "unknown signal \"%s\"", s) : sig;
}

/* Callers take this text, in one of its halves, to mean that the work is done. */
static int not_running(struct err *e)
{
	return err_set(e, ESRCH, "container not running: no such process");
}

int cmd_kill(struct rt_call *c, struct err *e)
{
	AUTO_CONTAINER k = RT_CONTAINER_INIT;
	AUTO_CLOSE int pidfd = -1;
	int r = rt_container_open(c, c->args[0], RT_LOCK_NONE, &k, e), sig;

	if (r < 0)
		return r;
	sig = c->n_args > 1 ? signal_arg(c->args[1], e) : SIGTERM;
	if (sig < 0)
		return sig;
	/* Also when the first process is gone: with a shared pid namespace it takes nobody along. */
	if (c->o.all && k.state.cgroup_path)
		return cg_kill(k.state.cgroup_path, sig, e);
	r = rt_state_pidfd(&k.state);
	if (r == -ESRCH)
		return not_running(e);
	if (r >= 0) {
		pidfd = r;
		r = proc_pidfd_signal(pidfd, sig);
	}
	if (r == -ESRCH)
		return not_running(e);
	if (r < 0) {
		errno = -r;
		return err_errno(e, "send %s to process %d of container %s", sig ? signal_name(sig) : "signal 0",
				 (int)k.state.pid, c->args[0]);
	}
	return 0;
}
