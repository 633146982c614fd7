/* SPDX-License-Identifier: Apache-2.0 */
/* The pure part: from config.json and facts to the plan. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include <cmocka.h>

#include "namespaces/namespaces.h"

static const struct ns_facts host = {
    .kernel_has = {true, true, true, true, true, true, true, true},
    .kernel = NS_KERNEL(6, 14),
    .has_cgroup2 = true,
};

struct plan {
	struct arena arena;
	struct spec_config config;
	struct ns_plan plan;
	struct err err;
	int result;
};

/* linux and mounts: the insides of those properties; more: whole properties, each with a comma after it. */
static struct plan *plan_of(const struct ns_facts *f, const char *more, const char *linux_, const char *mounts)
{
	static struct plan p;
	AUTO_BUF text = {0};
	struct err e = {0};

	arena_free(&p.arena);
	p = (struct plan){.result = 0};
	buf_printf(
	    &text,
	    "{\"ociVersion\":\"1.0.2\",%s\"root\":{\"path\":\"rootfs\"},\"process\":{\"args\":[\"x\"],\"cwd\":\"/\","
	    "\"user\":{\"uid\":0,\"gid\":0}},\"mounts\":[%s],\"linux\":{%s}}",
	    more, mounts, linux_);
	if (spec_config_parse(text.data, text.len, "config.json", &p.arena, &p.config, &e) < 0)
		fail_msg("the test's own config.json: %s: %s", e.path, e.text);
	p.result = ns_plan(&p.config, f, "/b", false, &p.arena, &p.plan, &p.err);
	return &p;
}

#define MOUNT_NS "\"namespaces\":[{\"type\":\"mount\"}]"

static void refused(const struct plan *p, int code, const char *path, const char *text)
{
	if (p->result == 0)
		fail_msg("not refused: %s", path);
	assert_int_equal(p->result, -code);
	assert_string_equal(p->err.path, path);
	if (!strstr(p->err.text, text))
		fail_msg("'%s' is not in '%s'", text, p->err.text);
}

static void test_namespaces(void **state)
{
	struct ns_facts old = host;
	struct plan *p;

	(void)state;
	p = plan_of(&host, "",
		    "\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"cgroup\"},{\"type\":\"time\"},"
		    "{\"type\":\"network\",\"path\":\"/run/netns/a\"}]",
		    "");
	assert_int_equal(p->result, 0);
	assert_int_equal(p->plan.clone_flags, CLONE_NEWNS | CLONE_NEWPID);
	assert_int_equal(p->plan.rest_flags, CLONE_NEWCGROUP | CLONE_NEWTIME);
	assert_string_equal(p->plan.join[NS_NETWORK], "/run/netns/a");
	assert_string_equal(p->plan.rootfs, "/b/rootfs");
	assert_false(p->plan.userns);
	assert_int_equal(plan_of(&host, "", "\"namespaces\":[{\"type\":\"pid\"}]", "")->result, 0);
	refused(plan_of(&host, "", "\"namespaces\":[{\"type\":\"pid\"}],\"rootfsPropagation\":\"rslave\"", ""), EINVAL,
		"linux.rootfsPropagation", "mount namespace");
	old.kernel_has[NS_TIME] = false;
	refused(plan_of(&old, "", "\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"time\"}]", ""), ENOTSUP,
		"linux.namespaces[time]", "no time namespaces");
}

static void test_names(void **state)
{
	(void)state;
	refused(plan_of(&host, "\"hostname\":\"x\",", MOUNT_NS, ""), EINVAL, "hostname", "uts namespace");
	refused(plan_of(&host, "\"domainname\":\"x\",", MOUNT_NS, ""), EINVAL, "domainname", "uts namespace");
	assert_int_equal(plan_of(&host, "\"hostname\":\"x\",",
				 "\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"uts\",\"path\":\"/n\"}]", "")
			     ->result,
			 0);
	refused(plan_of(&host, "", MOUNT_NS ",\"timeOffsets\":{\"monotonic\":{\"secs\":1}}", ""), EINVAL,
		"linux.timeOffsets", "time namespace");
	refused(plan_of(&host, "",
			"\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"time\",\"path\":\"/n\"}],"
			"\"timeOffsets\":{\"monotonic\":{\"secs\":1}}",
			""),
		EINVAL, "linux.timeOffsets", "joined");
}

static void test_sysctl(void **state)
{
	static const struct {
		const char *key, *ns;
		const char *text; /* of the error, NULL: accepted */
	} cases[] = {
	    {"net.ipv4.ip_forward", "network", NULL},
	    {"net/ipv4/ip_forward", "network", NULL},
	    {"net.ipv4.conf.eth0/1.rp_filter", "network", NULL},
	    {"net.ipv4.ip_forward", "ipc", "network namespace"},
	    {"kernel.msgmax", "ipc", NULL},
	    {"kernel.shm_rmid_forced", "ipc", NULL},
	    {"kernel.msgmax", "network", "ipc namespace"},
	    {"fs.mqueue.msg_max", "ipc", NULL},
	    {"fs.mqueue.msg_max", "uts", "ipc namespace"},
	    {"kernel.domainname", "uts", NULL},
	    {"kernel.domainname", "ipc", "uts namespace"},
	    {"kernel.hostname", "uts", "'hostname'"},
	    {"kernel.pid_max", "pid", NULL},
	    {"kernel.pid_max", "ipc", "pid namespace"},
	    {"vm.memfd_noexec", "pid", NULL},
	    {"vm.memfd_noexec", "ipc", "pid namespace"},
	    {"kernel.core_pattern", "ipc", "change the host"},
	    {"user.max_net_namespaces", "ipc", "needs a user namespace"},
	    {"kernel.msgmaxx", "ipc", "change the host"},
	    {"vm.overcommit_memory", "ipc", "change the host"},
	    {"netx.a", "network", "change the host"},
	    {"net/../kernel/core_pattern", "network", "no name"},
	    {"net.//.kernel", "network", "no name"},
	    {"net..x", "network", "no name"},
	    {"/kernel/core_pattern", "network", "no name"},
	    {"net", "network", "no name"},
	};
	char text[400], path[120];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct plan *p;

		snprintf(text, sizeof(text),
			 "\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"%s\"}],\"sysctl\":{\"%s\":\"1\"}",
			 cases[i].ns, cases[i].key);
		snprintf(path, sizeof(path), "linux.sysctl[\"%s\"]", cases[i].key);
		p = plan_of(&host, "", text, "");
		if (cases[i].text)
			refused(p, EINVAL, path, cases[i].text);
		else
			assert_int_equal(p->result, 0);
	}
}

static void test_sysctl_of_older_kernels(void **state)
{
	static const struct {
		const char *key;
		unsigned int kernel;
		const char *text;
	} cases[] = {
	    {"kernel.pid_max", NS_KERNEL(6, 13), "since Linux 6.14, and this is Linux 6.13"},
	    {"kernel.pid_max", 0, "since Linux 6.14"},
	    {"vm.memfd_noexec", NS_KERNEL(5, 19), "since Linux 6.3, and this is Linux 5.19"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ns_facts old = host;
		char text[200], path[60];

		old.kernel = cases[i].kernel;
		snprintf(text, sizeof(text),
			 "\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"pid\"}],\"sysctl\":{\"%s\":\"1\"}",
			 cases[i].key);
		snprintf(path, sizeof(path), "linux.sysctl[\"%s\"]", cases[i].key);
		refused(plan_of(&old, "", text, ""), ENOTSUP, path, cases[i].text);
	}
}

static void test_idmaps(void **state)
{
#define USER         "\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"user\"}],"
#define MAP(c, h, s) "{\"containerID\":" #c ",\"hostID\":" #h ",\"size\":" #s "}"
#define GIDS         "\"gidMappings\":[" MAP(0, 5, 1) "]"
	static const struct {
		const char *linux_, *path, *text;
	} cases[] = {
	    {USER GIDS, "linux.uidMappings", "at least one"},
	    {USER "\"uidMappings\":[" MAP(0, 5, 1) "]", "linux.gidMappings", "at least one"},
	    {USER "\"uidMappings\":[" MAP(1, 5, 1) "]," GIDS, "linux.uidMappings", "containerID 0"},
	    {USER "\"uidMappings\":[" MAP(0, 5, 9) "," MAP(8, 90, 1) "]," GIDS, "linux.uidMappings[1]", "containerID"},
	    {USER "\"uidMappings\":[" MAP(0, 5, 9) "," MAP(9, 13, 1) "]," GIDS, "linux.uidMappings[1]", "hostID"},
	    {MOUNT_NS ",\"uidMappings\":[" MAP(0, 5, 1) "]," GIDS, "linux.uidMappings", "user namespace"},
	};
	struct plan *p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		refused(plan_of(&host, "", cases[i].linux_, ""), EINVAL, cases[i].path, cases[i].text);
	/* What shows a namespace of the host is not for the root of a new user namespace. */
	refused(plan_of(&host, "", USER "\"uidMappings\":[" MAP(0, 5, 9) "]," GIDS,
			"{\"destination\":\"/sys\",\"type\":\"sysfs\"}"),
		EINVAL, "mounts[0].type", "network namespace");
	p = plan_of(&host, "", USER "\"uidMappings\":[" MAP(0, 5, 9) "]," GIDS,
		    "{\"destination\":\"/sys\",\"type\":\"sysfs\",\"options\":[\"ro\"]}");
	assert_int_equal(p->result, 0);
	assert_true(p->plan.mounts[0].or_host);
	assert_non_null(strstr(p->plan.mounts[0].note, "the host's /sys"));
	p = plan_of(&host, "", USER "\"uidMappings\":[" MAP(0, 5, 9) "," MAP(9, 14, 1) "]," GIDS, "");
	assert_int_equal(p->result, 0);
	assert_true(p->plan.userns);
	assert_true(p->plan.bind_devices);
}

/* Names as the kernel takes them; the template in the container's alone; nobody's devices without root. */
static void test_net_devices(void **state)
{
#define NET(devices) "\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"network\"}],\"netDevices\":{" devices "}"
	struct ns_facts rootless = host;

	(void)state;
	assert_int_equal(plan_of(&host, "",
				 NET("\"a\":{},\"b\":{\"name\":\"\"},\"c\":{\"name\":\"eth%d\"},"
				     "\"d\":{\"name\":\"eth%d\"},\"e\":{\"name\":\"0123456789abcd\"}"),
				 "")
			     ->result,
			 0);
	refused(plan_of(&host, "", MOUNT_NS ",\"netDevices\":{\"a\":{}}", ""), EINVAL, "linux.netDevices",
		"network namespace");
	refused(plan_of(&host, "", NET("\"a/b\":{}"), ""), EINVAL, "linux.netDevices[\"a/b\"]", "no name");
	refused(plan_of(&host, "", NET("\"..\":{}"), ""), EINVAL, "linux.netDevices[\"..\"]", "no name");
	refused(plan_of(&host, "", NET("\"0123456789abcdef\":{}"), ""), EINVAL,
		"linux.netDevices[\"0123456789abcdef\"]", "1 to 15");
	refused(plan_of(&host, "", NET("\"e%d\":{}"), ""), EINVAL, "linux.netDevices[\"e%d\"]", "container's name");
	refused(plan_of(&host, "", NET("\"a\":{\"name\":\"x y\"}"), ""), EINVAL, "linux.netDevices[\"a\"].name",
		"no name");
	refused(plan_of(&host, "", NET("\"a\":{\"name\":\"x:1\"}"), ""), EINVAL, "linux.netDevices[\"a\"].name",
		"no name");
	refused(plan_of(&host, "", NET("\"a\":{\"name\":\"x%s\"}"), ""), EINVAL, "linux.netDevices[\"a\"].name", "%d");
	refused(plan_of(&host, "", NET("\"a\":{\"name\":\"x%d%d\"}"), ""), EINVAL, "linux.netDevices[\"a\"].name",
		"%d");
	refused(plan_of(&host, "", NET("\"a\":{},\"b\":{\"name\":\"a\"}"), ""), EINVAL, "linux.netDevices[\"b\"]",
		"'a' is also");
	rootless.euid = 1000;
	refused(plan_of(&rootless, "", NET("\"a\":{}"), ""), EPERM, "linux.netDevices", "needs root");
#undef NET
}

static void test_idmap_count(void **state)
{
	for (int n = 340; n <= 341; n++) {
		AUTO_BUF text = {0};
		struct plan *p;

		(void)state;
		buf_str(&text, USER GIDS ",\"uidMappings\":[");
		for (int i = 0; i < n; i++)
			buf_printf(&text, "%s{\"containerID\":%d,\"hostID\":%d,\"size\":1}", i ? "," : "", i, 1000 + i);
		buf_str(&text, "]");
		p = plan_of(&host, "", text.data, "");
		if (n == 340)
			assert_int_equal(p->result, 0);
		else
			refused(p, EINVAL, "linux.uidMappings", "340");
	}
}

static struct ns_mount *mount_of(const char *json)
{
	struct plan *p = plan_of(&host, "", MOUNT_NS, json);

	if (p->result < 0)
		fail_msg("%s: %s", p->err.path, p->err.text);
	assert_int_equal(p->plan.n_mounts, 1);
	return p->plan.mounts;
}

static struct ns_mount *options_of(const char *options)
{
	char json[300];

	snprintf(json, sizeof(json), "{\"destination\":\"/x\",\"type\":\"none\",\"source\":\"/s\",\"options\":[%s]}",
		 options);
	return mount_of(json);
}

/* Every option of config.md's table is known: none ends up as data of the file system. */
static void test_every_option(void **state)
{
	static const char *const names[] = {
	    "async",          "atime",         "defaults",     "dev",         "diratime",
	    "exec",           "loud",          "noatime",      "nodev",       "nodiratime",
	    "noexec",         "noiversion",    "nolazytime",   "nomand",      "norelatime",
	    "nosuid",         "nostrictatime", "nosymfollow",  "private",     "ratime",
	    "rbind",          "rdev",          "rdiratime",    "relatime",    "rexec",
	    "rnoatime",       "rnodiratime",   "rnodev",       "rnoexec",     "rnorelatime",
	    "rnostrictatime", "rnosuid",       "rnosymfollow", "ro",          "rprivate",
	    "rrelatime",      "rro",           "rrw",          "rshared",     "rslave",
	    "rstrictatime",   "rsuid",         "rsymfollow",   "runbindable", "rw",
	    "shared",         "silent",        "slave",        "strictatime", "suid",
	    "symfollow",      "unbindable",
	};
	static const char *const fs_names[] = {"dirsync", "iversion", "lazytime", "mand", "sync"};
	char json[200];
	struct strv known;
	struct arena a = {0};

	(void)state;
	ns_mount_options(&a, &known);
	for (size_t i = 1; i < known.n; i++)
		assert_true(strcmp(known.v[i - 1], known.v[i]) < 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(json, sizeof(json), "\"bind\",\"%s\"", names[i]);
		assert_int_equal(options_of(json)->fs_options.n, 0);
		if (!strv_has(&known, names[i]))
			fail_msg("%s is not in the list for features", names[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(fs_names); i++) {
		snprintf(json, sizeof(json), "{\"destination\":\"/x\",\"type\":\"ext4\",\"options\":[\"%s\"]}",
			 fs_names[i]);
		assert_string_equal(mount_of(json)->fs_options.v[0], fs_names[i]);
		assert_true(strv_has(&known, fs_names[i]));
		snprintf(json, sizeof(json),
			 "{\"destination\":\"/x\",\"type\":\"bind\",\"source\":\"/s\",\"options\":[\"bind\",\"%s\"]}",
			 fs_names[i]);
		refused(plan_of(&host, "", MOUNT_NS, json), EINVAL, "mounts[0].options", fs_names[i]);
	}
	arena_free(&a);
}

static void test_option_effects(void **state)
{
	struct ns_mount *m;

	(void)state;
	m = options_of("\"bind\",\"ro\",\"nosuid\",\"rw\"");
	assert_int_equal(m->attr_set, MOUNT_ATTR_NOSUID);
	assert_int_equal(m->attr_clr, MOUNT_ATTR_RDONLY);
	m = options_of("\"bind\",\"rw\",\"ro\"");
	assert_int_equal(m->attr_set, MOUNT_ATTR_RDONLY);
	assert_int_equal(m->attr_clr, 0);
	m = options_of("\"rbind\",\"rro\",\"rslave\"");
	assert_true(m->recursive);
	assert_int_equal(m->attr_set, 0);
	assert_int_equal(m->attr_rec_set, MOUNT_ATTR_RDONLY);
	assert_int_equal(m->propagation, MS_SLAVE | MS_REC);
	m = options_of("\"bind\",\"strictatime\",\"noatime\"");
	assert_int_equal(m->attr_set, MOUNT_ATTR_NOATIME);
	assert_int_equal(m->attr_clr, MOUNT_ATTR__ATIME);
	m = options_of("\"bind\",\"noatime\",\"norelatime\"");
	assert_int_equal(m->attr_set, MOUNT_ATTR_NOATIME);
	m = options_of("\"bind\",\"noatime\",\"atime\"");
	assert_int_equal(m->attr_set, 0);
	assert_int_equal(m->attr_clr, MOUNT_ATTR__ATIME);
	m = mount_of(
	    "{\"destination\":\"/x\",\"type\":\"tmpfs\",\"options\":[\"sync\",\"size=4k\",\"iversion\",\"async\","
	    "\"noiversion\",\"lazytime\",\"nolazytime\",\"dirsync\"]}");
	assert_int_equal(m->fs_options.n, 2);
	assert_string_equal(m->fs_options.v[0], "size=4k");
	assert_string_equal(m->fs_options.v[1], "dirsync");
	m = options_of("\"remount\",\"bind\",\"ro\"");
	assert_int_equal(m->kind, NS_MNT_REMOUNT);
	m = mount_of("{\"destination\":\"x/../../y/\",\"type\":\"tmpfs\",\"options\":[\"size=4k\",\"ro\",\"nodev\"]}");
	assert_string_equal(m->destination, "/y");
	assert_string_equal(m->fs_options.v[0], "size=4k");
	assert_int_equal(m->attr_set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV);
	assert_false(m->fs_ro);
	m = mount_of("{\"destination\":\"/y\",\"type\":\"ext4\",\"source\":\"/dev/x\",\"options\":[\"ro\"]}");
	assert_true(m->fs_ro);
	m = mount_of("{\"destination\":\"/y\",\"type\":\"none\",\"source\":\"data\",\"options\":[\"bind\"]}");
	assert_string_equal(m->source, "/b/data");
	/* Nothing is below a new file system: what is recursive is its own, and goes before the plain. */
	m = mount_of(
	    "{\"destination\":\"/y\",\"type\":\"tmpfs\",\"options\":[\"ro\",\"rnoatime\",\"relatime\",\"rrw\"]}");
	assert_int_equal(m->attr_set, MOUNT_ATTR_NOATIME);
	assert_int_equal(m->attr_rec_set | m->attr_rec_clr, 0);
	/* What mount(8) keeps to itself. */
	m = options_of("\"bind\",\"nofail\",\"_netdev\",\"x-systemd.automount\",\"comment=any\"");
	assert_int_equal(m->fs_options.n, 0);
	/* The kernel says which file systems it maps the ids of. */
	m = mount_of("{\"destination\":\"/x\",\"type\":\"tmpfs\",\"uidMappings\":[" MAP(
	    0, 5, 1) "],\"gidMappings\":[" MAP(0, 5, 1) "]}");
	assert_true(m->idmap);
	assert_int_equal(m->kind, NS_MNT_FS);
}

static void test_bad_mounts(void **state)
{
	static const struct {
		const char *json, *path, *text;
	} cases[] = {
	    {"{\"destination\":\"/x\",\"options\":[\"ro\"]}", "mounts[0].type", "required"},
	    {"{\"destination\":\"/x\",\"options\":[\"bind\"]}", "mounts[0].source", "required"},
	    {"{\"destination\":\"/\",\"type\":\"proc\"}", "mounts[0].destination", "root"},
	    {"{\"destination\":\"/\",\"type\":\"cgroup\"}", "mounts[0].destination", "root"},
	    {"{\"destination\":\"/\",\"source\":\"/s\",\"options\":[\"bind\",\"rshared\"]}", "mounts[0].destination",
	     "rootfsPropagation"},
	    {"{\"destination\":\"/x\",\"source\":\"/s\",\"options\":[\"bind\",\"private\",\"slave\"]}",
	     "mounts[0].options[2]", "contradicts"},
	    {"{\"destination\":\"/x\",\"type\":\"tmpfs\",\"options\":[\"\"]}", "mounts[0].options[0]", "name"},
	    {"{\"destination\":\"/x\",\"source\":\"/s\",\"options\":[\"bind\",\"size=1\"]}", "mounts[0].options",
	     "size=1"},
	    {"{\"destination\":\"/x\",\"source\":\"/s\",\"options\":[\"bind\",\"tmpcopyup\"]}", "mounts[0].options",
	     "tmpfs"},
	    {"{\"destination\":\"/proc\",\"type\":\"tmpfs\"}", "mounts[0].destination", "procfs"},
	    {"{\"destination\":\"/proc/sys\",\"type\":\"tmpfs\"}", "mounts[0].destination", "inside /proc"},
	    {"{\"destination\":\"/a/../proc/self/attr\",\"source\":\"/s\",\"options\":[\"bind\"]}",
	     "mounts[0].destination", "inside /proc"},
	    {"{\"destination\":\"/x\",\"source\":\"/s\",\"options\":[\"bind\",\"idmap\"]}", "mounts[0].options",
	     "user namespace"},
	    {"{\"destination\":\"/x\",\"options\":[\"remount\"],\"uidMappings\":[" MAP(
		 0, 5, 1) "],\"gidMappings\":[" MAP(0, 5, 1) "]}",
	     "mounts[0].options", "remount"},
	    {"{\"destination\":\"/x\",\"type\":\"cgroup\",\"uidMappings\":[" MAP(0, 5, 1) "],\"gidMappings\":[" MAP(
		 0, 5, 1) "]}",
	     "mounts[0].options", "cgroup2"},
	    {"{\"destination\":\"/x\",\"type\":\"cgroup2\",\"options\":[\"nsdelegated\"]}", "mounts[0].options",
	     "no option 'nsdelegated'"},
	    {"{\"destination\":\"/x\",\"type\":\"cgroup\",\"options\":[\"cpu\"]}", "mounts[0].options",
	     "no option 'cpu'"},
	};
	struct plan *p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		refused(plan_of(&host, "", MOUNT_NS, cases[i].json), EINVAL, cases[i].path, cases[i].text);
	p = plan_of(&host, "", MOUNT_NS, "{\"destination\":\"/proc/uptime\",\"source\":\"/s\",\"options\":[\"bind\"]}");
	assert_int_equal(p->result, 0);
	p = plan_of(&host, "", MOUNT_NS, "{\"destination\":\"/procfs\",\"type\":\"tmpfs\"}");
	assert_int_equal(p->result, 0);
}

static void test_cgroup_mounts(void **state)
{
	static const char mount[] = "{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"options\":[\"rw\"]}";
	static const char options[] = "{\"destination\":\"/x\",\"type\":\"cgroup\",\"options\":[\"nsdelegate\"]}";
	struct ns_facts none = host, rootless = host;
	struct ns_mount *m;
	struct plan *p;

	(void)state;
	m = plan_of(&host, "", "\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"cgroup\"}]", mount)->plan.mounts;
	assert_int_equal(m->kind, NS_MNT_CGROUP);
	assert_int_equal(m->attr_set, 0);
	m = mount_of(mount);
	assert_int_equal(m->attr_set, 0); /* rw was asked for, by root */
	m = mount_of("{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\"}");
	assert_int_equal(m->attr_set, MOUNT_ATTR_RDONLY);
	none.has_cgroup2 = false;
	m = plan_of(&none, "", MOUNT_NS, mount)->plan.mounts;
	assert_int_equal(m->kind, NS_MNT_FS);
	assert_string_equal(m->type, "tmpfs");
	assert_non_null(strstr(m->note, "no cgroup v2"));
	refused(plan_of(&none, "", MOUNT_NS, options), ENOTSUP, "mounts[0].options", "no cgroup v2 on this host");
	/* Of the whole tree: looked at when it is mounted. */
	assert_string_equal(mount_of(options)->fs_options.v[0], "nsdelegate");
	/* Who sees it writable in a namespace of its own owns it. */
	assert_false(plan_of(&host, "", "\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"cgroup\"}]", mount)
			 ->plan.cgroup_owner.set);
	p = plan_of(&host, "",
		    "\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"cgroup\"},{\"type\":\"user\"}],"
		    "\"uidMappings\":[" MAP(0, 500, 9) "]," GIDS,
		    mount);
	assert_true(p->plan.cgroup_owner.set);
	assert_int_equal(p->plan.cgroup_owner.v, 500);
	/* CVE-2023-25809 */
	rootless.euid = 1000;
	m = plan_of(&rootless, "", MOUNT_NS, mount)->plan.mounts;
	assert_int_equal(m->attr_set & MOUNT_ATTR_RDONLY, MOUNT_ATTR_RDONLY);
	assert_true(plan_of(&rootless, "", MOUNT_NS, mount)->plan.guard_cgroups);
	assert_false(plan_of(&host, "", MOUNT_NS, mount)->plan.guard_cgroups);
	assert_false(plan_of(&rootless, "", "\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"cgroup\"}]", mount)
			 ->plan.guard_cgroups);
}

static void test_devices(void **state)
{
#define DEVICE(path, type, major, minor)                                                                               \
	"{\"path\":\"" path "\",\"type\":\"" type "\",\"major\":" #major ",\"minor\":" #minor "}"
	struct plan *p = plan_of(&host, "", MOUNT_NS, "");

	(void)state;
	assert_int_equal(p->plan.n_devices, 6);
	assert_string_equal(p->plan.devices[0].path, "/dev/null");
	assert_int_equal(p->plan.devices[0].file_mode.v, 0666);
	p = plan_of(&host, "",
		    MOUNT_NS ",\"devices\":[" DEVICE("/dev/fuse", "c", 10, 229) "," DEVICE("/dev/null", "c", 1, 5) "]",
		    "");
	assert_int_equal(p->plan.n_devices, 7);
	assert_int_equal(p->plan.devices[0].minor, 5);
	p = plan_of(&host, "", MOUNT_NS, "{\"destination\":\"/dev/\",\"source\":\"/d\",\"options\":[\"rbind\"]}");
	assert_int_equal(p->plan.n_devices, 0);
	assert_true(p->plan.keep_dev);
}

static void test_print(void **state)
{
	struct plan *p = plan_of(&host, "\"hostname\":\"h\",",
				 "\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"uts\"},{\"type\":\"cgroup\"}],"
				 "\"rootfsPropagation\":\"rslave\"",
				 "{\"destination\":\"/t\",\"type\":\"tmpfs\",\"options\":[\"ro\",\"size=1k\"]}");
	AUTO_BUF out = {0};
	struct jsonw w = {.out = &out};

	(void)state;
	jw_object(&w, NULL);
	ns_plan_print(&p->plan, &w, "namespaces");
	jw_object_end(&w);
	assert_non_null(strstr(out.data, "\"cgroup\":\"new, after the clone\""));
	assert_non_null(strstr(out.data, "\"hostname\":\"h\""));
	assert_non_null(strstr(out.data, "\"propagation\":\"rslave\""));
	assert_non_null(strstr(out.data, "\"attributes\":[\"ro\"],\"options\":[\"size=1k\"]"));
	assert_non_null(
	    strstr(out.data, "{\"path\":\"/dev/null\",\"type\":\"c\",\"number\":\"1:3\",\"mode\":\"0666\"}"));
}

static void test_mount_label(void **state)
{
	const char *label = MOUNT_NS ",\"mountLabel\":\"u:r:t:s0:c1,c2\"";
	const char *mounts =
	    "{\"destination\":\"/x\",\"type\":\"tmpfs\"},{\"destination\":\"/proc\",\"type\":\"proc\"}";
	struct ns_facts selinux = host;
	struct plan *p = plan_of(&host, "", label, mounts);

	(void)state;
	refused(p, ENOTSUP, "linux.mountLabel", "without SELinux");
	selinux.selinux = LSM_PRESENT;
	p = plan_of(&selinux, "", label, mounts);
	assert_int_equal(p->result, 0);
	assert_true(strv_has(&p->plan.mounts[0].fs_options, "context=u:r:t:s0:c1,c2"));
	assert_int_equal(p->plan.mounts[1].fs_options.n, 0);
	arena_free(&p->arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mount_label),
	    cmocka_unit_test(test_namespaces),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_sysctl),
	    cmocka_unit_test(test_sysctl_of_older_kernels),
	    cmocka_unit_test(test_idmaps),
	    cmocka_unit_test(test_net_devices),
	    cmocka_unit_test(test_idmap_count),
	    cmocka_unit_test(test_every_option),
	    cmocka_unit_test(test_option_effects),
	    cmocka_unit_test(test_bad_mounts),
	    cmocka_unit_test(test_cgroup_mounts),
	    cmocka_unit_test(test_devices),
	    cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
