/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules: the program against the oracle, for every rule list of a corpus and every probe; and what both say. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cgroups/cgroups.h"
#include "cgroups_bpf.h"
#include "range.h"

#define ANY                                                                                                            \
	{                                                                                                              \
		false, 0                                                                                               \
	}
#define N(x)                                                                                                           \
	{                                                                                                              \
		true, x                                                                                                \
	}
#define DENY  false
#define ALLOW true

struct list {
	const char *what;
	size_t n;
	struct spec_device_rule rules[6];
};

#define ALL_DENIED                                                                                                     \
	{                                                                                                              \
		DENY, 'a', ANY, ANY, (char *)"rwm"                                                                     \
	}
static const struct list corpus[] = {
    {"no rules", 0, {{0}}},
    {"docker", 1, {ALL_DENIED}},
    {"example of the specification",
     3,
     {{DENY, 'a', ANY, ANY, (char *)"rwm"},
      {ALLOW, 'c', N(10), N(229), (char *)"rw"},
      {ALLOW, 'b', N(8), N(0), (char *)"r"}}},
    {"everything", 1, {{ALLOW, 'a', ANY, ANY, NULL}}},
    {"everything by -1", 1, {{ALLOW, 'a', N(-1), N(-1), (char *)"rwm"}}},
    {"everything but one disk", 2, {{ALLOW, 'a', ANY, ANY, NULL}, {DENY, 'b', N(8), N(0), NULL}}},
    {"everything, writing of disks refused", 2, {{ALLOW, 'a', ANY, ANY, NULL}, {DENY, 'b', N(8), ANY, (char *)"w"}}},
    {"a disk of a refused major",
     3,
     {ALL_DENIED, {DENY, 'b', N(8), ANY, NULL}, {ALLOW, 'b', N(8), N(1), (char *)"rw"}}},
    {"later wins, one right alone",
     4,
     {ALL_DENIED,
      {ALLOW, 'b', N(8), N(0), (char *)"rw"},
      {DENY, 'b', N(8), N(0), (char *)"w"},
      {ALLOW, 'b', N(8), N(1), (char *)"m"}}},
    {"rights from two rules",
     3,
     {ALL_DENIED, {ALLOW, 'b', N(8), N(0), (char *)"r"}, {ALLOW, 'b', N(8), N(0), (char *)"w"}}},
    {"opened, then closed", 2, {{ALLOW, 'a', ANY, ANY, NULL}, ALL_DENIED}},
    {"closed, then opened", 2, {ALL_DENIED, {ALLOW, 'a', ANY, ANY, NULL}}},
    {"all types of one number", 2, {ALL_DENIED, {ALLOW, 'a', N(8), N(0), (char *)"rw"}}},
    {"any minor, any major",
     3,
     {ALL_DENIED, {ALLOW, 'c', N(10), ANY, (char *)"r"}, {ALLOW, 'b', ANY, N(1), (char *)"w"}}},
    {"a default device refused", 2, {{ALLOW, 'a', ANY, ANY, NULL}, {DENY, 'c', N(1), N(3), NULL}}},
    {"numbers at the limits",
     4,
     {ALL_DENIED,
      {ALLOW, 'c', N(UINT32_MAX), N(UINT32_MAX), NULL},
      {ALLOW, 'c', N(INT64_MAX), N(0), NULL},
      {ALLOW, 'b', N(0), N(INT64_MAX), NULL}}},
    {"type left out", 2, {{DENY, '\0', ANY, ANY, NULL}, {ALLOW, '\0', N(8), N(1), (char *)"r"}}},
};

static const int64_t majors[] = {0, 1, 5, 7, 8, 10, 136, 250, 0x7fffffff, UINT32_MAX};
static const int64_t minors[] = {0, 1, 2, 3, 5, 7, 8, 9, 10, 11, 229, 1000, UINT32_MAX};

static bool oracle(const struct spec_device_rule *rules, size_t n, char type, int64_t major, int64_t minor,
		   unsigned int access)
{
	static const char letters[] = {
	    [BPF_DEVCG_ACC_MKNOD] = 'm', [BPF_DEVCG_ACC_READ] = 'r', [BPF_DEVCG_ACC_WRITE] = 'w'};
	bool ok = true;

	for (unsigned int bit = 1; bit <= 4; bit <<= 1)
		if (access & bit)
			ok = ok && cg_device_allowed(rules, n, type, major, minor, letters[bit]);
	return ok;
}

static void check_list(const struct spec_device_rule *rules, size_t n, const char *what)
{
	struct arena a = {0};
	struct bpf_insn *prog = NULL;
	struct err e = {0};
	int len = cg_device_program(rules, n, &a, &prog, &e);

	if (len <= 0)
		fail_msg("%s: %s", what, e.text);
	for (size_t i = 0; i < ARRAY_LEN(majors); i++)
		for (size_t j = 0; j < ARRAY_LEN(minors); j++)
			for (uint32_t type = 1; type <= 2; type++)
				for (uint32_t access = 1; access <= 7; access++) {
					char letter = type == BPF_DEVCG_DEV_BLOCK ? 'b' : 'c';
					uint64_t got = bpf_run(prog, (size_t)len, type, access, (uint32_t)majors[i],
							       (uint32_t)minors[j]);

					if (got != oracle(rules, n, letter, majors[i], minors[j], access))
						fail_msg("%s: %c %lld:%lld access %u: program says %d", what, letter,
							 (long long)majors[i], (long long)minors[j], access, (int)got);
				}
	arena_free(&a);
}

static void test_corpus(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(corpus); i++)
		check_list(corpus[i].rules, corpus[i].n, corpus[i].what);
}

/* Small numbers and few of them, so that rules meet. */
static void test_random(void **state)
{
	static char *const accesses[] = {NULL, "r", "w", "m", "rw", "rm", "wm", "rwm"};
	static const int64_t some[] = {-1, 0, 1, 5, 8};

	(void)state;
	srandom(20261122);
	for (int round = 0; round < 400; round++) {
		struct spec_device_rule rules[12];
		size_t n = (size_t)random() % ARRAY_LEN(rules);

		for (size_t i = 0; i < n; i++)
			rules[i] = (struct spec_device_rule){.allow = random() & 1,
							     .type = "abc"[random() % 3],
							     .major = {random() % 4, some[random() % 5]},
							     .minor = {random() % 4, some[random() % 5]},
							     .access = accesses[random() % 8]};
		check_list(rules, n, "random");
	}
}

/* What both agree upon must also be right. */
static void test_meaning(void **state)
{
	static const struct {
		size_t list;
		char type;
		int64_t major, minor;
		char access;
		bool allowed;
	} rows[] = {
	    {0, 'c', 1, 3, 'w', true},     {0, 'b', 8, 0, 'm', true},    {0, 'b', 8, 0, 'r', false},
	    {0, 'c', 10, 229, 'r', false}, {0, 'c', 136, 77, 'w', true}, {1, 'b', 8, 0, 'r', false},
	    {1, 'c', 5, 2, 'r', true},     {2, 'c', 10, 229, 'w', true}, {2, 'b', 8, 0, 'w', false},
	    {2, 'b', 8, 0, 'r', true},     {3, 'b', 8, 0, 'w', true},    {5, 'b', 8, 0, 'r', false},
	    {5, 'b', 8, 1, 'r', true},     {6, 'b', 8, 7, 'w', false},   {6, 'b', 8, 7, 'r', true},
	    {8, 'b', 8, 0, 'w', false},    {8, 'b', 8, 0, 'r', true},    {10, 'b', 8, 0, 'r', false},
	    {11, 'b', 8, 0, 'r', true},    {14, 'c', 1, 3, 'r', true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (cg_device_allowed(corpus[rows[i].list].rules, corpus[rows[i].list].n, rows[i].type, rows[i].major,
				      rows[i].minor, rows[i].access) != rows[i].allowed)
			fail_msg("row %zu (%s)", i, corpus[rows[i].list].what);
}

static int length_of(const struct spec_device_rule *rules, size_t n)
{
	struct arena a = {0};
	struct bpf_insn *prog;
	struct err e = {0};
	int len = cg_device_program(rules, n, &a, &prog, &e);

	arena_free(&a);
	return len;
}

/* It is loaded at every start: rules that say nothing new cost nothing. */
static void test_small(void **state)
{
	struct spec_device_rule rules[] = {{DENY, 'a', ANY, ANY, NULL}, {DENY, 'b', N(8), N(0), NULL}};
	const struct spec_device_rule all = {ALLOW, 'a', ANY, ANY, NULL};
	int docker = length_of(rules, 1);

	(void)state;
	assert_uint_in_range(docker, 1, 40);
	assert_int_equal(length_of(NULL, 0), docker);
	assert_int_equal(length_of(rules, 2), docker);
	assert_uint_in_range(length_of(&all, 1), 1, 8);
}

static void test_refused(void **state)
{
	static const struct {
		struct spec_device_rule rule;
		const char *text;
	} rows[] = {
	    {{ALLOW, 'c', N(1), N(1), (char *)"rx"}, "access 'rx' is no composition of r, w and m"},
	    {{ALLOW, 'x', N(1), N(1), NULL}, "type 'x' is none of a, b and c"},
	    {{ALLOW, 'c', N(-2), N(1), NULL}, "major and minor are numbers from 0 on, or -1 for any"},
	};
	struct spec_device_rule rules[2] = {{ALLOW, 'c', N(1), N(1), NULL}};
	struct arena a = {0};
	struct bpf_insn *prog;

	(void)state;
	assert_true(cg_device_program(rules, 1, &a, &prog, NULL) > 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = {0};

		rules[1] = rows[i].rule;
		assert_int_equal(cg_device_program(rules, 2, &a, &prog, &e), -EINVAL);
		assert_string_equal(e.path, "linux.resources.devices[1]");
		assert_string_equal(e.text, rows[i].text);
	}
	arena_free(&a);
}

static void test_many(void **state)
{
	struct spec_device_rule *rules = calloc(1025, sizeof(*rules));
	struct arena a = {0};
	struct bpf_insn *prog;
	struct err e = {0};

	(void)state;
	assert_non_null(rules);
	/* Neighbours that cannot be merged: every second one refuses. */
	for (int i = 0; i < 1025; i++)
		rules[i] = (struct spec_device_rule){
		    .allow = i & 1, .type = 'b', .major = N(i), .minor = N(i), .access = (char *)"rw"};
	check_list(rules, 1024, "1024 rules");
	assert_int_equal(cg_device_program(rules, 1025, &a, &prog, &e), -E2BIG);
	arena_free(&a);
	free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_corpus), cmocka_unit_test(test_random),  cmocka_unit_test(test_meaning),
	    cmocka_unit_test(test_small),  cmocka_unit_test(test_refused), cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("cgroups: device rules", tests, NULL, NULL);
}
