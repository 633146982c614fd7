/* SPDX-License-Identifier: Apache-2.0 */
/* The trace engine against those who would get round it: exec, counts, protected processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper_run.h"

static struct trial t;
static char dir[] = "/tmp/helper_trace.XXXXXX";
static char ok_prog[64], denied_prog[64], script[64];

static const char *prog(const char *name)
{
	static char path[4][512];
	static unsigned int next;
	const char *top = getenv("TOP_BUILDDIR");
	char *p = path[next++ % 4], *real;

	snprintf(p, sizeof(path[0]), "%s/tests/attacks/progs/%s", top ? top : ".", name);
	real = realpath(p, NULL);
	if (real)
		snprintf(p, sizeof(path[0]), "%s", real);
	free(real);
	return p;
}

static void copy(const char *from, const char *to)
{
	struct err e = {0};
	AUTO_FREE char *data = NULL;
	size_t len;
	int fd;

	unlink(to); /* the old one may still be executed: ETXTBSY */
	fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	assert_int_equal(file_read(AT_FDCWD, from, 16 << 20, &data, &len, &e), 0);
	assert_int_equal(fd_write_all(fd, data, len), 0);
	close(fd);
}

static int make_files(void **state)
{
	(void)state;
	if (!mkdtemp(dir) || chmod(dir, 0755) < 0)
		return -1;
	snprintf(ok_prog, sizeof(ok_prog), "%s/prog_a", dir);
	snprintf(denied_prog, sizeof(denied_prog), "%s/prog_d", dir);
	snprintf(script, sizeof(script), "%s/script", dir);
	copy(prog("race_exec"), ok_prog);
	copy(prog("race_exec"), denied_prog);
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	unlink(ok_prog);
	unlink(denied_prog);
	unlink(script);
	return rmdir(dir);
}

static void begin(char **args)
{
	trial_init(&t, args);
	trial_trace(&t);
}

static void shell(const char *text)
{
	static char *args[] = {(char *)"/bin/sh", (char *)"-c", NULL, NULL};

	args[2] = (char *)text;
	begin(args);
}

/* dash and the tools that the tests need, by the names that exec resolves to. */
static char *allowed[] = {(char *)"/usr/bin/dash", (char *)"/usr/bin/echo", (char *)"/usr/bin/cat", ok_prog, NULL};

static void exec_allowed_and_denied(void **state)
{
	(void)state;
	shell("/bin/echo yes; /usr/bin/id; echo $?; cd /usr/bin; ./id; echo $?; ../../bin/id; echo $?");
	trial_allow(&t, allowed);
	trial_run(&t);
	assert_int_equal(t.err.code, 0);
	assert_non_null(strstr(t.out, "yes\n"));
	assert_non_null(strstr(t.out, "id: Permission denied\n126\n"));
	assert_null(strstr(t.out, "uid="));
	assert_non_null(strstr(t.audit, "\"rule\":\"exec\""));
	assert_non_null(strstr(t.audit, "\"path\":\"/usr/bin/id\""));
	assert_non_null(strstr(t.audit, "\"action\":\"EACCES\""));
}

static void first_program_is_checked(void **state)
{
	(void)state;
	begin(ARGV((char *)"/usr/bin/id"));
	trial_allow(&t, allowed);
	trial_run(&t);
	assert_string_equal(t.err.step, "exec");
	assert_int_equal(t.err.code, EACCES);
	assert_non_null(strstr(t.err.text, "\"/usr/bin/id\" is refused by policy tested"));
	assert_string_equal(t.out, "");
}

static void empty_list_allows_the_first_alone(void **state)
{
	(void)state;
	shell("echo first; /bin/echo second; exit 3");
	t.plan.policies[0].exec_rules = true;
	trial_run(&t);
	assert_int_equal(t.err.code, 0);
	assert_non_null(strstr(t.out, "first\n"));
	assert_null(strstr(t.out, "second\n"));
	assert_int_equal(trial_code(&t), 3);
}

static void deny_goes_before_allow(void **state)
{
	char *all[] = {(char *)"/usr/bin/", NULL}, *deny[] = {(char *)"/usr/bin/id", NULL};

	(void)state;
	shell("id; echo $?; echo still; /bin/echo yes");
	trial_allow(&t, all);
	t.plan.policies[0].exec_deny = (struct strv){deny, 1};
	trial_run(&t);
	assert_null(strstr(t.out, "uid="));
	assert_non_null(strstr(t.out, "126\nstill\nyes\n"));
}

static void write_script(const char *interpreter)
{
	AUTO_BUF text = {0};
	int fd = open(script, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	buf_printf(&text, "#!%s\necho from the script\n", interpreter);
	assert_int_equal(fd_write_all(fd, text.data, text.len), 0);
	close(fd);
}

static void scripts(void **state)
{
	char *with[] = {(char *)"/usr/bin/dash", script, NULL}, command[128];

	(void)state;
	snprintf(command, sizeof(command), "%s; echo $?", script);
	write_script("/bin/sh");
	shell(command); /* control: no rules */
	trial_run(&t);
	assert_string_equal(t.out, "from the script\n0\n");
	shell(command); /* the script is not in the list */
	trial_allow(&t, allowed);
	trial_run(&t);
	assert_null(strstr(t.out, "from the script"));
	shell(command);
	trial_allow(&t, with);
	trial_run(&t);
	assert_string_equal(t.out, "from the script\n0\n");
	write_script("/bin/bash"); /* the script is, its interpreter is not: killed before it runs */
	shell(command);
	trial_allow(&t, with);
	trial_run(&t);
	assert_null(strstr(t.out, "from the script"));
	assert_non_null(strstr(t.out, "137\n"));
	assert_non_null(strstr(t.audit, "\"action\":\"kill\""));
}

static void files_without_a_name(void **state)
{
	static const char *const ways[] = {"empty", "proc", "deleted"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		char *list[] = {(char *)prog("memfd_exec"), ok_prog, NULL};
		char *args[] = {list[0], (char *)ways[i], (char *)"/bin/echo", NULL};

		begin(args); /* control */
		trial_run(&t);
		assert_string_equal(t.out, "\n");
		begin(args);
		trial_allow(&t, list);
		trial_run(&t);
		assert_non_null(strstr(t.out, "refused: Permission denied"));
		assert_non_null(strstr(t.audit, "\"path\":\"/"));
		begin(args);
		trial_allow(&t, list);
		t.plan.policies[0].exec_memfd = true;
		trial_run(&t);
		assert_string_equal(t.out, "\n");
	}
}

/* /proc/self/fd/N of a file that has a name is that file. */
static void by_descriptor(void **state)
{
	(void)state;
	shell("/proc/self/fd/3 yes 3</bin/echo; /proc/self/fd/3 3</usr/bin/id; echo $?");
	trial_allow(&t, allowed);
	trial_run(&t);
	assert_non_null(strstr(t.out, "yes\n"));
	assert_non_null(strstr(t.out, "126\n"));
	assert_null(strstr(t.out, "uid="));
}

static void the_loader(void **state)
{
	char *all[] = {(char *)"/usr/bin/", (char *)"/usr/lib/", (char *)"/lib/", (char *)"/lib64/", NULL};

	(void)state;
	shell("/lib64/ld-linux-x86-64.so.2 /bin/echo yes");
	trial_run(&t);
	assert_string_equal(t.out, "yes\n");
	shell("/lib64/ld-linux-x86-64.so.2 /bin/echo yes; echo $?");
	trial_allow(&t, all);
	trial_run(&t);
	assert_null(strstr(t.out, "yes"));
	assert_non_null(strstr(t.out, "126\n"));
}

static int number_of(const char *text, const char *key)
{
	const char *p = strstr(text, key);

	return p ? atoi(p + strlen(key)) : -1;
}

static void exec_race(void **state)
{
	char *list[] = {(char *)prog("race_exec"), ok_prog, NULL};

	(void)state;
	begin(ARGV(list[0], ok_prog, denied_prog, (char *)"2000"));
	trial_allow(&t, list);
	trial_run(&t);
	print_message("%s", t.out);
	assert_int_equal(number_of(t.out, "escaped="), 0);
	assert_int_equal(number_of(t.out, "other="), 0);
	assert_true(number_of(t.out, "ran=") > 0);
	assert_true(number_of(t.out, "refused=") > 0);
	assert_true(number_of(t.out, "killed=") > 0); /* got past the early look, and no further */
}

#if defined(__x86_64__) /* the registers of the control are this processor's */
/* The control: a tracer that only looks at the path before the call. */
static void read_path(pid_t tid, char *path, size_t size)
{
	struct user_regs_struct regs;
	struct iovec iov = {&regs, sizeof(regs)}, local = {path, size - 1}, remote;

	memset(path, 0, size);
	assert_int_equal(ptrace(PTRACE_GETREGSET, tid, 1 /* NT_PRSTATUS */, &iov), 0);
	remote = (struct iovec){(void *)(uintptr_t)regs.rdi, strlen(ok_prog) + 1};
	(void)!process_vm_readv(tid, &local, 1, &remote, 1, 0);
}

static void naive_tracer(void)
{
	char path[256];
	int status;
	pid_t tid;

	while ((tid = waitpid(-1, &status, __WALL)) > 0) {
		int sig = 0;

		if (!WIFSTOPPED(status))
			continue;
		if (status >> 16 == PTRACE_EVENT_SECCOMP) {
			read_path(tid, path, sizeof(path));
			if (strcmp(path, denied_prog) == 0) {
				ptrace(PTRACE_POKEUSER, tid, offsetof(struct user_regs_struct, orig_rax), -1L);
				ptrace(PTRACE_POKEUSER, tid, offsetof(struct user_regs_struct, rax), (long)-EACCES);
			}
		} else if (status >> 16 == 0) {
			sig = WSTOPSIG(status);
		}
		ptrace(PTRACE_CONT, tid, NULL, (void *)(intptr_t)sig);
	}
}

static void exec_race_control(void **state)
{
	struct sock_filter insns[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {ARRAY_LEN(insns), insns};
	int out[2] = {-1, -1}, go[2] = {-1, -1};
	char text[256] = "", byte;
	pid_t pid;

	(void)state;
	assert_true(pipe(out) == 0 && pipe(go) == 0);
	pid = fork();
	if (pid == 0) {
		dup2(out[1], 1);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (read(go[0], &byte, 1) != 1 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
			_exit(1);
		execl(prog("race_exec"), "race_exec", ok_prog, denied_prog, "2000", NULL);
		_exit(1);
	}
	assert_int_equal(ptrace(PTRACE_SEIZE, pid, NULL,
				PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
				    PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL),
			 0);
	assert_int_equal(write(go[1], "", 1), 1);
	close(out[1]);
	naive_tracer();
	assert_true(read(out[0], text, sizeof(text) - 1) > 0);
	print_message("without the look at EVENT_EXEC: %s", text);
	assert_true(number_of(text, "escaped=") > 0);
}
#endif

/* posix_spawn and vfork of programs with threads, all at once: more looks than are taken at the same time. */
static void threads_spawn(void **state)
{
	char *list[] = {(char *)"/usr/bin/", (char *)"/bin/", NULL};
	char *args[] = {(char *)"/usr/bin/python3", (char *)"-c",
			(char *)"import threading, subprocess\n"
				"n = []\n"
				"def run():\n"
				"  for _ in range(5): n.append(subprocess.run(['/usr/bin/true']).returncode)\n"
				"t = [threading.Thread(target=run) for _ in range(12)]\n"
				"[x.start() for x in t]\n"
				"[x.join() for x in t]\n"
				"print('ran', n.count(0))",
			NULL};

	(void)state;
	if (access(args[0], X_OK) < 0)
		skip();
	begin(args);
	trial_allow(&t, list);
	trial_run(&t);
	assert_string_equal(t.out, "ran 60\n");
	assert_null(strstr(t.audit, "\"rule\":\"exec\""));
}

/* A look that is killed from outside is taken again, once; with all of them killed nothing runs that must not. */
static void scouts_are_killed(void **state)
{
	static const char text[] =
	    "(while :; do for p in /proc/[0-9]*; do read c <$p/comm && [ \"$c\" = jailrun-init ] && "
	    "kill -KILL ${p#/proc/}; done; done) 2>/dev/null & k=$!; i=0; "
	    "while [ $i -lt 50 ]; do /bin/echo yes; /usr/bin/id; i=$((i+1)); done 2>/dev/null; "
	    "kill -KILL $k; wait; /bin/echo still";

	(void)state;
	shell(text);
	trial_run(&t); /* control */
	assert_non_null(strstr(t.out, "uid="));
	shell(text);
	trial_allow(&t, allowed);
	trial_run(&t);
	assert_null(strstr(t.out, "uid="));
	assert_non_null(strstr(t.out, "still\n"));
}

static void mount_namespace_cannot_fake(void **state)
{
	char *list[] = {(char *)prog("mount_exec"), ok_prog, NULL};

	(void)state;
	if (geteuid() != 0)
		skip();
	begin(ARGV(list[0], ok_prog, denied_prog));
	trial_run(&t);
	assert_string_equal(t.out, "mount_exec: ran\n"); /* under its allowed name: /proc/self/exe ends in "a" */
	begin(ARGV(list[0], ok_prog, denied_prog));
	trial_allow(&t, list);
	trial_run(&t);
	assert_string_equal(t.out, "mount_exec: refused\n");
}

static void limits_are_exact(void **state)
{
	static const int limits[] = {1, 2, 7, 40};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		for (int storm = 0; storm < 2; storm++) {
			if (storm && limits[i] != 40)
				continue;
			begin(ARGV((char *)prog("fork_bomb"), storm ? (char *)"1" : NULL));
			t.plan.policies[0].max_processes = limits[i];
			trial_run(&t);
			assert_int_equal(number_of(t.out, "processes="), limits[i]);
			assert_non_null(strstr(t.out, "Resource temporarily unavailable"));
			assert_non_null(strstr(t.audit, "\"rule\":\"limits\""));
			begin(ARGV((char *)prog("thread_bomb"), storm ? (char *)"1" : NULL));
			t.plan.policies[0].max_threads = limits[i];
			trial_run(&t);
			assert_int_equal(number_of(t.out, "threads="), limits[i]);
		}
	}
	begin(ARGV((char *)prog("thread_bomb"), NULL));
	t.plan.policies[0].max_threads = 0;
	trial_run(&t);
	assert_int_equal(number_of(t.out, "threads="), 0);
	/* Threads that no rule traps are no processes. */
	trial_init(&t, ARGV((char *)prog("thread_bomb"), (char *)"1"));
	trial_rule(&t, "limits", "fork", SYS_fork, JAIL_TRAP_CLONE);
	trial_engine(&t, JAIL_TRACE);
	t.plan.policies[0].max_processes = 3;
	trial_run(&t);
	assert_non_null(strstr(t.out, "no limit"));
	/* The limits are apart. */
	begin(ARGV((char *)prog("thread_bomb"), NULL));
	t.plan.policies[0].max_processes = 1;
	t.plan.policies[0].max_threads = 50;
	trial_run(&t);
	assert_int_equal(number_of(t.out, "threads="), 50);
}

static void untraced_children(void **state)
{
	(void)state;
	begin(ARGV((char *)prog("untraced"), (char *)"/bin/true"));
	trial_run(&t);
	assert_string_equal(t.out, "untraced: clone: Operation not permitted; clone3: Function not implemented\n");
}

/* PID 1 by itself, without rules of the policy: it is not dumpable. Against a workload with CAP_SYS_PTRACE that does not
 * help, which is the control here. */
static void init_is_out_of_reach(void **state)
{
	(void)state;
	begin(ARGV((char *)prog("touch_init")));
	trial_run(&t);
	assert_non_null(strstr(t.out, " mem exe "));
	begin(ARGV((char *)prog("touch_init")));
	t.plan.seal.caps[CAPS_BOUNDING] = t.plan.seal.caps[CAPS_PERMITTED] = t.plan.seal.caps[CAPS_EFFECTIVE] =
	    0x00000000a80425fb;
	trial_run(&t);
	assert_string_equal(t.out, "touch_init: nothing worked\n");
}

/* It is protected from its exec on: before that it is a shell still. */
#define ASLEEP "until grep -q '(sleep) S' /proc/$!/stat; do :; done; "

static void protected_processes(void **state)
{
	char *protect[] = {ok_prog, NULL}, *sleeping[] = {(char *)"/usr/bin/sleep", NULL};
	char command[512];

	(void)state;
	snprintf(command, sizeof(command), "sleep 60 & " ASLEEP "'%s' $! --probe; kill -9 $!; wait $!; echo $?",
		 prog("kill_all"));
	shell(command); /* control: another program is protected */
	t.plan.policies[0].protect = (struct strv){protect, 1};
	trial_run(&t);
	assert_non_null(strstr(t.out, "kill_all: kill tkill tgkill"));
	assert_non_null(strstr(t.out, "137\n"));
	snprintf(command, sizeof(command), "sleep 3 & " ASLEEP "'%s' $! --probe; kill -9 $!; wait $!; echo $?",
		 prog("kill_all"));
	shell(command);
	for (int k = 0; k < 2; k++)
		trial_rule(&t, "signals.protect", "rt_sigqueueinfo", k ? SYS_rt_tgsigqueueinfo : SYS_rt_sigqueueinfo,
			   JAIL_TRAP_TARGET);
	trial_engine(&t, JAIL_TRACE);
	t.plan.policies[0].protect = (struct strv){sleeping, 1};
	trial_run(&t);
	assert_non_null(strstr(t.out, "kill_all: refused\n"));
	assert_non_null(strstr(t.audit, "\"rule\":\"signals.protect\""));
	snprintf(command, sizeof(command), "sleep 20 & " ASLEEP "'%s' $!; '%s' $!", prog("prlimit_init"),
		 prog("touch_init"));
	shell(command);
	t.plan.policies[0].protect = (struct strv){sleeping, 1};
	trial_run(&t);
	assert_non_null(strstr(t.out, "prlimit_init: refused: Operation not permitted\n"));
	assert_null(strstr(t.out, "ptrace"));
	assert_null(strstr(t.out, "pidfd"));
}

/* A child of a protected process is one from its first moment on, also where its killer is quicker than the tracer. */
static void newborn_children(void **state)
{
	char *protect[] = {ok_prog, NULL}, *args[] = {(char *)prog("newborn"), ok_prog, (char *)"4000", NULL};

	(void)state;
	copy(args[0], ok_prog);
	for (int protected = 0; protected < 2; protected ++) {
		begin(args);
		t.plan.policies[0].protect = (struct strv){protect, protected};
		trial_run(&t);
		print_message("%s", t.out);
		assert_int_equal(number_of(t.out, "done="), 1);
		assert_true((number_of(t.out, "killed=") > 0) == !protected);
		assert_true((number_of(t.out, "refused=") > 0) == protected);
	}
	copy(prog("race_exec"), ok_prog);
}

static void group_stop(void **state)
{
	(void)state;
	shell("f=$(mktemp); n() { wc -l <$f; }; sh -c 'while :; do echo .; sleep 0.02; done' >$f & p=$!; "
	      "until [ $(n) -gt 2 ]; do :; done; kill -STOP $p; until grep -i '^State.*T' /proc/$p/status; do :; done; "
	      "sleep 0.1; "
	      "a=$(n); sleep 0.2; b=$(n); [ $a = $b ] && echo stopped; "
	      "kill -CONT $p; until [ $(n) -gt $b ]; do :; done; echo went on; kill -KILL $p; rm $f");
	trial_run(&t);
	assert_true(strstr(t.out, "State:\tT") || strstr(t.out, "State:\tt"));
	assert_non_null(strstr(t.out, "stopped\nwent on\n"));
}

static void fatal_policy(void **state)
{
	(void)state;
	shell("/usr/bin/id; echo $?");
	trial_allow(&t, allowed);
	t.plan.policies[0].response[POLICY_EXEC].violation = POLICY_KILL;
	trial_run(&t);
	assert_non_null(strstr(t.out, "137\n"));
	assert_non_null(strstr(t.audit, "\"action\":\"kill\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exec_allowed_and_denied),
		cmocka_unit_test(first_program_is_checked),
		cmocka_unit_test(empty_list_allows_the_first_alone),
		cmocka_unit_test(deny_goes_before_allow),
		cmocka_unit_test(scripts),
		cmocka_unit_test(files_without_a_name),
		cmocka_unit_test(by_descriptor),
		cmocka_unit_test(the_loader),
		cmocka_unit_test(exec_race),
#if defined(__x86_64__)
		cmocka_unit_test(exec_race_control),
#endif
		cmocka_unit_test(threads_spawn),
		cmocka_unit_test(scouts_are_killed),
		cmocka_unit_test(mount_namespace_cannot_fake),
		cmocka_unit_test(limits_are_exact),
		cmocka_unit_test(untraced_children),
		cmocka_unit_test(init_is_out_of_reach),
		cmocka_unit_test(protected_processes),
		cmocka_unit_test(newborn_children),
		cmocka_unit_test(group_stop),
		cmocka_unit_test(fatal_policy),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
