/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of the command line, form by form. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/commands/commands.h"

#define MAX_ARGS 20

/* Splits at blanks; "''" is an empty argument. */
static int parse(const char *line, struct rt_call *c, struct err *e)
{
	static char copy[512];
	static char *argv[MAX_ARGS + 1];
	char *rest = copy, *word;
	int argc = 0;

	snprintf(copy, sizeof(copy), "jailrun %s", line);
	while ((word = str_field(&rest, " "))) {
		assert_true(argc < MAX_ARGS);
		if (*word)
			argv[argc++] = str_eq(word, "''") ? word + 2 : word;
	}
	argv[argc] = NULL;
	*e = (struct err){0};
	return rt_cli_parse(&rt_commands, argc, argv, c, e);
}

static void test_forms(void **state)
{
	/* What each line must come to; every row but the last of a group differs from the others in its form alone. */
	static const struct {
		const char *line, *command, *bundle;
		bool detach;
		uint64_t fds;
		int n_args;
		const char *first;
	} rows[] = {
	    {"run id", "run", NULL, false, 0, 1, "id"},
	    {"run -b /x id", "run", "/x", false, 0, 1, "id"},
	    {"run -b=/x id", "run", "/x", false, 0, 1, "id"},
	    {"run --b /x id", "run", "/x", false, 0, 1, "id"},
	    {"run -bundle /x id", "run", "/x", false, 0, 1, "id"},
	    {"run --bundle /x id", "run", "/x", false, 0, 1, "id"},
	    {"run --bundle=/x id", "run", "/x", false, 0, 1, "id"},
	    {"run --bundle=/x=y id", "run", "/x=y", false, 0, 1, "id"},
	    {"run --bundle= id", "run", "", false, 0, 1, "id"},
	    {"run id --bundle /x", "run", "/x", false, 0, 1, "id"},
	    {"run id -d --bundle /x", "run", "/x", true, 0, 1, "id"},
	    {"run /b -d id", "run", NULL, true, 0, 2, "/b"},
	    {"run --detach id", "run", NULL, true, 0, 1, "id"},
	    {"run -detach=true id", "run", NULL, true, 0, 1, "id"},
	    {"run --detach=1 id", "run", NULL, true, 0, 1, "id"},
	    {"run --detach --detach=false id", "run", NULL, false, 0, 1, "id"},
	    {"run -d=F id", "run", NULL, false, 0, 1, "id"},
	    {"run --preserve-fds 3 id", "run", NULL, false, 3, 1, "id"},
	    {"run --preserve-fds=0x10 id", "run", NULL, false, 16, 1, "id"},
	    {"run --bundle -d id", "run", "-d", false, 0, 1, "id"},
	    {"run -- id", "run", NULL, false, 0, 1, "id"},
	    {"run -- -d", "run", NULL, false, 0, 1, "-d"},
	    {"run -d -- id -b", "run", NULL, true, 0, 2, "id"},
	    {"run -", "run", NULL, false, 0, 1, "-"},
	    {"run ''", "run", NULL, false, 0, 1, ""},
	    {"-- run id", "run", NULL, false, 0, 1, "id"},
	    {"create -b /a -b /x id", "create", "/x", false, 0, 1, "id"},
	    {"create id -no-pivot", "create", NULL, false, 0, 1, "id"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rt_call c;
		struct err e;

		if (parse(rows[i].line, &c, &e) < 0)
			fail_msg("%s: %s", rows[i].line, e.text);
		if (!str_eq(c.command->name, rows[i].command) || !str_eq(c.o.bundle, rows[i].bundle) ||
		    c.o.detach != rows[i].detach || c.o.preserve_fds != rows[i].fds || c.n_args != rows[i].n_args ||
		    !str_eq(c.args[0], rows[i].first) || c.args[c.n_args] != NULL)
			fail_msg("%s: taken for %s, bundle %s, detach %d, fds %d, %d arguments, the first '%s'",
				 rows[i].line, c.command->name, c.o.bundle, c.o.detach, (int)c.o.preserve_fds, c.n_args,
				 c.args[0]);
		rt_call_free(&c);
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *line;
		int code;
		const char *text;
	} rows[] = {
	    {"--frob list", EINVAL, "flag provided but not defined: -frob"},
	    {"-x list", EINVAL, "flag provided but not defined: -x"},
	    {"--frob=1 list", EINVAL, "flag provided but not defined: -frob"},
	    {"--polciy x list", EINVAL, "flag provided but not defined: -polciy (did you mean --policy?)"},
	    {"run --reprot x", EINVAL, "flag provided but not defined: -reprot (did you mean --report?)"},
	    {"list --frob /x", EINVAL, "flag provided but not defined: -frob"},
	    {"create --detach id", EINVAL, "flag provided but not defined: -detach"},
	    {"create id --lsm-profile /s", EINVAL, "flag provided but not defined: -lsm-profile"},
	    {"kill id -9", EINVAL, "flag provided but not defined: -9"},
	    {"---x list", EINVAL, "bad flag syntax: ---x"},
	    {"--=x list", EINVAL, "bad flag syntax: --=x"},
	    {"--log", EINVAL, "flag needs an argument: -log"},
	    {"create -b", EINVAL, "flag needs an argument: -b"},
	    {"create id --pid-file", EINVAL, "flag needs an argument: -pid-file"},
	    {"--debug=foo list", EINVAL, "invalid boolean value \"foo\" for -debug: parse error"},
	    {"create --preserve-fds x id", EINVAL, "invalid value \"x\" for flag -preserve-fds: parse error"},
	    {"create --preserve-fds -1 id", EINVAL, "invalid value \"-1\" for flag -preserve-fds: parse error"},
	    {"create --preserve-fds 99999999999999999999 id", EINVAL,
	     "invalid value \"99999999999999999999\" for flag -preserve-fds: parse error"},
	    {"--log-format xml list", EINVAL, "invalid log-format: xml (it takes text|json)"},
	    {"--log-format= list", EINVAL, "invalid log-format:  (it takes text|json)"},
	    {"--log-format text|json list", EINVAL, "invalid log-format: text|json (it takes text|json)"},
	    {"--rootless maybe list", EINVAL, "invalid rootless: maybe (it takes true|false|auto)"},
	    {"list -f tab", EINVAL, "invalid format: tab (it takes table|json)"},
	    {"create", EINVAL, "\"create\" requires exactly 1 argument(s)"},
	    {"create a b", EINVAL, "\"create\" requires exactly 1 argument(s)"},
	    {"list a", EINVAL, "\"list\" requires exactly 0 argument(s)"},
	    {"kill", EINVAL, "\"kill\" requires a minimum of 1 argument(s)"},
	    {"kill a b c", EINVAL, "\"kill\" requires a maximum of 2 argument(s)"},
	    {"lsit", ENOENT, "No help topic for 'lsit': no such command, did you mean list? Else see jailrun --help"},
	    {"foo", ENOENT, "No help topic for 'foo': no such command, see jailrun --help"},
	    {"help foo", ENOENT, "No help topic for 'foo': no such command, see jailrun --help"},
	    {"exec -e", EINVAL, "flag needs an argument: -e"},
	    {"exec", EINVAL, "\"exec\" requires a minimum of 1 argument(s)"},
	    {"restore --lsm-mount-context", ENOENT,
	     "No help topic for 'restore': this version does not have that command"},
	    {"checkpoint --help", ENOENT, "No help topic for 'checkpoint': this version does not have that command"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rt_call c;
		struct err e;
		int r = parse(rows[i].line, &c, &e);

		if (r != -rows[i].code || e.code != rows[i].code || !str_starts(e.text, rows[i].text))
			fail_msg("%s: %d '%s'", rows[i].line, r, e.text);
		rt_call_free(&c);
	}
}

static void test_globals(void **state)
{
	struct rt_call c;
	struct err e;

	(void)state;
	assert_int_equal(parse("--root /r -log /l --log-format json --debug --policy=none --audit - list -q", &c, &e),
			 0);
	assert_string_equal(c.g.root, "/r");
	assert_string_equal(c.g.log, "/l");
	assert_string_equal(c.g.log_format, "json");
	assert_string_equal(c.g.policy, "none");
	assert_null(c.g.policy_dir);
	assert_string_equal(c.g.audit, "-");
	assert_true(c.g.debug && c.o.quiet);
	rt_call_free(&c);

	/* What came before an error is known: the error has to go to the log. */
	assert_int_equal(parse("--log /l --log-format json create", &c, &e), -EINVAL);
	assert_string_equal(c.g.log, "/l");
	assert_string_equal(c.g.log_format, "json");
	rt_call_free(&c);

	assert_int_equal(parse("", &c, &e), 0);
	assert_null(c.command);
	rt_call_free(&c);
	assert_int_equal(parse("-h", &c, &e), 0);
	assert_true(c.g.help);
	rt_call_free(&c);
	assert_int_equal(parse("--version foo", &c, &e), 0);
	assert_true(c.g.version);
	rt_call_free(&c);
	/* Help needs no arguments. */
	assert_int_equal(parse("create --help", &c, &e), 0);
	assert_true(c.o.help);
	rt_call_free(&c);
}

static void assert_list(const struct strv *l, const char *want)
{
	AUTO_BUF got = {0};

	for (size_t i = 0; i < l->n; i++)
		buf_printf(&got, "%s%s", i ? " " : "", l->v[i]);
	assert_string_equal(got.data ? got.data : "", want);
}

/* Options that are gathered, and a command line that belongs to another program. */
static void test_lists(void **state)
{
	static const struct {
		const char *line, *env, *caps, *args;
	} rows[] = {
	    {"exec id sh", "", "", "id sh"},
	    {"exec -e A=1 id sh", "A=1", "", "id sh"},
	    {"exec -e A=1 --env=B=2 -env C=3 -e=A=4 --cap X -c=Y id", "A=1 B=2 C=3 A=4", "X Y", "id"},
	    {"exec -e A=1 id sh -e B=2 --cap X -- y", "A=1", "", "id sh -e B=2 --cap X -- y"},
	    {"exec -e A=1 -- id -e", "A=1", "", "id -e"},
	    {"exec -e -- id", "--", "", "id"},
	    {"exec -- -e A=1", "", "", "-e A=1"},
	    {"ps -f json id -ef --forest", "", "", "id -ef --forest"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rt_call c;
		struct err e;
		struct strv args;

		if (parse(rows[i].line, &c, &e) < 0)
			fail_msg("%s: %s", rows[i].line, e.text);
		args = (struct strv){(char **)c.args, (size_t)c.n_args};
		assert_list(&c.o.env, rows[i].env);
		assert_list(&c.o.cap, rows[i].caps);
		assert_list(&args, rows[i].args);
		rt_call_free(&c);
	}
}

static void test_managers(void **state)
{
	const int built = cg_has_systemd() ? 0 : ENOTSUP;
	const struct {
		const char *line;
		int code;
		enum cg_manager manager;
	} rows[] = {
	    {"--root /r create id", 0, CG_CGROUPFS},
	    {"--root /r --cgroup-manager cgroupfs create id", 0, CG_CGROUPFS},
	    {"--root /r --cgroup-manager disabled create id", 0, CG_DISABLED},
	    {"--root /r --cgroup-manager systemd create id", built, CG_SYSTEMD},
	    {"--root /r --systemd-cgroup create id", built, CG_SYSTEMD},
	    {"--root /r --systemd-cgroup run id", built, CG_SYSTEMD},
	    /* An existing container has its manager in its state: these must be able to clear up. */
	    {"--root /r --systemd-cgroup delete id", 0, CG_SYSTEMD},
	    {"--root /r --systemd-cgroup kill id", 0, CG_SYSTEMD},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rt_call c;
		struct err e;

		assert_int_equal(parse(rows[i].line, &c, &e), 0);
		if (rt_cli_finish(&c, &e) != -rows[i].code || c.manager != rows[i].manager)
			fail_msg("%s: %d '%s'", rows[i].line, e.code, e.text);
		if (rows[i].code)
			assert_non_null(strstr(e.text, "systemd"));
		rt_call_free(&c);
	}
}

/* Every option that is not hidden is in the help of its command and in that of the whole; no hidden one is. */
static void test_help(void **state)
{
	AUTO_BUF whole = {0};

	(void)state;
	rt_help(&rt_commands, NULL, &whole);
	assert_false(whole.failed);
	for (const struct rt_command *k = rt_commands.commands; k->name; k++) {
		AUTO_BUF text = {0};
		char line[160];

		rt_help(&rt_commands, k, &text);
		if (k->hidden) {
			assert_null(strstr(whole.data, k->help));
			continue;
		}
		snprintf(line, sizeof(line), "\n   jailrun %s", k->name);
		assert_non_null(strstr(whole.data, line));
		assert_non_null(strstr(whole.data, k->help));
		for (const struct rt_option *o = k->options; o->name; o++) {
			snprintf(line, sizeof(line), "   --%s%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "",
				 o->short_name ? ","
				 : o->arg      ? ""
					       : " ");
			assert_int_equal(!strstr(text.data, line), o->hidden);
			assert_int_equal(!strstr(whole.data, line), o->hidden);
		}
	}
}

/* No two options of one list may answer to the same name, and what takes a value says so. */
static void check_list(const struct rt_option *list)
{
	for (const struct rt_option *o = list; o->name; o++) {
		assert_int_equal(o->type == RT_BOOL, o->arg == NULL);
		assert_true(strlen(o->name) > 1);
		for (const struct rt_option *p = o + 1; p->name; p++) {
			assert_string_not_equal(o->name, p->name);
			assert_true(!o->short_name || o->short_name != p->short_name);
		}
	}
}

static void test_table(void **state)
{
	(void)state;
	check_list(rt_commands.globals);
	check_list(rt_commands.common);
	for (const struct rt_command *k = rt_commands.commands; k->name; k++) {
		check_list(k->options);
		assert_non_null(k->run);
		assert_true(k->min_args <= k->max_args || k->max_args == RT_ANY_ARGS);
		/* In the order of the alphabet, which is how the help shows them. */
		assert_true(!k[1].name || strcmp(k->name, k[1].name) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forms), cmocka_unit_test(test_errors),   cmocka_unit_test(test_globals),
	    cmocka_unit_test(test_lists), cmocka_unit_test(test_managers), cmocka_unit_test(test_help),
	    cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
