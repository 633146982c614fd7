/* SPDX-License-Identifier: Apache-2.0 */
/* many_groups N DEPTH inside|outside PROGRAM: starts PROGRAM (a copy of this one, which waits) with N supplementary groups as user 1000, in a
 * group of its own, DEPTH pid namespaces deeper; and sends it SIGTERM in each way there is, from a fellow in its own namespace or from
 * outside of all that were made. many_groups beside DEPTH PROGRAM: PROGRAM is outside, in the group of its attacker, who sends a signal to 0.
 * Says of each way what came of it: "refused" (EPERM) or "sent", and whether PROGRAM lived. */
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const ways[] = {"pid", "group", "tkill", "tgkill", "all"};

static long send_by(const char *way, pid_t pid)
{
	if (!strcmp(way, "pid"))
		return syscall(SYS_kill, pid, SIGTERM);
	if (!strcmp(way, "group"))
		return syscall(SYS_kill, -pid, SIGTERM);
	if (!strcmp(way, "tkill"))
		return syscall(SYS_tkill, pid, SIGTERM);
	if (!strcmp(way, "tgkill"))
		return syscall(SYS_tgkill, pid, pid, SIGTERM);
	return syscall(SYS_kill, -1, SIGTERM);
}

/* The program, which says by a datagram that it runs; the kernel says under which number the reader knows it. */
_Noreturn static void target(int groups, int fd, const char *program)
{
	static gid_t g[65536];
	char number[16];

	for (int i = 0; i < groups; i++)
		g[i] = 1u + (gid_t)i;
	setpgid(0, 0);
	if (setgroups((size_t)groups, g) < 0 || setgid(1000) < 0 || setuid(1000) < 0) {
		perror("setgroups");
		_exit(1);
	}
	snprintf(number, sizeof(number), "%d", fd);
	execl(program, program, "wait", number, (char *)NULL);
	perror(program);
	_exit(1);
}

static pid_t who_says(int fd)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	char c;
	struct iovec io = {&c, 1};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct ucred cred = {0};

	if (recvmsg(fd, &m, 0) != 1 || !CMSG_FIRSTHDR(&m))
		return -1;
	memcpy(&cred, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(cred));
	return cred.pid;
}

static const char *attack(const char *way, pid_t pid)
{
	if (pid <= 0)
		return "nobody there";
	if (send_by(way, pid) == 0)
		return "sent";
	return errno == EPERM ? "refused" : strerror(errno);
}

/* In the innermost namespace: starts the program, attacks it or waits for the attack from outside, and looks whether it lives. */
static int inner(int groups, bool inside, const char *way, const char *program, const int say[2], const int attacked[2])
{
	const char *verdict = NULL;
	pid_t pid, got = 0;
	char c = 0;

	signal(SIGTERM, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		signal(SIGTERM, SIG_DFL);
		target(groups, say[1], program);
	}
	if (inside) {
		got = who_says(say[0]);
		verdict = attack(way, got);
	} else if (read(attacked[0], &c, 1) != 1) {
		return 1;
	}
	/* What was sent arrives some time; what was refused is given a moment to come all the same. */
	for (int i = 0; i < ((verdict ? !strcmp(verdict, "sent") : c == 's') ? 5000 : 20); i++) {
		got = waitpid(pid, NULL, WNOHANG);
		if (got != 0)
			break;
		usleep(1000);
	}
	if (verdict)
		printf(" %s", verdict);
	printf(":%s", got == 0 ? "lives" : "died");
	kill(pid, SIGKILL);
	return 0;
}

static int nest(int depth, int (*f)(int, bool, const char *, const char *, const int *, const int *), int groups,
		bool inside, const char *way, const char *program, const int *say, const int *attacked)
{
	int status;
	pid_t pid;

	if (depth == 0)
		return f(groups, inside, way, program, say, attacked);
	pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		signal(SIGTERM, SIG_IGN);
		_exit(nest(depth - 1, f, groups, inside, way, program, say, attacked));
	}
	if (pid < 0) {
		perror("clone");
		return 1;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void one(int groups, int depth, bool inside, const char *way, const char *program)
{
	int say[2], attacked[2], on = 1;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, say) < 0 || pipe(attacked) < 0)
		exit(1);
	setsockopt(say[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	printf(" %s", way);
	pid = fork();
	if (pid == 0)
		_exit(nest(depth, inner, groups, inside, way, program, say, attacked));
	close(attacked[0]);
	if (!inside) {
		const char *verdict = attack(way, who_says(say[0]));

		printf(" %s", verdict);
		(void)!write(attacked[1], verdict, 1);
	}
	close(say[0]);
	close(say[1]);
	waitpid(pid, NULL, 0);
	close(attacked[1]);
}

static int zero(int groups, bool inside, const char *way, const char *program, const int *say, const int *attacked)
{
	(void)groups;
	(void)inside;
	(void)way;
	(void)program;
	(void)say;
	(void)attacked;
	signal(SIGTERM, SIG_IGN);
	printf("zero %s", kill(0, SIGTERM) == 0 ? "sent" : errno == EPERM ? "refused" : strerror(errno));
	return 0;
}

/* The group of the caller is the same in each pid namespace, although its members may have no number there. */
static int beside(int depth, const char *program)
{
	int say[2], on = 1, got = 0;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, say) < 0)
		return 1;
	setsockopt(say[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	pid = fork();
	if (pid == 0) {
		char number[16];

		signal(SIGTERM, SIG_DFL);
		snprintf(number, sizeof(number), "%d", say[1]);
		execl(program, program, "wait", number, (char *)NULL);
		_exit(1);
	}
	who_says(say[0]);
	nest(depth, zero, 0, false, "", program, NULL, NULL);
	for (int i = 0; i < 300 && got == 0; i++) {
		got = waitpid(pid, NULL, WNOHANG);
		usleep(1000);
	}
	printf(":%s\n", got == 0 ? "lives" : "died");
	kill(pid, SIGKILL);
	return 0;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc == 3 && !strcmp(argv[1], "wait")) {
		(void)!write(atoi(argv[2]), "x", 1);
		for (;;)
			pause();
	}
	signal(SIGTERM, SIG_IGN);
	if (argc == 4 && !strcmp(argv[1], "beside"))
		return beside(atoi(argv[2]), argv[3]);
	if (argc < 5)
		return 2;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		one(atoi(argv[1]), atoi(argv[2]), !strcmp(argv[3], "inside"), ways[i], argv[4]);
	printf("\n");
	return 0;
}
