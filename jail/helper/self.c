/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor confines itself, once the workload's process is forked: what it will never do again it can no longer
 * do, should the workload find a way to make it try. */
#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "helper.h"

#define LOAD(field)    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)
#define ALLOW(name)    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), RETURN(SECCOMP_RET_ALLOW)
/* The call, with none of the bits in the low half of an argument. */
#define ALLOW_WITHOUT(name, arg, bits)                                                                                 \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 4), LOAD(args[arg]),                                        \
	    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1), RETURN(SECCOMP_RET_KILL_PROCESS),                        \
	    RETURN(SECCOMP_RET_ALLOW)

/* The call, with this value of the low half of an argument alone. */
#define ALLOW_ONLY(name, arg, value)                                                                                   \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 4), LOAD(args[arg]),                                        \
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0), RETURN(SECCOMP_RET_KILL_PROCESS),                        \
	    RETURN(SECCOMP_RET_ALLOW)

static struct sock_filter own_filter[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH_NATIVE, 1, 0),
    RETURN(SECCOMP_RET_KILL_PROCESS),
    LOAD(nr),
    /* the loop */
    ALLOW(ptrace),
    ALLOW(wait4),
    ALLOW(waitid),
    ALLOW(ppoll),
    ALLOW(read),
    ALLOW(kill),
    ALLOW(ioctl),
    ALLOW(process_vm_readv),
    ALLOW(readlinkat),
    ALLOW(openat),
    ALLOW(openat2),
    ALLOW(getdents64),
    ALLOW(close),
    ALLOW(lseek),
    ALLOW(fstat),
    ALLOW(newfstatat),
    ALLOW(statx),
    ALLOW(write),
    ALLOW(sendmsg),
    /* a log daemon that was restarted; the only sockets are those that have a name in the file system */
    ALLOW_ONLY(socket, 0, AF_UNIX),
    ALLOW(connect),
    ALLOW(fchdir),
    ALLOW(chdir),
    ALLOW(recvmsg),
    ALLOW(getpgid),
    ALLOW(pidfd_open),
    ALLOW(pidfd_getfd),
    ALLOW(accept4),
    /* scouts: processes like this one, with fewer fds */
    ALLOW_ONLY(clone, 0, SIGCHLD),
    ALLOW_ONLY(socketpair, 0, AF_UNIX),
    ALLOW(close_range),
    ALLOW(timerfd_settime),
    /* libc */
    ALLOW(clock_gettime),
    ALLOW(gettimeofday),
    ALLOW(munmap),
    ALLOW(mremap),
    ALLOW(madvise),
    ALLOW(brk),
    ALLOW(futex),
    ALLOW(restart_syscall),
    ALLOW(rt_sigreturn),
    ALLOW(rt_sigprocmask),
    ALLOW(exit),
    ALLOW(exit_group),
#ifdef SYS_poll
    ALLOW(poll),
#endif
#ifdef SYS_readlink
    ALLOW(readlink),
#endif
    ALLOW_WITHOUT(mmap, 2, PROT_EXEC),
    RETURN(SECCOMP_RET_KILL_PROCESS),
};

static int keep_capabilities(struct err *e)
{
	/* Memory, executables and signals of the workload's processes, whoever they run as. */
	const uint32_t keep = 1u << CAP_SYS_PTRACE | 1u << CAP_KILL | 1u << CAP_DAC_READ_SEARCH;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return err_errno(e, "capget");
	data[0].permitted &= keep;
	data[0].effective = data[0].permitted;
	data[0].inheritable = data[1].inheritable = data[1].permitted = data[1].effective = 0;
	return syscall(SYS_capset, &header, data) < 0 ? err_errno(e, "drop the supervisor's capabilities") : 0;
}

/* Each process by `exec` has a listener of its own: the limit of a login would do for a thousand. */
static void raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int confine_self(struct helper *h, struct err *e)
{
	struct sock_fprog prog = {.len = ARRAY_LEN(own_filter), .filter = own_filter};
	int r;

	h->first = getpid() == 1; /* the filter knows no getpid(2) */
	/* The terminal and the pipes are the workload's: who waits for their end must not wait for the supervisor. */
	for (int fd = 0; fd <= 2; fd++)
		if (fd != h->h.audit_fd)
			close(fd);
	raise_fd_limit();
	fd_close_p(&h->h.start_fd);
	if (chdir("/") < 0)
		return err_errno(e, "chdir to /");
	r = keep_capabilities(e);
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_errno(e, "PR_SET_NO_NEW_PRIVS");
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		return err_errno(e, "load the supervisor's own filter");
	return 0;
}
