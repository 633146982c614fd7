/* SPDX-License-Identifier: Apache-2.0 */
/* The tracer's verdicts, from facts alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>

#include "jail/helper/engines/trace/verdict.h"

static struct jail_plan two(bool second_kills)
{
	struct jail_plan p = {.n_policies = 2};

	for (int i = 0; i < 2; i++)
		p.policies[i] = (struct jail_policy){.max_processes = -1, .max_threads = -1};
	p.policies[1].response[POLICY_SIGNALS].violation = second_kills ? POLICY_KILL : POLICY_ERRNO;
	return p;
}

/* The least of the limits counts, with what is reserved; processes and threads apart. */
static void room(void **state)
{
	struct jail_plan p = two(false);
	struct task_counts c = {.processes = 3, .threads = 9};

	(void)state;
	assert_int_equal(verdict_room(&p, &c, SLOT_PROCESS), -1); /* no limit */
	p.policies[0].max_processes = 5;
	p.policies[1].max_processes = 4;
	assert_int_equal(verdict_room(&p, &c, SLOT_PROCESS), -1);
	assert_int_equal(verdict_room(&p, &c, SLOT_THREAD), -1);
	c.reserved[SLOT_PROCESS] = 1;
	assert_int_equal(verdict_room(&p, &c, SLOT_PROCESS), 1);
	c.reserved[SLOT_PROCESS] = 0;
	c.reserved[SLOT_THREAD] = 1;
	assert_int_equal(verdict_room(&p, &c, SLOT_PROCESS), -1);
	p.policies[0].max_threads = 10;
	assert_int_equal(verdict_room(&p, &c, SLOT_THREAD), 0);
	p.policies[0].max_threads = 0;
	c = (struct task_counts){.processes = 1};
	assert_int_equal(verdict_room(&p, &c, SLOT_THREAD), 0);
}

static int target(const struct jail_plan *p, int means, unsigned int policies, uint32_t *by)
{
	struct target_facts f = {.means = means, .policies = policies};

	*by = 99;
	return verdict_target(p, &f, by);
}

static void targets(void **state)
{
	struct jail_plan same = two(false), kills = two(true);
	uint32_t by;

	(void)state;
	assert_int_equal(target(&same, MEANS_SOMEBODY, 0, &by), 0);
	assert_int_equal(target(&same, MEANS_SOMEBODY, 3, &by), 0); /* the caller itself, be it protected or not */
	assert_int_equal(target(&same, MEANS_NOBODY, 0, &by), ESRCH);
	assert_int_equal(target(&same, MEANS_PROTECTED, 0, &by), 0);
	assert_int_equal(target(&same, MEANS_PROTECTED, 2, &by), EPERM);
	assert_int_equal(by, 1);
	assert_int_equal(target(&same, MEANS_PROTECTED, 3, &by), EPERM);
	assert_int_equal(by, 0); /* of two that are as strict, the first */
	assert_int_equal(target(&kills, MEANS_PROTECTED, 3, &by), EPERM);
	assert_int_equal(by, 1); /* the one that kills */
	assert_int_equal(target(&kills, MEANS_PROTECTED, 1, &by), EPERM);
	assert_int_equal(by, 0); /* which does not protect it */
	assert_int_equal(target(&kills, MEANS_UNKNOWN, 0, &by), EPERM);
	assert_int_equal(by, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(room), cmocka_unit_test(targets)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
