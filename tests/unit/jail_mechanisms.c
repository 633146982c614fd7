/* SPDX-License-Identifier: Apache-2.0 */
/* The table of what holds each key of a policy: it is whole, its tests are there, and the engine is what it says. */
#include "jail_util.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HOW                                                                                                            \
	"jail/mechanisms.c: add a row {\"%s\", MECHANISM, RACE-FREE, WHY, COST, NEEDS, TEST}: what holds it, whether " \
	"a "                                                                                                           \
	"race can get round it, what a call costs (measured), JAIL_NEEDS_* of the host, and the test that "            \
	"proves it"

static void each_key_has_a_row(void **state)
{
	struct arena a = {0};
	struct strv keys;
	struct err e = {0};

	(void)state;
	assert_int_equal(spec_policy_keys(&a, &keys, &e), 0);
	assert_uint_in_range(keys.n, 15, 1000);
	for (size_t i = 0; i < keys.n; i++) {
		const struct jail_mechanism *m = jail_mechanism(keys.v[i], NULL);

		if (!m || !str_eq(m->key, keys.v[i]))
			fail_msg("policies have the key %s, of which nothing says what holds it. " HOW, keys.v[i],
				 keys.v[i]);
	}
	arena_free(&a);
}

static void each_row_is_true(void **state)
{
	static char self[] = JAIL_KEY_SELF, engine[] = JAIL_KEY_ENGINE, reports[] = JAIL_KEY_REPORTS;
	static char *const unwritten[] = {self, engine, reports};
	const char *top = getenv("TOP_SRCDIR");
	struct arena a = {0};
	struct strv keys;
	struct err e = {0};

	(void)state;
	assert_int_equal(spec_policy_keys(&a, &keys, &e), 0);
	for (const struct jail_mechanism *m = jail_mechanisms(); m->key; m++) {
		bool known = strv_has(&keys, m->key);
		char path[4096];

		for (size_t i = 0; i < ARRAY_LEN(unwritten); i++)
			known |= str_eq(unwritten[i], m->key);
		if (!known)
			fail_msg("jail/mechanisms.c has a row for %s, which is no key of a policy", m->key);
		if (!m->mechanism[0] || !m->why[0] || !m->cost[0] || strncmp(m->test, "tests/", 6) != 0)
			fail_msg("jail/mechanisms.c: the row of %s leaves something out", m->key);
		snprintf(path, sizeof(path), "%s/%s", top ? top : "../..", m->test);
		if (access(path, R_OK) < 0)
			fail_msg("jail/mechanisms.c: %s is proved by %s, which is not there", m->key, m->test);
	}
	arena_free(&a);
}

/* The rows of a key come in their order, those of an element are its list's, and an empty object has one. */
static void rows_are_found(void **state)
{
	const struct jail_mechanism *m = jail_mechanism("limits.processes", NULL);

	(void)state;
	assert_non_null(m);
	assert_string_equal(m->key, "limits.processes");
	assert_null(jail_mechanism("limits.processes", m));
	assert_string_equal(jail_mechanism("syscalls.syscalls[12]", NULL)->key, "syscalls.syscalls");
	assert_string_equal(jail_mechanism("exec", NULL)->key, "exec.allow");
	assert_null(jail_mechanism("exec", jail_mechanism("exec", NULL)));
	assert_null(jail_mechanism("exec.all", NULL));
	assert_null(jail_mechanism("limit", NULL));
	assert_null(jail_mechanism("", NULL));
}

/* Policies of one key: what brings the tracer is what the table says. */
static void engines(void **state)
{
	static const char *const policies[][2] = {
	    {"init", "{\"init\":\"workload\"}"},
	    {"on_violation", "{\"on_violation\":\"kill\"}"},
	    {"syscalls.defaultAction", "{\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"}}"},
	    {"exec", "{\"exec\":{}}"},
	    {"exec.allow", "{\"exec\":{\"allow\":[\"/bin/\"]}}"},
	    {"exec.deny", "{\"exec\":{\"deny\":[\"/bin/\"]}}"},
	    {"exec.memfd", "{\"exec\":{\"memfd\":true}}"},
	    {"signals.to_init", "{\"signals\":{\"to_init\":\"refuse\"}}"},
	    {"signals.protect", "{\"signals\":{\"protect\":[\"/bin/x\"]}}"},
	    {"network.connect.allow", "{\"network\":{\"connect\":{\"allow\":[\"*:1\"]}}}"},
	    {"network.bind.deny", "{\"network\":{\"bind\":{\"deny\":[\"*:1\"]}}}"},
	    {"limits.processes", "{\"limits\":{\"processes\":3}}"},
	    {"limits.threads", "{\"limits\":{\"threads\":3}}"},
	    {"limits.wall", "{\"limits\":{\"wall\":3}}"},
	    {"limits.execs", "{\"limits\":{\"execs\":3}}"},
	    {"limits.syscalls", "{\"limits\":{\"syscalls\":{\"mkdir\":3}}}"},
	    {"limits.cpu", "{\"limits\":{\"cpu\":3}}"},
	    {"limits.idle", "{\"limits\":{\"idle\":3}}"},
	    {"limits.memory", "{\"limits\":{\"memory\":\"64M\"}}"},
	    {"limits.open_files", "{\"limits\":{\"open_files\":30}}"},
	    {"limits.file_size", "{\"limits\":{\"file_size\":3}}"},
	};
	struct spec_config config = {0};

	(void)state;
	config.process.capabilities.set = true;
	for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
		const struct jail_options o = {.id = "c1"};
		const char *text = policies[i][1];
		struct spec_policy policy = {0};
		struct jail_plan plan = {0};
		struct arena a = {0};
		struct err e = {0};
		bool trace = false;

		if (spec_policy_parse(text, strlen(text), "p", &a, &policy, &e) ||
		    jail_plan(&config, &policy, &host, &o, &a, &plan, &e))
			fail_msg("%s: %s: %s", text, e.path, e.text);
		for (const struct jail_mechanism *m = NULL; (m = jail_mechanism(policies[i][0], m));)
			trace |= (m->needs & JAIL_NEEDS_TRACE) != 0;
		if (trace != (plan.engine == JAIL_TRACE))
			fail_msg("jail/mechanisms.c: by the table %s %s the tracer, and it is not so", policies[i][0],
				 trace ? "needs" : "does without");
		arena_free(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_key_has_a_row),
	    cmocka_unit_test(each_row_is_true),
	    cmocka_unit_test(rows_are_found),
	    cmocka_unit_test(engines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
