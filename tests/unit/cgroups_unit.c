/* SPDX-License-Identifier: Apache-2.0 */
/* Units of systemd: where they are, what their properties are, and which an annotation may set. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cgroups/systemd/unit.h"

static const struct cg_facts host = {CG_UNIFIED, "/sys/fs/cgroup", "/", .units = ""};
static const struct cg_facts inside = {CG_UNIFIED, "/sys/fs/cgroup", "/", .units = "/lxc/one"};
static const struct cg_facts user = {CG_UNIFIED, "/sys/fs/cgroup", "/", .user = true,
				     .units = "/user.slice/user-7.slice/user@7.service"};
#define USER "/user.slice/user-7.slice/user@7.service"

static const struct {
	const struct cg_facts *facts;
	const char *wanted, *id;
	const char *unit, *slice, *path; /* path: below the mount */
	const char *error;               /* or a part of this, with EINVAL */
} places[] = {
    {&host, NULL, "c1", "jailrun-c1.scope", "system.slice", "/system.slice/jailrun-c1.scope"},
    {&host, "::", "c1", "jailrun-c1.scope", "system.slice", "/system.slice/jailrun-c1.scope"},
    {&host, "system.slice:docker:0123", "x", "docker-0123.scope", "system.slice", "/system.slice/docker-0123.scope"},
    {&host, "machine.slice:libpod:77", "x", "libpod-77.scope", "machine.slice", "/machine.slice/libpod-77.scope"},
    {&host, "kubepods-besteffort-pod1_2.slice:cri-containerd:abc", "x", "cri-containerd-abc.scope",
     "kubepods-besteffort-pod1_2.slice",
     "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1_2.slice/cri-containerd-abc.scope"},
    {&host, "-.slice:p:n", "x", "p-n.scope", "-.slice", "/p-n.scope"},
    {&host, "-:p:n", "x", "p-n.scope", "-", "/p-n.scope"},
    {&host, "a-b.slice::", "c1", "jailrun-c1.scope", "a-b.slice", "/a.slice/a-b.slice/jailrun-c1.scope"},
    {&host, ":p:", "c1", "p-c1.scope", "system.slice", "/system.slice/p-c1.scope"},
    {&host, NULL, "a+b", "jailrun-a\\x2bb.scope", "system.slice", "/system.slice/jailrun-a\\x2bb.scope"},
    {&host, "a.slice:ignored:a-b.slice", "x", "a-b.slice", "a.slice", "/a.slice/a-b.slice"},
    {&host, "-.slice::a.slice", "x", "a.slice", "-.slice", "/a.slice"},
    {&inside, NULL, "c1", "jailrun-c1.scope", "system.slice", "/lxc/one/system.slice/jailrun-c1.scope"},
    {&user, NULL, "c1", "jailrun-c1.scope", "user.slice", USER "/user.slice/jailrun-c1.scope"},
    {&user, "app-x.slice:p:n", "c1", "p-n.scope", "app-x.slice", USER "/app.slice/app-x.slice/p-n.scope"},

    {&host, "/docker/0123", "x", .error = "format \"slice:prefix:name\""},
    {&host, "a/b", "x", .error = "format \"slice:prefix:name\""},
    {&host, "system.slice:docker", "x", .error = "format \"slice:prefix:name\""},
    {&host, "a.slice:b:c:d", "x", .error = "format \"slice:prefix:name\""},
    {&host, "a.slice/b.slice:c:d", "x", .error = "format \"slice:prefix:name\""},
    {&host, "system:p:n", "x", .error = "'system' is no name of a slice"},
    {&host, ".slice:p:n", "x", .error = "'.slice' is no name of a slice"},
    {&host, "a--b.slice:p:n", "x", .error = "without a name"},
    {&host, "-a.slice:p:n", "x", .error = "without a name"},
    {&host, "a-.slice:p:n", "x", .error = "without a name"},
    {&host, "a.slice::b.slice", "x", .error = "its name says where it is"},
    {&host, "a.slice::a-b-c.slice", "x", .error = "its name says where it is"},
    {&host, "a-b.slice::a-c.slice", "x", .error = "its name says where it is"},
};

static void test_places(void **state)
{
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct cg_plan p = {0};
		struct err e = {0};
		int r = cg_plan_unit(places[i].wanted, places[i].facts, places[i].id, &a, &p, &e);

		if (places[i].error) {
			if (r != -EINVAL || !strstr(e.text, places[i].error))
				fail_msg("'%s': %d '%s'", places[i].wanted, r, e.text);
			continue;
		}
		if (r < 0)
			fail_msg("'%s': %s", places[i].wanted, e.text);
		assert_string_equal(p.unit.name, places[i].unit);
		assert_string_equal(p.slice, places[i].slice);
		assert_string_equal(p.path, arena_printf(&a, "/sys/fs/cgroup%s", places[i].path));
		assert_int_equal(p.unit.user, places[i].facts->user);
	}
	arena_free(&a);
}

static void test_long_name(void **state)
{
	char id[300] = "";
	struct arena a = {0};
	struct cg_plan p = {0};
	struct err e = {0};

	(void)state;
	memset(id, 'x', 255 - strlen("jailrun-.scope"));
	assert_int_equal(cg_plan_unit(NULL, &host, id, &a, &p, &e), 0);
	assert_int_equal(strlen(p.unit.name), 255);
	strcat(id, "x");
	assert_int_equal(cg_plan_unit(NULL, &host, id, &a, &p, &e), -EINVAL);
	assert_non_null(strstr(e.text, "at most 255 bytes"));
	arena_free(&a);
}

/* "NAME=VALUE …" */
static const char *text_of(const struct cg_property *list, int n, struct arena *a)
{
	AUTO_BUF b = {0};

	for (int i = 0; i < n; i++) {
		const struct cg_property *p = &list[i];

		buf_printf(&b, "%s%s=", i ? " " : "", p->name);
		if (p->kind == KIND_DEVICE)
			buf_printf(&b, "%s,", p->text);
		if (p->kind == KIND_STRING)
			buf_printf(&b, "'%s'", p->text);
		for (size_t k = 0; p->kind == KIND_BYTES && k < p->n_bytes; k++)
			buf_printf(&b, "%02x", p->bytes[k]);
		for (size_t k = 0; p->kind == KIND_STRINGS && k < p->list.n; k++)
			buf_printf(&b, "%s'%s'", k ? "," : "", p->list.v[k]);
		if (p->kind == KIND_BOOL || p->kind == KIND_INT32 ||
		    ((p->kind == KIND_UINT64 || p->kind == KIND_DEVICE) && p->number != CG_NO_LIMIT))
			buf_printf(&b, "%llu", (unsigned long long)p->number);
		else if (p->kind == KIND_UINT64 || p->kind == KIND_DEVICE)
			buf_str(&b, "infinity");
		if (p->since)
			buf_printf(&b, "/%u", p->since);
	}
	return b.len ? arena_strdup(a, b.data) : "";
}

static const struct {
	struct cg_write writes[3];
	const char *want;
} conversions[] = {
    {{{"memory.max", "67108864"}, {"memory.low", "max"}, {"memory.swap.max", "0"}},
     "MemoryMax=67108864 MemoryLow=infinity MemorySwapMax=0"},
    {{{"memory.high", "64M"}, {"memory.min", "1k"}, {"memory.zswap.max", "max"}},
     "MemoryHigh=67108864 MemoryMin=1024/240 MemoryZSwapMax=infinity/253"},
    {{{"memory.max", "1"}, {"memory.max", "2"}}, "MemoryMax=2"}, /* the later one wins: unified */
    {{{"memory.max", "0x10k"}, {"pids.max", "010"}, {"cpu.max", "0x10 100000"}}, "MemoryMax=16384 TasksMax=8"},
    {{{"memory.max", "64Q"}, {"memory.low", "64MB"}, {"memory.high", "99999999999999999999"}}, ""},
    {{{"pids.max", "32"}, {"pids.max", "max"}}, "TasksMax=infinity"},
    {{{"cpu.weight", "174"}}, "CPUWeight=174"},
    {{{"cpu.weight", "59"}, {"cpu.idle", "1"}}, "CPUWeight=0/252"},
    {{{"cpu.idle", "0"}, {"cpu.weight", "59"}}, "CPUWeight=59"},
    {{{"cpu.idle", "0"}}, "CPUWeight=100"},
    {{{"cpu.max", "50000 200000"}}, "CPUQuotaPerSecUSec=250000 CPUQuotaPeriodUSec=200000/242"},
    {{{"cpu.max", "max 100000"}}, "CPUQuotaPerSecUSec=infinity CPUQuotaPeriodUSec=100000/242"},
    {{{"cpu.max", "33333 100000"}}, "CPUQuotaPerSecUSec=340000 CPUQuotaPeriodUSec=100000/242"},
    {{{"cpu.max", "1000 1000000"}}, "CPUQuotaPerSecUSec=10000 CPUQuotaPeriodUSec=1000000/242"},
    {{{"cpu.max", "150000 100000"}}, "CPUQuotaPerSecUSec=1500000 CPUQuotaPeriodUSec=100000/242"},
    {{{"cpu.max", "7000"}}, "CPUQuotaPerSecUSec=70000"},
    {{{"cpu.max", "7000 0"}, {"cpu.max", "x 1"}}, ""},
    {{{"cpuset.cpus", "0-1,7-9"}, {"cpuset.mems", "0"}}, "AllowedCPUs=8303/244 AllowedMemoryNodes=01/244"},
    {{{"cpuset.cpus", "64"}}, "AllowedCPUs=000000000000000001/244"},
    {{{"cpuset.cpus", "3-1"}}, ""},
    {{{"io.weight", "200"}, {"io.weight", "default 300"}}, "IOWeight=300"},
    {{{"io.weight", "8:0 200"}, {"io.weight", "8:16 default"}},
     "IODeviceWeight=/dev/block/8:0,200 IODeviceWeight=/dev/block/8:16,100"},
    {{{"io.bfq.weight", "500", .or_file = "io.weight", .or_value = "4950"}}, "IOWeight=4950"},
    {{{"io.bfq.weight", "8:0 10", .or_file = "io.weight", .or_value = "8:0 1"}}, "IODeviceWeight=/dev/block/8:0,1"},
    {{{"io.bfq.weight", "1000"}}, "IOWeight=10000"},
    {{{"io.max", "8:0 rbps=600"}, {"io.max", "8:16 riops=max"}, {"io.max", "8:0 rbps=max"}},
     "IOReadBandwidthMax=/dev/block/8:0,infinity IOReadIOPSMax=/dev/block/8:16,infinity"},
    {{{"io.max", "8:0 wbps=1 wiops=2 rbps=3 riops=4"}},
     "IOWriteBandwidthMax=/dev/block/8:0,1 IOWriteIOPSMax=/dev/block/8:0,2 IOReadBandwidthMax=/dev/block/8:0,3 "
     "IOReadIOPSMax=/dev/block/8:0,4"},
    {{{"io.latency", "8:0 target=5000"}}, "IODeviceLatencyTargetUSec=/dev/block/8:0,5000"},
    {{{"hugetlb.2MB.max", "0"}, {"rdma.max", "x hca_handle=1"}, {"cpu.max.burst", "10"}}, ""},
    {{{"/proc/sys/vm/swappiness", "60", .same = true}, {"cgroup.max.depth", "3"}}, ""},
};

static void test_properties(void **state)
{
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(conversions); i++) {
		struct cg_plan p = {.writes = (struct cg_write *)(uintptr_t)conversions[i].writes};
		struct cg_property *list;
		struct err e = {0};
		int r;

		while (p.n_writes < 3 && p.writes[p.n_writes].file)
			p.n_writes++;
		r = cg_properties_of(&p, false, &a, &list, &e);
		assert_true(r >= 0);
		assert_string_equal(text_of(list, r, &a), conversions[i].want);
	}
	arena_free(&a);
}

static const struct {
	const char *key, *value, *want;
	int code;
} annotations[] = {
    {"TimeoutStopUSec", "uint64 5000000", "TimeoutStopUSec=5000000"},
    {"TimeoutStopUSec", " uint64  5 ", "TimeoutStopUSec=5"},
    {"TimeoutStopUSec", "5", "TimeoutStopUSec=5"},
    {"TimeoutStopSec", "5", "TimeoutStopUSec=5000000"},
    {"TimeoutStopSec", "int32 5", "TimeoutStopUSec=5000000"},
    {"TimeoutStopSec", "1.25", "TimeoutStopUSec=1250000"},
    {"RuntimeMaxSec", "uint64 60", "RuntimeMaxUSec=60000000/244"},
    {"CollectMode", "'inactive-or-failed'", "CollectMode='inactive-or-failed'/236"},
    {"CollectMode", "\"inactive\"", "CollectMode='inactive'/236"},
    {"DefaultDependencies", "true", "DefaultDependencies=1"},
    {"DefaultDependencies", "false", "DefaultDependencies=0"},
    {"Description", "'it\\'s \"mine\" \\\\'", "Description='it's \"mine\" \\'"},
    {"After", "['crio.service']", "After='crio.service'"},
    {"After", "@as ['a.service',\"b.target\"]", "After='a.service','b.target'"},
    {"After", "@as []", "After="},
    {"KillSignal", "37", "KillSignal=37"},
    {"KillSignal", "int32 15", "KillSignal=15"},
    {"KillMode", "'mixed'", "KillMode='mixed'"},
    {"SendSIGHUP", "true", "SendSIGHUP=1"},

    {"KillMode", "'none'", "none of", EPERM},
    {"KillMode", "''", "none of", EPERM},
    {"KillMode", "'mixed '", "none of", EPERM},
    {"KillMode", "'control-group mixed'", "none of", EPERM},
    {"KillSignal", "0", "from 1 to 64", EINVAL},
    {"KillSignal", "65", "from 1 to 64", EINVAL},
    {"KillSignal", "-9", "from 1 to 64", EINVAL},
    {"KillSignal", "uint64 9", "wants an int32", EINVAL},
    {"TimeoutStopUSec", "int32 5", "wants a uint64", EINVAL},
    {"TimeoutStopUSec", "1.5", "whole number", EINVAL},
    {"TimeoutStopUSec", "18446744073709551615", "to 86400000000", EINVAL},
    {"TimeoutStopSec", "18446744073709551615", "more seconds", ERANGE},
    {"TimeoutStopUSec", "'5'", "must be a number", EINVAL},
    {"TimeoutStopUSec", "5 6", "GVariant", EINVAL},
    {"TimeoutStopUSec", "", "GVariant", EINVAL},
    {"TimeoutStopUSec", "uint64", "GVariant", EINVAL},
    {"TimeoutStopUSec", "0x10", "GVariant", EINVAL},
    {"DefaultDependencies", "yes", "GVariant", EINVAL},
    {"DefaultDependencies", "truex", "GVariant", EINVAL},
    {"DefaultDependencies", "1", "true or false", EINVAL},
    {"Description", "x", "GVariant", EINVAL},
    {"Description", "'x", "GVariant", EINVAL},
    {"Description", "'a\nb'", "GVariant", EINVAL},
    {"Description", "'a\\nb'", "GVariant", EINVAL},
    {"Description", "'a\\", "GVariant", EINVAL},
    {"After", "['a.service'", "GVariant", EINVAL},
    {"After", "['a.service' 'b.service']", "GVariant", EINVAL},
    {"After", "[1]", "GVariant", EINVAL},
    {"After", "['a']", "no name of a unit", EINVAL},
    {"After", "'a.service'", "a list of strings", EINVAL},
    /* What could loosen something, each for its own reason. */
    {"Slice", "'-.slice'", "may not set the property Slice", EPERM},
    {"Delegate", "false", "may not set", EPERM},
    {"ExecStart", "[]", "may not set", EPERM},
    {"ExecStop", "[]", "may not set", EPERM},
    {"PIDs", "[uint32 1]", "may not set", EPERM},
    {"Wants", "['x.service']", "may not set", EPERM},
    {"Requires", "['x.service']", "may not set", EPERM},
    {"BindsTo", "['x.service']", "may not set", EPERM},
    {"Conflicts", "['sshd.service']", "may not set", EPERM},
    {"OnFailure", "['x.service']", "may not set", EPERM},
    {"Before", "['shutdown.target']", "may not set", EPERM},
    {"MemoryMax", "uint64 18446744073709551615", "linux.resources", EPERM},
    {"TasksMax", "uint64 18446744073709551615", "may not set", EPERM},
    {"CPUQuotaPerSecUSec", "uint64 1", "may not set", EPERM},
    {"AllowedCPUs", "[0xff]", "may not set", EPERM},
    {"DeviceAllow", "[('/dev/sda', 'rwm')]", "may not set", EPERM},
    {"DevicePolicy", "'auto'", "may not set", EPERM},
    {"ManagedOOMPreference", "'omit'", "may not set", EPERM},
    {"SendSIGKILL", "false", "may not set", EPERM},
    {"BPFProgram", "[]", "may not set", EPERM},
    {"IPAddressAllow", "[]", "may not set", EPERM},
    {"afterx", "[]", "may not set", EPERM},
    {"", "1", "may not set", EPERM},
};

static void test_annotations(void **state)
{
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(annotations); i++) {
		struct cg_property p;
		struct err e = {0};
		int r = cg_property_of_annotation(annotations[i].key, annotations[i].value, &a, &p, &e);

		if (r != -annotations[i].code)
			fail_msg("%s=%s: %d '%s'", annotations[i].key, annotations[i].value, r, e.text);
		if (r == 0)
			assert_string_equal(text_of(&p, 1, &a), annotations[i].want);
		else if (!strstr(e.text, annotations[i].want))
			fail_msg("%s=%s: '%s'", annotations[i].key, annotations[i].value, e.text);
	}
	arena_free(&a);
}

/* All together: an annotation replaces what the unit has by itself and stands once; what is of no concern to systemd is let pass; a
 * refusal names the annotation. */
static void test_plan(void **state)
{
	struct spec_pair pairs[] = {
	    {(char *)"com.example", (char *)"x"},
	    {(char *)"org.systemd.property.DefaultDependencies", (char *)"true"},
	    {(char *)"org.systemd.property.Slice", (char *)"'-.slice'"},
	};
	struct cg_write writes[] = {{"pids.max", "7", "pids", "linux.resources.pids.limit"}};
	struct cg_plan p = {.writes = writes, .n_writes = 1, .slice = "a.slice", .unit = {"p-c1.scope", false}};
	struct spec_map map = {pairs, 2};
	struct cg_property *list;
	struct arena a = {0};
	struct err e = {0};
	int n;

	(void)state;
	assert_int_equal(cg_plan_properties(&map, "c1", &a, &p, &e), 0);
	n = cg_properties_of(&p, true, &a, &list, &e);
	assert_string_equal(text_of(list, n, &a),
			    "Description='jailrun container c1' Slice='a.slice' Delegate=1 DefaultDependencies=1 "
			    "CollectMode='inactive-or-failed'/236 CPUAccounting=1 MemoryAccounting=1 IOAccounting=1 "
			    "TasksAccounting=1 TasksMax=7");
	p.unit.name = "a-b.slice";
	assert_int_equal(cg_plan_properties(&(struct spec_map){0}, "c1", &a, &p, &e), 0);
	/* What is for the workload's own cgroup is none of the unit's. */
	p.box = "/box";
	writes[0].in_box = true;
	n = cg_properties_of(&p, true, &a, &list, &e);
	assert_string_equal(text_of(list, n, &a),
			    "Description='jailrun container c1' Wants='a.slice' DefaultDependencies=0 "
			    "CollectMode='inactive-or-failed'/236 CPUAccounting=1 MemoryAccounting=1 IOAccounting=1 "
			    "TasksAccounting=1");
	map.n = 3;
	assert_int_equal(cg_plan_properties(&map, "c1", &a, &p, &e), -EPERM);
	assert_string_equal(e.path, "annotations[\"org.systemd.property.Slice\"]");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_places),      cmocka_unit_test(test_long_name), cmocka_unit_test(test_properties),
	    cmocka_unit_test(test_annotations), cmocka_unit_test(test_plan),
	};

	return cmocka_run_group_tests_name("cgroups_unit", tests, NULL, NULL);
}
