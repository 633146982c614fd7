/* SPDX-License-Identifier: Apache-2.0 */
/* Real cgroups on this host, in a sub-tree of their own: made, entered, limited, killed, removed; nothing left. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cgroups/tree.h"
#include "cgroups_real.h"

static void plan_at(const char *below, struct cg_plan *p)
{
	struct spec_config c = {.linux_.cgroups_path = arena_printf(&arena, "%s%s", top, below)};
	struct err e = {0};

	if (cg_plan(&c, &facts, CG_CGROUPFS, "id", false, &arena, p, &e) < 0)
		fail_msg("plan: %s", e.text);
	p->count_all = false; /* processes shall have a place at every level */
}

static void remove_ok(const char *path)
{
	struct err e = {0};

	if (cg_remove(path, &e) < 0)
		fail_msg("remove: %s", e.text);
	assert_false(exists(path));
}

/* A process in the cgroup that waits for its end. */
static pid_t sleeper(int cgroup_fd)
{
	pid_t pid = proc_clone(0, cgroup_fd, NULL);

	if (pid == 0)
		for (;;)
			pause();
	assert_true(pid > 0);
	return pid;
}

static void test_probe(void **state)
{
	NEED_CGROUPS();
	assert_non_null(facts.mount);
	assert_int_equal(facts.self[0], '/');
	assert_true(facts.writable);
	assert_true(exists(arena_printf(&arena, "%s%s", facts.mount, facts.self)));
}

static void test_life(void **state)
{
	struct cg_plan p;
	struct cg_run r;
	struct err e = {0};
	pid_t pid, *pids;
	int status;

	NEED_CGROUPS();
	plan_at("/life/a", &p);
	create(&p, &r);
	assert_true(r.made);
	assert_int_equal(r.made_len, strlen(facts.mount) + strlen(top));
	pid = sleeper(r.dir_fd);
	assert_int_equal(cg_pids(p.path, &pids, &e), 1);
	assert_int_equal(pids[0], pid);
	free(pids);
	assert_int_equal(cg_kill(p.path, SIGTERM, 0, &e), 0);
	status = reap(pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	pid = sleeper(r.dir_fd);
	assert_int_equal(cg_kill(p.path, SIGKILL, 0, &e), 0);
	status = reap(pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	close(r.dir_fd);
	remove_ok(p.path);
	remove_ok(p.path); /* again: nothing to do */
	assert_int_equal(cg_kill(p.path, SIGKILL, 0, &e), 0);
	assert_int_equal(cg_pids(p.path, &pids, &e), -ENOENT);
	rmdir(arena_printf(&arena, "%s%s/life", facts.mount, top));
	nothing_left();
}

static void test_occupied(void **state)
{
	struct cg_plan p;
	struct cg_run first, second;
	struct err e = {0};
	pid_t pid;

	NEED_CGROUPS();
	plan_at("/occupied", &p);
	create(&p, &first);
	pid = sleeper(first.dir_fd);
	assert_int_equal(cg_create(&p, &second, &e), -EBUSY);
	assert_non_null(strstr(e.text, "is not empty"));
	assert_int_equal(second.dir_fd, -1);
	assert_true(exists(p.path)); /* it is not the second one's to remove */
	assert_int_equal(kill(pid, 0), 0);
	/* The control: emptied, it can be used, but remains its maker's. */
	assert_int_equal(cg_kill(p.path, SIGKILL, 0, NULL), 0);
	reap(pid);
	create(&p, &second);
	assert_false(second.made);
	cg_unmake(&p, &second);
	assert_true(exists(p.path));
	cg_unmake(&p, &first);
	assert_false(exists(p.path));
	nothing_left();
}

static void test_frozen(void **state)
{
	struct cg_plan p;
	struct cg_run r, again;
	struct err e = {0};
	pid_t pid;

	NEED_CGROUPS();
	plan_at("/frozen", &p);
	create(&p, &r);
	assert_false(cg_frozen(p.path));
	assert_int_equal(file_write(r.dir_fd, "cgroup.freeze", "1", &e), 0);
	assert_true(cg_frozen(p.path));
	assert_int_equal(cg_create(&p, &again, &e), -EBUSY);
	assert_non_null(strstr(e.text, "frozen"));
	pid = sleeper(r.dir_fd);
	remove_ok(p.path); /* kills what is frozen, too */
	reap(pid);
	cg_unmake(&p, &r);
	nothing_left();
}

/* A container with a writable cgroup file system can nest cgroups deeper than a recursion would stand. */
static void test_nested(void **state)
{
	struct cg_plan p;
	struct cg_run r;
	pid_t pids[3], *found;
	struct err e = {0};
	int fd, n = 0;

	NEED_CGROUPS();
	plan_at("/nested", &p);
	create(&p, &r);
	fd = dup(r.dir_fd);
	for (int depth = 0; depth < 40; depth++) {
		int next;

		assert_int_equal(mkdirat(fd, "side", 0755), 0);
		assert_int_equal(mkdirat(fd, "deeper", 0755), 0);
		next = openat(fd, "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		close(fd);
		fd = next;
		if (depth % 15 == 5)
			pids[n++] = sleeper(fd);
	}
	close(fd);
	assert_int_equal(cg_pids(p.path, &found, &e), n);
	free(found);
	remove_ok(p.path);
	while (n--)
		reap(pids[n]);
	cg_unmake(&p, &r);
	nothing_left();
}

/* A fork bomb must be gone when cg_remove returns. */
static void test_bomb(void **state)
{
	struct cg_plan p;
	struct cg_run r;
	pid_t pid;

	NEED_CGROUPS();
	plan_at("/bomb", &p);
	create(&p, &r);
	pid = proc_clone(0, r.dir_fd, NULL);
	if (pid == 0) {
		signal(SIGCHLD, SIG_IGN);
		for (int i = 0;; i++)
			if (fork() == 0 && i > 20)
				_exit(0);
			else if (i > 3)
				usleep(2000);
	}
	usleep(20000);
	remove_ok(p.path);
	reap(pid);
	cg_unmake(&p, &r);
	nothing_left();
}

/* What is no container's cgroup stays untouched. */
static void test_guard(void **state)
{
	struct err e = {0}, e2 = {0}, e3 = {0};
	char dir[] = "/tmp/cgroups-unit-XXXXXX";

	NEED_CGROUPS();
	assert_int_equal(cg_kill(facts.mount, SIGKILL, 0, &e), -EINVAL);
	assert_non_null(strstr(e.text, "is the root of a cgroup tree"));
	assert_int_equal(cg_remove(facts.mount, &e2), -EINVAL);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(cg_remove(dir, &e3), -EINVAL);
	assert_non_null(strstr(e3.text, "is no cgroup v2"));
	assert_true(exists(dir));
	rmdir(dir);
}

/* Empty parents that were made for a container go with the last one in them, and only then; what was there before stays. */
static void test_parents(void **state)
{
	struct cg_plan p, q;
	struct cg_run r, s;
	const char *before;

	NEED_CGROUPS();
	before = arena_printf(&arena, "%s%s", facts.mount, top);
	assert_int_equal(mkdir(before, 0755), 0);
	plan_at("/made/one/a", &p);
	plan_at("/made/two", &q);
	create(&p, &r);
	create(&q, &s);
	close(r.dir_fd);
	close(s.dir_fd);
	remove_ok(p.path);
	assert_false(exists(arena_printf(&arena, "%s%s/made/one", facts.mount, top)));
	assert_true(exists(q.path));
	remove_ok(q.path);
	assert_false(exists(arena_printf(&arena, "%s%s/made", facts.mount, top)));
	assert_int_equal(rmdir(before), 0);
	nothing_left();
}

/* Who is killed between making a directory and marking it leaves one that only what was known before tells of. */
static void test_unmarked(void **state)
{
	const char *before, *made, *path;
	struct cg_plan p;

	NEED_CGROUPS();
	plan_at("/there/made/one/a", &p);
	path = p.path;
	before = arena_printf(&arena, "%s%s/there", facts.mount, top);
	made = arena_printf(&arena, "%s/made", before);
	assert_int_equal(mkdir(arena_printf(&arena, "%s%s", facts.mount, top), 0755), 0);
	assert_int_equal(mkdir(before, 0755), 0);
	assert_string_equal(cg_above(path, &arena), before);
	assert_null(cg_above(made, &arena));
	assert_int_equal(mkdir(made, 0755), 0);
	remove_ok(path);
	assert_true(exists(made));
	cg_remove_unmarked(path, before);
	assert_false(exists(made));
	assert_true(exists(before));
	assert_int_equal(rmdir(before), 0);
	assert_int_equal(rmdir(arena_printf(&arena, "%s%s", facts.mount, top)), 0);
	nothing_left();
}

/* A failure on the way takes back what was made before it: here a name that the kernel refuses, at the end. */
static void test_failure(void **state)
{
	struct cg_plan p;
	struct cg_run r;
	struct err e = {0};

	NEED_CGROUPS();
	plan_at("/failure/x/cgroup.procs", &p);
	assert_int_equal(cg_create(&p, &r, &e), -ENOTDIR);
	assert_non_null(strstr(e.text, "cannot make cgroup"));
	assert_int_equal(r.dir_fd, -1);
	assert_false(exists(arena_printf(&arena, "%s%s", facts.mount, top)));
	plan_at("/failure/x/fine", &p);
	create(&p, &r);
	cg_unmake(&p, &r);
	cg_unmake(&p, &r);
	assert_false(exists(arena_printf(&arena, "%s%s", facts.mount, top)));
}

static void test_limit_refused(void **state)
{
	struct cg_write writes[] = {{"cgroup.max.depth", "7", "", "linux.resources.first"},
				    {"cgroup.max.depth", "seven", "", "linux.resources.second"}};
	struct cg_write missing = {"no.such.file", "1", "", "linux.resources.third"};
	struct cg_plan p;
	struct cg_run r;
	struct err e = {0}, e2 = {0};
	char text[32];
	int fd;

	NEED_CGROUPS();
	plan_at("/limit", &p);
	create(&p, &r);
	p.writes = writes;
	p.n_writes = 2;
	assert_int_equal(cg_limit(&p, &r, &e), -EINVAL);
	assert_string_equal(e.path, "linux.resources.second");
	assert_non_null(strstr(e.text, "the kernel refuses 'seven' in "));
	assert_non_null(strstr(e.text, "/limit/cgroup.max.depth: Invalid argument (EINVAL)"));
	fd = openat(r.dir_fd, "cgroup.max.depth", O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), 2);
	assert_int_equal(text[0], '7'); /* the control: the first one was written */
	close(fd);
	p.writes = &missing;
	p.n_writes = 1;
	assert_int_equal(cg_limit(&p, &r, &e2), -ENOTSUP);
	assert_string_equal(e2.path, "linux.resources.third");
	p.n_writes = 0;
	cg_unmake(&p, &r);
	nothing_left();
}

#define I64(x)                                                                                                         \
	{                                                                                                              \
		true, (x)                                                                                              \
	}

static char *content(int dir_fd, const char *file)
{
	char *text = NULL;
	struct err e = {0};

	if (file_read(dir_fd, file, 4096, &text, NULL, &e) < 0)
		fail_msg("%s", e.text);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* What is planned is what the files hold, two levels down, with the controllers enabled on the way. */
static void test_limits(void **state)
{
	static const struct {
		const char *file, *want;
	} rows[] = {{"memory.max", "67108864"},  {"memory.low", "33554432"}, {"cpu.weight", "174"},
		    {"cpu.max", "50000 200000"}, {"cpu.max.burst", "10000"}, {"cpu.idle", "0"},
		    {"cpuset.cpus", "0"},        {"pids.max", "32"}};
	struct spec_config c = {
	    .linux_.resources = {
		.set = true,
		.memory = {.set = true, .limit = I64(67108864), .reservation = I64(33554432), .swap = I64(67108864)},
		.cpu = {.set = true,
			.shares = I64(2048),
			.quota = I64(50000),
			.period = I64(200000),
			.burst = I64(10000),
			.cpus = (char *)"0"},
		.pids_limit = I64(32)}};
	struct cg_plan p;
	struct cg_run r;
	struct err e = {0};

	NEED_CGROUPS();
	c.linux_.cgroups_path = arena_printf(&arena, "%s/limits/c", top);
	if (cg_plan(&c, &facts, CG_CGROUPFS, "id", false, &arena, &p, &e) < 0)
		fail_msg("%s", e.text);
	create(&p, &r);
	if (cg_limit(&p, &r, &e) < 0)
		fail_msg("%s: %s", e.path, e.text);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *text = content(r.dir_fd, rows[i].file);

		if (strcmp(text, rows[i].want) != 0)
			fail_msg("%s is %s, not %s", rows[i].file, text, rows[i].want);
		free(text);
	}
	cg_unmake(&p, &r);
	nothing_left();
}

/* Values that the kernel refuses, or takes and does not honour: each names its property, and nothing stays. */
static void test_limits_refused(void **state)
{
	static const struct {
		struct spec_resources r;
		int err;
		const char *field, *text;
	} rows[] = {
	    {{.set = true, .cpu = {.set = true, .cpus = (char *)"0-4000"}},
	     -ERANGE,
	     "linux.resources.cpu.cpus",
	     "the kernel refuses"},
	    {{.set = true, .cpu = {.set = true, .cpus = (char *)"1-0"}},
	     -EINVAL,
	     "linux.resources.cpu.cpus",
	     "the kernel refuses"},
	    {{.set = true, .cpu = {.set = true, .quota = I64(1)}},
	     -EINVAL,
	     "linux.resources.cpu.quota",
	     "the kernel refuses '1 100000'"},
	    {{.set = true, .cpu = {.set = true, .period = I64(1)}},
	     -EINVAL,
	     "linux.resources.cpu.period",
	     "the kernel refuses"},
	    {{.set = true, .cpu = {.set = true, .mems = (char *)"900"}}, 0, "linux.resources.cpu.mems", ""},
	};

	NEED_CGROUPS();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct spec_config c = {.linux_.resources = rows[i].r};
		struct cg_plan p;
		struct cg_run r;
		struct err e = {0};
		int n;

		c.linux_.cgroups_path = arena_printf(&arena, "%s/refused", top);
		assert_int_equal(cg_plan(&c, &facts, CG_CGROUPFS, "id", false, &arena, &p, &e), 0);
		create(&p, &r);
		n = cg_limit(&p, &r, &e);
		if (n >= 0 || (rows[i].err && n != rows[i].err) || strcmp(e.path, rows[i].field) != 0 ||
		    !strstr(e.text, rows[i].text))
			fail_msg("row %zu: %d, %s: %s", i, n, e.path, e.text);
		cg_unmake(&p, &r);
		nothing_left();
	}
}

/* A parent with processes cannot hand controllers down: the error must say so, and what was made must go. */
static void test_internal(void **state)
{
	struct spec_config c = {.linux_.resources = {.set = true, .memory = {.set = true, .limit = I64(1 << 20)}}};
	struct cg_plan parent, p;
	struct cg_run above, r;
	struct err e = {0};
	pid_t pid;

	NEED_CGROUPS();
	plan_at("/internal", &parent);
	create(&parent, &above);
	pid = sleeper(above.dir_fd);
	c.linux_.cgroups_path = arena_printf(&arena, "%s/internal/c", top);
	assert_int_equal(cg_plan(&c, &facts, CG_CGROUPFS, "id", false, &arena, &p, &e), 0);
	assert_int_equal(cg_create(&p, &r, &e), -EBUSY);
	assert_non_null(strstr(e.text, "no internal processes"));
	assert_non_null(strstr(e.text, "'+memory'"));
	assert_string_equal(e.path, "linux.resources.memory.limit");
	assert_false(exists(p.path));
	assert_int_equal(kill(pid, SIGKILL), 0);
	reap(pid);
	create(&p, &r); /* the control */
	cg_unmake(&p, &r);
	cg_unmake(&parent, &above);
	nothing_left();
}

/* Without any limit: what is there is counted, and a manager in the container finds it. */
static void test_controllers(void **state)
{
	char there[512] = "", have[512] = "", first[64];
	struct cg_plan p, bare;
	struct cg_run r;

	NEED_CGROUPS();
	plan_at("/bare/a", &bare);
	create(&bare, &r);
	assert_int_equal(cg_read(r.dir_fd, "cgroup.controllers", have, sizeof(have)), 0); /* the control */
	cg_unmake(&bare, &r);
	plan_at("/all/a", &p);
	p.count_all = true;
	if (facts.controllers.n == 0)
		skip();
	create(&p, &r);
	assert_true(cg_read(r.dir_fd, "cgroup.controllers", there, sizeof(there)) > 0);
	snprintf(first, sizeof(first), "%s", facts.controllers.v[facts.controllers.n - 1]);
	assert_true(str_has_word(there, first));
	cg_unmake(&p, &r);
	nothing_left();
}

/* Which property asks for a controller that the cgroup above does not have. */
static void test_no_controller(void **state)
{
	struct cg_plan root, p;
	struct cg_run above, r;
	struct err e = {0};
	struct cg_write w = {.file = "x", .value = "1", .field = "linux.resources.x"};

	NEED_CGROUPS();
	if (facts.controllers.n == 0)
		skip();
	plan_at("/none", &root);
	root.count = root.count_all = false;
	create(&root, &above);
	assert_int_equal(mkdirat(above.dir_fd, "a", 0755), 0);
	plan_at("/none/a/b", &p);
	p.mount = arena_printf(&arena, "%s/a", root.path); /* nothing is handed down to here */
	p.count = p.count_all = false;
	p.writes = &w;
	p.n_writes = 1;
	w.controller = facts.controllers.v[0];
	assert_int_equal(cg_create(&p, &r, &e), -ENOENT);
	assert_string_equal(e.path, "linux.resources.x");
	assert_non_null(strstr(e.text, "not in its cgroup.controllers"));
	assert_non_null(strstr(e.text, w.controller));
	assert_false(exists(p.path));
	assert_int_equal(unlinkat(above.dir_fd, "a", AT_REMOVEDIR), 0);
	cg_unmake(&root, &above);
	nothing_left();
}

/* Below a threaded cgroup one can only be threaded: its processes are found by their threads, and no limit of memory is to be had. */
static void test_threaded(void **state)
{
	struct cg_write w = {.file = "x", .value = "1", .field = "linux.resources.x", .controller = "hugetlb"};
	struct cg_plan root, p;
	char type[CG_TYPE_SIZE];
	struct cg_run above, r;
	struct err e = {0};
	AUTO_FREE pid_t *pids = NULL;
	pid_t pid;

	NEED_CGROUPS();
	plan_at("/threads", &root);
	root.count = false;
	create(&root, &above);
	plan_at("/threads/a/b", &p);
	p.count = false;
	create(&p, &r);
	assert_int_equal(cg_read(r.dir_fd, "cgroup.type", type, sizeof(type)), 7); /* "domain\n": the control */
	cg_unmake(&p, &r);
	assert_int_equal(mkdirat(above.dir_fd, "t", 0755), 0);
	assert_int_equal(file_write(above.dir_fd, "t/cgroup.type", "threaded", NULL), 0);
	p.box = arena_printf(&arena, "%s/box", p.path);
	create(&p, &r);
	assert_string_equal(cg_type(r.dir_fd, type), "threaded");
	assert_string_equal(cg_type(r.box_fd, type), "threaded");
	pid = sleeper(r.box_fd);
	assert_int_equal(cg_pids(p.path, &pids, &e), 1);
	assert_int_equal(pids[0], pid);
	cg_unmake(&p, &r);
	assert_int_equal(WTERMSIG(reap(pid)), SIGKILL);
	assert_false(exists(p.path));
	if (strv_has(&facts.controllers, w.controller)) {
		p.writes = &w;
		p.n_writes = 1;
		assert_int_equal(cg_create(&p, &r, &e), -EOPNOTSUPP);
		assert_string_equal(e.path, w.field);
		assert_non_null(strstr(e.text, "no controller of threads"));
		assert_false(exists(p.path));
	}
	assert_int_equal(unlinkat(above.dir_fd, "t", AT_REMOVEDIR), 0);
	cg_unmake(&root, &above);
	nothing_left();
}

/* At the top of the tree a threaded one stands beside others. */
static void test_threaded_top(void **state)
{
	struct cg_write w = {.file = "x", .value = "1", .field = "linux.resources.x", .controller = "hugetlb"};
	char path[256];
	struct cg_plan p;
	struct cg_run r;
	struct err e = {0};

	NEED_CGROUPS();
	snprintf(path, sizeof(path), "%s%s", facts.mount, top);
	assert_int_equal(mkdir(path, 0755), 0);
	if (file_write(AT_FDCWD, arena_printf(&arena, "%s/cgroup.type", path), "threaded", NULL) == 0) {
		plan_at("", &p);
		create(&p, &r);
		cg_run_close(&r);
		p.writes = &w;
		p.n_writes = 1;
		if (strv_has(&facts.controllers, w.controller)) {
			assert_int_equal(cg_create(&p, &r, &e), -EOPNOTSUPP);
			assert_string_equal(e.path, w.field);
			assert_non_null(strstr(e.text, "can only be threaded"));
		}
	} else {
		print_message("skip: the tree's top is not the host's\n");
	}
	nothing_left();
}

static bool can_limit;

/* What the probe found goes with the group's memory. */
static int setup_looking(void **state)
{
	int r = setup(state);

	can_limit =
	    r == 0 && !why_not && strv_has(&facts.controllers, "memory") && strv_has(&facts.controllers, "cpuset");
	return r;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_probe),    cmocka_unit_test(test_life),          cmocka_unit_test(test_occupied),
	    cmocka_unit_test(test_frozen),   cmocka_unit_test(test_nested),        cmocka_unit_test(test_bomb),
	    cmocka_unit_test(test_guard),    cmocka_unit_test(test_parents),       cmocka_unit_test(test_unmarked),
	    cmocka_unit_test(test_failure),  cmocka_unit_test(test_limit_refused), cmocka_unit_test(test_controllers),
	    cmocka_unit_test(test_threaded), cmocka_unit_test(test_threaded_top),  cmocka_unit_test(test_no_controller),
	};
	/* Where the controllers are in the v2 tree; elsewhere tests/vm/limits.t runs this program in a machine of its own. */
	const struct CMUnitTest limits[] = {
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_limits_refused),
	    cmocka_unit_test(test_internal),
	};
	int failed = cmocka_run_group_tests_name("cgroups: the real tree", tests, setup_looking, teardown);

	if (!failed && can_limit)
		failed = cmocka_run_group_tests_name("cgroups: limits", limits, setup, teardown);
	return failed;
}
