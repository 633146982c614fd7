/* SPDX-License-Identifier: Apache-2.0 */
/* state, list, kill, delete and spec, on state directories made by hand, with children of ours as the containers. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/commands/commands.h"
#include "runtime/state/state.h"

static char top[] = "/tmp/jailrun-commands-XXXXXX", root[64];
static char output[8192];

/* Runs one command; its stdout is in output, its error in *e. */
static int call(struct err *e, const char *command, const char *a, const char *b, const char *c)
{
	const char *list[] = {"jailrun", "--root", root, command, a, b, c, NULL};
	int argc = 0, saved = dup(1), fd, r;
	struct rt_call call;
	ssize_t n;

	while (list[argc])
		argc++;
	*e = (struct err){0};
	fd = memfd_create("stdout", MFD_CLOEXEC);
	fflush(stdout);
	dup2(fd, 1);
	r = rt_cli_parse(&rt_commands, argc, (char **)list, &call, e);
	if (r == 0)
		r = rt_cli_finish(&call, e);
	if (r == 0)
		r = call.command->run(&call, e);
	rt_call_free(&call);
	dup2(saved, 1);
	close(saved);
	n = pread(fd, output, sizeof(output) - 1, 0);
	output[n > 0 ? n : 0] = '\0';
	close(fd);
	return r;
}

static pid_t sleeper(int ignored)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (ignored)
			signal(ignored, SIG_IGN);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	usleep(20000);
	return pid;
}

enum made { MADE_DIR, MADE_STATE, MADE_CREATED, MADE_RUNNING };

/* A container as create leaves it at some point; pid 0: none. Returns the listening socket of a created one. */
static int make(const char *id, enum made how_far, pid_t pid)
{
	AUTO_STORE s = RT_STORE_INIT;
	struct spec_hook hook = {.path = "/bin/sh"};
	char script[256], bundle[96], *args[] = {"sh", "-c", script, NULL};
	struct spec_state st = {.id = (char *)id,
				.pid = pid,
				.created = how_far >= MADE_CREATED,
				.bundle = bundle,
				.rootfs = bundle,
				.created_at = "2026-01-02T03:04:05.000000006Z",
				.owner = "root",
				.cgroup_manager = "disabled"};
	struct err e = {0};
	int fd = -1;

	snprintf(bundle, sizeof(bundle), "%s/bundle", top);
	snprintf(script, sizeof(script), "cat >%s/poststop-%s", top, id);
	hook.args = (struct strv){args, 3};
	st.hooks[HOOK_POSTSTOP] = (struct spec_hook_list){&hook, 1};
	if (pid)
		assert_int_equal(proc_start_time(pid, &st.pid_start, NULL), 0);
	if (rt_store_reserve(root, id, NULL, &s, &e) < 0)
		fail_msg("%s", e.text);
	if (how_far >= MADE_STATE)
		assert_int_equal(rt_store_write(&s, &st, &e), 0);
	if (how_far == MADE_CREATED)
		fd = rt_store_listen(&s, RT_START_SOCKET, &e);
	return fd;
}

static bool exists(const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	return access(path, F_OK) == 0;
}

static int end_of(pid_t pid)
{
	int status;

	assert_int_equal(proc_wait(pid, &status, 0), pid);
	return proc_exit_code(status);
}

static void test_state(void **state)
{
	pid_t pid = sleeper(0);
	char want[64];
	struct err e;
	int fd;

	(void)state;
	assert_int_equal(call(&e, "state", "s1", NULL, NULL), -ENOENT);
	assert_true(str_starts(e.text, "container does not exist: "));
	assert_int_equal(call(&e, "state", "", NULL, NULL), -EINVAL);
	assert_string_equal(e.text, "container id cannot be empty");
	fd = make("s1", MADE_CREATED, pid);
	assert_int_equal(call(&e, "state", "s1", NULL, NULL), 0);
	snprintf(want, sizeof(want), "\"pid\": %d,", (int)pid);
	assert_non_null(strstr(output, want));
	assert_non_null(strstr(output, "\"status\": \"created\""));
	assert_non_null(strstr(output, "\"id\": \"s1\""));
	assert_non_null(strstr(output, "\"rootfs\": \""));
	kill(pid, SIGKILL);
	assert_int_equal(end_of(pid), 137);
	assert_int_equal(call(&e, "state", "s1", NULL, NULL), 0);
	assert_non_null(strstr(output, "\"pid\": 0,"));
	assert_non_null(strstr(output, "\"status\": \"stopped\""));
	close(fd);
	assert_int_equal(call(&e, "delete", "s1", NULL, NULL), 0);
}

static void test_list(void **state)
{
	pid_t pid = sleeper(0);
	struct err e;

	(void)state;
	assert_int_equal(call(&e, "list", NULL, NULL, NULL), 0);
	assert_string_equal(output, "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n");
	assert_int_equal(call(&e, "list", "-f", "json", NULL), 0);
	assert_string_equal(output, "[]\n");
	make("l2", MADE_RUNNING, pid);
	make("l1", MADE_DIR, 0);
	assert_int_equal(call(&e, "list", "-q", NULL, NULL), 0);
	assert_string_equal(output, "l1\nl2\n");
	assert_int_equal(call(&e, "list", NULL, NULL, NULL), 0);
	assert_non_null(strstr(output, "\nl1          0           stopped     "));
	assert_non_null(strstr(output, " running     "));
	assert_int_equal(call(&e, "list", "--format=json", NULL, NULL), 0);
	assert_memory_equal(output, "[{", 2);
	assert_non_null(strstr(output, "},{"));
	assert_int_equal(call(&e, "delete", "-f", "l2", NULL), 0);
	assert_int_equal(end_of(pid), 137);
	assert_int_equal(call(&e, "delete", "l1", NULL, NULL), 0);
}

static void test_kill(void **state)
{
	static const struct {
		const char *arg;
		int sig;
	} rows[] = {{NULL, SIGTERM}, {"KILL", SIGKILL}, {"SIGUSR1", SIGUSR1}, {"9", 9}, {"usr2", SIGUSR2}, {"34", 34}};
	struct err e;
	pid_t pid;
	int fd;

	(void)state;
	assert_int_equal(call(&e, "kill", "k1", NULL, NULL), -ENOENT);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		pid = sleeper(0);
		make("k1", MADE_RUNNING, pid);
		assert_int_equal(call(&e, "kill", "k1", "0", NULL), 0);
		assert_int_equal(call(&e, "kill", "k1", "NOPE", NULL), -EINVAL);
		assert_true(str_starts(e.text, "unknown signal \"NOPE\": "));
		assert_int_equal(call(&e, "kill", "k1", "65", NULL), -EINVAL);
		assert_int_equal(call(&e, "kill", "k1", rows[i].arg, NULL), 0);
		assert_int_equal(end_of(pid), 128 + rows[i].sig);
		assert_int_equal(call(&e, "kill", "k1", rows[i].arg, NULL), -ESRCH);
		assert_string_equal(e.text, "container not running: no such process");
		assert_int_equal(call(&e, "delete", "k1", NULL, NULL), 0);
	}
	pid = sleeper(0);
	fd = make("k2", MADE_CREATED, pid);
	assert_int_equal(call(&e, "kill", "-a", "k2", "KILL"), 0);
	assert_int_equal(end_of(pid), 137);
	close(fd);
	assert_int_equal(call(&e, "delete", "k2", NULL, NULL), 0);
}

static void test_delete(void **state)
{
	struct err e;
	pid_t pid = sleeper(SIGTERM);
	int fd;

	(void)state;
	assert_int_equal(call(&e, "delete", "d1", NULL, NULL), -ENOENT);
	assert_true(str_starts(e.text, "container does not exist: "));
	assert_int_equal(call(&e, "delete", "--force", "d1", NULL), 0);
	assert_int_equal(call(&e, "delete", "--force", "d/1", NULL), -EINVAL);

	make("d1", MADE_RUNNING, pid);
	assert_int_equal(call(&e, "delete", "d1", NULL, NULL), -EBUSY);
	assert_string_equal(e.text, "cannot delete container d1 that is not stopped: running");
	assert_int_equal(kill(pid, 0), 0);
	assert_true(exists("root/d1/state.json"));
	assert_int_equal(call(&e, "delete", "d1", "-f", NULL), 0);
	assert_int_equal(end_of(pid), 137);
	assert_false(exists("root/d1"));
	assert_true(exists("poststop-d1"));

	/* created: without --force too. */
	pid = sleeper(0);
	fd = make("d2", MADE_CREATED, pid);
	assert_int_equal(call(&e, "delete", "d2", NULL, NULL), 0);
	close(fd);
	assert_int_equal(end_of(pid), 137);
	assert_false(exists("root/d2"));
	assert_true(exists("poststop-d2"));
}

/* The pid belongs to somebody else by now: nobody is killed. */
static void test_delete_reused_pid(void **state)
{
	AUTO_STORE s = RT_STORE_INIT;
	struct arena a = {0};
	struct spec_state st;
	struct err e = {0};
	pid_t pid = sleeper(0);

	(void)state;
	make("r1", MADE_RUNNING, pid);
	assert_int_equal(rt_store_open(root, "r1", RT_LOCK_NONE, &s, &e), 0);
	assert_int_equal(rt_store_load(&s, &a, &st, &e), 0);
	st.pid_start += 7;
	assert_int_equal(rt_store_write(&s, &st, &e), 0);
	arena_free(&a);
	assert_int_equal(call(&e, "kill", "r1", "KILL", NULL), -ESRCH);
	assert_int_equal(call(&e, "delete", "--force", "r1", NULL), 0);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	kill(pid, SIGKILL);
	assert_int_equal(end_of(pid), 137);
}

/* What a create that was killed leaves: a directory alone, a state, a process, mount points in the rootfs. */
static void test_delete_half_made(void **state)
{
	char path[128];
	struct err e;
	pid_t pid, creator;

	(void)state;
	make("h1", MADE_DIR, 0);
	assert_int_equal(call(&e, "delete", "--force", "h1", NULL), 0);
	assert_false(exists("root/h1"));

	pid = sleeper(0);
	make("h2", MADE_STATE, pid);
	assert_int_equal(call(&e, "delete", "h2", NULL, NULL), -EBUSY);
	assert_non_null(strstr(e.text, "creating"));
	snprintf(path, sizeof(path), "%s/bundle", top);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/bundle/made", top);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/root/h2/made", top);
	{
		FILE *f = fopen(path, "w");

		fputs("d /made\n", f);
		fclose(f);
	}
	assert_int_equal(call(&e, "delete", "--force", "h2", NULL), 0);
	assert_int_equal(end_of(pid), 137);
	assert_false(exists("root/h2"));
	assert_false(exists("bundle/made"));

	/* A create that lives: its first process is killed, then we wait until it lets go. */
	pid = sleeper(0);
	make("h3", MADE_STATE, pid);
	creator = fork();
	if (creator == 0) {
		AUTO_STORE mine = RT_STORE_INIT;
		struct spec_state st = {.pid = pid};

		proc_start_time(pid, &st.pid_start, NULL);
		if (rt_store_open(root, "h3", RT_LOCK_EXCLUSIVE, &mine, NULL) < 0)
			_exit(1);
		while (rt_state_alive(&st))
			usleep(1000);
		usleep(200000);
		_exit(rt_store_remove(&mine, NULL) == 0 ? 5 : 2);
	}
	usleep(100000);
	assert_int_equal(call(&e, "delete", "--force", "h3", NULL), 0);
	assert_int_equal(end_of(creator), 5);
	assert_int_equal(end_of(pid), 137);
}

static void test_delete_corrupt(void **state)
{
	char path[128];
	struct err e;
	FILE *f;

	(void)state;
	make("x1", MADE_RUNNING, 0);
	snprintf(path, sizeof(path), "%s/root/x1/state.json", top);
	f = fopen(path, "w");
	fputs("{]", f);
	fclose(f);
	assert_int_equal(call(&e, "state", "x1", NULL, NULL), -EINVAL);
	assert_non_null(strstr(e.path, "x1: state.json"));
	assert_int_equal(call(&e, "delete", "x1", NULL, NULL), -EINVAL);
	assert_true(exists("root/x1"));
	assert_int_equal(call(&e, "list", "-f", "json", NULL), 0); /* it hides no other */
	assert_string_equal(output, "[]\n");
	assert_int_equal(call(&e, "delete", "--force", "x1", NULL), 0);
	assert_false(exists("root/x1"));
}

static void test_spec(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(call(&e, "spec", "-b", top, NULL), 0);
	assert_true(exists("config.json"));
	assert_int_equal(call(&e, "spec", "-b", top, NULL), -EEXIST);
	assert_string_equal(e.text, "File config.json exists. Remove it first");
	assert_int_equal(call(&e, "spec", "-b", "/nonexistent", NULL), -ENOENT);
}

static void test_help(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(call(&e, "help", "delete", NULL, NULL), 0);
	assert_non_null(strstr(output, "--force, -f"));
	assert_int_equal(call(&e, "help", "nope", NULL, NULL), -ENOENT);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(top))
		return -1;
	snprintf(root, sizeof(root), "%s/root", top);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", top);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_state),
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_kill),
	    cmocka_unit_test(test_delete),
	    cmocka_unit_test(test_delete_reused_pid),
	    cmocka_unit_test(test_delete_half_made),
	    cmocka_unit_test(test_delete_corrupt),
	    cmocka_unit_test(test_spec),
	    cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
