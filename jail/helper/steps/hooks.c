/* SPDX-License-Identifier: Apache-2.0 */
/* hooks.startContainer: programs of the hostile rootfs. They run sealed like the workload, but for the policy, and nothing of
 * theirs is left when the workload begins. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail/helper/helper.h"

#define TAIL       512 /* bytes of its output that go into the error */
#define PIPE_READS 128 /* of TAIL bytes: what a pipe holds at the most (pipe(7)) */

/* The child's side: returns only on failure. */
static void run_sealed(struct helper *h, const struct spec_hook *hook, int in, int out, struct err *e)
{
	char *args[] = {hook->path, NULL};

	h->plan.seal.terminal = false;
	h->plan.seal.preserve_fds = 0;
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) {
		err_errno(e, "redirect the hook's output");
		return;
	}
	if (step_session(h, e) < 0 || step_rlimits(h, e) < 0 || step_user(h, e) < 0 || step_caps(h, e) < 0 ||
	    step_fds(h, e) < 0 || load_oci_filter(h, e) < 0)
		return;
	/* One that names no environment has the workload's, as with other runtimes, with the HOME that step_user found. */
	execve(hook->path, hook->args.n ? hook->args.v : args, hook->env.v ? hook->env.v : h->plan.seal.env.v);
	err_errno(e, "exec '%s'", hook->path);
}

/* Keeps the last bytes of what comes. Returns false when there is nothing more at the moment, or ever. */
static bool read_tail(int fd, char *tail, size_t *len)
{
	char text[TAIL];
	ssize_t n = read(fd, text, sizeof(text));
	size_t old = *len;

	if (n <= 0)
		return false;
	if (old + (size_t)n > TAIL)
		old = TAIL - (size_t)n;
	memmove(tail, tail + *len - old, old);
	memcpy(tail + old, text, (size_t)n);
	*len = old + (size_t)n;
	return true;
}

/* Until the process ends; what it leaves running may keep the pipe open, and go on writing to it. */
static int wait_for_hook(pid_t pid, int pidfd, int out, const struct opt_i64 *timeout, char *tail, int *ret_status)
{
	uint64_t end = timeout->set ? now_us() + (uint64_t)timeout->v * 1000000 : UINT64_MAX;
	size_t len = 0;
	int r = 0;

	for (;;) {
		struct pollfd fds[] = {{.fd = pidfd, .events = POLLIN}, {.fd = out, .events = POLLIN}};
		uint64_t now = now_us();
		uint64_t left = end == UINT64_MAX ? 0 : end > now ? (end - now) / 1000 + 1 : 0;

		if (end <= now) {
			kill(-pid, SIGKILL); /* step_session made it the leader of a group */
			kill(pid, SIGKILL);
			r = -ETIMEDOUT;
			break;
		}
		if (poll(fds, ARRAY_LEN(fds), end == UINT64_MAX ? -1 : left > INT_MAX ? INT_MAX : (int)left) < 0)
			continue;
		if (fds[1].revents && !read_tail(out, tail, &len))
			out = -1;
		if (fds[0].revents)
			break;
	}
	for (int i = 0; out >= 0 && i < PIPE_READS && read_tail(out, tail, &len); i++)
		;
	for (size_t i = 0; i < len; i++)
		if (!tail[i]) /* would end the message */
			tail[i] = ' ';
	while (len && tail[len - 1] == '\n')
		len--;
	tail[len] = '\0';
	proc_wait(pid, ret_status, __WALL);
	return r;
}

static int run_hook(struct helper *h, const struct spec_hook *hook, struct err *e)
{
	const char *state = h->plan.seal.hook_state ? h->plan.seal.hook_state : "{}";
	AUTO_CLOSE int in = memfd_sealed("hook-state", state, strlen(state), e);
	AUTO_CLOSE int pidfd = -1, out_r = -1, out_w = -1;
	char tail[TAIL + 1];
	int pipe_fds[2], status = 0, r;
	pid_t pid;

	if (in < 0)
		return in;
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_errno(e, "pipe for the hook's output");
	out_r = pipe_fds[0];
	out_w = pipe_fds[1];
	if (fcntl(out_r, F_SETFL, O_NONBLOCK) < 0)
		return err_errno(e, "fcntl on the pipe for the hook's output");
	pid = proc_clone(0, -1, &pidfd);
	if (pid < 0)
		return err_set(e, -pid, "fork for the hook: %s", strerror(-pid));
	if (pid == 0) {
		struct err why = {0};

		run_sealed(h, hook, in, out_w, &why);
		dprintf(2, "%s\n", why.text);
		_exit(127);
	}
	fd_close_p(&out_w);
	r = wait_for_hook(pid, pidfd, out_r, &hook->timeout, tail, &status);
	if (r < 0)
		return err_set(e, -r, "'%s' ran into its timeout of %lld s%s%s", hook->path, (long long)hook->timeout.v,
			       *tail ? ": " : "", tail);
	if (WIFSIGNALED(status))
		return err_set(e, EIO, "'%s' was killed by %s: %s", hook->path, signal_end(WTERMSIG(status)), tail);
	if (WEXITSTATUS(status) != 0)
		return err_set(e, EIO, "'%s' failed: exit status %d: %s", hook->path, WEXITSTATUS(status), tail);
	return 0;
}

/* What a hook left running would live on outside of the policy. The pids of a namespace that was empty before are below
 * that of a process made now. */
static int kill_left_over(struct helper *h, struct err *e)
{
	for (int round = 0; round < 100; round++) {
		pid_t top = proc_clone(0, -1, NULL);
		bool found = false;

		if (top == 0)
			_exit(0);
		if (top < 0)
			return err_set(e, -top, "fork to find what the hooks left: %s", strerror(-top));
		proc_wait(top, NULL, __WALL);
		for (pid_t pid = 2; pid < top; pid++)
			if (pid != h->h.peer && kill(pid, SIGKILL) == 0)
				found = true;
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
		if (!found)
			return 0;
		(void)poll(NULL, 0, round);
	}
	return err_set(e, EBUSY, "the hooks left processes running that do not end");
}

/* From now on, children of this process are made in the pid namespace of the process pid: the container's is that of the
 * inner init. */
static int children_in_pidns_of(pid_t pid, struct err *e)
{
	AUTO_CLOSE int fd = proc_pidfd_open(pid);

	if (fd < 0)
		return err_set(e, -fd, "pidfd_open for the hooks' pid namespace: %s", strerror(-fd));
	return setns(fd, CLONE_NEWPID) < 0 ? err_errno(e, "enter the pid namespace for the hooks") : 0;
}

int step_hooks(struct helper *h, struct err *e)
{
	const struct spec_hook_list *l = &h->plan.seal.start_hooks;
	bool outer = l->n && h->h.role == JAIL_ROLE_OUTER;

	if (outer && children_in_pidns_of(h->h.peer, e) < 0)
		return -e->code;
	for (size_t i = 0; i < l->n; i++)
		if (run_hook(h, &l->v[i], e) < 0) {
			err_before(e, "error running startContainer hook #%zu: ", i); /* as runc says it */
			return err_ctx(e, "hooks.startContainer[%zu]", i);
		}
	if (outer && children_in_pidns_of(getpid(), e) < 0)
		return -e->code;
	return l->n && h->engine && getpid() == 1 ? kill_left_over(h, e) : 0;
}
