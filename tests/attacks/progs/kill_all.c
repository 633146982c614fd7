/* SPDX-License-Identifier: Apache-2.0 */
/* kill_all PID: sends SIGKILL to a process in each way that there is; names those that were not refused with EPERM.
 * The signal is 0 where --probe is the second argument. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	pid_t pid = argc > 1 ? atoi(argv[1]) : 1;
	int sig = argc > 2 && strcmp(argv[2], "--probe") == 0 ? 0 : SIGKILL, worked = 0;
	siginfo_t info = {.si_signo = sig, .si_code = SI_QUEUE};
	long r;

#define WAY(name, call)                                                                                                \
	r = call;                                                                                                      \
	if (r >= 0 || errno != EPERM) {                                                                                \
		printf("%s%s", worked++ ? " " : "kill_all: ", name);                                                   \
	}
	WAY("kill", syscall(SYS_kill, pid, sig));
	WAY("tkill", syscall(SYS_tkill, pid, sig));
	WAY("tgkill", syscall(SYS_tgkill, pid, pid, sig));
	WAY("sigqueueinfo", syscall(SYS_rt_sigqueueinfo, pid, sig, &info));
	WAY("tgsigqueueinfo", syscall(SYS_rt_tgsigqueueinfo, pid, pid, sig, &info));
	r = syscall(SYS_pidfd_open, pid, 0);
	if (r >= 0) {
		WAY("pidfd", syscall(SYS_pidfd_send_signal, r, sig, NULL, 0));
	}
	WAY("group", syscall(SYS_kill, -getpgid(pid), sig));
	WAY("everyone", syscall(SYS_kill, -1, sig));
	WAY("own group", syscall(SYS_kill, 0, sig)); /* the last: it does */
	printf("%s\n", worked ? "" : "kill_all: refused");
	return worked ? 0 : 1;
}
