/* SPDX-License-Identifier: Apache-2.0 */
/* attempts: makes calls by which a program would get out, or get at others, and says what came of each: "unshare-user EPERM". None of them
 * does harm where it is let through: arguments that mean something come where the call itself is what is asked for. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *what, long r)
{
	const char *name = r >= 0 ? "ok" : strerrorname_np(errno);

	printf("%s %s\n", what, name);
	fflush(stdout);
}

/* A process by the raw call, with these flags. */
static long made(unsigned long flags)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, __WALL);
	return pid;
}

static long made3(unsigned long flags)
{
	struct clone_args a = {.flags = flags, .exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &a, sizeof(a));

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, __WALL);
	return pid;
}

static long opened(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	return fd < 0 ? fd : close(fd);
}

static long made_socket(int family, int kind, int protocol)
{
	int fd = socket(family, kind, protocol);

	return fd < 0 ? fd : close(fd);
}

static long connected(const char *address, int family)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(80)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
	int fd = socket(family, SOCK_DGRAM, 0), saved;
	long r;

	if (fd < 0)
		return fd;
	inet_pton(family, address, family == AF_INET ? (void *)&four.sin_addr : (void *)&six.sin6_addr);
	r = family == AF_INET ? connect(fd, (void *)&four, sizeof(four)) : connect(fd, (void *)&six, sizeof(six));
	saved = errno;
	close(fd);
	errno = saved;
	return r;
}

static long mapped(int prot)
{
	void *p = mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

static void processes(void)
{
	static char page[4096];
	struct iovec local = {page, 16}, remote = {page, 16};

	say("fork", made(0));
	say("clone3", made3(0));
	say("clone-user", made(CLONE_NEWUSER));
	say("clone-user-wide", made(CLONE_NEWUSER | 1ul << 40));
	say("clone-uts", made(CLONE_NEWUTS));
	say("clone3-user", made3(CLONE_NEWUSER));
	say("unshare-user", unshare(CLONE_NEWUSER));
	say("unshare-uts", unshare(CLONE_NEWUTS));
	say("unshare-time", unshare(0x80));
	say("setns", setns(-1, 0));
	say("traceme", ptrace(PTRACE_TRACEME, 0, 0, 0));
	say("attach", ptrace(PTRACE_ATTACH, getppid(), 0, 0));
	say("vm-readv", syscall(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, 0));
	say("pidfd-getfd", syscall(SYS_pidfd_getfd, -1, 0, 0));
	say("kcmp", syscall(SYS_kcmp, getpid(), getpid(), 0, 0, 0));
	say("kill-init", kill(1, 0));
	say("tiocsti", ioctl(0, TIOCSTI, "x"));
	say("personality", personality(ADDR_NO_RANDOMIZE));
}

static void kernel(void)
{
	say("bpf", syscall(SYS_bpf, 99, NULL, 0));
	say("perf", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
	say("userfaultfd", syscall(SYS_userfaultfd, ~0));
	say("io-uring", syscall(SYS_io_uring_setup, 0, NULL));
	say("keyctl", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1));
	say("kexec", syscall(SYS_kexec_load, 0, 999999, NULL, 0));
	say("init-module", syscall(SYS_init_module, NULL, 0, NULL));
	say("syslog", syscall(SYS_syslog, 99, NULL, 0));
	say("reboot", syscall(SYS_reboot, 0, 0, 0, NULL));
	say("sethostname", syscall(SYS_sethostname, "x", -1));
	say("clock", syscall(SYS_clock_settime, 99, NULL));
	say("clock-adjtime", syscall(SYS_clock_adjtime, 99, NULL));
	say("adjtimex", syscall(SYS_adjtimex, NULL));
	say("quotactl-fd", syscall(443, -1, 0, 0, NULL));
	say("open-tree-attr", syscall(467, -1, NULL, 0, NULL, 0));
	say("mount", syscall(SYS_mount, "none", "/nowhere", "tmpfs", 0, NULL));
	say("umount", syscall(SYS_umount2, "/nowhere", 0));
	say("fsopen", syscall(SYS_fsopen, "nosuchfs", 0));
	say("open-tree", syscall(SYS_open_tree, AT_FDCWD, "/nowhere", 0));
	say("pivot", syscall(SYS_pivot_root, "/nowhere", "/nowhere"));
	say("chroot", chroot("/nowhere"));
	say("by-handle", syscall(SYS_open_by_handle_at, -1, NULL, 0));
}

static void memory_and_files(void)
{
	say("map-wx", mapped(PROT_READ | PROT_WRITE | PROT_EXEC));
	say("map-x", mapped(PROT_READ | PROT_EXEC));
	say("read", opened("/etc/passwd", O_RDONLY));
	say("write", opened("/tmp/attempt", O_WRONLY | O_CREAT));
	say("truncate", opened("/tmp/attempt", O_RDONLY | O_TRUNC | O_CREAT));
	say("tmpfile", opened("/tmp", O_RDWR | O_TMPFILE));
	say("openat2", syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", &(uint64_t[3]){0}, 24));
	say("unlink", unlink("/tmp/attempt") < 0 && errno != ENOENT ? -1 : 0);
	say("mkdir", mkdirat(AT_FDCWD, "/tmp/attempts", 0700));
	say("chmod", chmod("/tmp", 01777));
	say("memfd", syscall(SYS_memfd_create, "x", 0));
}

static void sockets(void)
{
	say("unix", made_socket(AF_UNIX, SOCK_STREAM, 0));
	say("inet", made_socket(AF_INET, SOCK_STREAM, 0));
	say("inet6", made_socket(AF_INET6, SOCK_DGRAM, 0));
	say("netlink", made_socket(AF_NETLINK, SOCK_RAW, 0));
	say("packet", made_socket(AF_PACKET, SOCK_DGRAM, 0));
	say("sock-packet", made_socket(AF_INET, SOCK_PACKET, 0));
	say("raw", made_socket(AF_INET, SOCK_RAW, IPPROTO_UDP));
	say("alg", made_socket(38, SOCK_SEQPACKET, 0));
	say("vsock", made_socket(40, SOCK_STREAM, 0));
	say("metadata", connected("169.254.169.254", AF_INET));
	say("metadata-mapped", connected("::ffff:169.254.169.254", AF_INET6));
	say("link-local", connected("fe80::1", AF_INET6));
	say("loopback", connected("127.0.0.1", AF_INET));
}

/* How many processes there can be at once, at most n. */
static void bomb(int n)
{
	int made_of = 0;

	while (made_of < n) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (pid == 0) {
			pause();
			_exit(0);
		}
		made_of++;
	}
	say("bomb", made_of == n ? 0 : -1);
	printf("bomb-size %d\n", made_of);
	fflush(stdout);
	kill(0, SIGKILL);
}

int main(int argc, char **argv)
{
	if (argc == 2)
		bomb(atoi(argv[1]));
	processes();
	kernel();
	memory_and_files();
	sockets();
	return 0;
}
