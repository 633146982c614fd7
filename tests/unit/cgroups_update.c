/* SPDX-License-Identifier: Apache-2.0 */
/* cg_update on real cgroups: all or nothing, in either direction. What this host's v2 tree lacks is for the machine of
 * tests/vm. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "cgroups/cgroups.h"

#define I64(x)                                                                                                         \
	{                                                                                                              \
		true, (x)                                                                                              \
	}

static struct arena arena;
static struct cg_facts facts;
static struct cg_plan plan;
static struct cg_run cg = {.dir_fd = -1, .box_fd = -1, .jail_fd = -1};

static int setup(void **state)
{
	struct spec_config c = {0};

	(void)state;
	c.linux_.cgroups_path = arena_printf(&arena, "/jailrun-update-%d/deep/c", (int)getpid());
	if (cg_probe(&arena, &facts, NULL) == 0 && facts.mount && facts.privileged &&
	    cg_plan(&c, &facts, CG_CGROUPFS, "id", false, &arena, &plan, NULL) == 0) {
		plan.count_all = false; /* an update finds a container that was made without the controllers */
		if (cg_create(&plan, &cg, NULL) < 0)
			cg.dir_fd = -1;
	}
	return cg.dir_fd >= 0 || !getenv("JAILRUN_MUST_WORK") ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	cg_unmake(&plan, &cg);
	arena_free(&arena);
	return 0;
}

#define NEED(name)                                                                                                     \
	do {                                                                                                           \
		(void)state;                                                                                           \
		const char *controller = name;                                                                         \
                                                                                                                       \
		if (cg.dir_fd < 0 || (controller && !strv_has(&facts.controllers, controller))) {                      \
			print_message("skip: no %s in the v2 tree\n", controller ? controller : "place");              \
			skip();                                                                                        \
		}                                                                                                      \
	} while (0)

static const char *content(const char *file)
{
	AUTO_FREE char *text = NULL;
	struct err e = {0};

	if (file_read(cg.dir_fd, file, 4096, &text, NULL, &e) < 0)
		fail_msg("%s", e.text);
	text[strcspn(text, "\n")] = '\0';
	return arena_strdup(&arena, text);
}

static void update_ok(struct spec_resources r)
{
	struct err e = {0};

	r.set = true;
	if (cg_update(&r, &facts, plan.path, NULL, &(struct cg_unit){0}, &arena, &e) < 0)
		fail_msg("%s: %s", e.path, e.text);
}

static int update(struct spec_resources r, struct err *e)
{
	r.set = true;
	*e = (struct err){0};
	return cg_update(&r, &facts, plan.path, NULL, &(struct cg_unit){0}, &arena, e);
}

static void test_no_cgroup(void **state)
{
	struct spec_resources r = {.set = true};
	struct err e = {0};

	(void)state;
	assert_int_equal(cg_update(&r, &facts, NULL, NULL, &(struct cg_unit){0}, &arena, &e), -ENOTSUP);
	NEED(NULL);
	e = (struct err){0};
	assert_int_equal(cg_update(&r, &facts, arena_printf(&arena, "%s/jailrun-no-such", facts.mount), NULL,
				   &(struct cg_unit){0}, &arena, &e),
			 -ENOENT);
}

/* Core files are everywhere: a list of which the last one is refused leaves what was. */
static void test_put_back(void **state)
{
	struct spec_pair good[] = {{(char *)"cgroup.max.depth", (char *)"3"},
				   {(char *)"cgroup.max.descendants", (char *)"4"}};
	struct spec_pair bad[] = {{(char *)"cgroup.max.depth", (char *)"5"},
				  {(char *)"cgroup.max.descendants", (char *)"6"},
				  {(char *)"cgroup.max.depth", (char *)"seven"}};
	struct err e;

	NEED(NULL);
	update_ok((struct spec_resources){.unified = {good, 2}});
	assert_string_equal(content("cgroup.max.depth"), "3");
	assert_int_equal(update((struct spec_resources){.unified = {bad, 3}}, &e), -EINVAL);
	assert_string_equal(e.path, "linux.resources.unified[\"cgroup.max.depth\"]");
	assert_non_null(strstr(e.text, "the kernel refuses 'seven' in "));
	assert_string_equal(content("cgroup.max.depth"), "3");
	assert_string_equal(content("cgroup.max.descendants"), "4");
	good[0].value = (char *)"max";
	update_ok((struct spec_resources){.unified = {good, 1}});
	assert_string_equal(content("cgroup.max.depth"), "max");
}

/* The first of the kernel's sizes; controllers are handed down to a cgroup that was made without. */
static void test_huge_pages(void **state)
{
	struct spec_hugepage pages[] = {{(char *)"2MB", 4194304}, {(char *)"3MB", 0}};
	struct spec_hugepage missing = {(char *)"3MB", 3145728};
	struct err e;

	NEED("hugetlb");
	assert_int_not_equal(faccessat(cg.dir_fd, "hugetlb.2MB.max", F_OK, 0), 0);
	update_ok((struct spec_resources){.hugepages = pages, .n_hugepages = 2});
	assert_string_equal(content("hugetlb.2MB.max"), "4194304");
	assert_string_equal(content("hugetlb.2MB.rsvd.max"), "4194304");
	assert_int_equal(update((struct spec_resources){.hugepages = &missing, .n_hugepages = 1}, &e), -ENOTSUP);
	assert_string_equal(e.path, "linux.resources.hugepageLimits[0]");
	assert_non_null(strstr(e.text, "this kernel has no hugetlb.3MB.max in "));
}

/* Opens of /dev/kmsg for reading, as the cgroup's rules have it. */
static bool may_read(int64_t major, int64_t minor)
{
	char node[] = "/tmp/cgroups-update-XXXXXX";
	pid_t pid;
	int status;

	assert_non_null(mkdtemp(node));
	assert_int_equal(mknod(arena_printf(&arena, "%s/n", node), S_IFCHR | 0600,
			       makedev((unsigned int)major, (unsigned int)minor)),
			 0);
	pid = proc_clone(0, cg.dir_fd, NULL);
	if (pid == 0)
		_exit(open(arena_printf(&arena, "%s/n", node), O_RDONLY | O_CLOEXEC | O_NONBLOCK) < 0 &&
		      errno == EPERM);
	assert_int_equal(proc_wait(pid, &status, 0), pid);
	unlink(arena_printf(&arena, "%s/n", node));
	rmdir(node);
	return status == 0;
}

/* The program is replaced, not added to: a device that the first one refused is open afterwards. */
static void test_devices(void **state)
{
	struct spec_device_rule rules[] = {{false, 'a', {0}, {0}, NULL}, {true, 'c', I64(1), I64(11), (char *)"r"}};
	struct err e = {0};

	NEED(NULL);
	assert_int_equal(cg_devices(&plan, &cg, &e), 0);
	assert_true(!may_read(1, 11) && may_read(1, 3));
	update_ok((struct spec_resources){.devices = rules, .n_devices = 2});
	assert_true(may_read(1, 11) && may_read(1, 3));
	update_ok((struct spec_resources){.devices = rules, .n_devices = 1});
	assert_true(!may_read(1, 11) && may_read(1, 3));
	/* No rules: the program stays. */
	update_ok((struct spec_resources){.pids_limit = I64(-1)});
	assert_true(!may_read(1, 11) && may_read(1, 3));
	rules[1].access = (char *)"x";
	assert_int_equal(update((struct spec_resources){.devices = rules, .n_devices = 2}, &e), -EINVAL);
}

/* What a process of the cgroup finds when it asks again and again. */
struct asked {
	volatile uint64_t allowed, refused;
};

static _Noreturn void ask_forever(const char *path, struct asked *a)
{
	for (;;) {
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

		if (fd < 0 && errno == EPERM)
			a->refused++;
		else
			a->allowed++;
		close(fd);
	}
}

static pid_t ask_on(const char *path, struct asked *a)
{
	pid_t pid = proc_clone(0, cg.dir_fd, NULL);

	if (pid == 0)
		ask_forever(path, a);
	assert_true(pid > 0);
	return pid;
}

static unsigned long long times(const struct asked *a)
{
	return a->allowed + a->refused;
}

/* At no moment of an update is there no program, nor are there two: what is always allowed is never refused, what is always refused
 * is never allowed; what each second update allows is both (control). */
static void test_devices_at_once(void **state)
{
	static const struct {
		const char *name;
		unsigned int major, minor;
	} nodes[] = {{"always", 1, 3}, {"never", 1, 11}, {"sometimes", 250, 99}};
	struct spec_device_rule rules[] = {{false, 'a', {0}, {0}, NULL}, {true, 'c', I64(250), I64(99), (char *)"r"}};
	struct asked *asked;
	char dir[] = "/tmp/jailrun-devices.XXXXXX";
	struct err e = {0};
	pid_t pids[ARRAY_LEN(nodes)];

	NEED(NULL);
	asked = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(asked != MAP_FAILED && mkdtemp(dir));
	update_ok((struct spec_resources){.devices = rules, .n_devices = 1}); /* makes one, if there is none yet */
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
		const char *path = arena_printf(&arena, "%s/%s", dir, nodes[i].name);

		assert_int_equal(mknod(path, S_IFCHR | 0600, makedev(nodes[i].major, nodes[i].minor)), 0);
		pids[i] = ask_on(path, &asked[i]);
	}
	for (int i = 0; i < 500; i++) {
		const struct spec_resources r = {.devices = rules, .n_devices = i % 2 ? 2 : 1};
		const unsigned long long before = times(&asked[2]);

		if (update(r, &e) < 0)
			fail_msg("update %d: %s", i, e.text);
		while (i % 50 < 2 && times(&asked[2]) == before)
			sched_yield();
	}
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
		kill(pids[i], SIGKILL);
		proc_wait(pids[i], NULL, 0);
		unlink(arena_printf(&arena, "%s/%s", dir, nodes[i].name));
	}
	rmdir(dir);
	print_message("asked %llu, %llu and %llu times in 500 updates\n", times(&asked[0]), times(&asked[1]),
		      times(&asked[2]));
	assert_true(asked[0].allowed > 0 && asked[0].refused == 0);
	assert_true(asked[1].refused > 0 && asked[1].allowed == 0);
	assert_true(asked[2].refused > 0 && asked[2].allowed > 0);
	munmap(asked, 4096);
}

static void test_cpu(void **state)
{
	struct err e;

	NEED("cpu");
	update_ok((struct spec_resources){
	    .cpu = {
		.set = true, .shares = I64(2048), .quota = I64(50000), .period = I64(100000), .burst = I64(40000)}});
	assert_string_equal(content("cpu.max"), "50000 100000");
	/* Down below the present burst, and up above the present quota. */
	update_ok((struct spec_resources){.cpu = {.set = true, .quota = I64(20000), .burst = I64(10000)}});
	assert_string_equal(content("cpu.max"), "20000 100000");
	assert_string_equal(content("cpu.max.burst"), "10000");
	update_ok((struct spec_resources){.cpu = {.set = true, .quota = I64(90000), .burst = I64(80000)}});
	assert_string_equal(content("cpu.max.burst"), "80000");
	/* One half keeps the other. */
	update_ok((struct spec_resources){.cpu = {.set = true, .period = I64(200000)}});
	assert_string_equal(content("cpu.max"), "90000 200000");
	update_ok((struct spec_resources){.cpu = {.set = true, .quota = I64(100000)}});
	assert_string_equal(content("cpu.max"), "100000 200000");
	assert_int_equal(update((struct spec_resources){.cpu = {.set = true, .quota = I64(5000)}}, &e), -EINVAL);
	assert_string_equal(e.path, "linux.resources.cpu.quota");
	assert_non_null(strstr(e.text, "the quota must not be less than cpu.max.burst"));
	update_ok((struct spec_resources){.cpu = {.set = true, .quota = I64(-1)}});
	assert_string_equal(content("cpu.max"), "max 200000");
	/* Idle and back, with a weight in both directions. */
	update_ok((struct spec_resources){.cpu = {.set = true, .shares = I64(512), .idle = I64(1)}});
	assert_string_equal(content("cpu.idle"), "1");
	assert_int_equal(update((struct spec_resources){.cpu = {.set = true, .shares = I64(1024)}}, &e), -EINVAL);
	assert_non_null(strstr(e.text, "a cgroup with cpu.idle takes none"));
	update_ok((struct spec_resources){.cpu = {.set = true, .shares = I64(1024), .idle = I64(0)}});
	assert_string_equal(content("cpu.weight"), "100");
}

static void test_memory(void **state)
{
	struct spec_resources r = {.memory = {.set = true, .limit = I64(67108864), .swap = I64(134217728)}};
	struct err e;
	pid_t pid;
	int status, ready[2];
	char c;

	NEED("memory");
	update_ok(r);
	assert_string_equal(content("memory.max"), "67108864");
	if (faccessat(cg.dir_fd, "memory.swap.max", F_OK, 0) == 0)
		assert_string_equal(content("memory.swap.max"), "67108864");
	/* memory.swap counts with the present limit. */
	update_ok((struct spec_resources){.memory = {.set = true, .swap = I64(100663296)}});
	assert_string_equal(content("memory.max"), "67108864");
	if (faccessat(cg.dir_fd, "memory.swap.max", F_OK, 0) == 0)
		assert_string_equal(content("memory.swap.max"), "33554432");
	/* What is in use, and the check that asks for it. */
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = proc_clone(0, cg.dir_fd, NULL);
	if (pid == 0) {
		void *p =
		    mmap(NULL, 16u << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		(void)!write(ready[1], "x", 1);
		pause();
		_exit(p == MAP_FAILED);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	r = (struct spec_resources){.memory = {.set = true, .limit = I64(4194304), .check_before_update = I64(true)}};
	assert_int_equal(update(r, &e), -EBUSY);
	assert_string_equal(e.path, "linux.resources.memory.limit");
	assert_string_equal(content("memory.max"), "67108864");
	r.memory.limit.v = 33554432;
	update_ok(r);
	r = (struct spec_resources){.memory = {.set = true, .limit = I64(-1)}};
	update_ok(r);
	assert_string_equal(content("memory.max"), "max");
	/* Without the check the kernel ends what is too large (the control). */
	update_ok((struct spec_resources){.memory = {.set = true, .limit = I64(4194304)}});
	assert_int_equal(proc_wait(pid, &status, 0), pid);
	assert_int_equal(status, SIGKILL);
	close(ready[0]);
	close(ready[1]);
	update_ok(r);
}

/* Values of several controllers of which the last is refused. */
static void test_put_back_limits(void **state)
{
	struct spec_blkio_rate gone = {4000, 1, 1};
	struct err e;

	NEED("io");
	update_ok((struct spec_resources){.pids_limit = I64(20), .cpu = {.set = true, .shares = I64(1024)}});
	assert_int_equal(update((struct spec_resources){.pids_limit = I64(30),
							.cpu = {.set = true, .shares = I64(2048)},
							.block_io = {.set = true, .read_bps = {&gone, 1}}},
				&e),
			 -ENODEV);
	assert_string_equal(e.path, "linux.resources.blockIO.throttleReadBpsDevice[0]");
	assert_non_null(strstr(e.text, "there is no such block device"));
	assert_string_equal(content("pids.max"), "20");
	assert_string_equal(content("cpu.weight"), "100");
	update_ok((struct spec_resources){.pids_limit = I64(-1)});
	assert_string_equal(content("pids.max"), "max");
}

/* The host's controllers that are not in the v2 tree are refused as at create. */
static void test_refused(void **state)
{
	struct err e;

	NEED(NULL);
	if (strv_has(&facts.controllers, "memory")) {
		print_message("skip: every controller is there\n");
		skip();
	}
	assert_int_equal(update((struct spec_resources){.memory = {.set = true, .limit = I64(1048576)}}, &e), -ENOTSUP);
	assert_string_equal(e.path, "linux.resources.memory.limit");
	assert_non_null(strstr(e.text, "the memory controller is not available in cgroup v2 on this host"));
	assert_int_equal(update((struct spec_resources){.network = {.set = true, .class_id = I64(1)}}, &e), -ENOTSUP);
	assert_string_equal(e.path, "linux.resources.network.classID");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_cgroup), cmocka_unit_test(test_put_back),        cmocka_unit_test(test_huge_pages),
	    cmocka_unit_test(test_devices),   cmocka_unit_test(test_devices_at_once), cmocka_unit_test(test_cpu),
	    cmocka_unit_test(test_memory),    cmocka_unit_test(test_put_back_limits), cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("cgroups: update", tests, setup, teardown);
}
