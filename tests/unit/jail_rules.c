/* SPDX-License-Identifier: Apache-2.0 */
/* Exec patterns, and the finding of rules. */
#include "jail_util.h"

static const struct {
	const char *allow, *deny, *path;
	bool allowed;
} cases[] = {
    {"/usr/bin/python3", NULL, "/usr/bin/python3", true},
    {"/usr/bin/python3", NULL, "/usr/bin/python3.11", false},
    {"/usr/bin/python3", NULL, "/usr/bin/python", false},
    {"/usr/bin/python3", NULL, "/usr/bin/python3/x", false},
    {"/usr/bin/", NULL, "/usr/bin/ls", true},
    {"/usr/bin/", NULL, "/usr/bin/a/b/c", true},
    {"/usr/bin/", NULL, "/usr/bin", false},
    {"/usr/bin/", NULL, "/usr/binary", false},
    {"/usr/bin/", NULL, "/usr/bin/../sbin/x", false},
    {"/usr/bin/", NULL, "/usr/bin//ls", false},
    {"/usr/bin/", NULL, "/usr/bin/./ls", false},
    {"/usr/bin/", NULL, "usr/bin/ls", false},
    {"/usr/bin/", NULL, "", false},
    {"/usr/bin/", NULL, "/", false},
    {"/", NULL, "/anything/at/all", true},
    {"/", NULL, "/", false},
    {"/usr/bin/python*", NULL, "/usr/bin/python3.11", true},
    {"/usr/bin/python*", NULL, "/usr/bin/python/x", false},
    {"/usr/*/ls", NULL, "/usr/bin/ls", true},
    {"/usr/*/ls", NULL, "/usr/bin/x/ls", false},
    {"/usr/*/ls", NULL, "/usr/ls", false},
    {"/opt/*/bin/", NULL, "/opt/x/bin/tool", true},
    {"/opt/*/bin/", NULL, "/opt/x/y/bin/tool", false},
    {"/bin/?s", NULL, "/bin/ls", true},
    {"/bin/?s", NULL, "/bin/s", false},
    {"/bin/*a*b*c", NULL, "/bin/xxaybzzbc", true},
    {"/bin/*a*b*c", NULL, "/bin/xxaybzzbcd", false},
    {"/bin/*", NULL, "/bin/.hidden", true},
    {"/bin/[l]s", NULL, "/bin/ls", false},
    {"/bin/[l]s", NULL, "/bin/[l]s", true},
    /* Any depth. */
    {"/usr/**/python3", NULL, "/usr/python3", true},
    {"/usr/**/python3", NULL, "/usr/bin/python3", true},
    {"/usr/**/python3", NULL, "/usr/a/b/c/python3", true},
    {"/usr/**/python3", NULL, "/usr/a/b/c/python3/x", false},
    {"/usr/**/python3", NULL, "/usr/a/b/c/xpython3", false},
    {"/usr/**/python3", NULL, "/opt/usr/python3", false},
    {"/usr/**", NULL, "/usr/a/b", true},
    {"/usr/**", NULL, "/usr", false},
    {"/**/bin/*", NULL, "/bin/x", true},
    {"/**/bin/*", NULL, "/a/bin/bin/x", true},
    {"/**/bin/*", NULL, "/a/bin/x/y", false},
    {"/**/bin/", NULL, "/a/b/bin/x/y", true},
    {"/**/bin/", NULL, "/a/b/bin", false},
    {"/a/**/b/**/c", NULL, "/a/b/x/b/c", true},
    {"/a/**/b/**/c", NULL, "/a/x/c/b", false},
    {"/a/**/b/?/c", NULL, "/a/b/xx/b/y/c", true},
    {"/usr/**", "/usr/**/ld", "/usr/x/y/ld", false},
    {"/**", NULL, "/lib/ld-musl-x86_64.so.1", false},
    /* Deny goes first. */
    {"/usr/bin/", "/usr/bin/gcc", "/usr/bin/gcc", false},
    {"/usr/bin/", "/usr/bin/gcc", "/usr/bin/ld", true},
    {"/usr/bin/gcc", "/usr/", "/usr/bin/gcc", false},
    /* The dynamic loader only by its own path. */
    {"/", NULL, "/lib64/ld-linux-x86-64.so.2", false},
    {"/lib64/ld-linux*", NULL, "/lib64/ld-linux-x86-64.so.2", false},
    {"/lib64/ld-linux-x86-64.so.2", NULL, "/lib64/ld-linux-x86-64.so.2", true},
    {"/lib64/ld-linux-x86-64.so.2", "/lib64/", "/lib64/ld-linux-x86-64.so.2", false},
    {"/lib/", NULL, "/lib/ld-musl-x86_64.so.1", false},
    {"/lib/", NULL, "/lib/ld-2.31.so", false},
    {"/lib/", NULL, "/lib/ld64.so.2", false},
    {"/usr/", NULL, "/usr/bin/ld.so", false},
    {"/usr/", NULL, "/usr/bin/ld", true},
    {"/usr/", NULL, "/usr/bin/ld.gold", true},
    {NULL, NULL, "/bin/sh", false},
};

static void exec_patterns(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *allow[] = {(char *)cases[i].allow, NULL}, *deny[] = {(char *)cases[i].deny, NULL};
		struct jail_policy p = {.exec_allow = {allow, cases[i].allow != NULL},
					.exec_deny = {deny, cases[i].deny != NULL}};
		const char *why = "unset";

		if (jail_exec_allowed(&p, cases[i].path, &why) != cases[i].allowed)
			fail_msg("allow %s deny %s path %s", cases[i].allow, cases[i].deny, cases[i].path);
		assert_true(cases[i].allowed ? why == NULL : why != NULL);
		assert_int_equal(jail_exec_allowed(&p, cases[i].path, NULL), cases[i].allowed);
	}
}

/* Many stars against a long name must not take for ever. */
static void many_stars(void **state)
{
	char *allow[] = {"/*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", NULL}, path[4001];
	struct jail_policy p = {.exec_allow = {allow, 1}};

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_false(jail_exec_allowed(&p, path, NULL));
	path[sizeof(path) - 2] = 'b';
	assert_true(jail_exec_allowed(&p, path, NULL));
}

/* What is not known holds where it is only a guess; at the last word it does not allow, and it denies. */
static void exec_entries(void **state)
{
	static char a[] = "a", b[] = "b", any[] = "**", star[] = "b*", sum[] = "5", path[] = "/x/y",
		    loader[] = "/lib/ld.so";
	char *patterns[] = {a, star, any, NULL}, *words[] = {a, b, a, NULL}, *wrong[] = {a, a, NULL};
	struct jail_exec_entry one = {.path = path, .times = -1}, two[2];
	struct jail_policy p = {.exec_entries = &one, .n_exec_entries = 1};
	struct jail_exec_facts f = {.path = path, .as = EXEC_AS_PROGRAM};
	struct strv right = {words, 3}, bad = {wrong, 2}, few = {words, 1};
	struct jail_exec_verdict v;
#define ALLOWED() (jail_exec_judge(&p, &f, &v), v.ok)

	(void)state;
	assert_true(ALLOWED());
	one.as = EXEC_AS_INTERPRETER;
	assert_false(ALLOWED());
	assert_non_null(strstr(v.why, "as a program"));
	f.as = EXEC_AS_INTERPRETER;
	assert_true(ALLOWED());
	one.sha256 = sum;
	assert_false(ALLOWED());
	f.guess = true;
	assert_true(ALLOWED());
	f.sha256 = "6";
	assert_false(ALLOWED());
	f = (struct jail_exec_facts){.path = path, .as = EXEC_AS_INTERPRETER, .sha256 = "5"};
	assert_true(ALLOWED());
	one.argv = (struct strv){patterns, 3};
	assert_false(ALLOWED());
	f.argv = &right;
	assert_true(ALLOWED());
	f.argv = &bad;
	assert_false(ALLOWED());
	f.argv = &few;
	assert_false(ALLOWED());
	f.more = f.guess = true;
	assert_true(ALLOWED());
	f.guess = false;
	assert_false(ALLOWED());
	one.argv.n = 2; /* no more than these */
	f.argv = &right;
	assert_false(ALLOWED());
	/* Denials go first, of paths and of entries. */
	two[0] = (struct jail_exec_entry){.path = path, .times = 3, .counter = 4};
	two[1] = (struct jail_exec_entry){.path = path, .times = -1, .deny = true, .sha256 = sum};
	p = (struct jail_policy){.exec_entries = two, .n_exec_entries = 2};
	f = (struct jail_exec_facts){.path = path, .as = EXEC_AS_PROGRAM};
	assert_false(ALLOWED());
	f.sha256 = "6";
	assert_true(ALLOWED());
	assert_int_equal(v.counters, 1 << 4);
	f.sha256 = "5";
	assert_false(ALLOWED());
	assert_string_equal(v.why, "in exec.deny");
	p.n_exec_entries = 1;
	p.exec_deny = (struct strv){(char *[]){path, NULL}, 1};
	assert_false(ALLOWED());
	p.exec_deny.n = 0;
	p.exec_allow = (struct strv){(char *[]){path, NULL}, 1};
	assert_true(ALLOWED() && !v.counters);
	/* The loader by its own path. */
	p.exec_allow.n = 0;
	two[0].path = star;
	two[0].target = loader;
	f.path = loader;
	assert_true(ALLOWED());
	two[0].target = (char *)"/lib/";
	assert_false(ALLOWED());
}

static void find(void **state)
{
	struct jail_rule rules[] = {
	    {.arch = AUDIT_ARCH_X86_64, .nr = 62, .n_args = 1, .args = {{0, JAIL_MASKED_EQ, COMPARE_32, 1}}},
	    {.arch = AUDIT_ARCH_X86_64, .nr = 62, .n_args = 2, .args = {{0, JAIL_GT, 5, 0}, {1, JAIL_NE, 9, 0}}},
	    {.arch = AUDIT_ARCH_I386, .nr = 37},
	    {.nr = JAIL_ANY_CALL},
	};
	struct jail_plan p = {.rules = rules, .n_rules = 3};

	(void)state;
	assert_int_equal(jail_rule_find(&p, AUDIT_ARCH_X86_64, 62, ARGS(1)), 0);
	assert_int_equal(jail_rule_find(&p, AUDIT_ARCH_X86_64, 62, ARGS(0xff00000001)), 0);
	assert_int_equal(jail_rule_find(&p, AUDIT_ARCH_X86_64, 62, ARGS(2)), -1);
	assert_int_equal(jail_rule_find(&p, AUDIT_ARCH_X86_64, 62, ARGS(6, 8)), 1);
	assert_int_equal(jail_rule_find(&p, AUDIT_ARCH_X86_64, 62, ARGS(6, 9)), -1);
	assert_int_equal(jail_rule_find(&p, AUDIT_ARCH_I386, 37, ARGS(6, 9)), 2);
	assert_int_equal(jail_rule_find(&p, AUDIT_ARCH_I386, 62, ARGS(1)), -1);
	p.n_rules = 4;
	assert_int_equal(jail_rule_find(&p, AUDIT_ARCH_I386, 62, ARGS(1)), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(exec_patterns),
	    cmocka_unit_test(many_stars),
	    cmocka_unit_test(exec_entries),
	    cmocka_unit_test(find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
