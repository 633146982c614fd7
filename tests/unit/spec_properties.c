/* SPDX-License-Identifier: Apache-2.0 */
/* Every property of config.json on Linux that the specification 1.3.0 has: tests/fuzz/corpus/config/full.json holds a good
 * value of each and is accepted; the same document with one of them of a wrong type, or without a required one, is
 * refused with the path of that property. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/json.h"
#include "spec/spec.h"

enum kind { STRING, BOOL, INT, OBJECT, MAP, OBJECTS, STRINGS, INTS };
enum need {
	REQUIRED,
	OPTIONAL, /* may be null, as engines in Go write it */
	TIED,     /* optional, but another property of the document asks for it */
};

/* "[]" is any element of an array and "<key>" any member of a map. */
static const struct property {
	const char *path;
	enum kind kind;
	enum need need;
} properties[] = {
    {"ociVersion", STRING, REQUIRED},
    {"process", OBJECT, OPTIONAL},
    {"process.terminal", BOOL, OPTIONAL},
    {"process.consoleSize", OBJECT, OPTIONAL},
    {"process.consoleSize.height", INT, REQUIRED},
    {"process.consoleSize.width", INT, REQUIRED},
    {"process.user", OBJECT, OPTIONAL},
    {"process.user.uid", INT, OPTIONAL},
    {"process.user.gid", INT, OPTIONAL},
    {"process.user.umask", INT, OPTIONAL},
    {"process.user.additionalGids", INTS, OPTIONAL},
    {"process.args", STRINGS, REQUIRED},
    {"process.env", STRINGS, OPTIONAL},
    {"process.cwd", STRING, REQUIRED},
    {"process.capabilities", OBJECT, OPTIONAL},
    {"process.capabilities.bounding", STRINGS, OPTIONAL},
    {"process.capabilities.effective", STRINGS, OPTIONAL},
    {"process.capabilities.inheritable", STRINGS, OPTIONAL},
    {"process.capabilities.permitted", STRINGS, OPTIONAL},
    {"process.capabilities.ambient", STRINGS, OPTIONAL},
    {"process.rlimits", OBJECTS, OPTIONAL},
    {"process.rlimits[].type", STRING, REQUIRED},
    {"process.rlimits[].hard", INT, REQUIRED},
    {"process.rlimits[].soft", INT, REQUIRED},
    {"process.noNewPrivileges", BOOL, OPTIONAL},
    {"process.apparmorProfile", STRING, OPTIONAL},
    {"process.oomScoreAdj", INT, OPTIONAL},
    {"process.scheduler", OBJECT, OPTIONAL},
    {"process.scheduler.policy", STRING, REQUIRED},
    {"process.scheduler.nice", INT, OPTIONAL},
    {"process.scheduler.priority", INT, OPTIONAL},
    {"process.scheduler.flags", STRINGS, OPTIONAL},
    {"process.scheduler.runtime", INT, OPTIONAL},
    {"process.scheduler.deadline", INT, OPTIONAL},
    {"process.scheduler.period", INT, OPTIONAL},
    {"process.selinuxLabel", STRING, OPTIONAL},
    {"process.ioPriority", OBJECT, OPTIONAL},
    {"process.ioPriority.class", STRING, REQUIRED},
    {"process.ioPriority.priority", INT, OPTIONAL},
    {"process.execCPUAffinity", OBJECT, OPTIONAL},
    {"process.execCPUAffinity.initial", STRING, OPTIONAL},
    {"process.execCPUAffinity.final", STRING, OPTIONAL},
    {"root", OBJECT, REQUIRED},
    {"root.path", STRING, REQUIRED},
    {"root.readonly", BOOL, OPTIONAL},
    {"hostname", STRING, OPTIONAL},
    {"domainname", STRING, OPTIONAL},
    {"mounts", OBJECTS, OPTIONAL},
    {"mounts[].destination", STRING, REQUIRED},
    {"mounts[].type", STRING, OPTIONAL},
    {"mounts[].source", STRING, OPTIONAL},
    {"mounts[].options", STRINGS, OPTIONAL},
    {"mounts[].uidMappings", OBJECTS, TIED},
    {"mounts[].uidMappings[].containerID", INT, REQUIRED},
    {"mounts[].uidMappings[].hostID", INT, REQUIRED},
    {"mounts[].uidMappings[].size", INT, REQUIRED},
    {"mounts[].gidMappings", OBJECTS, TIED},
    {"mounts[].gidMappings[].containerID", INT, REQUIRED},
    {"mounts[].gidMappings[].hostID", INT, REQUIRED},
    {"mounts[].gidMappings[].size", INT, REQUIRED},
    {"hooks", OBJECT, OPTIONAL},
    {"hooks.prestart", OBJECTS, OPTIONAL},
    {"hooks.prestart[].path", STRING, REQUIRED},
    {"hooks.prestart[].args", STRINGS, OPTIONAL},
    {"hooks.prestart[].env", STRINGS, OPTIONAL},
    {"hooks.prestart[].timeout", INT, OPTIONAL},
    {"hooks.createRuntime", OBJECTS, OPTIONAL},
    {"hooks.createRuntime[].path", STRING, REQUIRED},
    {"hooks.createRuntime[].args", STRINGS, OPTIONAL},
    {"hooks.createRuntime[].env", STRINGS, OPTIONAL},
    {"hooks.createRuntime[].timeout", INT, OPTIONAL},
    {"hooks.createContainer", OBJECTS, OPTIONAL},
    {"hooks.createContainer[].path", STRING, REQUIRED},
    {"hooks.createContainer[].args", STRINGS, OPTIONAL},
    {"hooks.createContainer[].env", STRINGS, OPTIONAL},
    {"hooks.createContainer[].timeout", INT, OPTIONAL},
    {"hooks.startContainer", OBJECTS, OPTIONAL},
    {"hooks.startContainer[].path", STRING, REQUIRED},
    {"hooks.startContainer[].args", STRINGS, OPTIONAL},
    {"hooks.startContainer[].env", STRINGS, OPTIONAL},
    {"hooks.startContainer[].timeout", INT, OPTIONAL},
    {"hooks.poststart", OBJECTS, OPTIONAL},
    {"hooks.poststart[].path", STRING, REQUIRED},
    {"hooks.poststart[].args", STRINGS, OPTIONAL},
    {"hooks.poststart[].env", STRINGS, OPTIONAL},
    {"hooks.poststart[].timeout", INT, OPTIONAL},
    {"hooks.poststop", OBJECTS, OPTIONAL},
    {"hooks.poststop[].path", STRING, REQUIRED},
    {"hooks.poststop[].args", STRINGS, OPTIONAL},
    {"hooks.poststop[].env", STRINGS, OPTIONAL},
    {"hooks.poststop[].timeout", INT, OPTIONAL},
    {"annotations", MAP, OPTIONAL},
    {"linux", OBJECT, OPTIONAL},
    {"linux.uidMappings", OBJECTS, OPTIONAL},
    {"linux.uidMappings[].containerID", INT, REQUIRED},
    {"linux.uidMappings[].hostID", INT, REQUIRED},
    {"linux.uidMappings[].size", INT, REQUIRED},
    {"linux.gidMappings", OBJECTS, OPTIONAL},
    {"linux.gidMappings[].containerID", INT, REQUIRED},
    {"linux.gidMappings[].hostID", INT, REQUIRED},
    {"linux.gidMappings[].size", INT, REQUIRED},
    {"linux.sysctl", MAP, OPTIONAL},
    {"linux.resources", OBJECT, OPTIONAL},
    {"linux.resources.devices", OBJECTS, OPTIONAL},
    {"linux.resources.devices[].allow", BOOL, REQUIRED},
    {"linux.resources.devices[].type", STRING, OPTIONAL},
    {"linux.resources.devices[].major", INT, OPTIONAL},
    {"linux.resources.devices[].minor", INT, OPTIONAL},
    {"linux.resources.devices[].access", STRING, OPTIONAL},
    {"linux.resources.memory", OBJECT, OPTIONAL},
    {"linux.resources.memory.limit", INT, TIED},
    {"linux.resources.memory.reservation", INT, OPTIONAL},
    {"linux.resources.memory.swap", INT, OPTIONAL},
    {"linux.resources.memory.kernel", INT, OPTIONAL},
    {"linux.resources.memory.kernelTCP", INT, OPTIONAL},
    {"linux.resources.memory.swappiness", INT, OPTIONAL},
    {"linux.resources.memory.disableOOMKiller", BOOL, OPTIONAL},
    {"linux.resources.memory.useHierarchy", BOOL, OPTIONAL},
    {"linux.resources.memory.checkBeforeUpdate", BOOL, OPTIONAL},
    {"linux.resources.cpu", OBJECT, OPTIONAL},
    {"linux.resources.cpu.shares", INT, OPTIONAL},
    {"linux.resources.cpu.quota", INT, OPTIONAL},
    {"linux.resources.cpu.burst", INT, OPTIONAL},
    {"linux.resources.cpu.period", INT, OPTIONAL},
    {"linux.resources.cpu.realtimeRuntime", INT, OPTIONAL},
    {"linux.resources.cpu.realtimePeriod", INT, OPTIONAL},
    {"linux.resources.cpu.cpus", STRING, OPTIONAL},
    {"linux.resources.cpu.mems", STRING, OPTIONAL},
    {"linux.resources.cpu.idle", INT, OPTIONAL},
    {"linux.resources.pids", OBJECT, OPTIONAL},
    {"linux.resources.pids.limit", INT, OPTIONAL},
    {"linux.resources.blockIO", OBJECT, OPTIONAL},
    {"linux.resources.blockIO.weight", INT, OPTIONAL},
    {"linux.resources.blockIO.leafWeight", INT, OPTIONAL},
    {"linux.resources.blockIO.weightDevice", OBJECTS, OPTIONAL},
    {"linux.resources.blockIO.weightDevice[].major", INT, REQUIRED},
    {"linux.resources.blockIO.weightDevice[].minor", INT, REQUIRED},
    {"linux.resources.blockIO.weightDevice[].weight", INT, OPTIONAL},
    {"linux.resources.blockIO.weightDevice[].leafWeight", INT, OPTIONAL},
    {"linux.resources.blockIO.throttleReadBpsDevice", OBJECTS, OPTIONAL},
    {"linux.resources.blockIO.throttleReadBpsDevice[].major", INT, REQUIRED},
    {"linux.resources.blockIO.throttleReadBpsDevice[].minor", INT, REQUIRED},
    {"linux.resources.blockIO.throttleReadBpsDevice[].rate", INT, REQUIRED},
    {"linux.resources.blockIO.throttleWriteBpsDevice", OBJECTS, OPTIONAL},
    {"linux.resources.blockIO.throttleWriteBpsDevice[].major", INT, REQUIRED},
    {"linux.resources.blockIO.throttleWriteBpsDevice[].minor", INT, REQUIRED},
    {"linux.resources.blockIO.throttleWriteBpsDevice[].rate", INT, REQUIRED},
    {"linux.resources.blockIO.throttleReadIOPSDevice", OBJECTS, OPTIONAL},
    {"linux.resources.blockIO.throttleReadIOPSDevice[].major", INT, REQUIRED},
    {"linux.resources.blockIO.throttleReadIOPSDevice[].minor", INT, REQUIRED},
    {"linux.resources.blockIO.throttleReadIOPSDevice[].rate", INT, REQUIRED},
    {"linux.resources.blockIO.throttleWriteIOPSDevice", OBJECTS, OPTIONAL},
    {"linux.resources.blockIO.throttleWriteIOPSDevice[].major", INT, REQUIRED},
    {"linux.resources.blockIO.throttleWriteIOPSDevice[].minor", INT, REQUIRED},
    {"linux.resources.blockIO.throttleWriteIOPSDevice[].rate", INT, REQUIRED},
    {"linux.resources.hugepageLimits", OBJECTS, OPTIONAL},
    {"linux.resources.hugepageLimits[].pageSize", STRING, REQUIRED},
    {"linux.resources.hugepageLimits[].limit", INT, REQUIRED},
    {"linux.resources.network", OBJECT, OPTIONAL},
    {"linux.resources.network.classID", INT, OPTIONAL},
    {"linux.resources.network.priorities", OBJECTS, OPTIONAL},
    {"linux.resources.network.priorities[].name", STRING, REQUIRED},
    {"linux.resources.network.priorities[].priority", INT, REQUIRED},
    {"linux.resources.rdma", MAP, OPTIONAL},
    {"linux.resources.rdma.<key>.hcaHandles", INT, OPTIONAL},
    {"linux.resources.rdma.<key>.hcaObjects", INT, OPTIONAL},
    {"linux.resources.unified", MAP, OPTIONAL},
    {"linux.cgroupsPath", STRING, OPTIONAL},
    {"linux.namespaces", OBJECTS, OPTIONAL},
    {"linux.namespaces[].type", STRING, REQUIRED},
    {"linux.namespaces[].path", STRING, OPTIONAL},
    {"linux.devices", OBJECTS, OPTIONAL},
    {"linux.devices[].path", STRING, REQUIRED},
    {"linux.devices[].type", STRING, REQUIRED},
    {"linux.devices[].major", INT, REQUIRED},
    {"linux.devices[].minor", INT, REQUIRED},
    {"linux.devices[].fileMode", INT, OPTIONAL},
    {"linux.devices[].uid", INT, OPTIONAL},
    {"linux.devices[].gid", INT, OPTIONAL},
    {"linux.netDevices", MAP, OPTIONAL},
    {"linux.netDevices.<key>.name", STRING, OPTIONAL},
    {"linux.seccomp", OBJECT, OPTIONAL},
    {"linux.seccomp.defaultAction", STRING, REQUIRED},
    {"linux.seccomp.defaultErrnoRet", INT, OPTIONAL},
    {"linux.seccomp.architectures", STRINGS, OPTIONAL},
    {"linux.seccomp.flags", STRINGS, OPTIONAL},
    {"linux.seccomp.listenerPath", STRING, TIED},
    {"linux.seccomp.listenerMetadata", STRING, OPTIONAL},
    {"linux.seccomp.syscalls", OBJECTS, OPTIONAL},
    {"linux.seccomp.syscalls[].names", STRINGS, REQUIRED},
    {"linux.seccomp.syscalls[].action", STRING, REQUIRED},
    {"linux.seccomp.syscalls[].errnoRet", INT, OPTIONAL},
    {"linux.seccomp.syscalls[].args", OBJECTS, OPTIONAL},
    {"linux.seccomp.syscalls[].args[].index", INT, REQUIRED},
    {"linux.seccomp.syscalls[].args[].value", INT, REQUIRED},
    {"linux.seccomp.syscalls[].args[].valueTwo", INT, OPTIONAL},
    {"linux.seccomp.syscalls[].args[].op", STRING, REQUIRED},
    {"linux.rootfsPropagation", STRING, OPTIONAL},
    {"linux.maskedPaths", STRINGS, OPTIONAL},
    {"linux.readonlyPaths", STRINGS, OPTIONAL},
    {"linux.mountLabel", STRING, OPTIONAL},
    {"linux.intelRdt", OBJECT, OPTIONAL},
    {"linux.intelRdt.closID", STRING, OPTIONAL},
    {"linux.intelRdt.schemata", STRINGS, OPTIONAL},
    {"linux.intelRdt.l3CacheSchema", STRING, OPTIONAL},
    {"linux.intelRdt.memBwSchema", STRING, OPTIONAL},
    {"linux.intelRdt.enableMonitoring", BOOL, OPTIONAL},
    {"linux.memoryPolicy", OBJECT, OPTIONAL},
    {"linux.memoryPolicy.mode", STRING, REQUIRED},
    {"linux.memoryPolicy.nodes", STRING, TIED},
    {"linux.memoryPolicy.flags", STRINGS, OPTIONAL},
    {"linux.personality", OBJECT, OPTIONAL},
    {"linux.personality.domain", STRING, REQUIRED},
    {"linux.personality.flags", STRINGS, OPTIONAL},
    {"linux.timeOffsets", OBJECT, OPTIONAL},
    {"linux.timeOffsets.boottime", OBJECT, OPTIONAL},
    {"linux.timeOffsets.boottime.secs", INT, OPTIONAL},
    {"linux.timeOffsets.boottime.nanosecs", INT, OPTIONAL},
    {"linux.timeOffsets.monotonic", OBJECT, OPTIONAL},
    {"linux.timeOffsets.monotonic.secs", INT, OPTIONAL},
    {"linux.timeOffsets.monotonic.nanosecs", INT, OPTIONAL},
};

static char *full;
static size_t full_len;

static const struct json *parse(struct arena *a)
{
	const struct json *root;
	struct err e = {0};

	assert_int_equal(json_parse(full, full_len, 0, a, a, &root, &e), 0);
	return root;
}

/* The value at a path, and the path as an error writes it. */
static const struct json *find(const struct json *v, const char *path, struct buf *ret_path)
{
	while (v && *path) {
		size_t n = strcspn(path, ".[");
		char key[64];

		if (*path == '[') {
			buf_str(ret_path, "[0]");
			v = v->first;
			path += 2;
		} else if (*path == '.') {
			path++;
		} else if (*path == '<') {
			v = v->first;
			buf_printf(ret_path, "[\"%s\"]", v->key);
			path += n;
		} else {
			snprintf(key, sizeof(key), "%.*s", (int)n, path);
			buf_printf(ret_path, "%s%s", ret_path->len ? "." : "", key);
			v = json_get(v, key);
			path += n;
		}
	}
	return v;
}

static void emit(struct jsonw *w, const struct json *v, const struct json *target, const char *instead)
{
	if (v == target) {
		if (!instead)
			return;
		if (str_eq(instead, "null"))
			jw_null(w, v->key);
		else if (str_eq(instead, "[]"))
			jw_array(w, v->key), jw_array_end(w);
		else if (str_eq(instead, "{}"))
			jw_object(w, v->key), jw_object_end(w);
		else if (str_eq(instead, "[[]]"))
			jw_array(w, v->key), jw_array(w, NULL), jw_array_end(w), jw_array_end(w);
		else if (str_eq(instead, "{\"k\":7}"))
			jw_object(w, v->key), jw_int(w, "k", 7), jw_object_end(w);
		else if (str_eq(instead, "7"))
			jw_int(w, v->key, 7);
		else if (str_eq(instead, "1.5"))
			buf_printf(w->out, "%s\"%s\":1.5", w->comma ? "," : "", v->key), w->comma = true;
		else if (str_eq(instead, "true"))
			jw_bool(w, v->key, true);
		else
			jw_str(w, v->key, instead);
		return;
	}
	switch (v->type) {
	case JSON_NULL:
		jw_null(w, v->key);
		break;
	case JSON_BOOL:
		jw_bool(w, v->key, v->truth);
		break;
	case JSON_STRING:
		jw_str(w, v->key, v->text);
		break;
	case JSON_NUMBER: {
		uint64_t n = 0;

		parse_u64(v->text + (v->text[0] == '-'), 10, &n);
		if (v->text[0] == '-')
			jw_int(w, v->key, -(int64_t)n);
		else
			jw_uint(w, v->key, n);
		break;
	}
	default:
		v->type == JSON_ARRAY ? jw_array(w, v->key) : jw_object(w, v->key);
		for (const struct json *m = v->first; m; m = m->next)
			emit(w, m, target, instead);
		v->type == JSON_ARRAY ? jw_array_end(w) : jw_object_end(w);
	}
}

/* Parses the full document with the property replaced (instead NULL: without it). Returns the result. */
static int parse_with(const struct property *p, const char *instead, struct buf *path, struct err *e)
{
	struct arena nodes = {0}, a = {0};
	struct spec_config c;
	AUTO_BUF text = {0};
	struct jsonw w = {.out = &text};
	const struct json *root = parse(&nodes), *v;
	int r;

	buf_free(path);
	v = find(root, p->path, path);
	if (!v)
		fail_msg("full.json does not have %s", p->path);
	emit(&w, root, v, instead);
	*e = (struct err){0};
	r = spec_config_parse(text.data, text.len, "config.json", &a, &c, e);
	arena_free(&nodes);
	arena_free(&a);
	return r;
}

static void refuse(const struct property *p, const char *instead, const char *below, const char *message)
{
	AUTO_BUF path = {0};
	struct err e;
	char want[512];
	int r = parse_with(p, instead, &path, &e);

	snprintf(want, sizeof(want), "config.json: %s%s", path.data, below);
	if (r != -EINVAL || !str_eq(e.path, want) || !strstr(e.text, message))
		fail_msg("%s as %s: %d, \"%s\": \"%s\"", p->path, instead ? instead : "absent", r, e.path, e.text);
}

static void test_full_is_good(void **state)
{
	struct arena a = {0};
	struct spec_config c;
	struct err e = {0};

	(void)state;
	assert_int_equal(spec_config_parse(full, full_len, "config.json", &a, &c, &e), 0);
	arena_free(&a);
}

static void test_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(properties); i++) {
		const struct property *p = &properties[i];
		static const char *const wants[] = {
		    [STRING] = "must be a string, not a",
		    [BOOL] = "must be true or false, not a",
		    [INT] = "must be an integer, not a",
		    [OBJECT] = "must be an object, not a",
		    [MAP] = "must be an object of ",
		    [OBJECTS] = "must be an array of objects, not a",
		    [STRINGS] = "must be an array of strings, not a",
		    [INTS] = "must be an array of integers, not a",
		};

		if (p->kind != INT)
			refuse(p, "7", "", wants[p->kind]);
		if (p->kind != STRING)
			refuse(p, "words", "", wants[p->kind]);
		if (p->kind != BOOL)
			refuse(p, "true", "", wants[p->kind]);
		if (p->kind != OBJECTS && p->kind != STRINGS && p->kind != INTS)
			refuse(p, "[]", "", wants[p->kind]);
		if (p->kind != OBJECT && p->kind != MAP)
			refuse(p, "{}", "", wants[p->kind]);
		if (p->kind == INT)
			refuse(p, "1.5", "", "must be an integer, not 1.5");
		if (p->kind == OBJECTS || p->kind == STRINGS || p->kind == INTS)
			refuse(p, "[[]]", "[0]", "must be a");
		if (p->kind == MAP)
			refuse(p, "{\"k\":7}", "[\"k\"]", "must be a");
	}
}

static void test_required(void **state)
{
	AUTO_BUF path = {0};
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(properties); i++) {
		const struct property *p = &properties[i];

		if (p->need == REQUIRED) {
			refuse(p, NULL, "", "is required");
			refuse(p, "null", "", "is required");
		}
		if (p->need == OPTIONAL &&
		    (parse_with(p, NULL, &path, &e) != 0 || parse_with(p, "null", &path, &e) != 0))
			fail_msg("%s as null: \"%s\": \"%s\"", p->path, e.path, e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_full_is_good),
	    cmocka_unit_test(test_types),
	    cmocka_unit_test(test_required),
	};
	const char *top = getenv("TOP_SRCDIR");
	char path[4096];
	struct err e = {0};
	int r;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/config/full.json", top ? top : ".");
	if (file_read(AT_FDCWD, path, SPEC_FILE_MAX, &full, &full_len, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	r = cmocka_run_group_tests(tests, NULL, NULL);
	free(full);
	return r;
}
