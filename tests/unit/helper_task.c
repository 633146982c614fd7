/* SPDX-License-Identifier: Apache-2.0 */
/* The tracer's records: what is counted and reserved, whoever dies when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "jail/helper/engines/trace/task.h"

static void counts_are(int64_t processes, int64_t threads, int64_t of_processes, int64_t of_threads)
{
	assert_int_equal(task_counts.processes, processes);
	assert_int_equal(task_counts.threads, threads);
	assert_int_equal(task_counts.reserved[SLOT_PROCESS], of_processes);
	assert_int_equal(task_counts.reserved[SLOT_THREAD], of_threads);
}

static int empty(void **state)
{
	size_t i = 0;

	(void)state;
	for (const struct task *t; (t = task_next(&i)); i = 0)
		task_remove(t->tid);
	task_settle_orphans(task_counts.orphans);
	counts_are(0, 0, 0, 0);
	return 0;
}

/* Many, with tids that fall on each other's places; each is found, and none that was removed. */
static void many(void **state)
{
	(void)state;
	for (pid_t tid = 1; tid <= 5000; tid++)
		assert_non_null(task_add(tid, tid % 3 ? tid : tid - 1));
	counts_are(3334, 1666, 0, 0);
	assert_ptr_equal(task_add(7, 7), task_find(7)); /* a second time is the first */
	for (pid_t tid = 1; tid <= 5000; tid += 2)
		task_remove(tid);
	task_remove(1);
	for (pid_t tid = 1; tid <= 5000; tid++)
		assert_int_equal(task_find(tid) != NULL, tid % 2 == 0);
	assert_int_equal(task_number(), 2500);
}

/* A maker that is killed in the middle of a fork: the place stays taken until somebody has looked. */
static void killed_in_fork(void **state)
{
	(void)state;
	task_reserve(task_add(10, 10), SLOT_PROCESS);
	counts_are(1, 0, 1, 0);
	task_remove(10);
	counts_are(0, 0, 1, 0);
	assert_int_equal(task_counts.orphans, 1);
	task_add(11, 11); /* the child that was found */
	task_settle_orphans(1);
	counts_are(1, 0, 0, 0);
	task_reserve(task_find(11), SLOT_PROCESS); /* control: a fork that came to nothing */
	task_unreserve(task_find(11));
	counts_are(1, 0, 0, 0);
}

/* A thread that is killed while it makes another: both are gone with their process, or when it executes. */
static void killed_in_clone(void **state)
{
	(void)state;
	task_add(20, 20);
	task_reserve(task_add(21, 20), SLOT_THREAD);
	task_remove(21);
	counts_are(1, 0, 0, 1);
	task_settle_lost(task_find(20));
	counts_are(1, 0, 0, 0);
	task_reserve(task_add(22, 20), SLOT_THREAD);
	task_remove(22);
	task_remove(20);
	counts_are(0, 0, 0, 0);
	task_reserve(task_add(23, 23), SLOT_THREAD); /* the leader itself: nothing of its process is left */
	task_remove(23);
	counts_are(0, 0, 0, 0);
}

static void protected_ones(void **state)
{
	struct task *t = task_add(30, 30);

	(void)state;
	task_protect(t, 1);
	task_protect(t, 3);
	assert_int_equal(task_counts.protected_, 1);
	task_remove(30);
	assert_int_equal(task_counts.protected_, 0);
}

/* Removed while all are gone over: nobody is left out. */
static void removal_on_the_way(void **state)
{
	size_t i = 0, seen = 0;

	(void)state;
	for (pid_t tid = 1; tid <= 400; tid++)
		task_add(tid * 7, tid * 7);
	for (const struct task *t; (t = task_next(&i)); seen++) {
		task_remove(t->tid);
		i--;
	}
	assert_int_equal(seen, 400);
	assert_int_equal(task_number(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(many, empty),
	    cmocka_unit_test_teardown(killed_in_fork, empty),
	    cmocka_unit_test_teardown(killed_in_clone, empty),
	    cmocka_unit_test_teardown(protected_ones, empty),
	    cmocka_unit_test_teardown(removal_on_the_way, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
