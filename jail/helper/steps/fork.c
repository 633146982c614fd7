/* SPDX-License-Identifier: Apache-2.0 */
/* policy.arm and fork: one process becomes two. The child goes on with its rows at once; before it loads the policy's
 * filter it waits until the supervisor has got hold of it, so that the first call that is trapped has someone to
 * answer it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail/helper/engines/engine.h"
#include "jail/helper/engines/trace/view.h"

#ifndef FSOPEN_CLOEXEC
#define FSOPEN_CLOEXEC 1
#endif
#ifndef FSMOUNT_CLOEXEC
#define FSMOUNT_CLOEXEC 1
#endif
#define FS_CREATE        6 /* FSCONFIG_CMD_CREATE; an enum in some headers, missing in others */
#define NO_SUID_DEV_EXEC 0xe

int private_proc(void)
{
	AUTO_CLOSE int fs = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);

	if (fs < 0 || syscall(SYS_fsconfig, fs, FS_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, NO_SUID_DEV_EXEC);
}

/* What /proc says decides about exec and signals. A workload that can mount could cover the container's; an outer init
 * sees the wrong pids there. */
static int open_proc(struct helper *h, struct err *e)
{
	const uint64_t sys_admin = 1ull << 21;
	struct statfs fs;

	if (h->h.role == JAIL_ROLE_OUTER || (h->plan.seal.set_caps && (h->plan.seal.caps[CAPS_BOUNDING] & sys_admin)))
		h->proc_fd = private_proc();
	if (h->proc_fd < 0 && h->h.role != JAIL_ROLE_OUTER)
		h->proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (h->proc_fd >= 0 && (fstatfs(h->proc_fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC))
		fd_close_p(&h->proc_fd);
	if (h->proc_fd < 0 && h->plan.engine == JAIL_TRACE && (h->proc_fd = private_proc()) < 0)
		return err_set(e, ENOENT,
			       "policy %s: rules on exec, limits and protected processes need a procfs: mount one "
			       "at /proc",
			       h->plan.policy);
	return 0;
}

int step_arm(struct helper *h, struct err *e)
{
	int r;

	if (!h->engine)
		return 0;
	if (getpid() != 1)
		return err_set(
		    e, EINVAL,
		    "policy %s: the jail needs a pid namespace of its own (linux.namespaces: pid without a path)",
		    h->plan.policy);
	/* In the caller's session the workload would reach that one's scheduling group, by /proc/1/autogroup. */
	if (setsid() < 0 && errno != EPERM) /* EPERM: it leads one already */
		return err_errno(e, "setsid");
	r = open_signals(h, e);
	if (r >= 0)
		r = open_proc(h, e);
	if (r >= 0)
		r = view_make(h, e);
	if (r >= 0)
		r = view_follow(h, e);
	if (r >= 0)
		r = files_arm(h, e);
	return r < 0 || !h->engine->arm ? r : h->engine->arm(h, e);
}

/* The child's side of the word. An inner init hears it before its first row, with the socket to the runtime. */
int wait_for_go(struct helper *h, struct err *e)
{
	AUTO_CLOSE int fd = -1;
	struct wire m;
	int r;

	if (h->go || h->peer < 0)
		return 0;
	if (h->h.role == JAIL_ROLE_INNER)
		wire_send(h->peer, &(struct wire){.kind = WIRE_BATON}, -1);
	r = files_receive(h, &m, &fd);
	if (r == 0) /* the supervisor died, and has told why */
		_exit(1);
	if (r < 0 || m.kind != WIRE_START)
		return err_set(e, EBADMSG, "wait for the supervisor: no start came");
	if (fd >= 0) {
		fd_close_p(&h->sock);
		h->sock = take_fd(&fd);
	}
	h->go = true;
	return 0;
}

int enter_cgroup_ns(const struct helper *h, int fd, struct err *e)
{
	if (fd >= 0 && setns(fd, CLONE_NEWCGROUP) < 0)
		return err_errno(e, "join the container's cgroup namespace");
	if (fd < 0 && h->plan.cgroup_ns && unshare(CLONE_NEWCGROUP) < 0)
		return err_errno(e, "make a cgroup namespace");
	return 0;
}

/* Who looks for the container's namespaces looks at the supervisor, which could not be in this one before: from there nobody
 * makes a process in a cgroup beside its root (cgroup-v2.rst, nsdelegate). Where a namespace cannot be had by a pidfd, it stays
 * in the one before, and processes by `exec` make one of their own, which shows the same. */
static void follow_cgroup_ns(const struct helper *h)
{
	AUTO_CLOSE int pidfd = proc_pidfd_open(h->main);

	if (pidfd >= 0)
		(void)setns(pidfd, CLONE_NEWCGROUP);
}

/* The child's part, and the supervisor's, which waits for it. */
static int share_cgroup_ns(struct helper *h, struct err *e)
{
	struct wire m = {.kind = WIRE_BATON};

	if (h->workload)
		return enter_cgroup_ns(h, -1, e) < 0 ? -e->code : wire_send(h->peer, &m, -1);
	if (wire_recv(h->peer, &m, NULL) <= 0) /* it has told the runtime why */
		_exit(1);
	follow_cgroup_ns(h);
	return 0;
}

static int fork_main(struct helper *h, struct err *e)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(e, "socketpair");
	pid = proc_clone(0, h->cgroup_fd, NULL);
	if (pid < 0)
		return err_set(e, -pid, "fork the workload's process: %s (%s)%s", strerror(-pid), errno_name(-pid),
			       pid == -EAGAIN ? "; a limit on processes (RLIMIT_NPROC, pids.max) is reached" : "");
	h->peer = pair[pid > 0 ? 0 : 1];
	close(pair[pid > 0 ? 1 : 0]);
	h->main = pid;
	h->workload = pid == 0;
	fd_close_p(&h->cgroup_fd);
	return h->plan.cgroup_ns ? share_cgroup_ns(h, e) : 0;
}

int step_fork(struct helper *h, struct err *e)
{
	bool inner = h->h.role == JAIL_ROLE_OUTER;
	int r = 0;

	if (!h->engine && !inner) {
		h->workload = h->go = true;
		return 0;
	}
	if (inner) {
		h->main = h->h.peer;
		fd_close_p(&h->cgroup_fd);
		if (h->plan.cgroup_ns) /* the inner init has made it before it said a word */
			follow_cgroup_ns(h);
	} else {
		r = fork_main(h, e);
	}
	if (r < 0 || h->workload)
		return r;
	return h->engine ? h->engine->adopt(h, h->main, e) : 0;
}

int give_go(struct helper *h, struct err *e)
{
	bool inner = h->h.role == JAIL_ROLE_OUTER;
	int r = inner ? files_send(h, h->peer) : 0;

	if (r >= 0)
		r = wire_send(h->peer, &(struct wire){.kind = WIRE_START}, inner ? h->sock : -1);
	if (r < 0 && r != -EPIPE) /* a child that is gone has told why */
		return err_set(e, -r, "give the word to the workload's process: %s", strerror(-r));
	return 0;
}
