/* SPDX-License-Identifier: Apache-2.0 */
/* The helper's life: rows, start, status, signals, reaping, with every engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper_run.h"
#include "range.h"

static struct trial t;

static const enum jail_engine engines[] = {JAIL_NONE, JAIL_NOTIFY, JAIL_TRACE};
#define FOR_ENGINES for (size_t k = 0; k < ARRAY_LEN(engines); k++)

static void begin(enum jail_engine engine, char **args)
{
	trial_init(&t, args);
	if (engine == JAIL_NOTIFY) {
		trial_rule(&t, "syscalls.syscalls[0]", "mkdirat", SYS_mkdirat, JAIL_TRAP_REFUSE)->err = EROFS;
		trial_engine(&t, engine);
	}
	if (engine == JAIL_TRACE)
		trial_trace(&t);
}

static void shell(enum jail_engine engine, const char *script)
{
	static char *args[] = {(char *)"/bin/sh", (char *)"-c", NULL, NULL};

	args[2] = (char *)script;
	begin(engine, args);
}

static void exit_codes(void **state)
{
	static const int codes[] = {0, 1, 2, 7, 42, 126, 127, 128, 137, 200, 254, 255};
	char script[32];

	(void)state;
	FOR_ENGINES
	{
		for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
			snprintf(script, sizeof(script), "exit %d", codes[i]);
			shell(engines[k], script);
			trial_run(&t);
			assert_int_equal(t.err.code, 0);
			assert_int_equal(trial_code(&t), codes[i]);
		}
	}
}

static void death_by_signal(void **state)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGKILL, SIGUSR1, SIGSEGV, SIGTERM};
	char script[64];

	(void)state;
	for (size_t k = 1; k < ARRAY_LEN(engines); k++) {
		for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
			snprintf(script, sizeof(script), "ulimit -c 0; kill -%d $$; sleep 5", signals[i]);
			shell(engines[k], script);
			trial_run(&t);
			assert_int_equal(trial_code(&t), 128 + signals[i]);
		}
	}
}

static void send_after(pid_t pid, void *arg)
{
	usleep(150000); /* the shell has to set its trap */
	kill(pid, *(int *)arg);
}

/* Also the real-time ones that C libraries keep for themselves. */
static void every_signal_arrives(void **state)
{
	static const int signals[] = {32, 33, 34, 37, 64};

	(void)state;
	for (size_t k = 1; k < ARRAY_LEN(engines); k++) {
		for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
			int sig = signals[i];

			shell(engines[k], "sleep 5");
			t.during = send_after;
			t.arg = &sig;
			trial_run(&t);
			assert_int_equal(trial_code(&t), 128 + sig);
		}
	}
}

static void signals_are_forwarded(void **state)
{
	static const int signals[] = {SIGTERM, SIGHUP, SIGUSR2, SIGWINCH, SIGCHLD};
	char script[128];

	(void)state;
	FOR_ENGINES
	{
		for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
			int sig = signals[i];

			snprintf(script, sizeof(script),
				 "trap 'exit 33' %d; i=0; while [ $i -lt 80 ]; do i=$((i+1)); sleep 0.05; done",
				 sig == SIGCHLD ? SIGTERM : sig);
			if (sig == SIGCHLD) /* it is forwarded, too, and harms nobody */
				snprintf(script, sizeof(script), "sleep 0.4; exit 33");
			shell(engines[k], script);
			t.during = send_after;
			t.arg = &sig;
			trial_run(&t);
			assert_int_equal(trial_code(&t), 33);
		}
	}
}

/* Double forks leave orphans to PID 1. */
static void orphans_are_reaped(void **state)
{
	(void)state;
	for (size_t k = 1; k < ARRAY_LEN(engines); k++) {
		shell(engines[k], "for i in 1 2 3 4 5 6 7 8 9; do (sh -c 'sleep 0.05 & exit 0'); done; sleep 0.4; "
				  "cat /proc/[0-9]*/stat | grep -c ' Z '");
		trial_run(&t);
		assert_string_equal(t.out, "0\n");
	}
}

/* When the main process ends the rest goes with it: nobody holds the output open. */
static void rest_is_killed(void **state)
{
	uint64_t begin_us = now_us();

	(void)state;
	for (size_t k = 1; k < ARRAY_LEN(engines); k++) {
		shell(engines[k], "setsid sleep 30 & sleep 0.1; exit 5");
		trial_run(&t);
		assert_int_equal(trial_code(&t), 5);
	}
	assert_true(now_us() - begin_us < 10000000);
}

/* Without those of `exec`. */
static int rows_of_a_container(void)
{
	int n = 0;

	for (int i = 0; i < jail_n_steps; i++)
		n += jail_steps[i].role != 'E';
	return n;
}

static void every_row_fails(void **state)
{
	(void)state;
	FOR_ENGINES
	{
		for (int row = 0; row < jail_n_steps; row++) {
			if (jail_steps[row].role == 'E')
				continue;
			for (int after = 0; after < 2; after++) {
				shell(engines[k], "echo ran");
				t.h.fail_step = row;
				t.h.fail_after = after;
				trial_run(&t);
				assert_string_equal(t.err.step, jail_steps[row].name);
				assert_int_equal(t.err.code, EIO);
				assert_string_equal(t.out, "");
				assert_int_equal(trial_code(&t), 1);
			}
		}
	}
}

static void every_row_dies(void **state)
{
	(void)state;
	FOR_ENGINES
	{
		for (int row = 0; row < jail_n_steps; row++) {
			if (jail_steps[row].role == 'E')
				continue;
			shell(engines[k], "echo ran");
			t.h.die_step = row;
			trial_run(&t);
			assert_true(t.died);
			assert_string_equal(t.out, "");
		}
	}
}

static void every_row_is_timed(void **state)
{
	(void)state;
	FOR_ENGINES
	{
		shell(engines[k], "echo ran");
		t.h.trace_steps = true;
		trial_run(&t);
		assert_int_equal(t.times, rows_of_a_container() - 1); /* exec has no after */
		assert_string_equal(t.out, "ran\n");
	}
}

static void created_then_started(void **state)
{
	(void)state;
	FOR_ENGINES
	{
		shell(engines[k], "echo ran; exit 3");
		t.created = true;
		trial_run(&t);
		assert_string_equal(t.out, "ran\n");
		assert_int_equal(trial_code(&t), 3);
	}
}

static void outer_and_inner(void **state)
{
	(void)state;
	for (size_t k = 1; k < ARRAY_LEN(engines); k++) {
		for (int created = 0; created < 2; created++) {
			shell(engines[k], "echo $$; exit 4");
			t.outer = true;
			t.created = created;
			trial_run(&t);
			assert_int_equal(t.err.code, 0);
			assert_string_equal(t.out, "1\n");
			assert_int_equal(trial_code(&t), 4);
		}
	}
}

static void missing_programs(void **state)
{
	static const struct {
		const char *name, *text;
		int code;
	} cases[] = {
	    {"no-such-program",
	     "exec: \"no-such-program\": executable file not found in $PATH: name it by its whole path, or correct "
	     "PATH in process.env",
	     ENOENT},
	    {"/no/such", "exec: \"/no/such\": stat /no/such: no such file or directory", ENOENT},
	    {"/etc", "exec: \"/etc\": is a directory", EISDIR},
	    {"/etc/passwd", "exec: \"/etc/passwd\": permission denied: its mode is 0644: chmod +x it", EACCES},
	    {"/etc/passwd/x", "exec: \"/etc/passwd/x\": stat /etc/passwd/x: not a directory", ENOTDIR},
	};

	(void)state;
	FOR_ENGINES
	{
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			begin(engines[k], ARGV((char *)cases[i].name));
			trial_run(&t);
			assert_string_equal(t.err.step, "exec");
			assert_string_equal(t.err.text, cases[i].text);
			assert_int_equal(t.err.code, cases[i].code);
			assert_int_equal(trial_code(&t), 1);
		}
	}
}

static void bad_format(void **state)
{
	char path[] = "/tmp/helper_life.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0 && write(fd, "nonsense\n", 9) == 9 && fchmod(fd, 0755) == 0);
	close(fd);
	FOR_ENGINES
	{
		char text[128];

		begin(engines[k], ARGV(path));
		trial_run(&t);
		snprintf(text, sizeof(text), "exec %s: exec format error: '%s' is no program: ", path, path);
		assert_true(str_starts(t.err.text, text));
	}
	unlink(path);
}

static void bad_cwd(void **state)
{
	(void)state;
	shell(JAIL_TRACE, "echo ran");
	t.plan.seal.cwd = (char *)"/no/such";
	trial_run(&t);
	assert_string_equal(t.err.step, "seal.user");
	assert_string_equal(t.err.text,
			    "chdir to cwd (\"/no/such\") set in config.json failed: no such file or directory");
	assert_int_equal(t.err.code, ENOENT);
}

/* Credentials, limits, mask, capabilities: as asked. */
static void sealed(void **state)
{
	struct spec_rlimit limit = {7 /* RLIMIT_NOFILE */, 100, 200};
	uint32_t groups[] = {10, 20};

	(void)state;
	if (geteuid() != 0)
		skip();
	FOR_ENGINES
	{
		shell(engines[k], "id -u; id -g; id -G; ulimit -n; umask; grep -E '^Cap|^NoNew' /proc/self/status; "
				  "ls /proc/self/fd; echo $HOME");
		t.plan.seal.uid = 1000;
		t.plan.seal.gid = 1001;
		t.plan.seal.groups = groups;
		t.plan.seal.n_groups = 2;
		t.plan.seal.set_groups = true;
		t.plan.seal.rlimits = &limit;
		t.plan.seal.n_rlimits = 1;
		t.plan.seal.umask = (struct opt_u64){true, 0027};
		t.plan.seal.no_new_privs = k != 0;
		memset(t.plan.seal.caps, 0, sizeof(t.plan.seal.caps));
		t.plan.seal.caps[CAPS_BOUNDING] = t.plan.seal.caps[CAPS_PERMITTED] = 0x401;
		t.plan.seal.caps[CAPS_INHERITABLE] = t.plan.seal.caps[CAPS_AMBIENT] = 0x400;
		t.plan.seal.caps[CAPS_EFFECTIVE] = 0x401;
		t.plan.seal.caps[CAPS_PERMITTED] = 0x401;
		trial_run(&t);
		assert_int_equal(t.err.code, 0);
		assert_non_null(strstr(t.out, "1000\n1001\n1001 10 20\n100\n0027\n"));
		assert_non_null(strstr(t.out, "CapInh:\t0000000000000400\nCapPrm:\t0000000000000400\n"
					      "CapEff:\t0000000000000400\nCapBnd:\t0000000000000401\n"
					      "CapAmb:\t0000000000000400\n"));
		assert_non_null(
		    strstr(t.out, k ? "NoNewPrivs:\t1\n0\n1\n2\n3\n/\n" : "NoNewPrivs:\t0\n0\n1\n2\n3\n/\n"));
	}
}

static void no_capabilities_means_none(void **state)
{
	(void)state;
	shell(JAIL_TRACE, "grep -E '^Cap(Prm|Bnd)' /proc/self/status");
	t.plan.seal.set_caps = false;
	t.plan.seal.no_new_privs = true;
	trial_run(&t);
	assert_string_equal(t.out, "CapPrm:\t0000000000000000\nCapBnd:\t0000000000000000\n");
}

static void refused_call_is_reported(void **state)
{
	(void)state;
	for (size_t k = 1; k < ARRAY_LEN(engines); k++) {
		trial_init(&t, ARGV((char *)"/bin/sh", (char *)"-c", (char *)"mkdir /tmp; echo $?"));
		trial_rule(&t, "syscalls.syscalls[0]", "mkdir", SYS_mkdir, JAIL_TRAP_REFUSE)->err = EROFS;
		trial_engine(&t, engines[k]);
		trial_run(&t);
		assert_non_null(strstr(t.out, "Read-only file system\n1\n"));
		assert_non_null(strstr(t.audit, "\"rule\":\"syscalls.syscalls[0]\""));
		assert_non_null(strstr(t.audit, "\"syscall\":\"mkdir\""));
		assert_non_null(strstr(t.audit, "\"action\":\"EROFS\""));
		assert_non_null(
		    strstr(t.audit, "/mkdir\",\"comm\":\"mkdir\",\"pid\":3,\"parents\":[{\"pid\":2,\"comm\":\"sh\"}]"));
		t.plan.rules[0].trap = JAIL_TRAP_KILL;
		memset(t.out, 0, sizeof(t.out));
		memset(t.audit, 0, sizeof(t.audit));
		trial_run(&t);
		assert_non_null(strstr(t.out, "137\n"));
		assert_non_null(strstr(t.audit, "\"action\":\"kill\""));
		t.plan.rules[0].trap = JAIL_TRAP_LOG;
		memset(t.out, 0, sizeof(t.out));
		memset(t.audit, 0, sizeof(t.audit));
		trial_run(&t);
		assert_non_null(strstr(t.out, "File exists\n1\n"));
		assert_non_null(strstr(t.audit, "\"action\":\"log\""));
	}
}

/* An allow-list's default has no name for the call; without a listener the filter refuses, and nobody tells. */
static void refused_without_a_name(void **state)
{
	(void)state;
	for (size_t k = 1; k < ARRAY_LEN(engines); k++) {
		trial_init(&t, ARGV((char *)"/bin/mkdir", (char *)"/tmp"));
		trial_rule(&t, "syscalls.defaultAction", NULL, SYS_mkdir, JAIL_TRAP_REFUSE)->err = ENOSYS;
		trial_engine(&t, engines[k]);
		t.plan.rules[0].nr = JAIL_ANY_CALL;
		t.plan.rules[0].arch = 0;
		trial_run(&t);
		assert_non_null(strstr(t.out, "Function not implemented"));
		assert_non_null(strstr(t.audit, "\"rule\":\"syscalls.defaultAction\""));
		assert_non_null(strstr(t.audit, "\"nr\":"));
	}
	shell(JAIL_NOTIFY, "mkdir /tmp");
	t.plan.filter.flags = 0;
	t.plan.filter.insns[2].k = SECCOMP_RET_ERRNO | EROFS;
	t.plan.filter.insns[1].k = SYS_mkdir;
	trial_run(&t);
	assert_non_null(strstr(t.out, "Read-only file system"));
	assert_string_equal(t.audit, "");
}

/* A policy that traps what the hand-over of the listener needs. */
static void sendmsg_is_trapped(void **state)
{
	(void)state;
	shell(JAIL_NONE, "echo ran");
	trial_rule(&t, "syscalls.syscalls[0]", "sendmsg", SYS_sendmsg, JAIL_TRAP_REFUSE);
	trial_engine(&t, JAIL_NOTIFY);
	trial_run(&t);
	assert_int_equal(t.err.code, 0);
	assert_string_equal(t.out, "ran\n");
	assert_int_equal(trial_code(&t), 0);
}

/* A storm of like denials: the first ten are lines, the others a number. */
static void audit_is_bounded(void **state)
{
	const char *p;
	unsigned int lines = 0, more = 0;

	(void)state;
	shell(JAIL_NONE, "i=0; while [ $i -lt 300 ]; do kill -0 1; i=$((i+1)); done 2>/dev/null");
	trial_rule(&t, "self", "kill", SYS_kill, JAIL_TRAP_REFUSE);
	trial_engine(&t, JAIL_TRACE);
	trial_run(&t);
	for (p = t.audit; *p; p = strchr(p, '\n') + 1) {
		const char *m = strstr(p, "\"more\":");

		if (m && m < strchr(p, '\n'))
			more += (unsigned int)atoi(m + 7);
		else
			lines++;
	}
	assert_uint_in_range(lines, 10, 50);
	assert_int_equal(lines + more, 300);
}

static void start_hooks(void **state)
{
	char *args[] = {(char *)"sh", (char *)"-c",  (char *)"cat; echo $X $# >&2; exit 9",
			(char *)"sh", (char *)"one", NULL};
	char *env[] = {(char *)"X=why", NULL},
	     *daemon[] = {(char *)"sh", (char *)"-c", (char *)"setsid sleep 50 & :", NULL};
	char *slow[] = {(char *)"sleep", (char *)"5", NULL};
	struct spec_hook hooks[2] = {{.path = (char *)"/bin/sh", .args = {daemon, 3}},
				     {.path = (char *)"/bin/sh", .args = {args, 5}, .env = {env, 1}}};

	(void)state;
	FOR_ENGINES
	{
		shell(engines[k], "echo ran");
		t.plan.seal.start_hooks.v = hooks;
		t.plan.seal.start_hooks.n = 2;
		t.plan.seal.hook_state = (char *)"{\"state\":1}";
		trial_run(&t);
		assert_string_equal(t.err.step, "hooks.startContainer");
		assert_string_equal(t.err.path, "hooks.startContainer[1]");
		assert_true(str_starts(t.err.text, "error running startContainer hook #1: '"));
		assert_non_null(strstr(t.err.text, "exit status 9: {\"state\":1}why 1"));
		assert_string_equal(t.out, "");

		shell(engines[k], "ps ax | grep -c '[s]leep 50'");
		t.plan.seal.start_hooks.v = hooks;
		t.plan.seal.start_hooks.n = 1;
		trial_run(&t);
		assert_int_equal(t.err.code, 0);
		assert_string_equal(t.out, engines[k] == JAIL_NONE ? "1\n" : "0\n");
	}
	hooks[0] = (struct spec_hook){.path = (char *)"/bin/sleep", .args = {slow, 2}, .timeout = {true, 1}};
	shell(JAIL_TRACE, "echo ran");
	t.plan.seal.start_hooks.v = hooks;
	t.plan.seal.start_hooks.n = 1;
	trial_run(&t);
	assert_int_equal(t.err.code, ETIMEDOUT);
}

static void signals_of_the_inside(void **state)
{
	(void)state;
	shell(JAIL_TRACE, "trap 'echo got; exit 6' TERM; kill -TERM 1; sleep 0.2; exit 0");
	trial_run(&t);
	assert_int_equal(trial_code(&t), 6);
	shell(JAIL_TRACE, "trap 'echo got; exit 6' TERM; kill -TERM 1; sleep 0.2; exit 0");
	t.plan.policies[0].refuse_to_init = true;
	trial_run(&t);
	assert_int_equal(trial_code(&t), 0);
	assert_non_null(strstr(t.audit, "\"rule\":\"signals.to_init\""));
	assert_non_null(strstr(t.audit, "\"signal\":\"SIGTERM\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(exit_codes),
	    cmocka_unit_test(death_by_signal),
	    cmocka_unit_test(signals_are_forwarded),
	    cmocka_unit_test(every_signal_arrives),
	    cmocka_unit_test(orphans_are_reaped),
	    cmocka_unit_test(rest_is_killed),
	    cmocka_unit_test(every_row_fails),
	    cmocka_unit_test(every_row_dies),
	    cmocka_unit_test(every_row_is_timed),
	    cmocka_unit_test(created_then_started),
	    cmocka_unit_test(outer_and_inner),
	    cmocka_unit_test(missing_programs),
	    cmocka_unit_test(bad_format),
	    cmocka_unit_test(bad_cwd),
	    cmocka_unit_test(sealed),
	    cmocka_unit_test(no_capabilities_means_none),
	    cmocka_unit_test(refused_call_is_reported),
	    cmocka_unit_test(refused_without_a_name),
	    cmocka_unit_test(sendmsg_is_trapped),
	    cmocka_unit_test(audit_is_bounded),
	    cmocka_unit_test(start_hooks),
	    cmocka_unit_test(signals_of_the_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
