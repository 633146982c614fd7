/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/spec.h"

static int parse_to(const char *text, size_t len, struct arena *a, struct spec_policy *p, struct err *e)
{
	char *exact = malloc(len ? len : 1); /* so that a sanitizer sees a byte too many */
	int r;

	assert_non_null(exact);
	memcpy(exact, text, len);
	*e = (struct err){0};
	r = spec_policy_parse(exact, len, "p.json", a, p, e);
	free(exact);
	return r;
}

static const char full[] =
    "// the build's jail\n"
    "{\n"
    "  \"name\": \"build\",\n"
    "  \"description\": \"for tests\", /* \xc3\xa4 */\n"
    "  \"init\": \"workload\",\n"
    "  \"on_violation\": \"kill\",\n"
    "  \"syscalls\": {\n"
    "    \"defaultAction\": \"SCMP_ACT_ALLOW\",\n"
    "    \"syscalls\": [{\"names\": [\"ptrace\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 1}]\n"
    "  },\n"
    "  \"exec\": {\"allow\": [\"/usr/bin/\", \"/bin/s*\"], \"deny\": [\"/bin/su\"], \"memfd\": true},\n"
    "  \"signals\": {\"to_init\": \"refuse\", \"protect\": [\"/usr/bin/agent\"]},\n"
    "  \"limits\": {\"processes\": 1, \"threads\": 0}\n"
    "}\n";

static void test_full(void **state)
{
	struct arena a = {0};
	struct spec_policy p;
	struct err e;

	(void)state;
	assert_int_equal(parse_to(full, strlen(full), &a, &p, &e), 0);
	assert_string_equal(p.name, "build");
	assert_string_equal(p.description, "for tests");
	assert_int_equal(p.init, POLICY_INIT_WORKLOAD);
	assert_int_equal(p.on_violation, POLICY_KILL);
	assert_true(p.syscalls.set && p.syscalls.n_rules == 1 && p.syscalls.rules[0].errno_ret.v == 1);
	assert_true(p.exec.set && p.exec.memfd && p.exec.allow.n == 2 && p.exec.deny.n == 1);
	assert_string_equal(p.exec.allow.v[1], "/bin/s*");
	assert_true(p.signals.refuse_to_init && str_eq(p.signals.protect.v[0], "/usr/bin/agent"));
	assert_true(p.max_processes.set && p.max_processes.v == 1 && p.max_threads.set && p.max_threads.v == 0);
	arena_free(&a);
}

static void test_empty(void **state)
{
	struct arena a = {0};
	struct spec_policy p;
	struct err e;

	(void)state;
	assert_int_equal(parse_to("{}", 2, &a, &p, &e), 0);
	assert_string_equal(p.name, "p.json");
	assert_int_equal(p.init, POLICY_INIT_JAIL);
	assert_int_equal(p.on_violation, POLICY_ERRNO);
	assert_false(p.syscalls.set || p.exec.set || p.signals.refuse_to_init || p.max_processes.set ||
		     p.max_threads.set);
	assert_int_equal(parse_to("{\"exec\":{},\"signals\":{\"to_init\":\"forward\"}}", 43, &a, &p, &e), 0);
	assert_true(p.exec.set && !p.exec.memfd && p.exec.allow.n == 0 && !p.signals.refuse_to_init);
	arena_free(&a);
}

static const struct {
	const char *text;
	int code;
	const char *message;
} bad[] = {
    {"{\"a\": 1,}", EINVAL,
     "p.json: line 1, column 9: not valid JSON: parse error: invalid object key (must be a string)"},
    {"{\n\"nmae\": \"x\"}", EINVAL, "p.json: line 2: unknown key \"nmae\"; the nearest known key is \"name\""},
    {"{\n\n\"exec\": {\"alow\": []}}", EINVAL,
     "p.json: exec: line 3: unknown key \"alow\"; the nearest known key is \"allow\""},
    {"{\"limits\": {\"proceses\": 1}}", EINVAL,
     "p.json: limits: line 1: unknown key \"proceses\"; the nearest known key is \"processes\""},
    {"{\"syscalls\": {\"defaultAction\": \"SCMP_ACT_ALLOW\",\n\"default\": 1}}", EINVAL,
     "p.json: syscalls: line 2: unknown key \"default\"; the nearest known key is \"defaultAction\""},
    {"{\"name\": \"a\",\n\"name\": \"b\"}", EINVAL, "p.json: line 2: the key \"name\" is there twice"},
    {"{\"name\": null}", EINVAL, "p.json: name: line 1: must be a string, not null"},
    {"{\"name\": \"\"}", EINVAL, "p.json: name: line 1: must not be empty"},
    {"{\"init\": \"systemd\"}", EINVAL, "p.json: init: line 1: must be one of jail, workload, not \"systemd\""},
    {"{\"on_violation\": \"log\"}", EINVAL, "p.json: on_violation: line 1: must be one of errno, kill, not \"log\""},
    {"{\"signals\": {\"to_init\": true}}", EINVAL, "p.json: signals.to_init: line 1: must be a string, not a boolean"},
    {"{\"signals\": {\"protect\": [\"agent\"]}}", EINVAL,
     "p.json: signals.protect[0]: line 1: must be an absolute path without empty, \".\" and \"..\" components, not "
     "\"agent\""},
    {"{\"exec\": {\"allow\": [\"/a\",\n\"bin/sh\"]}}", EINVAL,
     "p.json: exec.allow[1]: line 2: must be an absolute path without empty, \".\" and \"..\" components, not "
     "\"bin/sh\""},
    {"{\"limits\": {\"processes\": 0}}", EINVAL,
     "p.json: limits.processes: line 1: must be an integer from 1 to 2147483647, not 0"},
    {"{\"limits\": {\"threads\": -1\n\n}}", EINVAL,
     "p.json: limits.threads: line 1: must be an integer from 0 to 2147483647, not -1"},
    {"{\"defaultAction\": \"SCMP_ACT_ALLOW\"}", EINVAL,
     "p.json: defaultAction: line 1: belongs to a seccomp profile; put the profile below \"syscalls\""},
    {"{\"syscalls\": {}}", EINVAL, "p.json: syscalls.defaultAction: line 1: is required"},
    {"{\"syscalls\": {\"defaultAction\": \"SCMP_ACT_NOTIFY\"}}", ENOTSUP,
     "p.json: syscalls.defaultAction: line 1: nobody would answer its notifications; use SCMP_ACT_ERRNO"},
    {"{\"syscalls\": {\"defaultAction\": \"SCMP_ACT_ALLOW\", \"listenerPath\": \"/x\"}}", ENOTSUP,
     "p.json: syscalls.listenerPath: line 1: this version of jailrun cannot enforce it yet; remove it"},
    {"{\"syscalls\": {\"defaultAction\": \"SCMP_ACT_ALLOW\", \"archMap\": []}}", ENOTSUP,
     "p.json: syscalls.archMap: line 1: belongs to Docker's own form of profiles; importing those comes later"},
    {"{\"syscalls\": {\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"a\"],\n\"includes\": {}}]}}",
     ENOTSUP,
     "p.json: syscalls.syscalls[0].includes: line 2: belongs to Docker's own form of profiles; importing those comes "
     "later"},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct arena a = {0};
		struct spec_policy p;
		struct err e;
		char said[1024];
		int r = parse_to(bad[i].text, strlen(bad[i].text), &a, &p, &e);

		err_str(&e, said, sizeof(said));
		if (r != -bad[i].code || e.code != bad[i].code || !str_eq(said, bad[i].message))
			fail_msg("%s\n  should be: %s\n  but was:   %d %s", bad[i].text, bad[i].message, r, said);
		arena_free(&a);
	}
}

/* The keys of the design that nothing enforces yet. */
static void test_later(void **state)
{
	static const char *const keys[] = {"extends", "files", "network", "env", "stop_at", "mode"};
	static const char *const limits[] = {"execs", "wall", "cpu", "idle", "output", "memory", "syscalls"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys) + ARRAY_LEN(limits); i++) {
		bool top = i < ARRAY_LEN(keys);
		const char *key = top ? keys[i] : limits[i - ARRAY_LEN(keys)];
		struct arena a = {0};
		struct spec_policy p;
		struct err e;
		char text[100], want[100];

		snprintf(text, sizeof(text), top ? "{\n\"%s\": 1}" : "{\"limits\": {\n\"%s\": 1}}", key);
		snprintf(want, sizeof(want), top ? "p.json: %s" : "p.json: limits.%s", key);
		assert_int_equal(parse_to(text, strlen(text), &a, &p, &e), -ENOTSUP);
		assert_string_equal(e.path, want);
		assert_string_equal(e.text, "line 2: this version of jailrun cannot enforce it yet; remove it");
		arena_free(&a);
	}
}

static void test_paths(void **state)
{
	static const struct {
		const char *path;
		int result;
	} paths[] = {
	    {"/", 0},        {"/a", 0},        {"/a/", 0},          {"/a/b*/c?", 0},    {"/.a/..b/...", 0},
	    {"", -EINVAL},   {"a", -EINVAL},   {"//", -EINVAL},     {"/a//b", -EINVAL}, {"/a//", -EINVAL},
	    {"/.", -EINVAL}, {"/..", -EINVAL}, {"/a/./b", -EINVAL}, {"/a/..", -EINVAL}, {"/a/../", -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct arena a = {0};
		struct spec_policy p;
		struct err e;
		char text[100];

		snprintf(text, sizeof(text), "{\"exec\": {\"deny\": [\"%s\"]}}", paths[i].path);
		if (parse_to(text, strlen(text), &a, &p, &e) != paths[i].result)
			fail_msg("%s: %s", paths[i].path, e.text);
		arena_free(&a);
	}
}

static void test_truncated(void **state)
{
	(void)state;
	for (size_t n = 0; n < strlen(full) - 1; n++) {
		struct arena a = {0};
		struct spec_policy p;
		struct err e;

		assert_int_equal(parse_to(full, n, &a, &p, &e), -EINVAL);
		arena_free(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_full),  cmocka_unit_test(test_empty), cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_later), cmocka_unit_test(test_paths), cmocka_unit_test(test_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
