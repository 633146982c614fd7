/* SPDX-License-Identifier: Apache-2.0 */
/* signals.protect against others of the same user: what is done before the first instruction of a protected program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper_run.h"

#define USER 1000

static struct trial t;
static char dir[] = "/tmp/helper_shield.XXXXXX";
static char attacker[64], victim[64], script[64], narrow[64];
static char *protect[] = {victim, (char *)"/usr/bin/sleep", narrow, NULL};

static void copy(const char *from, const char *to)
{
	struct err e = {0};
	AUTO_FREE char *data = NULL;
	AUTO_CLOSE int fd = -1;
	size_t len;

	unlink(to);
	fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	assert_int_equal(file_read(AT_FDCWD, from, 16 << 20, &data, &len, &e), 0);
	assert_int_equal(fd_write_all(fd, data, len), 0);
}

static int make_files(void **state)
{
	const char *top = getenv("TOP_BUILDDIR");
	char path[512];

	(void)state;
	if (!mkdtemp(dir) || chmod(dir, 0755) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/tests/attacks/progs/shield_ways", top ? top : ".");
	snprintf(attacker, sizeof(attacker), "%s/attacker", dir);
	snprintf(victim, sizeof(victim), "%s/victim", dir);
	snprintf(script, sizeof(script), "%s/script", dir);
	snprintf(narrow, sizeof(narrow), "%s/narrow", dir);
	copy(path, attacker);
	copy(path, victim);
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	unlink(attacker);
	unlink(victim);
	unlink(script);
	unlink(narrow);
	return rmdir(dir);
}

/* As a user without capabilities, under the calls that the engine traps, but for those that the test is about. */
static void begin(char **args, bool protected)
{
	trial_init(&t, args);
	trial_trace(&t);
	t.plan.policies[0].protect = (struct strv){protect, protected ? 3 : 0};
	t.plan.seal.uid = t.plan.seal.gid = USER;
	memset(t.plan.seal.caps, 0, sizeof(t.plan.seal.caps));
}

static int number_of(const char *text, const char *key)
{
	const char *p = strstr(text, key);

	return p ? atoi(p + strlen(key)) : -1;
}

static bool says(const char *way, const char *what)
{
	char text[64];

	snprintf(text, sizeof(text), "%s %s", way, what);
	return strstr(t.out, text) == t.out || strstr(t.out, text);
}

/* What the shield alone holds, without the filter's refusals. */
static void ways(void **state)
{
	static const char *const held[] = {"mem ",        "oom_score_adj ", "autogroup ",   "coredump_filter ",
					   "clear_refs ", "kill ",          "itimer_real ", "pdeathsig "};

	(void)state;
	for (int protected = 0; protected < 2; protected ++) {
		begin(ARGV(attacker, victim), protected);
		trial_run(&t);
		print_message("%s", t.out);
		for (size_t i = 0; i < ARRAY_LEN(held); i++) {
			char way[32];

			snprintf(way, sizeof(way), "%.*s", (int)strlen(held[i]) - 1, held[i]);
			assert_true(says(way, protected ? "held" : "hit"));
		}
	}
}

static void memory_is_never_open(void **state)
{
	(void)state;
	for (int protected = 0; protected < 2; protected ++) {
		begin(ARGV(attacker, victim, (char *)"race", (char *)"100"), protected);
		trial_run(&t);
		print_message("protected %d: %s", protected, t.out);
		/* Each try is told of: of the control all may have been written to, and none have run. */
		assert_int_equal(number_of(t.out, "ran=") + number_of(t.out, "written=") + number_of(t.out, "other="),
				 100);
		assert_true((number_of(t.out, "written=") > 0) == !protected);
		if (protected)
			assert_int_equal(number_of(t.out, "ran="), 100);
	}
}

static void shell(const char *text, bool protected)
{
	static char *args[] = {(char *)"/bin/sh", (char *)"-c", NULL, NULL};

	args[2] = (char *)text;
	begin(args, protected);
}

/* The program notices nothing: its arguments, environment, name, mask and end are what they would be. */
static void nothing_else_changes(void **state)
{
	static char *list[] = {(char *)"/usr/bin/dash", (char *)"/usr/bin/cat", (char *)"/usr/bin/env", NULL};
	char command[512], plain[sizeof(t.out)];
	int fd = open(script, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	(void)state;
	dprintf(fd, "#!/bin/sh -e\ncat /proc/$$/comm; echo \"$0\" \"$@\"; tr '\\0' ' ' </proc/$$/cmdline; exit 4\n");
	close(fd);
	snprintf(
	    command, sizeof(command),
	    "sleep 30 & %s 'a b' c; echo $?; X=1 env | sort; cat /proc/self/comm; grep Sig[BIC] /proc/self/status; "
	    "cd /usr/bin; ./cat /proc/self/comm; tr '\\0' ' ' </proc/self/cmdline; exec sh -c 'exit 5'",
	    script);
	for (int protected = 0; protected < 2; protected ++) {
		shell(command, false);
		t.plan.policies[0].protect = (struct strv){list, protected ? 3 : 0};
		trial_run(&t);
		assert_int_equal(trial_code(&t), 5);
		assert_string_equal(t.audit, "");
		if (!protected)
			memcpy(plain, t.out, sizeof(plain));
	}
	assert_non_null(strstr(plain, "script\n"));
	assert_non_null(strstr(plain, "a b c\n"));
	assert_string_equal(t.out, plain);
}

/* A filter that refuses the calls: the program does not run. */
static void fails_closed(void **state)
{
	static const int calls[] = {SYS_prctl, SYS_setitimer};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		struct sock_filter refuse[] = {
		    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i], 0, 1),
		    BPF_STMT(BPF_RET | BPF_K, 0x00050000 /* SECCOMP_RET_ERRNO */ | EPERM),
		    BPF_STMT(BPF_RET | BPF_K, 0x7fff0000 /* SECCOMP_RET_ALLOW */),
		};

		for (int protected = 0; protected < 2; protected ++) {
			begin(ARGV(victim, (char *)"--end"), protected);
			t.plan.seal.no_new_privs = true;
			t.plan.seal.seccomp = (struct jail_bpf){.insns = refuse, .len = ARRAY_LEN(refuse)};
			trial_run(&t);
			assert_int_equal(trial_code(&t), protected ? 128 + SIGKILL : 0);
			assert_true((strstr(t.audit, "\"rule\":\"signals.protect\"") != NULL) == protected);
			assert_true((strstr(t.audit, "let linux.seccomp") != NULL) == protected);
		}
	}
}

/* Whoever made a user namespace is almighty in it, and outside of it an ordinary process of the same user. */
static void user_namespace(void **state)
{
	(void)state;
	for (int protected = 0; protected < 2; protected ++) {
		shell("unshare -U sleep 0.1 2>/dev/null; echo $?", protected);
		trial_run(&t);
		assert_non_null(strstr(t.out, protected ? "137\n" : "0\n"));
		assert_true((strstr(t.audit, "user namespace") != NULL) == protected);
	}
}

/* Stopped processes, those in vfork, and those that have threads do not keep it from its start; and stay what they are. */
static void others_of_all_kinds(void **state)
{
	(void)state;
	shell("dd if=/dev/zero of=/dev/null bs=1 count=3000000 2>/dev/null & "
	      "sh -c 'while :; do :; done' & p=$!; kill -STOP $p; until grep -q ') [Tt]' /proc/$p/stat; do :; done; "
	      "for i in 1 2 3 4 5 6 7 8; do sleep 0.0$i & done; sleep 0.2; grep -o ') [Tt]' /proc/$p/stat; kill -CONT "
	      "$p; "
	      "until grep -q ') R' /proc/$p/stat; do :; done; kill -9 $p; exit 6",
	      true);
	trial_run(&t);
	assert_int_equal(trial_code(&t), 6);
	assert_non_null(strstr(t.out, ") t\n"));
	assert_string_equal(t.audit, "");
}

/* Programs that the kernel hides itself: one that cannot be read, and one that is another user's. And one that is executed by a thread. */
static void kinds_of_exec(void **state)
{
	static const struct {
		mode_t mode;
		uid_t owner;
	} files[] = {{0711, 0}, {04755, USER + 1}, {02755, 0}, {0755, 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		copy(attacker, victim);
		assert_int_equal(chown(victim, files[i].owner, 0), 0);
		assert_int_equal(chmod(victim, files[i].mode), 0);
		begin(ARGV(attacker, victim, (char *)"mem"), true);
		trial_run(&t);
		assert_string_equal(t.out, "mem held (status 7)\n");
		assert_string_equal(t.audit, "");
	}
	shell("sleep 5 & python3 -c 'import os, threading, time\n"
	      "threading.Thread(target=lambda: os.execv(\"/usr/bin/sleep\", [\"sleep\", "
	      "\"0.1\"])).start()\ntime.sleep(9)'; "
	      "echo $?",
	      true);
	trial_run(&t);
	assert_string_equal(t.out, "0\n");
	assert_null(strstr(t.audit, "signals.protect")); /* clone3, which threads try first, is in it */
}

static void cost(void **state)
{
	(void)state;
	begin(ARGV(attacker, victim, (char *)"cost", attacker, (char *)"201"), true);
	trial_run(&t);
	print_message("microseconds: %s", t.out);
	assert_true(number_of(t.out, " protected=") > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ways),
	    cmocka_unit_test(memory_is_never_open),
	    cmocka_unit_test(nothing_else_changes),
	    cmocka_unit_test(fails_closed),
	    cmocka_unit_test(user_namespace),
	    cmocka_unit_test(others_of_all_kinds),
	    cmocka_unit_test(kinds_of_exec),
	    cmocka_unit_test(cost),
	};

	if (geteuid() != 0)
		return 77; /* it takes the ids of another user */
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
