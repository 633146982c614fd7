/* SPDX-License-Identifier: Apache-2.0 */
/* file_ways: the ways to files of /data that lead past a rule on paths. For each there is a file of its own, /data/NAME, with SECRET in it;
 * /work, /proc and /bin are free. Names each way that got there. Each is tried in a process of its own. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPEN_TREE   428
#define TREE_CLONE  1
#define EMPTY_PATH  0x1000
#define NOEXEC_SEAL 8u
#define EXCHANGE    2u
#define REFUSALS    200

static const char *name;  /* of this way */
static char path[128];    /* its file */
static char in_work[128]; /* a place of its own in /work */

static int holds_secret(int fd)
{
	char text[16] = "";

	return fd >= 0 && read(fd, text, sizeof(text) - 1) >= 6 && memcmp(text, "SECRET", 6) == 0;
}

static int reads(const char *p)
{
	return holds_secret(open(p, O_RDONLY));
}

/* A descriptor of the place, opened again by /proc. */
static int reopens(int fd, int flags)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return open(link, flags);
}

static int plain(void)
{
	return reads(path);
}

static int by_openat2(void)
{
	struct open_how how = {.flags = O_RDONLY};

	return holds_secret((int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)));
}

static int by_link(void)
{
	return symlink(path, in_work) == 0 && reads(in_work);
}

static int by_proc_root(void)
{
	char p[200];

	snprintf(p, sizeof(p), "/proc/self/root%s", path);
	return reads(p);
}

static int by_o_path(void)
{
	return holds_secret(reopens(open(path, O_PATH), O_RDONLY));
}

static int by_cwd(void)
{
	return chdir("/data") == 0 && reads(name);
}

static int by_chroot(void)
{
	return chroot("/data") == 0 && reads(path + 5);
}

static int by_handle(void)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + 128];
	} h = {.h.handle_bytes = 128};
	int id, mount = open("/work", O_RDONLY | O_DIRECTORY);

	return syscall(SYS_name_to_handle_at, AT_FDCWD, path, &h, &id, 0) == 0 &&
	       holds_secret((int)syscall(SYS_open_by_handle_at, mount, &h, O_RDONLY));
}

static int by_hard_link(void)
{
	return link(path, in_work) == 0 && reads(in_work);
}

static int by_link_of_fd(void)
{
	return linkat(open(path, O_PATH), "", AT_FDCWD, in_work, EMPTY_PATH) == 0 && reads(in_work);
}

static int by_rename(void)
{
	return rename(path, in_work) == 0 && reads(in_work);
}

static int by_exchange(void)
{
	close(open(in_work, O_CREAT | O_WRONLY, 0600));
	return syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, in_work, EXCHANGE) == 0 && reads(in_work);
}

static int by_bind(void)
{
	return mkdir(in_work, 0700) == 0 && mount("/data", in_work, NULL, MS_BIND, NULL) == 0 && chdir(in_work) == 0 &&
	       reads(name);
}

static int by_bind_in_userns(void)
{
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && by_bind();
}

static int by_tree(void)
{
	int tree;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return 0;
	tree = (int)syscall(OPEN_TREE, AT_FDCWD, "/data", TREE_CLONE);
	return tree >= 0 && holds_secret(openat(tree, name, O_RDONLY));
}

static void *thread_reads(void *ret)
{
	*(int *)ret = reads(path);
	return NULL;
}

static int by_thread(void)
{
	pthread_t t;
	int got = 0;

	return pthread_create(&t, NULL, thread_reads, &got) == 0 && pthread_join(t, NULL) == 0 && got;
}

/* What /work/NAME is changes all the time between a file and a link to the other. */
static void *swaps(void *arg)
{
	char other[160];

	(void)arg;
	snprintf(other, sizeof(other), "%s.link", in_work);
	if (symlink(path, other) < 0)
		return NULL;
	for (;;)
		syscall(SYS_renameat2, AT_FDCWD, in_work, AT_FDCWD, other, EXCHANGE);
}

static int by_race(void)
{
	pthread_t t;

	close(open(in_work, O_CREAT | O_WRONLY, 0600));
	if (pthread_create(&t, NULL, swaps, NULL) != 0)
		return 0;
	alarm(50);
	/* Until it has been the link often enough: then it was read, or refused. */
	for (int refused = 0; refused < REFUSALS;) {
		int fd = open(in_work, O_RDONLY);

		refused += fd < 0 && errno == EACCES;
		if (holds_secret(fd))
			return 1;
		close(fd);
	}
	return 0;
}

static unsigned int *in(char *base, unsigned int offset)
{
	return (unsigned int *)(void *)(base + offset);
}

static int by_uring(void)
{
	struct io_uring_params p = {0};
	int ring = (int)syscall(SYS_io_uring_setup, 4, &p);
	char *sq, *cq;
	struct io_uring_sqe *sqe;
	const struct io_uring_cqe *cqe;

	if (ring < 0)
		return 0;
	sq =
	    mmap(NULL, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(*cqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		  IORING_OFF_CQ_RING);
	sqe = mmap(NULL, p.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || sqe == MAP_FAILED)
		return 0;
	/* IOSQE_ASYNC: by a thread of the kernel's. */
	*sqe = (struct io_uring_sqe){.opcode = IORING_OP_OPENAT,
				     .flags = IOSQE_ASYNC,
				     .fd = AT_FDCWD,
				     .addr = (uint64_t)(uintptr_t)path,
				     .open_flags = O_RDONLY};
	in(sq, p.sq_off.array)[0] = 0;
	__atomic_add_fetch(in(sq, p.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return 0;
	cqe = (const void *)(cq + p.cq_off.cqes);
	return holds_secret(cqe[0].res);
}

/* One process opens the place without asking for anything, the other makes a file of it. */
static int by_message(void)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} c = {0};
	char byte = 0;
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c)};
	int pair[2], fd = open(path, O_PATH);

	if (fd < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 0;
	c.h = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(&c.h), &fd, sizeof(fd));
	if (sendmsg(pair[0], &m, 0) != 1)
		return 0;
	close(fd);
	if (recvmsg(pair[1], &m, 0) != 1)
		return 0;
	memcpy(&fd, CMSG_DATA(&c.h), sizeof(fd));
	return holds_secret(reopens(fd, O_RDONLY));
}

static int lists(void)
{
	return opendir("/data") != NULL;
}
static int writes(void)
{
	return open(path, O_WRONLY) >= 0;
}
static int writes_by_o_path(void)
{
	return reopens(open(path, O_PATH), O_WRONLY) >= 0;
}
static int truncates(void)
{
	return truncate(path, 0) == 0;
}
static int truncates_by_open(void)
{
	return open(path, O_RDONLY | O_TRUNC) >= 0;
}
static int accounts(void)
{
	return acct(path) == 0;
}
static int makes_file(void)
{
	return open("/data/new", O_CREAT | O_RDONLY | O_EXCL, 0600) >= 0;
}
static int makes_tmpfile(void)
{
	return open("/data", O_TMPFILE | O_WRONLY, 0600) >= 0;
}
static int makes_directory(void)
{
	return mkdir("/data/directory", 0700) == 0;
}
static int makes_link(void)
{
	return symlink("x", "/data/link") == 0;
}
static int makes_fifo(void)
{
	return mkfifo("/data/fifo", 0600) == 0;
}
static int removes(void)
{
	return unlink(path) == 0;
}

static int makes_socket(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/data/socket"};

	return bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof(a)) == 0;
}

static int moves_in(void)
{
	close(open(in_work, O_CREAT | O_WRONLY, 0600));
	return rename(in_work, "/data/moved") == 0;
}

static void copy_self(int to)
{
	char buf[65536];
	ssize_t n;
	int self = open("/proc/self/exe", O_RDONLY);

	while ((n = read(self, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			_exit(2);
}

/* This program, started with "ran", ends with 1. */
static int executes(void)
{
	int fd = open(in_work, O_CREAT | O_WRONLY, 0700);

	copy_self(fd);
	close(fd);
	execl(in_work, in_work, "ran", NULL);
	return 0;
}

static int executes_memfd(void)
{
	int fd = (int)syscall(SYS_memfd_create, "x", 0);

	if (fd < 0)
		return 0;
	copy_self(fd);
	syscall(SYS_execveat, fd, "", (char *[]){(char *)"x", (char *)"ran", NULL}, NULL, EMPTY_PATH);
	return 0;
}

/* The file is in place of what may be executed. */
static int executes_sealed_memfd(void)
{
	int fd = (int)syscall(SYS_memfd_create, "x", NOEXEC_SEAL);

	if (fd < 0)
		return 0;
	copy_self(fd);
	(void)fchmod(fd, 0777);
	syscall(SYS_execveat, fd, "", (char *[]){(char *)"x", (char *)"ran", NULL}, NULL, EMPTY_PATH);
	return 0;
}

/* Shared memory that nobody has opened, by the name that /proc has for it. */
static int executes_by_map_files(void)
{
	const unsigned long len = 4u << 20;
	char *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), link[96];
	int self = open("/proc/self/exe", O_RDONLY);

	if (at == MAP_FAILED)
		return 0;
	for (ssize_t n, all = 0; (n = read(self, at + all, len - (unsigned long)all)) > 0;)
		all += n;
	snprintf(link, sizeof(link), "/proc/self/map_files/%lx-%lx", (unsigned long)at, (unsigned long)at + len);
	execl(link, "x", "ran", NULL);
	return 0;
}

static int executes_by_tmpfs(void)
{
	int fs, tree, fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return 0;
	fs = (int)syscall(SYS_fsopen, "tmpfs", 0);
	if (fs < 0 || syscall(SYS_fsconfig, fs, 6, NULL, NULL, 0) < 0)
		return 0;
	tree = (int)syscall(SYS_fsmount, fs, 0, 0);
	fd = openat(tree, "x", O_CREAT | O_WRONLY, 0700);
	if (fd < 0)
		return 0;
	copy_self(fd);
	close(fd);
	syscall(SYS_execveat, tree, "x", (char *[]){(char *)"x", (char *)"ran", NULL}, NULL, 0);
	return 0;
}

#define WAY(f)                                                                                                         \
	{                                                                                                              \
#f, f                                                                                                  \
	}
static const struct {
	const char *name;
	int (*go)(void);
} ways[] = {WAY(plain),
	    WAY(by_openat2),
	    WAY(by_link),
	    WAY(by_proc_root),
	    WAY(by_o_path),
	    WAY(by_cwd),
	    WAY(by_chroot),
	    WAY(by_handle),
	    WAY(by_hard_link),
	    WAY(by_link_of_fd),
	    WAY(by_rename),
	    WAY(by_exchange),
	    WAY(by_bind),
	    WAY(by_bind_in_userns),
	    WAY(by_tree),
	    WAY(by_thread),
	    WAY(by_race),
	    WAY(by_uring),
	    WAY(by_message),
	    WAY(lists),
	    WAY(writes),
	    WAY(writes_by_o_path),
	    WAY(truncates),
	    WAY(truncates_by_open),
	    WAY(accounts),
	    WAY(makes_file),
	    WAY(makes_tmpfile),
	    WAY(makes_directory),
	    WAY(makes_link),
	    WAY(makes_fifo),
	    WAY(removes),
	    WAY(makes_socket),
	    WAY(moves_in),
	    WAY(executes),
	    WAY(executes_memfd),
	    WAY(executes_sealed_memfd),
	    WAY(executes_by_map_files),
	    WAY(executes_by_tmpfs)};

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "ran") == 0)
		return 1;
	if (argc > 1 && strcmp(argv[1], "names") == 0) {
		for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
			puts(ways[i].name);
		return 0;
	}
	for (size_t i = 0; argc == 1 && i < sizeof(ways) / sizeof(*ways); i++) {
		int status = 0;
		pid_t pid;

		name = ways[i].name;
		snprintf(path, sizeof(path), "/data/%s", name);
		snprintf(in_work, sizeof(in_work), "/work/%s", name);
		pid = fork();
		if (pid == 0) {
			(void)!freopen("/dev/null", "w", stdout);
			_exit(ways[i].go());
		}
		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			return 2;
		if (!WIFEXITED(status))
			printf("%s died by %d\n", name, WTERMSIG(status));
		else if (WEXITSTATUS(status))
			printf("%s\n", name);
	}
	puts("done");
	return 0;
}
