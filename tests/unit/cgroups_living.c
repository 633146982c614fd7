/* SPDX-License-Identifier: Apache-2.0 */
/* The freezer and the statistics: on a real cgroup where there is one, and as JSON in runc's words. */
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
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cgroups/cgroups.h"

static struct arena arena;
static struct cg_facts facts;
static char path[256]; /* this test's own cgroup, or "" */

static int setup(void **state)
{
	(void)state;
	if (cg_probe(&arena, &facts, NULL) == 0 && facts.mount && geteuid() == 0) {
		snprintf(path, sizeof(path), "%s/jailrun-living-%d", facts.mount, (int)getpid());
		if (mkdir(path, 0755) < 0)
			path[0] = '\0';
	}
	return path[0] || !getenv("JAILRUN_MUST_WORK") ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	if (path[0])
		cg_remove(path, NULL);
	arena_free(&arena);
	return 0;
}

#define NEED_CGROUP()                                                                                                  \
	do {                                                                                                           \
		(void)state;                                                                                           \
		if (!path[0]) {                                                                                        \
			print_message("skip: no cgroup v2 tree to write to\n");                                        \
			skip();                                                                                        \
		}                                                                                                      \
	} while (0)

/* A process in the cgroup that counts as fast as it can. */
static pid_t counter(volatile uint64_t *count)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t pid = proc_clone(0, fd, NULL);

	if (pid == 0)
		for (;;)
			++*count;
	assert_true(pid > 0);
	return pid;
}

static volatile uint64_t *shared_count(void)
{
	void *p = NULL;
	AUTO_CLOSE int fd = memfd_create("count", MFD_CLOEXEC);

	assert_int_equal(ftruncate(fd, 4096), 0);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(p != MAP_FAILED);
	return p;
}

static void test_freeze(void **state)
{
	volatile uint64_t *count;
	struct err e = {0};
	uint64_t seen;
	pid_t pid;
	int status;

	NEED_CGROUP();
	count = shared_count();
	pid = counter(count);
	for (int i = 0; i < 3; i++) {
		if (cg_freeze(path, true, &e) < 0)
			fail_msg("%s", e.text);
		assert_true(cg_frozen(path));
		seen = *count;
		usleep(50000);
		assert_int_equal(*count, seen);
		if (cg_freeze(path, false, &e) < 0)
			fail_msg("%s", e.text);
		assert_false(cg_frozen(path));
		for (int k = 0; k < 500 && *count == seen; k++)
			usleep(10000);
		assert_true(*count > seen);
	}
	/* SIGKILL goes through. */
	assert_int_equal(cg_freeze(path, true, &e), 0);
	kill(pid, SIGKILL);
	assert_int_equal(proc_wait(pid, &status, 0), pid);
	assert_int_equal(cg_freeze(path, false, &e), 0);
	assert_int_equal(cg_freeze("/sys/fs/cgroup/jailrun-living-none", true, &e), -ENOENT);
	munmap((void *)count, 4096);
}

/* A parent that is frozen keeps it frozen: said, not waited out in silence. */
static void test_frozen_above(void **state)
{
	char inner[300];
	struct err e = {0};

	NEED_CGROUP();
	snprintf(inner, sizeof(inner), "%s/inner", path);
	assert_int_equal(mkdir(inner, 0755), 0);
	assert_int_equal(cg_freeze(path, true, &e), 0);
	assert_int_equal(cg_freeze(inner, false, &e), -EBUSY);
	assert_non_null(strstr(e.text, "above"));
	assert_non_null(strstr(e.text, path));
	e = (struct err){0};
	assert_int_equal(cg_check_thawed(inner, &e), -EBUSY);
	assert_non_null(strstr(e.text, inner));
	assert_non_null(strstr(strstr(e.text, inner) + strlen(inner), path));
	e = (struct err){0};
	assert_int_equal(cg_check_thawed(path, &e), -EBUSY);
	assert_null(strstr(e.text, "above"));
	e = (struct err){0};
	assert_int_equal(cg_freeze(path, false, &e), 0);
	assert_int_equal(cg_check_thawed(inner, &e), 0);
	assert_int_equal(rmdir(inner), 0);
}

static void test_stats(void **state)
{
	volatile uint64_t *count;
	struct cg_stats s;
	struct err e = {0};
	pid_t pid;
	int status;

	NEED_CGROUP();
	count = shared_count();
	pid = counter(count);
	usleep(100000);
	if (cg_stats(path, NULL, &arena, &s, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(s.cpu.total > 0);
	assert_true(s.cpu.total >= s.cpu.user);
	assert_int_equal(s.pids.current, 1);
	if (strv_has(&facts.controllers, "memory") == false)
		assert_int_equal(cg_oom_open(path, &e), -ENOENT);
	assert_int_equal(e.code, 0);
	kill(pid, SIGKILL);
	proc_wait(pid, &status, 0);
	assert_int_equal(cg_stats("/sys/fs/cgroup/jailrun-living-none", NULL, &arena, &s, &e), -ENOENT);
	munmap((void *)count, 4096);
}

static void print(const struct cg_stats *s, struct buf *out)
{
	struct jsonw w = {.out = out};

	jw_object(&w, NULL);
	cg_stats_print(s, &w);
	jw_object_end(&w);
}

/* Zero is left out or written as runc does it. */
static void test_print_empty(void **state)
{
	static const char zero[] =
	    "{\"cpu\":{\"usage\":{\"kernel\":0,\"user\":0},\"throttling\":{}},\"cpuset\":{\"cpu_exclusive\":0,"
	    "\"mem_hardwall\":0,\"mem_exclusive\":0,\"memory_migrate\":0,\"memory_spread_page\":0,"
	    "\"memory_spread_slab\":0,\"memory_pressure\":0,\"sched_load_balance\":0,\"sched_relax_domain_level\":0},"
	    "\"memory\":{\"usage\":{\"limit\":0,\"failcnt\":0},\"swap\":{\"limit\":0,\"failcnt\":0},"
	    "\"kernel\":{\"limit\":0,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"failcnt\":0}},\"pids\":{},"
	    "\"blkio\":{},\"hugetlb\":{}}";
	struct cg_stats s = {0};
	AUTO_BUF out = {0};

	(void)state;
	print(&s, &out);
	assert_string_equal(out.data, zero);
}

static void test_print_full(void **state)
{
	struct cg_raw raw[] = {{"anon", 5}, {"file", 7}};
	struct cg_io io[] = {{.major = 8, .read_bytes = 1, .write_bytes = 2, .reads = 3, .writes = 4}};
	struct cg_stats s = {
	    .cpu = {.total = 9, .kernel = 4, .user = 5, .periods = 3, .throttled_periods = 2, .throttled_time = 1},
	    .cpus = "0-2,5",
	    .mems = "0",
	    .memory = {.cache = 7,
		       .usage = {.limit = UINT64_MAX, .usage = 12, .max = 13, .failcnt = 1},
		       .raw = raw,
		       .n_raw = 2,
		       .psi = {.set = true, .some = {.avg10 = 1.5, .total = 8}}},
	    .pids = {.current = 2, .limit = 10, .peak = 4},
	    .io = {.devices = io, .n_devices = 1},
	    .huge = {{.size = "2MB", .usage = 4096, .limit = 8192, .failcnt = 1}},
	    .n_huge = 1,
	};
	static const char *const parts[] = {
	    "\"usage\":{\"total\":9,\"kernel\":4,\"user\":5}",
	    "\"throttling\":{\"periods\":3,\"throttledPeriods\":2,\"throttledTime\":1}",
	    "\"cpus\":[0,1,2,5]",
	    "\"mems\":[0]",
	    "\"cache\":7,\"usage\":{\"limit\":18446744073709551615,\"usage\":12,\"max\":13,\"failcnt\":1}",
	    "\"raw\":{\"anon\":5,\"file\":7}",
	    "\"psi\":{\"some\":{\"avg10\":1.50,\"avg60\":0.00,\"avg300\":0.00,\"total\":8},\"full\":{",
	    "\"pids\":{\"current\":2,\"limit\":10,\"peak\":4}",
	    ("\"ioServiceBytesRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":1},{\"major\":8,\"op\":\"Write\","
	     "\"value\":2}]"),
	    "\"ioServicedRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":3},",
	    "\"hugetlb\":{\"2MB\":{\"usage\":4096,\"max\":8192,\"failcnt\":1}}",
	};
	AUTO_BUF out = {0};

	(void)state;
	print(&s, &out);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (!strstr(out.data, parts[i]))
			fail_msg("no %s in %s", parts[i], out.data);
}

static void put_file(const char *dir, const char *name, const char *text)
{
	char file[200];
	FILE *f;

	snprintf(file, sizeof(file), "%s/%s", dir, name);
	f = fopen(file, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* A tree that looks like resctrl: two caches, of which one has lost its count. */
static void test_resctrl(void **state)
{
	char dir[] = "/tmp/cgroups_living.XXXXXX", sub[128];
	AUTO_BUF out = {0};
	struct jsonw w = {.out = &out};

	(void)state;
	assert_non_null(mkdtemp(dir));
	put_file(dir, "schemata", "    MB:0=100;1=50\nL3CODE:0=f;1=f\n  L3DATA:0=3;1=3\n");
	snprintf(sub, sizeof(sub), "%s/mon_data", dir);
	assert_int_equal(mkdir(sub, 0755), 0);
	for (int i = 0; i < 2; i++) {
		snprintf(sub, sizeof(sub), "%s/mon_data/mon_L3_0%d", dir, i);
		assert_int_equal(mkdir(sub, 0755), 0);
		put_file(sub, "mbm_total_bytes", i ? "Unavailable\n" : "9\n");
		put_file(sub, "mbm_local_bytes", "5\n");
		put_file(sub, "llc_occupancy", i ? "8\n" : "7\n");
	}
	jw_object(&w, NULL);
	cg_rdt_stats_print(NULL, NULL, &w);
	cg_rdt_stats_print(dir, NULL, &w);
	jw_object_end(&w);
	assert_string_equal(out.data, "{\"l3_cache_schema\":\"L3CODE:0=f;1=f\\nL3DATA:0=3;1=3\","
				      "\"mem_bw_schema\":\"MB:0=100;1=50\","
				      "\"mbm_stats\":[{\"mbm_total_bytes\":9,\"mbm_local_bytes\":5},"
				      "{\"mbm_total_bytes\":0,\"mbm_local_bytes\":0}],"
				      "\"cmt_stats\":[{\"llc_occupancy\":7},{\"llc_occupancy\":8}]}");
	snprintf(sub, sizeof(sub), "rm -rf %s", dir);
	assert_int_equal(system(sub), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_freeze),      cmocka_unit_test(test_frozen_above), cmocka_unit_test(test_stats),
	    cmocka_unit_test(test_print_empty), cmocka_unit_test(test_print_full),   cmocka_unit_test(test_resctrl),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
