/* SPDX-License-Identifier: Apache-2.0 */
/* linux.intelRdt against a tree that looks like resctrl: mkdir, rmdir and file_write are ours, and do what the kernel
 * does there. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "cgroups/cgroups.h"

static char root[] = "/tmp/cgroups_resctrl.XXXXXX";
static struct arena arena;
static struct buf calls; /* what was made, removed and written, below root */
static int groups_left;  /* that the processor has */

int __real_mkdir(const char *path, mode_t mode);
int __real_rmdir(const char *path);
int __real_file_write(int dirfd, const char *path, const char *data, struct err *e);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_rmdir(const char *path);
int __wrap_file_write(int dirfd, const char *path, const char *data, struct err *e);

static const char *below(const char *path)
{
	return path + strlen(root);
}

static char *in_root(const char *path)
{
	return arena_printf(&arena, "%s%s", root, path);
}

static void put(const char *dir, const char *name, const char *text)
{
	char *path = arena_printf(&arena, "%s/%s", dir, name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static const char *get(const char *path)
{
	AUTO_FREE char *text = NULL;
	struct err e = {0};

	assert_int_equal(file_read(AT_FDCWD, in_root(path), 4096, &text, NULL, &e), 0);
	return arena_strdup(&arena, text);
}

static bool is_monitor(const char *path)
{
	return strstr(path, "/mon_groups/") != NULL;
}

int __wrap_mkdir(const char *path, mode_t mode)
{
	if (access(path, F_OK) < 0 && !groups_left) {
		put(root, "info/last_cmd_status", "Out of CLOSIDs\n");
		errno = ENOSPC;
		return -1;
	}
	if (__real_mkdir(path, mode) < 0)
		return -1;
	groups_left--;
	buf_printf(&calls, "+%s ", below(path));
	put(path, "tasks", "");
	if (!is_monitor(path)) {
		put(path, "schemata", "    L3:0=7ff;1=7ff\n    MB:0=100;1=100\n");
		__real_mkdir(arena_printf(&arena, "%s/mon_groups", path), 0755);
	}
	return 0;
}

int __wrap_rmdir(const char *path)
{
	static const char *const files[] = {"tasks", "schemata"};

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		unlink(arena_printf(&arena, "%s/%s", path, files[i]));
	if (!is_monitor(path))
		__real_rmdir(arena_printf(&arena, "%s/mon_groups", path));
	if (__real_rmdir(path) < 0)
		return -1;
	buf_printf(&calls, "-%s ", below(path));
	return 0;
}

int __wrap_file_write(int dirfd, const char *path, const char *data, struct err *e)
{
	if (strstr(data, "bad")) {
		put(root, "info/last_cmd_status", "Unknown or unsupported resource name\n");
		return err_set(e, EINVAL, "refused");
	}
	buf_printf(&calls, "%s=%s ", below(path), data);
	return __real_file_write(dirfd, path, data, e);
}

static int setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(root));
	assert_int_equal(__real_mkdir(in_root("/info"), 0755), 0);
	put(root, "info/last_cmd_status", "ok\n");
	put(root, "schemata", "    L3:0=7ff;1=7ff\n");
	put(root, "tasks", "");
	return __real_mkdir(in_root("/mon_groups"), 0755);
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	buf_free(&calls);
	return system(arena_printf(&arena, "rm -rf %s", root)) != 0;
}

/* A new case: nothing written yet, groups to be had. */
static struct spec_linux begin(void)
{
	buf_free(&calls);
	calls = (struct buf){0};
	buf_str(&calls, "");
	groups_left = 10;
	put(root, "info/last_cmd_status", "ok\n");
	return (struct spec_linux){.set = true, .intel_rdt = {.set = true}};
}

static int plan(const struct spec_linux *l, struct cg_rdt_plan *p, struct err *e)
{
	const char *clos = l->intel_rdt.clos_id;
	struct cg_rdt_facts f = {root, access(in_root(arena_printf(&arena, "/%s", clos ? clos : "c1")), F_OK) == 0};

	*e = (struct err){0};
	return cg_rdt_plan(l, &f, "c1", &arena, p, e);
}

static int create(const struct spec_linux *l, struct cg_rdt_plan *p, struct cg_rdt_run *r, struct err *e)
{
	int n = plan(l, p, e);

	return n < 0 ? n : cg_rdt_create(p, r, e);
}

static void create_ok(const struct spec_linux *l, struct cg_rdt_plan *p, struct cg_rdt_run *r)
{
	struct err e;

	if (create(l, p, r, &e) < 0)
		fail_msg("%s: %s", e.path, e.text);
}

static void remove_ok(const struct cg_rdt_plan *p)
{
	struct err e = {0};

	assert_int_equal(cg_rdt_remove(p->remove ? p->path : NULL, p->monitor, &e), 0);
}

static bool exists(const char *path)
{
	return access(in_root(path), F_OK) == 0;
}

static void test_not_set(void **state)
{
	struct spec_linux l = {.set = true};
	struct cg_rdt_facts f;
	struct cg_rdt_plan p;
	struct err e = {0};

	(void)state;
	assert_int_equal(cg_rdt_probe(&l, "c1", &arena, &f, &e), 0);
	assert_null(f.mount);
	assert_int_equal(cg_rdt_plan(&l, &f, "c1", &arena, &p, &e), 0);
	assert_null(p.path);
}

static void test_no_resctrl(void **state)
{
	struct spec_linux l = begin();
	struct cg_rdt_facts f = {NULL, false};
	struct cg_rdt_plan p;
	struct err e = {0};

	(void)state;
	assert_int_equal(cg_rdt_plan(&l, &f, "c1", &arena, &p, &e), -ENOTSUP);
	assert_string_equal(e.text,
			    "linux.intelRdt: no resctrl file system is mounted; remove it, or on a processor with RDT: "
			    "mount -t resctrl resctrl /sys/fs/resctrl");
}

/* Without closID: a class by the container's id, which goes with it. */
static void test_own_class(void **state)
{
	struct spec_linux l = begin();
	struct cg_rdt_plan p;
	struct cg_rdt_run r = {0};
	struct err e = {0};

	(void)state;
	create_ok(&l, &p, &r);
	assert_true(r.made && !r.monitored && p.remove);
	assert_int_equal(cg_rdt_enter(p.path, p.monitor, 4711, &e), 0);
	assert_string_equal(calls.data, "+/c1 /c1/tasks=4711 ");
	remove_ok(&p);
	assert_false(exists("/c1"));
	remove_ok(&p); /* gone already */
}

/* The order of writing: l3CacheSchema, memBwSchema, schemata. */
static void test_schemata(void **state)
{
	char *lines[] = {(char *)"L3:0=f;1=f", (char *)"MB:0=30", NULL};
	struct spec_linux l = begin();
	struct cg_rdt_plan p;
	struct cg_rdt_run r = {0};

	(void)state;
	l.intel_rdt.clos_id = (char *)"gold";
	l.intel_rdt.l3_cache_schema = (char *)"L3:0=1";
	l.intel_rdt.mem_bw_schema = (char *)"MB:0=20";
	l.intel_rdt.schemata = (struct strv){lines, 2};
	create_ok(&l, &p, &r);
	assert_string_equal(calls.data, "+/gold /gold/schemata=L3:0=1\n /gold/schemata=MB:0=20\n "
					"/gold/schemata=L3:0=f;1=f\nMB:0=30\n ");
	/* A class with a name outlives the container; a create that fails later takes it along. */
	assert_false(p.remove);
	remove_ok(&p);
	assert_true(exists("/gold"));
	cg_rdt_unmake(&p, &r);
	assert_false(exists("/gold"));
	cg_rdt_unmake(&p, &r);
}

/* A class that is there already must say the same; schemata are written all the same. */
static void test_compare(void **state)
{
	static const struct {
		const char *l3, *mb;
		int want;
	} cases[] = {
	    {"L3:0=7ff;1=7ff", NULL, 0},  {"L3:0=7FF", NULL, 0},
	    {"L3:1=07ff", "MB:1=100", 0}, {"L3:0=7ff;1=7fe", NULL, -EEXIST},
	    {"L3:0=7f", NULL, -EEXIST},   {"L3:2=7ff", NULL, -EEXIST},
	    {"L2:0=7ff", NULL, -EEXIST},  {"L3:0=7ff", "MB:0=10", -EEXIST},
	    {NULL, "MB:0=100", 0},        {"nonsense", NULL, -EEXIST},
	    {"L3:0", NULL, -EEXIST},
	};
	char *lines[] = {(char *)"L3:0=3", NULL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct spec_linux l = begin();
		struct cg_rdt_plan p;
		struct cg_rdt_run r = {0};
		struct err e;
		int n;

		__wrap_mkdir(in_root("/shared"), 0755);
		buf_free(&calls);
		buf_str(&calls, "");
		l.intel_rdt.clos_id = (char *)"shared";
		l.intel_rdt.l3_cache_schema = (char *)cases[i].l3;
		l.intel_rdt.mem_bw_schema = (char *)cases[i].mb;
		l.intel_rdt.schemata = (struct strv){lines, 1};
		n = create(&l, &p, &r, &e);
		if (n != cases[i].want)
			fail_msg("case %zu: %d %s", i, n, e.text);
		assert_string_equal(calls.data, n == 0 ? "/shared/schemata=L3:0=3\n " : "");
		if (n < 0)
			assert_string_equal(e.path, "linux.intelRdt.closID");
		assert_true(!r.made && !p.remove && exists("/shared"));
		__wrap_rmdir(in_root("/shared"));
	}
}

/* Another container made the class between plan and create. */
static void test_quicker(void **state)
{
	struct spec_linux l = begin();
	struct cg_rdt_plan p;
	struct cg_rdt_run r = {0};
	struct err e;

	(void)state;
	l.intel_rdt.clos_id = (char *)"fast";
	l.intel_rdt.l3_cache_schema = (char *)"L3:0=7ff";
	for (int same = 1; same >= 0; same--) {
		assert_int_equal(plan(&l, &p, &e), 0);
		assert_true(p.make);
		__wrap_mkdir(in_root("/fast"), 0755);
		if (!same)
			put(p.path, "schemata", "    L3:0=1;1=7ff\n");
		assert_int_equal(cg_rdt_create(&p, &r, &e), same ? 0 : -EEXIST);
		assert_false(r.made);
		cg_rdt_unmake(&p, &r);
		assert_true(exists("/fast"));
		__wrap_rmdir(in_root("/fast"));
	}
}

/* closID alone: a class that the administrator has made, or an error. */
static void test_closid_alone(void **state)
{
	struct spec_linux l = begin();
	struct cg_rdt_plan p;
	struct cg_rdt_run r = {0};
	struct err e;

	(void)state;
	l.intel_rdt.clos_id = (char *)"admin";
	assert_int_equal(create(&l, &p, &r, &e), -ENOENT);
	assert_string_equal(e.text, arena_printf(&arena,
						 "linux.intelRdt.closID: there is no '%s/admin', and without a schema "
						 "none is made",
						 root));
	__wrap_mkdir(in_root("/admin"), 0755);
	create_ok(&l, &p, &r);
	assert_string_equal(calls.data, "+/admin ");
	assert_true(!r.made && !p.remove);
	__wrap_rmdir(in_root("/admin"));
	l.intel_rdt.clos_id = (char *)"info";
	assert_int_equal(create(&l, &p, &r, &e), -EINVAL);
}

/* "/" is the root of resctrl, the default class. */
static void test_root_class(void **state)
{
	struct spec_linux l = begin();
	struct cg_rdt_plan p;
	struct cg_rdt_run r = {0};
	struct err e = {0};

	(void)state;
	l.intel_rdt.clos_id = (char *)"/";
	l.intel_rdt.enable_monitoring = true;
	create_ok(&l, &p, &r);
	assert_int_equal(cg_rdt_enter(p.path, p.monitor, 12, &e), 0);
	assert_string_equal(calls.data, "+/mon_groups/c1 /tasks=12 /mon_groups/c1/tasks=12 ");
	remove_ok(&p);
	assert_false(exists("/mon_groups/c1"));
	assert_true(exists("/schemata"));
}

static void test_monitoring(void **state)
{
	struct spec_linux l = begin();
	struct cg_rdt_plan p, q;
	struct cg_rdt_run r = {0}, r2;
	struct err e;

	(void)state;
	l.intel_rdt.enable_monitoring = true;
	create_ok(&l, &p, &r);
	assert_string_equal(calls.data, "+/c1 +/c1/mon_groups/c1 ");
	assert_true(r.made && r.monitored);
	/* Its monitoring group is the container's alone. */
	assert_int_equal(create(&l, &q, &r2, &e), -EEXIST);
	assert_string_equal(e.path, "linux.intelRdt.enableMonitoring");
	assert_true(exists("/c1/mon_groups/c1"));
	remove_ok(&p);
	assert_false(exists("/c1"));
	/* None left: what was made before goes, and the kernel's words are told. */
	groups_left = 1;
	assert_int_equal(create(&l, &p, &r, &e), -ENOSPC);
	assert_non_null(strstr(e.text, "the processor has no more of them; Out of CLOSIDs"));
	assert_false(exists("/c1"));
}

static void test_refused(void **state)
{
	struct spec_linux l = begin();
	struct cg_rdt_plan p;
	struct cg_rdt_run r = {0};
	struct err e;

	(void)state;
	l.intel_rdt.l3_cache_schema = (char *)"bad:0=1";
	assert_int_equal(create(&l, &p, &r, &e), -EINVAL);
	assert_string_equal(e.path, "linux.intelRdt");
	assert_non_null(strstr(e.text, "the kernel refuses 'bad:0=1' in "));
	assert_non_null(strstr(e.text, "(EINVAL); Unknown or unsupported resource name"));
	assert_false(exists("/c1"));
	assert_int_equal(cg_rdt_enter(in_root("/nowhere"), NULL, 1, &e), -ENOENT);
}

static void test_update(void **state)
{
	struct spec_linux l = begin();
	struct cg_rdt_plan p;
	struct cg_rdt_run r = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(cg_rdt_update(NULL, "L3:0=1", NULL, &e), -ENOTSUP);
	e = (struct err){0};
	create_ok(&l, &p, &r);
	assert_int_equal(cg_rdt_update(p.path, "L3:0=1", "MB:0=10", &e), 0);
	assert_string_equal(calls.data, "+/c1 /c1/schemata=L3:0=1\n /c1/schemata=MB:0=10\n ");
	/* The second is refused: the first is taken back. */
	put(p.path, "schemata", "    L3:0=7ff;1=7ff\n");
	assert_int_equal(cg_rdt_update(p.path, "L3:0=3", "bad", &e), -EINVAL);
	assert_string_equal(get("/c1/schemata"), "    L3:0=7ff;1=7ff\n");
	remove_ok(&p);
}

static void test_print(void **state)
{
	struct spec_linux l = begin();
	struct cg_rdt_plan p;
	struct err e;
	AUTO_BUF b = {0};
	struct jsonw w = {.out = &b};

	(void)state;
	l.intel_rdt.mem_bw_schema = (char *)"MB:0=20";
	assert_int_equal(plan(&l, &p, &e), 0);
	jw_object(&w, NULL);
	cg_rdt_plan_print(&p, &w, "intelRdt");
	jw_object_end(&w);
	assert_string_equal(b.data, arena_printf(&arena,
						 "{\"intelRdt\":{\"path\":\"%s/c1\",\"make\":true,\"remove\":true,"
						 "\"schemata\":[\"MB:0=20\\n\"],\"monitor\":null}}",
						 root));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_not_set),      cmocka_unit_test(test_no_resctrl), cmocka_unit_test(test_own_class),
	    cmocka_unit_test(test_schemata),     cmocka_unit_test(test_compare),    cmocka_unit_test(test_quicker),
	    cmocka_unit_test(test_closid_alone), cmocka_unit_test(test_root_class), cmocka_unit_test(test_monitoring),
	    cmocka_unit_test(test_refused),      cmocka_unit_test(test_update),     cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests_name("cgroups: resctrl", tests, setup, teardown);
}
