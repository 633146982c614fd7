/* SPDX-License-Identifier: Apache-2.0 */
/* The life table as data: what holds for every row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "runtime/life_steps.h"

static void names_are_unique_and_short(void **state)
{
	(void)state;
	for (int i = 0; i < life_rows; i++) {
		assert_int_equal(life_row(life[i].name), i);
		assert_true(strlen(life[i].name) < sizeof(((struct err *)0)->step));
	}
	assert_int_equal(life_row("no.such.row"), -1);
	assert_true(life_rows <= 45);
}

/* The helper reports rows as an index from wait.start on: its own table must be this one's. */
static void the_helpers_rows_are_its_own(void **state)
{
	int first = life_row("wait.start");

	(void)state;
	assert_true(first > 0 && first + jail_n_steps <= life_rows);
	for (int i = 0; i < jail_n_steps; i++) {
		assert_string_equal(life[first + i].name, jail_steps[i].name);
		assert_int_equal(life[first + i].role, jail_steps[i].role == 'C' ? 'W' : 'J');
		assert_null(life[first + i].run);
	}
	assert_int_equal(life[first + jail_n_steps].role, 'P');
}

static void rows_of_both_sides_have_code(void **state)
{
	int first = life_row("wait.start");

	(void)state;
	for (int i = 0; i < life_rows; i++)
		if (i < first || i >= first + jail_n_steps)
			assert_non_null(life[i].run);
	/* What holds something of the host beyond our own death must be undone. */
	assert_non_null(life[life_row("state.reserve")].undo);
	assert_non_null(life[life_row("cgroup.create")].undo);
	assert_non_null(life[life_row("clone")].undo);
	assert_non_null(life[life_row("state.created")].undo);
}

static void the_child_comes_after_its_clone(void **state)
{
	int clone_row = life_row("clone");

	(void)state;
	for (int i = 0; i < life_rows; i++)
		if (life[i].role != 'P')
			assert_true(i > clone_row);
	/* Nothing of the child could be undone for a row that it waited for without knowing. */
	for (int i = 0; i < life_rows; i++)
		if (life[i].beside)
			assert_true(life[i].role == 'P' && i > clone_row && i < life_row("wait.start"));
	assert_true(life_row("rootfs.pivot") > life_row("hooks.createContainer"));
	assert_true(life_row("masks") > life_row("rootfs.pivot"));
	assert_true(life_row("state.created") > life_row("jail.enter"));
}

static void rows_are_chosen_by_name(void **state)
{
	struct err e = {0};
	struct life l;

	(void)state;
	life_init(&l);
	assert_int_equal(life_set_fail(&l, "mounts", &e), 0);
	assert_int_equal(l.fail_row, life_row("mounts"));
	assert_false(l.fail_after);
	assert_int_equal(life_set_fail(&l, "+exec", &e), 0);
	assert_int_equal(l.fail_row, life_row("exec"));
	assert_true(l.fail_after);
	assert_int_equal(life_set_fail(&l, "nothing", &e), -EINVAL);
	assert_non_null(strstr(e.text, "--fail-step"));
	e = (struct err){0};
	assert_int_equal(life_set_die(&l, "clone", &e), 0);
	assert_int_equal(l.die_row, life_row("clone"));
	assert_int_equal(life_set_die(&l, "+clone", &e), -EINVAL);
	life_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_unique_and_short),   cmocka_unit_test(the_helpers_rows_are_its_own),
	    cmocka_unit_test(rows_of_both_sides_have_code), cmocka_unit_test(the_child_comes_after_its_clone),
	    cmocka_unit_test(rows_are_chosen_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
