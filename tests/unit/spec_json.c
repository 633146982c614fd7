/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/json.h"
#include "spec/spec.h"

struct fixture {
	struct arena nodes, strings;
	struct err e;
};

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(&f->nodes);
	arena_free(&f->strings);
	free(f);
	return 0;
}

static const struct json *parse(struct fixture *f, const char *text, size_t len, unsigned int flags, int want)
{
	char *exact = malloc(len ? len : 1); /* so that a sanitizer sees a byte too many */
	const struct json *root;
	int r;

	assert_non_null(exact);
	memcpy(exact, text, len);
	f->e = (struct err){0};
	r = json_parse(exact, len, flags, &f->nodes, &f->strings, &root, &f->e);
	free(exact);
	assert_int_equal(r, want);
	assert_int_equal(f->e.code, -want);
	assert_true(r == 0 ? root != NULL : root == NULL);
	return root;
}

static void refused(struct fixture *f, const char *text, unsigned int flags, const char *message)
{
	parse(f, text, strlen(text), flags, -EINVAL);
	assert_string_equal(f->e.text, message);
}

static void test_values(void **state)
{
	static const char text[] =
	    "{\"s\": \"a\\u00e4\\ud83d\\ude00\\n\", \"n\": -18446744073709551616.5e3,\n"
	    " \"t\": true, \"f\": false, \"x\": null, \"l\": [1, [2], {}], \"o\": {\"k\": \"\"}}";
	const struct json *o = parse(*state, text, strlen(text), 0, 0);

	assert_int_equal(o->type, JSON_OBJECT);
	assert_int_equal(o->count, 7);
	assert_string_equal(json_get(o, "s")->text, "a\xc3\xa4\xf0\x9f\x98\x80\n");
	assert_int_equal(json_get(o, "n")->type, JSON_NUMBER);
	assert_string_equal(json_get(o, "n")->text, "-18446744073709551616.5e3");
	assert_true(json_get(o, "t")->truth);
	assert_false(json_get(o, "f")->truth);
	assert_int_equal(json_get(o, "x")->type, JSON_NULL);
	assert_int_equal(json_get(o, "l")->count, 3);
	assert_int_equal(json_get(o, "l")->first->next->first->offset, strstr(text, "[2]") + 2 - text);
	assert_string_equal(json_get(json_get(o, "o"), "k")->text, "");
	assert_null(json_get(o, "missing"));
	assert_null(json_get(json_get(o, "n"), "not an object"));
	assert_int_equal(json_line(text, json_get(o, "s")->offset), 1);
	assert_int_equal(json_line(text, json_get(o, "t")->offset), 2);
}

static void test_duplicates(void **state)
{
	static const char text[] = "{\"a\": 1,\n\"b\": 2,\n\"a\": 3}";
	const struct json *o = parse(*state, text, strlen(text), 0, 0);

	assert_int_equal(o->count, 2);
	assert_string_equal(json_get(o, "a")->text, "3");
	assert_string_equal(json_get(o, "b")->text, "2");
	refused(*state, text, JSON_STRICT, "line 3: the key \"a\" is there twice");
}

static void test_many_members(void **state)
{
	AUTO_BUF b = {0};
	const struct json *o;

	buf_str(&b, "{\"first\": 0");
	for (int i = 0; i < 5000; i++)
		buf_printf(&b, ",\"k%d\":%d", i % 4000, i);
	buf_str(&b, "}");
	o = parse(*state, b.data, b.len, 0, 0);
	assert_int_equal(o->count, 4001);
	assert_string_equal(json_get(o, "k999")->text, "4999");
	assert_string_equal(json_get(o, "k3999")->text, "3999");
}

static void test_grammar(void **state)
{
	refused(*state, "", 0, "line 1, column 1: not valid JSON: parse error: premature EOF");
	refused(*state, "{\"a\": 1", 0, "line 1, column 8: not valid JSON: parse error: premature EOF");
	refused(*state, "{}\n{}", 0, "line 2, column 1: not valid JSON: parse error: trailing garbage");
	refused(*state, "[1,\n 2 x]", 0, "line 2, column 4: not valid JSON: lexical error: invalid char in json text.");
	parse(*state, "{} x", 4, 0, -EINVAL);
	parse(*state, "[1,]", 4, 0, -EINVAL);
	parse(*state, "[01]", 4, 0, -EINVAL);
	parse(*state, "[+1]", 4, 0, -EINVAL);
	parse(*state, "['a']", 5, 0, -EINVAL);
	parse(*state, "[nul]", 5, 0, -EINVAL);
	parse(*state, "[\"a\nb\"]", 7, 0, -EINVAL);
	parse(*state, "[\"a\\qb\"]", 8, 0, -EINVAL);
	parse(*state, "[1 2]", 5, 0, -EINVAL);
	parse(*state, "{1: 2}", 6, 0, -EINVAL);
	parse(*state, "\xef\xbb\xbf{}", 5, 0, -EINVAL);
	parse(*state, "[1]\0", 4, 0, -EINVAL);
	parse(*state, " [1]\r\n\t ", 8, 0, 0);
}

static void test_strings(void **state)
{
	refused(*state, "{\"a\":\n \"x\\u0000y\"}", 0, "line 2, column 4: a string with a NUL byte (\\u0000)");
	refused(*state, "{\"x\\u0000y\": 1}", 0, "line 1, column 4: a string with a NUL byte (\\u0000)");
	refused(*state, "[\"\\ud800\"]", 0, "line 1, column 3: half of a surrogate pair");
	refused(*state, "[\"\\ud800\\u0041\"]", 0, "line 1, column 3: half of a surrogate pair");
	refused(*state, "[\"\\udc00\"]", 0, "line 1, column 3: half of a surrogate pair");
	refused(*state, "[\"\\u12g4\"]", 0, "line 1, column 3: \\u without four hexadecimal digits");
	refused(*state, "[\"\\u12", 0, "line 1, column 3: \\u without four hexadecimal digits");
	refused(*state, "[\"\xc3\"]", 0, "line 1, column 3: invalid UTF-8");
	refused(*state, "[\"\xc0\x80\"]", 0, "line 1, column 3: invalid UTF-8");
	refused(*state, "[\"\xe0\x80\x80\"]", 0, "line 1, column 3: invalid UTF-8");
	refused(*state, "[\"\xed\xa0\x80\"]", 0, "line 1, column 3: invalid UTF-8");
	refused(*state, "[\"\xf4\x90\x80\x80\"]", 0, "line 1, column 3: invalid UTF-8");
	refused(*state, "[\"\xff\"]", 0, "line 1, column 3: invalid UTF-8");
	parse(*state, "[\"\xf4\x8f\xbf\xbf\xed\x9f\xbf\"]", 11, 0, 0);
	parse(*state, "[\"\\\\u0000\"]", 11, 0, 0); /* a backslash, and no escape */
}

static void test_comments(void **state)
{
	static const char text[] = "// it's \xc3\xa4 \"quote\n{/* \\u0000 */\"a\": \"// no /* comment\"}";
	const struct json *o = parse(*state, text, strlen(text), JSON_COMMENTS, 0);

	assert_string_equal(json_get(o, "a")->text, "// no /* comment");
	parse(*state, text, strlen(text), 0, -EINVAL);
	parse(*state, "{} // end", 9, JSON_COMMENTS, 0);
	parse(*state, "{} /* open", 10, JSON_COMMENTS, -EINVAL);
	parse(*state, "// \xff\n{}", 7, JSON_COMMENTS, -EINVAL);
	parse(*state, "{} /", 4, JSON_COMMENTS, -EINVAL);
}

static void test_limits(void **state)
{
	struct fixture *f = *state;
	AUTO_BUF b = {0};

	for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
		char text[2 * JSON_DEPTH_MAX + 2];

		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		parse(f, text, 2 * depth, 0, depth > JSON_DEPTH_MAX ? -EINVAL : 0);
	}
	assert_string_equal(f->e.text, "line 1, column 66: nested too deeply");
	for (int i = 0; i < 100000; i++)
		buf_str(&b, "{\"a\":[");
	parse(f, b.data, b.len, 0, -EINVAL);
	buf_free(&b);
	buf_str(&b, "[0");
	for (unsigned int i = 0; i <= JSON_VALUES_MAX; i++)
		buf_str(&b, ",0");
	buf_str(&b, "]");
	parse(f, b.data, b.len, 0, -EFBIG);
	buf_free(&b);
	for (size_t i = 0; i < SPEC_FILE_MAX / 16 + 1; i++)
		buf_str(&b, "                ");
	parse(f, b.data, b.len, 0, -EFBIG);
}

/* Each prefix of a document is an error; the document itself is none. */
static void test_truncated(void **state)
{
	static const char text[] =
	    "{\"a\": [true, false, null, -1.5e+3], \"b\\u00e4\": {\"\xc3\xa4\": \"\\ud83d\\ude00\"}}";

	for (size_t n = 0; n < strlen(text); n++)
		parse(*state, text, n, 0, -EINVAL);
	parse(*state, text, strlen(text), 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_values, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_duplicates, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_many_members, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_grammar, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_strings, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_comments, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_truncated, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
