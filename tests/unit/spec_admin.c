/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/spec.h"

static int parse_to(const char *text, size_t len, struct arena *a, struct spec_admin *ret, struct err *e)
{
	char *exact = malloc(len ? len : 1); /* so that a sanitizer sees a byte too many */
	int r;

	assert_non_null(exact);
	memcpy(exact, text, len);
	*e = (struct err){0};
	r = spec_admin_parse(exact, len, "j.json", a, ret, e);
	free(exact);
	return r;
}

static const char full[] =
    "// for this site\n"
    "{\n"
    "  \"defaultPolicy\": \"none\",\n"
    "  \"floor\": \"site-1.2_b\",\n"
    "  \"policyDir\": \"/srv/policies\",\n"
    "  \"annotations\": false, /* not here */\n"
    "  \"audit\": {\"to\": \"syslog\", \"path\": \"/dev/log\", \"annotations\": [\"a.*\", \"b\"]}\n"
    "}\n";

static void test_full(void **state)
{
	struct arena a = {0};
	struct spec_admin s;
	struct err e;

	(void)state;
	assert_int_equal(parse_to(full, strlen(full), &a, &s, &e), 0);
	assert_string_equal(s.default_policy, "none");
	assert_string_equal(s.floor, "site-1.2_b");
	assert_string_equal(s.policy_dir, "/srv/policies");
	assert_true(s.annotations.set && !s.annotations.v);
	assert_int_equal(s.audit.to, SPEC_AUDIT_SYSLOG);
	assert_string_equal(s.audit.path, "/dev/log");
	assert_int_equal(s.audit.annotations.n, 2);
	assert_string_equal(s.audit.annotations.v[0], "a.*");
	arena_free(&a);
}

static void test_empty(void **state)
{
	static const char none[] = "{\"audit\": {\"to\": \"none\", \"annotations\": []}}";
	struct arena a = {0};
	struct spec_admin s;
	struct err e;

	(void)state;
	assert_int_equal(parse_to("{}", 2, &a, &s, &e), 0);
	assert_true(!s.default_policy && !s.floor && !s.policy_dir && !s.annotations.set);
	assert_int_equal(s.audit.to, SPEC_AUDIT_UNSAID);
	assert_null(s.audit.annotations.v);
	assert_int_equal(parse_to(none, strlen(none), &a, &s, &e), 0);
	assert_true(s.audit.annotations.v && !s.audit.annotations.n);
	arena_free(&a);
}

static void test_bad(void **state)
{
	static const struct {
		const char *text, *path, *part;
	} bad[] = {
	    {"", "j.json", ""},
	    {"[]", "j.json", "object"},
	    {"{\n\"Floor\": \"x\"}", "j.json", "line 2: unknown key \"Floor\""},
	    {"{\"floor\": null}", "j.json: floor", "line 1: "},
	    {"{\"floor\": \"\"}", "j.json: floor", "name of a policy"},
	    {"{\"floor\": \"none\"}", "j.json: floor", "not \"none\""},
	    {"{\"floor\": \"../x\"}", "j.json: floor", "name of a policy"},
	    {"{\"floor\": \".x\"}", "j.json: floor", "name of a policy"},
	    {"{\"defaultPolicy\": \"/x\"}", "j.json: defaultPolicy", "or \"none\""},
	    {"{\"defaultPolicy\": 1}", "j.json: defaultPolicy", "must be a string"},
	    {"{\"policyDir\": \"x\"}", "j.json: policyDir", "absolute path"},
	    {"{\"annotations\": \"no\"}", "j.json: annotations", "true or false"},
	    {"{\"audit\": {}}", "j.json: audit.to", "is required"},
	    {"{\"audit\": {\"to\": \"File\"}}", "j.json: audit.to", "journald"},
	    {"{\"audit\": {\"to\": \"file\"}}", "j.json: audit", "\"path\" has to name it"},
	    {"{\"audit\": {\"to\": \"file\", \"path\": \"x\"}}", "j.json: audit.path", "absolute path"},
	    {"{\"audit\": {\"to\": \"none\", \"path\": \"/x\"}}", "j.json: audit", "nothing to write"},
	    {"{\"audit\": {\"to\": \"syslog\", \"annotations\": [\"a\", \"\"]}}", "j.json: audit.annotations[1]", ""},
	    {"{\"audit\": {\"to\": \"syslog\", \"rotate\": 1}}", "j.json: audit", "unknown key \"rotate\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct arena a = {0};
		struct spec_admin s;
		struct err e;

		if (parse_to(bad[i].text, strlen(bad[i].text), &a, &s, &e) != -EINVAL)
			fail_msg("%s is taken", bad[i].text);
		if (strcmp(e.path, bad[i].path) != 0 || !strstr(e.text, bad[i].part))
			fail_msg("%s: %s: %s", bad[i].text, e.path, e.text);
		arena_free(&a);
	}
}

static void test_truncated(void **state)
{
	(void)state;
	for (size_t n = 0; n < strlen(full) - 1; n++) {
		struct arena a = {0};
		struct spec_admin s;
		struct err e;

		assert_int_equal(parse_to(full, n, &a, &s, &e), -EINVAL);
		arena_free(&a);
	}
}

static void test_names(void **state)
{
	static const char *const good[] = {"a", "A.b-c_9", "none", "9"}, *const bad[] = {"",    ".",   "..", ".a",
											 "a/b", "a b", "/",  "\xc3\xa4",
											 "a\n", "*"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(spec_is_policy_name(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(spec_is_policy_name(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_full),      cmocka_unit_test(test_empty), cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_truncated), cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
