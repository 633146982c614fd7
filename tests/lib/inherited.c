/* SPDX-License-Identifier: Apache-2.0 */
/* What a process has from its parent, one attribute a line.
 *   inherited look                   prints them all, as "KEY VALUE"
 *   inherited set COMMAND [ARGS…]    sets each to what no process has by itself, and executes the command */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/mempolicy.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define IOPRIO_BE_7 ((2 << 13) | 7)
#define FD          77

static void must(long r, const char *what)
{
	if (r < 0) {
		perror(what);
		exit(125);
	}
}

static void write_self(const char *file, const char *text)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/%s", file);
	fd = open(path, O_WRONLY);
	must(fd < 0 ? -1 : write(fd, text, strlen(text)), path);
	close(fd);
}

/* The value of "KEY:" in /proc/self/status, without its blanks. */
static void print_status(const char *key, const char *name)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			printf("%s %s", key, line + strlen(name) + 2);
	if (f)
		fclose(f);
}

static void print_file(const char *key, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[64] = "?\n";

	if (f && !fgets(line, sizeof(line), f))
		snprintf(line, sizeof(line), "?\n");
	if (f)
		fclose(f);
	printf("%s %s", key, line);
}

static void set(void)
{
	cpu_set_t one;
	sigset_t usr2;
	struct rlimit l = {233, 233};
	unsigned long node0 = 1;

	sched_getaffinity(0, sizeof(one), &one);
	for (int cpu = 0, kept = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &one) && kept++)
			CPU_CLR(cpu, &one);
	must(sched_setaffinity(0, sizeof(one), &one), "sched_setaffinity");
	signal(SIGUSR1, SIG_IGN);
	sigemptyset(&usr2);
	sigaddset(&usr2, SIGUSR2);
	sigprocmask(SIG_BLOCK, &usr2, NULL);
	umask(077);
	must(setenv("CALLER", "was here", 1), "setenv");
	must(dup2(STDERR_FILENO, FD), "dup2");
	must(prctl(PR_SET_TIMERSLACK, 7777, 0, 0, 0), "PR_SET_TIMERSLACK");
	must(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0), "PR_MCE_KILL");
	must(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), "PR_SET_THP_DISABLE");
	must(prctl(PR_SET_PDEATHSIG, SIGURG, 0, 0, 0), "PR_SET_PDEATHSIG");
	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "PR_SET_CHILD_SUBREAPER");
	(void)syscall(SYS_set_mempolicy, MPOL_PREFERRED, &node0, 8 * sizeof(node0)); /* a kernel may have no NUMA */
	must(personality(ADDR_NO_RANDOMIZE), "personality");
	must(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0), "PR_SET_SECUREBITS");
	must(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "caller"), "KEYCTL_JOIN_SESSION_KEYRING");
	must(setpriority(PRIO_PROCESS, 0, 5), "setpriority");
	must(syscall(SYS_ioprio_set, 1, 0, IOPRIO_BE_7), "ioprio_set");
	must(sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0}), "sched_setscheduler");
	must(setrlimit(RLIMIT_NOFILE, &l), "setrlimit");
	write_self("oom_score_adj", "123");
	write_self("coredump_filter", "0x11");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
}

static void look(void)
{
	struct rlimit l = {0};
	char keyring[128] = "?";
	int signal = 0, subreaper = 0, mode = 0, n_env = 0;

	print_status("signals-ignored", "SigIgn");
	print_status("signals-blocked", "SigBlk");
	print_status("cpus", "Cpus_allowed_list");
	print_status("umask", "Umask");
	print_status("no-new-privs", "NoNewPrivs");
	printf("session %s\n", getsid(0) == getpid() ? "own" : "other");
	printf("group %s\n", getpgrp() == getpid() ? "own" : "other");
	for (char **e = environ; *e; e++)
		n_env += strncmp(*e, "CALLER=", 7) == 0;
	printf("environment %d\n", n_env);
	printf("descriptor %s\n", fcntl(FD, F_GETFD) < 0 ? "none" : "open");
	printf("timer-slack %d\n", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
	printf("machine-check %d\n", prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
	printf("huge-pages-off %d\n", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	prctl(PR_GET_PDEATHSIG, &signal);
	printf("parent-death-signal %d\n", signal);
	prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
	printf("subreaper %d\n", subreaper);
	if (syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) < 0)
		mode = -errno;
	printf("memory-policy %d\n", mode);
	printf("personality %#x\n", personality(0xffffffff));
	printf("securebits %d\n", prctl(PR_GET_SECUREBITS));
	if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, keyring, sizeof(keyring)) < 0)
		snprintf(keyring, sizeof(keyring), "? %s", strerror(errno));
	printf("session-keyring %s\n", strstr(keyring, ";caller") ? "caller" : "another");
	printf("nice %d\n", getpriority(PRIO_PROCESS, 0));
	printf("io-priority %ld\n", syscall(SYS_ioprio_get, 1, 0));
	printf("scheduler %d\n", sched_getscheduler(0));
	getrlimit(RLIMIT_NOFILE, &l);
	printf("rlimit %llu %llu\n", (unsigned long long)l.rlim_cur, (unsigned long long)l.rlim_max);
	print_file("oom-score", "/proc/self/oom_score_adj");
	print_file("coredump-filter", "/proc/self/coredump_filter");
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "set") == 0) {
		set();
		execv(argv[2], argv + 2);
		perror(argv[2]);
		return 126;
	}
	if (argc != 2 || strcmp(argv[1], "look") != 0)
		return 2;
	look();
	return 0;
}
