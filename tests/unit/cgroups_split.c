/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of the plan: the two cgroups of a jail, there and back, and weights. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cgroups/cgroups.h"
#include "cgroups/limits/split.h"
#include "cgroups/limits/weight.h"

static char *all[] = {"cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma", "misc", NULL};
static char *few[] = {"hugetlb", NULL};

static const struct cg_facts unified = {CG_UNIFIED, "/sys/fs/cgroup", "/user.slice", {all, 8}, true, true};
static const struct cg_facts hybrid = {CG_HYBRID, "/sys/fs/cgroup/unified", "/", {few, 1}, true, true};
static const struct cg_facts bare = {CG_UNIFIED, "/sys/fs/cgroup", "/", {few, 1}, true, true};
static const struct cg_facts user = {CG_UNIFIED, "/sys/fs/cgroup", "/user.slice", {all, 8}, false, false};

static struct spec_hugepage huge_pages[] = {{(char *)"2MB", 4194304}, {(char *)"1GB", 0}};

#define I64(x)                                                                                                         \
	{                                                                                                              \
		true, (x)                                                                                              \
	}

/* Where the helper has a cgroup of its own: which file goes where, with which value. */
static void test_split(void **state)
{
	static char k512[] = "512K", high[] = "memory.high", pids[] = "pids.max", seven[] = "7", misc[] = "misc.max",
		    res[] = "res_a 3";
	struct spec_pair more[] = {{high, k512}, {pids, seven}, {misc, res}, {(char *)"cgroup.max.depth", (char *)"3"}};
	struct spec_config c = {.linux_.resources = {.set = true,
						     .memory = {.set = true,
								.limit = I64(524288),
								.swap = I64(524288),
								.reservation = I64(4096),
								.check_before_update = {true, true}},
						     .cpu = {.set = true, .shares = I64(2), .cpus = (char *)"0-1"},
						     .pids_limit = I64(-1),
						     .hugepages = huge_pages + 1,
						     .n_hugepages = 1,
						     .unified = {more, ARRAY_LEN(more)}}};
	static const char *const want[] = {
	    "memory.max 8912896 524288", "memory.swap.max 0 0", "memory.low 4096 4096", "cpu.weight 1 1",
	    "cpuset.cpus 0-1 0-1",       "pids.max max max",    "hugetlb.1GB.max 0 -",  "hugetlb.1GB.rsvd.max 0 -",
	    "memory.high 8912896 512K",  "pids.max 71 7",       "misc.max res_a 3 -",   "cgroup.max.depth - 3",
	};
	const struct cg_facts one = {CG_UNIFIED, "/sys/fs/cgroup", "/", {all, 8}, true, false, .uid = 1000};
	struct arena a = {0};
	struct cg_plan p;
	struct err e = {0};

	(void)state;
	assert_int_equal(cg_plan(&c, &unified, CG_CGROUPFS, "c1", false, &a, &p, &e), 0);
	assert_null(p.box);
	assert_int_equal(cg_plan_split(&unified, 0, &p, &a, &e), 0);
	assert_string_equal(p.box, "/sys/fs/cgroup/jailrun/c1/box");
	assert_int_equal(p.n_writes, ARRAY_LEN(want));
	for (size_t i = 0; i < p.n_writes; i++) {
		const struct cg_write *w = &p.writes[i];
		char text[200];

		snprintf(text, sizeof(text), "%s %s %s", w->file, w->in_box ? "-" : w->value,
			 w->in_box ? w->value
			 : w->box  ? w->box
				   : "-");
		assert_string_equal(text, want[i]);
	}
	assert_false(p.root.set);
	/* A helper that is somebody else makes the workload in the box by a right that root alone can give. */
	assert_int_equal(cg_plan(&c, &unified, CG_CGROUPFS, "c1", false, &a, &p, &e), 0);
	assert_int_equal(cg_plan_split(&unified, 100000, &p, &a, &e), 0);
	assert_true(p.box && p.root.set && p.root.v == 100000);
	assert_int_equal(cg_plan(&c, &one, CG_CGROUPFS, "c1", true, &a, &p, &e), 0);
	assert_int_equal(cg_plan_split(&one, 100000, &p, &a, &e), 0);
	assert_null(p.box);
	assert_string_equal(p.writes[0].value, "524288");
	assert_int_equal(cg_plan_split(&one, 1000, &p, &a, &e), 0);
	assert_true(p.box && !p.root.set);
	/* Where no controller could reach the helper, and where there is no cgroup, all stays as it was. */
	c.linux_.resources = (struct spec_resources){0};
	for (size_t i = 0; i < 3; i++) {
		const struct cg_facts *const facts[] = {&hybrid, &bare, &user};

		assert_int_equal(cg_plan(&c, facts[i], CG_CGROUPFS, "c1", false, &a, &p, &e), 0);
		assert_int_equal(cg_plan_split(facts[i], 0, &p, &a, &e), 0);
		assert_null(p.box);
	}
	arena_free(&a);
}

/* There and back: what the workload's cgroup gets is read from the container's. */
static void test_share(void **state)
{
	static const struct {
		const char *file, *asked, *outer, *back;
	} rows[] = {
	    {"memory.max", "4096", "8392704", "4096"},
	    {"memory.max", "0x10k", "8404992", "16384"},
	    {"memory.max", "3G", "3229614080", "3221225472"},
	    {"memory.max", "max", "max", "max"},
	    {"memory.max", "nonsense", "nonsense", "nonsense"},
	    {"memory.max", "-5", "-5", "-5"},
	    {"memory.max", "16E", "16E", "16E"},
	    {"memory.max", "9223372036854775807", "9223372036854775807", "9223372036846387199"},
	    {"memory.max", "4096", "8392704", "4096"},
	    {"pids.max", "1", "65", "1"},
	    {"pids.max", "max", "max", "max"},
	    {"cpu.max", "20000 100000", "120000 100000", "20000 100000"},
	    {"cpu.max", "70000", "170000 100000", "70000 100000"},
	    {"cpu.max", "max 50000", "max 50000", "max 50000"},
	    {"cpu.max.burst", "70000", "70000", "70000"},
	    {"memory.low", "77", "77", "77"},
	    {"io.max", "77", "77", "77"},
	};
	char buf[CG_VALUE_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = {0};
		const char *outer = cg_with_share(rows[i].file, rows[i].asked, &a);

		assert_string_equal(outer, rows[i].outer);
		assert_string_equal(cg_without_share(rows[i].file, outer, buf), rows[i].back);
		arena_free(&a);
	}
	/* Less than the share was written by somebody else: it is taken as it is. */
	assert_string_equal(cg_without_share("pids.max", "64", buf), "64");
	assert_string_equal(cg_without_share("cpu.max", "50000 100000", buf), "50000 100000");
}

/* All shares there are, against libm's logarithm and power; the values that runc's and crun's tests and reports name. */
static void test_weight(void **state)
{
	static const struct {
		uint64_t shares, weight;
	} known[] = {{1, 1}, {2, 1}, {1000, 99}, {1024, 100}, {2000, 170}, {262144, 10000}, {UINT64_MAX, 10000}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		assert_int_equal(cg_weight_of_shares(known[i].shares), known[i].weight);
	for (uint64_t s = 3; s < 262144; s++) {
		double l = log2((double)s), x = pow(10, (l * l + 125 * l) / 612 - 7.0 / 34);

		if (s != 1024 && fabs(x - round(x)) < 1e-8)
			fail_msg("%d: nearer to a whole number than the conversion thinks", (int)s);
		if (cg_weight_of_shares(s) != (uint64_t)ceil(x))
			fail_msg("%d shares: weight %d, want %f", (int)s, (int)cg_weight_of_shares(s), ceil(x));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_split),
	    cmocka_unit_test(test_share),
	    cmocka_unit_test(test_weight),
	};

	return cmocka_run_group_tests_name("cgroups: two of them, shares and weights", tests, NULL, NULL);
}
