/* SPDX-License-Identifier: Apache-2.0 */
/* A seccomp filter around jailrun: a container's, a sandbox's, another jail's. Which of the calls that jailrun lives on it refuses is
 * asked once something has failed, by calls that can do nothing: the kernel answers each with an error of its own. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime.h"

#define ASK_MS 2000 /* a filter may hand the calls to somebody who does not answer */
#define NOBODY (-1L)

static const struct {
	const char *name;
	long nr, arg[5];
	bool privileged; /* the kernel itself says EPERM first to who has no CAP_SYS_ADMIN */
} calls[] = {
    {"bpf", SYS_bpf, {0, 0, 1 << 20}, false},
    {"clone3", SYS_clone3, {0, 0}, false},
    {"close_range", SYS_close_range, {1, 0, 0}, false},
    {"execveat", SYS_execveat, {NOBODY, 0, 0, 0, ~0xffffL}, false},
    {"faccessat2", SYS_faccessat2, {NOBODY, 0, ~0xffL, 0}, false},
    {"fsconfig", SYS_fsconfig, {NOBODY, 0, 0, 0, 0}, false},
    {"fsmount", SYS_fsmount, {NOBODY, ~0xffL, ~0xffL}, true},
    {"fsopen", SYS_fsopen, {0, ~0xffL}, true},
    {"fspick", SYS_fspick, {NOBODY, 0, ~0xffL}, true},
    {"memfd_create", SYS_memfd_create, {0, ~0xffffL}, false},
    {"mount", SYS_mount, {0, 0, 0, 0, 0}, false},
    {"mount_setattr", SYS_mount_setattr, {NOBODY, 0, 1, 0, 0}, false},
    {"move_mount", SYS_move_mount, {NOBODY, 0, NOBODY, 0, ~0xfffL}, true},
    {"open_tree", SYS_open_tree, {NOBODY, 0, 1 << 30}, false},
    {"openat2", SYS_openat2, {NOBODY, 0, 0, 0}, false},
    {"pidfd_getfd", SYS_pidfd_getfd, {NOBODY, 0, 1}, false},
    {"pidfd_open", SYS_pidfd_open, {NOBODY, 1}, false},
    {"pidfd_send_signal", SYS_pidfd_send_signal, {NOBODY, 0, 0, 1 << 30}, false},
    {"pivot_root", SYS_pivot_root, {0, 0}, true},
    {"prlimit64", SYS_prlimit64, {0, NOBODY, 0, 0}, false},
    {"seccomp", SYS_seccomp, {~0xffL, 0, 0}, false},
    {"setns", SYS_setns, {NOBODY, 0}, false},
    {"statx", SYS_statx, {NOBODY, 0, 0, 1L << 31, 0}, false},
    {"umount2", SYS_umount2, {0, 1 << 30}, false},
    {"unshare", SYS_unshare, {1}, false},
};

static bool refuses(size_t i)
{
	const long *a = calls[i].arg;

	if (syscall(calls[i].nr, a[0], a[1], a[2], a[3], a[4]) >= 0)
		return false;
	return errno == ENOSYS || errno == EACCES || (errno == EPERM && (!calls[i].privileged || geteuid() == 0));
}

/* In a process of its own, since a filter can kill too: the number of a call before it is tried, and again when it is refused. */
static void ask(int to)
{
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		const unsigned char number = (unsigned char)i;

		if (write(to, &number, 1) != 1 || (refuses(i) && write(to, &number, 1) != 1))
			break;
	}
	_exit(0);
}

static void listen_to(int from, bool refused[ARRAY_LEN(calls)])
{
	struct pollfd p = {.fd = from, .events = POLLIN};
	int last = -1;
	unsigned char i;

	while (poll(&p, 1, ASK_MS) == 1 && read(from, &i, 1) == 1 && i < ARRAY_LEN(calls)) {
		refused[i] = last == i;
		last = i;
	}
	/* What it died of, or hangs in. */
	if (last >= 0 && (size_t)last + 1 < ARRAY_LEN(calls))
		refused[last] = true;
}

static size_t ask_all(bool refused[ARRAY_LEN(calls)])
{
	int fds[2];
	size_t n = 0;
	pid_t pid;

	if (pipe(fds) < 0)
		return 0;
	pid = fork();
	if (pid == 0)
		ask(fds[1]);
	close(fds[1]);
	if (pid > 0) {
		listen_to(fds[0], refused);
		kill(pid, SIGKILL); /* it is not waited for yet: the number is its own */
		proc_wait(pid, NULL, 0);
	}
	close(fds[0]);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		n += refused[i];
	return n;
}

void rt_outer_hint(const struct err *e, struct buf *out)
{
	bool refused[ARRAY_LEN(calls)] = {0};
	size_t n, said = 0;

	if ((e->code != EPERM && e->code != ENOSYS && e->code != EACCES && e->code != EOPNOTSUPP) ||
	    !proc_is_filtered())
		return;
	n = ask_all(refused);
	if (!n && (e->code == EPERM || e->code == ENOSYS))
		buf_printf(out, "; jailrun runs under a seccomp filter of a container or a sandbox around it, which "
				"may be the cause");
	if (!n)
		return;
	buf_printf(out, "; likely cause: jailrun runs under a seccomp filter of a container or a sandbox around it, "
			"which refuses ");
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (refused[i])
			buf_printf(out, "%s%s(2)", !said++ ? "" : said == n ? " and " : ", ", calls[i].name);
	buf_printf(out, ": let that filter allow %s", n == 1 ? "it" : "them");
}
