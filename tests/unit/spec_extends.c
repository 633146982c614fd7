/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy extends: how documents are laid on each other, and which document an error is of. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/spec.h"

/* Documents that are found by their names. One that begins with "same:" is the one behind it. */
struct shelf {
	const char *name, *text;
};

static int find(void *arg, const struct spec_text *by, const char *name, struct spec_text *ret, struct err *e)
{
	const char *id = str_starts(name, "same:") ? name + 5 : name;

	assert_non_null(by->name);
	for (const struct shelf *s = arg; s->name; s++)
		if (str_eq(s->name, id)) {
			*ret = (struct spec_text){s->text, strlen(s->text), name, NULL, id};
			return 0;
		}
	return err_set(e, ENOENT, "no %s", name);
}

static const struct shelf shelf[] = {
    {"work", "{\"files\": {\"read\": [\"/work/\"]}}"},
    {"procs", "{\"name\": \"procs\", \"description\": \"d\", \"limits\": {\"processes\": 5}}"},
    {"threads", "{\"limits\": {\"threads\": 7, \"processes\": 6}}"},
    {"usr", "{\"exec\": {\"allow\": [\"/usr/\"], \"deny\": [\"/usr/bin/x\"], \"memfd\": true}}"},
    {"calls", "{\"syscalls\": {\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"a\"], \"action\": "
	      "\"SCMP_ACT_ALLOW\"}]}}"},
    {"more-calls", "{\"extends\": \"calls\", \"syscalls\": {\"syscalls\": [{\"names\": [\"b\"], \"action\": "
		   "\"SCMP_ACT_ALLOW\"}]}}"},
    {"no-exec", "{\"exec\": null}"},
    {"both", "{\"extends\": [\"procs\", \"usr\"]}"},
    {"one", "{\"extends\": \"two\"}"},
    {"two", "{\n\"extends\": [\"procs\",\n\"same:one\"]}"},
    {"self", "{\"extends\": \"self\"}"},
    {"wrong", "{\n\"exec\": {\n\"allow\": [\"/fine\", \"bin/sh\"]}}"},
    {"on-wrong", "{\"extends\": \"wrong\"}"},
    {"grammar", "{\n\"exec\": ["},
    {"list", "\n[]"},
    {"lost", "{\"extends\": [\n\"nosuch\"]}"},
    {"doubled", "{\"extends\": [\"procs\", \"procs\"]}"},
    {"doubled2", "{\"extends\": [\"doubled\", \"doubled\", \"doubled\"]}"},
    {"doubled3", "{\"extends\": [\"doubled2\", \"doubled2\", \"doubled2\", \"doubled2\"]}"},
    {"c1", "{\"extends\": \"c2\"}"},
    {"c2", "{\"extends\": \"c3\"}"},
    {"c3", "{\"extends\": \"c4\"}"},
    {"c4", "{\"extends\": \"c5\"}"},
    {"c5", "{\"extends\": \"c6\"}"},
    {"c6", "{\"extends\": \"c7\"}"},
    {"c7", "{\"extends\": \"procs\"}"},
    {NULL, NULL},
};
static const struct spec_bases bases = {find, (void *)shelf};

static int read_text(const char *text, struct arena *a, struct spec_policy *p, struct err *e)
{
	const struct spec_text t = {text, strlen(text), "p.json", "p.json", "p.json"};

	*e = (struct err){0};
	return spec_policy_read(&t, &bases, a, p, e);
}

/* The strings, with a comma between. */
static const char *joined(const struct strv *v, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < v->n; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? "," : "", v->v[i]);
	return buf;
}

static void test_merge(void **state)
{
	struct arena a = {0};
	struct spec_policy p;
	struct err e;
	char got[256];

	(void)state;
	assert_int_equal(read_text("{\"extends\": \"procs\"}", &a, &p, &e), 0);
	assert_true(p.max_processes.v == 5 && !p.max_threads.set && !p.description);
	assert_string_equal(p.name, "p.json"); /* a name is not inherited */
	assert_string_equal(joined(&p.extends, got, sizeof(got)), "procs");

	/* objects key by key, scalars are replaced, the later base and the document itself win */
	assert_int_equal(read_text("{\"extends\": [\"procs\", \"threads\"], \"limits\": {\"threads\": 8}}", &a, &p, &e),
			 0);
	assert_true(p.max_processes.v == 6 && p.max_threads.v == 8);
	assert_string_equal(joined(&p.extends, got, sizeof(got)), "procs,threads");

	/* lists append */
	assert_int_equal(
	    read_text("{\"extends\": \"usr\", \"exec\": {\"allow\": [\"/bin/\"], \"memfd\": false}}", &a, &p, &e), 0);
	assert_string_equal(joined(&p.exec.allow, got, sizeof(got)), "/usr/,/bin/");
	assert_string_equal(joined(&p.exec.deny, got, sizeof(got)), "/usr/bin/x");
	assert_false(p.exec.memfd);

	/* null takes away: a list, a section, what an earlier base has */
	assert_int_equal(read_text("{\"extends\": \"both\", \"exec\": {\"allow\": null}}", &a, &p, &e), 0);
	assert_true(p.exec.set && !p.exec.allow.v && p.exec.deny.n == 1 && p.max_processes.set);
	assert_string_equal(joined(&p.extends, got, sizeof(got)), "procs,usr,both");
	assert_int_equal(read_text("{\"extends\": \"both\", \"exec\": null}", &a, &p, &e), 0);
	assert_false(p.exec.set);
	arena_free(&a);
}

/* The first rule that matches decides, so what is on top comes first. */
static void test_rules(void **state)
{
	static const char text[] = "{\"extends\": \"more-calls\", \"syscalls\": {\"syscalls\": [{\"names\": [\"c\"], "
				   "\"action\": \"SCMP_ACT_ALLOW\"}, {\"names\": [\"d\"], \"action\": "
				   "\"SCMP_ACT_ALLOW\"}]}}";
	struct arena a = {0};
	struct spec_policy p;
	struct err e;

	(void)state;
	assert_int_equal(read_text(text, &a, &p, &e), 0);
	assert_int_equal(p.syscalls.n_rules, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(p.syscalls.rules[i].names.v[0][0], "cdba"[i]);
	assert_string_equal(p.syscalls.default_action, "SCMP_ACT_ALLOW");
	arena_free(&a);
}

static const struct {
	const char *text;
	int code;
	const char *message;
} bad[] = {
    {"{\"extends\": 1}", EINVAL, "p.json: extends: line 1: must be a string or an array of strings, not a number"},
    {"{\"extends\": []}", EINVAL, "p.json: extends: line 1: must have at least one entry"},
    {"{\"extends\": [\"procs\",\n\"\"]}", EINVAL,
     "p.json: extends[1]: line 2: must be a string that is not empty, not \"\""},
    {"{\n\"extends\": \"nosuch\"}", ENOENT, "p.json: extends: line 2: no nosuch"},
    {"{\"extends\": [\"procs\",\n\"nosuch\"]}", ENOENT, "p.json: extends[1]: line 2: no nosuch"},
    {"{\"extends\": \"lost\"}", ENOENT, "lost: extends[0]: line 2: no nosuch"},
    {"{\"extends\": \"self\"}", ELOOP, "self: extends: line 1: goes in a circle, take one out: p.json -> self -> self"},
    {"{\"extends\": \"one\"}", ELOOP,
     "two: extends[1]: line 3: goes in a circle, take one out: p.json -> one -> two -> same:one"},
    {"{\"extends\": \"c1\"}", ELOOP,
     "c7: extends: line 1: a policy can stand on 7 others, one above the other, not on more: p.json -> c1 -> c2 -> c3 "
     "-> c4 -> c5 -> c6 -> c7 -> procs"},
    {"{\"extends\": [\"doubled3\", \"procs\"]}", EFBIG,
     "doubled3: extends[3]: line 1: a policy can be made of 32 documents at the most, each counted as often as it is "
     "named"},
    {"{\"extends\": \"grammar\"}", EINVAL, "grammar: line 2, column 10: not valid JSON: parse error: premature EOF"},
    {"{\"extends\": \"list\"}", EINVAL, "list: line 2: must be an object, not an array"},
    /* of what is inherited: its file, its line, its index there */
    {"{\"extends\": [\"usr\", \"on-wrong\"], \"exec\": {\"allow\": [\"/a\"]}}", EINVAL,
     "wrong: exec.allow[1]: line 3: must be an absolute path "},
    {"{\"extends\": \"usr\", \"exec\": {\"allow\": [\"/a\",\n\"bin/sh\"]}}", EINVAL,
     "p.json: exec.allow[1]: line 2: must be an absolute path "},
    {"{\"extends\": \"work\", \"files\": {\"read\": [\"/proc/self/x\"]}}", EINVAL,
     "p.json: files.read[0]: line 1: \"/proc/self/x\" is another file for each process"},
    {"{\"extends\": \"procs\",\n\"limits\": {\"proceses\": 1}}", EINVAL,
     "p.json: limits: line 2: unknown key \"proceses\"; the nearest known key is \"processes\""},
    /* another type replaces what was there; null where nothing is inherited is a value like any other */
    {"{\"extends\": \"usr\", \"exec\": 1}", EINVAL, "p.json: exec: line 1: must be an object, not a number"},
    {"{\"extends\": \"procs\", \"exec\": null}", EINVAL, "p.json: exec: line 1: must be an object, not null"},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct arena a = {0};
		struct spec_policy p;
		struct err e;
		char said[1024];
		int r = read_text(bad[i].text, &a, &p, &e);

		err_str(&e, said, sizeof(said));
		if (r != -bad[i].code || e.code != bad[i].code || !str_starts(said, bad[i].message))
			fail_msg("%s\n  should be: %s\n  but was:   %d %s", bad[i].text, bad[i].message, r, said);
		arena_free(&a);
	}
}

/* All errors: of each document, in the order of its lines. */
static void test_check(void **state)
{
	static const char text[] =
	    "{\"extends\": [\"wrong\", \"procs\"],\n\"exec\": {\"allow\": [\"x\"],\n\"deni\": 1}}";
	static const char *const want[] = {"p.json 2 exec.allow[0]", "p.json 3 exec", "wrong 3 exec.allow[1]"};
	const struct spec_text t = {text, strlen(text), "p.json", "p.json", "p.json"};
	const struct spec_text on_lost = {"{\"extends\": \"lost\"}", 19, "q.json", "q.json", "q.json"};
	struct arena a = {0};
	struct spec_policy p;
	struct spec_errors errors = {0};

	(void)state;
	assert_int_equal(spec_policy_check(&t, &bases, &a, &p, &errors), -EINVAL);
	assert_int_equal(errors.n, ARRAY_LEN(want));
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		char got[300];

		snprintf(got, sizeof(got), "%s %zu %s", errors.v[i].name, errors.v[i].line, errors.v[i].err.path);
		assert_string_equal(got, want[i]);
	}
	assert_int_equal(spec_policy_check(&on_lost, &bases, &a, &p, &errors), -ENOENT);
	assert_true(errors.n == 1 && errors.v[0].line == 2 && errors.v[0].source && str_eq(errors.v[0].name, "lost"));
	assert_int_equal(spec_policy_check(&on_lost, NULL, &a, &p, &errors), -ENOTSUP);
	arena_free(&a);
}

/* Each key is compared with each: too many are an error, at once. */
static void test_many_keys(void **state)
{
	AUTO_BUF text = {0};
	struct shelf many[] = {{"many", NULL}, {NULL, NULL}};
	const struct spec_bases on = {find, many};
	struct spec_text t = {.name = "p.json", .id = "p.json"};
	struct arena a = {0};
	struct spec_policy p;
	struct err e = {0};
	AUTO_BUF base = {0};

	(void)state;
	buf_str(&text, "{\"extends\": \"many\"");
	buf_str(&base, "{\"name\": \"many\"");
	for (int i = 0; i < 5000; i++) {
		buf_printf(&text, ", \"k%d\": 0", i);
		buf_printf(&base, ", \"k%d\": 0", i);
	}
	buf_str(&text, "}");
	buf_str(&base, "}");
	assert_false(text.failed || base.failed);
	many[0].text = base.data;
	t.text = text.data;
	t.len = text.len;
	assert_int_equal(spec_policy_read(&t, &on, &a, &p, &e), -EFBIG);
	assert_string_equal(e.text, "too many keys to be laid on each other");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_merge), cmocka_unit_test(test_rules),     cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_check), cmocka_unit_test(test_many_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
