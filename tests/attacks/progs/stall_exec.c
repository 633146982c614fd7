/* SPDX-License-Identifier: Apache-2.0 */
/* stall_exec page|path|script|listener N [ANSWERS]: N processes whose exec makes who looks at it wait for this program, which never answers: the path lies in a
 * page of a userfaultfd; below a FUSE mount; or in such a mount lies a script, whose name is found so often; a fanotify listener allows so many opens of the program. Before
 * them one process does the same look without exec, and "blocked" says that it does not return. Then it waits for SIGTERM. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define DIR_   "/tmp/stall"
#define SCRIPT "#!/bin/busybox sh\necho escaped\n"

static void fail(const char *what)
{
	printf("stall: %s: %s\n", what, strerror(errno));
	exit(3);
}

/* A page that nobody brings. */
static char *missing_page(void)
{
	struct uffdio_api api = {.api = UFFD_API};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_register reg = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	reg.range.start = (uintptr_t)p;
	reg.range.len = 4096;
	if (fd < 0 || p == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) < 0 || ioctl(fd, UFFDIO_REGISTER, &reg) < 0)
		fail("userfaultfd");
	return p;
}

static void answer(int fd, uint64_t unique, int error, const void *data, size_t len)
{
	struct fuse_out_header head = {.len = (uint32_t)(sizeof(head) + len), .error = -error, .unique = unique};
	struct iovec v[2] = {{&head, sizeof(head)}, {(void *)(uintptr_t)data, len}};

	(void)!writev(fd, v, 2);
}

static void set_attr(struct fuse_attr *a, uint64_t node)
{
	a->ino = node;
	a->mode = node == 1 ? S_IFDIR | 0755 : S_IFREG | 0755;
	a->nlink = 1;
	a->size = node == 1 ? 0 : strlen(SCRIPT);
}

/* lookups: so many are answered. */
static void serve(int fd, int lookups)
{
	static char buf[1 << 17];
	const struct fuse_in_header *in = (const void *)buf;

	while (read(fd, buf, sizeof(buf)) > 0) {
		struct fuse_init_out init = {.major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096};
		struct fuse_attr_out attr = {0};
		struct fuse_entry_out entry = {.nodeid = 2};
		struct fuse_open_out open_ = {.fh = 1};

		if (in->opcode == FUSE_INIT) {
			answer(fd, in->unique, 0, &init, sizeof(init));
		} else if (in->opcode == FUSE_GETATTR) {
			set_attr(&attr.attr, in->nodeid);
			answer(fd, in->unique, 0, &attr, sizeof(attr));
		} else if (in->opcode == FUSE_LOOKUP && lookups-- > 0) {
			set_attr(&entry.attr, 2);
			answer(fd, in->unique, 0, &entry, sizeof(entry));
		} else if (in->opcode == FUSE_OPEN) {
			answer(fd, in->unique, 0, &open_, sizeof(open_));
		} else if (in->opcode == FUSE_READ) {
			answer(fd, in->unique, 0, SCRIPT, strlen(SCRIPT));
		} else if (in->opcode == FUSE_FLUSH || in->opcode == FUSE_RELEASE) {
			answer(fd, in->unique, 0, NULL, 0);
		} else if (in->opcode != FUSE_LOOKUP) {
			answer(fd, in->unique, ENOSYS, NULL, 0);
		}
	}
}

static void mount_fuse(int lookups)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char data[128];

	mkdir(DIR_, 0755);
	snprintf(data, sizeof(data), "fd=%d,rootmode=40000,user_id=%d,group_id=%d,allow_other", fd, (int)getuid(),
		 (int)getgid());
	if (fd < 0 || mount("stall", DIR_, "fuse", MS_NOSUID | MS_NODEV, data) < 0)
		fail("FUSE");
	if (fork() == 0) {
		serve(fd, lookups);
		_exit(0);
	}
	close(fd); /* the server's end is the mount's: nobody stays who cannot be killed */
}

static void listen_to(const char *path, int answers)
{
	int fd = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY | O_CLOEXEC);
	struct fanotify_event_metadata m;

	if (fd < 0 || fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, path) < 0)
		fail("fanotify");
	if (fork()) {
		close(fd);
		return;
	}
	while (read(fd, &m, sizeof(m)) == (ssize_t)sizeof(m)) {
		struct fanotify_response allow = {.fd = m.fd, .response = FAN_ALLOW};

		if (answers-- > 0)
			(void)!write(fd, &allow, sizeof(allow));
		close(m.fd);
	}
	_exit(0);
}

/* What a look that waits would do, by a process that is nobody's supervisor. */
static pid_t control(const char *page)
{
	pid_t pid = fork(), parent;
	char byte;
	struct iovec local = {&byte, 1}, remote = {(void *)(uintptr_t)page, 1};
	struct stat st;

	if (pid)
		return pid;
	parent = getppid();
	if (page)
		(void)!process_vm_readv(parent, &local, 1, &remote, 1, 0);
	else
		(void)!stat(DIR_ "/control", &st);
	_exit(0);
}

int main(int argc, char **argv)
{
	char *args[] = {(char *)"stalled", NULL}, *env[] = {NULL}, *page = NULL;
	int n = argc > 2 ? atoi(argv[2]) : 1, answers = argc > 3 ? atoi(argv[3]) : 0, last, status;
	const char *path = DIR_ "/script";
	sigset_t set;
	pid_t pid = -1;

	if (argc < 2)
		return 2;
	setbuf(stdout, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	last = strcmp(argv[1], "script") == 0 || strcmp(argv[1], "listener") == 0;
	if (strcmp(argv[1], "page") == 0) {
		page = missing_page();
	} else if (strcmp(argv[1], "listener") == 0) {
		path = "/bin/listened";
		args[0] = (char *)"true";
		listen_to(path, answers);
	} else {
		mount_fuse(answers);
	}
	if (!last) {
		pid = control(page);
		sleep(1);
		if (waitpid(pid, &status, WNOHANG) == 0)
			printf("blocked\n");
	}
	for (int i = 0; i < n; i++) {
		pid = fork();
		if (pid)
			continue;
		if (page)
			page = missing_page();
		execve(page ? page : path, args, env);
		_exit(1);
	}
	printf("ready\n");
	if (last) {
		waitpid(pid, &status, 0);
		if (WIFSIGNALED(status))
			printf("killed by %d\n", WTERMSIG(status));
		else
			printf("ended with %d\n", WEXITSTATUS(status));
	}
	sigwait(&set, &status);
	printf("heard\n");
	return 0;
}
