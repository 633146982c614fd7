/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "proc.h"

/* clone(2) has its signal where clone3(2) has these flags. */
#define NOT_IN_CLONE 0xffull
#define LIFE_US      1000000u

static pid_t unborn; /* see proc_unborn() */

pid_t proc_unborn(void)
{
	return unborn;
}

/* With a stack of its own for none: as fork(2). */
static pid_t old_clone(uint64_t flags, int *pidfd)
{
	const unsigned long all = (unsigned long)flags | SIGCHLD; /* of CLONE_PARENT the kernel ignores the signal */

#ifdef __s390x__
	const long pid = syscall(SYS_clone, 0ul, all, pidfd, NULL, 0ul);
#else
	const long pid = syscall(SYS_clone, all, 0ul, pidfd, NULL, 0ul);
#endif
	return pid < 0 ? -errno : (pid_t)pid;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the kernel writes there */
static pid_t new_clone(uint64_t flags, int cgroup_fd, int *pidfd)
{
	struct clone_args args = {
	    .flags = flags | (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
	    .pidfd = (uint64_t)(uintptr_t)pidfd,
	    .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD, /* a sibling inherits ours */
	    .cgroup = cgroup_fd >= 0 ? (uint64_t)cgroup_fd : 0,
	};
	const long pid = syscall(SYS_clone3, &args, sizeof(args));

	return pid < 0 ? -errno : (pid_t)pid;
}

/* Seccomp filters of containers and of sandboxes answer clone3(2) with ENOSYS or EPERM, since they cannot look at its flags. */
static bool is_refused(pid_t pid, uint64_t flags)
{
	return (pid == -ENOSYS || pid == -EPERM) && !(flags & NOT_IN_CLONE);
}

static int put_into_cgroup(int cgroup_fd, pid_t pid)
{
	AUTO_CLOSE int fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)pid);

	if (fd < 0)
		return -errno;
	return write(fd, text, (size_t)n) == n ? 0 : -errno;
}

/* A process that is never to be. */
static void unmake(pid_t pid, uint64_t flags, const int *pidfd)
{
	if (flags & CLONE_PARENT)
		unborn = pid;
	else
		proc_wait(pid, NULL, 0);
	if (flags & CLONE_PIDFD)
		close(*pidfd);
}

/* The child does nothing before it is where it belongs; without the word it never was. */
static pid_t clone_and_move(uint64_t flags, int cgroup_fd, int *pidfd)
{
	int word[2], r;
	char byte = 0;
	pid_t pid;

	if (pipe2(word, O_CLOEXEC) < 0)
		return -errno;
	pid = new_clone(flags, -1, pidfd);
	if (is_refused(pid, flags))
		pid = old_clone(flags, pidfd);
	if (pid == 0) {
		close(word[1]);
		do
			r = (int)read(word[0], &byte, 1);
		while (r < 0 && errno == EINTR);
		if (r != 1)
			_exit(1);
		close(word[0]);
		return 0;
	}
	r = pid < 0 ? pid : put_into_cgroup(cgroup_fd, pid);
	if (r == 0)
		r = fd_write_all(word[1], &byte, 1);
	close(word[0]); /* not before: of a child that was killed SIGPIPE would come */
	close(word[1]);
	if (r == 0 || pid < 0)
		return r == 0 ? pid : r;
	kill(pid, SIGKILL); /* it waits: the number is its own */
	unmake(pid, flags, pidfd);
	return r;
}

/* Whether the other end has spoken; nobody has who is in a frozen cgroup, or in one whose CPU time is used up, but he lives. */
static bool lives(int fd)
{
	const uint64_t until = now_us() + LIFE_US;
	uint64_t now;
	char byte;

	while ((now = now_us()) < until) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (poll(&p, 1, (int)((until - now + 999) / 1000)) > 0)
			return recv(fd, &byte, 1, 0) == 1;
	}
	return true;
}

/* Some kernels (6.12.95, 6.18) compare how often cgroup.kill was written to in the caller's cgroup and in the new one. Where that differs
 * each newborn gets SIGKILL before its first instruction, today and for ever. So it has to say that it lives. */
static pid_t clone_into(uint64_t flags, int cgroup_fd, int *pidfd)
{
	int pair[2];
	bool stays;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid = new_clone(flags, cgroup_fd, pidfd);
	close(pair[pid == 0 ? 0 : 1]);
	if (pid == 0) {
		(void)send(pair[1], "", 1, MSG_NOSIGNAL);
		close(pair[1]);
		return 0;
	}
	stays = pid < 0 || lives(pair[0]);
	close(pair[0]);
	if (stays)
		return pid;
	unmake(pid, flags, pidfd);
	return clone_and_move(flags, cgroup_fd, pidfd);
}

pid_t proc_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd)
{
	int pidfd = -1;
	pid_t pid;

	unborn = 0;
	flags |= ret_pidfd ? CLONE_PIDFD : 0;
	pid = cgroup_fd >= 0 ? clone_into(flags, cgroup_fd, &pidfd) : new_clone(flags, -1, &pidfd);
	if (is_refused(pid, flags))
		pid = cgroup_fd >= 0 ? clone_and_move(flags, cgroup_fd, &pidfd) : old_clone(flags, &pidfd);
	if (pid > 0 && ret_pidfd)
		*ret_pidfd = pidfd;
	return pid;
}
