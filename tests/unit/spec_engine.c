/* SPDX-License-Identifier: Apache-2.0 */
/* TOML and the engines' files: what is read, and what is refused and in which line. tests/integration/install.t has the changes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/spec.h"
#include "spec/toml.h"

#define K TOML_KEY
#define E TOML_ELEMENT

struct fixture {
	struct arena a;
	struct err e;
	struct toml t;
};

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(&f->a);
	free(f);
	return 0;
}

static int parse(struct fixture *f, const char *text, size_t len)
{
	char *exact = malloc(len ? len : 1); /* so that a sanitizer sees a byte too many */
	int r;

	assert_non_null(exact);
	memcpy(exact, text, len);
	f->e = (struct err){0};
	r = toml_parse(exact, len, &f->a, &f->t, &f->e);
	free(exact);
	return r;
}

static void has(struct fixture *f, const char *path, enum toml_type type, const char *text)
{
	const struct toml_item *i = toml_get(&f->t, path);

	if (!i || i->type != type)
		print_message("# at %s\n", path);
	assert_true(i && i->type == type);
	if (i && text)
		assert_string_equal(i->text, text);
}

static void test_values(void **state)
{
	static const char text[] = "# a comment\n"
				   "a = \"x # no comment\" # one\r\n"
				   "\"b.c\" = 'C:\\x'\n"
				   "d.'e' = \"\\u00e9\\t\\\"\\U0001F600\"\n"
				   "lines = \"\"\"\n one\\\n   two\"\"\"\"\n"
				   "raw = '''\nx''y'''\n"
				   "empty = \"\"\n"
				   "list = [ 1, # one\n [\"in\"], {k = true}, ]\n"
				   "when = 1979-05-27 07:32:00Z\n"
				   "n = -1_000.5e+3\n"
				   "[t . u]\n"
				   "inf = +inf\n"
				   "[t]\n"
				   "v = {a.b = 1, c = {}}\n"
				   "[[x.y]]\n"
				   "k = 1\n"
				   "[x.y.z]\n"
				   "k = 2\n"
				   "[[x.y]]\n"
				   "[x.y.z]\n"
				   "k = 3";
	struct fixture *f = *state;

	assert_int_equal(parse(f, text, strlen(text)), 0);
	has(f, K "a", TOML_STRING, "x # no comment");
	has(f, K "b.c", TOML_STRING, "C:\\x");
	has(f, K "d" K "e", TOML_STRING, "\xc3\xa9\t\"\xf0\x9f\x98\x80");
	has(f, K "lines", TOML_STRING, " onetwo\"");
	has(f, K "raw", TOML_STRING, "x''y");
	has(f, K "empty", TOML_STRING, "");
	has(f, K "list", TOML_ARRAY, NULL);
	has(f, K "list" E "0", TOML_NUMBER, "1");
	has(f, K "list" E "1" E "0", TOML_STRING, "in");
	has(f, K "list" E "2" K "k", TOML_BOOL, "true");
	has(f, K "when", TOML_NUMBER, "1979-05-27 07:32:00Z");
	has(f, K "n", TOML_NUMBER, "-1_000.5e+3");
	has(f, K "t" K "u" K "inf", TOML_NUMBER, "+inf");
	has(f, K "t" K "v", TOML_INLINE, NULL);
	has(f, K "t" K "v" K "a" K "b", TOML_NUMBER, "1");
	has(f, K "x" K "y" E "0" K "z" K "k", TOML_NUMBER, "2");
	has(f, K "x" K "y" E "1" K "z" K "k", TOML_NUMBER, "3");
	assert_null(toml_get(&f->t, K "x" K "y" E "1" K "k"));
	assert_int_equal(toml_get(&f->t, K "x" K "y" E "1" K "z")->line, 24);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
	    {"a", "line 1: not valid TOML: = was expected behind the key"},
	    {"\n= 1", "line 2: not valid TOML: a key was expected"},
	    {"a = \n", "line 1: not valid TOML: a value was expected: a string in quotes, a number, true, false, an "
		       "array or a table"},
	    {"a = yes\n", "line 1: not valid TOML: a value was expected: a string in quotes, a number, true, false, an "
			  "array or a table"},
	    {"a = \"x\n\"", "line 1: not valid TOML: a string without its end"},
	    {"a = '''x\n", "line 2: not valid TOML: a string without its end"},
	    {"a = \"\\q\"", "line 1: not valid TOML: an escape that TOML does not have"},
	    {"a = \"\\ud800\"", "line 1: not valid TOML: an escape that is no character"},
	    {"a = \"\\u12", "line 1: not valid TOML: an escape without its digits"},
	    {"a = \"\x01\"", "line 1: not valid TOML: a control character in a string"},
	    {"a = [1\n2]", "line 2: not valid TOML: a comma or ] was expected in the array"},
	    {"a = {b = 1", "line 1: not valid TOML: a comma or } was expected in the table"},
	    {"a = {b = 1,\n c = 2}", "line 1: not valid TOML: a key was expected"},
	    {"a = 1 b = 2", "line 1: not valid TOML: more on the line than one key and its value"},
	    {"[a", "line 1: not valid TOML: ] was expected behind the table's name"},
	    {"[[a]", "line 1: not valid TOML: ] was expected behind the table's name"},
	    {"[a.]", "line 1: not valid TOML: a key was expected"},
	    {"[a] x", "line 1: not valid TOML: more on the line than one key and its value"},
	    {"a = 1\n\na = 2", "line 3: 'a' is there already, in line 1"},
	    {"[a]\n[b]\n[a]", "line 3: 'a' is there already, in line 1"},
	    {"a = {}\n[a.b]", "line 2: 'a' is there already, in line 1"},
	    {"a = {}\na.b = 1", "line 2: 'a' is there already, in line 1"},
	    {"a.b = 1\n[a]", "line 2: 'a' is there already, in line 1"},
	    {"a = [1]\n[[a]]", "line 2: 'a' is there already, in line 1"},
	    {"[a]\n[[a]]", "line 2: 'a' is there already, in line 1"},
	};
	static const struct {
		const char *text;
		bool is;
	} numbers[] = {
	    {"0", true},
	    {"-17", true},
	    {"1_000", true},
	    {"0xdead_BEEF", true},
	    {"0o755", true},
	    {"0b1_0", true},
	    {"3.14e-2", true},
	    {"6E5", true},
	    {"nan", true},
	    {"07:32:00.999", true},
	    {"1979-05-27T00:32:00-07:00", true},
	    {"1979-05-27", true},
	    {"01", false},
	    {"1_", false},
	    {"_1", false},
	    {"1__0", false},
	    {"0xg", false},
	    {"0o8", false},
	    {"1.", false},
	    {".5", false},
	    {"1e", false},
	    {"+0x1", false},
	    {"1979-05-27 07:3:00", false},
	    {"79-05-27", false},
	};
	struct fixture *f = *state;
	char deep[200];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int r = parse(f, rows[i].text, strlen(rows[i].text));

		if (r != -EINVAL)
			print_message("# row %zu: %s\n", i, rows[i].text);
		assert_int_equal(r, -EINVAL);
		assert_int_equal(f->e.code, EINVAL);
		assert_string_equal(f->e.text, rows[i].message);
	}
	memset(deep, '[', sizeof(deep));
	deep[0] = 'a';
	deep[1] = '=';
	assert_int_equal(parse(f, deep, sizeof(deep)), -EINVAL);
	assert_string_equal(f->e.text, "line 1: not valid TOML: nested too deeply");
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		char line[40];

		snprintf(line, sizeof(line), "a = %s\n", numbers[i].text);
		assert_int_equal(parse(f, line, strlen(line)), numbers[i].is ? 0 : -EINVAL);
	}
	/* The control: such things where they may stand. */
	assert_int_equal(parse(f, "[a.b]\n[a]\nc = 1", 15), 0);
	assert_int_equal(parse(f, "", 0), 0);
}

static void read_engine(struct fixture *f, enum spec_engine engine, const char *text, struct spec_engine_config *ret)
{
	f->e = (struct err){0};
	assert_int_equal(spec_engine_parse(engine, text, strlen(text), "file", &f->a, ret, &f->e), 0);
}

static void test_engines(void **state)
{
	struct fixture *f = *state;
	struct spec_engine_config c;

	read_engine(
	    f, ENGINE_DOCKER,
	    "{\"default-runtime\": \"b\", \"runtimes\": {\n\"a\": {\"path\": \"/a\", \"runtimeArgs\": [\"-x\"]},\n"
	    "\"b\": {\"runtimeType\": \"t\", \"options\": {\"BinaryName\": \"/b\"}}}}",
	    &c);
	assert_string_equal(c.default_runtime, "b");
	assert_int_equal(c.n_runtimes, 2);
	assert_string_equal(c.runtimes[0].path, "/a");
	assert_string_equal(c.runtimes[0].args.v[0], "-x");
	assert_int_equal(c.runtimes[0].args.n, 1);
	assert_string_equal(c.runtimes[1].path, "/b");
	assert_int_equal(c.runtimes[1].line, 3);
	read_engine(f, ENGINE_CONTAINERD,
		    "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd]\ndefault_runtime_name = 'x'\n"
		    "runtimes.x.options = {BinaryName = '/x', SystemdCgroup = true}\n",
		    &c);
	assert_string_equal(c.default_runtime, "x");
	assert_int_equal(c.n_runtimes, 1);
	assert_string_equal(c.runtimes[0].name, "x");
	assert_string_equal(c.runtimes[0].path, "/x");
	assert_true(c.runtimes[0].systemd_cgroup);
	assert_false(c.cri_disabled);
	read_engine(f, ENGINE_CONTAINERD, "version = 2\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n", &c);
	assert_true(c.cri_disabled);
	read_engine(f, ENGINE_PODMAN, "[engine]\nruntime = 'x'\n[engine.runtimes]\nx = [\n'/x', '/y']\n", &c);
	assert_string_equal(c.runtimes[0].path, "/x");
	read_engine(f, ENGINE_CRIO, "[crio.runtime.runtimes.x]\nruntime_path = ''\n", &c);
	assert_string_equal(c.runtimes[0].path, "");
	read_engine(f, ENGINE_DOCKER, " \n", &c);
	assert_int_equal(c.n_runtimes, 0);
}

static void test_engines_refused(void **state)
{
	struct fixture *f = *state;
	struct spec_engine_config c;

	f->e = (struct err){0};
	assert_int_equal(spec_engine_parse(ENGINE_DOCKER, "{}\0", 3, "file", &f->a, &c, &f->e), -EINVAL);
	assert_string_equal(f->e.path, "file");
	assert_string_equal(f->e.text, "it holds a NUL byte: this is no text file");
	f->e = (struct err){0};
	assert_int_equal(spec_engine_parse(ENGINE_DOCKER, "\n[]", 3, "file", &f->a, &c, &f->e), -EINVAL);
	assert_string_equal(f->e.text, "line 2: must be an object, not an array");
	f->e = (struct err){0};
	assert_int_equal(spec_engine_parse(ENGINE_CONTAINERD, "version = 9", 11, "file", &f->a, &c, &f->e), -ENOTSUP);
	assert_string_equal(f->e.text, "line 1: version: 1, 2 and 3 are known here");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_values, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_engines, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_engines_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
