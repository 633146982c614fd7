/* SPDX-License-Identifier: Apache-2.0 */
/* A protected process is one that is not dumpable: then the kernel refuses /proc/PID/mem and its like to others of the same
 * user (ptrace(2), PR_SET_DUMPABLE). execve(2) makes every process dumpable again, and the tracer hears of it some time after
 * that; whoever was quick has the new memory open by then. So all others are stopped, the process executes its program
 * once more, which gives it a memory that nobody has, and makes itself non-dumpable before anybody goes on. The calls for that
 * are made in the process by the tracer, before the program's first instruction. */
#include "shield.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/auxvec.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inject.h"
#include "jail/helper/procfs.h"
#include "trace.h"
#include "view.h"

#define LIMIT_US     2000000u
#define SPINS        200 /* turns without a nap: a call takes microseconds */
#define EVENT_STOP   128
#define SYSCALL_STOP (SIGTRAP | 0x80)
#define GET_SIGMASK  ((int)0x420a) /* PTRACE_GETSIGMASK: an enum in some headers, missing in others */
#define SET_SIGMASK  ((int)0x420b)
#define BELOW        512 /* so far below the stack pointer there is room, and nothing of the program's */

struct shield {
	struct helper *h;
	const struct task *t;
	pid_t tid;
	uint64_t until;
	bool gone; /* the process has ended: nothing is left to protect */
	bool was_stopped;
	const char *why; /* it failed: how to have it work */
};

/* Between two looks at something that the kernel is about to do. */
static void nap(unsigned int turn)
{
	struct timespec t = {.tv_nsec = 50000};

	if (turn > SPINS)
		(void)ppoll(NULL, 0, &t, NULL);
}

static bool fail(struct shield *s, const char *why)
{
	if (!s->why)
		s->why = why;
	return false;
}

/* A tracer is told of stops whether it asks for them or not. */
static bool has_ended(pid_t tid)
{
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)tid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0)
		return errno == ECHILD;
	return info.si_pid == tid && info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED;
}

/* A request to the kernel about the process: it fails only where that is gone. */
static bool must(struct shield *s, bool ok)
{
	if (ok)
		return true;
	s->gone |= errno == ESRCH || has_ended(s->tid);
	return fail(s, "the kernel refuses the tracer's requests: nothing in the policy allows it");
}

/* ---- one system call in the process ---- */

/* Its next stop: a signal, and the event above. Its end is left for the loop to collect. */
static bool next_stop(struct shield *s, int *ret_sig, int *ret_event)
{
	for (unsigned int turn = 0; now_us() < s->until; nap(turn++)) {
		siginfo_t info = {0};

		if (waitid(P_PID, (id_t)s->tid, &info, WSTOPPED | WNOHANG | __WALL) < 0 ||
		    (info.si_pid == 0 && turn > SPINS && has_ended(s->tid))) {
			s->gone = true;
			return false;
		}
		if (info.si_pid == 0)
			continue;
		*ret_sig = info.si_status & 0xff;
		*ret_event = info.si_status >> 8;
		return true;
	}
	return fail(s, "a call takes too long: do not give execve, prctl and setitimer to an agent (SCMP_ACT_NOTIFY)");
}

/* On to the next stop at a system call's entry or exit. What the policy's filter traps meanwhile are the tracer's own calls. */
static bool to_syscall_stop(struct shield *s)
{
	for (;;) {
		int sig, event;

		if (!must(s, ptrace(PTRACE_SYSCALL, s->tid, NULL, NULL) == 0) || !next_stop(s, &sig, &event))
			return false;
		if (sig == SYSCALL_STOP && event == 0)
			return true;
		/* All others are blocked; and this one waits until the program is what it should be. */
		if (sig == SIGSTOP || (event == EVENT_STOP && sig != SIGTRAP))
			s->was_stopped = true;
	}
}

static bool inject(struct shield *s, const struct cpu *from, enum call call, uint64_t a0, uint64_t a1, uint64_t a2)
{
	const uint64_t args[3] = {a0, a1, a2};
	struct cpu c = *from;

	cpu_call(&c, call, args);
	if (!must(s, cpu_set(s->tid, &c)) || !to_syscall_stop(s) || !to_syscall_stop(s) ||
	    !must(s, cpu_get(s->tid, &c)))
		return false;
	return cpu_result(&c) == 0 ||
	       fail(s, "let linux.seccomp, and what else filters its calls, allow execve, prctl and setitimer");
}

static bool peek(struct shield *s, uint64_t at, void *ret, size_t n)
{
	struct iovec local = {ret, n}, remote = {(void *)(uintptr_t)at, n};

	return must(s, process_vm_readv(s->tid, &local, 1, &remote, 1, 0) == (ssize_t)n);
}

static bool poke(struct shield *s, uint64_t at, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i += sizeof(long)) {
		long word = 0;

		memcpy(&word, data + i, n - i < sizeof(word) ? n - i : sizeof(word));
		if (!must(s, ptrace(PTRACE_POKEDATA, s->tid, (void *)(uintptr_t)(at + i), (void *)word) == 0))
			return false;
	}
	return true;
}

/* ---- the others ---- */

/* In vfork(2), which no signal ends, it does nothing else before its child lets it go. Numbers of both ABIs; none of them is
 * one in the other by which a file is opened. */
static bool waits_for_child(struct helper *h, pid_t tid)
{
	static const long calls[] = {
	    SYS_clone,
#ifdef SYS_vfork
	    SYS_vfork,
	    120,
	    190,
#endif
	};
	char text[256], *end;
	long nr;

	if (procfs_head(h, tid, "syscall", text, sizeof(text)) <= 0)
		return false;
	nr = strtol(text, &end, 10);
	for (size_t i = 0; i < ARRAY_LEN(calls) && end > text; i++)
		if (nr == calls[i])
			return true;
	return false;
}

static bool stands(struct helper *h, pid_t tid, bool look_closer)
{
	unsigned long message;
	char state;

	if (ptrace(PTRACE_GETEVENTMSG, tid, NULL, &message) == 0)
		return true;
	if (!look_closer)
		return false;
	state = procfs_state(h, tid);
	return !state || state == 'Z' || state == 'X' || (state == 'D' && waits_for_child(h, tid));
}

/* Has every other task at a stop. The loop collects these stops later, and resumes each: nothing is to be undone here. What was
 * born meanwhile stops by itself before it runs. */
static bool stop_others(struct shield *s)
{
	const struct task *t;
	size_t i = 0;

	while ((t = task_next(&i)))
		if (t->tid != s->tid && !t->starting)
			(void)ptrace(PTRACE_INTERRUPT, t->tid, NULL, NULL);
	for (i = 0; (t = task_next(&i));)
		for (unsigned int turn = 0; t->tid != s->tid && !t->starting && !stands(s->h, t->tid, turn > SPINS);
		     turn++) {
			if (now_us() >= s->until)
				return fail(s, "another process is in a system call that does not end: start it again");
			nap(turn);
		}
	return true;
}

/* ---- the process ---- */

/* A file of its directory in the procfs. */
static bool stat_of(struct shield *s, const char *name, struct stat *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "%d%s", (int)s->tid, name);
	return must(s, fstatat(s->h->proc_fd, path, ret, 0) == 0);
}

static bool program_of(struct shield *s, struct file_id *ret)
{
	AUTO_CLOSE int fd = -1;
	char path[64];

	snprintf(path, sizeof(path), "%d/exe", (int)s->tid);
	fd = open_path(s->h->proc_fd, path, 0, 0);
	return must(s, fd >= 0 && file_id(fd, ret));
}

/* Whoever made a user namespace has every capability in it. */
static bool is_in_own_userns(struct shield *s)
{
	struct stat own, its;

	if (!must(s, fstatat(s->h->proc_fd, "self/ns/user", &own, 0) == 0) || !stat_of(s, "/ns/user", &its))
		return false;
	return (own.st_dev == its.st_dev && own.st_ino == its.st_ino) ||
	       fail(s, "execute it in the container's own user namespace: whoever made another one reaches into it");
}

/* It never was dumpable: another user's program (set-user-ID), or one that may be executed and not read. Its files in /proc are
 * another's then. Of one that runs as root this cannot be told. */
static bool kernel_hides_it(struct shield *s)
{
	struct stat dir, mem;

	return stat_of(s, "", &dir) && stat_of(s, "/mem", &mem) && dir.st_uid != mem.st_uid;
}

static uint64_t word_of(const char *p, size_t width)
{
	uint64_t v = 0;

	memcpy(&v, p, width);
	return v;
}

/* The name that it was executed by, where that still is the program: not for a script, whose interpreter is the program and already has the
 * script among its arguments. Then, and in doubt, the kernel's own link. */
static bool name_it(struct shield *s, size_t width, const struct file_id *exe, char *path, size_t size)
{
	static char auxv[1024];
	ssize_t len = procfs_head(s->h, s->tid, "auxv", auxv, sizeof(auxv)), n = -1;
	struct iovec local = {path, size - 1}, remote = {NULL, size - 1};
	AUTO_CLOSE int base = -1, fd = -1;
	struct file_id id;
	char root[32];

	if (!must(s, len > 0))
		return false;
	for (size_t i = 0; i + 2 * width <= (size_t)len; i += 2 * width)
		if (word_of(auxv + i, width) == AT_EXECFN)
			remote.iov_base = (void *)(uintptr_t)word_of(auxv + i + width, width);
	/* It lies at the end of the stack, behind which there may be nothing. */
	if (remote.iov_base)
		remote.iov_len = 4096 - ((uintptr_t)remote.iov_base & 4095);
	if (remote.iov_base && remote.iov_len < size)
		n = process_vm_readv(s->tid, &local, 1, &remote, 1, 0);
	if (n > 0 && memchr(path, '\0', (size_t)n)) {
		snprintf(root, sizeof(root), "%d/%s", (int)s->tid, *path == '/' ? "root" : "cwd");
		base = openat(s->h->proc_fd, root, O_PATH | O_CLOEXEC);
		fd = base < 0 ? -1 : open_path(base, path, 0, RESOLVE_CACHED | (*path == '/' ? RESOLVE_IN_ROOT : 0u));
	}
	if (fd < 0 || !file_id(fd, &id) || !same_file(&id, exe))
		snprintf(path, size, "/proc/self/exe");
	return true;
}

/* The arguments and the environment are where the kernel has put them. */
static bool execute_again(struct shield *s, struct cpu *c)
{
	static char path[4096];
	size_t width = cpu_narrow(c) ? 4 : 8;
	uint64_t sp = cpu_sp(c), name = (sp - sizeof(path) - BELOW) & ~15ull, argc = 0;
	struct file_id before, after;

	if (!program_of(s, &before) || !name_it(s, width, &before, path, sizeof(path)) || !peek(s, sp, &argc, width) ||
	    !poke(s, name, path, strlen(path) + 1) ||
	    !inject(s, c, CALL_EXECVE, name, sp + width, sp + width * (argc + 2)))
		return false;
	if (!must(s, cpu_get(s->tid, c)) || !program_of(s, &after))
		return false;
	return (same_file(&before, &after) && protect_of(s->h, s->tid) == s->t->protected_) ||
	       fail(s, "the program was replaced while it was executed: start it again");
}

/* What another could still set off, and what lets another in. */
static bool close_ways(struct shield *s, const struct cpu *c, const char *comm)
{
	const uint64_t zero = (cpu_sp(c) - BELOW) & ~15ull;
	static const char nothing[32];
	bool ok = inject(s, c, CALL_PRCTL, PR_SET_DUMPABLE, 0, 0) && inject(s, c, CALL_PRCTL, PR_SET_PDEATHSIG, 0, 0) &&
		  poke(s, zero, nothing, sizeof(nothing));

	for (int which = ITIMER_REAL; which <= ITIMER_PROF && ok; which++)
		ok = inject(s, c, CALL_SETITIMER, (uint64_t)which, zero, 0);
	if (ok && comm)
		ok = poke(s, zero, comm, 16) && inject(s, c, CALL_PRCTL, PR_SET_NAME, zero, 0) &&
		     poke(s, zero, nothing, 16);
	return ok;
}

/* Its name in ps(1), which is the name that it was executed by. */
static bool comm_of(struct shield *s, char ret[17])
{
	char *newline;

	memset(ret, 0, 17);
	if (!must(s, procfs_head(s->h, s->tid, "comm", ret, 17) > 0))
		return false;
	newline = strrchr(ret, '\n');
	if (newline)
		*newline = '\0';
	return true;
}

/* With the instruction that makes a call in the place of the program's first. */
static bool with_trap(struct shield *s, struct cpu *c, bool again, const char *comm)
{
	uint64_t word = 0, ip = cpu_ip(c), trap;
	char now[17];
	bool ok;

	if (!peek(s, ip, &word, sizeof(word)))
		return false;
	trap = cpu_trap(c, word);
	if (!poke(s, ip, (const char *)&trap, sizeof(trap)))
		return false;
	if (again)
		return execute_again(s, c);
	ok = comm_of(s, now) && close_ways(s, c, strcmp(now, comm) != 0 ? comm : NULL) &&
	     poke(s, ip, (const char *)&word, sizeof(word));
	return ok && must(s, cpu_set(s->tid, c));
}

static bool raise_it(struct shield *s)
{
	const uint64_t all = ~0ull;
	uint64_t mask = 0;
	char comm[17];
	bool alone = task_counts.processes == 1, ok;
	struct cpu c;

	if (!is_in_own_userns(s) || !must(s, ptrace(GET_SIGMASK, s->tid, (void *)sizeof(mask), &mask) == 0) ||
	    !must(s, ptrace(SET_SIGMASK, s->tid, (void *)sizeof(all), &all) == 0) || !comm_of(s, comm) ||
	    !to_syscall_stop(s))
		return false;
	if (!cpu_get(s->tid, &c)) {
		s->gone |= has_ended(s->tid);
		return fail(s, "it is a program of an ABI that cannot be protected");
	}
	ok = alone || kernel_hides_it(s) || (stop_others(s) && with_trap(s, &c, true, comm));
	ok = ok && !s->why && with_trap(s, &c, false, comm) &&
	     must(s, ptrace(SET_SIGMASK, s->tid, (void *)sizeof(mask), &mask) == 0);
	if (ok && s->was_stopped)
		kill(s->tid, SIGSTOP);
	return ok;
}

bool shield_raise(struct helper *h, const struct task *t)
{
	struct shield s = {.h = h, .t = t, .tid = t->tid, .until = now_us() + LIMIT_US};
	int by = -1;

	if (raise_it(&s))
		return true;
	kill(s.tid, SIGKILL);
	for (int i = 0; i < (int)h->plan.n_policies; i++)
		if (t->protected_ >> i & 1)
			by = jail_stricter(&h->plan, "signals", by, i);
	if (!s.gone && by >= 0)
		audit_denial(h, &(struct denial){.policy = (uint32_t)by,
						 .rule = "signals.protect",
						 .tid = s.tid,
						 .kill = true,
						 .target = NO_TARGET,
						 .allow = s.why});
	return false;
}
