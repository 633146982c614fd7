/* SPDX-License-Identifier: Apache-2.0 */
/* A program that was built --without-yaml says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spec/import/yaml.c" /* NOLINT(bugprone-suspicious-include): the other way to build it */

static void without(void **state)
{
	struct arena a = {0};
	AUTO_BUF out = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(yaml_to_json("a: 1", 4, &a, &out, &e), -ENOTSUP);
	assert_non_null(strstr(e.text, "configure --with-yaml"));
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(without)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
