/* SPDX-License-Identifier: Apache-2.0 */
/* What one policy, and two together, leave of an environment. */
#include "jail_util.h"

#include <errno.h>

static const struct {
	const char *one, *two; /* the `env` of each; two NULL: there is one policy */
	const char *env, *want, *dropped;
} rows[] = {
    /* one */
    {"{}", NULL, "A=1 B=2", "A=1 B=2", ""},
    {"{\"keep\": []}", NULL, "A=1 B=2", "", "A B"},
    {"{\"keep\": [\"A\"]}", NULL, "A=1 AB=2 a=3", "A=1", "AB a"},
    {"{\"keep\": [\"A*\", \"?\"]}", NULL, "A=1 AB=2 a=3 BA=4", "A=1 AB=2 a=3", "BA"},
    {"{\"drop\": [\"LD_*\", \"*_TOKEN\"]}", NULL, "LD_PRELOAD=x PATH=/bin CI_TOKEN=y LD=z", "PATH=/bin LD=z",
     "LD_PRELOAD CI_TOKEN"},
    {"{\"keep\": [\"A*\"], \"drop\": [\"AB\"]}", NULL, "AA=1 AB=2 AC=3", "AA=1 AC=3", "AB"},
    {"{\"set\": {\"A\": \"9\", \"C\": \"x=y\"}}", NULL, "A=1 B=2", "B=2 A=9 C=x=y", ""},
    {"{\"keep\": [], \"set\": {\"A\": \"9\"}, \"drop\": [\"A\"]}", NULL, "A=1 B=2", "A=9", "B"},
    /* a variable that is there twice is so as a whole, and = ends its name */
    {"{\"set\": {\"A\": \"9\"}, \"drop\": [\"B\"]}", NULL, "A=1 B=1 A=2 B=2 AB=A=B", "AB=A=B A=9", "B B"},
    /* two: kept is what both keep */
    {"{\"keep\": [\"A*\"]}", "{\"keep\": [\"*B\"]}", "AB=1 AC=2 CB=3", "AB=1", "CB AC"},
    {"{\"drop\": [\"A\"]}", "{\"drop\": [\"B\"]}", "A=1 B=2 C=3", "C=3", "A B"},
    {"{\"keep\": [\"A\"]}", "{}", "A=1 B=2", "A=1", "B"},
    {"{}", "{\"keep\": [\"A\"]}", "A=1 B=2", "A=1", "B"},
    /* what the floor drops or does not keep the other cannot set; what it sets the other cannot drop, nor set otherwise */
    {"{\"set\": {\"LD_PRELOAD\": \"x\"}}", "{\"drop\": [\"LD_*\"]}", "A=1", "A=1", "LD_PRELOAD"},
    {"{\"set\": {\"X\": \"x\"}}", "{\"keep\": [\"A\"]}", "A=1 X=2", "A=1", "X"},
    {"{\"keep\": [\"A\"], \"drop\": [\"S\"]}", "{\"set\": {\"S\": \"floor\"}}", "A=1 S=2", "A=1 S=floor", "S"},
    {"{\"set\": {\"S\": \"chosen\", \"T\": \"t\"}}", "{\"set\": {\"S\": \"floor\"}}", "S=0", "T=t S=floor", ""},
};

static void parse(struct arena *a, const char *name, const char *env, struct spec_policy *ret)
{
	char *text = arena_printf(a, "{\"env\": %s}", env);
	struct err e = {0};

	if (spec_policy_parse(text, strlen(text), name, a, ret, &e) < 0)
		fail_msg("%s: %s", env, e.text);
}

static const char *joined(struct arena *a, const struct strv *v)
{
	char *s = arena_strdup(a, "");

	for (size_t i = 0; i < v->n; i++)
		s = arena_printf(a, "%s%s%s", s, i ? " " : "", v->v[i]);
	return s;
}

static void environments(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = {0};
		struct spec_config config = {0};
		struct spec_policy one, two;
		struct jail_options o = {.id = "c1"};
		struct jail_plan p;
		struct err e = {0};
		char *rest = arena_strdup(&a, rows[i].env), *word;
		struct strv *env = &config.process.env;

		env->v = arena_alloc(&a, 16 * sizeof(char *));
		while ((word = str_field(&rest, " ")) && *word)
			env->v[env->n++] = word;
		parse(&a, "one", rows[i].one, &one);
		if (rows[i].two) {
			parse(&a, "two", rows[i].two, &two);
			o.floor = &two;
		}
		assert_int_equal(jail_plan(&config, &one, &host, &o, &a, &p, &e), 0);
		if (!str_eq(joined(&a, &p.seal.env), rows[i].want) ||
		    !str_eq(joined(&a, &p.env_dropped), rows[i].dropped))
			fail_msg("%s & %s: %s: became '%s' without '%s', not '%s' without '%s'", rows[i].one,
				 rows[i].two ? rows[i].two : "-", rows[i].env, joined(&a, &p.seal.env),
				 joined(&a, &p.env_dropped), rows[i].want, rows[i].dropped);
		/* As for a process that is executed later, with the environment that came of it: the same. */
		assert_int_equal(jail_env_apply(&p, &a, &e), 0);
		assert_string_equal(joined(&a, &p.seal.env), rows[i].want);
		arena_free(&a);
	}
}

static void home(void **state)
{
	static const struct {
		const char *env;
		bool keeps;
	} homes[] = {{"{}", true},
		     {"{\"keep\": [\"H*\"]}", true},
		     {"{\"keep\": [\"PATH\"]}", false},
		     {"{\"drop\": [\"?OME\"]}", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(homes); i++) {
		struct arena a = {0};
		struct spec_config config = {0};
		struct spec_policy one;
		const struct jail_options o = {.id = "c1"};
		struct jail_plan p;

		parse(&a, "one", homes[i].env, &one);
		assert_int_equal(jail_plan(&config, &one, &host, &o, &a, &p, NULL), 0);
		assert_true(jail_env_keeps(&p, "HOME") == homes[i].keeps);
		arena_free(&a);
	}
}

static void wrong(void **state)
{
	static const struct {
		const char *env, *path, *text;
	} bad[] = {
	    {"{\"keep\": \"A\"}", "p: env.keep", "must be an array of strings"},
	    {"{\"keep\": [\"A=\"]}", "p: env.keep[0]", "must be the name of a variable, in which * and ?"},
	    {"{\"drop\": [\"A\", \"\"]}", "p: env.drop[1]", "must be the name of a variable, in which * and ?"},
	    {"{\"set\": [\"A=1\"]}", "p: env.set", "must be an object of strings"},
	    {"{\"set\": {\"A\": 1}}", "p: env.set[\"A\"]", "must be a string"},
	    {"{\"set\": {\"A*\": \"1\"}}", "p: env.set[\"A*\"]", "each key must be the name of a variable, without"},
	    {"{\"set\": {\"\": \"1\"}}", "p: env.set[\"\"]", "each key must be the name of a variable, without"},
	    {"{\"unset\": []}", "p: env", "unknown key \"unset\"; the nearest known key is \"set\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct arena a = {0};
		struct spec_policy p;
		struct err e = {0};
		char *text = arena_printf(&a, "{\"env\": %s}", bad[i].env);

		assert_int_equal(spec_policy_parse(text, strlen(text), "p", &a, &p, &e), -EINVAL);
		if (!str_eq(e.path, bad[i].path) || !strstr(e.text, bad[i].text))
			fail_msg("%s: %s: %s", bad[i].env, e.path, e.text);
		arena_free(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(environments),
	    cmocka_unit_test(home),
	    cmocka_unit_test(wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
