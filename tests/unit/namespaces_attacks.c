/* SPDX-License-Identifier: Apache-2.0 */
/* What a hostile rootfs tries: each attack with what happens when it is not there. */
#include "namespaces_box.h"

#include <linux/magic.h>
#include <sys/vfs.h>

/* CVE-2019-19921, CVE-2023-28642: /proc or /sys is a link, and everything written there goes astray. */
static void test_proc_link(void **state)
{
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = box_new();
	b->mounts = PROC_MOUNT "," DEV_MOUNT;
	mkdir(in_rootfs(b, "/elsewhere"), 0755);
	assert_int_equal(symlink("elsewhere", in_rootfs(b, "/proc")), 0);
	box_fails(b, "mounts", ELOOP, "mounts[0].destination", "symbolic link");
	unlink(in_rootfs(b, "/proc"));
	put(in_rootfs(b, "/proc"), "");
	box_fails(b, "mounts", ENOTDIR, "mounts[0].destination", "not a directory");
	unlink(in_rootfs(b, "/proc"));
	box_works(b);
	b->mounts = "{\"destination\":\"/sys\",\"type\":\"sysfs\"}," DEV_MOUNT;
	assert_int_equal(symlink("/elsewhere", in_rootfs(b, "/sys")), 0);
	box_fails(b, "mounts", ELOOP, "mounts[0].destination", "symbolic link");
	box_free(b);
}

/* A volume whose destination is a link into /proc, or a directory in place of the procfs. */
static void test_cover_proc(void **state)
{
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = box_new();
	assert_int_equal(symlink("/proc/self", in_rootfs(b, "/vol")), 0);
	b->mounts = PROC_MOUNT "," DEV_MOUNT ",{\"destination\":\"/vol/attr\",\"type\":\"tmpfs\"}";
	box_fails(b, "mounts", EINVAL, "mounts[2].destination", "leads into /proc");
	b->mounts = PROC_MOUNT "," DEV_MOUNT ",{\"destination\":\"/proc\",\"source\":\"/etc\",\"options\":[\"bind\"]}";
	box_fails(b, "mounts", EINVAL, "mounts[2].destination", "is none");
	b->mounts =
	    PROC_MOUNT "," DEV_MOUNT ",{\"destination\":\"/proc\",\"source\":\"/proc\",\"options\":[\"rbind\"]}";
	box_works(b);
	b->mounts = PROC_MOUNT "," DEV_MOUNT ",{\"destination\":\"/proc/uptime\",\"source\":\"/etc/hostname\","
			       "\"options\":[\"bind\"]}";
	box_works(b);
	box_free(b);
}

/* runc CVE-2026-41579: /dev is a link to a directory of the host. */
static void test_dev_link(void **state)
{
	char outside[128];
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = box_new();
	snprintf(outside, sizeof(outside), "%s/outside", b->dir);
	mkdir(outside, 0755);
	put(strcat(outside, "/ptmx"), "mine");
	*strrchr(outside, '/') = '\0';
	assert_int_equal(symlink(outside, in_rootfs(b, "/dev")), 0);
	box_works(b);
	/* The link leads to the place of that name below the rootfs. */
	assert_true(is_null(in_rootfs(b, strcat(outside, "/null"))));
	*strrchr(outside, '/') = '\0';
	assert_int_equal(access(strcat(outside, "/null"), F_OK), -1);
	*strrchr(outside, '/') = '\0';
	assert_true(holds(strcat(outside, "/ptmx"), "mine"));
	box_free(b);
}

static const char *check_links(struct box *b)
{
	struct statfs fs;

	(void)b;
	if (statfs("/real/deep/x", &fs) < 0 || fs.f_type != TMPFS_MAGIC)
		return "a dangling link is not followed in the root";
	if (statfs("/up/y", &fs) < 0 || fs.f_type != TMPFS_MAGIC)
		return "a link with .. is not followed in the root";
	return holds("/etc/resolv.conf", "one") && holds("/run/resolve/stub", "one") ? NULL : "a dangling file link";
}

/* crun CVE-2019-18837, CVE-2021-30465, CVE-2024-45310: targets that are links out of the root. */
static void test_target_links(void **state)
{
	char outside[128], link[160];
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = box_new();
	snprintf(outside, sizeof(outside), "%s/outside", b->dir);
	mkdir(outside, 0755);
	mkdir(in_rootfs(b, "/etc"), 0755);
	put(strcat(strcpy(link, b->dir), "/one"), "one");
	assert_int_equal(symlink("/real/deep", in_rootfs(b, "/dangling")), 0);
	assert_int_equal(symlink("../../../../up", in_rootfs(b, "/dots")), 0);
	assert_int_equal(symlink("../run/resolve/stub", in_rootfs(b, "/etc/resolv.conf")), 0);
	assert_int_equal(symlink(outside, in_rootfs(b, "/abs")), 0);
	b->mounts = DEV_MOUNT ",{\"destination\":\"/dangling/x\",\"type\":\"tmpfs\"},"
			      "{\"destination\":\"/dots/y\",\"type\":\"tmpfs\"},"
			      "{\"destination\":\"/abs/z\",\"type\":\"tmpfs\"},"
			      "{\"destination\":\"/etc/resolv.conf\",\"source\":\"one\",\"options\":[\"bind\"]}";
	b->check = check_links;
	box_works(b);
	assert_int_equal(access(strcat(strcpy(link, outside), "/z"), F_OK), -1);
	snprintf(link, sizeof(link), "%s/up", b->dir);
	assert_int_equal(access(link, F_OK), -1);
	assert_int_equal(access(in_rootfs(b, outside), F_OK), 0);
	/* A ring of links. */
	unlink(in_rootfs(b, "/dangling"));
	assert_int_equal(symlink("/ring", in_rootfs(b, "/dangling")), 0);
	assert_int_equal(symlink("/dangling", in_rootfs(b, "/ring")), 0);
	box_fails(b, "mounts", ELOOP, "mounts[1].destination", "/dangling/x");
	box_free(b);
}

static const char *check_mask(struct box *b)
{
	(void)b;
	return is_null("/proc/keys") && is_null("/masked") ? NULL : "masked by something else";
}

/* CVE-2025-31133: what masks are made of is not what it seems. */
static void test_null_link(void **state)
{
	struct box *b;
	char path[160];

	SKIP_WHERE_IMPOSSIBLE(state);
	b = box_new();
	put(in_rootfs(b, "/masked"), "secret");
	mkdir(in_rootfs(b, "/dev"), 0755);
	assert_int_equal(symlink("/proc/sys/kernel/core_pattern", in_rootfs(b, "/dev/null")), 0);
	b->linux_ = NAMESPACES("") ",\"maskedPaths\":[\"/proc/keys\",\"/masked\"]";
	b->mounts = PROC_MOUNT;
	box_fails(b, "dev", EEXIST, "linux.devices", "'/dev/null' exists");
	/* With a /dev that is not the runtime's to change, the host's null device serves. */
	mkdir(strcat(strcpy(path, b->dir), "/dev"), 0755);
	assert_int_equal(symlink("/proc/sys/kernel/core_pattern", strcat(path, "/null")), 0);
	b->mounts = PROC_MOUNT ",{\"destination\":\"/dev\",\"source\":\"dev\",\"options\":[\"bind\"]}";
	b->check = check_mask;
	box_works(b);
	b->mounts = PROC_MOUNT "," DEV_MOUNT;
	box_works(b);
	box_free(b);
}

/* CVE-2025-52565: the terminal's files are something else. */
static void test_console(void **state)
{
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = box_new();
	b->process = "\"terminal\":true,";
	b->mounts = DEV_MOUNT;
	box_fails(b, "console", ENOENT, "process.terminal", "/dev/pts");
	b->mounts = DEV_MOUNT ",{\"destination\":\"/dev/pts\",\"type\":\"tmpfs\"}";
	box_fails(b, "console", EINVAL, "process.terminal", "no devpts");
	b->mounts = DEV_MOUNT "," PTS_MOUNT;
	box_works(b);
	/* On the rootfs itself, where the image can leave what it likes. */
	b->mounts = PTS_MOUNT;
	mkdir(in_rootfs(b, "/dev"), 0755);
	put(in_rootfs(b, "/victim"), "x");
	assert_int_equal(symlink("/victim", in_rootfs(b, "/dev/console")), 0);
	box_fails(b, "console", ELOOP, "process.terminal", "symbolic link");
	unlink(in_rootfs(b, "/dev/console"));
	box_works(b);
	box_free(b);
}

static const char *check_masked_link(struct box *b)
{
	struct statfs fs;

	(void)b;
	return statfs("/inside", &fs) == 0 && fs.f_type == TMPFS_MAGIC ? NULL : "the link's target is not masked";
}

/* A masked path that is a link is followed in the root, and nowhere else. */
static void test_mask_link(void **state)
{
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = box_new();
	mkdir(in_rootfs(b, "/inside"), 0755);
	assert_int_equal(symlink("../../../inside", in_rootfs(b, "/m")), 0);
	b->linux_ = NAMESPACES("") ",\"maskedPaths\":[\"/m\"],\"readonlyPaths\":[\"/m\"]";
	b->mounts = DEV_MOUNT;
	b->check = check_masked_link;
	box_works(b);
	box_free(b);
}

/* The journal is words on disk: what it names must be empty, and in the rootfs. */
static void test_unmake(void **state)
{
	char lines[600], outside[128], path[160];
	struct box *b = box_new();

	(void)state;
	snprintf(outside, sizeof(outside), "%s/outside", b->dir);
	mkdir(outside, 0755);
	mkdir(strcat(strcpy(path, outside), "/d"), 0755);
	mkdir(in_rootfs(b, "/full"), 0755);
	put(in_rootfs(b, "/full/x"), "data");
	mkdir(in_rootfs(b, "/empty"), 0755);
	put(in_rootfs(b, "/empty/f"), "");
	assert_int_equal(symlink(outside, in_rootfs(b, "/link")), 0);
	snprintf(lines, sizeof(lines),
		 "d /full\nf /full/x\nd /link/d\nd /../outside/d\nd /empty\nf /empty/f\nx /y\n\nd /none\nd");
	ns_unmake(b->rootfs, lines);
	assert_true(holds(in_rootfs(b, "/full/x"), "data"));
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(access(in_rootfs(b, "/empty"), F_OK), -1);
	box_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_proc_link),    cmocka_unit_test(test_cover_proc), cmocka_unit_test(test_dev_link),
	    cmocka_unit_test(test_target_links), cmocka_unit_test(test_null_link),  cmocka_unit_test(test_console),
	    cmocka_unit_test(test_mask_link),    cmocka_unit_test(test_unmake),
	};

	return cmocka_run_group_tests(tests, box_setup, NULL);
}
