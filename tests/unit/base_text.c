/* SPDX-License-Identifier: Apache-2.0 */
/* Errors, strings, numbers, JSON, blobs, signals: what is pure in base. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

static void errors_name_the_place(void **state)
{
	struct err e = {0};
	char text[sizeof(e)];

	(void)state;
	assert_int_equal(err_set(&e, EINVAL, "must be %d", 3), -EINVAL);
	assert_int_equal(err_ctx(&e, "[%d]", 2), -EINVAL);
	err_ctx(&e, "options");
	err_ctx(&e, "mounts[%d]", 7);
	strcpy(e.step, "mounts");
	assert_string_equal(err_str(&e, text, sizeof(text)), "mounts[7].options[2]: must be 3 (step mounts)");
	/* The first cause wins. */
	assert_int_equal(err_set(&e, EPERM, "later"), -EPERM);
	assert_string_equal(e.text, "must be 3");
	e = (struct err){0};
	errno = EROFS;
	assert_int_equal(err_errno(&e, "write '%s'", "f"), -EROFS);
	assert_string_equal(e.text, "write 'f': Read-only file system (EROFS)");
	assert_string_equal(errno_name(4095), "E?");
}

static void numbers_are_strict(void **state)
{
	static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "1x", "0x", "18446744073709551616", "-1", "1e3"};
	uint64_t u;
	int64_t i;

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(bad); k++)
		assert_true(parse_u64(bad[k], 10, &u) < 0);
	assert_int_equal(parse_u64("18446744073709551615", 10, &u), 0);
	assert_true(u == UINT64_MAX);
	assert_int_equal(parse_u64("0x1f", 0, &u), 0);
	assert_int_equal(u, 31);
	assert_int_equal(parse_i64("-9223372036854775808", 10, &i), 0);
	assert_true(i == INT64_MIN);
	assert_int_equal(parse_i64("-9223372036854775809", 10, &i), -ERANGE);
	assert_int_equal(parse_i64("9223372036854775808", 10, &i), -ERANGE);
	assert_int_equal(parse_i64("--1", 10, &i), -EINVAL);
}

/* As the kernel's memparse(). */
static void sizes_have_units(void **state)
{
	static const struct {
		const char *text;
		int base, result;
		uint64_t value;
	} rows[] = {
	    {"0", 10, 0, 0},
	    {"4096", 10, 0, 4096},
	    {"4k", 10, 0, 4096},
	    {"4K", 0, 0, 4096},
	    {"0x10k", 0, 0, 16384},
	    {"010", 0, 0, 8},
	    {"010", 10, 0, 10},
	    {"3m", 10, 0, 3145728},
	    {"15E", 10, 0, UINT64_C(15) << 60},
	    {"16E", 10, -ERANGE},
	    {"18446744073709551616", 10, -ERANGE},
	    {"0x10k", 10, -EINVAL},
	    {"", 10, -EINVAL},
	    {"k", 10, -EINVAL},
	    {"-1", 10, -EINVAL},
	    {"+1", 10, -EINVAL},
	    {" 1", 10, -EINVAL},
	    {"1 ", 10, -EINVAL},
	    {"64Q", 10, -EINVAL},
	    {"64MB", 10, -EINVAL},
	    {"max", 10, -EINVAL},
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
		uint64_t v = 0;

		if (parse_size(rows[k].text, rows[k].base, &v) != rows[k].result || v != rows[k].value)
			fail_msg("'%s' in base %d", rows[k].text, rows[k].base);
	}
}

static void words_are_whole(void **state)
{
	(void)state;
	assert_true(str_has_word("cpu io memory\n", "cpu"));
	assert_true(str_has_word("cpu io memory\n", "io"));
	assert_true(str_has_word("cpu io memory\n", "memory"));
	assert_true(str_has_word("cpuset cpu", "cpu"));
	assert_false(str_has_word("cpuset io", "cpu"));
	assert_false(str_has_word("xcpu io", "cpu"));
	assert_false(str_has_word("cpu io", "cpu io"));
	assert_false(str_has_word("cpu  io ", ""));
	assert_false(str_has_word("cpu", NULL));
	assert_false(str_has_word("", "cpu"));
}

static void json_is_escaped(void **state)
{
	AUTO_BUF out = {0};
	struct jsonw w = {.out = &out};

	(void)state;
	jw_object(&w, NULL);
	jw_str(&w, "a\"b", "\x01\n\t\\\x7f");
	jw_strn(&w, "nul", "x\0y", 3);
	jw_str(&w, "bad", "\xff\xc0\x80\xed\xa0\x80\xf5");
	jw_str(&w, "good", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	jw_str(&w, "null", NULL);
	jw_array(&w, "list");
	jw_int(&w, NULL, -5);
	jw_uint(&w, NULL, UINT64_MAX);
	jw_bool(&w, NULL, true);
	jw_array_end(&w);
	jw_array(&w, "empty");
	jw_array_end(&w);
	jw_object_end(&w);
	assert_string_equal(out.data,
			    "{\"a\\\"b\":\"\\u0001\\n\\t\\\\\\u007f\",\"nul\":\"x\\u0000y\",\"bad\":\""
			    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
			    "\",\"good\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\",\"null\":null,\"list\":[-5,"
			    "18446744073709551615,true],\"empty\":[]}");
}

static void json_is_indented(void **state)
{
	AUTO_BUF out = {0};
	struct jsonw w = {.out = &out, .indent = 2};

	(void)state;
	jw_object(&w, NULL);
	jw_object(&w, "o");
	jw_object_end(&w);
	jw_array(&w, "l");
	jw_int(&w, NULL, 1);
	jw_int(&w, NULL, 2);
	jw_array_end(&w);
	jw_object_end(&w);
	assert_string_equal(out.data, "{\n  \"o\": {},\n  \"l\": [\n    1,\n    2\n  ]\n}");
}

static void blobs_are_read_with_care(void **state)
{
	char *words[] = {(char *)"one", (char *)"", NULL};
	struct strv list = {words, 2}, got;
	struct arena a = {0};
	AUTO_BUF out = {0};

	(void)state;
	blob_put_u32(&out, 7);
	blob_put_str(&out, NULL);
	blob_put_str(&out, "text");
	blob_put_strv(&out, &list);
	blob_put_u64(&out, UINT64_MAX);
	for (size_t len = 0; len <= out.len; len++) {
		struct blob b = {.p = (unsigned char *)out.data, .end = (unsigned char *)out.data + len, .arena = &a};

		blob_get_u32(&b);
		assert_null(blob_get_str(&b));
		blob_get_str(&b);
		blob_get_strv(&b, &got);
		blob_get_u64(&b);
		assert_int_equal(b.bad, len < out.len);
	}
	assert_int_equal(got.n, 2);
	assert_string_equal(got.v[0], "one");
	assert_string_equal(got.v[1], "");
	assert_null(got.v[2]);
	arena_free(&a);
}

static void signals_have_names(void **state)
{
	static const struct {
		const char *name;
		int sig;
	} t[] = {{"TERM", 15},        {"SIGTERM", 15},     {"sigkill", 9},  {"9", 9},         {"64", 64},
		 {"RTMIN", 34},       {"SIGRTMIN+3", 37},  {"RTMAX-1", 63}, {"IOT", 6},       {"0", -EINVAL},
		 {"65", -EINVAL},     {"-9", -EINVAL},     {"", -EINVAL},   {"SIG", -EINVAL}, {"9x", -EINVAL},
		 {"RTMIN+", -EINVAL}, {"RTMIN-1", -EINVAL}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(signal_parse(t[i].name), t[i].sig);
	for (int sig = 1; sig <= 64; sig++)
		if (sig != 32 && sig != 33)
			assert_int_equal(signal_parse(signal_name(sig)), sig);
}

static void paths_are_cleaned(void **state)
{
	static const char *const t[][2] = {{"/a/./b/../c//", "/a/c"}, {"", "/"},
					   {"x/y", "/x/y"},           {"/../..", "/"},
					   {"/a/../../b", "/b"},      {"/..a/b.", "/..a/b."}};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_string_equal(path_clean(&a, t[i][0]), t[i][1]);
	assert_true(path_is_below("/proc/sys", "/proc") && path_is_below("/proc", "/proc") && path_is_below("/x", "/"));
	assert_false(path_is_below("/process", "/proc"));
	arena_free(&a);
}

static void sets_of_numbers(void **state)
{
	static const char *const good[][2] = {{"0-3,7", "0-3,7"}, {" 5 , 5,", "5"},     {"3,1,2", "1-3"},
					      {"63-64", "63-64"}, {"1 - 2,9", "1-2,9"}, {"0", "0"},
					      {"65535", "65535"}};
	static const char *const bad[] = {"",      ",", "-",   "3-1",   "1-",  "-1",
					  "1-2-3", "x", "0x1", "65536", "1 2", "99999999999999999999"};
	struct arena a = {0};
	struct bits b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(bits_parse(good[i][0], &a, &b, NULL), 0);
		assert_string_equal(bits_list(&b, &a), good[i][1]);
	}
	assert_true(bits_parse("0-3,70", &a, &b, NULL) == 0 && b.n == 70 / (8 * sizeof(long)) + 1);
	assert_true(bits_has(&b, 70) && bits_has(&b, 3) && !bits_has(&b, 4) && !bits_has(&b, 70000));
	assert_int_equal(bits_count(&b), 5);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = {0};

		assert_true(bits_parse(bad[i], &a, &b, &e) < 0 && e.text[0]);
		assert_true(!b.v && bits_list(&b, &a)[0] == '\0');
	}
	arena_free(&a);
}

static void times_are_rfc3339(void **state)
{
	char t[NOW_UTC_SIZE];

	(void)state;
	assert_int_equal(strlen(now_utc(t, 0)), strlen("2026-01-02T03:04:05Z"));
	assert_int_equal(strlen(now_utc(t, 9)), strlen("2026-01-02T03:04:05.123456789Z"));
	assert_true(t[10] == 'T' && t[19] == '.' && t[29] == 'Z');
}

/* The vectors of FIPS 180-4, and pieces of all sizes. */
static void sha256(void **state)
{
	static const struct {
		const char *text, *sum;
	} known[] = {
	    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstn"
	     "opqrstu",
	     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
	};
	char got[SHA256_HEX], text[300];
	struct sha256 s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		sha256_init(&s);
		sha256_add(&s, known[i].text, strlen(known[i].text));
		sha256_hex(&s, got);
		assert_string_equal(got, known[i].sum);
	}
	memset(text, 'a', sizeof(text));
	sha256_init(&s);
	for (size_t n = 0, left = 1000000, step; left; left -= step, n++) {
		step = n % sizeof(text) < left ? n % sizeof(text) : left;
		sha256_add(&s, text, step);
	}
	sha256_hex(&s, got);
	assert_string_equal(got, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sha256),
	    cmocka_unit_test(errors_name_the_place),
	    cmocka_unit_test(numbers_are_strict),
	    cmocka_unit_test(json_is_escaped),
	    cmocka_unit_test(json_is_indented),
	    cmocka_unit_test(blobs_are_read_with_care),
	    cmocka_unit_test(signals_have_names),
	    cmocka_unit_test(paths_are_cleaned),
	    cmocka_unit_test(times_are_rfc3339),
	    cmocka_unit_test(sets_of_numbers),
	    cmocka_unit_test(sizes_have_units),
	    cmocka_unit_test(words_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
