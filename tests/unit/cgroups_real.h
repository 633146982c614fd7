/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests with real cgroups of this host: a sub-tree of the program's own, of which nothing may be left. */
#ifndef TESTS_UNIT_CGROUPS_REAL_H
#define TESTS_UNIT_CGROUPS_REAL_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cgroups/cgroups.h"

static struct arena arena;
static struct cg_facts facts;
static const char *why_not; /* reason to skip, or NULL */
static char top[64];        /* "/jailrun-unit-PID": this test's own sub-tree */

static inline int setup(void **state)
{
	struct err e = {0};
	char path[256];

	(void)state;
	snprintf(top, sizeof(top), "/jailrun-unit-%d", (int)getpid());
	if (cg_probe(&arena, &facts, &e) < 0) {
		why_not = "the probe failed";
		return 0;
	}
	if (facts.layout == CG_NONE)
		why_not = "no cgroup v2 tree";
	else if (!facts.privileged)
		why_not = "no privileges";
	else {
		snprintf(path, sizeof(path), "%s%s-try", facts.mount, top);
		if (mkdir(path, 0755) < 0)
			why_not = "the cgroup v2 tree is not writable";
		else
			rmdir(path);
	}
	if (why_not && getenv("JAILRUN_MUST_WORK")) {
		fprintf(stderr, "must work: %s %s\n", why_not, e.text);
		return -1;
	}
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

#define NEED_CGROUPS()                                                                                                 \
	do {                                                                                                           \
		(void)state;                                                                                           \
		if (why_not) {                                                                                         \
			print_message("skip: %s\n", why_not);                                                          \
			skip();                                                                                        \
		}                                                                                                      \
	} while (0)

static inline bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static inline void create(const struct cg_plan *p, struct cg_run *r)
{
	struct err e = {0};

	if (cg_create(p, r, &e) < 0)
		fail_msg("create: %s", e.text);
	assert_true(r->dir_fd >= 0);
}

/* The whole sub-tree of this test, which must be empty by now. */
static inline void nothing_left(void)
{
	char *path = arena_printf(&arena, "%s%s", facts.mount, top);

	if (exists(path) && rmdir(path) < 0)
		fail_msg("%s is left: %s", path, strerror(errno));
}

static inline int reap(pid_t pid)
{
	int status = -1;

	assert_int_equal(proc_wait(pid, &status, 0), pid);
	return status;
}

#endif
