/* SPDX-License-Identifier: Apache-2.0 */
/* The engine that asks nothing of the traced: the kernel refuses by filter, and calls that are to be reported wait at a
 * listener (seccomp_unotify(2)) for their answer. It decides on numbers alone, never on memory. */
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine.h"
#include "jail/helper/arch.h"
#include "jail/helper/audit.h"
#include "jail/helper/calls.h"
#include "jail/helper/session.h"

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS _IOW('!', 4, __u64)
#endif
#define SYNC_WAKE_UP 1ul /* SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, Linux 6.6 */

/* One for each tree of processes: the container's own, and those by `exec`. */
static int *listeners;
static size_t n_listeners, room;

static int adopt(struct helper *h, pid_t pid, struct err *e)
{
	(void)h;
	(void)pid;
	(void)e;
	return 0;
}

static void listener(struct helper *h, int fd)
{
	if (n_listeners == room) {
		int *more = realloc(listeners, (2 * room + 8) * sizeof(*more));

		if (!more) { /* whoever waits at it gets ENOSYS: refused it is */
			close(fd);
			return;
		}
		listeners = more;
		room = 2 * room + 8;
	}
	(void)h;
	listeners[n_listeners++] = fd;
	/* Caller and supervisor take turns on one processor: a third of the time of a wake-up across. */
	(void)ioctl(fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SYNC_WAKE_UP);
}

static const int *poll_fds(size_t *ret_n)
{
	*ret_n = n_listeners;
	return listeners;
}

/* The last task under its filter is gone. */
static void listener_close(int fd)
{
	for (size_t i = 0; i < n_listeners; i++)
		if (listeners[i] == fd) {
			listeners[i] = listeners[--n_listeners];
			close(fd);
			return;
		}
}

/* What a process does on its way to its first program is the jail's doing, and not the workload's: of that only exec is judged. */
static bool is_jails_own(const struct seccomp_notif *n)
{
	bool exec = n->data.arch == ARCH_NATIVE && (n->data.nr == SYS_execve || n->data.nr == SYS_execveat);

	return !exec && session_on_its_way((pid_t)n->pid);
}

/* Fills in the answer. A call that fits no rule is refused: the filter and the rules disagree. */
static void decide(struct helper *h, int fd, const struct seccomp_notif *n, struct seccomp_notif_resp *resp,
		   const struct jail_rule **ret_counted)
{
	uint64_t args[6];
	const struct jail_rule *rule;
	struct denial d = {.tid = (pid_t)n->pid, .target = NO_TARGET, .nr = n->data.nr, .arch = n->data.arch};
	int i;

	memcpy(args, n->data.args, sizeof(args));
	memcpy(d.args, args, sizeof(args));
	resp->error = -audit_profile(h, d.tid, n->data.arch, n->data.nr, args);
	if (resp->error)
		return;
	i = jail_rule_find(&h->plan, n->data.arch, n->data.nr, args);
	rule = i < 0 ? NULL : &h->plan.rules[i];
	if (is_jails_own(n) && !(rule && jail_rule_foreign(rule))) {
		resp->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		return;
	}
	d.from = rule;
	d.rule = rule ? rule->name : "none";
	d.policy = rule ? rule->policy : 0;
	if (rule && (rule->trap == JAIL_TRAP_COUNT || rule->trap == JAIL_TRAP_LOG) && !session_on_its_way(d.tid)) {
		if (!calls_take(h, rule, &d)) {
			resp->error = -d.err;
			if (d.kill && ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &n->id) == 0)
				kill((pid_t)n->pid, SIGKILL);
			return;
		}
		*ret_counted = rule;
	}
	if (rule && rule->trap == JAIL_TRAP_COUNT) { /* it was about the number of the call alone */
		resp->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		return;
	}
	if (rule && rule->trap == JAIL_TRAP_LOG) { /* nothing is enforced: there is no race to be lost */
		resp->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		resp->error = 0;
		if (rule->note.rule) {
			audit_note(h, &d, &rule->note);
			return;
		}
	} else {
		d.err = rule && rule->err > 0 ? rule->err : EPERM;
		d.kill = rule && rule->trap == JAIL_TRAP_KILL;
		d.allow = audit_how_to_allow(rule);
		resp->error = -d.err;
	}
	audit_denial(h, &d);
	/* The id is checked after all that took the pid for this caller's. */
	if (d.kill && ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &n->id) == 0)
		kill((pid_t)n->pid, SIGKILL);
}

static void on_readable(struct helper *h, int fd)
{
	/* Kernels may have larger structs than these headers; the ends of both stay zero. */
	static union {
		struct seccomp_notif n;
		char room[512];
	} req;
	static union {
		struct seccomp_notif_resp r;
		char room[512];
	} resp;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	const struct jail_rule *counted = NULL;

	memset(&req, 0, sizeof(req));
	memset(&resp, 0, sizeof(resp));
	if (poll(&p, 1, 0) != 1) /* receiving would wait for the next one */
		return;
	if (!(p.revents & POLLIN)) {
		listener_close(fd);
		return;
	}
	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &req) < 0)
		return; /* ENOENT: the caller died or was interrupted meanwhile */
	resp.r.id = req.n.id;
	decide(h, fd, &req.n, &resp.r, &counted);
	/* ENOENT: as above; it did not go on, and is asked about anew when it is made anew */
	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp) < 0 && counted)
		calls_give_back(h, counted);
}

const struct jail_engine_ops engine_notify = {
    .name = "notify",
    .adopt = adopt,
    .listener = listener,
    .poll_fds = poll_fds,
    .on_readable = on_readable,
};
