/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

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

static int parse_text(const char *text, struct arena *a, struct spec_policy *p, struct err *e)
{
	return parse_to(text, strlen(text), a, p, e);
}

static int check_text(const char *text, size_t len, struct arena *a, struct spec_policy *p, struct spec_errors *errors)
{
	const struct spec_text t = {text, len, "p.json", NULL, "p.json"};

	return spec_policy_check(&t, NULL, a, p, errors);
}

static const char full[] =
    "// the build's jail\n"
    "{\n"
    "  \"$schema\": \"https://example.org/policy.schema.json\",\n"
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
	assert_int_equal(p.response.violation, POLICY_KILL);
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
	assert_int_equal(p.init, POLICY_INIT_UNSAID);
	assert_int_equal(spec_policy_response(&p, POLICY_EXEC).violation, POLICY_ERRNO);
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
    /* other forms, which are recognised */
    {"# mine\n\nlimits:\n  processes: 3\n", EINVAL,
     "p.json: line 3: this is YAML, and a policy is JSON, with comments if you like: write it between { and }, with "
     "each "
     "key in double quotes: { \"limits\": ... }"},
    {"---\n{\"a\": 1}\n", EINVAL,
     "p.json: line 1: this is YAML, and a policy is JSON, with comments if you like: write it between { and }, with "
     "each "
     "key in double quotes: { \"name\": ... }"},
    {"\"on_violation\" : kill", EINVAL,
     "p.json: line 1: this is YAML, and a policy is JSON, with comments if you like: write it between { and }, with "
     "each "
     "key in double quotes: { \"on_violation\": ... }"},
    {"[limits]\nprocesses = 3\n", EINVAL,
     "p.json: line 1: this is TOML, and a policy is JSON, with comments if you like: write it between { and }, with "
     "each "
     "key in double quotes: { \"limits\": ... }"},
    {"init= \"jail\"", EINVAL,
     "p.json: line 1: this is TOML, and a policy is JSON, with comments if you like: write it between { and }, with "
     "each "
     "key in double quotes: { \"init\": ... }"},
    {"# a comment\n{\"name\": \"x\"}", EINVAL,
     "p.json: line 1: a comment begins with //, or stands between /* and */, and not behind #"},
    {"nonsense", EINVAL, "p.json: line 1, column 1: not valid JSON: lexical error: invalid string in json text."},
    {"a:b", EINVAL, "p.json: line 1, column 1: not valid JSON: lexical error: invalid char in json text."},
    {"[", EINVAL, "p.json: line 1, column 2: not valid JSON: parse error: premature EOF"},
    {"[\"exec\",", EINVAL, "p.json: line 1, column 9: not valid JSON: parse error: premature EOF"},
    {"{\"$schema\": 1}", EINVAL, "p.json: $schema: line 1: must be a string, not a number"},
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
    {"{\"on_violation\": \"erno\"}", EINVAL,
     "p.json: on_violation: line 1: must be one of errno, kill, log, not \"erno\"; did you mean errno?; the name of an "
     "errno, "
     "such as \"EACCES\", is right as well"},
    {"{\"on_violation\": \"EFOO\"}", EINVAL, "p.json: on_violation: line 1: no errno is called \"EFOO\""},
    {"{\"exec\": {\"mode\":\n\"look\"}}", EINVAL,
     "p.json: exec.mode: line 2: must be one of enforce, watch, learn, not \"look\""},
    {"{\"limits\": {\"mode\": \"watch\"}}", EINVAL,
     "p.json: limits: line 1: mode is about rules, and there are none beside it"},
    {"{\"syscalls\": {\"mode\": \"watch\", \"defaultAction\": \"SCMP_ACT_ALLOW\"}}", EINVAL,
     "p.json: syscalls: line 1: unknown key \"mode\"; the nearest known key is \"flags\""},
    {"{\"signals\": {\"to_init\": true}}", EINVAL, "p.json: signals.to_init: line 1: must be a string, not a boolean"},
    {"{\"signals\": {\"protect\": [\"agent\"]}}", EINVAL,
     "p.json: signals.protect[0]: line 1: must be an absolute path without empty, \".\" and \"..\" components, with "
     "\"**\" as "
     "a whole one alone, not \"agent\""},
    {"{\"exec\": {\"allow\": [\"/a\",\n\"bin/sh\"]}}", EINVAL,
     "p.json: exec.allow[1]: line 2: must be an absolute path without empty, \".\" and \"..\" components, with \"**\" "
     "as "
     "a whole one alone, not \"bin/sh\""},
    {"{\"exec\": {\"deny\": [\"/a**/b\"]}}", EINVAL,
     "p.json: exec.deny[0]: line 1: must be an absolute path without empty, \".\" and \"..\" components, with \"**\" "
     "as a "
     "whole one alone, not \"/a**/b\""},
    {"{\"exec\": {\"allow\": [\"/a\", {\"as\": \"program\"}]}}", EINVAL,
     "p.json: exec.allow[1].path: line 1: is required: add it"},
    {"{\"exec\": {\"allow\": [{\"path\": \"/a\", \"argv\": [\"**\", \"x\"]}]}}", EINVAL,
     "p.json: exec.allow[0].argv[0]: line 1: \"**\" stands for all further arguments: it has to be the last one"},
    {"{\"exec\": {\"deny\": [{\"path\": \"/a\", \"times\": 2}]}}", EINVAL,
     "p.json: exec.deny[0].times: line 1: is for exec.allow: what is denied is so every time"},
    {"{\"exec\": {\"allow\": [{\"path\": \"/a\", \"sha256\": \"12\"}]}}", EINVAL,
     "p.json: exec.allow[0].sha256: line 1: must be the 64 digits of a SHA-256 in small letters, as sha256sum(1) "
     "prints "
     "it, not \"12\""},
    {"{\"exec\": {\"allow\": [7]}}", EINVAL, "p.json: exec.allow[0]: line 1: must be a string, not a number"},
    {"{\"limits\": {\"processes\": 0}}", EINVAL,
     "p.json: limits.processes: line 1: must be an integer from 1 to 2147483647, not 0"},
    {"{\"limits\": {\"threads\": -1\n\n}}", EINVAL,
     "p.json: limits.threads: line 1: must be an integer from 0 to 2147483647, not -1"},
    {"{\"defaultAction\": \"SCMP_ACT_ALLOW\"}", EINVAL,
     "p.json: defaultAction: line 1: belongs to a seccomp profile; put the profile below \"syscalls\""},
    {"{\"syscalls\": {}}", EINVAL, "p.json: syscalls.defaultAction: line 1: is required: add it"},
    {"{\"syscalls\": {\"defaultAction\": \"SCMP_ACT_NOTIFY\"}}", ENOTSUP,
     "p.json: syscalls.defaultAction: line 1: nobody would answer its notifications; use SCMP_ACT_ERRNO"},
    {"{\"syscalls\": {\"defaultAction\": \"SCMP_ACT_ALLOW\", \"listenerPath\": \"/x\"}}", ENOTSUP,
     "p.json: syscalls.listenerPath: line 1: this version of jailrun cannot enforce it yet; remove it"},
    {"{\"syscalls\": {\"defaultAction\": \"SCMP_ACT_ALLOW\", \"archMap\": []}}", ENOTSUP,
     "p.json: syscalls.archMap: line 1: belongs to Docker's own form of profiles; make a policy of it: jailrun policy "
     "import FILE"},
    {"{\"syscalls\": {\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"a\"],\n\"includes\": {}}]}}",
     ENOTSUP,
     "p.json: syscalls.syscalls[0].includes: line 2: belongs to Docker's own form of profiles; make a policy of it: "
     "jailrun policy import FILE"},
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

static void test_bounds(void **state)
{
	static const char time[] = "must be a time such as \"500ms\", \"10s\", \"5m\" or \"2h\"";
	static const struct {
		const char *key, *value;
		enum policy_bound which;
		int64_t is;          /* -1: an error */
		const char *message; /* its beginning */
	} rows[] = {
	    {"wall", "\"500ms\"", BOUND_WALL, 500000, NULL},
	    {"wall", "\"10s\"", BOUND_WALL, 10000000, NULL},
	    {"wall", "\"5m\"", BOUND_WALL, 300000000, NULL},
	    {"wall", "\"2h\"", BOUND_WALL, 7200000000, NULL},
	    {"wall", "3", BOUND_WALL, 3000000, NULL},
	    {"wall", "0", BOUND_WALL, -1, "must be an integer from 1 to 3153600000, not 0"},
	    {"wall", "1.5", BOUND_WALL, -1, "must be an integer, not 1.5"},
	    {"wall", "\"0s\"", BOUND_WALL, -1, time},
	    {"wall", "\"10\"", BOUND_WALL, -1, time},
	    {"wall", "\"\"", BOUND_WALL, -1, time},
	    {"wall", "\"s\"", BOUND_WALL, -1, time},
	    {"wall", "\"-1s\"", BOUND_WALL, -1, time},
	    {"wall", "\"1 s\"", BOUND_WALL, -1, time},
	    {"wall", "\"18446744073709551s\"", BOUND_WALL, -1, time},
	    {"wall", "\"99999999999999999999ms\"", BOUND_WALL, -1, time},
	    {"wall", "true", BOUND_WALL, -1, "must be a time such as \"10s\", or seconds as an integer, not a boolean"},
	    {"open_files", "16", BOUND_OPEN_FILES, 16, NULL},
	    {"open_files", "15", BOUND_OPEN_FILES, -1, "must be an integer from 16 to 2147483647, not 15"},
	    {"execs", "0", BOUND_EXECS, 0, NULL},
	    {"execs", "\"5\"", BOUND_EXECS, -1, "must be an integer, not a string"},
	    {"syscalls", "[]", POLICY_BOUNDS, -1, "must be an object of system calls and numbers, not an array"},
	    {"file_size", "0", BOUND_FILE_SIZE, 0, NULL},
	    {"file_size", "\"64M\"", BOUND_FILE_SIZE, 64 << 20, NULL},
	    {"file_size", "\"1g\"", BOUND_FILE_SIZE, 1 << 30, NULL},
	    {"file_size", "\"1000\"", BOUND_FILE_SIZE, 1000, NULL},
	    {"file_size", "-1", BOUND_FILE_SIZE, -1, "must be an integer from 0 to 9223372036854775807, not -1"},
	    {"file_size", "\"9E\"", BOUND_FILE_SIZE, -1, "must be a size such as \"64M\""},
	    {"file_size", "\"1Q\"", BOUND_FILE_SIZE, -1, "must be a size such as \"64M\""},
	    {"file_size", "[]", BOUND_FILE_SIZE, -1,
	     "must be a size such as \"64M\", or bytes as an integer, not an array"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = {0};
		struct spec_policy p;
		struct err e;
		char text[100], want[300], path[60];
		int r;

		snprintf(text, sizeof(text), "{\"limits\": {\"%s\": %s}}", rows[i].key, rows[i].value);
		snprintf(want, sizeof(want), "line 1: %s", rows[i].message ? rows[i].message : "");
		snprintf(path, sizeof(path), "p.json: limits.%s", rows[i].key);
		r = parse_to(text, strlen(text), &a, &p, &e);
		if (rows[i].is < 0 && (r != -EINVAL || !str_starts(e.text, want) || !str_eq(e.path, path)))
			fail_msg("%s: %d %s: %s", text, r, e.path, e.text);
		if (rows[i].is >= 0)
			for (int k = 0; k < POLICY_BOUNDS; k++)
				if (r || p.bounds[k].set != (k == (int)rows[i].which) ||
				    (p.bounds[k].set && p.bounds[k].v != (uint64_t)rows[i].is))
					fail_msg("%s: %d, bound %d: %d %llu", text, r, k, p.bounds[k].set,
						 (unsigned long long)p.bounds[k].v);
		arena_free(&a);
	}
}

static void test_counts(void **state)
{
	struct arena a = {0};
	struct spec_policy p;
	struct err e;
	const char *text = "{\"limits\": {\"syscalls\": {\"mkdir\": 3, \"openat\": 0}}}",
		   *wrong = "{\"limits\": {\"syscalls\": {\"mkdir\": \"3\"}}}",
		   *output = "{\"limits\": {\"output\": 1}}";

	(void)state;
	assert_int_equal(parse_to(text, strlen(text), &a, &p, &e), 0);
	assert_int_equal(p.n_counts, 2);
	assert_string_equal(p.counts[0].syscall, "mkdir");
	assert_int_equal(p.counts[0].max, 3);
	assert_int_equal(p.counts[1].max, 0);
	assert_int_equal(parse_to(wrong, strlen(wrong), &a, &p, &e), -EINVAL);
	assert_string_equal(e.path, "p.json: limits.syscalls[\"mkdir\"]");
	assert_int_equal(parse_to(output, strlen(output), &a, &p, &e), -ENOTSUP);
	assert_true(str_starts(e.text, "line 1: cannot be counted"));
	arena_free(&a);
}

/* The keys of the design that nothing enforces yet. */
static void test_later(void **state)
{
	static const char *const keys[] = {"stop_at"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct arena a = {0};
		struct spec_policy p;
		struct err e;
		char text[100], want[100];

		snprintf(text, sizeof(text), "{\n\"%s\": 1}", keys[i]);
		snprintf(want, sizeof(want), "p.json: %s", keys[i]);
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

static const struct {
	const char *text, *first; /* the address and prefix that it becomes, or what is wrong with it */
	int n, family, protocol, from, to;
} rules[] = {
    {"10.0.0.0/8:443", "10.0.0.0/8", 1, AF_INET, 0, 443, 443},
    {"127.0.0.1:*", "127.0.0.1/32", 1, AF_INET, 0, 0, 65535},
    {"0.0.0.0/0:0", "0.0.0.0/0", 1, AF_INET, 0, 0, 0},
    {"[2001:db8::]/32:80-90", "2001:db8::/32", 1, AF_INET6, 0, 80, 90},
    {"[::1]:65535", "::1/128", 1, AF_INET6, 0, 65535, 65535},
    {"[::]/0:*", "::/0", 1, AF_INET6, 0, 0, 65535},
    {"tcp:192.168.7.128/25:1-1", "192.168.7.128/25", 1, AF_INET, IPPROTO_TCP, 1, 1},
    {"udp:*:53", "0.0.0.0/0", 2, AF_INET, IPPROTO_UDP, 53, 53},
    {"*:*", "0.0.0.0/0", 2, AF_INET, 0, 0, 65535},
    {"", "names are not looked up", 0, 0, 0, 0, 0},
    {"example.org:443", "names are not looked up", 0, 0, 0, 0, 0},
    {"10.0.0:443", "names are not looked up", 0, 0, 0, 0, 0},
    {"010.0.0.1:443", "names are not looked up", 0, 0, 0, 0, 0},
    {"2001:db8::1:443", "names are not looked up", 0, 0, 0, 0, 0},
    {"TCP:10.0.0.1:443", "names are not looked up", 0, 0, 0, 0, 0},
    {"icmp:10.0.0.1:443", "names are not looked up", 0, 0, 0, 0, 0},
    {"[10.0.0.1]:443", "belongs an IPv6 address", 0, 0, 0, 0, 0},
    {"[fe80::1%eth0]:443", "belongs an IPv6 address", 0, 0, 0, 0, 0},
    {"[::1:443", "the ] is missing", 0, 0, 0, 0, 0},
    {"10.0.0.1", "the ports are missing", 0, 0, 0, 0, 0},
    {"10.0.0.0/8", "the ports are missing", 0, 0, 0, 0, 0},
    {"[::1]", "the ports are missing", 0, 0, 0, 0, 0},
    {"*", "the ports are missing", 0, 0, 0, 0, 0},
    {"*/8:1", "the ports are missing", 0, 0, 0, 0, 0},
    {"10.0.0.0/33:1", "a number from 0 to 32", 0, 0, 0, 0, 0},
    {"10.0.0.0/:1", "a number from 0 to 32", 0, 0, 0, 0, 0},
    {"10.0.0.0/08:1", "a number from 0 to 32", 0, 0, 0, 0, 0},
    {"[::]/129:1", "a number from 0 to 128", 0, 0, 0, 0, 0},
    {"10.0.0.1/8:1", "bits behind its prefix", 0, 0, 0, 0, 0},
    {"[2001:db8::1]/64:1", "bits behind its prefix", 0, 0, 0, 0, 0},
    {"[::ffff:10.0.0.1]:1", "write it as such", 0, 0, 0, 0, 0},
    {"[::ffff:0:0]/96:1", "write it as such", 0, 0, 0, 0, 0},
    {"10.0.0.1:", "a port from 0 to 65535", 0, 0, 0, 0, 0},
    {"10.0.0.1:65536", "a port from 0 to 65535", 0, 0, 0, 0, 0},
    {"10.0.0.1:+1", "a port from 0 to 65535", 0, 0, 0, 0, 0},
    {"10.0.0.1:1-", "a port from 0 to 65535", 0, 0, 0, 0, 0},
    {"10.0.0.1:1-65536", "a port from 0 to 65535", 0, 0, 0, 0, 0},
    {"10.0.0.1:*-5", "a port from 0 to 65535", 0, 0, 0, 0, 0},
    {"10.0.0.1:80 ", "a port from 0 to 65535", 0, 0, 0, 0, 0},
    {"10.0.0.1:80,81", "a port from 0 to 65535", 0, 0, 0, 0, 0},
    {"10.0.0.1:90-80", "ends before it begins", 0, 0, 0, 0, 0},
};

static void check_rule(size_t i, const struct spec_net_rules *list)
{
	char text[INET6_ADDRSTRLEN], want[64];
	const struct spec_net_rule *r = list->v;

	assert_int_equal(list->n, rules[i].n);
	inet_ntop(r->family, r->addr, text, sizeof(text));
	snprintf(want, sizeof(want), "%s/%u", text, r->bits);
	assert_string_equal(want, rules[i].first);
	assert_string_equal(r->text, rules[i].text);
	assert_true(r->family == rules[i].family && r->protocol == rules[i].protocol && r->first == rules[i].from &&
		    r->last == rules[i].to);
	if (list->n == 2)
		assert_true(r[1].family == AF_INET6 && r[1].bits == 0 && r[1].protocol == r->protocol &&
			    r[1].first == r->first && r[1].last == r->last);
}

static void test_network(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		struct arena a = {0};
		struct spec_policy p;
		struct err e;
		char text[128];
		int r;

		snprintf(text, sizeof(text), "{\"network\": {\"bind\": {\"deny\": [\n\"%s\"]}}}", rules[i].text);
		r = parse_to(text, strlen(text), &a, &p, &e);
		if (rules[i].n && r == 0)
			check_rule(i, &p.network.bind.deny);
		else if (rules[i].n || r != -EINVAL || !strstr(e.text, rules[i].first) || !strstr(e.text, "line 2: ") ||
			 !str_eq(e.path, "p.json: network.bind.deny[0]"))
			fail_msg("%s: %s: %s", rules[i].text, e.path, e.text);
		arena_free(&a);
	}
}

/* What is there and empty is not what is missing. */
static void test_network_lists(void **state)
{
	struct arena a = {0};
	struct spec_policy p;
	struct err e;

	(void)state;
	assert_int_equal(parse_to("{}", 2, &a, &p, &e), 0);
	assert_false(p.network.set);
	assert_int_equal(parse_text("{\"network\": {\"connect\": {\"allow\": []}}}", &a, &p, &e), 0);
	assert_true(p.network.set && p.network.connect.set && p.network.connect.allow.set &&
		    !p.network.connect.deny.set && !p.network.bind.set);
	assert_int_equal(parse_text("{\"network\": {\"connect\": {}}}", &a, &p, &e), 0);
	assert_true(p.network.connect.set && !p.network.connect.allow.set);
	assert_int_equal(parse_text("{\"network\": {}}", &a, &p, &e), -EINVAL);
	assert_string_equal(e.path, "p.json: network");
	assert_string_equal(e.text, "line 1: says nothing: name connect, bind or families");
	assert_int_equal(parse_text("{\"network\": {\"listen\": {}}}", &a, &p, &e), -EINVAL);
	assert_string_equal(e.path, "p.json: network.listen");
	/* Known, and not enforced yet. */
	assert_int_equal(parse_text("{\"network\": {\"names\": [\"example.com:443\"]}}", &a, &p, &e), -ENOTSUP);
	assert_string_equal(e.path, "p.json: network.names");
	assert_int_equal(parse_text("{\"network\": {\"connect\": {}, \"unix\": {}}}", &a, &p, &e), -ENOTSUP);
	assert_string_equal(e.path, "p.json: network.unix");
	arena_free(&a);
}

static void test_network_families(void **state)
{
	static const struct {
		const char *families, *rest, *field, *text;
		uint64_t mask;
	} rows[] = {
	    {"[]", "", NULL, NULL, 0},
	    {"[\"unix\", \"AF_LOCAL\"]", "", NULL, NULL, 2},
	    {"[\"inet\", \"AF_INET6\", \"mctp\", \"packet\"]", "", NULL, NULL, 1 << 2 | 1 << 10 | 1 << 17 | 1ull << 45},
	    {"[\"inet\", \"alg\"]", ", \"bind\": {}", NULL, NULL, 1 << 2 | 1ull << 38},
	    {"[\"inet\",\n\"inett\"]", "", "families[1]",
	     "line 2: \"inett\" is no family of sockets; the nearest is \"inet\"", 0},
	    {"[\"INET\"]", "", "families[0]", "is no family", 0},
	    {"[\"AF_inet\"]", "", "families[0]", "is no family", 0},
	    {"[\"AF_\"]", "", "families[0]", "is no family", 0},
	    {"[\"\"]", "", "families[0]", "is no family of sockets: write inet", 0},
	    {"[2]", "", "families[0]", "string", 0},
	    {"\"inet\"", "", "families", "array", 0},
	    {"[\"inet\", \"packet\"]", ", \"connect\": {}", "families",
	     "\"packet\" has sockets that go round the rules", 0},
	    {"[\"smc\"]", ", \"bind\": {}", "families", "go round the rules", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = {0};
		struct spec_policy p;
		struct err e = {0};
		char text[160], field[64];
		int r;

		snprintf(text, sizeof(text), "{\"network\": {\"families\": %s%s}}", rows[i].families, rows[i].rest);
		r = parse_text(text, &a, &p, &e);
		snprintf(field, sizeof(field), "p.json: network.%s", rows[i].field ? rows[i].field : "");
		if (rows[i].field ? r != -EINVAL || !str_eq(e.path, field) || !strstr(e.text, rows[i].text)
				  : r != 0 || !p.network.families.set || p.network.families.mask != rows[i].mask)
			fail_msg("%s: %d: %s: %s", text, r, e.path, e.text);
		arena_free(&a);
	}
}

/* All errors, as "line field: text", in the order of the lines. */
static void test_check(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"{}", ""},
	    {full, ""},
	    {"{", "0 : "},
	    {"[]", "1 : line 1: must be an object"},
	    {"{\"stop_at\": 1,\n\"nam\": \"x\",\n\"init\": \"jial\"}",
	     "1 stop_at: line 1: this version|2 : line 2: unknown key \"nam\"|3 init: line 3: must be one of"},
	    {"{\"exec\": {\"allow\": [\"/a\", 3,\n\"b\", \"/c\",\n\"d\"],\n\"deny\": 1}}",
	     "1 exec.allow[1]: line 1: must be a string|2 exec.allow[2]: line 2: must be an absolute|3 exec.allow[4]: "
	     "line 3: |4 exec.deny: line 4: must be an array"},
	    /* What is missing hides nothing that is there, nor does what is wrong look as if it were missing. */
	    {"{\"syscalls\": {\n\"syscalls\": [{\"names\": []},\n{\"action\": \"X\"},\n{\"names\": [\"a\"], "
	     "\"action\": "
	     "\"SCMP_ACT_ALLOW\", \"errnoRet\": 1}]}}",
	     "1 syscalls.defaultAction: line 1: is required|2 syscalls.syscalls[0].names: line 2: must have|2 "
	     "syscalls.syscalls[0].action: line 2: is required|3 syscalls.syscalls[1].action: line 3: must be|3 "
	     "syscalls.syscalls[1].names: line 3: is required|4 syscalls.syscalls[2].errnoRet: line 4: only"},
	    {"{\"network\": {\"bind\": {\"allow\": [\"*:x\",\n\"*:1\", \"y\"]},\n\"conect\": 1}}",
	     "1 network.bind.allow[0]: |2 network.bind.allow[2]: |3 network: line 3: unknown key"},
	    {"{\"name\": \"a\",\n\"name\": \"b\", \"x\": 1}", "0 : "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *want = strdup(rows[i].want), *rest = want, *one;
		struct arena a = {0};
		struct spec_policy p;
		struct spec_errors errors;
		int r = check_text(rows[i].text, strlen(rows[i].text), &a, &p, &errors);
		size_t n = 0;

		assert_int_equal(r == 0, errors.n == 0);
		assert_false(errors.more);
		for (; *rest && (one = str_field(&rest, "|")); n++) {
			char got[sizeof(struct err) + 32];

			if (n >= errors.n)
				fail_msg("%s: no error '%s'", rows[i].text, one);
			snprintf(got, sizeof(got), "%zu %s: %s", errors.v[n].line, errors.v[n].err.path,
				 errors.v[n].err.text);
			if (!str_starts(got, one))
				fail_msg("%s: '%s', not '%s'", rows[i].text, got, one);
			if (!rest)
				rest = strchr(one, '\0');
		}
		if (n != errors.n)
			fail_msg("%s: %zu errors, not %zu: %s", rows[i].text, errors.n, n, errors.v[n].err.text);
		arena_free(&a);
		free(want);
	}
}

static void test_check_many(void **state)
{
	AUTO_BUF text = {0};
	struct arena a = {0};
	struct spec_policy p;
	struct spec_errors errors;

	(void)state;
	buf_str(&text, "{\"exec\": {\"allow\": [");
	for (int i = 0; i < 150; i++)
		buf_str(&text, i ? ",1" : "1");
	buf_str(&text, "]}}");
	assert_int_equal(check_text(text.data, text.len, &a, &p, &errors), -EINVAL);
	assert_true(errors.n == 100 && errors.more);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_counts),
	    cmocka_unit_test(test_later),
	    cmocka_unit_test(test_paths),
	    cmocka_unit_test(test_truncated),
	    cmocka_unit_test(test_network),
	    cmocka_unit_test(test_network_lists),
	    cmocka_unit_test(test_network_families),
	    cmocka_unit_test(test_check),
	    cmocka_unit_test(test_check_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
