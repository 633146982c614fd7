/* SPDX-License-Identifier: Apache-2.0 */
/* File rules of policies: what Landlock of each ABI can hold, and what comes with them as rules on calls. */
#include "jail_util.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/syscall.h>

#define X64 AUDIT_ARCH_X86_64

static int plan(const char *text, const char *floor, int abi, struct arena *a, struct jail_plan *ret, struct err *e)
{
	struct spec_policy policies[2];
	const struct spec_config config = {.process.capabilities.set = true};
	struct jail_facts facts = host;
	struct jail_options o = {.id = "c1"};

	facts.landlock_abi = abi;
	assert_int_equal(spec_policy_parse(text, strlen(text), "test", a, &policies[0], e), 0);
	if (floor) {
		assert_int_equal(spec_policy_parse(floor, strlen(floor), "floor", a, &policies[1], e), 0);
		o.floor = &policies[1];
	}
	return jail_plan(&config, &policies[0], &facts, &o, a, ret, e);
}

static void test_abi(void **state)
{
	static const struct {
		const char *key;
		int abi; /* the least */
		const char *says;
	} rows[] = {
	    {"read", 2, "moving files between directories takes Landlock ABI 2 (Linux 5.19), and this kernel has 1"},
	    {"write", 3, "holding back truncate(2) takes Landlock ABI 3 (Linux 6.2), and this kernel has 2"},
	    {"create", 2, "takes Landlock ABI 2"},
	    {"execute", 2, "takes Landlock ABI 2"},
	    {"list", 2, "takes Landlock ABI 2"},
	    {"ioctl", 5, "holding back ioctl(2) on devices takes Landlock ABI 5 (Linux 6.10), and this kernel has 4"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int abi = 0; abi <= 7; abi++) {
			struct arena a = {0};
			struct jail_plan p;
			struct err e = {0};
			char text[64], path[64];
			int r;

			snprintf(text, sizeof(text), "{\"files\":{\"%s\":[\"/a/\"]}}", rows[i].key);
			snprintf(path, sizeof(path), "test: files.%s", rows[i].key);
			r = plan(text, NULL, abi, &a, &p, &e);
			assert_int_equal(r, abi >= rows[i].abi ? 0 : -ENOTSUP);
			if (r < 0) {
				assert_string_equal(e.path, path);
				assert_non_null(strstr(e.text, "linux.readonlyPaths"));
				assert_non_null(strstr(e.text, abi == rows[i].abi - 1 ? rows[i].says
							       : abi                  ? "Landlock ABI"
										      : "this kernel has none"));
			}
			arena_free(&a);
		}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *path, *says;
	} rows[] = {
	    {"{\"on_violation\":\"kill\",\"files\":{\"read\":[]}}", "test: files", "is EACCES and nothing else"},
	    {"{\"on_violation\":\"ENOENT\",\"files\":{\"read\":[]}}", "test: files",
	     "say \"on_violation\": \"errno\" in files"},
	    {"{\"files\":{\"on_violation\":\"log\",\"read\":[]}}", "test: files", "is EACCES and nothing else"},
	    {"{\"mode\":\"watch\",\"files\":{\"read\":[]}}", "test: files", "can neither watch nor learn"},
	    {"{\"files\":{\"mode\":\"learn\",\"read\":[]}}", "test: files", "say \"mode\": \"enforce\" in files"},
	    {"{\"init\":\"workload\",\"files\":{\"read\":[]}}", "test: files", "add {\"type\": \"mount\"}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = {0};
		struct jail_plan p;
		struct err e = {0};

		assert_int_equal(plan(rows[i].text, NULL, 7, &a, &p, &e), -ENOTSUP);
		assert_string_equal(e.path, rows[i].path);
		assert_non_null(strstr(e.text, rows[i].says));
		arena_free(&a);
	}
}

/* Holes are mounts: they take a mount namespace of one's own, and a workload that cannot mount. */
static void test_deny(void **state)
{
	static const struct {
		const char *says;
		bool mounts, userns;
		int cap;
	} rows[] = {
	    {NULL, true, false, CAP_KILL},
	    {"no mount namespace", false, false, CAP_KILL},
	    {"CAP_SYS_ADMIN lets the workload look below", true, false, CAP_SYS_ADMIN},
	    {"CAP_SYS_ADMIN lets the workload look below", true, true, CAP_SYS_ADMIN},
	    {"CAP_DAC_READ_SEARCH lets the workload open", true, false, CAP_DAC_READ_SEARCH},
	    {NULL, true, true, CAP_DAC_READ_SEARCH},
	};
	const char *text = "{\"files\":{\"deny\":[\"/a/\"]}}";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = {0};
		struct spec_policy policy;
		struct spec_config config = {.process.capabilities.set = true};
		const struct jail_options o = {.id = "c1", .userns = rows[i].userns};
		static char admin[] = "CAP_SYS_ADMIN", search[] = "CAP_DAC_READ_SEARCH", kill[] = "CAP_KILL";
		char *caps[] = {rows[i].cap == CAP_SYS_ADMIN ? admin : rows[i].cap == CAP_KILL ? kill : search};
		struct jail_plan p;
		struct err e = {0};

		config.linux_.namespaces[NS_MOUNT].set = rows[i].mounts;
		config.process.capabilities.list[CAPS_BOUNDING] = (struct strv){caps, 1};
		assert_int_equal(spec_policy_parse(text, strlen(text), "test", &a, &policy, &e), 0);
		assert_int_equal(jail_plan(&config, &policy, &host, &o, &a, &p, &e), rows[i].says ? -ENOTSUP : 0);
		if (rows[i].says)
			assert_non_null(strstr(e.text, rows[i].says));
		else
			assert_false(jail_has_files(&p));
		arena_free(&a);
	}
}

/* What is said further in goes before. */
static void test_own_response(void **state)
{
	struct arena a = {0};
	struct jail_plan p;
	struct err e = {0};

	(void)state;
	assert_int_equal(
	    plan("{\"mode\":\"watch\",\"on_violation\":\"kill\",\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"},"
		 "\"files\":{\"mode\":\"enforce\",\"on_violation\":\"EACCES\",\"read\":[]}}",
		 NULL, 7, &a, &p, &e),
	    0);
	for (uint64_t i = 0; i < p.n_rules; i++)
		if (str_eq(p.rules[i].name, "files"))
			assert_int_equal(p.rules[i].trap, JAIL_TRAP_REFUSE);
	arena_free(&a);
}

/* The name of the rule that a call falls under, NULL: none. */
static const char *rule_of(const struct jail_plan *p, int nr, uint64_t arg0, uint64_t arg1)
{
	int i = jail_rule_find(p, X64, nr, (const uint64_t[6]){arg0, arg1});

	return i < 0 ? NULL : p->rules[i].name;
}

static void test_calls(void **state)
{
	const uint64_t cloexec = 1, noexec = 8;

	(void)state;
	for (int on = 0; on < 2; on++) {
		struct arena a = {0};
		struct jail_plan p;

		assert_int_equal(
		    plan(on ? "{\"files\":{\"execute\":[]}}" : "{\"files\":{\"read\":[]}}", NULL, 7, &a, &p, NULL), 0);
		assert_int_equal(p.engine, JAIL_NOTIFY);
		assert_string_equal(rule_of(&p, SYS_open_by_handle_at, 0, 0), "files");
		assert_string_equal(rule_of(&p, 442 /* mount_setattr */, 0, 0), "files");
		assert_string_equal(rule_of(&p, 467 /* open_tree_attr */, 0, 0), "files");
		assert_true(str_eq(rule_of(&p, SYS_memfd_create, 0, cloexec), on ? "files.execute" : NULL));
		assert_null(rule_of(&p, SYS_memfd_create, 0, cloexec | noexec));
		assert_null(rule_of(&p, SYS_io_uring_setup, 0, 0));
		arena_free(&a);
	}
}

/* Each policy keeps its lists, be the other without any. */
static void test_two(void **state)
{
	struct arena a = {0};
	struct jail_plan p;

	(void)state;
	assert_int_equal(plan("{\"files\":{\"read\":[\"/a/\",\"/b\"]}}", "{\"files\":{\"ioctl\":[]}}", 7, &a, &p, NULL),
			 0);
	assert_int_equal(p.n_policies, 2);
	assert_true(p.policies[0].files.list[FILES_READ].set && p.policies[0].files.list[FILES_READ].paths.n == 2);
	assert_false(p.policies[1].files.list[FILES_READ].set);
	assert_true(p.policies[1].files.list[FILES_IOCTL].set && !p.policies[1].files.list[FILES_IOCTL].paths.n);
	/* io_uring has its own way to a device. */
	assert_int_equal(jail_bpf_run(&p.filter, X64, SYS_io_uring_setup, (const uint64_t[6]){0}),
			 SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(plan("{}", "{\"files\":{\"read\":[]}}", 0, &a, &p, NULL), -ENOTSUP);
	assert_int_equal(plan("{}", "{\"files\":{\"read\":[]}}", 2, &a, &p, NULL), 0);
	assert_true(jail_has_files(&p));
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_abi),          cmocka_unit_test(test_refused),
					   cmocka_unit_test(test_own_response), cmocka_unit_test(test_deny),
					   cmocka_unit_test(test_calls),        cmocka_unit_test(test_two)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
