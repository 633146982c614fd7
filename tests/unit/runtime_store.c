/* SPDX-License-Identifier: Apache-2.0 */
/* State directories: ids, reservation, locks, half-made and corrupt ones, the socket on long paths, status. */
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
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/runtime.h"
#include "runtime/state/state.h"

static char top[] = "/tmp/jailrun-store-XXXXXX", root[64];

static void write_file(const char *id, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/%s", root, id, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* A child that sleeps, as the init of a container; the parent ends it with end_child. */
static pid_t sleeper(struct spec_state *s)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	s->pid = pid;
	assert_int_equal(proc_start_time(pid, &s->pid_start, NULL), 0);
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(proc_wait(pid, NULL, 0), pid);
}

static void test_ids(void **state)
{
	static const char *const good[] = {"a", "A-b_c.d+e", "0", "...", "-", ".a"};
	static const char *const bad[] = {".", "..", "a/b", "/", "a b", "a\n", "\xc3\xa4", "a:b", "~", "*"};
	char name[300];
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(rt_store_check_id(good[i], &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		e = (struct err){0};
		assert_int_equal(rt_store_check_id(bad[i], &e), -EINVAL);
		assert_memory_equal(e.text, "invalid container ID format", 27);
	}
	e = (struct err){0};
	assert_int_equal(rt_store_check_id("", &e), -EINVAL);
	assert_string_equal(e.text, "container id cannot be empty");
	memset(name, 'a', sizeof(name));
	name[255] = '\0';
	assert_int_equal(rt_store_check_id(name, NULL), 0);
	name[255] = 'a';
	name[256] = '\0';
	assert_int_equal(rt_store_check_id(name, NULL), -EINVAL);
}

static void test_root_path(void **state)
{
	static const struct {
		const char *option, *xdg;
		bool rootless;
		const char *want; /* NULL: refused */
	} rows[] = {
	    {NULL, NULL, false, "/run/jailrun"},
	    {NULL, "/run/user/7", false, "/run/jailrun"},
	    {NULL, "/run/user/7", true, "/run/user/7/jailrun"},
	    {NULL, "", true, "/run/jailrun"},
	    {NULL, NULL, true, "/run/jailrun"},
	    {"/x//y/../z/", "/run/user/7", true, "/x/z"},
	    {"", NULL, false, NULL},
	    {"/", NULL, false, NULL},
	    {"//", NULL, false, NULL},
	    {"/x/..", NULL, false, NULL},
	    {"/proc/self/root", NULL, false, NULL}, /* a symlink to / */
	    {"../../../../../../../..", NULL, false, NULL},
	};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *got = NULL;
		struct err e = {0};
		int r = rt_root_path(rows[i].option, rows[i].xdg, rows[i].rootless, &a, &got, &e);

		if (r != (rows[i].want ? 0 : -EINVAL) || (rows[i].want && !str_eq(got, rows[i].want)))
			fail_msg("row %zu: %d %s %s", i, r, got, e.text);
		if (!rows[i].want)
			assert_non_null(strstr(e.text, "--root"));
	}
	arena_free(&a);
}

static void test_reserve(void **state)
{
	AUTO_STORE s = RT_STORE_INIT, t = RT_STORE_INIT;
	char deep[128];
	struct stat st;
	struct err e = {0};

	(void)state;
	assert_int_equal(rt_store_open(root, "c1", RT_LOCK_NONE, &s, &e), -ENOENT);
	assert_true(str_starts(e.text, "container does not exist: "));
	e = (struct err){0};
	assert_int_equal(rt_store_reserve(root, "c1", NULL, &s, &e), 0);
	assert_int_equal(rt_store_reserve(root, "c1", NULL, &t, &e), -EEXIST);
	assert_true(str_starts(e.text, "container with given ID already exists: c1"));
	assert_int_equal(t.dir_fd, -1);
	/* The one that is there is untouched, and locked. */
	assert_int_equal(fstat(s.dir_fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_true(fcntl(s.dir_fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(stat(root, &st), 0);
	assert_int_equal(st.st_mode & 07777, 01700);
	e = (struct err){0};
	assert_int_equal(rt_store_remove(&s, &e), 0);
	rt_store_close(&s);
	assert_int_equal(rt_store_open(root, "c1", RT_LOCK_NONE, &s, &e), -ENOENT);

	snprintf(deep, sizeof(deep), "%s/a/b/c", top);
	e = (struct err){0};
	assert_int_equal(rt_store_reserve(deep, "c1", NULL, &s, &e), 0);
	assert_int_equal(rt_store_remove(&s, &e), 0);
	assert_int_equal(rt_store_reserve("/proc/nope", "c1", NULL, &t, &e), -ENOENT);
	assert_non_null(strstr(e.text, "/proc/nope"));
}

static void test_state(void **state)
{
	AUTO_STORE s = RT_STORE_INIT;
	struct spec_state w = {.id = "c2",
			       .pid = 42,
			       .pid_start = 4242,
			       .created = true,
			       .bundle = "/b",
			       .rootfs = "/b/r",
			       .created_at = "2026-01-02T03:04:05.000000006Z",
			       .owner = "root",
			       .cgroup_manager = "cgroupfs"};
	struct spec_state r;
	struct arena a = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(rt_store_reserve(root, "c2", NULL, &s, &e), 0);
	/* Half-made: no state.json. */
	assert_int_equal(rt_store_load(&s, &a, &r, &e), 0);
	assert_string_equal(r.id, "c2");
	assert_false(r.created);
	assert_int_equal(r.pid, 0);
	assert_int_equal(rt_store_write(&s, &w, &e), 0);
	assert_int_equal(rt_store_load(&s, &a, &r, &e), 0);
	assert_int_equal(r.pid, 42);
	assert_int_equal(r.pid_start, 4242);
	assert_true(r.created);
	assert_string_equal(r.rootfs, "/b/r");
	write_file("c2", "state.json", "{\"id\":");
	assert_int_equal(rt_store_load(&s, &a, &r, &e), -EINVAL);
	assert_non_null(strstr(e.path, "state.json"));
	assert_non_null(strstr(e.path, "c2"));
	e = (struct err){0};
	write_file("c2", "state.json", "");
	assert_int_equal(rt_store_load(&s, &a, &r, &e), -EINVAL);
	/* Another container's: a copied directory. */
	e = (struct err){0};
	w.id = "c3";
	assert_int_equal(rt_store_write(&s, &w, &e), 0);
	assert_int_equal(rt_store_load(&s, &a, &r, &e), -EINVAL);
	assert_non_null(strstr(e.text, "c3"));
	e = (struct err){0};
	assert_int_equal(rt_store_remove(&s, &e), 0);
	arena_free(&a);
}

static void test_lock(void **state)
{
	AUTO_STORE s = RT_STORE_INIT, t = RT_STORE_INIT;
	struct err e = {0};
	uint64_t start;
	pid_t pid;
	int status;

	(void)state;
	assert_int_equal(rt_store_reserve(root, "c4", NULL, &s, &e), 0);
	/* The waiter gets the lock as soon as it is free, */
	pid = fork();
	if (pid == 0) {
		AUTO_STORE mine = RT_STORE_INIT;

		rt_store_close(&s); /* the child's copy: the lock stays */
		_exit(rt_store_open(root, "c4", RT_LOCK_EXCLUSIVE, &mine, NULL) == 0 ? 7 : 1);
	}
	usleep(100000);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	assert_int_equal(rt_store_lock(&s, RT_LOCK_NONE, &e), 0);
	start = now_us();
	assert_int_equal(proc_wait(pid, &status, 0), pid);
	assert_int_equal(proc_exit_code(status), 7);
	assert_true(now_us() - start < 2000000);
	/* and learns when the directory was removed under it. */
	assert_int_equal(rt_store_open(root, "c4", RT_LOCK_NONE, &t, &e), 0);
	assert_int_equal(rt_store_lock(&s, RT_LOCK_EXCLUSIVE, &e), 0);
	assert_int_equal(rt_store_remove(&s, &e), 0);
	rt_store_close(&s);
	assert_int_equal(rt_store_lock(&t, RT_LOCK_EXCLUSIVE, &e), -ENOENT);
	assert_true(str_starts(e.text, "container does not exist: "));
}

static void test_trust(void **state)
{
	AUTO_STORE s = RT_STORE_INIT;
	char path[128];
	struct err e = {0};

	(void)state;
	assert_int_equal(rt_store_reserve(root, "c5", NULL, &s, &e), 0);
	rt_store_close(&s);
	snprintf(path, sizeof(path), "%s/c5", root);
	assert_int_equal(chmod(path, 0770), 0);
	assert_int_equal(rt_store_open(root, "c5", RT_LOCK_NONE, &s, &e), -EPERM);
	assert_non_null(strstr(e.text, "c5"));
	assert_int_equal(chmod(path, 0700), 0);
	e = (struct err){0};
	assert_int_equal(rt_store_open(root, "c5", RT_LOCK_NONE, &s, &e), 0);
	assert_int_equal(rt_store_remove(&s, &e), 0);
	/* A symlink is no container. */
	assert_int_equal(symlink("/tmp", path), 0);
	rt_store_close(&s);
	assert_true(rt_store_open(root, "c5", RT_LOCK_NONE, &s, &e) < 0);
	unlink(path);
}

static void test_list(void **state)
{
	AUTO_STORE b = RT_STORE_INIT, a = RT_STORE_INIT;
	struct arena arena = {0};
	struct strv ids;
	char path[128];
	struct err e = {0};

	(void)state;
	snprintf(path, sizeof(path), "%s/none", top);
	assert_int_equal(rt_store_list(path, &arena, &ids, &e), 0);
	assert_int_equal(ids.n, 0);
	assert_int_equal(rt_store_reserve(root, "l2", NULL, &b, &e), 0);
	assert_int_equal(rt_store_reserve(root, "l1", NULL, &a, &e), 0);
	snprintf(path, sizeof(path), "%s/file", root);
	fclose(fopen(path, "w"));
	assert_int_equal(rt_store_list(root, &arena, &ids, &e), 0);
	assert_int_equal(ids.n, 2);
	assert_string_equal(ids.v[0], "l1");
	assert_string_equal(ids.v[1], "l2");
	unlink(path);
	assert_int_equal(rt_store_remove(&a, &e), 0);
	assert_int_equal(rt_store_remove(&b, &e), 0);
	arena_free(&arena);
}

static void test_journal(void **state)
{
	AUTO_STORE s = RT_STORE_INIT, t = RT_STORE_INIT;
	char *text;
	struct err e = {0};

	(void)state;
	assert_int_equal(rt_store_reserve(root, "c6", NULL, &s, &e), 0);
	assert_int_equal(rt_store_made_read(&s, &text, &e), 0);
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(rt_store_made(&s, "/a", true, &e), 0);
	assert_int_equal(rt_store_made(&s, "/a/b c", false, &e), 0);
	assert_int_equal(rt_store_made(&s, "/a\nf /etc/passwd", false, &e), -EINVAL);
	e = (struct err){0};
	assert_int_equal(rt_store_open(root, "c6", RT_LOCK_NONE, &t, &e), 0);
	assert_int_equal(rt_store_made_read(&t, &text, &e), 0);
	assert_string_equal(text, "d /a\nf /a/b c\n");
	free(text);
	assert_int_equal(rt_store_remove(&s, &e), 0);
}

static void test_start_socket(void **state)
{
	AUTO_STORE s = RT_STORE_INIT;
	AUTO_CLOSE int server = -1, client = -1, conn = -1;
	char deep[512] = "", part[101];
	struct err e = {0};
	char c = 0;

	(void)state;
	memset(part, 'p', 100);
	part[100] = '\0';
	snprintf(deep, sizeof(deep), "%s/%s/%s", top, part, part); /* longer than sun_path */
	assert_int_equal(rt_store_reserve(deep, "c7", NULL, &s, &e), 0);
	assert_int_equal(rt_store_connect(&s, RT_START_SOCKET, &e), -ENOENT);
	e = (struct err){0};
	server = rt_store_listen(&s, RT_START_SOCKET, &e);
	assert_true(server >= 0);
	client = rt_store_connect(&s, RT_START_SOCKET, &e);
	assert_true(client >= 0);
	conn = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	assert_true(conn >= 0);
	assert_int_equal(send(client, "x", 1, MSG_NOSIGNAL), 1);
	assert_int_equal(recv(conn, &c, 1, 0), 1);
	assert_int_equal(c, 'x');
	fd_close_p(&server);
	assert_int_equal(rt_store_connect(&s, RT_START_SOCKET, &e), -ECONNREFUSED);
	e = (struct err){0};
	assert_int_equal(rt_store_started(&s, &e), 0);
	assert_int_equal(rt_store_started(&s, &e), 0);
	assert_int_equal(rt_store_connect(&s, RT_START_SOCKET, &e), -ENOENT);
	e = (struct err){0};
	assert_int_equal(rt_store_remove(&s, &e), 0);
}

static void test_status(void **state)
{
	AUTO_STORE s = RT_STORE_INIT, t = RT_STORE_INIT;
	AUTO_CLOSE int server = -1, pidfd = -1;
	struct spec_state st = {.id = "c8"};
	struct err e = {0};
	pid_t pid;

	(void)state;
	assert_int_equal(rt_store_reserve(root, "c8", NULL, &s, &e), 0);
	assert_int_equal(rt_store_open(root, "c8", RT_LOCK_NONE, &t, &e), 0);
	/* Nothing but the directory: who holds the lock makes the difference. */
	assert_int_equal(rt_store_status(&t, &st), STATUS_CREATING);
	assert_int_equal(rt_store_status(&s, &st), STATUS_STOPPED);
	assert_int_equal(rt_store_lock(&s, RT_LOCK_NONE, &e), 0);
	assert_int_equal(rt_store_status(&t, &st), STATUS_STOPPED);
	pid = sleeper(&st);
	assert_int_equal(rt_store_status(&t, &st), STATUS_CREATING);
	st.created = true;
	assert_int_equal(rt_store_status(&t, &st), STATUS_RUNNING);
	server = rt_store_listen(&s, RT_START_SOCKET, &e);
	assert_true(server >= 0);
	assert_int_equal(rt_store_status(&t, &st), STATUS_CREATED);
	assert_int_equal(rt_store_started(&s, &e), 0);
	/* The same pid, but another process. */
	st.pid_start++;
	assert_int_equal(rt_store_status(&t, &st), STATUS_STOPPED);
	assert_int_equal(rt_state_pidfd(&st), -ESRCH);
	st.pid_start--;
	pidfd = rt_state_pidfd(&st);
	assert_true(pidfd >= 0);
	/* A zombie is gone, though its pid is not. */
	kill(pid, SIGKILL);
	for (int i = 0; i < 100 && rt_state_alive(&st); i++)
		usleep(10000);
	assert_int_equal(kill(pid, 0), 0);
	assert_int_equal(rt_store_status(&t, &st), STATUS_STOPPED);
	assert_int_equal(rt_state_pidfd(&st), -ESRCH);
	end_child(pid);
	assert_int_equal(rt_store_remove(&s, &e), 0);
}

static void test_user_name(void **state)
{
	struct arena a = {0};

	(void)state;
	assert_string_equal(rt_user_name(0, &a), "root");
	assert_string_equal(rt_user_name(3999999999u, &a), "3999999999");
	arena_free(&a);
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
	    cmocka_unit_test(test_ids),    cmocka_unit_test(test_root_path), cmocka_unit_test(test_reserve),
	    cmocka_unit_test(test_state),  cmocka_unit_test(test_lock),      cmocka_unit_test(test_trust),
	    cmocka_unit_test(test_list),   cmocka_unit_test(test_journal),   cmocka_unit_test(test_start_socket),
	    cmocka_unit_test(test_status), cmocka_unit_test(test_user_name),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
