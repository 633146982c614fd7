/* SPDX-License-Identifier: Apache-2.0 */
/* Device programs in real cgroups of this host: loaded, attached, and asked by the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "cgroups_real.h"

/* In the cgroup: every node may be made, but only those of the rules opened. Returns which step went wrong, 0: none. */
static int probe_devices(const char *dir)
{
	char path[128];
	int fd;

	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return 1;
	snprintf(path, sizeof(path), "%s/zero", dir);
	if (mknod(path, S_IFCHR | 0600, makedev(1, 5)) < 0 || open(path, O_RDWR | O_CLOEXEC) < 0)
		return 2;
	snprintf(path, sizeof(path), "%s/mem", dir);
	if (mknod(path, S_IFCHR | 0600, makedev(1, 1)) < 0)
		return 3;
	if (open(path, O_RDONLY | O_CLOEXEC) >= 0 || errno != EPERM)
		return 4;
	snprintf(path, sizeof(path), "%s/kmsg", dir);
	if (mknod(path, S_IFCHR | 0600, makedev(1, 11)) < 0 || open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) < 0)
		return 5;
	if (open(path, O_WRONLY | O_CLOEXEC) >= 0 || errno != EPERM)
		return 6;
	return 0;
}

static void test_devices(void **state)
{
	struct spec_device_rule rules[] = {{false, 'a', {0}, {0}, NULL},
					   {true, 'c', {true, 1}, {true, 11}, (char *)"r"}};
	struct spec_config c = {.linux_.resources = {.set = true, .devices = rules, .n_devices = 2}};
	char dir[] = "/tmp/cgroups-unit-XXXXXX";
	struct cg_plan p;
	struct cg_run r;
	struct err e = {0};
	uint64_t start;
	int status;
	pid_t pid;

	NEED_CGROUPS();
	assert_non_null(mkdtemp(dir));
	c.linux_.cgroups_path = arena_printf(&arena, "%s/devices", top);
	assert_int_equal(cg_plan(&c, &facts, CG_CGROUPFS, "id", false, &arena, &p, &e), 0);
	assert_true(p.devices);
	create(&p, &r);
	start = now_us();
	if (cg_devices(&p, &r, &e) < 0)
		fail_msg("%s", e.text);
	print_message("%zu instructions loaded and attached in %llu us\n", p.n_program,
		      (unsigned long long)(now_us() - start));
	pid = proc_clone(0, r.dir_fd, NULL);
	if (pid == 0)
		_exit(probe_devices(dir));
	status = reap(pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* The control: outside, the denied device opens (or is missing, or locked down: anything but EPERM by the program). */
	pid = proc_clone(0, -1, NULL);
	if (pid == 0) {
		char path[128];

		snprintf(path, sizeof(path), "%s/kmsg", dir);
		_exit(open(path, O_WRONLY | O_CLOEXEC) < 0);
	}
	assert_int_equal(reap(pid), 0);
	cg_unmake(&p, &r);
	nothing_left();
	for (const char *const *f = (const char *const[]){"zero", "mem", "kmsg", NULL}; *f; f++)
		unlink(arena_printf(&arena, "%s/%s", dir, *f));
	rmdir(dir);
}

#define LARGE 1024
/* The verifier takes a large program, too, and does not choke on its branches. */
static void test_devices_large(void **state)
{
	struct spec_device_rule *rules = calloc(LARGE, sizeof(*rules));
	struct spec_config c = {.linux_.resources = {.set = true, .devices = rules, .n_devices = LARGE}};
	struct cg_plan p;
	struct cg_run r;
	struct err e = {0};

	NEED_CGROUPS();
	assert_non_null(rules);
	for (int i = 0; i < LARGE; i++)
		rules[i] = (struct spec_device_rule){.allow = i & 1,
						     .type = "bc"[i / 2 % 2],
						     .major = {true, i / 16},
						     .minor = {true, i},
						     .access = (char *)"rw"};
	c.linux_.cgroups_path = arena_printf(&arena, "%s/large", top);
	assert_int_equal(cg_plan(&c, &facts, CG_CGROUPFS, "id", false, &arena, &p, &e), 0);
	create(&p, &r);
	if (cg_devices(&p, &r, &e) < 0)
		fail_msg("%zu instructions: %s", p.n_program, e.text);
	/* The control: the verifier's words come through. */
	p.n_program--;
	assert_true(cg_devices(&p, &r, &e) < 0);
	assert_string_equal(e.path, "linux.resources.devices");
	assert_non_null(strstr(e.text, "the verifier says"));
	cg_unmake(&p, &r);
	nothing_left();
	free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_devices),
	    cmocka_unit_test(test_devices_large),
	};

	return cmocka_run_group_tests_name("cgroups: devices in the real tree", tests, setup, teardown);
}
