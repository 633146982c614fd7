/* SPDX-License-Identifier: Apache-2.0 */
/* exec: clone.exec and jail.join. This program is executed outside of the container's pid namespace; what it makes there is
 * born as this program, from sealed memory: the workload never sees a process of the host's binary (CVE-2019-5736). */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jail/helper/helper.h"

int step_clone_exec(struct helper *h, struct err *e)
{
	pid_t pid;

	/* What is born in the container must not be in the caller's session there, for no moment: see step_arm. */
	if (setsid() < 0 && errno != EPERM)
		return err_errno(e, "setsid");
	/* A child of the runtime, which tells its caller how it ended. */
	pid = proc_clone(CLONE_PARENT, h->h.cgroup_fd, NULL);

	if (pid < 0)
		return err_set(
		    e, -pid, "make a process in the container: %s (%s)%s", strerror(-pid), errno_name(-pid),
		    pid == -ENOMEM   ? "; the container's first process has ended"
		    : pid == -EAGAIN ? "; a limit on processes (pids.max of the container's cgroup, RLIMIT_NPROC) is "
				       "reached"
		    : pid == -EBUSY  ? "; the container's cgroup has children with controllers, and can hold no process"
				     : "");
	if (pid > 0) {
		wire_send(h->sock, &(struct wire){.kind = WIRE_PID, .row = proc_unborn(), .value = pid}, -1);
		_exit(0);
	}
	h->workload = true;
	if (h->h.cgroup_fd >= 0 && enter_cgroup_ns(h, h->h.cgroup_ns_fd, e) < 0)
		return -e->code;
	/* Until its program runs it goes with the runtime. */
	return prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? err_errno(e, "PR_SET_PDEATHSIG") : 0;
}

/* The connection came through other processes, which may have it still. Of this pair nobody but this process has its end: that it
 * is closed says for certain that the program is executed. */
static int own_peer(struct helper *h, struct err *e)
{
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(e, "socketpair");
	r = wire_send(h->peer, &(struct wire){.kind = WIRE_PEER}, pair[0]);
	close(pair[0]);
	close(h->peer);
	h->peer = pair[1];
	return r < 0 ? err_set(e, -r, "talk to the container's jail: %s", strerror(-r)) : 0;
}

int step_join(struct helper *h, struct err *e)
{
	struct wire m = {.kind = WIRE_JOIN};
	AUTO_CLOSE int fd = -1;
	int r;

	if (h->peer < 0) {
		h->go = true;
		return 0;
	}
	r = wire_send(h->peer, &m, h->sock);
	if (r >= 0)
		r = files_receive(h, &m, &fd);
	if (r <= 0)
		return err_set(e, ESRCH,
			       "ask the container's jail in: its supervisor is gone, the container has ended");
	if (m.kind == WIRE_ERR) {
		*e = m.err;
		return e->code > 0 ? -e->code : -EIO;
	}
	h->go = m.kind == WIRE_START;
	return h->go ? own_peer(h, e) : err_set(e, EBADMSG, "ask the container's jail in: no start came");
}

int stay_alone(struct helper *h, struct err *e)
{
	struct wire m;
	char byte;
	int r;

	if (h->h.role != JAIL_ROLE_EXEC)
		return 0;
	/* The runtime knows this process by now, and could kill it: only then may the program begin. */
	r = wire_recv(h->sock, &m, NULL);
	if (r == 0)
		_exit(1);
	if (r < 0 || m.kind != WIRE_START)
		return err_set(e, EBADMSG, "wait for the runtime: no start came");
	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return err_errno(e, "PR_SET_PDEATHSIG");
	/* It may have died while the change of user had cleared that. */
	if (recv(h->sock, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0)
		_exit(1);
	return 0;
}
