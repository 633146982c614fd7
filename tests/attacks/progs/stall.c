/* SPDX-License-Identifier: Apache-2.0 */
/* stall WHAT N SECONDS: N processes that give the jail's helper much to do, or something to wait for, while the first one, which is older, makes
 * calls that are refused. Says "ready" when all are at it, "heard" when it gets SIGTERM, and at the end how many calls it made and how
 * long one took at most.
 * WHAT: none; spin (no calls at all); refused (getpgid(2)); signals (that they handle); group, all, pid (N wait in one group, and one more asks for
 * signal 0 to them; a protected one is elsewhere); group-signal (it sends SIGWINCH); uffd-user, uffd-full (the path of an execve lies in a page that nobody fills);
 * fuse-page (it lies in a mapped file that nobody reads); fuse-path (it leads to a file system that does not answer). "cannot: WHY" where
 * the last four are not to be had. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 4096
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

static pid_t pids[MOST];

static void heard(int sig)
{
	(void)sig;
	(void)!write(STDOUT_FILENO, "heard\n", 6);
}

static void handle(int sig)
{
	(void)sig;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

_Noreturn static void cannot(const char *why)
{
	printf("cannot: %s: %s\n", why, strerror(errno));
	kill(getppid(), SIGKILL);
	_exit(1);
}

_Noreturn static void spin(void)
{
	for (volatile unsigned long i = 0;; i++)
		;
}

_Noreturn static void ask(void)
{
	for (;;)
		syscall(SYS_getpgid, 0);
}

_Noreturn static void raise_handled(void)
{
	signal(SIGUSR1, handle);
	for (;;)
		kill(getpid(), SIGUSR1);
}

_Noreturn static void wait_for_ever(void)
{
	for (;;)
		pause();
}

_Noreturn static void execute(const char *path)
{
	char *argv[] = {(char *)"x", NULL};

	syscall(SYS_execve, path, argv, NULL);
	wait_for_ever();
}

/* A page whose first reader waits. */
_Noreturn static void from_userfault(int flags)
{
	struct uffdio_api api = {.api = UFFD_API};
	int fd = (int)syscall(SYS_userfaultfd, flags | O_CLOEXEC);
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_register reg = {.range = {(unsigned long)page, 4096}, .mode = UFFDIO_REGISTER_MODE_MISSING};

	if (fd < 0 || page == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) < 0 || ioctl(fd, UFFDIO_REGISTER, &reg) < 0)
		cannot("userfaultfd");
	execute(page);
}

static void answer(int fd, const struct fuse_in_header *in, int error, const void *data, size_t len)
{
	char out[512];
	struct fuse_out_header h = {.len = (uint32_t)(sizeof(h) + len), .error = error, .unique = in->unique};

	memcpy(out, &h, sizeof(h));
	if (len)
		memcpy(out + sizeof(h), data, len);
	(void)!write(fd, out, h.len);
}

/* A file system with one file, which can be looked up and opened (fuse-page) or not even that (fuse-path), and never read. After so many
 * seconds it is gone: a helper that waits for it in the kernel could not even be killed. */
_Noreturn static void serve(int fd, int answers_lookup, int seconds)
{
	static char buf[1 << 17];
	const struct fuse_in_header *in = (const void *)buf;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	double end = now() + seconds;

	while (now() < end) {
		struct fuse_init_out init = {.major = 7, .minor = 31, .max_write = 4096};
		struct fuse_attr_out dir = {.attr_valid = 1000, .attr = {.ino = 1, .mode = S_IFDIR | 0755, .nlink = 2}};
		struct fuse_attr file = {.ino = 2, .mode = S_IFREG | 0755, .nlink = 1, .size = 4096};
		struct fuse_entry_out entry = {.nodeid = 2, .entry_valid = 1000, .attr_valid = 1000, .attr = file};
		struct fuse_attr_out of_file = {.attr_valid = 1000, .attr = file};
		struct fuse_open_out opened = {.fh = 1};

		if (poll(&p, 1, 1000) != 1 || read(fd, buf, sizeof(buf)) <= 0)
			continue;
		switch (in->opcode) {
		case FUSE_INIT:
			answer(fd, in, 0, &init, sizeof(init));
			break;
		case FUSE_GETATTR:
			answer(fd, in, 0, in->nodeid == 1 ? &dir : &of_file, sizeof(dir));
			break;
		case FUSE_LOOKUP:
			if (answers_lookup)
				answer(fd, in, 0, &entry, sizeof(entry));
			break;
		case FUSE_OPEN:
			answer(fd, in, 0, &opened, sizeof(opened));
			break;
		case FUSE_READ:
		case FUSE_FORGET:
			break;
		default:
			answer(fd, in, -ENOSYS, NULL, 0);
		}
	}
	close(fd); /* whoever waits for it gets ENOTCONN, be he traced or not */
	_exit(0);
}

static void mount_fuse(int answers_lookup, int seconds)
{
	char options[128];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	mkdir("/tmp/fuse", 0755);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (fd < 0 || mount("stall", "/tmp/fuse", "fuse", 0, options) < 0) {
		printf("cannot: a mount of FUSE: %s\n", strerror(errno));
		exit(1);
	}
	if (fork() == 0)
		serve(fd, answers_lookup, seconds);
	close(fd);
}

_Noreturn static void from_fuse_page(void)
{
	int fd = open("/tmp/fuse/file", O_RDONLY | O_CLOEXEC);
	char *page = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	if (page == MAP_FAILED &&
	    errno == ENOTCONN) /* it is over already: whoever made this process was kept waiting */
		wait_for_ever();
	if (page == MAP_FAILED)
		cannot("a file of FUSE");
	execute(page);
}

_Noreturn static void child(const char *what)
{
	signal(SIGTERM, SIG_DFL);
	if (!strcmp(what, "uffd-user"))
		from_userfault(UFFD_USER_MODE_ONLY);
	if (!strcmp(what, "uffd-full"))
		from_userfault(0);
	if (!strcmp(what, "fuse-page"))
		from_fuse_page();
	if (!strcmp(what, "fuse-path"))
		execute("/tmp/fuse/file");
	if (!strncmp(what, "group", 5) || !strcmp(what, "all") || !strcmp(what, "pid"))
		wait_for_ever();
	setpriority(PRIO_PROCESS, 0, 19);
	if (!strcmp(what, "spin"))
		spin();
	if (!strcmp(what, "refused"))
		ask();
	if (!strcmp(what, "signals"))
		raise_handled();
	wait_for_ever();
}

/* The one that asks for signals to the others. */
_Noreturn static void kill_them(const char *what)
{
	pid_t whom = !strcmp(what, "all") ? -1 : !strcmp(what, "pid") ? pids[0] : -pids[0];

	for (;;)
		kill(whom, !strcmp(what, "group-signal") ? SIGWINCH : 0);
}

/* One that a policy may protect; it is in another group. */
static void start_guarded(void)
{
	if (fork() == 0) {
		setpgid(0, 0);
		execl("/bin/guarded", "guarded", (char *)NULL);
		_exit(1);
	}
}

static void start(const char *what, int n, int seconds)
{
	if (n > 0)
		start_guarded();
	if (!strncmp(what, "fuse", 4))
		mount_fuse(!strcmp(what, "fuse-page"), seconds + 15);
	for (int i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			child(what);
		if (pids[i] < 0) {
			printf("cannot: process %d: %s\n", i, strerror(errno));
			exit(1);
		}
		if (!strncmp(what, "group", 5) || !strcmp(what, "all") || !strcmp(what, "pid"))
			setpgid(pids[i], pids[0]);
	}
	if ((!strncmp(what, "group", 5) || !strcmp(what, "all") || !strcmp(what, "pid")) && fork() == 0)
		kill_them(what);
	usleep(300000);
}

int main(int argc, char **argv)
{
	double end, longest = 0;
	long calls = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strstr(argv[0], "guarded"))
		wait_for_ever();
	if (argc < 4 || atoi(argv[2]) > MOST)
		return 2;
	signal(SIGTERM, heard);
	end = now();
	start(argv[1], atoi(argv[2]), atoi(argv[3]));
	if (atoi(argv[2]) < 10) /* to make the few is no work: what it took beyond the moment of waiting was a stall */
		longest = now() - end - 0.3;
	puts("ready");
	end = now() + atoi(argv[3]);
	while (now() < end) {
		double from = now(), took;

		syscall(SYS_getpgid, 0);
		took = now() - from;
		longest = took > longest ? took : longest;
		calls++;
		if (calls % 64 == 0) /* leaves the machine to the others, too */
			usleep(1000);
	}
	printf("calls=%ld longest=%d\n", calls, (int)(longest * 1000));
	kill(-1, SIGKILL);
	return 0;
}
