/* SPDX-License-Identifier: Apache-2.0 */
/* signal_init: as a container's main process, has a signal sent to PID 1 in each way that there is. PID 1 forwards what comes to this
 * process: names the ways by which something came back. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef FIOSETOWN
#define FIOSETOWN 0x8901
#define SIOCSPGRP 0x8902
#endif
#define SETOWN_EX 15
#define FIRST     40

static volatile sig_atomic_t came[65];

static void heard(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (info->si_pid == 1)
		came[sig] = 1;
}

/* A socket that sends `sig` to its owner when something comes. */
static int alarmed(int sig, int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return -1;
	return fcntl(pair[0], F_SETSIG, sig) < 0 || fcntl(pair[0], F_SETFL, O_ASYNC) < 0 ? -1 : pair[0];
}

enum how { EX_TID, EX_PID, EX_GROUP, SETOWN, FIO, SIOC };

static void own(int sig, enum how how, int who)
{
	struct {
		int type, pid;
	} ex = {(int)how, who};
	int pair[2], fd = alarmed(sig, pair);

	if (how == SETOWN)
		fcntl(fd, F_SETOWN, who);
	else if (how == FIO)
		ioctl(fd, FIOSETOWN, &who);
	else if (how == SIOC)
		ioctl(fd, SIOCSPGRP, &who);
	else
		fcntl(fd, SETOWN_EX, &ex);
	if (write(pair[1], "x", 1) < 0)
		perror("write");
}

static void queue(int sig, int from)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = SI_QUEUE;
	info.si_pid = from;
	syscall(SYS_rt_sigqueueinfo, 1, sig, &info);
	syscall(SYS_rt_tgsigqueueinfo, 1, 1, sig, &info);
}

static void by_kill(int sig)
{
	kill(1, sig);
}

static void by_tkill(int sig)
{
	syscall(SYS_tkill, 1, sig);
	syscall(SYS_tgkill, 1, 1, sig);
}

static void by_queue(int sig)
{
	queue(sig, getpid());
}

/* With the sender that signals from outside have. */
static void by_forged_queue(int sig)
{
	queue(sig, 0);
}

static void by_pidfd(int sig)
{
	syscall(SYS_pidfd_send_signal, syscall(SYS_pidfd_open, 1, 0), sig, NULL, 0);
}

static void by_proc_fd(int sig)
{
	syscall(SYS_pidfd_send_signal, open("/proc/1", O_DIRECTORY), sig, NULL, 0);
}

static void by_setown(int sig)
{
	own(sig, SETOWN, 1);
}

static void by_setown_group(int sig)
{
	own(sig, SETOWN, -1);
}

static void by_ex_tid(int sig)
{
	own(sig, EX_TID, 1);
}

static void by_ex_pid(int sig)
{
	own(sig, EX_PID, 1);
}

static void by_ex_group(int sig)
{
	own(sig, EX_GROUP, 1);
}

static void by_fiosetown(int sig)
{
	own(sig, FIO, 1);
}

static void by_siocspgrp(int sig)
{
	own(sig, SIOC, 1);
}

/* -1 is everybody but PID 1, and its group is of another session. */
static void by_group(int sig)
{
	kill(-1, sig);
	if (setpgid(0, 1) == 0)
		kill(0, sig);
}

/* A child of PID 1's, whose end is told by `sig`. */
static void by_clone_parent(int sig)
{
	if (syscall(SYS_clone, CLONE_PARENT | sig, 0, 0, 0, 0) == 0)
		_exit(0);
}

/* One that is left to it. */
static void by_orphan(int sig)
{
	if (fork() == 0) {
		if (syscall(SYS_clone, sig, 0, 0, 0, 0) == 0)
			usleep(50000);
		_exit(0);
	}
	wait(NULL);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*send)(int sig);
	} ways[] = {
	    {"kill", by_kill},
	    {"tkill", by_tkill},
	    {"queue", by_queue},
	    {"queue-as-outside", by_forged_queue},
	    {"pidfd", by_pidfd},
	    {"proc-fd", by_proc_fd},
	    {"setown", by_setown},
	    {"setown-group", by_setown_group},
	    {"setown_ex-tid", by_ex_tid},
	    {"setown_ex-pid", by_ex_pid},
	    {"setown_ex-group", by_ex_group},
	    {"fiosetown", by_fiosetown},
	    {"siocspgrp", by_siocspgrp},
	    {"group", by_group},
	    {"clone-parent", by_clone_parent},
	    {"orphan", by_orphan},
	};
	struct sigaction act = {.sa_sigaction = heard, .sa_flags = SA_SIGINFO | SA_RESTART};
	int n = sizeof(ways) / sizeof(ways[0]);

	for (int i = 0; i < n; i++)
		sigaction(FIRST + i, &act, NULL);
	for (int i = 0; i < n; i++) {
		ways[i].send(FIRST + i);
		usleep(20000);
	}
	for (int i = 0; i < 30; i++)
		usleep(10000);
	printf("signal_init:");
	for (int i = 0; i < n; i++)
		if (came[FIRST + i])
			printf(" %s", ways[i].name);
	printf(".\n");
	return 0;
}
