/* SPDX-License-Identifier: Apache-2.0 */
/* What io_uring does in the place of system calls. A filter does not see its operations: a policy that refuses the call has to keep
 * the ring away. The operations are IORING_OP_* of linux/io_uring.h, up to Linux 6.18. */
#include "jail/internal.h"

#define TTY_IOCTLS 0x5400u
#define SIOCINQ_   0x541bu
#define SIOCOUTQ_  0x5411u

/* The calls, by all names that an ABI has for them, and their next of kin. */
static const char *const calls[] = {
    /* OPENAT, OPENAT2, CLOSE, FIXED_FD_INSTALL */
    "open", "openat", "openat2", "creat", "close",
    /* READ, READV, READ_FIXED, READ_MULTISHOT, WRITE … */
    "read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev", "pwritev2",
    /* FSYNC, SYNC_FILE_RANGE, FALLOCATE, FTRUNCATE, FADVISE, MADVISE */
    "fsync", "fdatasync", "sync_file_range", "sync_file_range2", "fallocate", "ftruncate", "ftruncate64", "truncate",
    "truncate64", "fadvise64", "fadvise64_64", "madvise",
    /* STATX; FSETXATTR, SETXATTR, FGETXATTR, GETXATTR */
    "statx", "stat", "stat64", "lstat", "lstat64", "fstat", "fstat64", "newfstatat", "fstatat64", "setxattr",
    "lsetxattr", "fsetxattr", "setxattrat", "getxattr", "lgetxattr", "fgetxattr", "getxattrat",
    /* RENAMEAT, UNLINKAT, MKDIRAT, SYMLINKAT, LINKAT */
    "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "symlink", "symlinkat",
    "link", "linkat",
    /* SOCKET, BIND, LISTEN, ACCEPT, CONNECT, SHUTDOWN, SEND, SENDMSG, RECV, RECVMSG, SEND_ZC …; URING_CMD of sockets */
    "socket", "bind", "listen", "accept", "accept4", "connect", "shutdown", "send", "sendto", "sendmsg", "sendmmsg",
    "recv", "recvfrom", "recvmsg", "recvmmsg", "getsockopt", "setsockopt", "socketcall",
    /* SPLICE, TEE, PIPE */
    "splice", "tee", "pipe", "pipe2",
    /* EPOLL_CTL, EPOLL_WAIT, POLL_ADD, TIMEOUT */
    "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "ppoll_time64", "select", "_newselect",
    "pselect6", "pselect6_time64", "nanosleep", "clock_nanosleep", "clock_nanosleep_time64",
    /* WAITID; FUTEX_WAIT, FUTEX_WAKE, FUTEX_WAITV */
    "waitid", "wait4", "waitpid", "futex", "futex_time64", "futex_wait", "futex_wake", "futex_waitv"};

/* URING_CMD goes to the driver: for some (NVMe, ublk), and for the lengths of sockets' queues, it is an ioctl by another name. Terminals
 * have none. */
static bool ioctl_has(const struct spec_seccomp_rule *r)
{
	for (size_t i = 0; i < r->n_args; i++) {
		const struct word *op = word_find(seccomp_operators, r->args[i].op);
		uint32_t request = (uint32_t)r->args[i].value;

		if (op && op->value == JAIL_EQ && r->args[i].index == 1 && (request & ~0xffu) == TTY_IOCTLS &&
		    request != SIOCINQ_ && request != SIOCOUTQ_ && !rule_has_alternatives(r))
			return false;
	}
	return true;
}

static bool has_operation(const struct spec_seccomp_rule *r, const char *call)
{
	if (str_eq(call, "ioctl"))
		return ioctl_has(r);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (str_eq(call, calls[i]))
			return true;
	return false;
}

static bool refuses(const char *action)
{
	const struct word *w = word_find(seccomp_actions, action);

	return !w || (w->value != SECCOMP_RET_ALLOW && w->value != SECCOMP_RET_LOG);
}

/* Whether one of the first n rules lets the call through, whatever its arguments. */
static bool let_before(const struct spec_seccomp *s, size_t n, const char *call)
{
	for (size_t i = 0; i < n; i++)
		if (!s->rules[i].n_args && !refuses(s->rules[i].action) && strv_has(&s->rules[i].names, call))
			return true;
	return false;
}

static bool allowed_by_name(const struct spec_seccomp *s)
{
	for (size_t i = 0; i < s->n_rules; i++)
		if (str_eq(s->rules[i].action, "SCMP_ACT_ALLOW") && strv_has(&s->rules[i].names, "io_uring_setup"))
			return true;
	return false;
}

bool uring_has(const struct spec_seccomp *s, const char *call)
{
	const struct spec_seccomp_rule any = {0};

	return has_operation(&any, call) && !(s->set && allowed_by_name(s));
}

int uring_closed(const struct spec_seccomp *s, struct arena *a, char **ret)
{
	*ret = NULL;
	if (!s->set || allowed_by_name(s))
		return 0;
	for (size_t i = 0; i < s->n_rules; i++)
		for (size_t k = 0; refuses(s->rules[i].action) && k < s->rules[i].names.n; k++) {
			const char *call = s->rules[i].names.v[k];

			if (!has_operation(&s->rules[i], call) || let_before(s, i, call))
				continue;
			*ret = arena_printf(a, "%s, which syscalls.syscalls[%zu] refuses", call, i);
			return *ret ? 1 : -1;
		}
	for (size_t i = 0; refuses(s->default_action) && i < ARRAY_LEN(calls); i++)
		if (!let_before(s, s->n_rules, calls[i])) {
			*ret = arena_printf(a, "%s, which syscalls.defaultAction refuses", calls[i]);
			return *ret ? 1 : -1;
		}
	return 0;
}
