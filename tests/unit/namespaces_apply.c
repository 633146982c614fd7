/* SPDX-License-Identifier: Apache-2.0 */
/* The steps, applied to throw-away containers and looked at from inside. */
#include "namespaces_box.h"

#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>

static const char *check_default(struct box *b)
{
	struct ifreq lo = {.ifr_name = "lo"};
	char name[65], link[64] = "";
	struct statfs fs;
	struct stat st;

	if (getuid() != 0 || getgid() != 0)
		return "not root";
	if (getpid() != 1)
		return "not PID 1";
	if (access(b->dir, F_OK) == 0)
		return "the host's files are there";
	if (statfs("/proc", &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return "/proc is no procfs";
	if (!is_null("/dev/null") || stat("/dev/null", &st) < 0 || (st.st_mode & 07777) != 0666)
		return "/dev/null";
	if (open("/dev/null", O_WRONLY | O_CLOEXEC) < 0)
		return "/dev/null cannot be opened";
	if (readlink("/dev/ptmx", link, sizeof(link) - 1) < 0 || strcmp(link, "pts/ptmx") != 0)
		return "/dev/ptmx";
	if (access("/dev/stdin", F_OK) < 0)
		return "/dev/stdin";
	if (stat("/dev/console", &st) < 0 || major(st.st_rdev) != 136)
		return "/dev/console is no terminal";
	if (gethostname(name, sizeof(name)) < 0 || strcmp(name, "box") != 0)
		return "host name";
	if (ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCGIFFLAGS, &lo) < 0 || !(lo.ifr_flags & IFF_UP))
		return "lo is down";
	if (!is_null("/proc/keys"))
		return "/proc/keys is not masked";
	if (statfs("/proc/scsi", &fs) == 0 && (fs.f_type != TMPFS_MAGIC || !(fs.f_flags & ST_RDONLY)))
		return "/proc/scsi is not masked";
	if (statfs("/sys/firmware", &fs) < 0 || fs.f_type != TMPFS_MAGIC || !(fs.f_flags & ST_RDONLY))
		return "/sys/firmware is not masked";
	if (statfs("/proc/sys", &fs) < 0 || !(fs.f_flags & ST_RDONLY) || statfs("/proc", &fs) < 0 ||
	    fs.f_flags & ST_RDONLY)
		return "/proc/sys is writable";
	if (mkdir("/dev/x", 0755) < 0)
		return "/dev is not writable";
	return NULL;
}

static struct box *default_box(const char *linux_)
{
	struct box *b = box_new();
	static char text[2000];

	snprintf(text, sizeof(text),
		 "%s,\"maskedPaths\":[\"/proc/keys\",\"/proc/scsi\",\"/sys/firmware\",\"/proc/kcore\",\"/none\"],"
		 "\"readonlyPaths\":[\"/proc/sys\",\"/proc/none\"]",
		 linux_);
	b->linux_ = text;
	b->more = "\"hostname\":\"box\",";
	b->process = "\"terminal\":true,\"consoleSize\":{\"height\":11,\"width\":22},";
	b->mounts =
	    PROC_MOUNT "," DEV_MOUNT "," PTS_MOUNT
		       ",{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":[\"ro\"]}";
	b->check = check_default;
	return b;
}

static void test_default(void **state)
{
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = default_box(NAMESPACES(",{\"type\":\"network\"},{\"type\":\"cgroup\"}"));
	box_works(b);
	/* What was made in the rootfs, and not what is in the mounts on top, can be taken away again. */
	assert_string_equal(b->report->made, "d /proc\nd /dev\nd /sys\n");
	ns_unmake(b->rootfs, b->report->made);
	assert_int_not_equal(access(in_rootfs(b, "/proc"), F_OK), 0);
	assert_int_not_equal(access(in_rootfs(b, "/sys"), F_OK), 0);
	box_free(b);
}

static void test_no_pivot(void **state)
{
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = default_box(NAMESPACES(",{\"type\":\"network\"}"));
	b->no_pivot = true;
	box_works(b);
	box_free(b);
}

static void test_userns(void **state)
{
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = default_box(MAPPED(",{\"type\":\"network\"},{\"type\":\"cgroup\"}", "100000", "65536"));
	assert_int_equal(chown(b->rootfs, 100000, 100000), 0);
	box_works(b);
	box_free(b);
}

/* Everything as a user without any privilege, one id mapped. */
static void test_rootless(void **state)
{
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = default_box(MAPPED(",{\"type\":\"network\"}", "54321", "1"));
	b->as = 54321;
	assert_int_equal(chown(b->rootfs, 54321, 54321), 0);
	assert_int_equal(chown(b->dir, 54321, 54321), 0);
	box_works(b);
	box_free(b);
}

static const char *check_binds(struct box *b)
{
	struct statfs fs;
	struct stat st;

	(void)b;
	if (!holds("/etc/file", "one"))
		return "the file is not there";
	if (open("/etc/file", O_WRONLY | O_CLOEXEC) >= 0 || errno != EROFS)
		return "the file is writable";
	if (!holds("/data/sub/x", "two") || open("/data/sub/x", O_WRONLY | O_CLOEXEC) < 0)
		return "the directory is not there or not writable";
	if (statfs("/t", &fs) < 0 || !(fs.f_flags & ST_RDONLY) || !(fs.f_flags & ST_NOEXEC))
		return "attributes of the tmpfs";
	if (stat("/t", &st) < 0 || (st.st_mode & 07777) != 0711)
		return "the tmpfs has not the mode of its directory";
	if (stat("/t/in", &st) < 0)
		return "no mount point in a tmpfs that is read-only in the end";
	if (!holds("/copy/a", "three") || stat("/copy/a", &st) < 0 || st.st_uid != 7 || (st.st_mode & 07777) != 04711)
		return "tmpcopyup";
	return NULL;
}

static void test_binds(void **state)
{
	char path[200];
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = box_new();
	snprintf(path, sizeof(path), "%s/src/sub", b->dir);
	mkdir(strcat(strcpy(path, b->dir), "/src"), 0755);
	mkdir(strcat(path, "/sub"), 0755);
	put(strcat(path, "/x"), "two");
	put(strcat(strcpy(path, b->dir), "/one"), "one");
	mkdir(in_rootfs(b, "/t"), 0711);
	mkdir(in_rootfs(b, "/copy"), 0755);
	put(in_rootfs(b, "/copy/a"), "three");
	assert_int_equal(chown(in_rootfs(b, "/copy/a"), 7, 7), 0);
	assert_int_equal(chmod(in_rootfs(b, "/copy/a"), 04711), 0);
	b->mounts = "{\"destination\":\"/etc/file\",\"source\":\"one\",\"options\":[\"bind\",\"ro\"]},"
		    "{\"destination\":\"/data\",\"source\":\"src\",\"options\":[\"rbind\",\"rprivate\"]},"
		    "{\"destination\":\"/t\",\"type\":\"tmpfs\",\"options\":[\"ro\",\"noexec\",\"size=64k\"]},"
		    "{\"destination\":\"/t/in\",\"type\":\"tmpfs\",\"options\":[\"iversion\",\"noatime\"]},"
		    "{\"destination\":\"/copy\",\"type\":\"tmpfs\",\"options\":[\"tmpcopyup\"]}";
	b->check = check_binds;
	box_works(b);
	assert_non_null(strstr(b->report->made, "d /etc\nf /etc/file\nd /data\n"));
	assert_null(strstr(b->report->made, "/t/in"));
	ns_unmake(b->rootfs, b->report->made);
	assert_int_not_equal(access(in_rootfs(b, "/etc"), F_OK), 0);
	assert_int_equal(access(in_rootfs(b, "/copy/a"), F_OK), 0);
	box_free(b);
}

static void test_missing_source(void **state)
{
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = box_new();
	b->mounts = DEV_MOUNT ",{\"destination\":\"/x\",\"source\":\"/no/such\",\"options\":[\"bind\"]}";
	box_fails(b, "sources", ENOENT, "mounts[1].source", "/no/such");
	b->mounts = "{\"destination\":\"/x\",\"type\":\"tmpfs\",\"options\":[\"sizze=1\"]}";
	box_fails(b, "mounts", EINVAL, "mounts[0].options", "refuses the option 'sizze=1' (kernel:");
	b->mounts = "{\"destination\":\"/x\",\"type\":\"nofs\"}";
	box_fails(b, "mounts", ENODEV, "mounts[0].options", "no file system 'nofs'");
	b->mounts = "{\"destination\":\"/x\",\"type\":\"none\",\"options\":[\"remount\",\"ro\"]}";
	box_fails(b, "mounts", EINVAL, "mounts[0]", "'/x' is no mount point");
	box_free(b);
}

static const char *check_idmap(struct box *b)
{
	struct stat st;

	(void)b;
	if (stat("/data/f", &st) < 0 || st.st_uid != 1005)
		return "the owner is not mapped";
	return stat("/plain/f", &st) < 0 || st.st_uid != 5 ? "control: the owner is mapped" : NULL;
}

static void test_idmap(void **state)
{
	char path[200];
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = box_new();
	mkdir(strcat(strcpy(path, b->dir), "/src"), 0755);
	put(strcat(path, "/f"), "x");
	assert_int_equal(chown(path, 5, 5), 0);
	b->mounts = "{\"destination\":\"/data\",\"source\":\"src\",\"options\":[\"rbind\",\"idmap\"],"
		    "\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":10}],"
		    "\"gidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":10}]},"
		    "{\"destination\":\"/plain\",\"source\":\"src\",\"options\":[\"rbind\"]}";
	b->check = check_idmap;
	box_works(b);
	box_free(b);
}

static const char *check_sysctl(struct box *b)
{
	(void)b;
	if (!holds("/proc/sys/net/ipv4/ip_default_ttl", "77\n"))
		return "net.ipv4.ip_default_ttl";
	return holds("/proc/sys/kernel/msgmax", "4242\n") ? NULL : "kernel.msgmax";
}

static void test_sysctl(void **state)
{
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = box_new();
	b->linux_ = NAMESPACES(
	    ",{\"type\":\"network\"}") ",\"sysctl\":{\"net.ipv4.ip_default_ttl\":\"77\",\"kernel/msgmax\":\"4242\"}";
	b->mounts = PROC_MOUNT;
	b->check = check_sysctl;
	box_works(b);
	assert_false(holds("/proc/sys/net/ipv4/ip_default_ttl", "77\n"));
	b->mounts = ""; /* by a procfs that is mounted nowhere */
	b->check = NULL;
	box_works(b);
	b->linux_ = NAMESPACES(",{\"type\":\"network\"}") ",\"sysctl\":{\"net.ipv4.nothing\":\"1\"}";
	box_fails(b, "sysctl", ENOENT, "linux.sysctl[\"net.ipv4.nothing\"]", "net/ipv4/nothing");
	/* A joined namespace that is the host's own. */
	b->linux_ = NAMESPACES(",{\"type\":\"network\",\"path\":\"/proc/self/ns/net\"}") ",\"sysctl\":{\"net.ipv4.ip_"
											 "default_ttl\":\"77\"}";
	box_fails(b, "sources", EINVAL, "linux.sysctl[\"net.ipv4.ip_default_ttl\"]", "change the host");
	box_free(b);
}

static void test_join(void **state)
{
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = box_new();
	b->linux_ = NAMESPACES(",{\"type\":\"network\",\"path\":\"/proc/self/ns/uts\"}");
	box_fails(b, "sources", EINVAL, "linux.namespaces[network].path", "is a uts namespace");
	b->linux_ = NAMESPACES(",{\"type\":\"network\",\"path\":\"/etc/passwd\"}");
	box_fails(b, "sources", EINVAL, "linux.namespaces[network].path", "is no namespace");
	b->linux_ = NAMESPACES(",{\"type\":\"network\",\"path\":\"/proc/self/ns/net\"}");
	box_works(b);
	box_free(b);
}

static const char *check_time(struct box *b)
{
	struct timespec t;

	(void)b;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec > 100000000 ? NULL : "the clock has no offset";
}

static void test_time(void **state)
{
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	if (access("/proc/self/ns/time", F_OK) < 0) {
		print_message("skip: no time namespaces\n");
		skip();
	}
	b = box_new();
	b->linux_ = NAMESPACES(",{\"type\":\"time\"}") ",\"timeOffsets\":{\"monotonic\":{\"secs\":100000001}}";
	b->check = check_time;
	b->mounts = DEV_MOUNT;
	box_works(b);
	b->linux_ =
	    MAPPED(",{\"type\":\"time\"}", "100000", "9") ",\"timeOffsets\":{\"monotonic\":{\"secs\":100000001}}";
	box_works(b);
	b->linux_ = NAMESPACES(",{\"type\":\"time\"}") ",\"timeOffsets\":{\"boottime\":{\"secs\":-9000000000}}";
	box_fails(b, "rest", ERANGE, "linux.timeOffsets.boottime", "would make the clock negative");
	box_free(b);
}

static const char *check_propagation(struct box *b)
{
	/* A new mount inside must not be seen by the host; the parent of the test looks. */
	(void)b;
	return mount("t", "/data", "tmpfs", 0, NULL) < 0 ? "mount inside" : NULL;
}

static void test_propagation(void **state)
{
	static const char *const words[] = {"shared",  "slave",  "private", "unbindable",
					    "rshared", "rslave", "rprivate"};
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = box_new();
	mkdir(in_rootfs(b, "/data"), 0755);
	b->check = check_propagation;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		char text[300], *data = NULL;

		snprintf(text, sizeof(text), "%s,\"rootfsPropagation\":\"%s\"", NAMESPACES(""), words[i]);
		b->linux_ = text;
		box_works(b);
		assert_int_equal(file_read(AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &data, NULL, NULL), 0);
		assert_null(strstr(data, b->rootfs));
		free(data);
	}
	box_free(b);
}

static void no_fsopen(struct box *b)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fsopen, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {ARRAY_LEN(filter), filter};

	(void)b;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(4);
}

/* There is no way back to path strings: what is missing is said. */
static void test_missing_syscall(void **state)
{
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = box_new();
	b->mounts = DEV_MOUNT;
	b->before = no_fsopen;
	box_fails(b, "mounts", ENOSYS, "mounts[0].options", "Linux 5.12");
	box_free(b);
}

static void test_cwd(void **state)
{
	struct box *b;

	SKIP_WHERE_IMPOSSIBLE(state);
	b = box_new();
	b->mounts = DEV_MOUNT ",{\"destination\":\"/tmp\",\"type\":\"tmpfs\"}";
	b->cwd = "/tmp/a/b";
	box_works(b);
	assert_string_equal(b->report->made, "d /dev\nd /tmp\n"); /* the rest was in the tmpfs */
	box_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_default),  cmocka_unit_test(test_no_pivot),    cmocka_unit_test(test_userns),
	    cmocka_unit_test(test_rootless), cmocka_unit_test(test_binds),       cmocka_unit_test(test_missing_source),
	    cmocka_unit_test(test_idmap),    cmocka_unit_test(test_sysctl),      cmocka_unit_test(test_join),
	    cmocka_unit_test(test_time),     cmocka_unit_test(test_propagation), cmocka_unit_test(test_missing_syscall),
	    cmocka_unit_test(test_cwd),
	};

	return cmocka_run_group_tests(tests, box_setup, NULL);
}
