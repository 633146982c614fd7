/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "state.h"

#define TAIL_MAX   400       /* bytes of a hook's output in an error */
#define OUTPUT_MAX (1 << 20) /* of it in memory, looked at once a slice */
#define SLICE_MS   100       /* how often a hook that goes on is looked at for a signal that should end it */

/* In the child. Reports the errno of what failed and leaves. */
static void hook_exec(const struct spec_hook *h, const char *cwd, pid_t parent, int in, int out, int report)
{
	char *only_path[] = {h->path, NULL};
	int code;

	/* A group of its own, so that what a hook that is too slow has started can be killed with it; and no hook that
	 * outlives a runtime that was killed. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	signals_default();
	if (cwd)
		(void)!chdir(cwd);
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 && dup2(out, STDERR_FILENO) >= 0 &&
	    fd_cloexec_from(3, NULL) >= 0)
		execve(h->path, h->args.n ? h->args.v : only_path, h->env.v ? h->env.v : environ);
	code = errno;
	(void)fd_write_all(report, &code, sizeof(code));
	_exit(127);
}

/* A signal that asks this process to end, and that it holds back (rt_foreground_begin); or 0. */
static int held_back(void)
{
	static const int ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	sigset_t set;

	if (sigpending(&set) == 0)
		for (size_t i = 0; i < ARRAY_LEN(ends); i++)
			if (sigismember(&set, ends[i]))
				return ends[i];
	return 0;
}

/* What a hook writes is for the message of its failure: the beginning of too much of it is forgotten. */
static void bound_output(int out)
{
	struct stat st;

	if (fstat(out, &st) == 0 && st.st_size > OUTPUT_MAX)
		fallocate(out, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, st.st_size - TAIL_MAX);
}

/* Until the hook ends, at the most until its timeout. Returns 0, -ETIMEDOUT, or -EINTR for a signal held back. */
static int hook_watch(const struct spec_hook *h, int pidfd, int out, struct err *e)
{
	uint64_t end = UINT64_MAX, now = now_us();
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	if (h->timeout.set && h->timeout.v < INT_MAX)
		end = now + (uint64_t)h->timeout.v * 1000000;
	for (;; now = now_us()) {
		uint64_t left = end > now ? (end - now + 999) / 1000 : 0;
		int sig, r = poll(&p, 1, left < SLICE_MS ? (int)left : SLICE_MS);

		if (r > 0)
			return 0;
		if (r < 0 && errno != EINTR)
			return err_errno(e, "wait for '%s'", h->path);
		bound_output(out);
		if (!left)
			return err_set(e, ETIMEDOUT, "'%s' took longer than its timeout of %lld seconds and was killed",
				       h->path, (long long)h->timeout.v);
		sig = held_back();
		if (sig)
			return err_set(e, EINTR, "'%s' was killed because of %s", h->path, signal_name(sig));
	}
}

/* The end of what the hook wrote, as one line. */
static const char *output_tail(int fd, char *text, size_t size)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return "";
	n = pread(fd, text, size - 1, st.st_size > (off_t)size - 1 ? st.st_size - (off_t)size + 1 : 0);
	for (ssize_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ')
			text[i] = ' ';
	while (n > 0 && text[n - 1] == ' ')
		n--;
	text[n > 0 ? n : 0] = '\0';
	return text + strspn(text, " ");
}

static int hook_result(const struct spec_hook *h, const siginfo_t *info, int out, struct err *e)
{
	char text[TAIL_MAX + 1], how[48];
	const char *tail;

	if (info->si_code == CLD_EXITED && info->si_status == 0)
		return 0;
	tail = output_tail(out, text, sizeof(text));
	if (info->si_code == CLD_EXITED)
		snprintf(how, sizeof(how), "ended with status %d", info->si_status);
	else
		snprintf(how, sizeof(how), "was killed by %s", signal_end(info->si_status));
	return err_set(e, ECANCELED, "'%s' %s%s%s%s", h->path, how, *tail ? " (output: " : " (no output)", tail,
		       *tail ? ")" : "");
}

static int hook_run(const struct spec_hook *h, const char *cwd, int in, struct err *e)
{
	AUTO_CLOSE int pidfd = -1, out = memfd_data("hook-output", e), report = -1, report_child = -1;
	pid_t parent = getpid(), pid;
	siginfo_t info = {0};
	int r, code, pair[2];

	/* A memory file, not a pipe: what a hook leaves running may go on writing, and nobody waits for its end. */
	if (out < 0)
		return out;
	if (fcntl(out, F_SETFL, O_APPEND) < 0)
		return err_errno(e, "make a file for the output of '%s'", h->path);
	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_errno(e, "pipe to '%s'", h->path);
	report = pair[0];
	report_child = pair[1];
	if (lseek(in, 0, SEEK_SET) < 0)
		return err_errno(e, "rewind the state for '%s'", h->path);
	pid = proc_clone(0, -1, &pidfd);
	if (pid == 0)
		hook_exec(h, cwd, parent, in, out, report_child);
	if (pid < 0) {
		errno = -pid;
		return err_errno(e, "fork for '%s'", h->path);
	}
	setpgid(pid, pid); /* whoever comes first: the group is there when it has to be killed */
	fd_close_p(&report_child);
	r = hook_watch(h, pidfd, out, e);
	if (r < 0) {
		kill(-pid, SIGKILL);
		proc_pidfd_signal(pidfd, SIGKILL);
	}
	while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return err_errno(e, "wait for '%s'", h->path);
	if (r < 0)
		return r;
	if (read(report, &code, sizeof(code)) == (ssize_t)sizeof(code)) {
		errno = code;
		return err_errno(e, "run '%s'", h->path);
	}
	return hook_result(h, &info, out, e);
}

static int list_run(const struct spec_hook_list *list, enum spec_hook_kind kind, const char *cwd,
		    const char *state_json, bool all, struct err *e)
{
	AUTO_CLOSE int in = -1;

	if (!list->n)
		return 0;
	in = memfd_sealed("state", state_json, strlen(state_json), e);
	if (in < 0)
		return in;
	for (size_t i = 0; i < list->n; i++) {
		struct err local = {0};
		char text[sizeof(local)];

		if (hook_run(&list->v[i], cwd, in, &local) >= 0)
			continue;
		err_before(&local, "error running %s hook #%zu: ", spec_hook_name(kind), i); /* as runc says it */
		err_ctx(&local, "hooks.%s[%zu]", spec_hook_name(kind), i);
		if (all) {
			log_warn("%s", err_str(&local, text, sizeof(text)));
			continue;
		}
		if (e && !e->code)
			*e = local;
		return -local.code;
	}
	return 0;
}

int rt_hooks_run(const struct spec_hook_list *list, enum spec_hook_kind kind, const char *cwd, const char *state_json,
		 struct err *e)
{
	return list_run(list, kind, cwd, state_json, false, e);
}

void rt_hooks_run_all(const struct spec_hook_list *list, enum spec_hook_kind kind, const char *cwd,
		      const char *state_json)
{
	struct err e = {0};

	if (list_run(list, kind, cwd, state_json, true, &e) < 0)
		log_warn("hooks.%s: %s", spec_hook_name(kind), e.text);
}
