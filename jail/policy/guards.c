/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps the jail standing. These arguments are ints, or taken as such by the kernel: the upper half is not looked
 * at. The flags of clone(2) are argument 0 here; where an ABI has them elsewhere, the compiler of policies sees to it. */
#include "guards.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define IS(i, v)                                                                                                       \
	{                                                                                                              \
		(i), JAIL_MASKED_EQ, COMPARE_32, (v)                                                                   \
	}
#define HAS(i, bits)                                                                                                   \
	{                                                                                                              \
		(i), JAIL_MASKED_EQ, (bits), (bits)                                                                    \
	}
#define LACKS(i, bits)                                                                                                 \
	{                                                                                                              \
		(i), JAIL_MASKED_EQ, (bits), 0                                                                         \
	}
/* Of socket(2): the kind without its flags, SOCK_TYPE_MASK of the kernel; and the protocol, by its number or by default. */
#define KIND(v)                                                                                                        \
	{                                                                                                              \
		1, JAIL_MASKED_EQ, 0xf, (v)                                                                            \
	}
#define ISNT(i, v)                                                                                                     \
	{                                                                                                              \
		(i), JAIL_NE, (v), COMPARE_32                                                                          \
	}
#define NO_KIND(family, kind, protocol)                                                                                \
	{                                                                                                              \
		"network", "socket", WHEN_NETWORK, DO_REFUSE, EPROTONOSUPPORT, 4,                                      \
		{                                                                                                      \
			IS(0, family), KIND(kind), ISNT(2, 0), ISNT(2, protocol)                                       \
		}                                                                                                      \
	}
#define KINDS_BELOW(family)                                                                                            \
	{                                                                                                              \
		"network", "socket", WHEN_NETWORK, DO_REFUSE, EPROTONOSUPPORT, 2,                                      \
		{                                                                                                      \
			IS(0, family),                                                                                 \
			{                                                                                              \
				1, JAIL_LT, SOCK_STREAM, 0xf                                                           \
			}                                                                                              \
		}                                                                                                      \
	}
#define KINDS_ABOVE(family)                                                                                            \
	{                                                                                                              \
		"network", "socket", WHEN_NETWORK, DO_REFUSE, EPROTONOSUPPORT, 2,                                      \
		{                                                                                                      \
			IS(0, family),                                                                                 \
			{                                                                                              \
				1, JAIL_GT, SOCK_DGRAM, 0xf                                                            \
			}                                                                                              \
		}                                                                                                      \
	}
#define NOT_NULL(i)                                                                                                    \
	{                                                                                                              \
		(i), JAIL_NE, 0, 0                                                                                     \
	}

#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE 62 /* Linux 5.14 */
#endif
#define MEMFD_NOEXEC_SEAL 8 /* MFD_NOEXEC_SEAL, Linux 6.3 */
#define IOPRIO_PROCESS    1 /* IOPRIO_WHO_* of linux/ioprio.h, which older headers lack */
#define IOPRIO_PGRP       2
#define IOPRIO_USER       3

/* clang-format off */
const struct guard jail_guards[] = {
    /* PID 1 is immune to the signals of its namespace, but not to limits, priorities and placement set by others: one CPU
     * second as the limit of PID 1 ends the container. What needs ptrace access is refused by the kernel already, since
     * the helper is not dumpable, but not to a workload with CAP_SYS_PTRACE. Reading a limit is harmless. */
    {"self", "prlimit64", WHEN_SELF, DO_REFUSE, 0, 2, {IS(0, 1), NOT_NULL(2)}},
    {"self", "ptrace", WHEN_SELF, DO_REFUSE, 0, 1, {IS(1, 1)}},
    {"self", "process_vm_readv", WHEN_SELF, DO_REFUSE, 0, 1, {IS(0, 1)}},
    {"self", "process_vm_writev", WHEN_SELF, DO_REFUSE, 0, 1, {IS(0, 1)}},
    {"self", "sched_setaffinity", WHEN_SELF, DO_REFUSE, 0, 1, {IS(0, 1)}},
    {"self", "sched_setscheduler", WHEN_SELF, DO_REFUSE, 0, 1, {IS(0, 1)}},
    {"self", "sched_setparam", WHEN_SELF, DO_REFUSE, 0, 1, {IS(0, 1)}},
    {"self", "sched_setattr", WHEN_SELF, DO_REFUSE, 0, 1, {IS(0, 1)}},
    {"self", "migrate_pages", WHEN_SELF, DO_REFUSE, 0, 1, {IS(0, 1)}},
    {"self", "move_pages", WHEN_SELF, DO_REFUSE, 0, 1, {IS(0, 1)}},
    {"self", "get_robust_list", WHEN_SELF, DO_REFUSE, 0, 1, {IS(0, 1)}},
    {"self", "setpriority", WHEN_SELF, DO_REFUSE, 0, 2, {IS(0, PRIO_PROCESS), IS(1, 1)}},
    {"self", "setpriority", WHEN_SELF, DO_REFUSE, 0, 2, {IS(0, PRIO_PGRP), IS(1, 1)}},
    {"self", "ioprio_set", WHEN_SELF, DO_REFUSE, 0, 2, {IS(0, IOPRIO_PROCESS), IS(1, 1)}},
    {"self", "ioprio_set", WHEN_SELF, DO_REFUSE, 0, 2, {IS(0, IOPRIO_PGRP), IS(1, 1)}},
    {"self", "kcmp", WHEN_SELF, DO_REFUSE, 0, 1, {IS(0, 1)}},
    {"self", "kcmp", WHEN_SELF, DO_REFUSE, 0, 1, {IS(1, 1)}},
    {"self", "perf_event_open", WHEN_SELF, DO_REFUSE, 0, 1, {IS(1, 1)}},
    {"self", "prctl", WHEN_SELF, DO_REFUSE, 0, 2, {IS(0, PR_SCHED_CORE), IS(2, 1)}},
    /* The calls that take a pidfd (pidfd_getfd, process_madvise) cannot be told apart by target: there is none of PID 1. */
    {"self", "pidfd_open", WHEN_SELF, DO_REFUSE, 0, 1, {IS(0, 1)}},
    {"signals.to_init", "kill", WHEN_TO_INIT, DO_REFUSE, 0, 1, {IS(0, 1)}},
    {"signals.to_init", "tkill", WHEN_TO_INIT, DO_REFUSE, 0, 1, {IS(0, 1)}},
    {"signals.to_init", "tgkill", WHEN_TO_INIT, DO_REFUSE, 0, 1, {IS(0, 1)}},
    {"signals.to_init", "tgkill", WHEN_TO_INIT, DO_REFUSE, 0, 1, {IS(1, 1)}},
    {"signals.to_init", "rt_sigqueueinfo", WHEN_TO_INIT, DO_REFUSE, 0, 1, {IS(0, 1)}},
    {"signals.to_init", "rt_tgsigqueueinfo", WHEN_TO_INIT, DO_REFUSE, 0, 1, {IS(0, 1)}},
    {"signals.to_init", "rt_tgsigqueueinfo", WHEN_TO_INIT, DO_REFUSE, 0, 1, {IS(1, 1)}},
    {"signals.to_init", "fcntl", WHEN_TO_INIT, DO_REFUSE, 0, 2, {IS(1, F_SETOWN), IS(2, 1)}},
    {"signals.to_init", "fcntl64", WHEN_TO_INIT, DO_REFUSE, 0, 2, {IS(1, F_SETOWN), IS(2, 1)}},
    {"signals.to_init", "fcntl", WHEN_TO_INIT, DO_REFUSE, 0, 2, {IS(1, F_SETOWN), IS(2, COMPARE_32)}}, /* -1: its group */
    {"signals.to_init", "fcntl64", WHEN_TO_INIT, DO_REFUSE, 0, 2, {IS(1, F_SETOWN), IS(2, COMPARE_32)}},
    /* These take the owner from memory. The signals of descriptors have no sender, as those from outside: they would be forwarded. */
    {"signals.to_init", "fcntl", WHEN_TO_INIT, DO_REFUSE, 0, 1, {IS(1, F_SETOWN_EX)}},
    {"signals.to_init", "fcntl64", WHEN_TO_INIT, DO_REFUSE, 0, 1, {IS(1, F_SETOWN_EX)}},
    {"signals.to_init", "ioctl", WHEN_TO_INIT, DO_REFUSE, 0, 1, {IS(1, FIOSETOWN)}},
    {"signals.to_init", "ioctl", WHEN_TO_INIT, DO_REFUSE, 0, 1, {IS(1, SIOCSPGRP)}},
    /* A descriptor of /proc/1 serves as a pidfd here; programs fall back on kill. */
    {"signals.to_init", "pidfd_send_signal", WHEN_TO_INIT, DO_ENOSYS, 0, 0, {{0}}},
    /* Ways out of being traced. The flags of clone3 are in memory, where they can be rewritten after any check. */
    {"engine", "clone3", WHEN_TRACE, DO_ENOSYS, 0, 0, {{0}}},
    {"engine", "clone", WHEN_TRACE, DO_REFUSE, 0, 1, {HAS(0, CLONE_UNTRACED)}},
    {"engine", "seccomp", WHEN_TRACE, DO_REFUSE, 0, 2, {IS(0, SECCOMP_SET_MODE_FILTER), HAS(1, SECCOMP_FILTER_FLAG_NEW_LISTENER)}},
    {"engine", "io_uring_setup", WHEN_TRACE | WHEN_NETWORK | WHEN_FAMILIES | WHEN_FILES_IOCTL, DO_ENOSYS, 0, 0, {{0}}},
    {"engine", "io_uring_enter", WHEN_TRACE | WHEN_NETWORK | WHEN_FAMILIES | WHEN_FILES_IOCTL, DO_ENOSYS, 0, 0, {{0}}},
    {"engine", "io_uring_register", WHEN_TRACE | WHEN_NETWORK | WHEN_FAMILIES | WHEN_FILES_IOCTL, DO_ENOSYS, 0, 0, {{0}}},
    /* The workload has a tracer already: an attempt would only fail in a way that nobody can read. */
    {"engine", "ptrace", WHEN_TRACE, DO_REFUSE, 0, 1, {IS(0, PTRACE_TRACEME)}},
    {"engine", "ptrace", WHEN_TRACE, DO_REFUSE, 0, 1, {IS(0, PTRACE_ATTACH)}},
    {"engine", "ptrace", WHEN_TRACE, DO_REFUSE, 0, 1, {IS(0, PTRACE_SEIZE)}},
    /* What a pidfd refers to cannot be checked without a race; with ENOSYS programs fall back on pids. */
    {"signals.protect", "pidfd_open", WHEN_PROTECT, DO_ENOSYS, 0, 0, {{0}}},
    {"signals.protect", "pidfd_send_signal", WHEN_PROTECT, DO_ENOSYS, 0, 0, {{0}}},
    {"signals.protect", "pidfd_getfd", WHEN_PROTECT, DO_REFUSE, 0, 0, {{0}}},
    {"signals.protect", "process_madvise", WHEN_PROTECT, DO_REFUSE, 0, 0, {{0}}},
    {"signals.protect", "process_mrelease", WHEN_PROTECT, DO_REFUSE, 0, 0, {{0}}},
    /* Groups and users may have protected processes among them. */
    {"signals.protect", "setpriority", WHEN_PROTECT, DO_REFUSE, 0, 1, {IS(0, PRIO_PGRP)}},
    {"signals.protect", "setpriority", WHEN_PROTECT, DO_REFUSE, 0, 1, {IS(0, PRIO_USER)}},
    {"signals.protect", "ioprio_set", WHEN_PROTECT, DO_REFUSE, 0, 1, {IS(0, IOPRIO_PGRP)}},
    {"signals.protect", "ioprio_set", WHEN_PROTECT, DO_REFUSE, 0, 1, {IS(0, IOPRIO_USER)}},
    /* What makes the kernel signal this very process later, at another's beck, stays with it when it executes a protected
     * program: an owner of a descriptor, a lease, a watch on a directory, and the terminal, which makes its reader the owner
     * (O_ASYNC). The signal may be any (F_SETSIG). */
    {"signals.protect", "fcntl", WHEN_PROTECT, DO_REFUSE, 0, 2, {IS(1, F_SETOWN), NOT_NULL(2)}},
    {"signals.protect", "fcntl", WHEN_PROTECT, DO_REFUSE, 0, 1, {IS(1, F_SETOWN_EX)}},
    {"signals.protect", "fcntl", WHEN_PROTECT, DO_REFUSE, 0, 2, {IS(1, F_SETSIG), NOT_NULL(2)}},
    {"signals.protect", "fcntl", WHEN_PROTECT, DO_REFUSE, 0, 2, {IS(1, F_SETFL), HAS(2, O_ASYNC)}},
    {"signals.protect", "fcntl", WHEN_PROTECT, DO_REFUSE, 0, 2, {IS(1, F_SETLEASE), IS(2, F_RDLCK)}},
    {"signals.protect", "fcntl", WHEN_PROTECT, DO_REFUSE, 0, 2, {IS(1, F_SETLEASE), IS(2, F_WRLCK)}},
    {"signals.protect", "fcntl", WHEN_PROTECT, DO_REFUSE, 0, 2, {IS(1, F_NOTIFY), NOT_NULL(2)}},
    {"signals.protect", "fcntl64", WHEN_PROTECT, DO_REFUSE, 0, 2, {IS(1, F_SETOWN), NOT_NULL(2)}},
    {"signals.protect", "fcntl64", WHEN_PROTECT, DO_REFUSE, 0, 1, {IS(1, F_SETOWN_EX)}},
    {"signals.protect", "fcntl64", WHEN_PROTECT, DO_REFUSE, 0, 2, {IS(1, F_SETSIG), NOT_NULL(2)}},
    {"signals.protect", "fcntl64", WHEN_PROTECT, DO_REFUSE, 0, 2, {IS(1, F_SETFL), HAS(2, O_ASYNC)}},
    {"signals.protect", "fcntl64", WHEN_PROTECT, DO_REFUSE, 0, 2, {IS(1, F_SETLEASE), IS(2, F_RDLCK)}},
    {"signals.protect", "fcntl64", WHEN_PROTECT, DO_REFUSE, 0, 2, {IS(1, F_SETLEASE), IS(2, F_WRLCK)}},
    {"signals.protect", "fcntl64", WHEN_PROTECT, DO_REFUSE, 0, 2, {IS(1, F_NOTIFY), NOT_NULL(2)}},
    {"signals.protect", "ioctl", WHEN_PROTECT, DO_REFUSE, 0, 1, {IS(1, FIOSETOWN)}},
    {"signals.protect", "ioctl", WHEN_PROTECT, DO_REFUSE, 0, 1, {IS(1, SIOCSPGRP)}},
    {"signals.protect", "ioctl", WHEN_PROTECT, DO_REFUSE, 0, 1, {IS(1, FIOASYNC)}},
    /* The directory that one is in, the umask, the priority of input and output, and what is undone of semaphores: what two processes share
     * stays shared when one of them executes a protected program. Threads of one process do not outlive that. */
    {"signals.protect", "clone", WHEN_PROTECT, DO_REFUSE, 0, 2, {HAS(0, CLONE_FS), LACKS(0, CLONE_THREAD)}},
    {"signals.protect", "clone", WHEN_PROTECT, DO_REFUSE, 0, 2, {HAS(0, CLONE_IO), LACKS(0, CLONE_THREAD)}},
    {"signals.protect", "clone", WHEN_PROTECT, DO_REFUSE, 0, 2, {HAS(0, CLONE_SYSVSEM), LACKS(0, CLONE_THREAD)}},
    /* An interpreter opens its script by a path from the root, which another process could change meanwhile. */
    {"exec", "clone", WHEN_SCRIPTS, DO_REFUSE, 0, 2, {HAS(0, CLONE_FS), LACKS(0, CLONE_THREAD)}},
    /* Gives the parent another keyring. */
    {"signals.protect", "keyctl", WHEN_PROTECT, DO_REFUSE, 0, 1, {IS(0, KEYCTL_SESSION_TO_PARENT)}},
    /* What could take the programs of the network rules off, or stand in for them. */
    {"network", "bpf", WHEN_NETWORK, DO_REFUSE, 0, 0, {{0}}},
    /* A file by its number: of a whole file system, and where it lies in the tree need not be known. */
    {"files", "open_by_handle_at", WHEN_FILES, DO_REFUSE, 0, 0, {{0}}},
    /* Landlock refuses mounts, and has no say in their attributes: what is read-only would become writable. */
    {"files", "mount_setattr", WHEN_FILES, DO_REFUSE, 0, 0, {{0}}},
    {"files", "open_tree_attr", WHEN_FILES, DO_REFUSE, 0, 0, {{0}}},
    /* A file that lies nowhere falls under no rule of Landlock. One that can never be executed is none of its business. */
    {"files.execute", "memfd_create", WHEN_FILES_EXECUTE, DO_REFUSE, EACCES, 1, {LACKS(1, MEMFD_NOEXEC_SEAL)}},
    {NULL},
};

const struct guard jail_checks[] = {
    {"exec", "execve", WHEN_EXEC, DO_EXEC, 0, 0, {{0}}},
    {"exec", "execveat", WHEN_EXEC, DO_EXEC, 0, 0, {{0}}},
    {"limits", "fork", WHEN_PROCESSES, DO_CLONE, 0, 0, {{0}}},
    {"limits", "vfork", WHEN_PROCESSES, DO_CLONE, 0, 0, {{0}}},
    {"limits", "clone", WHEN_PROCESSES, DO_CLONE, 0, 1, {LACKS(0, CLONE_THREAD)}},
    {"limits", "clone", WHEN_THREADS, DO_CLONE, 0, 1, {HAS(0, CLONE_THREAD)}},
    {"signals.protect", "kill", WHEN_PROTECT, DO_TARGET, 0, 0, {{0}}},
    {"signals.protect", "tkill", WHEN_PROTECT, DO_TARGET, 0, 0, {{0}}},
    {"signals.protect", "tgkill", WHEN_PROTECT, DO_TARGET, 0, 0, {{0}}},
    {"signals.protect", "rt_sigqueueinfo", WHEN_PROTECT, DO_TARGET, 0, 0, {{0}}},
    {"signals.protect", "rt_tgsigqueueinfo", WHEN_PROTECT, DO_TARGET, 0, 0, {{0}}},
    /* 0 is the caller itself. */
    {"signals.protect", "prlimit64", WHEN_PROTECT, DO_PASS, 0, 1, {IS(0, 0)}},
    {"signals.protect", "prlimit64", WHEN_PROTECT, DO_PASS, 0, 1, {{2, JAIL_EQ, 0, 0}}},
    {"signals.protect", "prlimit64", WHEN_PROTECT, DO_TARGET, 0, 0, {{0}}},
    {"signals.protect", "sched_setaffinity", WHEN_PROTECT, DO_PASS, 0, 1, {IS(0, 0)}},
    {"signals.protect", "sched_setaffinity", WHEN_PROTECT, DO_TARGET, 0, 0, {{0}}},
    {"signals.protect", "sched_setscheduler", WHEN_PROTECT, DO_PASS, 0, 1, {IS(0, 0)}},
    {"signals.protect", "sched_setscheduler", WHEN_PROTECT, DO_TARGET, 0, 0, {{0}}},
    {"signals.protect", "sched_setparam", WHEN_PROTECT, DO_PASS, 0, 1, {IS(0, 0)}},
    {"signals.protect", "sched_setparam", WHEN_PROTECT, DO_TARGET, 0, 0, {{0}}},
    {"signals.protect", "sched_setattr", WHEN_PROTECT, DO_PASS, 0, 1, {IS(0, 0)}},
    {"signals.protect", "sched_setattr", WHEN_PROTECT, DO_TARGET, 0, 0, {{0}}},
    {"signals.protect", "migrate_pages", WHEN_PROTECT, DO_PASS, 0, 1, {IS(0, 0)}},
    {"signals.protect", "migrate_pages", WHEN_PROTECT, DO_TARGET, 0, 0, {{0}}},
    {"signals.protect", "move_pages", WHEN_PROTECT, DO_PASS, 0, 1, {IS(0, 0)}},
    {"signals.protect", "move_pages", WHEN_PROTECT, DO_TARGET, 0, 0, {{0}}},
    {"signals.protect", "setpriority", WHEN_PROTECT, DO_PASS, 0, 1, {IS(1, 0)}},
    {"signals.protect", "setpriority", WHEN_PROTECT, DO_TARGET, 1, 0, {{0}}},
    {"signals.protect", "ioprio_set", WHEN_PROTECT, DO_PASS, 0, 1, {IS(1, 0)}},
    {"signals.protect", "ioprio_set", WHEN_PROTECT, DO_TARGET, 1, 0, {{0}}},
    {"signals.protect", "perf_event_open", WHEN_PROTECT, DO_PASS, 0, 1, {IS(1, 0)}},
    {"signals.protect", "perf_event_open", WHEN_PROTECT, DO_TARGET, 1, 0, {{0}}},
    {"signals.protect", "process_vm_readv", WHEN_PROTECT, DO_TARGET, 0, 0, {{0}}},
    {"signals.protect", "process_vm_writev", WHEN_PROTECT, DO_TARGET, 0, 0, {{0}}},
    {"signals.protect", "prctl", WHEN_PROTECT, DO_TARGET, 2, 1, {IS(0, PR_SCHED_CORE)}},
    /* Sockets of IP for which the kernel does not, or not always, ask the programs of the network rules: all but TCP and UDP, so MPTCP,
     * UDP-Lite, SCTP, pings and raw packets. Families: family_checks. */
    KINDS_BELOW(AF_INET), KINDS_ABOVE(AF_INET), NO_KIND(AF_INET, SOCK_STREAM, IPPROTO_TCP), NO_KIND(AF_INET, SOCK_DGRAM, IPPROTO_UDP),
    KINDS_BELOW(AF_INET6), KINDS_ABOVE(AF_INET6), NO_KIND(AF_INET6, SOCK_STREAM, IPPROTO_TCP), NO_KIND(AF_INET6, SOCK_DGRAM, IPPROTO_UDP),
    /* NETLINK_ROUTE, which is 0: by which the C library lists addresses. */
    {"network", "socket", WHEN_NETWORK, DO_REFUSE, EAFNOSUPPORT, 2, {IS(0, AF_NETLINK), ISNT(2, 0)}},
    {NULL},
};
/* clang-format on */
