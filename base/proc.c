/* SPDX-License-Identifier: Apache-2.0 */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "str.h"

/* The kernel's own numbers: libc keeps the first of the real-time ones for itself. */
#define KERNEL_RTMIN 32
#define KERNEL_RTMAX 64
/* What procfs counts time in, on every architecture that jailrun is for (USER_HZ). */
#define HZ          100
#define NS_PER_TICK (1000000000 / HZ)

int proc_pidfd_open(pid_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	/* That is how many kernels say that the number is none of a process any more but still one of a session or group. */
	if (fd < 0 && errno == EINVAL)
		return -ESRCH;
	return fd < 0 ? -errno : (int)fd;
}

int proc_pidfd_signal(int pidfd, int sig)
{
	return syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0 ? -errno : 0;
}

/* By how much the clock of boot differs in this process's time namespace, in which procfs tells start times (time_namespaces(7)): asked
 * once, since a program is in one for good. */
static int64_t clock_ahead(bool *ret_rough)
{
	static bool known, rough;
	static int64_t ticks;
	AUTO_FREE char *text = NULL;
	long long s = 0, ns = 0;
	const char *line;

	if (!known && file_read(AT_FDCWD, "/proc/self/timens_offsets", 4096, &text, NULL, NULL) == 0 &&
	    (line = strstr(text, "boottime")) && sscanf(line, "boottime %lld %lld", &s, &ns) == 2) {
		ticks = s * HZ + ns / NS_PER_TICK;
		rough = ns % NS_PER_TICK != 0;
	}
	known = true;
	*ret_rough = rough;
	return ticks;
}

bool proc_start_is(uint64_t start, uint64_t stored)
{
	bool rough;

	(void)clock_ahead(&rough);
	return start == stored || (rough && start + 1 == stored) || (rough && start == stored + 1);
}

int proc_start_time(pid_t pid, uint64_t *ret_start, char *ret_state)
{
	char path[40], data[1024], *p;
	unsigned long long start;
	AUTO_CLOSE int fd = -1;
	char state;
	bool rough;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, data, sizeof(data) - 1);
	if (n <= 0)
		return n < 0 && errno != ESRCH ? -errno : -ESRCH;
	data[n] = '\0';
	p = strrchr(data, ')'); /* the name before it may hold anything */
	if (!p || sscanf(p + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
			 &state, &start) != 2)
		return -EBADMSG;
	*ret_start = start - (uint64_t)clock_ahead(&rough);
	if (ret_state)
		*ret_state = state;
	return 0;
}

bool proc_is_filtered(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER;
}

pid_t proc_wait(pid_t pid, int *ret_status, int options)
{
	pid_t r;

	do
		r = waitpid(pid, ret_status, options);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

int proc_exit_code(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

#define SIG(x) [SIG##x] = #x
static const char *const names[] = {
    SIG(HUP),  SIG(INT),    SIG(QUIT), SIG(ILL),   SIG(TRAP), SIG(ABRT), SIG(BUS),  SIG(FPE),
    SIG(KILL), SIG(USR1),   SIG(SEGV), SIG(USR2),  SIG(PIPE), SIG(ALRM), SIG(TERM), SIG(STKFLT),
    SIG(CHLD), SIG(CONT),   SIG(STOP), SIG(TSTP),  SIG(TTIN), SIG(TTOU), SIG(URG),  SIG(XCPU),
    SIG(XFSZ), SIG(VTALRM), SIG(PROF), SIG(WINCH), SIG(IO),   SIG(PWR),  SIG(SYS),
};

static int realtime_parse(const char *s)
{
	const struct {
		const char *name;
		char sign;
		int base;
	} ends[] = {{"RTMIN", '+', KERNEL_RTMIN + 2}, {"RTMAX", '-', KERNEL_RTMAX}};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		uint64_t n = 0;

		if (strncasecmp(s, ends[i].name, 5) != 0)
			continue;
		if (s[5] && (s[5] != ends[i].sign || parse_u64(s + 6, 10, &n) < 0 || n > 30))
			return -EINVAL;
		return ends[i].sign == '+' ? ends[i].base + (int)n : ends[i].base - (int)n;
	}
	return -EINVAL;
}

int signal_parse(const char *s)
{
	static const struct {
		const char *name;
		int sig;
	} aliases[] = {{"IOT", SIGABRT}, {"CLD", SIGCHLD}, {"POLL", SIGIO}};
	uint64_t n;

	if (*s >= '0' && *s <= '9')
		return parse_u64(s, 10, &n) == 0 && n >= 1 && n <= KERNEL_RTMAX ? (int)n : -EINVAL;
	if (strncasecmp(s, "SIG", 3) == 0)
		s += 3;
	for (size_t i = 1; i < ARRAY_LEN(names); i++)
		if (names[i] && strcasecmp(s, names[i]) == 0)
			return (int)i;
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (strcasecmp(s, aliases[i].name) == 0)
			return aliases[i].sig;
	return realtime_parse(s);
}

const char *signal_nearest(const char *s)
{
	size_t least = SIZE_MAX;
	const char *near = NULL;
	char upper[16] = {0};

	if (strncasecmp(s, "SIG", 3) == 0)
		s += 3;
	for (size_t i = 0; s[i] && i + 1 < sizeof(upper); i++)
		upper[i] = s[i] >= 'a' && s[i] <= 'z' ? (char)(s[i] - 'a' + 'A') : s[i];
	for (size_t i = 1; i < ARRAY_LEN(names); i++)
		if (names[i] && str_nearer(upper, names[i], &least))
			near = names[i];
	return near;
}

const char *rlimit_name(int type)
{
#define NAMED(what) [RLIMIT_##what] = "RLIMIT_" #what,
	static const char *const limits[] = {RLIMITS(NAMED)};
#undef NAMED
	static char buf[24];

	snprintf(buf, sizeof(buf), "rlimit %d", type);
	return type >= 0 && (size_t)type < ARRAY_LEN(limits) && limits[type] ? limits[type] : buf;
}

const char *signal_name(int sig)
{
	static char buf[24];

	if (sig > 0 && (size_t)sig < ARRAY_LEN(names) && names[sig])
		snprintf(buf, sizeof(buf), "SIG%s", names[sig]);
	else if (sig >= KERNEL_RTMIN && sig <= KERNEL_RTMAX)
		snprintf(buf, sizeof(buf), "SIGRTMIN%+d", sig - KERNEL_RTMIN - 2);
	else
		snprintf(buf, sizeof(buf), "signal %d", sig);
	return buf;
}

const char *signal_end(int sig)
{
	return sig == SIGSYS ? "SIGSYS (bad system call)" : signal_name(sig);
}

int signals_default(void)
{
	const struct { /* as the kernel takes it */
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} dfl = {0};
	const uint64_t none = 0;

	for (int sig = 1; sig <= KERNEL_RTMAX; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			(void)syscall(SYS_rt_sigaction, sig, &dfl, NULL, sizeof(dfl.mask));
	return syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none)) < 0 ? -errno : 0;
}

char *now_utc(char buf[NOW_UTC_SIZE], int digits)
{
	struct timespec t;
	char fraction[16];
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	snprintf(fraction, sizeof(fraction), ".%09ld", t.tv_nsec);
	/* Not strftime: it would be a tenth of the helper. */
	snprintf(buf, NOW_UTC_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d%.*sZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		 tm.tm_hour, tm.tm_min, tm.tm_sec, digits ? digits + 1 : 0, fraction);
	return buf;
}

uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}
