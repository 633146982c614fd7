/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "proc.h"

/* clone(2) has its signal where clone3(2) has these flags. */
#define NOT_IN_CLONE 0xffull

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

static int put_into_cgroup(int cgroup_fd, pid_t pid)
{
	AUTO_CLOSE int fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)pid);

	if (fd < 0)
		return -errno;
	return write(fd, text, (size_t)n) == n ? 0 : -errno;
}

/* The child does nothing before it is where it belongs; without the word it never was. */
static pid_t clone_and_move(uint64_t flags, int cgroup_fd, int *pidfd)
{
	int word[2], r;
	char byte = 0;
	pid_t pid;

	if (pipe2(word, O_CLOEXEC) < 0)
		return -errno;
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
	if (!(flags & CLONE_PARENT))
		proc_wait(pid, NULL, 0);
	if (flags & CLONE_PIDFD)
		close(*pidfd);
	return r;
}

/* Seccomp filters of containers and of sandboxes answer clone3(2) with ENOSYS or EPERM, since they cannot look at its flags. */
static pid_t clone_as_before(uint64_t flags, int cgroup_fd, int *pidfd)
{
	if (flags & NOT_IN_CLONE)
		return -ENOSYS;
	return cgroup_fd >= 0 ? clone_and_move(flags, cgroup_fd, pidfd) : old_clone(flags, pidfd);
}

pid_t proc_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd)
{
	int pidfd = -1;
	struct clone_args args = {
	    .flags = flags | (ret_pidfd ? CLONE_PIDFD : 0),
	    .pidfd = (uint64_t)(uintptr_t)&pidfd,
	    .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD, /* a sibling inherits ours */
	};
	pid_t pid;

	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		pid = -errno;
	if (pid == -ENOSYS || pid == -EPERM)
		pid = clone_as_before(flags | (ret_pidfd ? CLONE_PIDFD : 0), cgroup_fd, &pidfd);
	if (pid > 0 && ret_pidfd)
		*ret_pidfd = pidfd;
	return pid;
}
