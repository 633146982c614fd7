/* SPDX-License-Identifier: Apache-2.0 */
/* The life table as data: what holds for every row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "runtime/life/steps.h"

static struct life l;

static int row(const char *name)
{
	return life_row(&l, name);
}

static int begin(void **state)
{
	(void)state;
	life_init(&l, &life_of_container);
	return 0;
}

static void names_are_unique_and_short(void **state)
{
	(void)state;
	for (int i = 0; i < l.table->n; i++) {
		assert_int_equal(row(l.table->rows[i].name), i);
		assert_true(strlen(l.table->rows[i].name) < sizeof(((struct err *)0)->step));
	}
	assert_int_equal(row("no.such.row"), -1);
	assert_true(l.table->n <= LIFE_MAX_ROWS);
}

/* The helper reports its rows by their names: the life's are those, in the helper's order, and have no code here. */
static void the_helpers_rows_are_its_own(void **state)
{
	int before = -1;

	(void)state;
	for (int i = 0; i < jail_n_steps; i++) {
		int k = row(jail_steps[i].name);

		if (k < 0)
			continue;
		assert_true(k > before);
		before = k;
		assert_int_equal(l.table->rows[k].role, jail_steps[i].role == 'C' ? 'W' : 'J');
		assert_null(l.table->rows[k].run);
	}
	for (int k = 0; k < l.table->n; k++) {
		bool helpers = strchr("JW", l.table->rows[k].role);

		assert_int_equal(!l.table->rows[k].run, helpers);
	}
	assert_true(before > 0);
}

static void what_is_held_is_undone(void **state)
{
	(void)state;
	assert_non_null(l.table->rows[row("state.reserve")].undo);
	assert_non_null(l.table->rows[row("cgroup.create")].undo);
	assert_non_null(l.table->rows[row("clone")].undo);
	assert_non_null(l.table->rows[row("state.created")].undo);
}

static void the_child_comes_after_its_clone(void **state)
{
	int clone_row = row("clone");

	(void)state;
	for (int i = 0; i < l.table->n; i++)
		if (l.table->rows[i].role != 'P')
			assert_true(i > clone_row);
	/* Nothing of the child could be undone for a row that it waited for without knowing. */
	for (int i = 0; i < l.table->n; i++)
		if (l.table->rows[i].beside)
			assert_true(l.table->rows[i].role == 'P' && i > clone_row && i < row("wait.start"));
	assert_true(row("rootfs.pivot") > row("hooks.createContainer"));
	assert_true(row("masks") > row("rootfs.pivot"));
	assert_true(row("state.created") > row("jail.enter"));
}

static void rows_are_chosen_by_name(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(life_set_fail(&l, "mounts", &e), 0);
	assert_int_equal(l.fail_row, row("mounts"));
	assert_false(l.fail_after);
	assert_int_equal(life_set_fail(&l, "+exec", &e), 0);
	assert_int_equal(l.fail_row, row("exec"));
	assert_true(l.fail_after);
	assert_int_equal(life_set_fail(&l, "nothing", &e), -EINVAL);
	assert_non_null(strstr(e.text, "--fail-step"));
	e = (struct err){0};
	assert_int_equal(life_set_die(&l, "clone", &e), 0);
	assert_int_equal(l.die_row, row("clone"));
	assert_int_equal(life_set_die(&l, "+clone", &e), -EINVAL);
	life_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(names_are_unique_and_short, begin),
	    cmocka_unit_test_setup(the_helpers_rows_are_its_own, begin),
	    cmocka_unit_test_setup(what_is_held_is_undone, begin),
	    cmocka_unit_test_setup(the_child_comes_after_its_clone, begin),
	    cmocka_unit_test_setup(rows_are_chosen_by_name, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
